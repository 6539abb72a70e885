//! The request URL holds one of two texts.

use super::{Applied, Call};
use crate::engine::finding::Finding;
use crate::engine::{address, code};
use crate::exchange::redaction;

/// Passes when the URL, as sent or decoded, holds `searchparam1` or `searchparam2`.
pub(super) fn apply(call: &Call<'_>) -> Applied {
    let wanted = [call.param("searchparam1")?, call.param("searchparam2")?];
    let subject = (call.subject)()?;
    let url = &subject.exchange()?.exchange.request.url;
    let decoded = address::decode(url);
    if wanted.iter().any(|w| url.contains(w) || decoded.contains(w)) {
        return Ok((Finding::pass(), None));
    }
    let expected = format!("`{}` or `{}`", wanted[0], wanted[1]);
    let message = format!("the request URL holds neither `{}` nor `{}`", wanted[0], wanted[1]);
    let found = redaction::shown_url(&decoded).into_owned();
    Ok((Finding::fail(code::REQUEST_URL, message).expected(expected).found(found), None))
}
