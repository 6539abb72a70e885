//! Judges of MM-RES.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session, request};
use crate::check::setup::{Release, Role};
use crate::exchange::{Bsn, Request, redaction};
use crate::fhir::{Format, read};

use super::bundle;
use super::paging;
use super::refusal;
use super::token::{numbers, sharing_token};

/// A request of the data service and its answer.
#[derive(Clone, Debug)]
pub struct Search {
    /// Relative to the base.
    pub query: String,
    /// What came.
    pub seen: Seen,
    /// The searchset, if it is one.
    pub bundle: Option<Value>,
}

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";

impl Session<'_> {
    /// A request for the resource server; a header given here goes before the usual one.
    pub fn fhir_request(&self, method: &str, token: Option<&str>, url: &str, headers: &[(&str, &str)]) -> Request {
        let (id, correlation) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut all: Vec<(&str, &str)> = headers.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
        let given = |name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        for (name, value) in [("Accept", JSON), ("MedMij-Request-ID", &*id), ("X-Correlation-ID", &*correlation)] {
            if !given(name) {
                all.push((name, value));
            }
        }
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        request(method, url, &all, "")
    }

    /// GET from the resource server, an absolute URL. An empty header is left out.
    pub async fn fhir(&self, peer: Peer, token: Option<&str>, url: &str, headers: &[(&str, &str)]) -> Seen {
        self.send(peer, Place::Resource, self.fhir_request("GET", token, url, headers)).await
    }

    /// The same, relative to the base.
    pub async fn ask(&self, peer: Peer, token: Option<&str>, path: &str, headers: &[(&str, &str)]) -> Seen {
        let base = self.setup.fhir_base.as_deref().unwrap_or_default();
        self.fhir(peer, token, &format!("{base}/{path}"), headers).await
    }

    async fn all(&self, token: &str) -> Vec<Search> {
        let mut searches = vec![];
        for query in &self.setup.queries {
            let seen = self.ask(Peer::Client, Some(token), query, &[]).await;
            let bundle = seen.json().filter(bundle::is_searchset).filter(|_| seen.status() == 200);
            searches.push(Search { query: query.clone(), seen, bundle });
        }
        searches
    }

    /// Every request of the data service.
    pub async fn searches(&self) -> Result<&Vec<Search>, Outcome> {
        let token = self.token().await?;
        Ok(self.medmij.searches.get_or_init(|| async { self.all(&token).await }).await)
    }

    /// The same for the second person.
    pub async fn other_searches(&self) -> Result<&Vec<Search>, Outcome> {
        let token = self.second_token().await?;
        Ok(self.medmij.other_searches.get_or_init(|| async { self.all(&token).await }).await)
    }

    /// The searchsets.
    async fn bundles(&self) -> Result<Vec<(&Search, &Value)>, Outcome> {
        let searches = self.searches().await?;
        let found: Vec<_> = searches.iter().filter_map(|search| Some((search, search.bundle.as_ref()?))).collect();
        if found.is_empty() {
            Err(Outcome::blocked("no request of the data service gave a searchset (MM-RES-01)"))
        } else {
            Ok(found)
        }
    }
}

/// No data, whatever the reason.
fn hidden(seen: &Seen, what: &str) -> Outcome {
    let mut outcome = seen.shows();
    if seen.is_success() {
        let finding = seen.finding(Level::Hard, code::LEAK, format!("{what} gave an answer"));
        outcome.push(finding.expected("status 401, and no data"));
    } else if seen.status() >= 500 {
        outcome.findings.extend(seen.broken(Level::Warn));
    }
    outcome
}

/// A refusal with 401 and a challenge; other refusals are warned about.
fn challenged(seen: &Seen, error: Option<&str>, what: &str) -> Outcome {
    let mut outcome = hidden(seen, what);
    if !outcome.findings.is_empty() || seen.status() == 0 {
        return outcome;
    }
    let challenge = seen.header("WWW-Authenticate").unwrap_or_default();
    if seen.status() != 401 {
        let message = format!("{what} was refused with status {}", seen.status());
        outcome.push(seen.finding(Level::Warn, code::ERROR_FORM, message).expected("status 401"));
    } else if !challenge.to_ascii_lowercase().contains("bearer") {
        let message = format!("{what} was refused without a challenge");
        outcome.push(seen.finding(Level::Warn, code::HEADER, message).expected("`WWW-Authenticate: Bearer …`"));
    } else if let Some(error) = error.filter(|error| !challenge.contains(error)) {
        let message = format!("{what} was refused without `{error}`");
        outcome.push(
            seen.finding(Level::Warn, code::HEADER, message).expected(format!("`error=\"{error}\"`")).found(challenge),
        );
    }
    outcome
}

pub async fn searches(session: &Session<'_>) -> Judged {
    let searches = session.searches().await?;
    let mut outcome = Outcome::holds();
    for search in searches {
        outcome.exchange.get_or_insert(search.seen.number);
        if search.bundle.is_some() {
            continue;
        }
        let message = match search.seen.status() {
            200 => format!("`{}` is not answered with a searchset", search.query),
            _ => format!("`{}` is refused: {}", search.query, search.seen.in_words()),
        };
        outcome.push(
            search
                .seen
                .finding(Level::Hard, code::REFUSED, message)
                .expected("status 200 and a Bundle of type searchset"),
        );
    }
    Ok(outcome)
}

pub async fn no_authorization(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for path in ["Patient", "Condition"] {
        let seen = session.ask(Peer::Client, None, path, &[]).await;
        outcome.add(challenged(&seen, None, "a request without Authorization"));
    }
    Ok(outcome)
}

pub async fn no_bearer(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let bare = session.ask(Peer::Client, None, "Patient", &[("Authorization", &token)]).await;
    let mut outcome = hidden(&bare, "a token without `Bearer`");
    let basic = format!("Basic {token}");
    let seen = session.ask(Peer::Client, None, "Patient", &[("Authorization", &basic)]).await;
    outcome.add(hidden(&seen, "a token as `Basic`"));
    Ok(outcome)
}

pub async fn made_up_token(session: &Session<'_>) -> Judged {
    let seen = session.ask(Peer::Client, Some(&Uuid::new_v4().to_string()), "Patient", &[]).await;
    Ok(challenged(&seen, Some("invalid_token"), "a made-up token"))
}

pub async fn changed_token(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for changed in changes(&token) {
        session.keep_secret(&changed);
        let seen = session.ask(Peer::Client, Some(&changed), "Patient", &[]).await;
        outcome.add(hidden(&seen, "a changed token"));
    }
    Ok(outcome)
}

/// A token with its last character changed; a JWT with another payload and without a signature too.
fn changes(token: &str) -> Vec<String> {
    let mut changed = token.to_owned();
    let other = if changed.pop() == Some('A') { 'B' } else { 'A' };
    changed.push(other);
    let mut all = vec![changed];
    if let [head, payload, signature] = token.split('.').collect::<Vec<_>>()[..] {
        let none = refusal::to_base64url(br#"{"alg":"none","typ":"JWT"}"#);
        all.push(format!("{none}.{payload}."));
        if let Some(Ok(Value::Object(mut claims))) =
            refusal::base64url(payload).map(|bytes| serde_json::from_slice(&bytes))
        {
            claims.insert("sub".to_owned(), Value::from("somebody-else"));
            let claims = refusal::to_base64url(Value::Object(claims).to_string().as_bytes());
            all.push(format!("{head}.{claims}.{signature}"));
        }
    }
    all
}

pub async fn expired_token(session: &Session<'_>) -> Judged {
    let person = session.first_person()?;
    let asked = super::flow::Authorization::valid(session);
    let granted =
        session.granted(person, crate::check::login::Decision::Consent, asked).await.map_err(Outcome::blocked)?;
    let lasts = granted.token.expires_in.unwrap_or(900.0).max(0.0);
    // Thirty seconds of grace for clocks, less for tokens that last seconds.
    tokio::time::sleep(Duration::from_secs_f64(lasts + f64::min(30.0, lasts))).await;
    let seen = session.ask(Peer::Client, Some(&granted.token.access), "Patient", &[]).await;
    Ok(challenged(&seen, Some("invalid_token"), "an expired token"))
}

pub async fn token_in_query(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, None, &format!("Patient?access_token={token}"), &[]).await;
    let mut outcome = hidden(&seen, "a token in the query");
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let mut posted = session.fhir_request("POST", None, &format!("{base}/Patient/_search"), &headers);
    posted.body = format!("access_token={token}").into();
    let seen = session.send(Peer::Client, Place::Resource, posted).await;
    outcome.add(hidden(&seen, "a token in a form"));
    Ok(outcome)
}

/// Keys of what is of one person only.
fn personal(searches: &[Search]) -> BTreeSet<String> {
    let bundles = searches.iter().filter_map(|search| search.bundle.as_ref());
    bundles.flat_map(bundle::keys).filter(|key| !paging::shared(key)).collect()
}

pub async fn other_person(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let own = personal(session.searches().await?);
    let other: Vec<String> = personal(session.other_searches().await?).difference(&own).cloned().collect();
    let patient = other.iter().find(|key| key.starts_with("Patient/")).cloned();
    let patient = patient.or_else(|| Some(format!("Patient/{}", session.setup.second_person()?.patient.as_ref()?)));
    let Some(patient) = patient else {
        return Err(Outcome::blocked(
            "nothing is known of the second person: no request of the data service found anything",
        ));
    };
    let id = patient.trim_start_matches("Patient/").to_owned();
    let mut paths = vec![
        patient,
        format!("Patient?_id={id}"),
        format!("Condition?patient={id}"),
        format!("Observation?patient=Patient/{id}"),
    ];
    let mut kinds = BTreeSet::new();
    paths.extend(other.iter().filter(|key| kinds.insert(key.split('/').next())).cloned());
    let mut outcome = Outcome::holds();
    for path in paths {
        let seen = session.ask(Peer::Client, Some(&token), &path, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        let Some(value) = seen.json().filter(|_| seen.is_success()) else { continue };
        let shown = bundle::key(&value)
            .into_iter()
            .chain(bundle::keys(&value))
            .find(|key| other.contains(key) || *key == format!("Patient/{id}"));
        if let Some(key) = shown {
            let finding = seen.finding(Level::Hard, code::LEAK, format!("`{path}` shows {key} of another person"));
            outcome.push(finding.expected("status 404 or 403, or nothing of the other"));
        }
    }
    Ok(outcome)
}

pub async fn one_person(session: &Session<'_>) -> Judged {
    const NAMES: [&str; 4] = ["subject", "patient", "beneficiary", "individual"];
    let mut people: Vec<(String, &Search)> = vec![];
    let bundles = session.bundles().await?;
    let mut outcome = Outcome::holds();
    for (search, bundle) in &bundles {
        let mut found = vec![];
        for resource in bundle::resources(bundle) {
            if bundle::text(resource, "resourceType") == Some("Patient") {
                found.extend(bundle::key(resource));
            }
            let mut references = vec![];
            bundle::references(resource, "", &mut references);
            let of_person = references.into_iter().filter(|(name, _)| NAMES.contains(name));
            found.extend(
                of_person
                    .filter_map(|(_, reference)| bundle::referred(reference))
                    .filter(|key| key.starts_with("Patient/")),
            );
        }
        for key in found {
            if !people.iter().any(|(known, _)| *known == key) {
                people.push((key, search));
            }
        }
    }
    if people.is_empty() {
        return Err(Outcome::open(code::UNSEEN, "no answer says whose it is"));
    }
    if let [(first, _), (other, search), ..] = &people[..] {
        let message = format!("the answers are of {} persons: {first} and {other}", people.len());
        outcome.push(search.seen.finding(Level::Hard, code::LEAK, message).expected("one person"));
    }
    let expected = session.setup.person(Role::Data).filter(|_| session.setup.token.is_none());
    if let (Some(id), [(first, search)]) = (expected.and_then(|person| person.patient.as_ref()), &people[..])
        && *first != format!("Patient/{id}")
    {
        let finding = search.seen.finding(Level::Hard, code::LEAK, format!("the answers are of {first}"));
        outcome.push(finding.expected(format!("Patient/{id}, the person who logged in")));
    }
    Ok(outcome)
}

/// A citizen service number that is not the first person's: the second one's, or one of the test range.
fn other_bsn(session: &Session<'_>) -> String {
    let second = session.setup.second_person().and_then(|person| person.bsn.clone());
    second.unwrap_or_else(|| "999911120".to_owned())
}

pub async fn bsn_in_query(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let own = personal(session.searches().await?);
    let bsn = other_bsn(session);
    let seen =
        session.ask(Peer::Client, Some(&token), &format!("Patient?identifier={}%7C{bsn}", Bsn::SYSTEM), &[]).await;
    let mut outcome = seen.shows();
    let Some(value) = seen.json().filter(|_| seen.is_success()) else {
        if seen.status() >= 500 {
            outcome.findings.extend(seen.broken(Level::Warn));
        }
        return Ok(outcome);
    };
    if let Some(key) = bundle::keys(&value).into_iter().find(|key| !own.contains(key) && !paging::shared(key)) {
        let finding =
            seen.finding(Level::Hard, code::LEAK, format!("a citizen service number in the query shows {key}"));
        outcome.push(finding.expected("nothing of another person"));
    }
    if bundle::link(&value, "self").is_some_and(|link| link.contains(&bsn)) {
        outcome.push(seen.finding(Level::Hard, code::BSN, "the self link repeats the citizen service number"));
    }
    Ok(outcome)
}

pub async fn no_bsn(session: &Session<'_>) -> Judged {
    session.bundles().await?;
    let mut outcome = Outcome::holds();
    // What was asked with a number in the query is MM-RES-10.
    let asked_with = |seen: &Seen| seen.exchange.request.url.contains("NamingSystem/bsn");
    for seen in session.seen(Place::Resource).iter().filter(|seen| seen.is_success() && !asked_with(seen)) {
        outcome.exchange.get_or_insert(seen.number);
        let mut text = seen.text();
        let headers =
            seen.answer().map(|answer| answer.headers.iter().map(|(_, value)| value.to_owned()).collect::<Vec<_>>());
        text.push_str(&headers.unwrap_or_default().join("\n"));
        // Codes of SNOMED CT have nine digits too; alone a number says something in an Identifier only.
        let finding = if redaction::mask_bsns(&text) != text {
            Some((Level::Hard, "an answer holds a citizen service number"))
        } else if seen.json().is_some_and(|value| identifies(&value)) {
            Some((Level::Warn, "an identifier has nine digits that pass the eleven-test"))
        } else {
            None
        };
        if let Some((level, message)) = finding
            && !outcome.findings.iter().any(|known| known.verdict == level.verdict())
        {
            outcome.push(seen.finding(level, code::BSN, message).expected("none"));
        }
    }
    Ok(outcome)
}

/// True when an Identifier somewhere has what could be a citizen service number.
fn identifies(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let listed = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let number = |one: &Value| bundle::text(one, "value").is_some_and(|text| Bsn::parse(text.trim()).is_ok());
            (name == "identifier" && listed.iter().any(number)) || identifies(value)
        }),
        Value::Array(values) => values.iter().any(identifies),
        _ => false,
    }
}

pub async fn other_service(session: &Session<'_>) -> Judged {
    let Some((service, endpoint)) = session.setup.second_service() else {
        return Err(Outcome::open(code::INPUT, "missing: a second service"));
    };
    if session.setup.release < Release::R2_2 {
        let token = session.token().await?;
        let seen = session.fhir(Peer::Client, Some(&token), &format!("{endpoint}/Patient"), &[]).await;
        return Ok(hidden(&seen, &format!("a token without service {service} at its endpoint")));
    }
    // From 2.2 on consent covers every service of the provider; one for sharing stays apart.
    if session.setup.share_service.is_none() || session.setup.token.is_some() {
        return Err(Outcome::open(code::UNSEEN, "a token of this release covers every service"));
    }
    let token = sharing_token(session).await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[]).await;
    Ok(hidden(&seen, "a token for sharing at the endpoint of another service"))
}

pub async fn other_provider(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let endpoint = session.setup.other_provider.as_ref().map(|party| party.url.clone()).unwrap_or_default();
    let seen = session.fhir(Peer::Client, Some(&token), &format!("{endpoint}/Patient"), &[]).await;
    Ok(hidden(&seen, "a token at the endpoint of another provider"))
}

/// What happens is written down, a server that breaks too.
fn noted(seen: &Seen, what: &str) -> Outcome {
    let finding = seen.broken(Level::Note);
    finding.unwrap_or_else(|| seen.finding(Level::Note, code::NOTE, format!("{what}: {}", seen.in_words()))).into()
}

pub async fn no_request_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", "")]).await;
    Ok(noted(&seen, "without `MedMij-Request-ID`"))
}

pub async fn no_correlation_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("X-Correlation-ID", "")]).await;
    let mut outcome = noted(&seen, "without `X-Correlation-ID`");
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("X-Correlation-ID", "abc")]).await;
    outcome.add(noted(&seen, "with `X-Correlation-ID: abc`"));
    Ok(outcome)
}

pub async fn repeated_request_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let id = Uuid::new_v4().to_string();
    session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", &id)]).await;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", &id)]).await;
    Ok(noted(&seen, "the same `MedMij-Request-ID` again"))
}

pub async fn echoed_request_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let id = Uuid::new_v4().to_string();
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", &id)]).await;
    let echoed = if seen.header("MedMij-Request-ID") == Some(&id) { "repeated" } else { "not repeated" };
    Ok(seen.finding(Level::Note, code::NOTE, format!("`MedMij-Request-ID` is {echoed}")).into())
}

pub async fn methods(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let id = Uuid::new_v4().to_string();
    let body = format!(
        r#"{{"resourceType": "Observation", "id": "{id}", "status": "cancelled", "code": {{"text": "keur"}}}}"#
    );
    let mut outcome = Outcome::holds();
    for (method, path, level) in [
        ("PUT", format!("Observation/{id}"), Level::Hard),
        ("DELETE", format!("Observation/{id}"), Level::Hard),
        ("POST", "Observation".to_owned(), Level::Warn),
        ("PATCH", format!("Observation/{id}"), Level::Warn),
    ] {
        let headers = [("Content-Type", JSON)];
        let mut asked = session.fhir_request(method, Some(&token), &format!("{base}/{path}"), &headers);
        if method != "DELETE" {
            asked.body = body.clone().into();
        }
        let seen = session.send(Peer::Client, Place::Resource, asked).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            outcome.push(seen.finding(level, code::ACCEPTED, format!("{method} was accepted")).expected("status 405"));
        } else if !matches!(seen.status(), 401 | 403 | 404 | 405 | 501) {
            let message = format!("{method} was refused with status {}", seen.status());
            outcome.push(seen.finding(Level::Warn, code::ERROR_FORM, message).expected("status 405"));
        }
    }
    Ok(outcome)
}

pub async fn wrong_accept(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for accept in ["text/csv", "application/pdf"] {
        let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        if !matches!(seen.status(), 400 | 406 | 415) {
            let message = format!("`Accept: {accept}` is answered with {}", seen.in_words());
            outcome.push(seen.finding(Level::Warn, code::CONTENT, message).expected("status 406"));
        }
    }
    Ok(outcome)
}

/// `Type/id` of the entries, whatever the format.
pub fn keys_of(seen: &Seen) -> Option<BTreeSet<String>> {
    let text = seen.text();
    let format = Format::from_media_type(seen.header("Content-Type")?)?;
    if format == Format::Json {
        return seen.json().map(|value| bundle::keys(&value));
    }
    let document = read(text, format).ok()?;
    let root = document.root();
    let keys = root.children_named("entry").filter_map(|entry| entry.child("resource")).filter_map(|resource| {
        let kind = resource.resource_type().filter(|kind| *kind != "OperationOutcome")?;
        Some(format!("{kind}/{}", resource.child_value("id")?))
    });
    Some(keys.collect())
}

fn format_of(seen: &Seen) -> Option<Format> {
    Format::from_media_type(seen.header("Content-Type")?)
}

pub async fn formats(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    let mut all: Vec<(Seen, BTreeSet<String>)> = vec![];
    for (accept, format, level) in [
        (JSON, Format::Json, Level::Hard),
        (XML, Format::Xml, Level::Hard),
        ("application/fhir+json; fhirVersion=3.0", Format::Json, Level::Warn),
    ] {
        let seen = session.ask(Peer::Client, Some(&token), "Condition", &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        let keys = keys_of(&seen).filter(|_| seen.status() == 200 && format_of(&seen) == Some(format));
        match keys {
            Some(keys) => all.push((seen, keys)),
            None => {
                let came = seen.header("Content-Type").unwrap_or("no Content-Type").to_owned();
                let message = format!("`Accept: {accept}` is answered with {}, {came}", seen.in_words());
                outcome
                    .push(seen.finding(level, code::CONTENT, message).expected(format!("status 200 and `{accept}`")));
            }
        }
    }
    if let [(_, first), others @ ..] = &all[..] {
        for (seen, keys) in others.iter().filter(|(_, keys)| keys != first) {
            let message = format!("there are {} entries in one format and {} in another", first.len(), keys.len());
            outcome.push(seen.finding(Level::Hard, code::CONTENT, message));
        }
    }
    Ok(outcome)
}

pub async fn format_parameter(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient?_format=json", &[("Accept", XML)]).await;
    if seen.is_success() && format_of(&seen) == Some(Format::Json) {
        return Ok(seen.shows());
    }
    let came = seen.header("Content-Type").unwrap_or("no Content-Type").to_owned();
    let finding =
        seen.finding(Level::Warn, code::CONTENT, "`_format=json` with `Accept: application/fhir+xml` gives no JSON");
    Ok(finding.found(format!("{}, {came}", seen.in_words())).into())
}

pub async fn wrong_version(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let other = if session.setup.fhir_version.starts_with('3') { "4.0" } else { "3.0" };
    let accept = format!("{JSON}; fhirVersion={other}");
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("Accept", &accept)]).await;
    if matches!(seen.status(), 400 | 406 | 415) {
        return Ok(seen.shows());
    }
    let finding = seen.finding(
        Level::Warn,
        code::ACCEPTED,
        format!("`fhirVersion={other}` is answered with {}", seen.in_words()),
    );
    Ok(finding.expected("status 406").into())
}

pub async fn any_accept(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("Accept", "*/*")]).await;
    if seen.status() == 200 && format_of(&seen).is_some() {
        return Ok(seen.shows());
    }
    Ok(seen
        .finding(Level::Warn, code::REFUSED, "`Accept: */*` is not answered with FHIR")
        .expected("status 200")
        .into())
}

pub async fn unknown_parameter(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let lenient = session.ask(Peer::Client, Some(&token), "Observation?foo=bar", &[]).await;
    let mut outcome = lenient.shows();
    let in_self =
        lenient.json().is_some_and(|value| bundle::link(&value, "self").is_some_and(|link| link.contains("foo=")));
    match lenient.status() {
        200 if !in_self => {}
        400 => {}
        200 => {
            let finding = lenient.finding(
                Level::Warn,
                code::CONTENT,
                "an unknown parameter stands in the self link as if it were applied",
            );
            outcome.push(finding.expected("not in the self link, or status 400"));
        }
        _ => outcome.push(
            lenient
                .finding(Level::Warn, code::ERROR_FORM, "an unknown parameter is not handled")
                .expected("status 200 or 400"),
        ),
    }
    let strict = session.ask(Peer::Client, Some(&token), "Observation?foo=bar", &[("Prefer", "handling=strict")]).await;
    if strict.status() != 400 {
        let finding = strict.finding(
            Level::Warn,
            code::ACCEPTED,
            "an unknown parameter is not refused with `Prefer: handling=strict`",
        );
        outcome.push(finding.expected("status 400"));
    }
    Ok(outcome)
}

pub async fn invalid_value(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for query in ["Observation?date=xx", "Observation?status=nonsense"] {
        let seen = session.ask(Peer::Client, Some(&token), query, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        let found = seen.json().map_or(0, |value| bundle::matches(&value));
        if seen.status() >= 500 || seen.status() == 0 {
            outcome.findings.extend(seen.broken(Level::Warn));
        } else if seen.is_success() && found > 0 {
            let finding = seen.finding(Level::Warn, code::ACCEPTED, format!("`{query}` finds {found} resources"));
            outcome.push(finding.expected("status 400, or nothing found"));
        }
    }
    Ok(outcome)
}

pub async fn unknown_type(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for kind in ["DocumentManifest", "Foo"] {
        let seen = session.ask(Peer::Client, Some(&token), kind, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            // A server may serve DocumentManifest; it cannot serve Foo.
            let level = if kind == "Foo" || seen.json().is_none_or(|v| !bundle::is_searchset(&v)) {
                Level::Hard
            } else {
                Level::Note
            };
            outcome.push(
                seen.finding(level, code::ACCEPTED, format!("`{kind}` is answered with {}", seen.in_words()))
                    .expected("status 404"),
            );
        } else {
            outcome.findings.extend(seen.broken(Level::Hard));
        }
    }
    Ok(outcome)
}

pub async fn unknown_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), &format!("Condition/{}", Uuid::new_v4()), &[]).await;
    if matches!(seen.status(), 404 | 410) {
        return Ok(seen.shows());
    }
    let finding =
        seen.finding(Level::Hard, code::ERROR_FORM, format!("an unknown id is answered with {}", seen.in_words()));
    Ok(finding.expected("status 404").into())
}

/// Requests of a client that are wrong, refused by the FHIR server.
async fn refusals(session: &Session<'_>) -> Result<Vec<Seen>, Outcome> {
    let token = session.token().await?;
    session.ask(Peer::Client, Some(&token), &format!("Condition/{}", Uuid::new_v4()), &[]).await;
    session.ask(Peer::Client, Some(&token), "Foo", &[]).await;
    let refused = |seen: &Seen| (400..600).contains(&seen.status()) && seen.exchange.request.method != "HEAD";
    let home = session.setup.fhir_base.as_deref().unwrap_or_default();
    let here = |seen: &Seen| seen.exchange.request.url.starts_with(home);
    Ok(session.seen(Place::Resource).into_iter().filter(|seen| refused(seen) && here(seen)).collect())
}

pub async fn outcomes(session: &Session<'_>) -> Judged {
    let all = refusals(session).await?;
    let Some(first) = all.first() else { return Err(Outcome::open(code::UNSEEN, "no error was seen")) };
    let mut outcome = first.shows();
    outcome.findings.extend(all.iter().find_map(refusal::not_an_outcome));
    Ok(outcome)
}

pub async fn no_internals(session: &Session<'_>) -> Judged {
    let all = refusals(session).await?;
    let Some(first) = all.first() else { return Err(Outcome::open(code::UNSEEN, "no error was seen")) };
    let mut outcome = first.shows();
    if let Some((seen, shown)) = all.iter().find_map(|seen| Some((seen, refusal::internals(seen)?))) {
        outcome.push(seen.finding(
            Level::Warn,
            code::CONTENT,
            format!("an error shows the inside of the server: `{shown}`"),
        ));
    }
    Ok(outcome)
}

pub async fn paging(session: &Session<'_>) -> Judged {
    paging::judge(session).await
}

pub async fn page_of_other(session: &Session<'_>) -> Judged {
    paging::of_other(session).await
}

/// Names and values of a query, decoded.
fn parameters(url: &str) -> Vec<(String, String)> {
    let query = url.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or_default());
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub async fn self_link(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let mut lacking = vec![];
    for (search, value) in session.bundles().await? {
        outcome.exchange.get_or_insert(search.seen.number);
        let Some(link) = bundle::link(value, "self") else {
            outcome.push(search.seen.finding(
                Level::Hard,
                code::CONTENT,
                format!("`{}` is answered without a self link", search.query),
            ));
            break;
        };
        if numbers(link).any(|number| Bsn::parse(number).is_ok()) && link.contains("bsn") {
            outcome.push(search.seen.finding(Level::Hard, code::BSN, "a self link holds a citizen service number"));
            break;
        }
        let said = parameters(link);
        let asked = parameters(&search.query);
        if let Some((name, _)) = asked.iter().find(|pair| !said.contains(pair)) {
            lacking.push((search, name.clone()));
        }
    }
    if let Some((search, name)) = lacking.first() {
        let message = format!(
            "the self link of {} requests lacks a parameter, first `{name}` of `{}`",
            lacking.len(),
            search.query
        );
        outcome
            .push(search.seen.finding(Level::Warn, code::CONTENT, message).expected("every parameter that was asked"));
    }
    Ok(outcome)
}

pub async fn total(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for (search, value) in session.bundles().await? {
        outcome.exchange.get_or_insert(search.seen.number);
        let (Some(total), None) = (value.get("total").and_then(Value::as_u64), bundle::link(value, "next")) else {
            continue;
        };
        let matches = bundle::matches(value) as u64;
        if total > matches {
            let message = format!("`total` of `{}` is {total}, there are {matches} matches", search.query);
            outcome.push(search.seen.finding(Level::Warn, code::CONTENT, message));
            break;
        }
    }
    Ok(outcome)
}

pub async fn entries(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    'all: for (search, value) in session.bundles().await? {
        outcome.exchange.get_or_insert(search.seen.number);
        for entry in bundle::entries(value) {
            let resource = entry.get("resource").unwrap_or(&Value::Null);
            let key = bundle::key(resource).unwrap_or_else(|| "a resource".to_owned());
            let full = bundle::text(entry, "fullUrl").unwrap_or_default();
            let id = bundle::text(resource, "id").unwrap_or_default();
            let absolute = full.starts_with("http://") || full.starts_with("https://");
            let urn = full.starts_with("urn:uuid:") || full.starts_with("urn:oid:");
            let wrong = match bundle::mode(entry) {
                None => Some(format!("{key} has no search mode")),
                Some(mode) if !["match", "include", "outcome"].contains(&mode) => {
                    Some(format!("{key} has search mode `{mode}`"))
                }
                Some("outcome") => None,
                Some(_) if !absolute && !urn => Some(format!("the fullUrl of {key} is `{full}`")),
                Some(_) if absolute && full.rsplit('/').next() != Some(id) => {
                    Some(format!("the fullUrl of {key} ends in another id"))
                }
                Some(_) => None,
            };
            if let Some(message) = wrong {
                let finding = search.seen.finding(Level::Hard, code::CONTENT, message);
                outcome.push(finding.expected("a search mode, and an absolute or urn fullUrl that ends in the id"));
                break 'all;
            }
        }
    }
    Ok(outcome)
}

/// References that are followed at most.
const FOLLOWED: usize = 80;

pub async fn references(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let base = session.setup.fhir_base.clone().unwrap_or_default();
    let bundles = session.bundles().await?;
    let present: BTreeSet<String> = bundles.iter().flat_map(|(_, value)| bundle::keys(value)).collect();
    let mut wanted: Vec<(String, &Search)> = vec![];
    for (search, value) in &bundles {
        for resource in bundle::resources(value) {
            let mut all = vec![];
            bundle::references(resource, "", &mut all);
            for (_, reference) in all {
                let Some(key) = bundle::referred(reference) else { continue };
                let elsewhere = reference.contains("://") && !reference.starts_with(&base);
                if !elsewhere && !present.contains(&key) && !wanted.iter().any(|(known, _)| *known == key) {
                    wanted.push((key, search));
                }
            }
        }
    }
    let mut outcome = Outcome::holds();
    let mut lost = vec![];
    for (key, search) in wanted.iter().take(FOLLOWED) {
        let seen = session.ask(Peer::Client, Some(&token), key, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.status() != 200 {
            lost.push((key, search, seen));
        }
    }
    if let Some((key, search, seen)) = lost.first() {
        let message = format!(
            "{} of {} references cannot be resolved, first {key} in `{}`",
            lost.len(),
            wanted.len(),
            search.query
        );
        outcome.push(seen.finding(Level::Warn, code::CONTENT, message).expected("included, or status 200"));
    }
    Ok(outcome)
}

/// Codes of an Observation, and when it was.
fn dated(resource: &Value) -> Option<(BTreeSet<String>, &str)> {
    let when = bundle::text(resource, "effectiveDateTime")
        .or_else(|| resource.get("effectivePeriod").and_then(|period| bundle::text(period, "start")))?;
    let codings = resource.get("code")?.get("coding")?.as_array()?;
    let codes =
        codings.iter().filter_map(|c| Some(format!("{}|{}", bundle::text(c, "system")?, bundle::text(c, "code")?)));
    Some((codes.collect(), when))
}

pub async fn last_n(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let bundles = session.bundles().await?;
    let by_code = |(search, _): &&(&Search, &Value)| search.query.contains("$lastn?code=");
    let mut outcome = Outcome::holds();
    let mut compared = false;
    for (search, latest) in bundles.iter().filter(by_code) {
        let full = search.query.replace("/$lastn", "");
        let seen = session.ask(Peer::Client, Some(&token), &full, &[]).await;
        let Some(all) = seen.json().filter(bundle::is_searchset) else { continue };
        for resource in bundle::resources(latest).filter(|r| bundle::text(r, "resourceType") == Some("Observation")) {
            let Some((codes, when)) = dated(resource) else { continue };
            compared = true;
            outcome.exchange.get_or_insert(search.seen.number);
            let later =
                bundle::resources(&all).filter_map(dated).find(|(other, at)| !codes.is_disjoint(other) && *at > when);
            let kept = bundle::resources(latest).filter_map(dated);
            if let Some((_, at)) = later
                && !kept.into_iter().any(|(other, kept_at)| !codes.is_disjoint(&other) && kept_at >= at)
            {
                let message = format!("`{}` gives an Observation of {when}, there is one of {at}", search.query);
                outcome.push(search.seen.finding(Level::Warn, code::CONTENT, message).expected("the latest"));
                return Ok(outcome);
            }
        }
    }
    if compared { Ok(outcome) } else { Err(Outcome::open(code::UNSEEN, "no `$lastn` by code found anything")) }
}

pub async fn includes(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let mut compared = false;
    for (search, value) in session.bundles().await? {
        let present = bundle::keys(value);
        for (_, include) in parameters(&search.query).iter().filter(|(name, _)| name == "_include") {
            let mut parts = include.split(':');
            let (kind, name, target) =
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
            let member = member(name);
            for resource in bundle::resources(value).filter(|r| bundle::text(r, "resourceType") == Some(kind)) {
                let mut all = vec![];
                bundle::references(resource, "", &mut all);
                let wanted = all.iter().filter(|(at, _)| {
                    at.eq_ignore_ascii_case(&member) || at.eq_ignore_ascii_case(&format!("{member}Reference"))
                });
                for key in wanted.filter_map(|(_, reference)| bundle::referred(reference)) {
                    if target.is_some_and(|target| !key.starts_with(&format!("{target}/"))) {
                        continue;
                    }
                    compared = true;
                    outcome.exchange.get_or_insert(search.seen.number);
                    if !present.contains(&key) {
                        let message = format!("`{}` does not include {key}", search.query);
                        outcome.push(
                            search
                                .seen
                                .finding(Level::Warn, code::CONTENT, message)
                                .expected(format!("{key} with search mode `include`")),
                        );
                        return Ok(outcome);
                    }
                }
            }
        }
    }
    if compared {
        Ok(outcome)
    } else {
        Err(Outcome::open(code::UNSEEN, "nothing that was found refers to what was to be included"))
    }
}

/// The member that a search parameter looks at: `general-practitioner` to `generalPractitioner`.
fn member(parameter: &str) -> String {
    if parameter == "related-target" {
        return "target".to_owned();
    }
    let mut parts = parameter.split('-');
    let mut member = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        member.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        member.push_str(letters.as_str());
    }
    member
}

pub async fn in_time(session: &Session<'_>) -> Judged {
    let most = session.setup.resource_limit;
    let token = session.token().await?;
    session.searches().await?;
    let mut times: Vec<Duration> = vec![];
    for seen in session.seen(Place::Resource) {
        if seen.exchange.elapsed > most {
            let again = session.fhir(Peer::Client, Some(&token), &seen.exchange.request.url, &[]).await;
            if again.exchange.elapsed > most {
                let finding = again.finding(
                    Level::Hard,
                    code::TIME,
                    format!("an answer took {:.1} s, twice", again.exchange.elapsed.as_secs_f64()),
                );
                return Ok(finding.expected(format!("at most {} s", most.as_secs())).into());
            }
        }
        times.push(seen.exchange.elapsed);
    }
    times.sort_unstable();
    let share = |part: f64| times.get(((times.len() as f64 - 1.0) * part) as usize).map_or(0, Duration::as_millis);
    Ok(Outcome::note(format!(
        "{} requests: p50 {} ms, p95 {} ms, p99 {} ms",
        times.len(),
        share(0.5),
        share(0.95),
        share(0.99)
    )))
}

pub async fn conditional(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let head = session
        .send(
            Peer::Client,
            Place::Resource,
            session.fhir_request("HEAD", Some(&token), &format!("{base}/Patient"), &[]),
        )
        .await;
    let mut outcome = noted(&head, "HEAD");
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("If-None-Match", "W/\"1\"")]).await;
    outcome.add(noted(&seen, "`If-None-Match`"));
    Ok(outcome)
}

pub async fn parallel(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let asked = session.setup.queries.iter().map(|query| session.ask(Peer::Client, Some(&token), query, &[]));
    let all = join_all(asked.collect()).await;
    let mut outcome = all.first().map(Seen::shows).unwrap_or_default();
    let refused: Vec<&Seen> =
        all.iter().filter(|seen| seen.status() == 429 || seen.status() >= 500 || seen.status() == 0).collect();
    if let Some(first) = refused.first() {
        let message = format!("{} of {} requests at once are not answered", refused.len(), all.len());
        outcome.push(first.finding(Level::Warn, code::BROKEN, message));
    }
    Ok(outcome)
}

/// All of them at once, on this task.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut open = false;
        for (future, done) in waiting.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(context) {
                std::task::Poll::Ready(output) => *done = Some(output),
                std::task::Poll::Pending => open = true,
            }
        }
        if open { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

pub async fn metadata(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let token = session.token().await.ok();
    for (token, what) in [(token.as_deref(), "with a token"), (None, "without a token")] {
        let seen = session.ask(Peer::Client, token, "metadata", &[]).await;
        let version = seen.json().and_then(|value| bundle::text(&value, "fhirVersion").map(str::to_owned));
        let said = version.map_or_else(|| seen.in_words(), |version| format!("FHIR {version}"));
        outcome.push(seen.finding(Level::Note, code::NOTE, format!("/metadata {what}: {said}")));
    }
    Ok(outcome)
}

pub async fn utf8(session: &Session<'_>) -> Judged {
    session.searches().await?;
    let mut outcome = Outcome::holds();
    for seen in session.seen(Place::Resource).iter().filter(|seen| seen.is_success()) {
        outcome.exchange.get_or_insert(seen.number);
        let Some(answer) = seen.answer().filter(|answer| !answer.body.is_empty()) else { continue };
        let stated = seen.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
        let charset = stated.split(';').find_map(|part| part.trim().strip_prefix("charset="));
        if std::str::from_utf8(&answer.body).is_err() {
            outcome.push(seen.finding(Level::Warn, code::CONTENT, "an answer is not UTF-8"));
            break;
        }
        if charset.is_none_or(|charset| charset.trim_matches('"') != "utf-8") {
            let finding = seen.finding(Level::Warn, code::HEADER, "the Content-Type does not say UTF-8");
            outcome.push(finding.expected("`charset=utf-8`").found(stated));
            break;
        }
    }
    Ok(outcome)
}

pub async fn caching(session: &Session<'_>) -> Judged {
    let searches = session.searches().await?;
    let mut outcome = Outcome::holds();
    for search in searches.iter().filter(|search| search.seen.is_success()) {
        outcome.exchange.get_or_insert(search.seen.number);
        let said = search.seen.header("Cache-Control").unwrap_or_default().to_ascii_lowercase();
        if !said.contains("no-store") && !said.contains("private") {
            let finding = search.seen.finding(Level::Warn, code::HEADER, "data may be cached");
            outcome.push(finding.expected("`Cache-Control: no-store` or `private`"));
            break;
        }
    }
    Ok(outcome)
}

pub async fn long_request(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let long = "x".repeat(16 * 1024);
    let seen = session.ask(Peer::Client, Some(&token), &format!("Patient?_id={long}"), &[]).await;
    let mut outcome = noted(&seen, "a URL of 16 kB");
    let seen = session.ask(Peer::Client, Some(&long), "Patient", &[]).await;
    outcome.add(noted(&seen, "a token of 16 kB"));
    Ok(outcome)
}

pub async fn empty(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Observation?code=http://loinc.org%7C0-0", &[]).await;
    let value = seen.json().filter(|value| bundle::is_searchset(value) && seen.status() == 200);
    let Some(value) = value else {
        let finding = seen.finding(Level::Hard, code::ERROR_FORM, "nothing found is not answered with a searchset");
        return Ok(finding.expected("status 200 and an empty searchset").into());
    };
    let total = value.get("total").and_then(Value::as_u64);
    if bundle::matches(&value) > 0 || total.is_some_and(|total| total > 0) {
        return Ok(seen
            .finding(Level::Hard, code::CONTENT, "a code that does not exist finds something")
            .expected("`total` 0")
            .into());
    }
    Ok(seen.shows())
}

pub async fn share(session: &Session<'_>) -> Judged {
    let token = sharing_token(session).await?;
    let service = session.setup.share_service.clone().unwrap_or_default();
    let Some(base) = session.setup.resource_endpoints.get(&service) else {
        return Err(Outcome::open(code::INPUT, format!("missing: the resource endpoint of service {service}")));
    };
    let headers = [("Content-Type", JSON)];
    let mut asked = session.fhir_request("POST", Some(&token), &format!("{base}/Observation"), &headers);
    let body = r#"{"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}}"#;
    asked.body = body.into();
    let seen = session.send(Peer::Client, Place::Resource, asked).await;
    Ok(noted(&seen, "POST of an Observation"))
}
