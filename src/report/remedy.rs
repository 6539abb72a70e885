//! What to do about an exchange that was refused or not answered. What to do about a finding is in the
//! rule registry.

use crate::diagnostic::{Language, Words};

/// By HTTP status (RFC 9110, section 15).
const STATUSES: &[(u16, Words)] = &[
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

/// What to do about a status; other statuses of a hundred are treated as the first of it.
pub(super) fn for_status(status: u16, language: Language) -> Option<&'static str> {
    let of = |wanted: u16| STATUSES.iter().find(|(status, _)| *status == wanted).map(|(_, words)| words.get(language));
    of(status).or_else(|| of(status / 100 * 100))
}

/// What to do about a missing answer.
pub(super) fn for_failure(kind: &str, language: Language) -> Option<&'static str> {
    FAILURES.iter().find(|(known, _)| *known == kind).map(|(_, words)| words.get(language))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::TransportErrorKind;

    #[test]
    fn every_way_to_get_no_answer_has_a_remedy() {
        for (_, code) in TransportErrorKind::ALL {
            assert!(for_failure(code, Language::Nl).is_some(), "{code}");
        }
    }

    #[test]
    fn an_unknown_status_has_the_remedy_of_its_class() {
        assert_eq!(for_status(501, Language::En), for_status(500, Language::En));
        assert_eq!(for_status(302, Language::En), None);
        assert!(for_status(401, Language::En).is_some_and(|text| text.contains("--token")));
    }
}
