//! Parties that are awaited: their names, their tokens, their reports.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::settings::Destination;
use crate::cli::{problem, serve};
use crate::diagnostic::Diagnostic;
use crate::exchange::AccessToken;
use crate::simulator::{Persons, TokenRegistry};
use crate::testscript::{Action, TestScript};

/// A party of a run: its name, and what its tokens stand for.
pub struct Party {
    pub name: String,
    /// Tokens of the scripts with those it was given instead.
    pub aliases: Vec<(String, String)>,
    pub tokens: HashSet<AccessToken>,
}

/// The tokens (without `Bearer`) that occur in scripts, of those that are known.
pub fn used_tokens(scripts: &[Arc<TestScript>], registry: &TokenRegistry) -> BTreeSet<String> {
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    for script in scripts {
        texts.extend(script.variables.iter().filter_map(|v| Some(v.default.as_ref()?.text.as_str())));
        for action in script.actions() {
            if let Action::Operation(operation) = action {
                texts.extend(operation.headers.iter().map(|(_, value)| value.text.as_str()));
            }
        }
    }
    let bare = |text: &str| {
        let token = AccessToken::new(text).expose().to_owned();
        registry.knows(&token).then_some(token)
    };
    texts.into_iter().filter_map(bare).collect()
}

/// `NAME=FILE` or `NAME`.
pub fn party(text: &str, registry: &TokenRegistry, scripts: &[Arc<TestScript>]) -> Result<Party, Box<Diagnostic>> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
    if name.trim().is_empty() {
        return Err(Box::new(problem::error(problem::SETTING_VALUE, format!("`party` cannot be `{text}`"))));
    }
    let given = file.map(|file| serve::registry(Path::new(file))).transpose()?;
    let used = used_tokens(scripts, registry);
    let aliases: Vec<(String, String)> = match &given {
        Some(given) => aliases(registry, given).into_iter().filter(|(known, _)| used.contains(known)).collect(),
        None => used.iter().map(|known| (known.clone(), uuid::Uuid::new_v4().to_string())).collect(),
    };
    let replaced: HashSet<&str> = aliases.iter().map(|(known, _)| known.as_str()).collect();
    let own = used.iter().filter(|token| !replaced.contains(token.as_str()));
    let tokens = own.chain(aliases.iter().map(|(_, token)| token)).map(|token| AccessToken::new(token.as_str()));
    Ok(Party { name: name.trim().to_owned(), tokens: tokens.collect(), aliases })
}

/// For every known token the one that the same test person has in another list.
pub fn aliases(known: &TokenRegistry, given: &TokenRegistry) -> Vec<(String, String)> {
    let of = |patient: &str| {
        let persons = given.persons();
        persons
            .iter()
            .find(|(_, people)| people.iter().any(|(id, _)| *id == patient))
            .map(|(token, _)| (*token).to_owned())
    };
    let pair = |(token, people): &(&str, Persons<'_>)| {
        let other = people.iter().find_map(|(id, _)| of(id))?;
        (other != *token).then(|| ((*token).to_owned(), other))
    };
    known.persons().iter().filter_map(pair).collect()
}

/// A report of a party: its name before the extension.
pub fn of_party(report: &Destination, party: &str) -> Destination {
    let renamed = |path: &PathBuf| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        path.with_file_name(format!("{stem}-{}{extension}", file_name(party)))
    };
    match party {
        "" => report.clone(),
        _ => Destination { kind: report.kind, path: report.path.as_ref().map(renamed) },
    }
}

/// The name of a party, fit for a file.
pub fn file_name(party: &str) -> String {
    party.chars().map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}
