//! Compression: what is offered may be used, what is not offered may not.

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Seen, Session, unpacked};

fn body(seen: &Seen) -> Vec<u8> {
    seen.answer().map(|answer| answer.body.to_vec()).unwrap_or_default()
}

fn coding(seen: &Seen) -> Option<String> {
    seen.header("Content-Encoding")
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| coding != "identity")
}

/// The largest answer as it is, and with a coding offered.
async fn both(session: &Session<'_>, offered: &str) -> Result<(Seen, Seen), Outcome> {
    let (path, _) = session.largest().await?;
    let plain = session.api(&path, &[("Accept-Encoding", "identity")]).await;
    Ok((plain, session.api(&path, &[("Accept-Encoding", offered)]).await))
}

/// The entries of a searchset: what stands around them may differ from one answer to the next.
fn same(one: &[u8], other: &[u8]) -> bool {
    let entries = |bytes: &[u8]| {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        value.get("entry").cloned()
    };
    one == other || (entries(one).is_some() && entries(one) == entries(other))
}

pub async fn gzip(session: &Session<'_>) -> Judged {
    let (plain, seen) = both(session, "gzip").await?;
    if coding(&seen).as_deref() != Some("gzip") {
        let metadata = session.api("metadata", &[("Accept-Encoding", "gzip")]).await;
        let level = if coding(&metadata).as_deref() == Some("gzip") { Level::Warn } else { Level::Hard };
        let finding = seen.finding(level, code::CONTENT, "gzip is offered and not used");
        return Ok(finding.expected("`Content-Encoding: gzip`").into());
    }
    match unpacked(GzDecoder::new(&body(&seen)[..])) {
        Some(bytes) if coding(&plain).is_some() || same(&bytes, &body(&plain)) => Ok(seen.shows()),
        Some(_) => {
            Ok(seen.finding(Level::Hard, code::CONTENT, "gzip holds something else than the answer without it").into())
        }
        None => Ok(seen.finding(Level::Hard, code::CONTENT, "what is called gzip is not").into()),
    }
}

pub async fn deflate(session: &Session<'_>) -> Judged {
    let (plain, seen) = both(session, "deflate").await?;
    if coding(&seen).as_deref() != Some("deflate") {
        let message = "deflate is offered and not used; the requirements ask for it by name, few servers have it";
        return Ok(seen.finding(Level::Hard, code::CONTENT, message).expected("`Content-Encoding: deflate`").into());
    }
    let packed = body(&seen);
    match (unpacked(ZlibDecoder::new(&packed[..])), unpacked(DeflateDecoder::new(&packed[..]))) {
        (Some(bytes), _) if coding(&plain).is_some() || same(&bytes, &body(&plain)) => Ok(seen.shows()),
        (Some(_), _) => Ok(seen
            .finding(Level::Hard, code::CONTENT, "deflate holds something else than the answer without it")
            .into()),
        (None, Some(_)) => Ok(seen
            .finding(Level::Warn, code::CONTENT, "deflate comes without its zlib header")
            .expected("a zlib stream (RFC 9110 section 8.4.1.2)")
            .into()),
        (None, None) => Ok(seen.finding(Level::Hard, code::CONTENT, "what is called deflate is not").into()),
    }
}

pub async fn codings(session: &Session<'_>) -> Judged {
    let (path, _) = session.largest().await?;
    let mut outcome = Outcome::holds();
    for (offered, allowed) in [("identity", &[][..]), ("gzip;q=0, deflate", &["deflate"]), ("x-none", &[])] {
        let seen = session.api(&path, &[("Accept-Encoding", offered)]).await;
        outcome.exchange.get_or_insert(seen.number);
        if let Some(used) = coding(&seen).filter(|used| !allowed.contains(&used.as_str())) {
            let message = format!("`{used}` is used where `{offered}` was offered");
            outcome.push(seen.finding(Level::Hard, code::CONTENT, message).expected("no coding that was not offered"));
        }
    }
    let packed = session.api(&path, &[("Accept-Encoding", "gzip")]).await;
    let varies =
        packed.header("Vary").is_some_and(|vary| vary == "*" || vary.to_ascii_lowercase().contains("accept-encoding"));
    if coding(&packed).is_some() && !varies {
        outcome.push(
            packed
                .finding(Level::Warn, code::HEADER, "a compressed answer does not say it varies")
                .expected("`Vary: Accept-Encoding`"),
        );
    }
    Ok(outcome)
}
