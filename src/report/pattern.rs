//! How scripts, tests and asserts are named by those who write baselines and requirements: `*` stands for
//! any text, `?` for one character, everything else for itself.

use serde::{Serialize, Serializer};

/// A pattern over a whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// From what was written.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern(text.into())
    }

    /// A pattern that everything fits.
    pub fn any() -> Pattern {
        Pattern::new("*")
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        fits(&self.0, text)
    }

    /// Whether a path fits, or its end from some folder on: `serving/*` fits `testscripts/x/serving/1.yaml`.
    pub fn fits_path(&self, path: &str) -> bool {
        let path = path.replace('\\', "/");
        let ends = path.match_indices('/').map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).any(|from| path.get(from..).is_some_and(|end| self.fits(end)))
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// In time proportional to the product of both lengths, whatever the pattern: it remembers only the last `*`.
fn fits(pattern: &str, text: &str) -> bool {
    let (mut rest, mut left) = (pattern.chars(), text.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let (before, wanted) = (left.clone(), rest.next());
        match wanted {
            Some('*') => {
                retry = Some((rest.clone(), before));
                continue;
            }
            Some(wanted) if left.next().is_some_and(|c| wanted == '?' || wanted == c) => continue,
            None if left.next().is_none() => return true,
            _ => {}
        }
        // Does not fit from here: let the last `*` take one character more.
        let Some((after, mut from)) = retry.take() else { return false };
        if from.next().is_none() {
            return false;
        }
        (rest, left) = (after.clone(), from.clone());
        retry = Some((after, from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_texts() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "x", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*c", "ac", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcd", false),
            ("*é*", "één", true),
            ("**b", "ab", true),
            ("a*b*c*d", "aXbXcX", false),
        ] {
            assert_eq!(Pattern::new(pattern).fits(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_long_pattern_of_stars_takes_no_longer() {
        assert!(!Pattern::new("*a".repeat(200)).fits(&"a".repeat(199)));
        assert!(Pattern::new("*a".repeat(200)).fits(&"a".repeat(2_000)));
    }

    #[test]
    fn a_path_fits_from_any_folder_on() {
        let pattern = Pattern::new("serving/22-*");
        assert!(pattern.fits_path("testscripts/bgz-3.0/serving/22-laboratory.yaml"));
        assert!(pattern.fits_path("serving\\22-laboratory.yaml"));
        assert!(!pattern.fits_path("testscripts/preserving/22-laboratory.yaml"));
    }
}
