//! Questions before a run: what the target says about itself, and the list that endpoints come from.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::exchange::Reach;

use super::http::Dialer;
use super::session::request;
use super::setup::Setup;

/// A document over plain HTTP, if it is there.
pub async fn plain(url: &str, timeout: Duration) -> Option<String> {
    let dialer = Dialer::new(BTreeMap::new(), Reach::Anywhere, timeout, vec![]);
    let exchange = dialer.send(None, request("GET", url, &[("Accept", "application/json")], "")).await;
    let answer = exchange.result.ok().filter(|answer| answer.status == 200)?;
    String::from_utf8(answer.body.to_vec()).ok()
}

/// The text of a list, from a file or a node.
///
/// # Errors
/// It is not there; the message says why.
pub async fn list(setup: &Setup, place: &str) -> Result<String, String> {
    if !place.starts_with("http://") && !place.starts_with("https://") {
        return std::fs::read_to_string(place).map_err(|error| format!("`{place}` cannot be read: {error}"));
    }
    let dialer = Dialer::new(setup.resolve.clone(), setup.reach.clone(), setup.timeout, setup.roots.clone());
    let exchange =
        dialer.send(setup.client.as_ref(), request("GET", place, &[("Accept", "application/xml")], "")).await;
    match exchange.result {
        Ok(answer) if answer.status == 200 => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
        Ok(answer) => Err(format!("`{place}` is not there: status {}", answer.status)),
        Err(error) => Err(format!("`{place}` is not there: {}", error.detail)),
    }
}
