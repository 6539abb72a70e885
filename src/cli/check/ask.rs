//! Questions at the terminal: what cannot be seen over the network is said by whoever runs the checks.

use std::io::{BufRead, IsTerminal};

use crate::check::{Answer, Check, Level, Setup};
use crate::diagnostic::Words;

use super::super::console::Console;

const HOLDS: Words =
    Words::new("does it hold? [y]es, [n]o, empty for unknown: ", "klopt dit? [j]a, [n]ee, leeg voor onbekend: ");
const REMARK: Words = Words::new("what was seen: ", "wat is er gezien: ");

/// What is said where nobody can be asked.
pub const NO_TERMINAL: &str = "`--ask` asks nothing: standard input is not a terminal";

/// Asks about every manual check that has no answer yet; false when there is no terminal to ask at.
pub fn ask(checks: &[&'static Check], setup: &mut Setup, console: &Console) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    let mut lines = std::io::stdin().lock().lines();
    let mut line = |words: Words| {
        console.error(words.get(console.language));
        lines.next().and_then(Result::ok).unwrap_or_default().trim().to_owned()
    };
    for check in checks.iter().filter(|check| check.level == Level::Manual) {
        if setup.answers.contains_key(check.id) {
            continue;
        }
        console.error(&format!("{} {} ({})\n", check.id, check.title.get(console.language), check.source));
        let holds = match line(HOLDS).chars().next().map(|c| c.to_ascii_lowercase()) {
            Some('y' | 'j') => true,
            Some('n') => false,
            _ => continue,
        };
        let answer = Answer { holds, remark: line(REMARK), by: "at the terminal".to_owned() };
        setup.answers.insert(check.id.to_owned(), answer);
    }
    true
}
