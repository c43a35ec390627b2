//! TLS of every client in the process: `rediss://`, `https://`, `wss://`. `PostgreSQL` brings its own
//! configuration of the same implementation. Certificates are trusted as the system trusts them;
//! `SSL_CERT_FILE` names a file of others.

/// Installs the crypto provider. Call it first in `main`: clients that are built before it panic.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default(); // the same one was chosen before
}
