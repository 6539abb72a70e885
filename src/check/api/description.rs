//! What the API says about itself: version, CapabilityStatement, profiles, documentation.

use serde_json::Value;

use super::types;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};

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
        let asks = crate::check::login::Page::read(&seen.text()).form().is_some_and(|form| form.asks_password());
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
