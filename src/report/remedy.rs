//! What to do about an exchange that was refused or not answered, and about a finding that says what it
//! misses. What to do about any other finding is in the rule registry.

use crate::diagnostic::{Code, Language, Words};
use crate::engine::code;
use crate::record::Miss;

use super::model::ActionReport;

/// By HTTP status (RFC 9110, section 15).
const STATUSES: &[(u16, Words)] = &[
    (
        200,
        Words::new(
            "the server accepted what it should refuse: look in its log for what it did with this request",
            "de server accepteerde wat die moet weigeren: kijk in het log wat die met dit verzoek deed",
        ),
    ),
    (
        300,
        Words::new(
            "answer the request at its own URL: keur follows no redirection",
            "beantwoord het verzoek op de eigen URL: keur volgt geen doorverwijzing",
        ),
    ),
    (
        400,
        Words::new(
            "look in the answer for the parameter or element that was not accepted",
            "kijk in het antwoord welke parameter of welk element niet werd geaccepteerd",
        ),
    ),
    (
        401,
        Words::new(
            "the token is missing, expired or unknown to the server: give a fresh one with `--token NAME=env:VAR`",
            "het token ontbreekt, is verlopen of is onbekend bij de server: geef een nieuw met `--token NAAM=env:VAR`",
        ),
    ),
    (
        403,
        Words::new(
            "the token is known but may not do this: check its scope and its patient",
            "het token is bekend maar mag dit niet: controleer de scope en de patiënt ervan",
        ),
    ),
    (
        404,
        Words::new(
            "check the base URL in `--target`, and whether the server supports this resource type",
            "controleer de basis-URL in `--target`, en of de server dit resourcetype ondersteunt",
        ),
    ),
    (
        406,
        Words::new(
            "the server does not offer the format that the script asks for in Accept",
            "de server biedt het formaat niet dat het script in Accept vraagt",
        ),
    ),
    (
        429,
        Words::new(
            "the server limits the number of requests: raise its limit or run fewer scripts at once",
            "de server beperkt het aantal verzoeken: verhoog die grens of voer minder scripts tegelijk uit",
        ),
    ),
    (500, Words::new("look in the server's log at this moment", "kijk in het log van de server op dit moment")),
    (
        502,
        Words::new(
            "a proxy answered because the server behind it did not: check that it runs",
            "een proxy antwoordde omdat de server erachter dat niet deed: controleer of die draait",
        ),
    ),
    (
        503,
        Words::new("the server is not ready: try again when it is", "de server is niet klaar: probeer het later weer"),
    ),
    (
        504,
        Words::new(
            "a proxy gave up waiting for the server behind it: check that it runs",
            "een proxy wachtte te lang op de server erachter: controleer of die draait",
        ),
    ),
];

/// By the kind of failure, as the record names it.
const FAILURES: &[(&str, Words)] = &[
    (
        "url",
        Words::new(
            "give `--target` a base URL such as `https://host/fhir`",
            "geef `--target` een basis-URL zoals `https://host/fhir`",
        ),
    ),
    (
        "refused",
        Words::new(
            "only the target's own host may be asked with `--offline`: leave it out, or correct the URL",
            "met `--offline` mag alleen de host van het doel worden bevraagd: laat het weg, of verbeter de URL",
        ),
    ),
    (
        "person",
        Words::new(
            "test an environment with test persons only; the answer was neither judged nor kept",
            "test een omgeving met alleen testpersonen; het antwoord is niet beoordeeld en niet bewaard",
        ),
    ),
    (
        "connect",
        Words::new(
            "check the host and port in `--target`, and that the server is running and reachable from here",
            "controleer host en poort in `--target`, en of de server draait en vanaf hier bereikbaar is",
        ),
    ),
    (
        "tls",
        Words::new(
            "check the server's certificate chain and TLS versions, and that `--target` should be https",
            "controleer de certificaatketen en TLS-versies van de server, en of `--target` https moet zijn",
        ),
    ),
    (
        "not-recorded",
        Words::new(
            "run the script against the server: the record has no answer to this request",
            "draai het script tegen de server: de opname heeft geen antwoord op dit verzoek",
        ),
    ),
    (
        "timeout",
        Words::new(
            "the server is too slow: find out why, or allow more time with `--timeout`",
            "de server is te traag: zoek uit waarom, of geef meer tijd met `--timeout`",
        ),
    ),
    (
        "broken",
        Words::new(
            "the answer stopped half-way or is not HTTP: look in the log of the server and of proxies before it",
            "het antwoord brak af of is geen HTTP: kijk in het log van de server en van proxy's ervoor",
        ),
    ),
];

/// By rule, where what was expected is known.
const FINDINGS: &[(Code, Words)] = &[
    (
        code::RESOURCE,
        Words::new("answer with {expected} instead of {found}", "antwoord met {expected} in plaats van {found}"),
    ),
    (code::HEADER_FIELD, Words::new("send the header with {expected}", "stuur de header met {expected}")),
    (code::REQUEST_METHOD, Words::new("send the request with {expected}", "stuur het verzoek met {expected}")),
    (code::QUERY_PARAMETER, Words::new("send the parameter with {expected}", "stuur de parameter met {expected}")),
    (code::MINIMUM, Words::new("add {expected}", "voeg {expected} toe")),
];

const ADD: Words = Words::new("add `{what}` to `{path}`", "voeg `{what}` toe aan `{path}`");
const HAVE: Words = Words::new("see to it that there is `{what}`", "zorg dat er `{what}` is");
const HOLD: Words = Words::new("see to it that `{what}` holds for `{path}`", "zorg dat `{what}` geldt voor `{path}`");
const HOLD_FOR_ONE: Words = Words::new(
    "see to it that `{what}` holds for `{path}` or for another one",
    "zorg dat `{what}` geldt voor `{path}` of voor een andere",
);
const TAKE_OUT: Words = Words::new("take `{path}` out", "haal `{path}` weg");
const COUNT: Words =
    Words::new("see to it that there are {expected}, not {found}", "zorg dat het er {expected} zijn, niet {found}");
const PUT: Words = Words::new("put {expected} in `{path}`", "zet {expected} in `{path}`");

/// What to do about what an expression misses, where its place is known or not.
fn for_miss(miss: &Miss, placed: bool) -> Option<Words> {
    match miss {
        Miss::Count => Some(COUNT),
        Miss::Element(_) => Some(if placed { ADD } else { HAVE }),
        _ if !placed => None,
        Miss::Criteria(_) => Some(HOLD),
        Miss::OneWith(_) => Some(HOLD_FOR_ONE),
        Miss::Surplus => Some(TAKE_OUT),
        Miss::Value => Some(PUT),
    }
}

/// What to do about a status; other statuses of a hundred are treated as the first of it.
pub(super) fn for_status(status: u16, language: Language) -> Option<&'static str> {
    let of = |wanted: u16| STATUSES.iter().find(|(status, _)| *status == wanted).map(|(_, words)| words.get(language));
    of(status).or_else(|| of(status / 100 * 100))
}

/// What to do about a finding, in its own terms.
pub(super) fn for_finding(action: &ActionReport, language: Language) -> Option<String> {
    let ActionReport { code, expected, found, target, miss, .. } = action;
    let words = match miss {
        Some(miss) => for_miss(miss, !target.path.is_empty())?,
        None => FINDINGS.iter().find(|(known, _)| expected.is_some() && known.to_string() == *code)?.1,
    };
    let what = match miss {
        Some(Miss::Element(what) | Miss::Criteria(what) | Miss::OneWith(what)) => what,
        _ => "",
    };
    let terms = [
        ("{what}", what),
        ("{path}", &target.path),
        ("{expected}", expected.as_deref().unwrap_or_default()),
        ("{found}", found.as_deref().unwrap_or_default()),
    ];
    Some(filled(words.get(language), &terms))
}

/// A text with each placeholder once replaced; what is put in stays as it is.
fn filled(text: &str, terms: &[(&str, &str)]) -> String {
    let next = terms.iter().filter_map(|(name, term)| Some((text.find(name)?, name, term))).min();
    let Some((at, name, term)) = next else { return text.to_owned() };
    format!("{}{term}{}", &text[..at], filled(&text[at + name.len()..], terms))
}

/// What to do about a missing answer.
pub(super) fn for_failure(kind: &str, language: Language) -> Option<&'static str> {
    FAILURES.iter().find(|(known, _)| *known == kind).map(|(_, words)| words.get(language))
}

#[cfg(test)]
mod tests {
    use super::super::model::{SourceReport, TargetReport};
    use super::*;
    use crate::exchange::TransportErrorKind;
    use crate::record::{ActionKind, CodeCount, Verdict};

    #[test]
    fn every_way_to_get_no_answer_has_a_remedy() {
        for (_, code) in TransportErrorKind::ALL {
            assert!(for_failure(code, Language::Nl).is_some(), "{code}");
        }
    }

    #[test]
    fn an_unknown_status_has_the_remedy_of_its_class() {
        assert_eq!(for_status(501, Language::En), for_status(500, Language::En));
        assert_eq!(for_status(302, Language::En), for_status(300, Language::En));
        assert_eq!(for_status(102, Language::En), None);
        assert!(for_status(401, Language::En).is_some_and(|text| text.contains("--token")));
    }

    fn missing(miss: Option<Miss>, path: &str) -> ActionReport {
        ActionReport {
            kind: ActionKind::Assert,
            verdict: Verdict::Fail,
            code: code::EXPRESSION.to_string(),
            title: String::new(),
            message: String::new(),
            expected: Some("`{path}`".into()),
            found: Some("`3`".into()),
            source: SourceReport::default(),
            exchange: None,
            target: TargetReport { path: path.into(), ..TargetReport::default() },
            miss,
            codes: CodeCount::default(),
            issues: vec![],
            known: None,
        }
    }

    #[test]
    fn what_an_expression_misses_is_named_in_its_remedy() {
        let path = "Observation.component[0]";
        let table = [
            (Some(Miss::Element("code".into())), path, "add `code` to `Observation.component[0]`"),
            (Some(Miss::Element("Bundle.link".into())), "", "see to it that there is `Bundle.link`"),
            (Some(Miss::Surplus), path, "take `Observation.component[0]` out"),
            (Some(Miss::Count), "", "see to it that there are `{path}`, not `3`"),
            (Some(Miss::Value), path, "put `{path}` in `Observation.component[0]`"),
        ];
        for (miss, path, remedy) in table {
            let action = missing(miss, path);
            assert_eq!(for_finding(&action, Language::En).as_deref(), Some(remedy));
        }
        let surplus = missing(Some(Miss::Surplus), "");
        assert_eq!(for_finding(&surplus, Language::En), None, "nothing is named that is not known");
    }
}
