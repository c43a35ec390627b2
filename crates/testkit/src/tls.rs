//! TLS servers with certificates of an authority that no system trusts.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// Chooses the provider of cryptography, as every program of the project does when it starts.
pub fn install() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An HTTP client, which must not be built before a provider was chosen.
pub fn http_client() -> reqwest::Client {
    install();
    reqwest::Client::new()
}

/// The files of an authority and of a server that it names `localhost`.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let server = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let this = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(this.authority(), authority.pem()).unwrap();
        fs::write(this.certificate(), server.pem()).unwrap();
        fs::write(this.key(), key.serialize_pem()).unwrap();
        this
    }

    /// What a client must trust: the value of `SSL_CERT_FILE`.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// The server's key.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}

/// Speaks TLS to its clients and nothing to a port of this machine, as a proxy in front of a server does.
pub struct TlsProxy {
    port: u16,
    received: Arc<Mutex<Vec<u8>>>,
}

impl TlsProxy {
    /// Starts forwarding to `target`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(target: u16, certificates: &Certificates) -> Self {
        install();
        let chain = vec![CertificateDer::from_pem_file(certificates.certificate()).unwrap()];
        let key = PrivateKeyDer::from_pem_file(certificates.key()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let all = received.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, all) = (acceptor.clone(), all.clone());
                tokio::spawn(async move {
                    let Ok(client) = acceptor.accept(client).await else { return };
                    let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
                    let (mut from_client, mut to_client) = tokio::io::split(client);
                    let (mut from_server, mut to_server) = server.into_split();
                    let there = async {
                        let mut buffer = vec![0; 16 * 1024];
                        loop {
                            let read = from_client.read(&mut buffer).await?;
                            if read == 0 {
                                return to_server.shutdown().await;
                            }
                            all.lock().unwrap().extend(&buffer[..read]);
                            to_server.write_all(&buffer[..read]).await?;
                        }
                    };
                    let back = async {
                        copy(&mut from_server, &mut to_client).await?;
                        to_client.shutdown().await
                    };
                    let _ = tokio::join!(there, back);
                });
            }
        });
        Self { port, received }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that clients sent since the last call, as text.
    pub fn received(&self) -> String {
        let received = std::mem::take(&mut *self.received.lock().unwrap());
        String::from_utf8_lossy(&received).into_owned()
    }
}
