//! Our own BTP peer: SOCKS5h dial, handshake, packets, load, histograms.
