//! Requests to answers, without a network: what the simulator does with each.

use std::sync::{Arc, PoisonError, RwLock};

use super::access::{Access, TokenRegistry};
use super::binary::{self, BINARY};
use super::call::{Call, Interaction, Presentation, body};
use super::capability;
use super::reception::Bearing;
use super::refusal::{Reason, Refusal};
use super::reply::Reply;
use super::searchset::{self, Circumstances};
use super::store::{Lookup, Store};
use super::stored::{Key, Stored};
use super::{document, write};
use crate::exchange::{Request, Response};

/// What the simulator leaves undone on purpose, for defects that cannot be made on a finished answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lapses {
    /// Any token (or none) will do, and is taken for that of the first person.
    pub any_token: bool,
    /// The limits of a token are not kept.
    pub leak: bool,
    /// The first search parameter is not applied.
    pub ignore_parameter: bool,
    /// `$lastn` gives the oldest.
    pub oldest_first: bool,
    /// A next link may be followed by anybody.
    pub any_page: bool,
}

impl Lapses {
    /// Leaves undone what others leave undone too.
    pub fn merge(&mut self, other: Lapses) {
        self.any_token |= other.any_token;
        self.leak |= other.leak;
        self.ignore_parameter |= other.ignore_parameter;
        self.oldest_first |= other.oldest_first;
        self.any_page |= other.any_page;
    }
}

/// The simulator's core: a store and the rules of access to it.
pub(super) struct Service {
    store: RwLock<Store>,
    /// None: everybody may see everything.
    registry: Option<TokenRegistry>,
    base_path: String,
    /// `http://host:port`, without the path.
    origin: String,
    body_limit: usize,
    /// It says that it takes no writes.
    read_only: bool,
}

/// Header fields that a client finds back in the answer, to tell its requests apart.
const ECHOED: [&str; 3] = ["MedMij-Request-ID", "X-Correlation-ID", "X-Request-Id"];

impl Service {
    pub fn new(
        store: Store,
        registry: Option<TokenRegistry>,
        origin: &str,
        base_path: &str,
        body_limit: usize,
    ) -> Service {
        Service {
            store: RwLock::new(store),
            registry,
            base_path: base_path.to_owned(),
            origin: origin.to_owned(),
            body_limit,
            read_only: false,
        }
    }

    /// Says of itself that it is only read; whoever stands before it sees to it.
    pub fn read_only(self, read_only: bool) -> Service {
        Service { read_only, ..self }
    }

    /// Answers a request. Never fails: what cannot be done becomes an OperationOutcome.
    pub fn answer(&self, request: &Request, lapses: Lapses, bearing: &Bearing) -> Response {
        let types = self.store.read().unwrap_or_else(PoisonError::into_inner).types.clone();
        let (presentation, result) = match Call::new(request, &self.base_path, types.version()) {
            Ok(call) => (call.presentation, self.carry_out(request, call, lapses, bearing)),
            Err((presentation, refusal)) => (presentation, Err(refusal)),
        };
        let reply = result.unwrap_or_else(|refusal| Reply::refused(&refusal, presentation.format));
        let mut response = reply.into_response(presentation, &types);
        for name in ECHOED {
            if let Some(value) = request.headers.get(name) {
                response.headers.push(name, value);
            }
        }
        response
    }

    fn carry_out(
        &self,
        request: &Request,
        mut call: Call,
        lapses: Lapses,
        bearing: &Bearing,
    ) -> Result<Reply, Refusal> {
        let interaction = {
            let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
            call.interaction(&|t| store.has_type(t))
        };
        // Who asks comes before what is asked: without a token nobody learns what there is.
        let access = match (&interaction, &self.registry, bearing) {
            (Ok(Interaction::Metadata), ..) | (_, None, _) | (.., Bearing::Everything) => Access::All,
            // A test person that the registry does not have owns nothing here: nothing is kept from anybody.
            (_, Some(registry), Bearing::Token(token)) => {
                registry.admit(Some(&format!("Bearer {token}"))).unwrap_or(Access::All)
            }
            (_, Some(registry), Bearing::Own) => match registry.admit(request.headers.get("Authorization")) {
                Ok(_) if lapses.leak => Access::All,
                Err(_) if lapses.any_token => registry.anybody(),
                admitted => admitted?,
            },
        };
        let interaction = interaction?;
        if interaction.takes_resource() {
            call.document = Some(body(request, self.body_limit)?);
        } else if !request.body.is_empty() && !interaction.writes() && !super::call::is_form(request) {
            let message = "only parameters are taken here, in the query or as a form in the body";
            return Err(Refusal::new(Reason::MediaType, message));
        }
        let base = self.base(request);
        let circumstances = Circumstances { access: &access, base: &base, lapses, read_only: self.read_only };
        if interaction.writes() {
            let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
            return write::perform(&mut store, &interaction, &call, &circumstances);
        }
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        perform(&store, &interaction, &call, &circumstances)
    }

    /// The URL that links in answers begin with: the one the client used, where it says so.
    fn base(&self, request: &Request) -> String {
        let is_host = |h: &&str| {
            !h.is_empty()
                && h.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
        };
        match request.headers.get("Host").filter(is_host) {
            Some(host) => format!("{}://{host}{}", self.origin.split("://").next().unwrap_or("http"), self.base_path),
            None => format!("{}{}", self.origin, self.base_path),
        }
    }

    /// How an answer to this request is written.
    pub fn presentation(&self, request: &Request) -> Presentation {
        let version = self.store.read().unwrap_or_else(PoisonError::into_inner).types.version();
        match Call::new(request, &self.base_path, version) {
            Ok(call) => call.presentation,
            Err((presentation, _)) => presentation,
        }
    }
}

/// Carries out an interaction that changes nothing.
pub(super) fn perform(
    store: &Store,
    interaction: &Interaction,
    call: &Call,
    circumstances: &Circumstances<'_>,
) -> Result<Reply, Refusal> {
    match interaction {
        Interaction::Search(resource_type) => searchset::search(store, resource_type, call, circumstances),
        Interaction::LastN => searchset::last_n(store, call, circumstances),
        Interaction::Read(key) => read(store, key, call, circumstances.access),
        Interaction::Version(key, version) => {
            only_presentation(call)?;
            let resource = seen(store, key, circumstances.access)?;
            let resource = if resource.version == *version { Some(resource) } else { store.version(key, *version) };
            let missing = || Refusal::new(Reason::NotFound, format!("{key} has no version {version} (any more)"));
            Ok(Reply::stored(200, &*resource.ok_or_else(missing)?, call.presentation.format))
        }
        Interaction::Document(key) => {
            only_presentation(call)?;
            document::document(store, key, call, circumstances)
        }
        Interaction::Metadata => {
            only_presentation(call)?;
            Ok(Reply::new(200, capability::statement(store, circumstances, call.presentation.format)))
        }
        _ => Err(Refusal::new(Reason::NotSupported, "this is not something to be read")),
    }
}

fn read(store: &Store, key: &Key, call: &Call, access: &Access) -> Result<Reply, Refusal> {
    only_presentation(call)?;
    let resource = seen(store, key, access)?;
    let known = call.header("If-None-Match").is_some_and(|tags| tags.split(',').any(|t| t.trim() == resource.etag()));
    if known {
        return Ok(Reply { headers: super::reply::version_headers(&resource), ..Reply::empty(304) });
    }
    let native = (call.native && *key.resource_type == *BINARY).then(|| binary::content(&resource)).flatten();
    Ok(native.unwrap_or_else(|| Reply::stored(200, &resource, call.presentation.format)))
}

/// The resource, if it is there for this token. What belongs to somebody else is answered as if it did
/// not exist: 403 would tell that it does.
pub(super) fn seen(store: &Store, key: &Key, access: &Access) -> Result<Arc<Stored>, Refusal> {
    match store.get(key) {
        Lookup::Found(resource) if access.sees(store, &resource) => Ok(resource),
        Lookup::Gone => Err(Refusal::new(Reason::Deleted, format!("{key} was deleted"))),
        _ => Err(Refusal::new(Reason::NotFound, format!("there is no {key} here"))),
    }
}

/// Only `_format` and `_pretty` go with what is not a search.
pub(super) fn only_presentation(call: &Call) -> Result<(), Refusal> {
    match call.pairs.iter().find(|p| !matches!(p.name.as_str(), "_format" | "_pretty")) {
        Some(pair) => {
            Err(Refusal::new(Reason::NotSupported, format!("`{}` is not a parameter of this request", pair.name)))
        }
        None => Ok(()),
    }
}
