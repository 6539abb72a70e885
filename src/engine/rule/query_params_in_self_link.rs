//! Every parameter of the search is repeated in the self link of the Bundle that answers it.

use super::{Applied, Call};
use crate::engine::address;
use crate::engine::code;
use crate::engine::finding::{Finding, place_of};

/// Compares decoded: `name=value` occurs in the self link as it is. A reference may be typed there and
/// not in the request, or the other way round.
pub(super) fn apply(call: &Call<'_>) -> Applied {
    let subject = (call.subject)()?;
    let url = subject.exchange()?.exchange.request.url.clone();
    let content = subject.content()?;
    let link = content.root().children_named("link").find(|l| l.child_value("relation") == Some("self"));
    let Some(link) = link else {
        let finding = Finding::fail(code::SELF_LINK, "the Bundle has no self link");
        return Ok((finding.expected("a link with relation self").found("none"), None));
    };
    let link_url = link.child_value("url").unwrap_or_default();
    let decoded = address::decode(link_url);
    // A form encoder writes a space as `+`.
    let spaced = address::decode(&link_url.replace('+', " "));
    let repeated = |name: &str, value: &str| {
        let pair = format!("{name}={value}");
        decoded.contains(&pair) || spaced.contains(&pair) || is_retyped(name, value, link_url)
    };
    let parameters = address::query(&url);
    let missing: Vec<String> =
        parameters.iter().filter(|(n, v)| !repeated(n, v)).map(|(n, v)| format!("{n}={v}")).collect();
    if missing.is_empty() {
        return Ok((Finding::pass(), None));
    }
    let place = place_of(link, link.path(), false);
    let message = format!("the self link does not repeat `{}`", missing.join("&"));
    let finding = Finding::fail(code::SELF_LINK, message).expected(missing.join("&")).found(decoded).at(place);
    Ok((finding, None))
}

/// `subject=1` for `subject=Patient/1` or `subject:Patient=1`, and the other way round.
fn is_retyped(name: &str, value: &str, link: &str) -> bool {
    let id = |value: &str| {
        let id = value.rsplit_once('/').map_or(value, |(_, id)| id).to_owned();
        let looks =
            !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let typed = value.rsplit_once('/').is_none_or(|(before, _)| {
            let resource_type = before.rsplit('/').next().unwrap_or_default();
            resource_type.starts_with(|c: char| c.is_ascii_uppercase())
                && resource_type.bytes().all(|b| b.is_ascii_alphabetic())
        });
        (looks && typed).then_some(id)
    };
    let bare = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    let Some(wanted) = id(value) else { return false };
    let same_value = |other: &str| {
        other == value
            || (id(other).as_deref() == Some(&wanted)
                && (other.contains('/') != value.contains('/') || other == wanted))
    };
    address::query(link).iter().any(|(n, v)| bare(n) == bare(name) && same_value(v))
}

#[cfg(test)]
mod tests {
    use super::is_retyped;

    #[test]
    fn references_may_gain_or_lose_their_type() {
        for (name, value, link, expected) in [
            ("subject", "1", "https://a/x?subject=Patient/1", true),
            ("subject", "Patient/1", "https://a/x?subject=1", true),
            ("subject", "Patient/1", "https://a/x?subject:Patient=1", true),
            ("subject", "1", "https://a/x?subject=https%3A%2F%2Fa%2FPatient%2F1", true),
            ("subject", "Patient/1", "https://a/x?subject=Patient/2", false),
            ("subject", "Patient/1", "https://a/x?subject=Group/1", false),
            ("subject", "Patient/1", "https://a/x", false),
            ("code", "http://loinc.org|1-8", "https://a/x?code=1-8", false),
        ] {
            assert_eq!(is_retyped(name, value, link), expected, "{name}={value} in {link}");
        }
    }
}
