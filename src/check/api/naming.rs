//! What things are called, and how they refer to each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::types;
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::medmij::bundle;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Seen, Session};

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
pub(super) fn declared(value: &Value) -> Vec<(String, String)> {
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
    let unknown: Vec<String> =
        types(&value).into_iter().filter(|kind| !crate::check::fhir_types::is_resource(kind)).collect();
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
