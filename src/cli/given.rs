//! What a run is given, as its record keeps it: enough to do it again, and no secrets.

use std::sync::Arc;

use crate::engine::Tokens;
use crate::exchange::{AccessToken, Secrets, redaction};
use crate::record::{RunInputs, ScriptInput};
use crate::testscript::{Circumstances, ScriptFile, TestScript};

use super::settings::{Checked, Settings};

/// Parts of names of variables whose value is not for the record.
const SECRET_NAMES: [&str; 6] = ["token", "secret", "password", "wachtwoord", "apikey", "api-key"];

fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part)) || value.starts_with("Bearer ")
}

/// The secrets among what was given: nothing that is written down may hold them.
pub fn secrets(tokens: &Tokens, checked: &Checked) -> Secrets {
    let mut secrets = Secrets::default();
    tokens.by_name.values().chain(&tokens.default).for_each(|token| secrets.add(token.expose()));
    let given = checked.variables.iter().filter(|(name, value)| is_secret(name, value));
    given.for_each(|(_, value)| secrets.add(value));
    secrets
}

/// Scripts may bring public test tokens of their own: those are masked as any other.
pub fn secrets_of_scripts(scripts: &[Arc<TestScript>], secrets: &mut Secrets) {
    let defaults = scripts.iter().flat_map(|script| &script.variables).filter_map(|variable| {
        let default = variable.default.as_ref().filter(|default| default.is_literal())?;
        default.text.starts_with("Bearer ").then_some(default.text.as_str())
    });
    defaults.for_each(|token| secrets.add(token));
}

/// Everything that decides what a run asks and how it judges.
pub fn inputs(
    target: &str,
    scripts: &[ScriptFile],
    tokens: &Tokens,
    settings: &Settings,
    checked: &Checked,
    circumstances: &Circumstances,
) -> RunInputs {
    let recorded = |token: &AccessToken| redaction::recorded_secret(token.expose());
    let mut known: std::collections::BTreeMap<String, String> =
        tokens.by_name.iter().map(|(name, token)| (name.clone(), recorded(token))).collect();
    known.extend(tokens.default.as_ref().map(|token| (crate::authorization::DEFAULT.to_owned(), recorded(token))));
    let variable = |(name, value): &(String, String)| match is_secret(name, value) {
        true => (name.clone(), redaction::recorded_secret(value)),
        false => (name.clone(), value.clone()),
    };
    let shown = settings.show();
    let mut masked = Secrets::default();
    let secret = checked.variables.iter().filter(|(name, value)| is_secret(name, value));
    secret.for_each(|(_, value)| masked.add(value));
    let now = circumstances.now();
    RunInputs {
        format: 1,
        scripts: scripts
            .iter()
            .map(|file| ScriptInput {
                path: file.path.to_string_lossy().into_owned(),
                root: file.root.to_string_lossy().into_owned(),
            })
            .collect(),
        target: redaction::recorded_url(target).into_owned(),
        fhir_version: checked.fhir_version.map(|version| version.number().to_owned()),
        variables: checked.variables.iter().map(variable).collect(),
        tokens: known,
        // The offset is all that placeholders take from a time zone.
        clock: now.strftime("%Y-%m-%dT%H:%M:%S%.9f%:z").to_string(),
        clock_source: "system clock of the machine that ran keur".to_owned(),
        seed: circumstances.seed(),
        packages: checked.packages.clone(),
        nearest_package: checked.nearest_package,
        package_dir: checked.package_dir.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
        awaited: false,
        cell: None,
        folder: std::env::current_dir().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default(),
        settings: shown.lines().map(|line| masked.text(line).into_owned()).collect(),
        declared: Some(checked.declared().written()),
    }
}

/// The clock of a record: its moment, at its offset.
pub fn clock(inputs: &RunInputs) -> Option<jiff::Zoned> {
    let moment: jiff::Timestamp = inputs.clock.parse().ok()?;
    let offset = jiff::fmt::temporal::Pieces::parse(&inputs.clock).ok()?.to_numeric_offset()?;
    Some(moment.to_zoned(offset.to_time_zone()))
}

/// The tokens of a record, for a replay: names with their recorded form.
pub fn tokens(inputs: &RunInputs) -> Tokens {
    let mut tokens = Tokens::default();
    for (name, recorded) in &inputs.tokens {
        let token = AccessToken::new(recorded.clone());
        match name.as_str() {
            crate::authorization::DEFAULT => tokens.default = Some(token),
            _ => drop(tokens.by_name.insert(name.clone(), token)),
        }
    }
    tokens
}
