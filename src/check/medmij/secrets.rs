//! Whether codes and tokens can be guessed, and that none was given.

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Finding, Outcome};
use crate::check::session::Seen;
use crate::diagnostic::Code;

use super::asking::{error_of, token_of};

/// Findings about secrets: the same one twice, and too little to guess.
pub fn unguessable(secrets: &[String], what: &str) -> Outcome {
    let mut outcome = Outcome::holds();
    let mut sorted: Vec<&String> = secrets.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        let message = format!("a {what} was given out twice among {}", secrets.len());
        outcome.push(Finding::new(Level::Hard, code::GUESSABLE, message).expected("no two are the same"));
    }
    let bits = secrets.iter().map(|secret| entropy(secret)).fold(f64::INFINITY, f64::min);
    if bits < 128.0 {
        let message = format!("a {what} can hold at most {bits:.0} bits by its length and alphabet");
        outcome.push(Finding::new(Level::Warn, code::GUESSABLE, message).expected("128 bits or more"));
    }
    outcome
}

/// The most a text can hold: its length times the bits of the alphabet it draws from.
fn entropy(text: &str) -> f64 {
    let any = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    let hexadecimal = text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let alphabet = if text.chars().all(|c| c.is_ascii_digit()) {
        10.0
    } else if hexadecimal {
        16.0
    } else {
        let lower = if any(char::is_ascii_lowercase) { 26.0 } else { 0.0 };
        let upper = if any(char::is_ascii_uppercase) { 26.0 } else { 0.0 };
        let digits = if any(char::is_ascii_digit) { 10.0 } else { 0.0 };
        lower + upper + digits + 2.0
    };
    let length = text.chars().filter(|c| !hexadecimal || *c != '-').count();
    length as f64 * f64::log2(alphabet)
}

/// Nothing was given, and the error says why in one of these ways.
pub fn no_token(seen: &Seen, errors: &[&str], what: &str, kind: Code) -> Outcome {
    let mut outcome = seen.shows();
    if token_of(seen).is_some() {
        outcome.push(seen.finding(Level::Hard, kind, format!("{what} gave a token")).expected("no token"));
        return outcome;
    }
    let refused_by_tls = seen.status() == 0;
    if seen.status() >= 500 {
        outcome.findings.extend(seen.broken(Level::Warn));
    } else if !errors.is_empty() && !refused_by_tls {
        let error = error_of(seen);
        if !error.as_deref().is_some_and(|error| errors.contains(&error)) {
            let said = error.map_or("no `error`".to_owned(), |error| format!("`{error}`"));
            let message = format!("{what} was refused with {said}");
            let finding = seen.finding(Level::Warn, code::ERROR_FORM, message);
            outcome.push(finding.expected(format!("`{}`", errors.join("` or `"))));
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_length_times_alphabet() {
        for (text, enough) in [
            ("123456", false),
            ("5f3c1d2e-1111-4222-8333-444455556666", true),
            ("5f3c1d2e11114222", false),
            ("dGhpcyBpcyBhIHRlc3QgdG9rZW4", true),
        ] {
            assert_eq!(entropy(text) >= 128.0, enough, "{text}: {}", entropy(text));
        }
        let twice = ["a".repeat(40), "a".repeat(40)];
        assert_eq!(unguessable(&twice, "code").verdict(), crate::record::Verdict::Fail);
    }
}
