//! The resource server: who may see what, before and after the FHIR server does its work.
//!
//! A token is the only thing that says whose data are asked for (core.rscint item 4).

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::answer::set;
use super::form::{Parameters, path};
use super::grant::{Grant, Grants};
use super::party::{OTHER_PATH, PROVIDERS, SANDBOX_PATH, SERVICES, SHARING};
use super::policy::{Place, Rule};
use super::server::{Answered, Dva, Peer, Shelf};
use crate::exchange::{Bsn, Headers, Request, Response};
use crate::simulator::Bearing;
use crate::simulator::refusal::{Reason, Refusal};
use crate::simulator::reply::Reply;

/// What a token is compared with: how many characters at its end may be another's doing.
const TAIL: usize = 8;

impl Dva {
    /// Anything below the FHIR listener.
    pub(super) fn resource(&self, request: &mut Request, peer: &Peer) -> Answered {
        let shelf = self.shelf(path(&request.url));
        let place = if shelf.base == SANDBOX_PATH { Place::Sandbox } else { Place::Resource };
        let original = request.clone();
        let busy = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
        let mut delay =
            (self.policy.resource_delay > 0).then(|| Duration::from_secs(self.policy.resource_delay).min(self.slow));
        let over = self.policy.resource_limit.is_some_and(|limit| busy > limit);
        let mut response = match over {
            true => super::answer::refused(429, "too many requests"),
            false => self.policy_answer(request, peer, shelf, place),
        };
        if self.policy.resource_limit.is_some() {
            // Long enough for requests to meet.
            delay = delay.or(Some(Duration::from_millis(150)));
        }
        self.policy.edit_response(place, &original, &mut response);
        compress(&original, &mut response, &self.policy.codings);
        self.policy.edit_response(Place::Wire, &original, &mut response);
        if original.method == "HEAD" {
            response.body = Default::default();
        }
        Answered { response, delay, close: false, resource: true }
    }

    fn policy_answer(&self, request: &mut Request, peer: &Peer, shelf: &Shelf, place: Place) -> Response {
        self.policy.edit_request(place, request);
        let edited = request.clone();
        let refused = |refusal: &Refusal| {
            let presentation = shelf.service.presentation(&edited);
            Reply::refused(refusal, presentation.format).into_response(presentation, &self.types)
        };
        if let Some(refusal) = self.stranger(peer) {
            return refused(&refusal);
        }
        let metadata = path(&request.url) == format!("{}/metadata", shelf.base);
        let open = metadata && matches!(request.method.as_str(), "GET" | "HEAD");
        let mut person = None;
        if !open {
            match self.admitted(request, shelf) {
                Ok(grant) => person = Some(grant.person),
                Err(refusal) => return refused(&refusal),
            }
        }
        if request.method == "OPTIONS" {
            let allow = [("Allow", "GET, HEAD, OPTIONS"), ("Cache-Control", "no-store")];
            return Response { status: 204, headers: allow.into_iter().collect(), body: Default::default() };
        }
        let search = request.method == "POST" && path(&request.url).ends_with("/_search");
        let reads = search || matches!(request.method.as_str(), "GET" | "HEAD");
        if !reads && shelf.read_only && self.policy.keeps(Rule::ReadOnly) {
            let message = format!("{} is not possible here: data are only read", request.method);
            return refused(&Refusal::new(Reason::Method, message).header("Allow", "GET, HEAD, OPTIONS"));
        }
        // No steering by person but by the token (core.rscint item 4).
        let number = |request: &Request| Parameters::of_query(request).any(|value| value.starts_with(Bsn::SYSTEM));
        if shelf.base != SANDBOX_PATH && number(request) && self.policy.keeps(Rule::NoCitizenNumber) {
            return refused(&Refusal::new(Reason::Invalid, "the token says who the person is, a number is not taken"));
        }
        if request.method == "HEAD" {
            request.method = "GET".to_owned();
        }
        // Inside, everybody is known by a token of the FHIR server's own.
        let inside = person.map(|person| format!("Bearer {}", self.inside(person)));
        let kept = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Authorization"));
        let mut headers: Headers = kept.collect();
        if let Some(inside) = inside {
            headers.push("Authorization", inside);
        }
        request.headers = headers;
        let mut lapses = self.policy.lapses(request);
        lapses.merge(shelf.defects.lapses(request, &shelf.base));
        let mut response = shelf.service.answer(request, lapses, &Bearing::Own);
        shelf.defects.spoil(request, &shelf.base, &mut response, &self.types);
        response
    }

    /// Why this client is not spoken with at all.
    pub(super) fn stranger(&self, peer: &Peer) -> Option<Refusal> {
        if !peer.certificate && self.policy.keeps(Rule::CertificateGiven) {
            return Some(Refusal::new(Reason::Forbidden, "a client certificate is needed here"));
        }
        let listed = peer.host.as_deref().is_some_and(|host| super::list::WHITELIST.contains(&host));
        let stranger = peer.certificate && !listed && self.policy.keeps(Rule::OnWhitelist);
        stranger.then(|| Refusal::new(Reason::Forbidden, "the host in the client certificate is not on the whitelist"))
    }

    /// The grant behind a request for data of a shelf.
    fn admitted(&self, request: &mut Request, shelf: &Shelf) -> Result<Grant, Refusal> {
        let grants = self.grants();
        let somebody = || self.anybodys_access();
        let challenge = |diagnostics: &str, error: &str| {
            let challenge = format!("Bearer realm=\"keur\"{error}");
            Refusal::new(Reason::Login, diagnostics).header("WWW-Authenticate", challenge)
        };
        let header = request.headers.get("Authorization").map(str::to_owned);
        let in_query = Parameters::of_query(request).get("access_token").map(str::to_owned);
        let header = match (header, in_query) {
            (None, Some(token)) if !self.policy.keeps(Rule::TokenInHeader) => {
                request.url = without_parameter(&request.url, "access_token");
                Some(format!("Bearer {token}"))
            }
            (header, _) => header,
        };
        let Some(header) = header else {
            return match self.policy.keeps(Rule::TokenGiven) {
                true => Err(challenge("this server needs an access token: send `Authorization: Bearer …`", "")),
                false => Ok(somebody()),
            };
        };
        let bearer = header.trim().split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
        let Some(token) = bearer.map(|(_, token)| token.trim()) else {
            let why = "the Authorization header is not of the form `Bearer …`";
            return match self.policy.keeps(Rule::TokenByBearer) {
                true => Err(challenge(why, ", error=\"invalid_request\"")),
                false => Ok(somebody()),
            };
        };
        let grant = match grants.access.get(token) {
            Some(access) if Instant::now() < access.until || !self.policy.keeps(Rule::TokenFresh) => {
                access.grant.clone()
            }
            Some(_) => return Err(challenge("the access token has expired", ", error=\"invalid_token\"")),
            None => {
                let rule = if altered(token, &grants) { Rule::TokenWhole } else { Rule::TokenKnown };
                match self.policy.keeps(rule) {
                    true => return Err(challenge("the access token is not known here", ", error=\"invalid_token\"")),
                    false => somebody(),
                }
            }
        };
        let insufficient = |why: &str| {
            Refusal::new(Reason::Forbidden, why)
                .header("WWW-Authenticate", "Bearer realm=\"keur\", error=\"insufficient_scope\"")
        };
        let provider = if shelf.base == OTHER_PATH { PROVIDERS[1] } else { PROVIDERS[0] };
        if self.policy.keeps(Rule::TokenProvider) && grant.provider != provider {
            return Err(insufficient("the access token is for another provider"));
        }
        if self.policy.keeps(Rule::TokenService) && !grant.services.iter().any(|id| id == shelf.service_id) {
            return Err(insufficient("the access token is not for this data service"));
        }
        Ok(grant)
    }

    /// The access of the first person, for rules that are not kept.
    fn anybodys_access(&self) -> Grant {
        let services = SERVICES.iter().filter(|s| s.id != SHARING).map(|s| s.id.to_owned()).collect();
        Grant {
            client: String::new(),
            provider: PROVIDERS[0].to_owned(),
            services,
            person: 0,
            scope: String::new(),
            lasting: false,
        }
    }
}

/// A token that is a known one but for its end, or for what stands between dots.
fn altered(token: &str, grants: &Grants) -> bool {
    let stem = |token: &str| token.get(..token.len().saturating_sub(TAIL)).map(str::to_owned);
    let Some(wanted) = stem(token).filter(|stem| stem.len() >= TAIL) else { return false };
    grants.access.keys().any(|known| stem(known).is_some_and(|known| known == wanted || token.starts_with(&known)))
}

fn without_parameter(url: &str, name: &str) -> String {
    let (head, query) = url.split_once('?').unwrap_or((url, ""));
    let kept: Vec<&str> = query.split('&').filter(|pair| pair.split('=').next() != Some(name)).collect();
    if kept.iter().all(|pair| pair.is_empty()) { head.to_owned() } else { format!("{head}?{}", kept.join("&")) }
}

/// Content codings, by what the client likes best (RFC 9110 section 12.5.3).
fn coding(accept: &str, known: &[&'static str]) -> Option<&'static str> {
    let mut best: Option<(&'static str, f32)> = None;
    for part in accept.split(',') {
        let mut parts = part.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let known = known.iter().copied().find(|coding| coding.eq_ignore_ascii_case(name));
        if let Some(known) = known.filter(|_| quality > 0.0)
            && best.is_none_or(|(_, q)| quality > q)
        {
            best = Some((known, quality));
        }
    }
    best.map(|(name, _)| name)
}

/// Smaller than this is not worth it.
const WORTH_IT: usize = 256;

fn compress(request: &Request, response: &mut Response, known: &[&'static str]) {
    response.headers.push("Vary", "Accept, Accept-Encoding, Authorization");
    let Some(coding) = request.headers.get("Accept-Encoding").and_then(|accept| coding(accept, known)) else { return };
    encode(response, coding);
}

/// Puts the body in a coding.
pub(super) fn encode(response: &mut Response, coding: &'static str) {
    if response.body.len() < WORTH_IT {
        return;
    }
    let level = flate2::Compression::fast();
    let body = match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(vec![], level);
            encoder.write_all(&response.body).and_then(|()| encoder.finish())
        }
        _ => {
            let mut encoder = flate2::write::ZlibEncoder::new(vec![], level);
            encoder.write_all(&response.body).and_then(|()| encoder.finish())
        }
    };
    if let Ok(body) = body {
        response.body = body.into();
        set(response, "Content-Encoding", Some(coding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_go_by_what_the_client_likes() {
        for (accept, expected) in [
            ("gzip", Some("gzip")),
            ("deflate", Some("deflate")),
            ("gzip;q=0, deflate", Some("deflate")),
            ("gzip;q=0.1, deflate;q=0.9", Some("deflate")),
            ("identity", None),
            ("x-none", None),
            ("br", None),
        ] {
            assert_eq!(coding(accept, &["gzip", "deflate"]), expected, "{accept}");
        }
    }

    #[test]
    fn a_parameter_is_taken_out() {
        assert_eq!(without_parameter("https://h/P?access_token=x&a=b", "access_token"), "https://h/P?a=b");
        assert_eq!(without_parameter("https://h/P?access_token=x", "access_token"), "https://h/P");
    }
}
