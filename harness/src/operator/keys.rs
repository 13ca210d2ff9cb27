//! A home's own keys, each in a file of its own.

use data_encoding::HEXLOWER;

use super::sealing::SealKey;
use crate::onion::{ControlPassword, PUBLIC_FILE, SECRET_FILE, ServiceKeys};
use crate::plan::Seed;
use crate::secret::Secret;

/// The key of the connector's admin API.
const ADMIN: &str = "admin";
/// The random bytes of the daemon's control port.
const CONTROL: &str = "control";
/// What invitations are read with.
const SEAL: &str = "seal";

/// Every key file.
pub(super) const FILES: [&str; 5] = [SECRET_FILE, PUBLIC_FILE, ADMIN, CONTROL, SEAL];

/// A home's keys.
#[derive(Clone)]
pub struct Keys {
    /// Those of its onion service, which make its address.
    pub service: ServiceKeys,
    /// That of its connector's admin API.
    pub admin: Secret,
    /// The password of its daemon's control port.
    pub control: ControlPassword,
    /// What its invitations are read with.
    pub seal: SealKey,
    bytes: [u8; 24],
}

impl Keys {
    /// Fresh ones.
    #[must_use]
    pub fn of(seed: &Seed) -> Self {
        let control = seed.derive("control");
        let mut bytes = [0; 24];
        bytes.copy_from_slice(&control[..24]);
        Self {
            service: ServiceKeys::from_seed(&seed.derive("service")),
            admin: seed.secret("admin"),
            control: ControlPassword::from_bytes(&bytes),
            seal: SealKey::from_bytes(seed.derive("seal")),
            bytes,
        }
    }

    /// The files, by their names in the folder of keys.
    #[must_use]
    pub fn files(&self) -> Vec<(&'static str, Vec<u8>)> {
        let line = |text: &str| format!("{text}\n").into_bytes();
        vec![
            (SECRET_FILE, self.service.secret_file()),
            (PUBLIC_FILE, self.service.public_file()),
            (ADMIN, line(self.admin.expose())),
            (CONTROL, line(&HEXLOWER.encode(&self.bytes))),
            (SEAL, line(&self.seal.expose())),
        ]
    }

    /// Reads the files.
    ///
    /// # Errors
    ///
    /// What `read` says, or the name of the file that is no key.
    pub fn read<E>(
        read: &dyn Fn(&'static str) -> Result<Vec<u8>, E>,
    ) -> Result<Result<Self, &'static str>, E> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
        let service = ServiceKeys::from_files(&read(SECRET_FILE)?, &read(PUBLIC_FILE)?);
        let admin = Secret::new(text(read(ADMIN)?).trim());
        let control = HEXLOWER.decode(text(read(CONTROL)?).trim().as_bytes());
        let seal = SealKey::parse(&text(read(SEAL)?));
        let control = control.ok().and_then(|bytes| bytes.try_into().ok());
        let keys = || {
            let bytes: [u8; 24] = control.ok_or(CONTROL)?;
            Ok(Self {
                service: service.ok_or(SECRET_FILE)?,
                admin: Some(admin)
                    .filter(|key| key.expose().len() >= 32)
                    .ok_or(ADMIN)?,
                control: ControlPassword::from_bytes(&bytes),
                seal: seal.ok_or(SEAL)?,
                bytes,
            })
        };
        Ok(keys())
    }
}
