//! Binary resources as what they are: <http://hl7.org/fhir/STU3/binary.html>. A client that does not ask
//! for FHIR gets the bytes themselves.

use super::reply::{Reply, version_headers};
use super::stored::Stored;

/// The resource type whose instances are also served as themselves.
pub(super) const BINARY: &str = "Binary";

/// The content with its own Content-Type; None when there is no (readable) content.
pub(super) fn content(resource: &Stored) -> Option<Reply> {
    let root = resource.tree.root();
    let content_type = root.child_value("contentType")?;
    let data = root.children().find(|c| resource.tree.type_name(c.id()) == "base64Binary")?;
    let bytes = decode(data.value()?)?;
    let mut headers = version_headers(resource);
    headers.push(("Content-Type", content_type.to_owned()));
    Some(Reply { status: 200, headers, body: Some(bytes.into()), native: true })
}

/// Base64 (<https://www.rfc-editor.org/rfc/rfc4648#section-4>), white space allowed.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits, mut padding) = (0_u32, 0, 0);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        let value = match byte {
            b'=' => {
                padding += 1;
                continue;
            }
            _ if padding > 0 => return None,
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (padding <= 2 && held == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\n YmFy", "foobar"), ("Zm9vYg", "foob")]
        {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for text in ["Zg==Zg", "Z-", "Zh==", "Zg==="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
