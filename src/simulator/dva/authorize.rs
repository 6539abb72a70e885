//! The authorization endpoint and the pages behind it (core.authint.200-208).
//!
//! What is asked of a request is a table of rules, in the order they are asked. Failing on who asks ends
//! on a page here (exception 1a); failing on anything else goes back to the client (1b).

use super::answer::{page, redirect};
use super::form::{Parameters, with_parameters};
use super::grant::{Grant, Session};
use super::page;
use super::party::{self, PROVIDERS, SERVICES, SHARING};
use super::policy::{Place, Release, Rule};
use super::server::Dva;
use crate::exchange::{Request, Response};

/// A request as its rules see it.
struct Asked<'r> {
    parameters: &'r Parameters,
    release: Release,
}

/// Where a broken rule leads.
enum Fault {
    /// A page here, with these words.
    Page(&'static str),
    /// Back to the client, with this OAuth error.
    Back(&'static str),
}

use Fault::{Back, Page};

/// The rules of an authorization request.
type Check = fn(&Asked<'_>) -> bool;

/// Longest `state` that is carried.
const LONGEST_STATE: usize = 2048;

#[rustfmt::skip]
const CHECKS: [(Rule, Check, Fault); 13] = [
    (Rule::ClientGiven, |a| a.parameters.get("client_id").is_some(), Page("er is geen client_id")),
    (Rule::ClientKnown, |a| a.parameters.get("client_id").is_none_or(|c| party::client(c).is_some()), Page("de client is niet bekend")),
    (Rule::RedirectGiven, |a| a.parameters.get("redirect_uri").is_some(), Page("er is geen redirect_uri")),
    (Rule::RedirectHost, |a| a.redirect_host(), Page("de redirect_uri hoort niet bij de client")),
    (Rule::RedirectForm, |a| a.redirect_form(), Page("de redirect_uri is niet toegestaan")),
    (Rule::OneValueEach, |a| a.parameters.repeated().is_none(), Back("invalid_request")),
    (Rule::ResponseType, |a| a.parameters.get("response_type") == Some("code"), Back("unsupported_response_type")),
    (Rule::StateGiven, |a| a.parameters.get("state").is_some(), Back("invalid_request")),
    (Rule::StateLength, |a| a.parameters.get("state").is_none_or(|s| s.len() <= LONGEST_STATE), Back("invalid_request")),
    (Rule::ScopeGiven, |a| a.parameters.get("scope").is_some(), Back("invalid_scope")),
    (Rule::ScopeForm, |a| a.scope_form(), Back("invalid_scope")),
    (Rule::ScopeProvider, |a| a.scopes().all(|(name, _)| PROVIDERS.contains(&name)), Back("invalid_scope")),
    (Rule::ScopeOneProvider, |a| { let mut names = a.scopes().map(|(name, _)| name); let first = names.next(); names.all(|name| Some(name) == first) }, Back("invalid_scope")),
];

impl<'r> Asked<'r> {
    /// Name and service of each part of the scope.
    fn scopes(&self) -> impl Iterator<Item = (&'r str, Option<&'r str>)> {
        let scope = self.parameters.get("scope").unwrap_or_default();
        let parts = scope.split(' ').filter(|part| !part.is_empty());
        parts.map(|part| part.split_once('~').map_or((part, None), |(name, id)| (name, Some(id))))
    }

    /// The host in the redirect URI is the client's, whatever the rest looks like.
    fn redirect_host(&self) -> bool {
        let (Some(uri), Some(client)) = (self.parameters.get("redirect_uri"), self.parameters.get("client_id")) else {
            return true;
        };
        url::Url::parse(uri).is_ok_and(|url| url.host_str() == Some(client) || tricks(uri, client))
    }

    /// `https://<client_id>[:port]/…` and nothing clever (no user, query, fragment or way up).
    fn redirect_form(&self) -> bool {
        let (Some(uri), Some(client)) = (self.parameters.get("redirect_uri"), self.parameters.get("client_id")) else {
            return true;
        };
        if !tricks(uri, client) {
            // Another host altogether: for the rule on hosts.
            return true;
        }
        let Some(rest) = uri.strip_prefix("https://").and_then(|rest| rest.strip_prefix(client)) else { return false };
        let (port, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let port = port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok());
        let up = path.to_ascii_lowercase();
        port && !path.contains(['?', '#', '@', '\\']) && !up.contains("..") && !up.contains("%2e")
    }

    fn scope_form(&self) -> bool {
        let Some(scope) = self.parameters.get("scope") else { return true };
        let name = |name: &str| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '&' | '.');
            !name.is_empty() && name.chars().all(plain)
        };
        let offered = |id: &str| SERVICES.iter().any(|service| service.id == id);
        let services = self.release.scope_has_services();
        let part = |(text, id): (&str, Option<&str>)| {
            name(text)
                && match id {
                    Some(id) => offered(id) && (services || id == SHARING),
                    None => !services,
                }
        };
        let one = services || !scope.contains(' ');
        one && !scope.starts_with(' ') && !scope.ends_with(' ') && self.scopes().all(part)
    }
}

/// A client's name somewhere in a URI that is not the client's: for the rule on form to find.
fn tricks(uri: &str, client: &str) -> bool {
    uri.contains(client)
}

impl Dva {
    /// `GET /oauth/authorize`.
    pub(super) fn authorize(&self, request: &Request) -> Response {
        if request.method != "GET" {
            let mut refused = page(405, page::error("alleen GET is mogelijk", &Parameters::default()));
            refused.headers.push("Allow", "GET");
            return refused;
        }
        let parameters = Parameters::of_query(request);
        let asked = Asked { parameters: &parameters, release: self.policy.release };
        for (rule, holds, fault) in &CHECKS {
            if !self.policy.keeps(*rule) || holds(&asked) {
                continue;
            }
            return match fault {
                Page(why) => page(400, page::error(why, &parameters)),
                Back(error) => back(&parameters, error),
            };
        }
        let named = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
        let provider = asked.scopes().map(|(name, _)| name).find(|name| PROVIDERS.contains(name));
        let session = Session {
            client: parameters
                .get("client_id")
                .filter(|c| party::client(c).is_some())
                .unwrap_or(party::host::CLIENT)
                .to_owned(),
            redirect_uri: parameters.get("redirect_uri").map_or_else(|| self.redirect_uri(), str::to_owned),
            state: parameters.get("state").map(str::to_owned),
            provider: provider.unwrap_or(PROVIDERS[0]).to_owned(),
            scope: named("scope"),
            services: asked.scopes().filter_map(|(_, id)| id.map(str::to_owned)).collect(),
            challenge: parameters.get("code_challenge").map(str::to_owned),
            person: None,
        };
        let provider = session.provider.clone();
        let id = self.grants().begin(session);
        page(200, page::login(&id, &provider, false))
    }

    /// `POST /oauth/login`.
    pub(super) fn login(&self, request: &Request) -> Response {
        let form = Parameters::of_form(request);
        let mut grants = self.grants();
        let id = form.get("session").unwrap_or_default();
        let Some(session) = grants.sessions.get_mut(id) else { return expired(&form) };
        if form.get("action") == Some("cancel") {
            let session = session.clone();
            grants.sessions.remove(id);
            return ended(&session, &[("error", "access_denied")]);
        }
        let given = (form.get("username").unwrap_or_default(), form.get("password").unwrap_or_default());
        let person = self.people.iter().position(|p| (p.user.as_str(), p.password.as_str()) == given);
        let Some(person) = person else { return page(200, page::login(id, &session.provider, true)) };
        session.person = Some(person);
        let session = session.clone();
        let who = &self.people[person];
        let lacks = |rule: Rule, lacking: bool| self.policy.keeps(rule) && lacking;
        if lacks(Rule::PersonHasData, who.patient.is_none()) || lacks(Rule::PersonOldEnough, who.too_young) {
            grants.sessions.remove(id);
            return ended(&session, &[("error", "access_denied")]);
        }
        drop(grants);
        let services = self.services_of(&session);
        let names: Vec<&str> =
            SERVICES.iter().filter(|s| services.iter().any(|id| id == s.id)).map(|s| s.name).collect();
        let organisation = party::client(&session.client).map_or("", |client| client.organisation);
        let sharing = session.services.iter().any(|id| id == SHARING);
        let lasting = self.policy.release.refreshes() && !sharing;
        let asked = page::Consent {
            session: id,
            provider: &session.provider,
            organisation,
            services: &names,
            sharing,
            lasting,
        };
        page(200, page::consent(&asked))
    }

    /// `POST /oauth/consent`.
    pub(super) fn consent(&self, request: &Request) -> Response {
        let form = Parameters::of_form(request);
        let mut grants = self.grants();
        let Some(session) = grants.sessions.remove(form.get("session").unwrap_or_default()) else {
            return expired(&form);
        };
        let Some(person) = session.person else { return expired(&form) };
        if form.get("decision") != Some("yes") {
            let response = ended(&session, &[("error", "access_denied")]);
            return self.outcome(request, response);
        }
        let grant = Grant {
            client: session.client.clone(),
            provider: session.provider.clone(),
            services: self.services_of(&session),
            person,
            scope: session.scope.clone(),
            lasting: form.get("lasting").is_some(),
        };
        let code = grants.code(&session, grant, self.token_lifetime, &self.policy.issuing);
        drop(grants);
        self.outcome(request, ended(&session, &[("code", &code)]))
    }

    /// `POST /oauth/withdraw`: refresh tokens of the person end with their consent.
    pub(super) fn withdraw(&self, request: &Request) -> Response {
        let form = Parameters::of_form(request);
        let given = (form.get("username").unwrap_or_default(), form.get("password").unwrap_or_default());
        let person = self.people.iter().position(|p| (p.user.as_str(), p.password.as_str()) == given);
        let Some(person) = person else { return page(403, page::withdrawal(true)) };
        if self.policy.keeps(Rule::ConsentWithdrawn) {
            self.grants().refresh.retain(|_, (grant, _)| grant.person != person);
        }
        page(200, page::withdrawn())
    }

    fn outcome(&self, request: &Request, mut response: Response) -> Response {
        self.policy.edit_response(Place::Outcome, request, &mut response);
        response
    }

    /// The services that a session leads to: those asked for, or those the client is listed for.
    fn services_of(&self, session: &Session) -> Vec<String> {
        if !session.services.is_empty() {
            return session.services.clone();
        }
        let listed = |id: &str| {
            !self.policy.keeps(Rule::ServicesOfClient)
                || party::client(&session.client).is_some_and(|client| client.services.contains(&id))
        };
        SERVICES.iter().filter(|s| s.id != SHARING && listed(s.id)).map(|s| s.id.to_owned()).collect()
    }
}

fn expired(form: &Parameters) -> Response {
    page(400, page::error("de sessie is verlopen", form))
}

/// Back to the client with an error, when the client could not be doubted.
fn back(parameters: &Parameters, error: &str) -> Response {
    let uri = parameters.get("redirect_uri").unwrap_or_default();
    let state = parameters.get("state").map(|state| ("state", state));
    redirect(&with_parameters(uri, [("error", error)].into_iter().chain(state)))
}

/// Back to the client at the end of a login.
fn ended(session: &Session, with: &[(&str, &str)]) -> Response {
    let state = session.state.as_deref().map(|state| ("state", state));
    redirect(&with_parameters(&session.redirect_uri, with.iter().copied().chain(state)))
}
