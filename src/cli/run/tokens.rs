//! Tokens of test persons: those that were given, and those that are missing.

use std::collections::BTreeMap;

use crate::authorization::{DEFAULT, PATIENT_TOKEN, TokenArgument, TokenError, TokenSource};
use crate::cli::problem;
use crate::cli::settings::{Key, Settings};
use crate::diagnostic::{Diagnostic, NoteKind};
use crate::engine::{Plan, Tokens};

/// The tokens that were given; what is wrong with them, and a literal one, goes to `problems`.
pub fn given(settings: &Settings, problems: &mut Vec<Diagnostic>) -> Tokens {
    let mut tokens = Tokens::default();
    let mut literal = vec![];
    let environment = |name: &str| std::env::var(name).ok();
    for given in settings.many(Key::Token) {
        let read = given.text.parse::<TokenArgument>().and_then(|argument| {
            let token = argument.read(&environment)?;
            Ok((argument, token))
        });
        let (argument, token) = match read {
            Ok(read) => read,
            Err(error) => {
                let form = matches!(error, TokenError::Form | TokenError::Missing(..));
                let code = if form { problem::SETTING_VALUE } else { problem::TOKEN };
                problems.push(problem::error(code, error.to_string()));
                continue;
            }
        };
        if matches!(argument.source, TokenSource::Literal(_)) {
            literal.push(format!("`{}`", argument.name));
        }
        match argument.name.as_str() {
            DEFAULT => tokens.default = Some(token),
            name => drop(tokens.by_name.insert(name.to_owned(), token)),
        }
    }
    if !literal.is_empty() {
        let message = format!("tokens are written out where they are given: {}", literal.join(", "));
        problems.push(problem::warning(problem::TOKEN_LITERAL, message));
    }
    tokens
}

/// Variables for tokens that scripts would use and that nobody gave a value.
#[derive(Default)]
pub struct Missing {
    /// By test person: how many scripts need it, and what is said of it.
    by_name: BTreeMap<String, (u64, Diagnostic)>,
}

impl Missing {
    /// Looks for them in a plan.
    pub fn look(&mut self, plan: &Plan) {
        for planned in plan.scripts.iter().filter(|planned| planned.set_aside.is_none()) {
            for variable in &planned.script.variables {
                let Some(name) = variable.name.strip_prefix(PATIENT_TOKEN) else { continue };
                let open = variable.default.is_none() && variable.origin.is_none();
                if !open || planned.given.contains_key(&variable.name) {
                    continue;
                }
                let first = || {
                    let message = format!("there is no token for test person `{name}`");
                    let place = &variable.place;
                    let label = format!("give it with `--token {name}=env:VARIABLE`");
                    problem::error(problem::TOKEN_MISSING, message).label(&place.source, place.span, label)
                };
                self.by_name.entry(name.to_owned()).or_insert_with(|| (0, first())).0 += 1;
            }
        }
    }

    /// One for each test person.
    pub fn problems(self) -> Vec<Diagnostic> {
        let told = |(scripts, diagnostic): (u64, Diagnostic)| match scripts {
            1 => diagnostic,
            _ => diagnostic.note(NoteKind::Found, format!("{scripts} scripts need it")),
        };
        self.by_name.into_values().map(told).collect()
    }
}
