//! TLS towards a connector that is reached by `wss://`.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::input::{self, InputError};

/// What a server's certificate is held against.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
}

/// Why certificates cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The system has no root certificate that can be read.
    #[error("failed to find the system's root certificates; name a file with --ca")]
    NoRoots,
    /// A file of certificates cannot be read.
    #[error("failed to read certificates from {path}: give a PEM file with at least one")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: InputError,
    },
    /// A file is no PEM file.
    #[error("failed to read certificates from {path}: give a PEM file with at least one")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A file without certificates, or with one that is none.
    #[error("failed to find a certificate in {path}: give a PEM file with at least one")]
    Empty {
        /// The file.
        path: String,
    },
    /// The protocol versions are not to be had.
    #[error("failed to set TLS up")]
    Setup(#[source] rustls::Error),
}

impl Tls {
    /// With the system's root certificates.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoRoots`], or [`TlsError::Setup`].
    pub fn system() -> Result<Self, TlsError> {
        // What of the system's certificates cannot be read is left out: others may do.
        let mut roots = RootCertStore::empty();
        let (taken, _) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if taken == 0 {
            return Err(TlsError::NoRoots);
        }
        Self::with_roots(roots)
    }

    /// With no certificate at all: for a client that speaks no TLS, and is asked how it would.
    ///
    /// # Errors
    ///
    /// [`TlsError::Setup`].
    pub fn trusting_nobody() -> Result<Self, TlsError> {
        Self::with_roots(RootCertStore::empty())
    }

    /// How a client of HTTP does it.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        self.config.as_ref().clone()
    }

    /// With the certificates of a PEM file, and no others.
    ///
    /// # Errors
    ///
    /// A [`TlsError`] that names the file.
    pub fn with_file(path: &Path) -> Result<Self, TlsError> {
        let name = || path.display().to_string();
        let unreadable = |source| TlsError::Unreadable {
            path: name(),
            source,
        };
        let held = input::bytes(path, input::BY_PEOPLE).map_err(|source| {
            let path = name();
            TlsError::File { path, source }
        })?;
        let certificates = CertificateDer::pem_slice_iter(&held)
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(certificates);
        if taken == 0 {
            return Err(TlsError::Empty { path: name() });
        }
        Self::with_roots(roots)
    }

    /// With any certificate: for onion services, whose address is their key.
    ///
    /// # Errors
    ///
    /// [`TlsError::Setup`].
    pub fn of_onion_services() -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    fn with_roots(roots: RootCertStore) -> Result<Self, TlsError> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// The handshake, in which `host` is named (SNI) and has to be what the certificate is for.
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
    }
}

impl PartialEq for Tls {
    /// Whether it is the same, not merely alike.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config)
    }
}

impl Eq for Tls {}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// Takes any certificate, and only from who has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
