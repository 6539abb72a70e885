//! Versions of packages and the ranges that manifests ask for.
//!
//! As NPM has them (<https://semver.org>, <https://docs.npmjs.com/cli/v6/using-npm/semver>), which FHIR
//! packages follow: `2.2.18`, `2.0.x`, `^2.0`, `~1.3.2`, `>=1.0 <2.0`, `1.0 - 1.4`, `1.x || 2.x`. A word
//! that is no version (`current`, `dev`) stands for itself.

use std::cmp::Ordering;
use std::fmt;

/// A version that can be compared.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Version {
    numbers: [u64; 3],
    /// Parts of the pre-release label: `rc`, `23`. Empty for a release.
    label: Vec<Box<str>>,
}

impl Version {
    /// Reads `1`, `1.2`, `1.2.3`, `1.2.3-rc.4`; what follows a `+` is left out. None for anything else.
    pub fn parse(text: &str) -> Option<Version> {
        let (version, given) = Partial::parse(text)?.filled();
        (given > 0).then_some(version)
    }

    /// True for `1.0.0-beta.1` and its like.
    pub fn is_prerelease(&self) -> bool {
        !self.label.is_empty()
    }

    /// How far apart two versions are: compare the results.
    pub(super) fn distance(&self, other: &Version) -> [u64; 3] {
        let mut apart = [0; 3];
        for (i, slot) in apart.iter_mut().enumerate() {
            *slot = self.numbers[i].abs_diff(other.numbers[i]);
        }
        apart
    }

    fn release(numbers: [u64; 3]) -> Version {
        Version { numbers, label: vec![] }
    }

    /// The lowest version of the next number at this place: after `1.2.3`, `1.3.0-0` for place 1.
    fn next(&self, place: usize) -> Version {
        let mut numbers = [0; 3];
        numbers[..=place].copy_from_slice(&self.numbers[..=place]);
        numbers[place] = numbers[place].saturating_add(1);
        Version { numbers, label: vec!["0".into()] }
    }
}

/// The one with the highest version; of two with the same the first.
pub(in crate::definitions) fn highest<T>(
    candidates: impl Iterator<Item = T>,
    version: impl Fn(&T) -> &str,
) -> Option<T> {
    candidates.reduce(|best, c| if Version::parse(version(&c)) > Version::parse(version(&best)) { c } else { best })
}

/// The one with the version nearest to one that is not there: that differs least in its first number, then
/// in its second, then in its third; of two as near, the higher.
pub(super) fn nearest<T>(candidates: impl Iterator<Item = T>, version: impl Fn(&T) -> &str, wanted: &str) -> Option<T> {
    let wanted = Version::parse(wanted.trim_start_matches(['^', '~', '>', '<', '=', ' ']).trim_end_matches(".x"))?;
    let versions = candidates.filter_map(|c| Some((Version::parse(version(&c))?, c)));
    let nearest =
        versions.min_by(|(a, _), (b, _)| a.distance(&wanted).cmp(&b.distance(&wanted)).then_with(|| b.cmp(a)));
    nearest.map(|(_, candidate)| candidate)
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let part = |a: &str, b: &str| match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        let labels = || match (self.label.is_empty(), other.label.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let differing = self.label.iter().zip(&other.label).map(|(a, b)| part(a, b)).find(|o| o.is_ne());
                differing.unwrap_or(self.label.len().cmp(&other.label.len()))
            }
        };
        self.numbers.cmp(&other.numbers).then_with(labels)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A version of which the last numbers may be missing or `x`.
struct Partial {
    numbers: Vec<u64>,
    label: Vec<Box<str>>,
}

impl Partial {
    fn parse(text: &str) -> Option<Partial> {
        let text = text.trim().split('+').next()?;
        let text = text.strip_prefix(['v', '=']).unwrap_or(text);
        let (numbers, label) = text.split_once('-').map_or((text, None), |(n, l)| (n, Some(l)));
        let mut partial = Partial { numbers: vec![], label: vec![] };
        let mut wild = false;
        for (i, part) in numbers.split('.').enumerate() {
            match part {
                "x" | "X" | "*" => wild = true,
                _ if wild || i > 2 || !part.bytes().all(|b| b.is_ascii_digit()) => return None,
                number => partial.numbers.push(number.parse().ok()?),
            }
        }
        if let Some(label) = label {
            let fine = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if partial.numbers.len() != 3 || !label.split('.').all(fine) {
                return None;
            }
            partial.label = label.split('.').map(Into::into).collect();
        }
        Some(partial)
    }

    /// With zeros for what is missing, and how many numbers were given.
    fn filled(self) -> (Version, usize) {
        let mut numbers = [0; 3];
        for (slot, number) in numbers.iter_mut().zip(&self.numbers) {
            *slot = *number;
        }
        (Version { numbers, label: self.label }, self.numbers.len())
    }
}

/// One bound.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Bound {
    AtLeast(Version),
    Above(Version),
    AtMost(Version),
    Below(Version),
}

impl Bound {
    fn allows(&self, version: &Version) -> bool {
        match self {
            Bound::AtLeast(bound) => version >= bound,
            Bound::Above(bound) => version > bound,
            Bound::AtMost(bound) => version <= bound,
            Bound::Below(bound) => version < bound,
        }
    }

    fn version(&self) -> &Version {
        let (Bound::AtLeast(version) | Bound::Above(version) | Bound::AtMost(version) | Bound::Below(version)) = self;
        version
    }
}

/// Which versions will do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionRange {
    text: String,
    /// Any of these will do, each a list of bounds that all hold. None for a word that is no version.
    alternatives: Option<Vec<Vec<Bound>>>,
}

impl VersionRange {
    /// Reads a range. A text that is none stands for exactly itself.
    pub fn new(text: &str) -> VersionRange {
        let text = text.trim().to_owned();
        let alternatives = match text.as_str() {
            "" | "latest" => Some(vec![vec![]]),
            _ => text.split("||").map(|part| alternative(part.trim())).collect(),
        };
        VersionRange { text, alternatives }
    }

    /// True when the version will do. A pre-release does only where the range names one of the same
    /// three numbers, as NPM has it.
    pub fn allows(&self, version: &str) -> bool {
        if self.text == version {
            return true;
        }
        let (Some(alternatives), Some(version)) = (&self.alternatives, Version::parse(version)) else { return false };
        alternatives.iter().any(|bounds| {
            let named = |b: &Bound| {
                let bound = b.version();
                // `-0` is where a next number begins, not a pre-release that somebody named.
                bound.numbers == version.numbers && !matches!(&*bound.label, [only] if &**only == "0")
            };
            bounds.iter().all(|b| b.allows(&version))
                && (!version.is_prerelease() || bounds.iter().any(|b| named(b) && b.version().is_prerelease()))
        })
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn alternative(text: &str) -> Option<Vec<Bound>> {
    if let Some((from, to)) = text.split_once(" - ") {
        let (from, _) = Partial::parse(from)?.filled();
        let mut bounds = vec![Bound::AtLeast(from)];
        bounds.extend(upper(Partial::parse(to)?));
        return Some(bounds);
    }
    // An operator may stand apart from its version.
    let mut words: Vec<String> = vec![];
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=', '^', '~']) => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
    }
    let mut bounds = vec![];
    for word in &words {
        bounds.extend(bounds_of(word)?);
    }
    Some(bounds)
}

/// The bound that includes all a partial version stands for: `1.4` up to before `1.5`.
fn upper(partial: Partial) -> Option<Bound> {
    match partial.filled() {
        (_, 0) => None,
        (version, 3) => Some(Bound::AtMost(version)),
        (version, given) => Some(Bound::Below(version.next(given - 1))),
    }
}

fn bounds_of(word: &str) -> Option<Vec<Bound>> {
    const OPERATORS: [&str; 6] = [">=", "<=", ">", "<", "^", "~"];
    let operator = OPERATORS.into_iter().find(|o| word.starts_with(o)).unwrap_or("");
    let partial = Partial::parse(&word[operator.len()..])?;
    let (version, given) = partial.filled();
    if given == 0 {
        return Some(vec![]);
    }
    let place = given - 1;
    Some(match operator {
        ">=" => vec![Bound::AtLeast(version)],
        "<" => vec![Bound::Below(version)],
        ">" if given == 3 => vec![Bound::Above(version)],
        ">" => vec![Bound::AtLeast(Version::release(version.next(place).numbers))],
        "<=" if given == 3 => vec![Bound::AtMost(version)],
        "<=" => vec![Bound::Below(version.next(place))],
        "~" => vec![Bound::AtLeast(version.clone()), Bound::Below(version.next(place.min(1)))],
        "^" => {
            // Up to the next change of the first number that is not zero.
            let place = version.numbers.iter().take(given).position(|n| *n > 0).unwrap_or(place);
            vec![Bound::AtLeast(version.clone()), Bound::Below(version.next(place))]
        }
        _ if given == 3 => vec![Bound::AtLeast(version.clone()), Bound::AtMost(version)],
        _ => vec![Bound::AtLeast(version.clone()), Bound::Below(version.next(place))],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_semver_orders_them() {
        let order = [
            "0.0.9",
            "0.10.0-beta.1",
            "0.10.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2",
            "1.3.19",
            "2.2.18",
            "10.0.0",
        ];
        for pair in order.windows(2) {
            let [a, b] = pair else { continue };
            assert!(Version::parse(a).unwrap() < Version::parse(b).unwrap(), "{a} < {b}");
        }
        assert_eq!(Version::parse("v1.0.0+build"), Version::parse("1.0.0"));
        for text in [
            "",
            "current",
            "1.0.0.0",
            "1.x",
            "1.0-rc.1",
            "1.0.0-",
            "1.0.0-a..b",
            "-1",
            "1.0.0-é",
            "99999999999999999999",
        ] {
            let version = Version::parse(text);
            assert!(version.is_none() || text == "1.x", "{text}: {version:?}");
        }
    }

    #[test]
    fn ranges_allow_what_npm_allows() {
        let table: [(&str, &[&str], &[&str]); 20] = [
            ("2.2.18", &["2.2.18"], &["2.2.17", "2.2.19", "2.2.18-rc.1"]),
            ("4.0.x", &["4.0.0", "4.0.1"], &["4.1.0", "3.9.9", "4.1.0-beta.1", "4.0.1-beta.1"]),
            ("2.0", &["2.0.0", "2.0.9"], &["2.1.0"]),
            ("1.x", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.0"]),
            ("^2.0", &["2.0.0", "2.2.18"], &["3.0.0", "1.9.0", "3.0.0-rc.1"]),
            ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0", "0.2.2"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4"]),
            ("^0.x", &["0.0.1", "0.9.0"], &["1.0.0"]),
            ("~1.3.2", &["1.3.2", "1.3.19"], &["1.4.0", "1.3.1"]),
            ("~1", &["1.0.0", "1.9.0"], &["2.0.0"]),
            (">=1.0 <2.0", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.0"]),
            (">= 1.0 < 2.0", &["1.0.0"], &["2.0.0"]),
            (">1.2", &["1.3.0"], &["1.2.9", "1.2.0"]),
            ("<=1.2", &["1.2.9", "0.1.0"], &["1.3.0"]),
            ("1.0 - 1.4", &["1.0.0", "1.4.7"], &["1.5.0", "0.9.9"]),
            ("1.x || 3.x", &["1.5.0", "3.5.0"], &["2.0.0"]),
            ("0.11.0-beta.1", &["0.11.0-beta.1"], &["0.11.0-beta.2", "0.11.0"]),
            ("^1.0.0-rc.2", &["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.4.0"], &["1.0.0-rc.1", "1.4.0-rc.1", "2.0.0"]),
            ("latest", &["1.0.0", "9.0.0"], &["1.0.0-rc.1"]),
            ("current", &["current"], &["1.0.0", "dev"]),
        ];
        for (range, allowed, refused) in table {
            let range = VersionRange::new(range);
            for version in allowed {
                assert!(range.allows(version), "{range} allows {version}");
            }
            for version in refused {
                assert!(!range.allows(version), "{range} does not allow {version}");
            }
        }
    }
}
