//! The part of UCUM (<http://ucum.org/ucum.html>) that comparing quantities needs: the units that
//! health data are full of, their metric prefixes, products, quotients and powers. A unit outside the
//! table is not known, and then nothing is claimed about it.

use rust_decimal::Decimal;

/// A value in base units and its dimensions: exponents of metre, gram, second, mole, kelvin, ampere,
/// and of counting units that do not mix with others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measure {
    value: Decimal,
    dimensions: [i8; DIMENSIONS],
}

const DIMENSIONS: usize = 6;
const NONE: [i8; DIMENSIONS] = [0; DIMENSIONS];
const LENGTH: [i8; DIMENSIONS] = [1, 0, 0, 0, 0, 0];
const MASS: [i8; DIMENSIONS] = [0, 1, 0, 0, 0, 0];
const TIME: [i8; DIMENSIONS] = [0, 0, 1, 0, 0, 0];
const AMOUNT: [i8; DIMENSIONS] = [0, 0, 0, 1, 0, 0];
const TEMPERATURE: [i8; DIMENSIONS] = [0, 0, 0, 0, 1, 0];
const VOLUME: [i8; DIMENSIONS] = [3, 0, 0, 0, 0, 0];
const PRESSURE: [i8; DIMENSIONS] = [-1, 1, -2, 0, 0, 0];
const ENERGY: [i8; DIMENSIONS] = [2, 1, -2, 0, 0, 0];
const FREQUENCY: [i8; DIMENSIONS] = [0, 0, -1, 0, 0, 0];

/// Code, whether it takes metric prefixes, size in base units (mantissa, decimals), dimensions.
type Atom = (&'static str, bool, (i64, u32), [i8; DIMENSIONS]);

const ATOMS: [Atom; 24] = [
    ("1", false, (1, 0), NONE),
    ("%", false, (1, 2), NONE),
    ("m", true, (1, 0), LENGTH),
    ("[in_i]", false, (254, 4), LENGTH),
    ("[ft_i]", false, (3048, 4), LENGTH),
    ("g", true, (1, 0), MASS),
    ("t", true, (1_000_000, 0), MASS),
    ("[lb_av]", false, (45_359_237, 5), MASS),
    ("[oz_av]", false, (28_349_523_125, 9), MASS),
    ("s", true, (1, 0), TIME),
    ("min", false, (60, 0), TIME),
    ("h", false, (3600, 0), TIME),
    ("d", false, (86_400, 0), TIME),
    ("wk", false, (604_800, 0), TIME),
    ("mo", false, (2_629_800, 0), TIME),
    ("a", false, (31_557_600, 0), TIME),
    ("mol", true, (1, 0), AMOUNT),
    ("K", true, (1, 0), TEMPERATURE),
    ("L", true, (1, 3), VOLUME),
    ("l", true, (1, 3), VOLUME),
    ("Pa", true, (1000, 0), PRESSURE),
    ("bar", true, (100_000_000, 0), PRESSURE),
    ("J", true, (1000, 0), ENERGY),
    ("Hz", true, (1, 0), FREQUENCY),
];

/// Metric prefixes and their powers of ten.
const PREFIXES: [(&str, i32); 12] = [
    ("da", 1),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
];

impl Measure {
    /// One of a unit, in base units.
    pub fn of_unit(code: &str) -> Option<Measure> {
        let mut result = Measure { value: Decimal::ONE, dimensions: NONE };
        let mut rest = code;
        let mut sign = 1;
        loop {
            let end = rest.find(['.', '/']).unwrap_or(rest.len());
            let (component, tail) = rest.split_at(end);
            if !(component.is_empty() && sign == 1 && rest.len() == code.len()) {
                result = result.combine(&Measure::component(component)?, sign)?;
            }
            match tail.as_bytes().first() {
                None => return Some(result),
                Some(b'/') => sign = -1,
                Some(_) => sign = 1,
            }
            rest = &tail[1..];
        }
    }

    /// `cm2`, `s-1`, `10*3`, `{annotation}`.
    fn component(text: &str) -> Option<Measure> {
        let text = match text.split_once('{') {
            Some((before, annotation)) if annotation.ends_with('}') => before,
            _ => text,
        };
        if text.is_empty() {
            return Some(Measure { value: Decimal::ONE, dimensions: NONE });
        }
        if let Some(power) = text.strip_prefix("10*").or_else(|| text.strip_prefix("10^")) {
            let value = power_of_ten(power.parse().ok()?)?;
            return Some(Measure { value, dimensions: NONE });
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let (symbol, exponent) = if digits.is_empty() || digits.len() == text.len() {
            (text, 1)
        } else {
            let start = digits.strip_suffix(['+', '-']).map_or(digits.len(), str::len);
            (&text[..start], text[start..].parse().ok()?)
        };
        let unit = Measure::atom(symbol)?;
        let mut result = Measure { value: Decimal::ONE, dimensions: NONE };
        for _ in 0..i32::abs(exponent).min(20) {
            result = result.combine(&unit, exponent.signum())?;
        }
        Some(result)
    }

    fn atom(symbol: &str) -> Option<Measure> {
        let plain = |(_, _, (mantissa, scale), dimensions): &Atom| Measure {
            value: Decimal::new(*mantissa, *scale),
            dimensions: *dimensions,
        };
        if let Some(atom) = ATOMS.iter().find(|(code, ..)| *code == symbol) {
            return Some(plain(atom));
        }
        PREFIXES.iter().find_map(|(prefix, power)| {
            let rest = symbol.strip_prefix(prefix)?;
            let atom = ATOMS.iter().find(|(code, metric, ..)| *metric && *code == rest)?;
            plain(atom).times(power_of_ten(*power)?)
        })
    }

    fn combine(&self, other: &Measure, sign: i32) -> Option<Measure> {
        let value = match sign {
            1 => self.value.checked_mul(other.value)?,
            _ => self.value.checked_div(other.value)?,
        };
        let mut dimensions = self.dimensions;
        for (mine, theirs) in dimensions.iter_mut().zip(other.dimensions) {
            *mine = mine.checked_add(theirs.checked_mul(sign as i8)?)?;
        }
        Some(Measure { value, dimensions })
    }

    /// So many of them.
    pub fn times(&self, count: Decimal) -> Option<Measure> {
        Some(Measure { value: self.value.checked_mul(count)?, dimensions: self.dimensions })
    }

    /// In base units.
    pub fn value(&self) -> Decimal {
        self.value
    }

    /// True when both measure the same thing.
    pub fn is_comparable(&self, other: &Measure) -> bool {
        self.dimensions == other.dimensions
    }
}

fn power_of_ten(power: i32) -> Option<Decimal> {
    match u32::try_from(power) {
        Ok(power) => (power <= 27).then(|| (0..power).fold(Decimal::ONE, |product, _| product * Decimal::TEN)),
        Err(_) => (power >= -28).then(|| Decimal::new(1, power.unsigned_abs())),
    }
}
