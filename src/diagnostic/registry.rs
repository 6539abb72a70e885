//! What the rule codes mean. Every room keeps a table of its own rules ([`Rule`]); whoever knows all
//! rooms puts the tables together in a [`Registry`].

use super::{Code, Language};

/// A text in every language keur speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Dutch.
    pub nl: &'static str,
}

impl Words {
    /// The same thing in English and in Dutch.
    pub const fn new(en: &'static str, nl: &'static str) -> Self {
        Words { en, nl }
    }

    /// The text in one language.
    pub fn get(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Nl => self.nl,
        }
    }
}

/// A rule: what its code means and what to do when it is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its code.
    pub code: Code,
    /// What is wrong, in one line.
    pub title: Words,
    /// Why that is wrong, where it is written, what keur looks at: a paragraph.
    pub explanation: Words,
    /// What to do, in one line.
    pub remedy: Words,
}

/// Names rule codes and makes the table of them, so that neither can be without the other:
/// `NAME = number, title, explanation, remedy;` each in English and Dutch.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $number:literal,
        $title_en:literal, $title_nl:literal,
        $why_en:literal, $why_nl:literal,
        $remedy_en:literal, $remedy_nl:literal;)*) => {
        $($(#[$doc])* pub const $name: $crate::diagnostic::Code = $crate::diagnostic::Code($number);)*

        /// Every rule of this room, by code.
        pub static RULES: &[$crate::diagnostic::Rule] = &[$($crate::diagnostic::Rule {
            code: $name,
            title: $crate::diagnostic::Words::new($title_en, $title_nl),
            explanation: $crate::diagnostic::Words::new($why_en, $why_nl),
            remedy: $crate::diagnostic::Words::new($remedy_en, $remedy_nl),
        }),*];
    };
}
pub(crate) use rules;

/// The rules of every room, by code.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    rules: Vec<&'static Rule>,
}

impl Registry {
    /// Puts tables together. Where two rules claim one code, the first stays ([`Registry::clashes`] tells).
    pub fn new(tables: &[&'static [Rule]]) -> Self {
        let mut rules: Vec<&'static Rule> = tables.iter().flat_map(|table| table.iter()).collect();
        rules.sort_by_key(|rule| rule.code);
        rules.dedup_by_key(|rule| rule.code);
        Registry { rules }
    }

    /// Codes that more than one rule claims: a mistake in keur itself.
    pub fn clashes(tables: &[&'static [Rule]]) -> Vec<Code> {
        let mut codes: Vec<Code> = tables.iter().flat_map(|table| table.iter()).map(|rule| rule.code).collect();
        codes.sort();
        let mut twice: Vec<Code> = codes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        twice.dedup();
        twice
    }

    /// The rule of a code.
    pub fn rule(&self, code: Code) -> Option<&'static Rule> {
        self.rules.binary_search_by_key(&code, |rule| rule.code).ok().map(|at| self.rules[at])
    }

    /// Every rule, in the order of the codes.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.rules.iter().copied()
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    /// Reads `KEUR2104`, `keur2104` and `2104`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = match text.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("KEUR") => &text[4..],
            _ => text,
        };
        match digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse().map(Code).map_err(|_| ()),
            false => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn rule(code: u16) -> Rule {
        let words = Words::new("a", "b");
        Rule { code: Code(code), title: words, explanation: words, remedy: words }
    }

    static LOW: [Rule; 2] = [rule(2), rule(1)];
    static HIGH: [Rule; 2] = [rule(9), rule(2)];

    #[test]
    fn rules_are_found_by_code_whatever_the_order_of_the_tables() {
        let registry = Registry::new(&[&HIGH, &LOW]);
        assert_eq!(registry.rules().map(|r| r.code.0).collect::<Vec<_>>(), [1, 2, 9]);
        assert_eq!(registry.rule(Code(9)).map(|r| r.code), Some(Code(9)));
        assert_eq!(registry.rule(Code(3)), None);
        assert_eq!(Registry::clashes(&[&HIGH, &LOW]), [Code(2)]);
    }

    #[test]
    fn codes_are_read_as_people_quote_them() {
        for text in ["KEUR2104", "keur2104", "2104"] {
            assert_eq!(text.parse(), Ok(Code(2104)), "{text}");
        }
        for text in ["", "KEUR", "KEUR21", "KEUR210x", "21045", "KEUR 2104", "é104", "+104"] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }
}
