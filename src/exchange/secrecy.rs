//! The secrets of one run: found in whatever comes by, and replaced.
//!
//! Redaction knows where secrets stand; this knows what they are, so that a token is found where it should
//! not be: in an answer that repeats it, in a message, in a URL.

use std::borrow::Cow;

use bytes::Bytes;

use super::redaction::recorded_secret;

/// Secrets that were given to a run. Shorter ones than six characters would be found everywhere and are not
/// looked for.
#[derive(Clone, Default)]
pub struct Secrets(Vec<(String, String)>);

const SHORTEST: usize = 6;

impl Secrets {
    /// One more; the scheme before it (`Bearer `) is no part of it.
    pub fn add(&mut self, secret: &str) {
        let bare = secret.rsplit(' ').next().unwrap_or(secret);
        if bare.len() >= SHORTEST && !self.0.iter().any(|(known, _)| known == bare) {
            self.0.push((bare.to_owned(), recorded_secret(bare)));
            // One that is part of another is looked for after it.
            self.0.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        }
    }

    /// True when there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with every secret in its recorded form.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for (secret, recorded) in &self.0 {
            if out.contains(secret.as_str()) {
                out = Cow::Owned(out.replace(secret.as_str(), recorded));
            }
        }
        out
    }

    /// A body with asterisks for every secret, of the same length.
    pub fn body(&self, body: &Bytes) -> Bytes {
        let mut changed: Option<Vec<u8>> = None;
        for (secret, _) in &self.0 {
            let places: Vec<usize> = {
                let bytes = changed.as_deref().unwrap_or(body);
                memchr::memmem::find_iter(bytes, secret.as_bytes()).collect()
            };
            for at in places {
                let bytes = changed.get_or_insert_with(|| body.to_vec());
                bytes.iter_mut().skip(at).take(secret.len()).for_each(|byte| *byte = b'*');
            }
        }
        changed.map_or_else(|| body.clone(), Bytes::from)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands_and_a_body_keeps_its_length() {
        let mut secrets = Secrets::default();
        ["Bearer token-1", "token-1-longer", "token-1", "abc"].iter().for_each(|secret| secrets.add(secret));
        let text = secrets.text("abc token-1-longer token-1");
        assert!(text.starts_with("abc …sha256:") && !text.contains("token-1"), "{text}");
        assert_eq!(secrets.body(&"x token-1 y".into()), "x ******* y");
        assert_eq!(secrets.body(&"abc".into()), "abc");
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    }
}
