//! Faults of the command line itself, said as all other faults are.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::diagnostic::{Diagnostic, NoteKind};

use super::problem;

/// What is wrong with the command line; None for what was asked for (help, version) and for no verb at all.
pub fn explained(error: &clap::Error) -> Option<Diagnostic> {
    const SHOWN: [ErrorKind; 3] =
        [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    if SHOWN.contains(&error.kind()) {
        return None;
    }
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = paragraphs.next().unwrap_or_default();
    let message = message.trim_start_matches("error: ").trim_end_matches('.').replace('\'', "`");
    let mut diagnostic = problem::error(problem::USAGE, message);
    let suggestions = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    for value in suggestions.into_iter().filter_map(|kind| error.get(kind)) {
        let names = match value {
            ContextValue::String(name) => vec![name.clone()],
            ContextValue::Strings(names) => names.clone(),
            _ => vec![],
        };
        for name in names {
            diagnostic = diagnostic.note(NoteKind::Note, format!("there is `{name}`"));
        }
    }
    if let Some(usage) = paragraphs.find_map(|part| part.strip_prefix("Usage: ").map(str::to_owned)) {
        diagnostic = diagnostic.note(NoteKind::Expected, usage);
    }
    Some(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn explained_for(line: &str) -> Option<Diagnostic> {
        let error = super::super::Command::try_parse_from(line.split(' ')).unwrap_err();
        explained(&error)
    }

    #[test]
    fn faults_name_what_was_meant() {
        for (line, message, note) in [
            ("keur rum", "unrecognized subcommand `rum`", "there is `run`"),
            ("keur list --formt json x", "unexpected argument `--formt` found", "there is `--format`"),
            ("keur list --format jsn x", "invalid value `jsn` for `--format <FORMAT>`", "there is `json`"),
        ] {
            let found = explained_for(line).unwrap();
            assert!(found.message.starts_with(message), "{}", found.message);
            assert!(found.notes.iter().any(|(_, text)| text == note), "{line}: {:?}", found.notes);
        }
    }

    #[test]
    fn what_was_asked_for_is_no_fault() {
        for line in ["keur --help", "keur --version", "keur list --help"] {
            assert!(explained_for(line).is_none(), "{line}");
        }
    }
}
