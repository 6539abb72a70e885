//! Keyed pseudonyms: the same person is the same under one key, and nobody under another.
//!
//! A pseudonym has the length and the shape of what it stands for, so that places in a text stay where they
//! are and a BSN stays a BSN. HMAC-SHA-256 (RFC 2104) is what cannot be turned around.

use ring::hmac;

use crate::exchange::Bsn;

/// The key of pseudonyms. `Debug` does not show it.
#[derive(Clone)]
pub struct MaskKey(hmac::Key);

impl std::fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskKey(…)")
    }
}

/// BSNs of the range that is kept for tests begin with this.
pub const TEST_RANGE: &str = "999";

impl MaskKey {
    /// From any secret text or bytes.
    pub fn new(secret: &[u8]) -> MaskKey {
        MaskKey(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    fn tag(&self, kind: &str, value: &[u8], block: u8) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value);
        context.update(&[block]);
        context.sign()
    }

    /// A number that only the key's owner can connect with the value.
    fn number(&self, kind: &str, value: &[u8]) -> u64 {
        let tag = self.tag(kind, value, 0);
        tag.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The keyed hash of these bytes, in hexadecimal: shows that two things are the same, and nothing else.
    pub fn hash(&self, bytes: &[u8]) -> String {
        hex(self.tag("hash", bytes, 0).as_ref())
    }

    /// Eight hexadecimal digits for a secret.
    pub fn secret(&self, secret: &str) -> String {
        hex(self.tag("secret", secret.as_bytes(), 0).as_ref()).chars().take(8).collect()
    }

    /// A test BSN for a BSN; digits of the same number for one that is wrong, wrong as well.
    pub fn bsn(&self, digits: &str) -> String {
        let start = self.number("bsn", digits.as_bytes());
        if digits.len() != 9 {
            return self.digits(digits);
        }
        let valid = Bsn::parse(digits).is_ok();
        // One in eleven is a BSN, so this ends soon.
        let tries = (0..1_000u64).map(|step| format!("{TEST_RANGE}{:06}", (start.wrapping_add(step)) % 1_000_000));
        let fits = |number: &String| Bsn::parse(number).is_ok() == valid && number != digits;
        tries.into_iter().find(fits).unwrap_or_else(|| self.digits(digits))
    }

    fn digits(&self, digits: &str) -> String {
        let tag = self.tag("digits", digits.as_bytes(), 0);
        let stream = tag.as_ref().iter().cycle();
        digits
            .chars()
            .zip(stream)
            .map(|(c, byte)| if c.is_ascii_digit() { char::from(b'0' + byte % 10) } else { c })
            .collect()
    }

    /// A name for a name: letters for letters, in the case they have; what is no letter stays, and so does an
    /// escape (`\u00e9`, `&#233;`). The length in bytes is the same.
    pub fn name(&self, name: &str) -> String {
        let plain = unescaped(name).to_lowercase();
        let mut stream = (0..=u8::MAX).flat_map(|block| {
            let tag = self.tag("name", plain.as_bytes(), block);
            tag.as_ref().to_vec()
        });
        let mut out = String::with_capacity(name.len());
        let mut rest = name;
        while let Some(first) = rest.chars().next() {
            let length = escape(rest).unwrap_or(first.len_utf8());
            let (one, after) = rest.split_at(length);
            let byte = stream.next().unwrap_or(7);
            if length == first.len_utf8() {
                out.push(other(first, byte))
            } else {
                out.push_str(one)
            }
            rest = after;
        }
        out
    }
}

/// Letters that stand for others of as many bytes.
fn other(letter: char, byte: u8) -> char {
    const LETTERS: u8 = 26;
    let from = |first: u32, count: u8| char::from_u32(first + u32::from(byte % count)).unwrap_or(letter);
    match letter {
        'a'..='z' => from(u32::from(b'a'), LETTERS),
        'A'..='Z' => from(u32::from(b'A'), LETTERS),
        '0'..='9' => from(u32::from(b'0'), 10),
        // Latin, Greek and Cyrillic letters of two bytes, and the ideographs of three.
        '\u{c0}'..='\u{24f}' => from(0xe0, 23),
        '\u{370}'..='\u{3ff}' => from(0x3b1, 15),
        '\u{400}'..='\u{4ff}' => from(0x430, 32),
        '\u{1e00}'..='\u{1eff}' => from(0x1e01, 100),
        '\u{3040}'..='\u{9fff}' => from(0x4e00, 100),
        _ => letter,
    }
}

/// The length of an escape of JSON, XML or a URL at the start of a text.
fn escape(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'\\' => match bytes.get(1)? {
            b'u' => text.get(..6).map(str::len),
            other if other.is_ascii() => Some(2),
            _ => None,
        },
        b'%' => {
            let hex = bytes.get(1..3)?;
            hex.iter().all(u8::is_ascii_hexdigit).then_some(3)
        }
        b'&' => text.bytes().take(12).position(|b| b == b';').map(|at| at + 1),
        _ => None,
    }
}

/// A text with escapes of JSON and XML as the characters they are.
pub fn unescaped(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(['\\', '&']) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = escape(rest).unwrap_or(first.len_utf8());
        let (one, after) = rest.split_at(length);
        let number = |digits: &str, radix: u32| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let meant = match one {
            "&amp;" => Some('&'),
            "&apos;" => Some('\''),
            "&quot;" => Some('"'),
            _ if one.starts_with("\\u") => number(&one[2..], 16),
            _ if one.starts_with("&#x") => number(one.trim_start_matches("&#x").trim_end_matches(';'), 16),
            _ if one.starts_with("&#") => number(one.trim_start_matches("&#").trim_end_matches(';'), 10),
            _ => None,
        };
        match meant {
            Some(meant) => out.push(meant),
            None if length == 2 && one.starts_with('\\') => out.push_str(&one[1..]),
            None => out.push_str(one),
        }
        rest = after;
    }
    out.into()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_keeps_the_shape_is_stable_and_is_another_under_another_key() {
        let (key, other) = (MaskKey::new(b"one"), MaskKey::new(b"two"));
        for name in ["Keurmeester", "de Vries-Jansen", "René", "Ren\\u00e9", "O'Neill", "Παπαδόπουλος", "Ng", "李小龙"]
        {
            let masked = key.name(name);
            assert_eq!(masked.len(), name.len(), "{masked}");
            assert_eq!(masked, key.name(name));
            assert_ne!(masked, name);
            assert_ne!(masked, other.name(name));
        }
        assert_eq!(key.name("JANSEN"), key.name("Jansen").to_uppercase());
        assert_eq!(key.name("René")[..3], key.name("Ren\\u00e9")[..3]);
    }

    #[test]
    fn a_bsn_becomes_a_test_bsn_and_a_wrong_one_stays_wrong() {
        let key = MaskKey::new(b"one");
        for (digits, valid) in [("123456782", true), ("999911120", true), ("123456789", false)] {
            let masked = key.bsn(digits);
            assert_eq!((masked.len(), Bsn::parse(&masked).is_ok()), (9, valid), "{masked}");
            assert!(masked.starts_with(TEST_RANGE) && masked != digits);
        }
        assert_eq!(key.bsn("12345678").len(), 8);
        assert_ne!(key.bsn("123456782"), MaskKey::new(b"two").bsn("123456782"));
    }

    proptest::proptest! {
        #[test]
        fn no_name_makes_it_panic_and_the_length_stays(name in "\\PC{0,20}", extra in "[\\\\&u0-9;#x]{0,12}") {
            let key = MaskKey::new(b"k");
            let text = format!("{name}{extra}");
            proptest::prop_assert_eq!(key.name(&text).len(), text.len());
            unescaped(&text);
        }
    }
}
