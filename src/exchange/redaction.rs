//! What may not be shown: secrets in headers and URLs, and citizen service numbers.
//!
//! Masking happens twice. What is *recorded* keeps a short hash in place of a secret, so that two
//! requests with the same token can be seen to have it ([`recorded_header`], [`recorded_url`]). What is
//! *shown* loses BSNs too ([`shown_url`], [`mask_bsns`]).

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::secret::Bsn;

/// What stands in place of a secret.
pub const MASK: &str = "…";

/// Header fields whose value gives access.
const SECRET_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-amz-security-token",
    "ocp-apim-subscription-key",
];

/// Query (and form) parameters whose value gives access.
const SECRET_PARAMETERS: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "token",
    "code",
    "client_secret",
    "client_assertion",
    "code_verifier",
    "assertion",
    "password",
    "apikey",
    "api_key",
];

/// Parameters above that mean something else in a FHIR search; they are secret only outside one.
const AMBIGUOUS_PARAMETERS: &[&str] = &["code"];

/// True when the value of this header field is a secret.
pub fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|h| h.eq_ignore_ascii_case(name))
}

/// A header value as it is recorded: the scheme (`Bearer`) stays, the rest becomes a short hash.
pub fn recorded_header<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if !is_secret_header(name) {
        return Cow::Borrowed(value);
    }
    let (scheme, secret) = split_scheme(name, value);
    if is_recorded_form(secret) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{scheme}{}", recorded_secret(secret)))
}

/// What a record holds in the place of a secret: comparable, and of no use to anybody else.
pub fn recorded_secret(secret: &str) -> String {
    if is_recorded_form(secret) {
        return secret.to_owned();
    }
    format!("{MASK}sha256:{}", short_hash(secret))
}

/// What was recorded once is recorded again as it is: a replay reads records.
fn is_recorded_form(secret: &str) -> bool {
    // `masked:` is the same under a key, in what leaves the run folder.
    let rest = secret.strip_prefix(MASK);
    let hash = rest.and_then(|rest| rest.strip_prefix("sha256:").or_else(|| rest.strip_prefix("masked:")));
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A header value as it is shown.
pub fn shown_header<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if !is_secret_header(name) {
        return mask_bsns(value);
    }
    let (scheme, _) = split_scheme(name, value);
    Cow::Owned(format!("{scheme}{MASK}"))
}

/// `Bearer ` and the token; cookies and keys have no scheme.
fn split_scheme<'v>(name: &str, value: &'v str) -> (&'v str, &'v str) {
    let has_scheme = name.to_ascii_lowercase().ends_with("authorization");
    match value.find(' ') {
        Some(space) if has_scheme => value.split_at(space + 1),
        _ => ("", value),
    }
}

/// The first eight hexadecimal digits of the SHA-256.
fn short_hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().take(4).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A URL as it is recorded: secret query parameters and a password before the host become a short hash.
pub fn recorded_url(url: &str) -> Cow<'_, str> {
    replace_secrets(url, recorded_secret)
}

/// A URL as it is shown: without secrets and without BSNs.
pub fn shown_url(url: &str) -> Cow<'_, str> {
    let masked = replace_secrets(url, |_| MASK.to_owned());
    match mask_bsns(&masked) {
        Cow::Owned(without) => Cow::Owned(without),
        Cow::Borrowed(_) => masked,
    }
}

fn replace_secrets(url: &str, mask: impl Fn(&str) -> String) -> Cow<'_, str> {
    let (head, query) = url.split_once('?').unwrap_or((url, ""));
    let head_masked = mask_user_info(head, &mask);
    let is_secret = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        let known = SECRET_PARAMETERS.iter().any(|p| p.eq_ignore_ascii_case(name));
        // An authorization code comes with a state or an issuer; a FHIR search on `code` does not.
        let ambiguous = AMBIGUOUS_PARAMETERS.iter().any(|p| p.eq_ignore_ascii_case(name));
        let in_redirect = || query.split('&').any(|p| ["state=", "redirect_uri="].iter().any(|s| p.starts_with(s)));
        pair.contains('=') && known && (!ambiguous || in_redirect())
    };
    if !query.split('&').any(|p| is_secret(&p)) && matches!(head_masked, Cow::Borrowed(_)) {
        return Cow::Borrowed(url);
    }
    let mut out = head_masked.into_owned();
    for (i, pair) in query.split('&').enumerate() {
        if query.is_empty() {
            break;
        }
        out.push(if i == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, value)) if is_secret(&pair) => {
                let _ = write!(out, "{name}={}", mask(value));
            }
            _ => out.push_str(pair),
        }
    }
    Cow::Owned(out)
}

/// `https://user:password@host` without the password.
fn mask_user_info<'u>(head: &'u str, mask: &impl Fn(&str) -> String) -> Cow<'u, str> {
    let Some((scheme, rest)) = head.split_once("://") else { return Cow::Borrowed(head) };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')) {
        Some((user, password)) => {
            let after = &rest[user.len() + 1 + password.len()..];
            Cow::Owned(format!("{scheme}://{user}:{}{after}", mask(password)))
        }
        None => Cow::Borrowed(head),
    }
}

/// How far from a mention of the BSN system a number still belongs to it, in bytes: the two stand in one
/// Identifier, or on both sides of a `|`.
const BESIDE: usize = 256;

/// A text in which BSNs are masked: nine digits that pass the eleven-test beside a mention of the
/// BSN system. Other numbers stay, so that a report does not lose what it is about.
pub fn mask_bsns(text: &str) -> Cow<'_, str> {
    let mentions = mentions_of_bsn(text);
    if mentions.is_empty() {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            at += 1;
            continue;
        }
        let end = at + digits;
        // `%7C999911120`: the digits of a percent-escape are not of the number, and a letter follows them.
        let beside = mentions.iter().any(|m| m.abs_diff(at) <= BESIDE);
        if beside && Bsn::passes_eleven_test(&bytes[at..end]) {
            out.push_str(&text[copied..at]);
            out.push_str("*********");
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Where the BSN system is mentioned, percent-encoded or not.
fn mentions_of_bsn(text: &str) -> Vec<usize> {
    const WAYS: [&str; 4] = ["NamingSystem/bsn", "NamingSystem%2Fbsn", "NamingSystem%2fbsn", Bsn::OID];
    WAYS.iter().flat_map(|way| text.match_indices(way).map(|(at, _)| at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_headers_are_hashed_in_the_record_and_gone_when_shown() {
        for (name, value, shown) in [
            ("Authorization", "Bearer abc-123", "Bearer …"),
            ("authorization", "abc-123", "…"),
            ("Cookie", "session=abc-123; b=abc-123", "…"),
            ("X-API-Key", "abc-123", "…"),
        ] {
            assert_eq!(shown_header(name, value), shown);
            let recorded = recorded_header(name, value);
            assert!(!recorded.contains("abc-123") && recorded.contains("sha256:"), "{recorded}");
        }
        assert_eq!(shown_header("Accept", "application/fhir+json"), "application/fhir+json");
        assert_ne!(recorded_header("Authorization", "Bearer a"), recorded_header("Authorization", "Bearer b"));
    }

    #[test]
    fn secrets_in_urls_go_and_the_rest_stays() {
        for (url, shown) in [
            ("https://a/b?access_token=x&_count=2", "https://a/b?access_token=…&_count=2"),
            ("https://a/Observation?code=http://loinc.org|1-8", "https://a/Observation?code=http://loinc.org|1-8"),
            ("https://app/cb?code=x&state=y", "https://app/cb?code=…&state=y"),
            ("https://me:pw@a/b", "https://me:…@a/b"),
            ("https://a/b", "https://a/b"),
            ("https://a/b?", "https://a/b?"),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }

    #[test]
    fn bsns_are_masked_beside_their_system_only() {
        for (text, masked_here) in [
            ("patient.identifier=http://fhir.nl/fhir/NamingSystem/bsn|999911120", true),
            ("identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C999911120&x=1", true),
            (r#"{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999911120"}"#, true),
            (r#"<value value="999911120"/><system value="http://fhir.nl/fhir/NamingSystem/bsn"/>"#, true),
            ("urn:oid:2.16.840.1.113883.2.4.6.3|999911120", true),
            ("AGB 999911120", false),
            ("http://fhir.nl/fhir/NamingSystem/bsn|999911121", false),
            ("http://fhir.nl/fhir/NamingSystem/bsn|9999111200", false),
        ] {
            let masked = mask_bsns(text);
            assert_eq!(masked.contains("*********"), masked_here, "{text} became {masked}");
            assert_eq!(masked == text, !masked_here, "{text} became {masked}");
        }
    }

    proptest::proptest! {
        #[test]
        fn masking_twice_is_masking_once_and_no_text_makes_it_panic(
            text in "\\PC{0,40}",
            number in "[0-9]{7,11}",
            query in "(token|code|x)=[a-z%&=?/@:#]{0,20}",
        ) {
            let text = format!("{text}{}|{number}?{query}", Bsn::SYSTEM);
            let masked = shown_url(&text).into_owned();
            proptest::prop_assert_eq!(shown_url(&masked), masked.as_str());
            recorded_url(&text);
        }
    }
}
