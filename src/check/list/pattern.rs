//! The patterns of the list schemas, written out: host names, URIs of front channel and backchannel,
//! provider names, time stamps.

/// `(([a-z0-9])([a-z0-9-])*(\.))+([a-z0-9])([a-z0-9-])*([a-z0-9])`.
pub fn is_hostname(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let labels: Vec<&str> = text.split('.').collect();
    let well = |label: &&str| label.starts_with(letter) && label.chars().all(|c| letter(c) || c == '-');
    let last = labels.last().is_some_and(|last| last.len() >= 2 && last.ends_with(letter));
    labels.len() >= 2 && labels.iter().all(well) && last
}

/// `https://host(/segment)*` with a port or not, without query and fragment.
fn is_uri(text: &str, port_allowed: bool) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let port = port.is_none_or(|port| port_allowed && !port.is_empty() && port.parse::<u16>().is_ok());
    is_hostname(host) && port && !path.contains(['?', '#', ' '])
}

/// A URI of the front channel: no port.
pub fn is_front_uri(text: &str) -> bool {
    is_uri(text, false)
}

/// A URI of the backchannel.
pub fn is_back_uri(text: &str) -> bool {
    is_uri(text, true)
}

/// A name of a provider: 10 to 57 characters, `name@medmij`; newer names have digits and `-&.` too.
pub fn is_provider_name(text: &str) -> bool {
    let Some(name) = text.strip_suffix("@medmij") else { return false };
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '&' | '.');
    (10..=57).contains(&text.chars().count()) && !name.is_empty() && name.chars().all(letter)
}

/// xs:dateTime of at least twenty characters, so with its zone.
pub fn is_time_stamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let zone = time.ends_with('Z') || time.get(8..).is_some_and(|rest| rest.contains(['+', '-']));
    text.len() >= 20 && zone && date.parse::<jiff::civil::Date>().is_ok() && text.parse::<jiff::Timestamp>().is_ok()
}

/// xs:positiveInteger.
pub fn number(text: &str) -> Option<u64> {
    text.trim_start_matches('+').parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Table = (fn(&str) -> bool, &'static [(&'static str, bool)]);

    #[test]
    fn patterns_hold_on_their_examples() {
        let tables: [Table; 5] = [
            (
                is_hostname,
                &[
                    ("a.nl", true),
                    ("medmij.xisbridge.net", true),
                    ("fhir.dva.localhost", true),
                    ("localhost", false),
                    ("A.nl", false),
                    ("-a.nl", false),
                    ("a.n", false),
                    ("a..nl", false),
                    ("a.n-", false),
                    ("127.0.0.1", false),
                ],
            ),
            (
                is_front_uri,
                &[
                    ("https://a.nl", true),
                    ("https://a.nl/x/y", true),
                    ("https://a.nl:443/x", false),
                    ("http://a.nl", false),
                    ("https://a.nl/x?y", false),
                    ("https://a.nl/#x", false),
                ],
            ),
            (
                is_back_uri,
                &[
                    ("https://a.nl:8443/x", true),
                    ("https://a.nl/x", true),
                    ("https://a.nl:99999/x", false),
                    ("https://a.nl:/x", false),
                ],
            ),
            (
                is_provider_name,
                &[
                    ("umcharderwijk@medmij", true),
                    ("ab@medmij", false),
                    ("Umc@medmij", false),
                    ("umc-1.a&b@medmij", true),
                    ("umcharderwijk", false),
                ],
            ),
            (
                is_time_stamp,
                &[
                    ("2026-11-21T12:00:00+01:00", true),
                    ("2026-11-21T12:00:00Z", true),
                    ("2026-11-21T12:00:00", false),
                    ("2026-11-21", false),
                    ("2026-13-21T12:00:00Z", false),
                ],
            ),
        ];
        for (holds, cases) in tables {
            for (text, expected) in cases {
                assert_eq!(holds(text), *expected, "{text}");
            }
        }
        assert_eq!(["1", "0", "-1", "x", "12"].map(number), [Some(1), None, None, None, Some(12)]);
    }
}
