//! The API Requirements for Dutch Healthcare 1.2.0, as far as they show from outside. They leave the
//! conformity check to a statement by the party itself: what is seen here is evidence beside that, never
//! "non-conform". A level (OA, TSA, FSA) cannot be given from outside.

mod coding;
pub mod declaration;
mod same;
mod security;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::fhir::{Format, read};

use super::catalogue::{Level, Need};
use super::code;
use super::medmij::bundle;
use super::medmij::refusal;
use super::outcome::{Judged, Outcome};
use super::session::{Peer, Place, Seen, Session};

pub use coding::{codings, deflate, gzip};
pub use security::{hidden_details, jwt_client, no_plain_http, openid, protected, safe_headers, signing, tls};
pub use writing::{idempotent, writing};

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";

/// What is seen once and judged often.
#[derive(Default)]
pub struct Observations {
    metadata: OnceCell<Seen>,
    readable: OnceCell<Option<String>>,
    searches: OnceCell<Vec<Seen>>,
}

impl Session<'_> {
    /// A token, where there is a way to get one.
    pub async fn api_token(&self) -> Option<String> {
        if self.setup.has(Need::Token) { self.token().await.ok() } else { None }
    }

    /// GET with what is needed to be let in.
    pub async fn api(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        let token = self.api_token().await;
        self.ask(Peer::Client, token.as_deref(), path, headers).await
    }

    /// The CapabilityStatement, as JSON.
    pub async fn api_metadata(&self) -> &Seen {
        self.api.metadata.get_or_init(|| async { self.api("metadata", &[("Accept", JSON)]).await }).await
    }

    /// The CapabilityStatement, if it is one.
    pub async fn capability(&self) -> Result<Value, Outcome> {
        let value = self.api_metadata().await.json();
        let value = value.filter(|value| bundle::text(value, "resourceType") == Some("CapabilityStatement"));
        value.ok_or_else(|| Outcome::blocked("there is no CapabilityStatement at `/metadata`"))
    }

    /// Searches without parameters, those that find something first.
    async fn api_searches(&self) -> &Vec<Seen> {
        let make = || async {
            let mut all = vec![];
            for kind in ["Patient", "Condition", "Observation", "AllergyIntolerance"] {
                all.push(self.api(kind, &[]).await);
            }
            all
        };
        self.api.searches.get_or_init(make).await
    }

    /// `Type/id` of a resource that can be read.
    async fn readable(&self) -> Result<String, Outcome> {
        let make = || async {
            for seen in self.api_searches().await {
                let found = seen.json().and_then(|value| bundle::resources(&value).find_map(bundle::key));
                if let Some(key) = found.filter(|_| seen.is_success()) {
                    return Some(key);
                }
            }
            None
        };
        let found = self.api.readable.get_or_init(make).await.clone();
        found.ok_or_else(|| Outcome::blocked("no resource was found that can be read"))
    }

    /// The search with the largest answer, relative to the base.
    async fn largest(&self) -> Result<(String, Seen), Outcome> {
        let size = |seen: &&Seen| seen.answer().map_or(0, |answer| answer.body.len());
        let most = self.api_searches().await.iter().filter(|seen| seen.status() == 200).max_by_key(size);
        let most = most.ok_or_else(|| Outcome::blocked("no search is answered with status 200"))?;
        let base = self.setup.fhir_base.as_deref().unwrap_or_default();
        let path = most.exchange.request.url.trim_start_matches(base).trim_start_matches('/').to_owned();
        Ok((path, most.clone()))
    }

    fn api_seen(&self) -> Vec<Seen> {
        self.seen(Place::Resource)
    }
}

/// The format an answer says it has.
fn format(seen: &Seen) -> Option<Format> {
    Format::from_media_type(seen.header("Content-Type")?)
}

fn parses(seen: &Seen, format: Format) -> bool {
    let text = seen.answer().and_then(|answer| String::from_utf8(answer.body.to_vec()).ok());
    text.is_some_and(|text| read(text, format).is_ok())
}

pub async fn both_formats(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let kind = path.split('/').next().unwrap_or_default().to_owned();
    let mut outcome = Outcome::holds();
    for (path, accept, wanted) in
        [path.as_str(), "metadata", &kind].into_iter().flat_map(|p| [(p, JSON, Format::Json), (p, XML, Format::Xml)])
    {
        let seen = session.api(path, &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.status() != 200 || format(&seen) != Some(wanted) || !parses(&seen, wanted) {
            let came = seen.header("Content-Type").unwrap_or("no Content-Type").to_owned();
            let message = format!("`{path}` is not there as `{accept}`");
            outcome
                .push(seen.finding(Level::Hard, code::CONTENT, message).found(format!("{}, {came}", seen.in_words())));
        }
    }
    Ok(outcome)
}

pub async fn same_content(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let (json, xml) = (session.api(&path, &[("Accept", JSON)]).await, session.api(&path, &[("Accept", XML)]).await);
    let mut outcome = xml.shows();
    let (Ok(first), Ok(second)) = (read(json.text(), Format::Json), read(xml.text(), Format::Xml)) else {
        return Err(Outcome::blocked("the resource is not there in both formats (API-01)"));
    };
    let version = |document: &crate::fhir::Document| {
        document.root().child("meta").and_then(|meta| meta.child_value("versionId")).map(str::to_owned)
    };
    let stable = version(&first).is_some() && version(&first) == version(&second);
    if let Some(difference) = same::difference(first.root(), second.root()) {
        let level = if stable { Level::Hard } else { Level::Warn };
        let message = format!("JSON and XML of {path} differ at `{difference}`");
        outcome.push(xml.finding(level, code::CONTENT, message).expected("the same elements and values"));
    }
    Ok(outcome)
}

pub async fn accept(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let weighed = format!("{XML};q=0.9, {JSON};q=0.1");
    let mut outcome = Outcome::holds();
    for (accept, wanted, level) in [
        (JSON, Format::Json, Level::Hard),
        (XML, Format::Xml, Level::Hard),
        (weighed.as_str(), Format::Xml, Level::Warn),
    ] {
        let seen = session.api(&path, &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.status() != 200 || format(&seen) != Some(wanted) {
            let message = format!(
                "`Accept: {accept}` is answered with {}",
                seen.header("Content-Type").unwrap_or("no Content-Type")
            );
            outcome.push(seen.finding(level, code::CONTENT, message).expected(wanted.media_type()));
        }
    }
    let any = session.api(&path, &[("Accept", "*/*")]).await;
    if !any.is_success() {
        outcome.push(any.finding(Level::Warn, code::REFUSED, "`Accept: */*` is refused"));
    }
    Ok(outcome)
}

pub async fn other_accept(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let seen = session.api(&path, &[("Accept", "text/csv")]).await;
    if matches!(seen.status(), 400 | 406 | 415) {
        return Ok(seen.shows());
    }
    let message = format!("`Accept: text/csv` is answered with {}", seen.in_words());
    Ok(seen.finding(Level::Warn, code::CONTENT, message).expected("status 406").into())
}

pub async fn content_type(session: &Session<'_>) -> Judged {
    session.api("Foo", &[]).await;
    session.api_metadata().await;
    let mut outcome = Outcome::holds();
    for seen in session.api_seen() {
        let Some(answer) = seen.answer().filter(|answer| !answer.body.is_empty()) else { continue };
        outcome.exchange.get_or_insert(seen.number);
        // What is encoded is looked at where codings are.
        if answer.headers.get("Content-Encoding").is_some() || seen.status() == 0 {
            continue;
        }
        let Some(stated) = seen.header("Content-Type") else {
            outcome.push(seen.finding(Level::Hard, code::HEADER, "an answer has no Content-Type"));
            break;
        };
        // What is no FHIR says so itself: a challenge of a gateway in plain text.
        let fits = format(&seen).is_none_or(|format| parses(&seen, format));
        if !fits {
            let message = format!("an answer says it is `{stated}` and is not");
            outcome.push(seen.finding(Level::Hard, code::CONTENT, message));
            break;
        }
    }
    Ok(outcome)
}

pub async fn json(session: &Session<'_>) -> Judged {
    session.api_metadata().await;
    session.api_searches().await;
    let mut outcome = Outcome::holds();
    for seen in session.api_seen() {
        let plain = seen.header("Content-Encoding").is_none() && format(&seen) == Some(Format::Json);
        let Some(answer) = seen.answer().filter(|answer| plain && !answer.body.is_empty()) else { continue };
        outcome.exchange.get_or_insert(seen.number);
        let wrong = match std::str::from_utf8(&answer.body) {
            Err(_) => Some("it is not UTF-8".to_owned()),
            Ok(text) if text.starts_with('\u{feff}') => Some("it begins with a byte order mark".to_owned()),
            Ok(text) => match read(text, Format::Json) {
                Err(error) => Some(error.message),
                Ok(document) => {
                    let twice = |irregularity: &&crate::fhir::Irregularity| {
                        irregularity.kind == crate::fhir::IrregularityKind::DuplicateProperty
                    };
                    document
                        .irregularities()
                        .iter()
                        .find(twice)
                        .map(|_| "a name is there twice in one object".to_owned())
                }
            },
        };
        if let Some(wrong) = wrong {
            outcome.push(seen.finding(
                Level::Warn,
                code::CONTENT,
                format!("JSON of an answer breaks RFC 8259: {wrong}"),
            ));
            break;
        }
    }
    Ok(outcome)
}

pub async fn version(session: &Session<'_>) -> Judged {
    let seen = session.api_metadata().await;
    let value = session.capability().await?;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let in_path = base
        .split('/')
        .any(|part| part.len() > 1 && part.starts_with('v') && part[1..].starts_with(|c: char| c.is_ascii_digit()));
    let in_header = seen
        .answer()
        .is_some_and(|answer| answer.headers.iter().any(|(name, _)| name.to_ascii_lowercase().contains("version")));
    let software = value.get("software").and_then(|software| software.get("version")).is_some();
    let stated = value.get("version").is_some() || software || value.get("implementationGuide").is_some();
    if in_path || in_header || stated {
        return Ok(seen.shows());
    }
    let finding = seen.finding(
        Level::Warn,
        code::CONTENT,
        "no version of the API is found in the path, in a header or in the CapabilityStatement",
    );
    Ok(finding.expected("`version` or `software.version`, a path segment or a header").into())
}

pub async fn made_up_method(session: &Session<'_>) -> Judged {
    let token = session.api_token().await;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let request = session.fhir_request("FOO", token.as_deref(), &format!("{base}/metadata"), &[]);
    let seen = session.send(Peer::Client, Place::Resource, request).await;
    let mut outcome = seen.shows();
    if seen.is_success() {
        outcome.push(
            seen.finding(Level::Warn, code::ACCEPTED, "the method FOO is accepted").expected("status 405 or 501"),
        );
    } else if !matches!(seen.status(), 400 | 403 | 404 | 405 | 501) {
        let message = format!("the method FOO is answered with {}", seen.in_words());
        outcome.push(seen.finding(Level::Warn, code::ERROR_FORM, message).expected("status 405 or 501"));
    } else if seen.status() == 405 && seen.header("Allow").is_none() {
        outcome.push(seen.finding(Level::Note, code::NOTE, "405 comes without `Allow`"));
    }
    Ok(outcome)
}

/// What must stay the same when something is read again.
fn identity(seen: &Seen) -> (u16, Option<String>, Option<Value>) {
    let mut value = seen.json();
    let version = value.as_ref().and_then(|value| Some(value.get("meta")?.get("versionId")?.as_str()?.to_owned()));
    // A searchset is made anew each time; its entries are what is compared.
    if let Some(Value::Object(members)) = &mut value
        && members.get("resourceType").and_then(Value::as_str) == Some("Bundle")
    {
        for name in ["id", "meta", "timestamp", "link"] {
            members.remove(name);
        }
    }
    (seen.status(), version, value)
}

pub async fn get_is_safe(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let (search, _) = session.largest().await?;
    let mut outcome = Outcome::holds();
    for path in [path, search] {
        let first = session.api(&path, &[]).await;
        outcome.exchange.get_or_insert(first.number);
        for _ in 0..2 {
            let again = session.api(&path, &[]).await;
            if identity(&again) == identity(&first) {
                continue;
            }
            // Somebody else may have written meanwhile: once more, close together.
            let (third, fourth) = (session.api(&path, &[]).await, session.api(&path, &[]).await);
            if identity(&third) != identity(&fourth) {
                outcome.push(
                    fourth
                        .finding(Level::Hard, code::CONTENT, format!("`{path}` changes by being read"))
                        .expected("the same version and content"),
                );
            }
            break;
        }
    }
    Ok(outcome)
}

pub async fn head_is_safe(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let token = session.api_token().await;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default().to_owned();
    let mut outcome = Outcome::holds();
    for method in ["HEAD", "OPTIONS"] {
        let before = session.api(&path, &[]).await;
        let settled = session.api(&path, &[]).await;
        let request = session.fhir_request(method, token.as_deref(), &format!("{base}/{path}"), &[]);
        let seen = session.send(Peer::Client, Place::Resource, request).await;
        let after = session.api(&path, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        // What changes by GET alone is API-13.
        if identity(&before) == identity(&settled) && identity(&settled) != identity(&after) {
            outcome.push(seen.finding(Level::Hard, code::CONTENT, format!("`{path}` changes by {method}")));
        }
        if matches!(seen.status(), 405 | 501) {
            outcome.push(seen.finding(Level::Note, code::NOTE, format!("{method} is not supported")));
        }
    }
    Ok(outcome)
}

pub async fn stateless(session: &Session<'_>) -> Judged {
    let (path, _) = session.largest().await?;
    let first = session.api(&path, &[]).await;
    session.dialer.forget();
    let again = session.api(&path, &[]).await;
    let mut outcome = again.shows();
    if identity(&first) != identity(&again) {
        outcome.push(again.finding(Level::Hard, code::CONTENT, format!("`{path}` differs on a new connection")));
    }
    let separator = if path.contains('?') { '&' } else { '?' };
    let page = session.api(&format!("{path}{separator}_count=1"), &[]).await;
    let next = page.json().and_then(|value| bundle::link(&value, "next").map(str::to_owned));
    if let Some(next) = next {
        session.dialer.forget();
        let token = session.api_token().await;
        let seen = session.fhir(Peer::Client, token.as_deref(), &next, &[]).await;
        if !seen.is_success() {
            outcome.push(seen.finding(Level::Hard, code::REFUSED, "a next link does not work on a new connection"));
        }
    }
    if let Some(seen) = session.api_seen().iter().find(|seen| seen.header("Set-Cookie").is_some()) {
        outcome.push(seen.finding(Level::Warn, code::HEADER, "the server sets a cookie").expected("no session"));
    }
    Ok(outcome)
}

pub async fn reference_style(session: &Session<'_>) -> Judged {
    let mut styles: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for seen in session.api_searches().await {
        let Some(value) = seen.json() else { continue };
        for resource in bundle::resources(&value) {
            let kind = bundle::text(resource, "resourceType").unwrap_or_default();
            let mut all = vec![];
            bundle::references(resource, "", &mut all);
            for (name, reference) in all.into_iter().filter(|(_, reference)| !reference.starts_with('#')) {
                let style =
                    if reference.contains("://") || reference.starts_with("urn:") { "absolute" } else { "relative" };
                styles.entry(format!("{kind}.{name}")).or_default().insert(style);
            }
        }
    }
    let mixed: Vec<&str> =
        styles.iter().filter(|(_, styles)| styles.len() > 1).map(|(path, _)| path.as_str()).collect();
    Ok(match mixed.is_empty() {
        true => Outcome::note(format!("{} reference paths, each in one style", styles.len())),
        false => Outcome::note(format!("references are relative and absolute at {}", mixed.join(", "))),
    })
}

/// Operations that are declared: name and definition.
fn declared(value: &Value) -> Vec<(String, String)> {
    let mut operations = vec![];
    for rest in value.get("rest").and_then(Value::as_array).into_iter().flatten() {
        let resources = rest.get("resource").and_then(Value::as_array).into_iter().flatten();
        for holder in std::iter::once(rest).chain(resources) {
            for operation in holder.get("operation").and_then(Value::as_array).into_iter().flatten() {
                let definition = operation.get("definition");
                let reference = definition.and_then(|d| d.as_str().or_else(|| d.get("reference")?.as_str()));
                let name = bundle::text(operation, "name").unwrap_or_default().to_owned();
                operations.push((name, reference.unwrap_or_default().to_owned()));
            }
        }
    }
    operations
}

/// Types of resources that are declared.
fn types(value: &Value) -> Vec<String> {
    let rests = value.get("rest").and_then(Value::as_array).into_iter().flatten();
    let resources = rests.flat_map(|rest| rest.get("resource").and_then(Value::as_array).into_iter().flatten());
    resources.filter_map(|resource| bundle::text(resource, "type").map(str::to_owned)).collect()
}

pub async fn operations(session: &Session<'_>) -> Judged {
    let value = session.capability().await?;
    let types = types(&value);
    let mut outcome = session.api_metadata().await.shows();
    for (name, definition) in declared(&value) {
        let at = session.api_metadata().await;
        let bare = name.trim_start_matches('$');
        if bare != name {
            outcome.push(
                at.finding(Level::Warn, code::CONTENT, format!("the operation `{name}` is declared with a `$`"))
                    .expected(bare),
            );
        }
        if definition.is_empty() {
            outcome.push(at.finding(Level::Warn, code::CONTENT, format!("the operation `{name}` has no definition")));
        }
        // Where it might be: at the type its definition names, at the base, at types and their instances.
        let mut paths: Vec<String> = types
            .iter()
            .filter(|kind| definition.contains(kind.as_str()))
            .map(|kind| format!("{kind}/${bare}"))
            .collect();
        paths.push(format!("${bare}"));
        paths.extend(["Patient", "Observation", "Composition"].map(|kind| format!("{kind}/${bare}")));
        if let Ok(readable) = session.readable().await {
            paths.push(format!("{readable}/${bare}"));
        }
        let mut there = false;
        let mut said = BTreeSet::new();
        for path in paths.into_iter().filter(|path| said.insert(path.clone())).take(6) {
            let seen = session.api(&path, &[]).await;
            // A handler complains about what it gets; a route that is not there is 404, 405 or 501.
            there = !matches!(seen.status(), 0 | 404 | 405 | 501) && !unknown(&seen);
            if there {
                break;
            }
        }
        if !there {
            outcome.push(at.finding(
                Level::Warn,
                code::CONTENT,
                format!("the operation `{name}` is declared and not there"),
            ));
        }
    }
    Ok(outcome)
}

/// A refusal that says the operation is not known.
fn unknown(seen: &Seen) -> bool {
    let kind = seen.json().and_then(|v| Some(v.get("issue")?.get(0)?.get("code")?.as_str()?.to_owned()));
    !seen.is_success() && matches!(kind.as_deref(), Some("not-supported" | "not-found"))
}

pub async fn nouns(session: &Session<'_>) -> Judged {
    let value = session.capability().await?;
    let seen = session.api_metadata().await;
    let mut outcome = seen.shows();
    let unknown: Vec<String> = types(&value).into_iter().filter(|kind| !super::fhir_types::is_resource(kind)).collect();
    if !unknown.is_empty() {
        let message = format!("types are declared that FHIR does not know: {}", unknown.join(", "));
        outcome.push(seen.finding(Level::Hard, code::CONTENT, message));
    }
    Ok(outcome)
}

pub async fn english(session: &Session<'_>) -> Judged {
    const DUTCH: [&str; 14] = [
        "patienten",
        "zorgverlener",
        "zorgaanbieder",
        "gegevens",
        "dienst",
        "medicatie",
        "aandoening",
        "bevinding",
        "huisarts",
        "ziekenhuis",
        "geboorte",
        "naam",
        "datum",
        "zoek",
    ];
    let value = session.capability().await?;
    let mut names = types(&value);
    names.extend(declared(&value).into_iter().map(|(name, _)| name));
    let odd: Vec<String> = names
        .into_iter()
        .filter(|name| !name.is_ascii() || DUTCH.iter().any(|word| name.to_ascii_lowercase().contains(word)))
        .collect();
    Ok(match odd.is_empty() {
        true => Outcome::note("no name looks Dutch"),
        false => Outcome::note(format!("names that look Dutch: {}", odd.join(", "))),
    })
}

pub async fn capability(session: &Session<'_>) -> Judged {
    let value = session.capability().await?;
    let seen = session.api_metadata().await;
    let mut outcome = seen.shows();
    let kind = bundle::text(&value, "kind").unwrap_or_default();
    if kind != "instance" {
        outcome.push(
            seen.finding(Level::Warn, code::CONTENT, format!("the CapabilityStatement is of kind `{kind}`"))
                .expected("`instance`"),
        );
    }
    let rests = || value.get("rest").and_then(Value::as_array).into_iter().flatten();
    if rests().next().is_none() {
        outcome.push(seen.finding(Level::Warn, code::CONTENT, "the CapabilityStatement has no `rest`"));
    }
    for name in ["status", "fhirVersion", "format"] {
        if value.get(name).is_none() {
            outcome.push(seen.finding(Level::Warn, code::CONTENT, format!("the CapabilityStatement has no `{name}`")));
        }
    }
    // Declared search parameters that the server does not take, for one resource.
    let patient = rests()
        .flat_map(|rest| rest.get("resource").and_then(Value::as_array).into_iter().flatten())
        .find(|r| bundle::text(r, "type") == Some("Patient"));
    let parameters = patient.and_then(|patient| patient.get("searchParam")?.as_array().cloned()).unwrap_or_default();
    for name in parameters.iter().filter_map(|parameter| bundle::text(parameter, "name")).take(5) {
        let kind =
            parameters.iter().find(|p| bundle::text(p, "name") == Some(name)).and_then(|p| bundle::text(p, "type"));
        let value = match kind {
            Some("date") => "2000-01-01",
            Some("reference") => "Patient/x",
            Some("number" | "quantity") => "1",
            _ => "x",
        };
        let asked = session.api(&format!("Patient?{name}={value}"), &[("Prefer", "handling=strict")]).await;
        if !asked.is_success() {
            outcome.push(asked.finding(
                Level::Warn,
                code::REFUSED,
                format!("`Patient?{name}` is declared and refused"),
            ));
        }
    }
    Ok(outcome)
}

pub async fn semver(session: &Session<'_>) -> Judged {
    let value = session.capability().await?;
    let software = value.get("software").and_then(|software| bundle::text(software, "version"));
    let versions: Vec<&str> = bundle::text(&value, "version").into_iter().chain(software).collect();
    let is_semver = |version: &str| {
        let core = version.split(['-', '+']).next().unwrap_or_default();
        let parts: Vec<&str> = core.split('.').collect();
        parts.len() == 3
            && parts.iter().all(|part| part.parse::<u64>().is_ok() && (*part == "0" || !part.starts_with('0')))
    };
    let odd: Vec<&str> = versions.iter().copied().filter(|version| !is_semver(version)).collect();
    Ok(match (versions.is_empty(), odd.is_empty()) {
        (true, _) => Outcome::note("no version is stated"),
        (_, true) => Outcome::note(format!("versions follow SemVer: {}", versions.join(", "))),
        _ => Outcome::note(format!("versions that do not follow SemVer: {}", odd.join(", "))),
    })
}

pub async fn zib_profiles(session: &Session<'_>) -> Judged {
    let (mut with, mut without) = (0, vec![]);
    for seen in session.api_searches().await {
        let Some(value) = seen.json() else { continue };
        for resource in bundle::resources(&value) {
            let profiles = resource.get("meta").and_then(|meta| meta.get("profile")).and_then(Value::as_array);
            let dutch =
                |profile: &Value| profile.as_str().is_some_and(|p| p.contains("fhir.nl/") || p.contains("nictiz.nl/"));
            match profiles.is_some_and(|profiles| profiles.iter().any(dutch)) {
                true => with += 1,
                false => without.extend(bundle::key(resource).map(|key| (key, seen))),
            }
        }
    }
    match without.first() {
        None if with == 0 => Err(Outcome::open(code::UNSEEN, "no resource was found")),
        None => Ok(Outcome::note(format!(
            "{with} resources claim a Dutch profile; whether they keep to it is a matter of `keur run`"
        ))),
        Some((key, seen)) => {
            let message =
                format!("{} of {} resources claim no Dutch profile, first {key}", without.len(), without.len() + with);
            Ok(seen
                .finding(Level::Warn, code::CONTENT, message)
                .expected("a zib or nl-core profile in `meta.profile`")
                .into())
        }
    }
}

pub async fn evidence(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for url in &session.setup.evidence_urls {
        let seen = session.get(Peer::Nobody, Place::Other, url, &[("Accept", "text/html")]).await;
        outcome.exchange.get_or_insert(seen.number);
        let asks = super::login::Page::read(&seen.text()).form().is_some_and(|form| form.asks_password());
        if !seen.is_success() || asks {
            let message = format!("`{url}` cannot be read without logging in");
            outcome.push(seen.finding(Level::Warn, code::REFUSED, message).expected("status 200, no login page"));
        }
    }
    Ok(outcome)
}

pub async fn audit(session: &Session<'_>) -> Judged {
    let value = session.capability().await?;
    if !types(&value).iter().any(|kind| kind == "AuditEvent") {
        return Ok(Outcome::note("AuditEvent is not declared, so nothing can be looked up"));
    }
    let before = session.api("AuditEvent?_summary=count", &[]).await;
    if let Ok(path) = session.readable().await {
        session.api(&path, &[]).await;
    }
    let after = session.api("AuditEvent?_summary=count", &[]).await;
    let total = |seen: &Seen| seen.json().and_then(|value| value.get("total").and_then(Value::as_u64));
    let message = match (total(&before), total(&after)) {
        (Some(before), Some(after)) if after > before => "a read appears as an AuditEvent".to_owned(),
        (Some(_), Some(_)) => "a read does not appear as an AuditEvent".to_owned(),
        _ => format!("AuditEvent cannot be searched: {}", after.in_words()),
    };
    Ok(after.finding(Level::Note, code::NOTE, message).into())
}

/// What shows of the inside in an answer, for the judges of this room.
fn internals(seen: &Seen) -> Option<&'static str> {
    refusal::internals(seen)
}
