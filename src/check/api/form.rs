//! The forms of an answer: JSON and XML, what is asked for and what is said to be given.

use crate::fhir::{Format, read};

use super::{JSON, XML, format, same};
use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Seen, Session};

fn parses(seen: &Seen, format: Format) -> bool {
    let text = seen.answer().and_then(|answer| String::from_utf8(answer.body.to_vec()).ok());
    text.is_some_and(|text| read(text, format).is_ok())
}

pub async fn both_formats(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let kind = path.split('/').next().unwrap_or_default().to_owned();
    let mut outcome = Outcome::holds();
    for (path, accept, wanted) in
        [path.as_str(), "metadata", &kind].into_iter().flat_map(|p| [(p, JSON, Format::Json), (p, XML, Format::Xml)])
    {
        let seen = session.api(path, &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.status() != 200 || format(&seen) != Some(wanted) || !parses(&seen, wanted) {
            let came = seen.header("Content-Type").unwrap_or("no Content-Type").to_owned();
            let message = format!("`{path}` is not there as `{accept}`");
            outcome
                .push(seen.finding(Level::Hard, code::CONTENT, message).found(format!("{}, {came}", seen.in_words())));
        }
    }
    Ok(outcome)
}

pub async fn same_content(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let (json, xml) = (session.api(&path, &[("Accept", JSON)]).await, session.api(&path, &[("Accept", XML)]).await);
    let mut outcome = xml.shows();
    let (Ok(first), Ok(second)) = (read(json.text(), Format::Json), read(xml.text(), Format::Xml)) else {
        return Err(Outcome::blocked("the resource is not there in both formats (API-01)"));
    };
    let version = |document: &crate::fhir::Document| {
        document.root().child("meta").and_then(|meta| meta.child_value("versionId")).map(str::to_owned)
    };
    let stable = version(&first).is_some() && version(&first) == version(&second);
    if let Some(difference) = same::difference(first.root(), second.root()) {
        let level = if stable { Level::Hard } else { Level::Warn };
        let message = format!("JSON and XML of {path} differ at `{difference}`");
        outcome.push(xml.finding(level, code::CONTENT, message).expected("the same elements and values"));
    }
    Ok(outcome)
}

pub async fn accept(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let weighed = format!("{XML};q=0.9, {JSON};q=0.1");
    let mut outcome = Outcome::holds();
    for (accept, wanted, level) in [
        (JSON, Format::Json, Level::Hard),
        (XML, Format::Xml, Level::Hard),
        (weighed.as_str(), Format::Xml, Level::Warn),
    ] {
        let seen = session.api(&path, &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.status() != 200 || format(&seen) != Some(wanted) {
            let message = format!(
                "`Accept: {accept}` is answered with {}",
                seen.header("Content-Type").unwrap_or("no Content-Type")
            );
            outcome.push(seen.finding(level, code::CONTENT, message).expected(wanted.media_type()));
        }
    }
    let any = session.api(&path, &[("Accept", "*/*")]).await;
    if !any.is_success() {
        outcome.push(any.finding(Level::Warn, code::REFUSED, "`Accept: */*` is refused"));
    }
    Ok(outcome)
}

pub async fn other_accept(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let seen = session.api(&path, &[("Accept", "text/csv")]).await;
    if matches!(seen.status(), 400 | 406 | 415) {
        return Ok(seen.shows());
    }
    let message = format!("`Accept: text/csv` is answered with {}", seen.in_words());
    Ok(seen.finding(Level::Warn, code::CONTENT, message).expected("status 406").into())
}

pub async fn content_type(session: &Session<'_>) -> Judged {
    session.api("Foo", &[]).await;
    session.api_metadata().await;
    let mut outcome = Outcome::holds();
    for seen in session.api_seen() {
        let Some(answer) = seen.answer().filter(|answer| !answer.body.is_empty()) else { continue };
        outcome.exchange.get_or_insert(seen.number);
        // What is encoded is looked at where codings are.
        if answer.headers.get("Content-Encoding").is_some() || seen.status() == 0 {
            continue;
        }
        let Some(stated) = seen.header("Content-Type") else {
            outcome.push(seen.finding(Level::Hard, code::HEADER, "an answer has no Content-Type"));
            break;
        };
        // What is no FHIR says so itself: a challenge of a gateway in plain text.
        let fits = format(&seen).is_none_or(|format| parses(&seen, format));
        if !fits {
            let message = format!("an answer says it is `{stated}` and is not");
            outcome.push(seen.finding(Level::Hard, code::CONTENT, message));
            break;
        }
    }
    Ok(outcome)
}

pub async fn json(session: &Session<'_>) -> Judged {
    session.api_metadata().await;
    session.api_searches().await;
    let mut outcome = Outcome::holds();
    for seen in session.api_seen() {
        let plain = seen.header("Content-Encoding").is_none() && format(&seen) == Some(Format::Json);
        let Some(answer) = seen.answer().filter(|answer| plain && !answer.body.is_empty()) else { continue };
        outcome.exchange.get_or_insert(seen.number);
        let wrong = match std::str::from_utf8(&answer.body) {
            Err(_) => Some("it is not UTF-8".to_owned()),
            Ok(text) if text.starts_with('\u{feff}') => Some("it begins with a byte order mark".to_owned()),
            Ok(text) => match read(text, Format::Json) {
                Err(error) => Some(error.message),
                Ok(document) => {
                    let twice = |irregularity: &&crate::fhir::Irregularity| {
                        irregularity.kind == crate::fhir::IrregularityKind::DuplicateProperty
                    };
                    document
                        .irregularities()
                        .iter()
                        .find(twice)
                        .map(|_| "a name is there twice in one object".to_owned())
                }
            },
        };
        if let Some(wrong) = wrong {
            outcome.push(seen.finding(
                Level::Warn,
                code::CONTENT,
                format!("JSON of an answer breaks RFC 8259: {wrong}"),
            ));
            break;
        }
    }
    Ok(outcome)
}

/// API-35 is about clients, and here the party is a server.
pub async fn client(_: &Session<'_>) -> Judged {
    let message =
        "a client shows this, and a server is tested here: `keur run SUITE --await` judges what a client sends";
    Err(Outcome::open(code::MANUAL, message))
}
