//! From the parts of an operation to the URL that is asked.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What is percent-encoded in params: all but the characters RFC 3986 allows in a query, and of those
/// also `+`, which form decoders read as a space. `%` is dealt with apart.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'+');

/// Percent-encodes params as `encodeRequestUrl` asks. What is encoded already stays as it is: a `%`
/// followed by two hexadecimal digits is not encoded again.
pub fn encode(params: &str) -> String {
    let mut out = String::with_capacity(params.len() + 16);
    let mut rest = params;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        out.extend(utf8_percent_encode(before, ENCODED));
        let escape = after.as_bytes().get(1..3).is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit));
        out.push_str(if escape { "%" } else { "%25" });
        rest = &after[1..];
    }
    out.extend(utf8_percent_encode(rest, ENCODED));
    out
}

/// Percent-escapes back to characters; a `+` stays a `+`.
pub fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The query parameters of a URL in order, names and values decoded (in values a `+` stays a `+`).
pub fn query(url: &str) -> Vec<(String, String)> {
    let url = url.split('#').next().unwrap_or_default();
    let Some((_, query)) = url.split_once('?') else { return vec![] };
    let pair = |p: &str| {
        let (name, value) = p.split_once('=').unwrap_or((p, ""));
        (decode(name), decode(value))
    };
    query.split('&').filter(|p| !p.is_empty()).map(pair).collect()
}

/// The URL of an operation without one of its own: base, resource type and params. A `/` comes between
/// type and params unless they begin with one or with `?`; `Task` and `123` make `Task/123`.
pub fn join(base: &str, resource: Option<&str>, params: Option<&str>, encoded: bool) -> String {
    let mut url = base.trim_end_matches('/').to_owned();
    if let Some(resource) = resource.filter(|r| !r.is_empty()) {
        url.push('/');
        url.push_str(resource);
    }
    if let Some(params) = params.filter(|p| !p.is_empty()) {
        if !params.starts_with(['/', '?']) {
            url.push('/');
        }
        if encoded { url.push_str(&encode(params)) } else { url.push_str(params) }
    }
    url
}

/// The URL of an operation that brings its own: a relative one (`Binary/1`) is seen from the base.
pub fn absolute(base: &str, url: &str, encoded: bool) -> String {
    let has_scheme = url.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    if !has_scheme {
        return join(base, None, Some(url), encoded);
    }
    if encoded { encode(url) } else { url.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BASE: &str = "https://dva.example/48/fhir";

    #[test]
    fn params_are_joined_as_scripts_write_them() {
        for (resource, params, url) in [
            (Some("Patient"), None, "/Patient"),
            (
                Some("Patient"),
                Some("?_include=Patient:general-practitioner"),
                "/Patient?_include=Patient:general-practitioner",
            ),
            (Some("Observation"), Some("/$lastn?code=a"), "/Observation/$lastn?code=a"),
            (Some("Task"), Some("123"), "/Task/123"),
            (Some("Patient"), Some("/123"), "/Patient/123"),
            (Some("DocumentReference"), Some("/$"), "/DocumentReference/$"),
            (Some("Patient"), Some("p-1/$purge"), "/Patient/p-1/$purge"),
            (None, None, ""),
            (Some(""), Some("?a=b"), "?a=b"),
            (
                Some("Observation"),
                Some("?code=http://loinc.org|1-8,http://loinc.org|2-9"),
                "/Observation?code=http://loinc.org%7C1-8,http://loinc.org%7C2-9",
            ),
            (
                Some("Observation"),
                Some("?date=ge2026-01-01T10:00:00+02:00"),
                "/Observation?date=ge2026-01-01T10:00:00%2B02:00",
            ),
            (Some("Patient"), Some("?family=de Boer&given=Çelik"), "/Patient?family=de%20Boer&given=%C3%87elik"),
            (Some("Patient"), Some("?identifier=bsn%7C1&x=100%"), "/Patient?identifier=bsn%7C1&x=100%25"),
        ] {
            assert_eq!(join(BASE, resource, params, true), format!("{BASE}{url}"), "{resource:?} {params:?}");
        }
        assert_eq!(join("https://a/fhir/", Some("Patient"), Some("?a=b|c"), false), "https://a/fhir/Patient?a=b|c");
    }

    #[test]
    fn urls_of_their_own_are_absolute_or_seen_from_the_base() {
        for (url, expected) in [
            ("https://other.example/Binary/1", "https://other.example/Binary/1"),
            ("Binary/1", "https://dva.example/48/fhir/Binary/1"),
            ("/Binary/1", "https://dva.example/48/fhir/Binary/1"),
            ("https://other.example/a b?c=d|e", "https://other.example/a%20b?c=d%7Ce"),
        ] {
            assert_eq!(absolute(BASE, url, true), expected);
        }
    }

    #[test]
    fn parameters_come_out_decoded() {
        assert_eq!(
            query("https://a/b?x=1%7C2&y&z=a=b&x=%2B#part?"),
            [("x", "1|2"), ("y", ""), ("z", "a=b"), ("x", "+")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        assert_eq!(query("https://a/b"), []);
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same(params in "\\PC{0,40}") {
            // A literal escape in the params is taken for one: that is the rule, not a loss.
            prop_assume!(!has_escape(&params));
            let encoded = encode(&params);
            prop_assert_eq!(decode(&encoded), params);
            prop_assert_eq!(encode(&encoded), encoded.clone());
            prop_assert!(encoded.is_ascii());
        }

        #[test]
        fn parameters_survive_the_url(names in prop::collection::vec("[a-z_]{1,8}(:[a-z]{1,4})?", 1..5), value in "[^&#%]{0,20}") {
            let params: Vec<String> = names.iter().map(|n| format!("{n}={value}")).collect();
            let url = join(BASE, Some("Observation"), Some(&format!("?{}", params.join("&"))), true);
            let expected: Vec<_> = names.iter().map(|n| (n.clone(), value.clone())).collect();
            prop_assert_eq!(query(&url), expected.clone());
            let on_the_wire = url::Url::parse(&url).unwrap();
            prop_assert_eq!(query(on_the_wire.as_str()), expected);
        }
    }

    fn has_escape(text: &str) -> bool {
        text.as_bytes().windows(3).any(|w| w[0] == b'%' && w[1..].iter().all(u8::is_ascii_hexdigit))
    }
}
