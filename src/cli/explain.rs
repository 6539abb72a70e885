//! `keur explain [CODE]`: what a rule code means and what to do.

use std::fmt::Write as _;

use crate::diagnostic::{Code, Language, NoteKind, Rule, Words, nearest};

use super::console::Console;
use super::exit::Exit;
use super::problem;

/// Flags of `explain`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Codes such as KEUR2004; without any, all are listed
    #[arg(value_name = "CODE")]
    codes: Vec<String>,
}

const REMEDY: Words = Words::new("remedy", "oplossing");

/// Carries it out.
pub fn explain(arguments: &Arguments, console: &Console) -> Exit {
    let mut text = String::new();
    let mut exit = Exit::Passed;
    if arguments.codes.is_empty() {
        for rule in console.registry.rules() {
            let _ = writeln!(text, "{}  {}", rule.code, rule.title.get(console.language));
        }
    }
    for (at, code) in arguments.codes.iter().enumerate() {
        match code.parse::<Code>().ok().and_then(|code| console.registry.rule(code)) {
            Some(rule) => {
                text.push_str(if at > 0 { "\n" } else { "" });
                text.push_str(&page(rule, console.language));
            }
            None => {
                exit = Exit::Usage;
                let known: Vec<String> = console.registry.rules().map(|rule| rule.code.to_string()).collect();
                let mut diagnostic = problem::error(problem::CODE, format!("there is no rule `{code}`"));
                if let Some(near) = nearest(&code.to_uppercase(), known.iter().map(String::as_str)) {
                    diagnostic = diagnostic.note(NoteKind::Note, format!("there is a rule `{near}`"));
                }
                console.tell(diagnostic);
            }
        }
    }
    console.ended(text, exit)
}

fn page(rule: &Rule, language: Language) -> String {
    let (title, why, remedy) = (rule.title.get(language), rule.explanation.get(language), rule.remedy.get(language));
    format!("{}: {title}\n\n{why}\n\n{}: {remedy}\n", rule.code, REMEDY.get(language))
}
