//! The text of primitive values: what each type allows (<http://hl7.org/fhir/STU3/datatypes.html>,
//! <http://hl7.org/fhir/R4/datatypes.html#primitive>).
//!
//! One table maps a type to its grammar. The grammars of STU3 and R4 agree but for details that no
//! release enforces alike; where they differ the wider one is taken.

/// A primitive type and how to read its text.
struct Grammar {
    type_name: &'static str,
    admits: fn(&str) -> bool,
    /// What a value looks like, for messages.
    form: &'static str,
}

const GRAMMARS: [Grammar; 20] = [
    Grammar { type_name: "boolean", admits: boolean, form: "`true` or `false`" },
    Grammar { type_name: "integer", admits: integer, form: "a whole number of 32 bits without leading zeros" },
    Grammar { type_name: "unsignedInt", admits: unsigned_int, form: "a whole number from 0 to 2147483647" },
    Grammar { type_name: "positiveInt", admits: positive_int, form: "a whole number from 1 to 2147483647" },
    Grammar { type_name: "decimal", admits: decimal, form: "a decimal number such as `3.50`" },
    Grammar { type_name: "base64Binary", admits: base64, form: "base64 in groups of four characters" },
    Grammar { type_name: "instant", admits: instant, form: "`YYYY-MM-DDThh:mm:ss.sss+zz:zz`" },
    Grammar { type_name: "date", admits: date, form: "`YYYY`, `YYYY-MM` or `YYYY-MM-DD`, a day that exists" },
    Grammar {
        type_name: "dateTime",
        admits: date_time,
        form: "`YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss+zz:zz` with seconds and time zone",
    },
    Grammar { type_name: "time", admits: time, form: "`hh:mm:ss`" },
    Grammar { type_name: "code", admits: code, form: "text without leading, trailing or double white space" },
    Grammar { type_name: "id", admits: id, form: "1 to 64 letters, digits, `-` and `.`" },
    Grammar { type_name: "oid", admits: oid, form: "`urn:oid:` and an object identifier" },
    Grammar { type_name: "uuid", admits: uuid, form: "`urn:uuid:` and a UUID" },
    Grammar {
        type_name: "uri",
        admits: uri,
        form: "a URI without white space, after `urn:oid:` an OID, after `urn:uuid:` a UUID",
    },
    Grammar { type_name: "url", admits: uri, form: "a URL without white space" },
    Grammar { type_name: "canonical", admits: uri, form: "a canonical URL without white space" },
    Grammar { type_name: "string", admits: string, form: "text without control characters" },
    Grammar { type_name: "markdown", admits: string, form: "text without control characters" },
    Grammar { type_name: "xhtml", admits: |_| true, form: "XHTML" },
];

/// What a text of this type looks like, when `text` does not; None when it does or the type is unknown.
pub fn fault(type_name: &str, text: &str) -> Option<&'static str> {
    let grammar = GRAMMARS.iter().find(|g| g.type_name == type_name)?;
    (text.is_empty() || !(grammar.admits)(text)).then_some(grammar.form)
}

fn boolean(text: &str) -> bool {
    matches!(text, "true" | "false")
}

fn integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    (digits == "0" || !digits.starts_with('0')) && all_digits(digits) && text.parse::<i32>().is_ok()
}

fn unsigned_int(text: &str) -> bool {
    all_digits(text) && text.parse::<i32>().is_ok()
}

fn positive_int(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    unsigned_int(digits) && !digits.starts_with('0')
}

fn decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    (whole == "0" || !whole.starts_with('0'))
        && all_digits(whole)
        && fraction.is_none_or(all_digits)
        && exponent.is_none_or(|e| all_digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

fn base64(text: &str) -> bool {
    let mut symbols = 0;
    let mut padding = 0;
    for c in text.bytes() {
        match c {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => symbols += 1,
            _ => return false,
        }
    }
    padding <= 2 && (symbols + padding) % 4 == 0
}

fn date(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        4 => number(text, 0..4).is_some_and(|y| y > 0),
        7 => bytes[4] == b'-' && date(&text[..4]) && number(text, 5..7).is_some_and(|m| (1..=12).contains(&m)),
        10 if text.is_char_boundary(7) => {
            bytes[7] == b'-'
                && date(&text[..7])
                && number(text, 8..10).is_some_and(|d| {
                    let year = number(text, 0..4).unwrap_or_default();
                    (1..=days_in_month(year, number(text, 5..7).unwrap_or_default())).contains(&d)
                })
        }
        _ => false,
    }
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn date_time(text: &str) -> bool {
    date(text) || instant(text)
}

fn instant(text: &str) -> bool {
    let Some((day, rest)) = text.split_once('T') else { return false };
    if day.len() != 10 || !date(day) {
        return false;
    }
    let Some(zone_at) = rest.find(['Z', '+', '-']) else { return false };
    let (clock, zone) = rest.split_at(zone_at);
    time(clock) && (zone == "Z" || offset(zone))
}

fn offset(zone: &str) -> bool {
    let hours = number(zone, 1..3);
    let minutes = number(zone, 4..6);
    zone.len() == 6
        && zone.as_bytes()[3] == b':'
        && (matches!((hours, minutes), (Some(0..=13), Some(0..=59))) || (hours, minutes) == (Some(14), Some(0)))
}

fn time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let bytes = whole.as_bytes();
    bytes.len() == 8
        && bytes[2] == b':'
        && bytes[5] == b':'
        && number(whole, 0..2).is_some_and(|h| h < 24)
        && number(whole, 3..5).is_some_and(|m| m < 60)
        // 60 is a leap second.
        && number(whole, 6..8).is_some_and(|s| s <= 60)
        && fraction.is_none_or(all_digits)
}

fn code(text: &str) -> bool {
    let white = |c: char| c.is_ascii_whitespace();
    !text.starts_with(white) && !text.ends_with(white) && !text.contains("  ") && !text.contains(['\t', '\n', '\r'])
}

fn id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

fn oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else { return false };
    let mut parts = arcs.split('.');
    matches!(parts.next(), Some("0" | "1" | "2"))
        && arcs.contains('.')
        && parts.all(|p| all_digits(p) && (p == "0" || !p.starts_with('0')))
}

fn uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// No white space, and what the scheme asks for where it is one that FHIR has a type for.
fn uri(text: &str) -> bool {
    !text.contains(char::is_whitespace)
        && (!text.starts_with("urn:oid:") || oid(text))
        && (!text.starts_with("urn:uuid:") || uuid(text))
}

fn string(text: &str) -> bool {
    !text.contains(|c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r'))
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(text: &str, range: std::ops::Range<usize>) -> Option<u32> {
    text.get(range).filter(|t| all_digits(t))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn values_that_are_right() {
        for (ty, values) in [
            ("boolean", &["true", "false"][..]),
            ("integer", &["0", "-1", "2147483647"]),
            ("unsignedInt", &["0", "12"]),
            ("positiveInt", &["1"]),
            ("decimal", &["0", "-0.50", "1e10", "3.14"]),
            ("date", &["2020", "2020-02", "2020-02-29"]),
            ("dateTime", &["1999", "2020-02-29T23:59:59Z", "2020-02-29T10:00:00.123+01:00"]),
            ("instant", &["2020-02-29T10:00:00.123+01:00"]),
            ("time", &["10:00:00", "23:59:60", "10:00:00.5"]),
            ("code", &["final", "two words"]),
            ("id", &["a-b.C1"]),
            ("oid", &["urn:oid:2.16.840.1.113883"]),
            ("uuid", &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"]),
            ("uri", &["http://example.org/x", "urn:oid:1.2"]),
            ("base64Binary", &["SGVsbG8=", "SGVs\nbG8="]),
            ("somethingNew", &["anything"]),
        ] {
            for value in values {
                assert_eq!(fault(ty, value), None, "{ty} {value}");
            }
        }
    }

    #[test]
    fn values_that_are_wrong() {
        for (ty, values) in [
            ("boolean", &["True", "1", ""][..]),
            ("integer", &["01", "1.0", "2147483648"]),
            ("unsignedInt", &["-1"]),
            ("positiveInt", &["0"]),
            ("decimal", &[".5", "1.", "01", "NaN"]),
            ("date", &["20", "2020-13", "2021-02-29", "2020-1-1", "2020-02-29T10:00:00Z"]),
            ("dateTime", &["2020-02-29T10:00", "2020-02-29T10:00:00", "2020-02-29T24:00:00Z"]),
            ("instant", &["2020-02-29"]),
            ("time", &["10:00", "24:00:00"]),
            ("code", &[" x", "x ", "a  b"]),
            ("id", &["a_b", "é"]),
            ("oid", &["urn:oid:3.1", "2.16", "urn:oid:2.016"]),
            ("uuid", &["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:12"]),
            ("uri", &["http://a b", "urn:oid:0123.4", "urn:oid:2.16.x.1", "urn:uuid:1234"]),
            ("base64Binary", &["SGVsbG8", "SG=sbG8="]),
        ] {
            for value in values {
                assert!(fault(ty, value).is_some(), "{ty} {value}");
            }
        }
    }
}
