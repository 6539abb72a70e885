//! What a sender serves: that which was announced, to whom it was announced, and nothing else.

use std::time::Instant;

use super::FHIR_PATH;
use super::assertion::admitted;
use crate::exchange::{Bsn, Headers, Request, Response};
use crate::simulator::Bearing;
use crate::simulator::dva::policy::Rule;
use crate::simulator::dva::server::Dva;
use crate::simulator::refusal::{Reason, Refusal};
use crate::simulator::reply::Reply;
use crate::simulator::search::PAGE;

/// Anything below the base that is pulled from.
pub(super) fn served(dva: &Dva, request: &mut Request) -> Response {
    let shelf = &dva.pull.shelf;
    match allowed(dva, request) {
        Ok(person) => {
            let kept = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Authorization"));
            let mut headers: Headers = kept.collect();
            headers.push("Authorization", format!("Bearer {}", dva.inside(person)));
            request.headers = headers;
            let lapses = dva.policy.lapses(request);
            shelf.service.answer(request, lapses, &Bearing::Own)
        }
        Err(refusal) => {
            let presentation = shelf.service.presentation(request);
            Reply::refused(&refusal, presentation.format).into_response(presentation, &dva.types)
        }
    }
}

/// The person whose data may be given, or why not.
fn allowed(dva: &Dva, request: &Request) -> Result<usize, Refusal> {
    let keeps = |rule: Rule| dva.policy.keeps(rule);
    let token = admitted(dva, request).ok_or_else(|| {
        Refusal::new(Reason::Login, "a valid access token is needed")
            .header("WWW-Authenticate", "Bearer realm=\"keur\", error=\"invalid_token\"")
    })?;
    let forbidden = |why: &str| Err(Refusal::new(Reason::Forbidden, why));
    let state = dva.pull.state();
    let Some(sent) = token.pull.and_then(|id| state.sent.iter().find(|sent| sent.identifier == id)) else {
        return forbidden("this token is not for a pull");
    };
    if !token.user && keeps(Rule::PullUser) {
        return forbidden("this is for a user who is logged in");
    }
    if keeps(Rule::NotCancelled) && (sent.cancelled || Instant::now() >= sent.until) {
        return forbidden("the notification is not in force any more");
    }
    if request.method != "GET" && keeps(Rule::PullReads) {
        let refusal = Refusal::new(Reason::Method, "data are only read here");
        return Err(refusal.header("Allow", "GET"));
    }
    if request.method != "GET" {
        return Ok(sent.person);
    }
    let Some(asked) = Asked::of(request) else { return forbidden("this was not announced") };
    // On Nuts the person is in the credential, and need not be in the query.
    let listed = |query: &String| match dva.policy.nuts() {
        true => Asked::new(query).of_anybody() == asked.of_anybody(),
        false => Asked::new(query).without_person() == asked.without_person(),
    };
    if keeps(Rule::PullListed) && !sent.queries.iter().any(listed) {
        return forbidden("this was not announced");
    }
    match asked.person() {
        Some(bsn) if bsn != sent.bsn && keeps(Rule::PullPerson) => forbidden("this was announced for another person"),
        // The defect: whoever is asked for is given.
        Some(bsn) => Ok(dva.people.iter().position(|p| p.bsn == bsn).unwrap_or(sent.person)),
        None => Ok(sent.person),
    }
}

/// A query as it is compared: the type, and parameters decoded and sorted, without those of pages and
/// formats.
#[derive(PartialEq, Eq, Clone)]
struct Asked {
    kind: String,
    pairs: Vec<(String, String)>,
}

impl Asked {
    fn of(request: &Request) -> Option<Asked> {
        let (_, below) = request.url.split_once(FHIR_PATH)?;
        Some(Asked::new(below.trim_start_matches('/')))
    }

    fn new(query: &str) -> Asked {
        let (kind, parameters) = query.split_once('?').unwrap_or((query, ""));
        let leave_out = [PAGE, "_format", "_count", "_pretty"];
        let parsed = url::form_urlencoded::parse(parameters.as_bytes()).into_owned();
        let mut pairs: Vec<(String, String)> = parsed.filter(|(n, _)| !leave_out.contains(&n.as_str())).collect();
        pairs.sort();
        Asked { kind: kind.to_owned(), pairs }
    }

    fn person(&self) -> Option<String> {
        let value = self.pairs.iter().find(|(name, _)| name.ends_with("identifier")).map(|(_, value)| value)?;
        value.strip_prefix(Bsn::SYSTEM)?.strip_prefix('|').map(str::to_owned)
    }

    /// Without who it is about.
    fn of_anybody(&self) -> Asked {
        let named = |(name, _): &&(String, String)| !name.ends_with("identifier");
        Asked { kind: self.kind.clone(), pairs: self.pairs.iter().filter(named).cloned().collect() }
    }

    /// The same for whomever.
    fn without_person(&self) -> Asked {
        let pairs = self.pairs.iter().cloned();
        let blank = |(name, value): (String, String)| match name.ends_with("identifier") {
            true => (name, String::new()),
            false => (name, value),
        };
        Asked { kind: self.kind.clone(), pairs: pairs.map(blank).collect() }
    }
}

/// Where a resource comes from, for every resource among the fixtures: a Provenance with it as target.
pub(in crate::simulator::dva) fn provenance(
    fixtures: &[crate::simulator::Fixture],
) -> Option<crate::simulator::Fixture> {
    let target = |fixture: &crate::simulator::Fixture| {
        let value: serde_json::Value = serde_json::from_str(&fixture.text).ok()?;
        let (kind, id) = (value.get("resourceType")?.as_str()?, value.get("id")?.as_str()?);
        Some(serde_json::json!({ "reference": format!("{kind}/{id}") }))
    };
    let targets: Vec<serde_json::Value> = fixtures.iter().filter_map(target).collect();
    let patient = targets.iter().find(|t| t["reference"].as_str().is_some_and(|r| r.starts_with("Patient/")))?.clone();
    let text = serde_json::json!({
        "resourceType": "Provenance", "id": "keur-herkomst", "target": targets,
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{ "whoReference": patient }],
    });
    Some(crate::simulator::Fixture { name: "provenance.json".into(), text: text.to_string().into() })
}
