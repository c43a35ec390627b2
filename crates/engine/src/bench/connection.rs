//! One keep-alive connection: requests one after the other, as cheaply as possible, because the generator
//! shares the machine with what it measures.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header,
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::client::Endpoint;

/// A connection to one engine, made again when it breaks.
pub(super) struct Connection {
    target: Endpoint,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Connection {
    pub(super) fn new(target: Endpoint) -> Self {
        Self { target, sender: None }
    }

    /// Posts an order.
    pub(super) async fn post(&mut self, body: Bytes) -> anyhow::Result<Answer> {
        self.ask(Method::POST, "/api/orders/execute", body).await
    }

    /// Reads something.
    pub(super) async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.target.path(path))
            .header(header::HOST, self.target.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        request.headers_mut().extend(self.target.headers().clone());
        let answer = self.exchange(request).await;
        if answer.is_err() {
            self.sender = None;
        }
        answer
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let sender = match &mut self.sender {
            Some(sender) => sender,
            None => self.sender.insert(connect(&self.target).await?),
        };
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        Ok(Answer { status, body })
    }
}

async fn connect(target: &Endpoint) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let host = target.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, target.port())).await;
    let stream = stream.map_err(|error| target.unreachable(&error))?;
    stream.set_nodelay(true)?;
    if !target.is_secure() {
        return speak(stream).await;
    }
    let tls = TlsConnector::from(Arc::new(ClientConfig::with_platform_verifier()?));
    let name = ServerName::try_from(host.to_owned())?;
    let stream = tls.connect(name, stream).await.map_err(|error| target.unreachable(&error))?;
    speak(stream).await
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        let _ = connection.await; // a broken connection shows in the request that was under way
    });
    Ok(sender)
}
