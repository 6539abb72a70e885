//! The words of reports, in English and Dutch. What scripts and servers say keeps its own language.

use crate::diagnostic::{Language, Words};
use crate::record::SliceMiss;

/// A text with `{}` where values go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phrase {
    NoAnswer,
    Refused,
    ThisAssert,
    ThisOperation,
    Here,
    ExchangeLine,
    NoStatus,
    Also,
    Skipped,
    Elsewhere,
    MoreCauses,
    Warnings,
    NotEvaluated,
    Simulated,
    Of,
    VerdictLine,
    Took,
    AllScripts,
    Slowest,
    Interrupted,
    Passed,
    Failed,
    Incomplete,
    VerdictPassed,
    VerdictFailed,
    VerdictIncomplete,
    NeverBegan,
    SliceMiss,
    MoreSlices,
    Known,
    KnownEntry,
    KnownExpired,
    KnownHealed,
    OnlyThis,
}

const PHRASES: &[Words] = &[
    Words::new("no answer from {}: {}", "geen antwoord van {}: {}"),
    Words::new("{} answered {} with {}", "{} beantwoordde {} met {}"),
    Words::new("this assert", "deze toets"),
    Words::new("this operation", "deze aanvraag"),
    Words::new("here", "hier"),
    Words::new("#{} {} {} ({}, {})", "#{} {} {} ({}, {})"),
    Words::new("no answer", "geen antwoord"),
    Words::new("{} more with this cause, in {} of {}", "nog {} met deze oorzaak, in {} van {}"),
    Words::new("{} skipped after it", "{} daarna overgeslagen"),
    Words::new("at {}", "op {}"),
    Words::new(
        "{} not shown here; `--report json=FILE` has them all",
        "{} hier niet getoond; `--report json=BESTAND` heeft ze allemaal",
    ),
    Words::new("Warnings", "Waarschuwingen"),
    Words::new("Not evaluated", "Niet beoordeeld"),
    Words::new("built-in simulator", "ingebouwde simulator"),
    Words::new("{} of {}", "{} van {}"),
    Words::new("{}, {}{} against {}", "{}, {}{} tegen {}"),
    Words::new(" in {}", " in {}"),
    Words::new("{}, together sha256 {}", "{}, samen sha256 {}"),
    Words::new("median {}, slowest {} (#{} {})", "mediaan {}, traagste {} (#{} {})"),
    Words::new("the run was broken off", "de run is afgebroken"),
    Words::new("passed", "geslaagd"),
    Words::new("failed", "gezakt"),
    Words::new("incomplete", "onvolledig"),
    Words::new("PASSED", "GESLAAGD"),
    Words::new("FAILED", "GEZAKT"),
    Words::new("INCOMPLETE", "ONVOLLEDIG"),
    Words::new("never began", "nooit begonnen"),
    Words::new(
        "`{}` is not in slice `{}`: {} should be {}, is {}",
        "`{}` zit niet in slice `{}`: {} moet {} zijn, is {}",
    ),
    Words::new("and in {} more slices not", "en in nog {} slices niet"),
    Words::new("Known failures, accepted", "Bekende fouten, aanvaard"),
    Words::new("{} until {} ({})", "{} tot en met {} ({})"),
    Words::new("the known failure `{}` expired on {}", "de bekende fout `{}` is verlopen op {}"),
    Words::new("the known failure `{}` does not fail any more", "de bekende fout `{}` gaat niet meer fout"),
    Words::new(
        "this replaces neither the qualification by Nictiz nor the acceptance by MedMij",
        "dit vervangt noch de kwalificatie door Nictiz, noch de acceptatie door MedMij",
    ),
];

/// Why an element is not in a slice, in one line.
pub fn slice_miss(row: &SliceMiss, language: Language) -> String {
    let SliceMiss { path, slice, discriminator, expected, found } = row;
    Phrase::SliceMiss.with(language, &[path, slice, discriminator, expected, found])
}

/// Things that are counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Noun {
    Assert,
    Test,
    Script,
    Request,
    Answer,
    Cause,
    Action,
}

/// One and many.
const NOUNS: &[[Words; 2]] = &[
    [Words::new("assert", "toets"), Words::new("asserts", "toetsen")],
    [Words::new("test", "test"), Words::new("tests", "tests")],
    [Words::new("script", "script"), Words::new("scripts", "scripts")],
    [Words::new("request", "verzoek"), Words::new("requests", "verzoeken")],
    [Words::new("answer", "antwoord"), Words::new("answers", "antwoorden")],
    [Words::new("cause", "oorzaak"), Words::new("causes", "oorzaken")],
    [Words::new("action", "actie"), Words::new("actions", "acties")],
];

impl Phrase {
    /// The bare text.
    pub(super) fn get(self, language: Language) -> &'static str {
        PHRASES[self as usize].get(language)
    }

    /// The text with its values filled in, in order.
    pub(super) fn with(self, language: Language, values: &[&str]) -> String {
        let mut values = values.iter();
        let mut text = String::new();
        for (at, part) in self.get(language).split("{}").enumerate() {
            if at > 0 {
                text.push_str(values.next().unwrap_or(&""));
            }
            text.push_str(part);
        }
        text
    }
}

impl Noun {
    /// One of them, or many.
    pub(super) fn name(self, language: Language, count: u64) -> &'static str {
        NOUNS[self as usize][usize::from(count != 1)].get(language)
    }

    /// `1 assert`, `2,124 asserts`.
    pub(super) fn count(self, language: Language, count: u64) -> String {
        format!("{} {}", number(language, count), self.name(language, count))
    }
}

/// `2,124` in English, `2.124` in Dutch.
pub(super) fn number(language: Language, number: u64) -> String {
    const SEPARATOR: Words = Words::new(",", ".");
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(SEPARATOR.get(language));
        }
        text.push(digit);
    }
    text
}

/// A duration in the unit people would use: `412 µs`, `41 ms`, `2.3 s`.
pub(super) fn duration(language: Language, micros: u64) -> String {
    const POINT: Words = Words::new(".", ",");
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", (micros + 500) / 1_000),
        _ => {
            let tenths = (micros + 50_000) / 100_000;
            format!("{}{}{} s", number(language, tenths / 10), POINT.get(language), tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_and_noun_has_its_words_with_the_same_holes() {
        assert_eq!(PHRASES.len(), Phrase::OnlyThis as usize + 1);
        assert_eq!(NOUNS.len(), Noun::Action as usize + 1);
        for words in PHRASES {
            assert_eq!(words.en.matches("{}").count(), words.nl.matches("{}").count(), "{}", words.en);
        }
    }

    #[test]
    fn numbers_and_durations_read_well() {
        use Language::{En, Nl};
        for (count, text) in [(0, "0"), (999, "999"), (2_124, "2,124"), (138_010, "138,010"), (1_000_000, "1,000,000")]
        {
            assert_eq!(number(En, count), text);
        }
        assert_eq!(number(Nl, 2_124), "2.124");
        assert_eq!(Noun::Assert.count(En, 1), "1 assert");
        assert_eq!(Noun::Assert.count(Nl, 2_124), "2.124 toetsen");
        for (micros, text) in [(412, "412 µs"), (40_600, "41 ms"), (2_349_000, "2.3 s"), (999_999, "1000 ms")] {
            assert_eq!(duration(En, micros), text);
        }
        assert_eq!(duration(Nl, 1_250_000), "1,3 s");
    }

    #[test]
    fn values_are_filled_in_in_order_and_missing_ones_are_empty() {
        assert_eq!(Phrase::Of.with(Language::En, &["1", "2"]), "1 of 2");
        assert_eq!(Phrase::Of.with(Language::Nl, &["1"]), "1 van ");
    }
}
