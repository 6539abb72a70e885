//! Judges of MM-RES about what is asked, and how a server says no.

use super::*;

pub async fn searches(session: &Session<'_>) -> Judged {
    let searches = session.searches().await?;
    let mut outcome = Outcome::holds();
    for search in searches {
        outcome.exchange.get_or_insert(search.seen.number);
        if search.bundle.is_some() {
            continue;
        }
        let message = match search.seen.status() {
            200 => format!("`{}` is not answered with a searchset", search.query),
            _ => format!("`{}` is refused: {}", search.query, search.seen.in_words()),
        };
        outcome.push(
            search
                .seen
                .finding(Level::Hard, code::REFUSED, message)
                .expected("status 200 and a Bundle of type searchset"),
        );
    }
    Ok(outcome)
}

pub async fn unknown_parameter(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let lenient = session.ask(Peer::Client, Some(&token), "Observation?foo=bar", &[]).await;
    let mut outcome = lenient.shows();
    let in_self =
        lenient.json().is_some_and(|value| bundle::link(&value, "self").is_some_and(|link| link.contains("foo=")));
    match lenient.status() {
        200 if !in_self => {}
        400 => {}
        200 => {
            let finding = lenient.finding(
                Level::Warn,
                code::CONTENT,
                "an unknown parameter stands in the self link as if it were applied",
            );
            outcome.push(finding.expected("not in the self link, or status 400"));
        }
        _ => outcome.push(
            lenient
                .finding(Level::Warn, code::ERROR_FORM, "an unknown parameter is not handled")
                .expected("status 200 or 400"),
        ),
    }
    let strict = session.ask(Peer::Client, Some(&token), "Observation?foo=bar", &[("Prefer", "handling=strict")]).await;
    if strict.status() != 400 {
        let finding = strict.finding(
            Level::Warn,
            code::ACCEPTED,
            "an unknown parameter is not refused with `Prefer: handling=strict`",
        );
        outcome.push(finding.expected("status 400"));
    }
    Ok(outcome)
}

pub async fn invalid_value(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for query in ["Observation?date=xx", "Observation?status=nonsense"] {
        let seen = session.ask(Peer::Client, Some(&token), query, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        let found = seen.json().map_or(0, |value| bundle::matches(&value));
        if seen.status() >= 500 || seen.status() == 0 {
            outcome.findings.extend(seen.broken(Level::Warn));
        } else if seen.is_success() && found > 0 {
            let finding = seen.finding(Level::Warn, code::ACCEPTED, format!("`{query}` finds {found} resources"));
            outcome.push(finding.expected("status 400, or nothing found"));
        }
    }
    Ok(outcome)
}

pub async fn unknown_type(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let mut outcome = Outcome::holds();
    for kind in ["DocumentManifest", "Foo"] {
        let seen = session.ask(Peer::Client, Some(&token), kind, &[]).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            // A server may serve DocumentManifest; it cannot serve Foo.
            let level = if kind == "Foo" || seen.json().is_none_or(|v| !bundle::is_searchset(&v)) {
                Level::Hard
            } else {
                Level::Note
            };
            outcome.push(
                seen.finding(level, code::ACCEPTED, format!("`{kind}` is answered with {}", seen.in_words()))
                    .expected("status 404"),
            );
        } else {
            outcome.findings.extend(seen.broken(Level::Hard));
        }
    }
    Ok(outcome)
}

pub async fn unknown_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), &format!("Condition/{}", Uuid::new_v4()), &[]).await;
    if matches!(seen.status(), 404 | 410) {
        return Ok(seen.shows());
    }
    let finding =
        seen.finding(Level::Hard, code::ERROR_FORM, format!("an unknown id is answered with {}", seen.in_words()));
    Ok(finding.expected("status 404").into())
}

/// Requests of a client that are wrong, refused by the FHIR server.
pub(super) async fn refusals(session: &Session<'_>) -> Result<Vec<Seen>, Outcome> {
    let token = session.token().await?;
    session.ask(Peer::Client, Some(&token), &format!("Condition/{}", Uuid::new_v4()), &[]).await;
    session.ask(Peer::Client, Some(&token), "Foo", &[]).await;
    let refused = |seen: &Seen| (400..600).contains(&seen.status()) && seen.exchange.request.method != "HEAD";
    let home = session.setup.fhir_base.as_deref().unwrap_or_default();
    let here = |seen: &Seen| seen.exchange.request.url.starts_with(home);
    Ok(session.seen(Place::Resource).into_iter().filter(|seen| refused(seen) && here(seen)).collect())
}

pub async fn outcomes(session: &Session<'_>) -> Judged {
    let all = refusals(session).await?;
    let Some(first) = all.first() else { return Err(Outcome::open(code::UNSEEN, "no error was seen")) };
    let mut outcome = first.shows();
    outcome.findings.extend(all.iter().find_map(refusal::not_an_outcome));
    Ok(outcome)
}

pub async fn no_internals(session: &Session<'_>) -> Judged {
    let all = refusals(session).await?;
    let Some(first) = all.first() else { return Err(Outcome::open(code::UNSEEN, "no error was seen")) };
    let mut outcome = first.shows();
    if let Some((seen, shown)) = all.iter().find_map(|seen| Some((seen, refusal::internals(seen)?))) {
        outcome.push(seen.finding(
            Level::Warn,
            code::CONTENT,
            format!("an error shows the inside of the server: `{shown}`"),
        ));
    }
    Ok(outcome)
}

pub async fn paging(session: &Session<'_>) -> Judged {
    paging::judge(session).await
}

pub async fn page_of_other(session: &Session<'_>) -> Judged {
    paging::of_other(session).await
}

pub async fn empty(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Observation?code=http://loinc.org%7C0-0", &[]).await;
    let value = seen.json().filter(|value| bundle::is_searchset(value) && seen.status() == 200);
    let Some(value) = value else {
        let finding = seen.finding(Level::Hard, code::ERROR_FORM, "nothing found is not answered with a searchset");
        return Ok(finding.expected("status 200 and an empty searchset").into());
    };
    let total = value.get("total").and_then(Value::as_u64);
    if bundle::matches(&value) > 0 || total.is_some_and(|total| total > 0) {
        return Ok(seen
            .finding(Level::Hard, code::CONTENT, "a code that does not exist finds something")
            .expected("`total` 0")
            .into());
    }
    Ok(seen.shows())
}
