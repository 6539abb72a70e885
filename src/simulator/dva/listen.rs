//! The DVA on its sockets: TLS, who is at the other end, HTTP/1.1.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::hello::{self, Hello};
use super::server::{Dva, Peer};
use crate::exchange::{Exchange, TransportError, TransportErrorKind};
use crate::simulator::server::{Bounds, Closed, read_body, received, to_hyper};

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// What people see.
    Front,
    /// Tokens, lists, Notified Pull.
    Back,
    /// The resource server.
    Fhir,
    /// Revocations, over plain HTTP.
    Revocations,
}

/// A listener and how it speaks.
pub(super) struct Entrance {
    pub channel: Channel,
    pub listener: TcpListener,
    /// None: plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// For clients that offer two versions, where the lower one is taken.
    pub lower: Option<Arc<ServerConfig>>,
}

/// Serves a listener until it is told to stop.
pub(super) async fn serve(entrance: Entrance, dva: Arc<Dva>, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(Bounds::default().connections));
    let entrance = Arc::new(entrance);
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, entrance.listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stopped.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        if let Ok((stream, address)) = accepted {
            let (entrance, dva, stopped) = (entrance.clone(), dva.clone(), stopped.clone());
            connections.spawn(async move {
                greet(stream, address, &entrance, dva, stopped).await;
                drop(place);
            });
        }
    }
    // Connections that are kept open for later have nothing under way.
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(2), connections.join_next()).await {}
}

/// How long a client may take to say how it speaks.
const GREETING: Duration = Duration::from_secs(10);

/// Looks at what comes first, then speaks TLS or HTTP.
async fn greet(
    mut stream: TcpStream,
    address: SocketAddr,
    entrance: &Entrance,
    dva: Arc<Dva>,
    stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut peer = Peer { address, host: None, certificate: false, secure: false };
    let Some(tls) = &entrance.tls else {
        return talk(stream, peer, entrance.channel, dva, stopped).await;
    };
    let first = match tokio::time::timeout(GREETING, first_record(&stream)).await {
        Ok(Some(first)) => first,
        _ => return,
    };
    if first.first() != Some(&22) {
        // Plain HTTP where TLS is spoken: there is one thing to be had, by ourselves only.
        if dva.speaks_plainly(entrance.channel, &first, address) {
            return talk(stream, peer, entrance.channel, dva, stopped).await;
        }
        return;
    }
    let offered = Hello::parse(&first);
    if let Some(answer) = offered.as_ref().and_then(|hello| hello.faulty_answer(&dva.policy.tls)) {
        let _ = stream.write_all(&answer).await;
        let _ = stream.shutdown().await;
        return;
    }
    let lower = entrance.lower.as_ref().filter(|_| offered.is_some_and(|hello| hello.offers_two()));
    let acceptor = TlsAcceptor::from(lower.unwrap_or(tls).clone());
    let Ok(Ok(stream)) = tokio::time::timeout(GREETING, acceptor.accept(stream)).await else { return };
    peer.secure = true;
    if let Some(certificate) = stream.get_ref().1.peer_certificates().and_then(<[_]>::first) {
        peer.certificate = true;
        peer.host = dva.host_of(&Sha256::digest(certificate));
    }
    talk(stream, peer, entrance.channel, dva, stopped).await;
}

/// The first record of TLS, whole, or the beginning of something else. It stays to be read.
async fn first_record(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 16 * 1024];
    let mut before = 0;
    loop {
        let count = stream.peek(&mut buffer).await.ok()?;
        let seen = buffer.get(..count)?;
        let whole = match seen.first() {
            None => return None,
            Some(22) => hello::record_length(seen).is_some_and(|length| count >= length.min(buffer.len())),
            Some(_) => seen.windows(4).any(|w| w == b"\r\n\r\n") || count == buffer.len(),
        };
        if whole {
            return Some(seen.to_vec());
        }
        if count == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        before = count;
    }
}

async fn talk<S>(stream: S, peer: Peer, channel: Channel, dva: Arc<Dva>, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = Arc::new(peer);
    let service = service_fn(move |request| exchange(request, peer.clone(), channel, dva.clone()));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Bounds::default().head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn exchange(
    incoming: hyper::Request<Incoming>,
    peer: Arc<Peer>,
    channel: Channel,
    dva: Arc<Dva>,
) -> Result<hyper::Response<Full<Bytes>>, Closed> {
    let started = jiff::Timestamp::now();
    let clock = Instant::now();
    let (head, body) = incoming.into_parts();
    let mut request = received(&head, if peer.secure { "https" } else { "http" }, "");
    // Nobody sends much here.
    let bounds = Bounds { body: 4 * 1024 * 1024, ..Bounds::default() };
    match read_body(body, &bounds).await {
        Ok(body) => request.body = body,
        Err(refusal) => {
            let response = super::answer::refused(refusal.status, &refusal.diagnostics);
            return Ok(to_hyper(&response));
        }
    }
    let seen = request.clone();
    let answered = dva.answer(channel, request, &peer).await;
    let outgoing = (!answered.close).then(|| to_hyper(&answered.response));
    if let Some(observer) = dva.observer.as_ref().filter(|_| answered.resource) {
        let broken = || TransportError { kind: TransportErrorKind::Broken, detail: "closed on purpose".into() };
        let result = if answered.close { Err(broken()) } else { Ok(answered.response) };
        observer.saw(&Exchange { request: seen, result, started, elapsed: clock.elapsed(), refused: None });
    }
    if let Some(delay) = answered.delay {
        tokio::time::sleep(delay).await;
    }
    dva.over(answered.resource);
    outgoing.ok_or(Closed)
}
