//! The pages of the DVA: errors, and what browsers are told about them.

use url::Url;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::login::Page;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};
use crate::diagnostic::Words;

use crate::check::medmij::asking::Authorization;
use crate::check::medmij::flow::{location, to_client};

/// Pages that refused an invalid client, with what was asked.
async fn error_pages(session: &Session<'_>) -> Vec<(Seen, Authorization)> {
    let mut pages = vec![];
    for asked in [
        Authorization::valid(session).with("client_id", "niet-bestaand.example"),
        Authorization::valid(session).with("redirect_uri", "https://evil.example/cb"),
    ] {
        let seen = asked.send(session).await;
        if location(&seen).is_none() && seen.status() != 0 {
            pages.push((seen, asked));
        }
    }
    pages
}

pub async fn error_page_ids(session: &Session<'_>) -> Judged {
    let pages = error_pages(session).await;
    let Some((first, _)) = pages.first() else { return Err(Outcome::open(code::UNSEEN, "no error page was seen")) };
    let mut outcome = first.shows();
    for (seen, asked) in &pages {
        let text = seen.text();
        let missing: Vec<&str> = [("MedMij-Request-ID", "Trace ID"), ("X-Correlation-ID", "Session ID")]
            .into_iter()
            .filter(|(name, _)| !text.contains(asked.get(name)))
            .map(|(_, shown)| shown)
            .collect();
        if !missing.is_empty() {
            // The rule is about outages; a page for an invalid request is only noted.
            let level = if seen.status() >= 500 { Level::Warn } else { Level::Note };
            outcome.push(seen.finding(
                level,
                code::CONTENT,
                format!("the error page does not show {}", missing.join(" and ")),
            ));
        }
    }
    Ok(outcome)
}

pub async fn error_page_link(session: &Session<'_>) -> Judged {
    let client = Url::parse(session.setup.redirect_uri.as_deref().unwrap_or_default()).ok();
    let client = client.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
    let pages = error_pages(session).await;
    let Some((first, _)) = pages.first() else { return Err(Outcome::open(code::UNSEEN, "no error page was seen")) };
    let mut outcome = first.shows();
    for (seen, _) in &pages {
        let text = seen.text();
        let page = Page::read(&text);
        let leads = |link: &str| link.contains(&client) || link.contains("evil.example");
        if let Some(link) = page.links().find(|link| leads(link)) {
            let finding = seen.finding(Level::Warn, code::CONTENT, format!("the error page leads to `{link}`"));
            outcome.push(finding.expected("no way back to a client that is not known well enough"));
        }
    }
    Ok(outcome)
}

/// The landing page, and the page that asks for consent where it was seen.
async fn pages(session: &Session<'_>) -> Result<Vec<Seen>, Outcome> {
    let mut at = session.accepted().await.clone();
    for _ in 0..4 {
        let here = Url::parse(&at.exchange.request.url).ok();
        let Some(to) = location(&at).filter(|to| here.as_ref().and_then(Url::host_str) == to.host_str()) else { break };
        if to_client(session, &at).is_some() {
            break;
        }
        at = session.get(Peer::Nobody, Place::Front, to.as_str(), &[("Accept", "text/html")]).await;
    }
    let mut pages = vec![];
    if at.is_success() {
        pages.push(at);
    }
    if session.setup.has(crate::check::Need::Login)
        && let Ok(granted) = session.first().await
    {
        pages.extend(granted.coded.landing.consent.clone());
    }
    if pages.is_empty() { Err(Outcome::blocked("no page was seen")) } else { Ok(pages) }
}

/// What a header must say, and in which words that is found lacking.
type HeaderRule = (fn(&Seen) -> bool, Words);

fn header_rules(pages: &[Seen], rules: &[HeaderRule], session: &Session<'_>) -> Outcome {
    let mut outcome = pages.first().map(Seen::shows).unwrap_or_default();
    for (holds, words) in rules {
        if let Some(page) = pages.iter().find(|page| !holds(page)) {
            outcome.push(page.finding(Level::Warn, code::HEADER, words.get(session.language)));
        }
    }
    outcome
}

pub(super) fn has(seen: &Seen, name: &str, value: &str) -> bool {
    seen.header(name).is_some_and(|header| header.to_ascii_lowercase().contains(value))
}

pub async fn page_headers(session: &Session<'_>) -> Judged {
    // HSTS is MM-TLS-20.
    let rules: [HeaderRule; 3] = [
        (
            |page| page.header("X-Frame-Options").is_some() || has(page, "Content-Security-Policy", "frame-ancestors"),
            Words::new(
                "a page can be framed: no `X-Frame-Options` and no `frame-ancestors`",
                "een pagina is te framen: geen `X-Frame-Options` en geen `frame-ancestors`",
            ),
        ),
        (
            |page| has(page, "Cache-Control", "no-store"),
            Words::new(
                "a page may be cached: no `Cache-Control: no-store`",
                "een pagina mag gecachet worden: geen `Cache-Control: no-store`",
            ),
        ),
        (
            |page| has(page, "X-Content-Type-Options", "nosniff"),
            Words::new(
                "a page may be sniffed: no `X-Content-Type-Options: nosniff`",
                "een pagina mag gesnift worden: geen `X-Content-Type-Options: nosniff`",
            ),
        ),
    ];
    Ok(header_rules(&pages(session).await?, &rules, session))
}

pub async fn referrer(session: &Session<'_>) -> Judged {
    let rules: [HeaderRule; 1] = [(
        |page| has(page, "Referrer-Policy", "no-referrer") || has(page, "Referrer-Policy", "same-origin"),
        Words::new(
            "a page leaks its URL: no `Referrer-Policy: no-referrer` or `same-origin`",
            "een pagina lekt haar URL: geen `Referrer-Policy: no-referrer` of `same-origin`",
        ),
    )];
    Ok(header_rules(&pages(session).await?, &rules, session))
}
