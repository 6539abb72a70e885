//! Judges of MM-RES about formats and headers.

use super::*;

pub async fn wrong_accept(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for accept in ["text/csv", "application/pdf"] {
        let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        if !matches!(seen.status(), 400 | 406 | 415) {
            let message = format!("`Accept: {accept}` is answered with {}", seen.in_words());
            outcome.push(seen.finding(Level::Warn, code::CONTENT, message).expected("status 406"));
        }
    }
    Ok(outcome)
}

/// `Type/id` of the entries, whatever the format.
pub fn keys_of(seen: &Seen) -> Option<BTreeSet<String>> {
    let text = seen.text();
    let format = Format::from_media_type(seen.header("Content-Type")?)?;
    if format == Format::Json {
        return seen.json().map(|value| bundle::keys(&value));
    }
    let document = read(text, format).ok()?;
    let root = document.root();
    let keys = root.children_named("entry").filter_map(|entry| entry.child("resource")).filter_map(|resource| {
        let kind = resource.resource_type().filter(|kind| *kind != "OperationOutcome")?;
        Some(format!("{kind}/{}", resource.child_value("id")?))
    });
    Some(keys.collect())
}

pub(super) fn format_of(seen: &Seen) -> Option<Format> {
    Format::from_media_type(seen.header("Content-Type")?)
}

pub async fn formats(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    let mut all: Vec<(Seen, BTreeSet<String>)> = vec![];
    for (accept, format, level) in [
        (JSON, Format::Json, Level::Hard),
        (XML, Format::Xml, Level::Hard),
        ("application/fhir+json; fhirVersion=3.0", Format::Json, Level::Warn),
    ] {
        let seen = session.ask(Peer::Client, Some(&token), "Condition", &[("Accept", accept)]).await;
        outcome.exchange.get_or_insert(seen.number);
        let keys = keys_of(&seen).filter(|_| seen.status() == 200 && format_of(&seen) == Some(format));
        match keys {
            Some(keys) => all.push((seen, keys)),
            None => {
                let came = seen.header("Content-Type").unwrap_or("no Content-Type").to_owned();
                let message = format!("`Accept: {accept}` is answered with {}, {came}", seen.in_words());
                outcome
                    .push(seen.finding(level, code::CONTENT, message).expected(format!("status 200 and `{accept}`")));
            }
        }
    }
    if let [(_, first), others @ ..] = &all[..] {
        for (seen, keys) in others.iter().filter(|(_, keys)| keys != first) {
            let message = format!("there are {} entries in one format and {} in another", first.len(), keys.len());
            outcome.push(seen.finding(Level::Hard, code::CONTENT, message));
        }
    }
    Ok(outcome)
}

pub async fn format_parameter(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient?_format=json", &[("Accept", XML)]).await;
    if seen.is_success() && format_of(&seen) == Some(Format::Json) {
        return Ok(seen.shows());
    }
    let came = seen.header("Content-Type").unwrap_or("no Content-Type").to_owned();
    let finding =
        seen.finding(Level::Warn, code::CONTENT, "`_format=json` with `Accept: application/fhir+xml` gives no JSON");
    Ok(finding.found(format!("{}, {came}", seen.in_words())).into())
}

pub async fn wrong_version(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let other = if session.setup.fhir_version.starts_with('3') { "4.0" } else { "3.0" };
    let accept = format!("{JSON}; fhirVersion={other}");
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("Accept", &accept)]).await;
    if matches!(seen.status(), 400 | 406 | 415) {
        return Ok(seen.shows());
    }
    let finding = seen.finding(
        Level::Warn,
        code::ACCEPTED,
        format!("`fhirVersion={other}` is answered with {}", seen.in_words()),
    );
    Ok(finding.expected("status 406").into())
}

pub async fn any_accept(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("Accept", "*/*")]).await;
    if seen.status() == 200 && format_of(&seen).is_some() {
        return Ok(seen.shows());
    }
    Ok(seen
        .finding(Level::Warn, code::REFUSED, "`Accept: */*` is not answered with FHIR")
        .expected("status 200")
        .into())
}

pub async fn utf8(session: &Session<'_>) -> Judged {
    session.searches().await?;
    let mut outcome = Outcome::holds();
    for seen in session.seen(Place::Resource).iter().filter(|seen| seen.is_success()) {
        outcome.exchange.get_or_insert(seen.number);
        let Some(answer) = seen.answer().filter(|answer| !answer.body.is_empty()) else { continue };
        let stated = seen.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
        let charset = stated.split(';').find_map(|part| part.trim().strip_prefix("charset="));
        if std::str::from_utf8(&answer.body).is_err() {
            outcome.push(seen.finding(Level::Warn, code::CONTENT, "an answer is not UTF-8"));
            break;
        }
        if charset.is_none_or(|charset| charset.trim_matches('"') != "utf-8") {
            let finding = seen.finding(Level::Warn, code::HEADER, "the Content-Type does not say UTF-8");
            outcome.push(finding.expected("`charset=utf-8`").found(stated));
            break;
        }
    }
    Ok(outcome)
}

pub async fn caching(session: &Session<'_>) -> Judged {
    let searches = session.searches().await?;
    let mut outcome = Outcome::holds();
    for search in searches.iter().filter(|search| search.seen.is_success()) {
        outcome.exchange.get_or_insert(search.seen.number);
        let said = search.seen.header("Cache-Control").unwrap_or_default().to_ascii_lowercase();
        if !said.contains("no-store") && !said.contains("private") {
            let finding = search.seen.finding(Level::Warn, code::HEADER, "data may be cached");
            outcome.push(finding.expected("`Cache-Control: no-store` or `private`"));
            break;
        }
    }
    Ok(outcome)
}
