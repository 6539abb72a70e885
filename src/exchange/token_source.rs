//! Tokens put into requests at the last moment, and only into those that may have them.
//!
//! Whoever makes a request writes a mark where the token belongs ([`mark`]); the client asks the source
//! for the token when it sends. So no secret is kept where scripts can see it, and a token that runs out
//! in the middle of a run is renewed without anybody noticing.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::message::{Headers, Request};
use super::redaction::is_secret_header;
use super::secret::AccessToken;

/// What is written before the name of a token that is not there yet.
const MARK: &str = "keur:token:";

/// What stands for the token of this name in a header field.
pub fn mark(name: &str) -> String {
    format!("{MARK}{name}")
}

/// A token, or why there is none.
pub type TokenFuture<'s> = Pin<Box<dyn Future<Output = Result<AccessToken, String>> + Send + 's>>;

/// Where tokens come from.
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// The token of this name; a new one when the server refused the one given.
    fn token<'s>(&'s self, name: &'s str, refused: Option<&'s AccessToken>) -> TokenFuture<'s>;

    /// Header fields that go with a request that carries this token.
    fn fields(&self, name: &str) -> Vec<(&'static str, String)>;
}

/// The name that a mark in a header field stands for.
pub(super) fn marked(request: &Request) -> Option<String> {
    let values = request.headers.iter().map(|(_, value)| value);
    let (_, name) = values.filter_map(|value| value.split_once(MARK)).next()?;
    Some(name.split_whitespace().next().unwrap_or_default().to_owned())
}

/// The request with the token where its mark was.
pub(super) fn filled(request: &Request, name: &str, token: &AccessToken) -> Request {
    let mark = mark(name);
    let put = |(field, value): (&str, &str)| (field.to_owned(), value.replace(&mark, token.expose()));
    Request { headers: request.headers.iter().map(put).collect(), ..request.clone() }
}

/// The header fields without those that give access.
pub(super) fn without_secrets(headers: &Headers) -> Headers {
    headers.iter().filter(|(name, value)| !is_secret_header(name) && !value.contains(MARK)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_filled_and_taken_away() {
        let value = format!("Bearer {}", mark("KEURMEESTER"));
        let headers = [("Accept", "x"), ("Authorization", value.as_str())].into_iter().collect();
        let request = Request { method: "GET".into(), url: "https://a/b".into(), headers, body: Default::default() };
        assert_eq!(marked(&request).as_deref(), Some("KEURMEESTER"));
        let full = filled(&request, "KEURMEESTER", &AccessToken::new("s3cret"));
        assert_eq!(full.headers.get("Authorization"), Some("Bearer s3cret"));
        assert_eq!(marked(&full), None);
        assert_eq!(without_secrets(&full.headers).iter().count(), 1);
    }
}
