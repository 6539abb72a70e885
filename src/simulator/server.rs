//! The simulator on a socket: HTTP/1.1 over loopback, with bounds on what a client can take.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::access::TokenRegistry;
use super::defect::{ActiveDefect, Defects, Delivery};
use super::load::{self, Fixture};
use super::reception::{Admission, Reception};
use super::refusal::{Reason, Refusal};
use super::reply::Reply;
use super::search::Parameters;
use super::service::Service;
use super::store::Store;
use crate::definitions::{Definitions, Typed};
use crate::diagnostic::Diagnostic;
use crate::exchange::{Exchange, Headers, Request, Response, TransportError, TransportErrorKind};

/// Bounds on what clients can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Largest body of a request, in bytes.
    pub body: usize,
    /// Connections served at once; more have to wait.
    pub connections: usize,
    /// How long a client may take over the head of a request, or leave a connection unused.
    pub head: Duration,
    /// How long it may take over the body.
    pub body_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            body: 64 * 1024 * 1024,
            connections: 256,
            head: Duration::from_secs(30),
            body_time: Duration::from_secs(60),
        }
    }
}

/// Sees every exchange once it is over: a log, a test that waits for a client.
pub trait Observer: Send + Sync {
    /// Called after the answer was made, before it is sent.
    fn saw(&self, exchange: &Exchange);
}

impl<F: Fn(&Exchange) + Send + Sync> Observer for F {
    fn saw(&self, exchange: &Exchange) {
        self(exchange);
    }
}

/// Everything a simulator is started with.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What stands before the resource types in URLs: empty, or `/fhir`.
    pub base_path: String,
    /// The release and its search parameters.
    pub definitions: Definitions,
    /// What is served at the start; may be empty.
    pub fixtures: Vec<Fixture>,
    /// Values of variables in fixtures; `T` is today if it is not here.
    pub variables: Vec<(String, String)>,
    /// Test persons: their citizen numbers can be searched by although no Patient resource has them.
    pub registry: TokenRegistry,
    /// Ask for a token of the registry, and show only what that person may see.
    pub require_token: bool,
    /// Resource types that it does not have.
    pub without: Vec<String>,
    /// Looks at every resource that is written; without one whatever can be read is taken.
    pub inspector: Option<Arc<dyn Inspector>>,
    /// Faults that are on.
    pub defects: Vec<ActiveDefect>,
    /// How late an answer is with the defect `slow-answer`.
    pub slow: Duration,
    /// Bounds on what clients can take.
    pub bounds: Bounds,
    /// Sees every exchange.
    pub observer: Option<Arc<dyn Observer>>,
    /// Looks at every request before it is answered.
    pub reception: Option<Arc<dyn Reception>>,
    /// How many stores there are, all with the same fixtures; which one answers is for the reception to
    /// say.
    pub rooms: usize,
}

impl Settings {
    /// An empty server on a free loopback port that asks for no token.
    pub fn new(definitions: Definitions) -> Settings {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            base_path: String::new(),
            definitions,
            fixtures: vec![],
            variables: vec![],
            registry: TokenRegistry::default(),
            require_token: false,
            without: vec![],
            inspector: None,
            defects: vec![],
            slow: Duration::from_secs(65),
            bounds: Bounds::default(),
            observer: None,
            reception: None,
            rooms: 1,
        }
    }
}

/// Looks at resources before they are stored. The simulator itself knows nothing of profiles.
pub trait Inspector: Send + Sync {
    /// What is wrong with a resource; nothing, and it is stored.
    fn faults(&self, resource: &Typed) -> Vec<String>;
}

/// Why a simulator does not start.
#[derive(Debug)]
pub enum StartError {
    /// The address cannot be listened on.
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Fixtures cannot be served: everything that is wrong with them.
    Fixtures(Vec<Diagnostic>),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Listen { address, reason } => write!(f, "cannot listen on {address}: {reason}"),
            StartError::Fixtures(problems) => {
                write!(f, "{} fixtures cannot be served", problems.len())?;
                problems.iter().try_for_each(|p| write!(f, "\n  {}", p.message))
            }
        }
    }
}

impl std::error::Error for StartError {}

/// Starts simulators.
pub struct Simulator;

/// A simulator at work. It stops when it is dropped, at once; [`RunningSimulator::shutdown`] lets it
/// finish what it is answering.
pub struct RunningSimulator {
    /// The URL before `/Type/id`, without a slash at its end.
    pub base_url: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// What is worth knowing about the fixtures.
    pub warnings: Vec<Diagnostic>,
    /// How many resources there were at the start.
    pub resources: usize,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningSimulator {
    /// Takes no more connections, finishes the answers under way, and ends.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        // A task that was cancelled has ended too.
        let _ = (&mut self.task).await;
    }
}

impl Drop for RunningSimulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What every connection needs.
struct Shared {
    /// Never empty: the first one and the others.
    service: Service,
    others: Vec<Service>,
    defects: Defects,
    base_path: String,
    authority: String,
    definitions: Definitions,
    bounds: Bounds,
    observer: Option<Arc<dyn Observer>>,
    reception: Option<Arc<dyn Reception>>,
}

impl Shared {
    /// The store that answers.
    fn room(&self, number: usize) -> &Service {
        number.checked_sub(1).and_then(|at| self.others.get(at)).unwrap_or(&self.service)
    }
}

impl Simulator {
    /// Listens, loads the fixtures and begins to answer. Needs a Tokio runtime.
    pub async fn start(settings: Settings) -> Result<RunningSimulator, StartError> {
        let address = settings.listen;
        let listen_error = |reason| StartError::Listen { address, reason };
        let listener = TcpListener::bind(address).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let base_path = match settings.base_path.trim_matches('/') {
            "" => String::new(),
            path => format!("/{path}"),
        };
        let base_url = format!("http://{address}{base_path}");
        let (store, warnings) = stored(&settings, &base_url).map_err(StartError::Fixtures)?;
        let resources = store.shelves().map(|(_, shelf)| shelf.len()).sum();
        let registry = settings.require_token.then(|| settings.registry.clone());
        let origin = format!("http://{address}");
        let service = |store| Service::new(store, registry.clone(), &origin, &base_path, settings.bounds.body);
        let others = (1..settings.rooms).map(|_| service(store.clone())).collect();
        let shared = Shared {
            service: service(store),
            others,
            defects: Defects::new(settings.defects, settings.slow),
            base_path,
            authority: address.to_string(),
            definitions: settings.definitions,
            bounds: settings.bounds,
            observer: settings.observer,
            reception: settings.reception,
        };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve(listener, Arc::new(shared), stopped));
        Ok(RunningSimulator { base_url, address, warnings, resources, stop, task })
    }
}

pub(super) fn stored(settings: &Settings, base_url: &str) -> Result<(Store, Vec<Diagnostic>), Vec<Diagnostic>> {
    let types = settings.definitions.types();
    // Fixtures write `${server-base}Patient/1`.
    let mut values = vec![("server-base".to_owned(), format!("{base_url}/"))];
    values.extend(settings.variables.iter().cloned());
    let mut read = load::prepare(settings.fixtures.clone(), &values, &types);
    let facts = read.parameters(settings.definitions.search_parameters());
    let parameters = Arc::new(Parameters::new(facts, types.clone()));
    let mut store = Store::new(types, parameters, base_url, settings.registry.identifiers());
    store.do_without(&settings.without);
    let warnings = read.store(&mut store)?;
    // Fixtures are served as they are, right or wrong.
    store.inspector.clone_from(&settings.inspector);
    Ok((store, warnings))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(shared.bounds.connections));
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stopped.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        // A connection that was gone before it was taken is the client's affair.
        if let Ok((stream, _)) = accepted {
            let (shared, stopped) = (shared.clone(), stopped.clone());
            connections.spawn(async move {
                connection(stream, shared, stopped).await;
                drop(place);
            });
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let head = shared.bounds.head;
    let service = service_fn(|request| exchange(request, shared.clone()));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // Errors are broken connections: the client knows.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// The client gets no answer.
#[derive(Debug)]
pub(super) struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}

impl From<Infallible> for Closed {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

async fn exchange(
    incoming: hyper::Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Full<Bytes>>, Closed> {
    let started = jiff::Timestamp::now();
    let clock = Instant::now();
    let (head, body) = incoming.into_parts();
    let mut request = received(&head, "http", &shared.authority);
    let types = shared.definitions.types();
    let read = read_body(body, &shared.bounds).await.map(|body| request.body = body);
    let receive = |reception: &Arc<dyn Reception>| reception.receive(&request);
    let Admission { ticket, room, bearing, answer } = shared.reception.as_ref().map(receive).unwrap_or_default();
    let service = shared.room(room);
    let mut response = match (read, answer) {
        (Ok(()), Some(answer)) => answer,
        (Ok(()), None) => {
            let lapses = shared.defects.lapses(&request, &shared.base_path);
            service.answer(&request, lapses, &bearing)
        }
        (Err(refusal), _) => {
            let presentation = service.presentation(&request);
            Reply::refused(&refusal, presentation.format).into_response(presentation, &types)
        }
    };
    let Delivery { delay, close } = shared.defects.spoil(&request, &shared.base_path, &mut response, &types);
    let outgoing = (!close).then(|| to_hyper(&response));
    if shared.observer.is_some() || shared.reception.is_some() {
        let broken = || TransportError { kind: TransportErrorKind::Broken, detail: "closed on purpose".into() };
        let result = if close { Err(broken()) } else { Ok(response) };
        let exchange = Exchange { request, result, started, elapsed: clock.elapsed(), refused: None };
        if let Some(observer) = &shared.observer {
            observer.saw(&exchange);
        }
        if let Some(reception) = &shared.reception {
            reception.answered(ticket, exchange);
        }
    }
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    outgoing.ok_or(Closed)
}

/// A request as it came, without its body; `authority` is for one that does not say whom it is for.
pub(super) fn received(head: &hyper::http::request::Parts, scheme: &str, authority: &str) -> Request {
    let headers: Headers =
        head.headers.iter().map(|(n, v)| (n.as_str(), String::from_utf8_lossy(v.as_bytes()))).collect();
    let host = headers.get("Host").unwrap_or(authority);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let url = format!("{scheme}://{host}{target}");
    Request { method: head.method.as_str().to_owned(), url, headers, body: Bytes::new() }
}

pub(super) async fn read_body(body: Incoming, bounds: &Bounds) -> Result<Bytes, Refusal> {
    let limit = bounds.body;
    match tokio::time::timeout(bounds.body_time, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Refusal::new(Reason::TooLarge, format!("the body is larger than {limit} bytes")))
        }
        Ok(Err(_)) => Err(Refusal::new(Reason::Invalid, "the body broke off")),
        Err(_) => Err(Refusal::new(Reason::Invalid, "the body did not come in time")),
    }
}

pub(super) fn to_hyper(response: &Response) -> hyper::Response<Full<Bytes>> {
    let mut outgoing = hyper::Response::new(Full::new(response.body.clone()));
    *outgoing.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or_default();
    for (name, value) in response.headers.iter() {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        let value = hyper::header::HeaderValue::from_bytes(value.as_bytes());
        // What cannot stand in a header came from the client (an echoed id) and is left out.
        if let (Ok(name), Ok(value)) = (name, value) {
            outgoing.headers_mut().append(name, value);
        }
    }
    outgoing
}
