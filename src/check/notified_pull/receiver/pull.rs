//! How the party pulls, also when we misbehave.

use std::time::Duration;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::Session;
use crate::fhir::Format;

use super::{accepted, came, compared, path, pulled, pulled_with, queries, reads, served, wrong};
use crate::check::notified_pull::host::{Host, Manner};

/// Most tries of one request that are no loop.
const TRIES: usize = 10;

pub async fn tidy(session: &Session<'_>) -> Judged {
    let pulled = pulled(session).await?;
    let listed: Vec<_> = pulled.queries.iter().map(|query| compared(query)).collect();
    let mut outcome = Outcome::holds();
    for (seen, asked) in came(pulled)? {
        outcome.exchange.get_or_insert(seen.number);
        let accept = seen.exchange.request.headers.get("Accept").unwrap_or_default();
        if Format::from_media_type(accept.split(',').next().unwrap_or_default()).is_none() {
            outcome.push(
                wrong(seen, Level::Warn, "a request does not say which FHIR format it wants")
                    .expected("`Accept: application/fhir+json` or `+xml`"),
            );
            break;
        }
        let (kind, pairs) = compared(asked);
        let own = listed.iter().find(|(own, _)| *own == kind);
        if let Some((name, _)) =
            own.and_then(|(_, parameters)| pairs.iter().find(|pair| !parameters.contains(pair) && pair.0 != "page"))
        {
            outcome.push(wrong(
                seen,
                Level::Warn,
                format!("a request has a parameter that was not notified: `{name}`"),
            ));
            break;
        }
    }
    Ok(outcome)
}

pub async fn paging(session: &Session<'_>) -> Judged {
    let pulled = pulled(session).await?;
    let reads = came(pulled)?;
    let mut outcome = Outcome::shown_by(reads[0].0.number);
    let asked = |start: &str| reads.iter().any(|(_, asked)| asked.starts_with(start));
    for page in ["2", "3"] {
        if !asked(&format!("Condition?page={page}")) {
            outcome.push(
                wrong(reads[0].0, Level::Warn, format!("page {page} of the conditions is not fetched"))
                    .expected("every page"),
            );
            break;
        }
    }
    Ok(outcome)
}

pub async fn faults(session: &Session<'_>) -> Judged {
    session.steerable()?;
    let mut outcome = Outcome::holds();
    for status in [500, 429, 404] {
        let queries = queries();
        let pulled =
            pulled_with(session, |_| Manner { every_read: Some(status), ..Manner::default() }, &queries[..1], None)
                .await?;
        accepted(&pulled)?;
        let reads = reads(&pulled.arrived);
        let Some((first, _)) = reads.first() else { continue };
        outcome.exchange.get_or_insert(first.number);
        if reads.len() > TRIES {
            let message = format!("status {status} is answered with {} tries", reads.len());
            outcome.push(
                wrong(first, Level::Warn, message).expected(format!("at most {TRIES}, and a message to the user")),
            );
            break;
        }
    }
    if outcome.exchange.is_none() {
        Err(Outcome::open(code::UNSEEN, "nothing was pulled while we waited"))
    } else {
        Ok(outcome)
    }
}

pub async fn expired(session: &Session<'_>) -> Judged {
    session.with_tokens()?;
    session.steerable()?;
    let queries = queries();
    let slow = |host: &Host| Manner {
        served: served(host),
        lifetime: Some(1),
        pause: Some(Duration::from_millis(1200)),
        ..Manner::default()
    };
    let pulled = pulled_with(session, slow, &queries, None).await?;
    accepted(&pulled)?;
    let reads = came(&pulled)?;
    let asked = pulled.arrived.iter().filter(|seen| path(seen) == "/token").count();
    let mut outcome = Outcome::shown_by(reads[0].0.number);
    if asked < 2 {
        outcome.push(
            wrong(reads[0].0, Level::Warn, "a token that has run out is not renewed").expected("a new token request"),
        );
    }
    Ok(outcome)
}

pub async fn server_certificate(session: &Session<'_>) -> Judged {
    let pulled_well = pulled(session).await?;
    came(pulled_well)?;
    // Told to trust somebody else, the party must not believe our certificate.
    let other = Host::start(true).await.map_err(Outcome::blocked)?;
    let queries = queries();
    let result = pulled_with(
        session,
        |host| Manner { served: served(host), ..Manner::default() },
        &queries[..1],
        Some(other.authority()),
    )
    .await;
    session.introduce(None).await?;
    let pulled = result?;
    accepted(&pulled)?;
    if let Some(first) = pulled.arrived.first() {
        let finding = wrong(first, Level::Hard, "the party talks to a server whose certificate it cannot trust");
        return Ok(finding.expected("no request").into());
    }
    Ok(pulled.seen.shows())
}

pub async fn workflow(session: &Session<'_>) -> Judged {
    session.only("np-nuts")?;
    let pulled = pulled(session).await?;
    let reads = came(pulled)?;
    let read =
        reads.iter().position(|(seen, asked)| seen.exchange.request.method == "GET" && asked.starts_with("Task/"));
    let written =
        reads.iter().position(|(seen, asked)| seen.exchange.request.method == "PUT" && asked.starts_with("Task/"));
    match (read, written) {
        (Some(read), Some(written)) if read < written => Ok(Outcome::shown_by(reads[read].0.number)),
        _ => Ok(wrong(reads[0].0, Level::Hard, "the workflow Task is not read and then updated")
            .expected("GET, then PUT")
            .into()),
    }
}

pub async fn other_host(session: &Session<'_>) -> Judged {
    session.steerable()?;
    let trap = Host::start(false).await.map_err(Outcome::blocked)?;
    let mut asked = queries();
    asked.truncate(1);
    asked.push(format!("{}/Patient", trap.fhir_base()));
    let pulled =
        pulled_with(session, |host| Manner { served: served(host), ..Manner::default() }, &asked, None).await?;
    accepted(&pulled)?;
    // Who pulls nothing at all shows nothing.
    came(&pulled)?;
    let mut outcome = pulled.seen.shows();
    for exchange in trap.take() {
        let seen = session.received(exchange);
        outcome
            .push(wrong(&seen, Level::Hard, "an input that leads to another host is fetched").expected("no request"));
    }
    Ok(outcome)
}
