//! Whether a run goes on when an answer looks like a real person.

use std::io::{IsTerminal as _, Write as _};

use crate::diagnostic::Words;
use crate::evidence::code;

use super::console::Console;
use super::settings::Checked;

const QUESTION: Words = Words::new("go on? [y/N] ", "doorgaan? [j/N] ");

/// Asks where somebody can answer. Without a terminal it is said, and `--test-persons-only` decides.
pub fn may_go_on(what: &str, checked: &Checked, console: &Console) -> bool {
    if checked.test_persons_only {
        console.tell(code::error(code::REAL_PERSON, what));
        return false;
    }
    console.tell(code::warning(code::REAL_PERSON, what));
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return true;
    }
    console.error(QUESTION.get(console.language));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes" | "j" | "ja")
}
