//! Values that may be used but not shown: their `Debug` and `Display` never hold them.

use std::fmt;

/// A token that gives access. `Display` and `Debug` write dots.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct AccessToken(String);

impl AccessToken {
    /// Takes a token, with or without `Bearer ` before it; white space around it goes.
    pub fn new(token: impl Into<String>) -> AccessToken {
        let token = token.into();
        let bare = token.trim();
        let bare = match bare.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => bare[7..].trim_start(),
            _ => bare,
        };
        AccessToken(bare.to_owned())
    }

    /// The token itself, for the request only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `Bearer …` as the Authorization header takes it (RFC 6750 section 2.1), for the request only.
    pub fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

impl fmt::Display for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A citizen service number (BSN): nine digits that pass the eleven-test. `Display` and `Debug` keep
/// only the last two.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bsn(String);

/// The text is not a BSN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a BSN: nine digits that pass the eleven-test are expected")]
pub struct InvalidBsn;

impl Bsn {
    /// The FHIR naming system of BSNs.
    pub const SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
    /// The same as an OID.
    pub const OID: &str = "2.16.840.1.113883.2.4.6.3";

    /// Reads nine digits.
    pub fn parse(text: &str) -> Result<Bsn, InvalidBsn> {
        if Bsn::passes_eleven_test(text.as_bytes()) { Ok(Bsn(text.to_owned())) } else { Err(InvalidBsn) }
    }

    /// Digits weighed 9, 8, …, 2, -1 add up to a multiple of eleven, and are not all zero.
    pub(super) fn passes_eleven_test(digits: &[u8]) -> bool {
        const WEIGHTS: [i32; 9] = [9, 8, 7, 6, 5, 4, 3, 2, -1];
        if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
            return false;
        }
        let sum: i32 = digits.iter().zip(WEIGHTS).map(|(d, w)| i32::from(d - b'0') * w).sum();
        sum % 11 == 0 && digits.iter().any(|d| *d != b'0')
    }

    /// The number itself, for requests and comparison only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bsn({self})")
    }
}

impl fmt::Display for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*******{}", self.0.get(7..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_written() {
        let token = AccessToken::new("Bearer 5f3c-secret");
        assert_eq!(token.expose(), "5f3c-secret");
        assert_eq!(token.header(), "Bearer 5f3c-secret");
        assert!(!format!("{token} {token:?}").contains("secret"));
    }

    #[test]
    fn the_eleven_test_decides_what_a_bsn_is() {
        for (text, valid) in [
            ("999911120", true),
            ("999901394", true),
            ("123456782", true),
            ("123456789", false),
            ("000000000", false),
            ("99991112", false),
            ("9999111200", false),
            ("99991112a", false),
        ] {
            assert_eq!(Bsn::parse(text).is_ok(), valid, "{text}");
        }
        let bsn = Bsn::parse("999911120").unwrap();
        assert_eq!(format!("{bsn} {bsn:?}"), "*******20 Bsn(*******20)");
    }
}
