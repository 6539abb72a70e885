//! What shows of security from outside: TLS, tokens, headers, the authorization server's own words.

use uuid::Uuid;

use crate::check::catalogue::Level;
use crate::check::code;
use crate::check::notified_pull::assertion;
use crate::check::outcome::{Judged, Outcome};
use crate::check::session::{Peer, Place, Seen, Session};
use crate::check::tls::hello::{OLD, Offer, Reply, ask};
use crate::check::tls::judge::{plainly, weak_certificates, weak_suites};
use crate::check::tls::{Endpoint, endpoints};

fn own(session: &Session<'_>) -> Vec<Endpoint> {
    let base = session.setup.fhir_base.as_deref().and_then(|base| url::Url::parse(base).ok());
    let is_own = |endpoint: &Endpoint| {
        base.as_ref().is_some_and(|base| base.host() == endpoint.url.host() && base.port() == endpoint.url.port())
    };
    endpoints(session.setup).into_iter().filter(is_own).collect()
}

pub async fn hidden_details(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let malformed = ["Foo", "Patient/%21%40", "Patient?birthdate=%27%22", "Observation?_count=x"];
    let mut all: Vec<Seen> = vec![];
    for path in malformed {
        all.push(session.api(path, &[]).await);
    }
    let token = session.api_token().await;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let mut posted = session.fhir_request(
        "POST",
        token.as_deref(),
        &format!("{base}/Patient/_search"),
        &[("Content-Type", "text/csv")],
    );
    posted.body = "a;b".into();
    all.push(session.send(Peer::Client, Place::Resource, posted).await);
    for seen in &all {
        outcome.exchange.get_or_insert(seen.number);
        if let Some(shown) = super::internals(seen) {
            outcome.push(seen.finding(
                Level::Hard,
                code::CONTENT,
                format!("an answer shows the inside of the server: `{shown}`"),
            ));
            break;
        }
    }
    let versioned = |seen: &Seen| {
        let product =
            seen.header("X-Powered-By").or(seen.header("X-AspNet-Version")).or(seen.header("X-AspNetMvc-Version"));
        let server = seen
            .header("Server")
            .filter(|server| server.contains('/') && server.contains(|c: char| c.is_ascii_digit()));
        product.or(server).map(str::to_owned)
    };
    if let Some((seen, said)) = all.iter().find_map(|seen| Some((seen, versioned(seen)?))) {
        outcome.push(seen.finding(
            Level::Warn,
            code::HEADER,
            format!("a header says what the server is made with: `{said}`"),
        ));
    } else if let Some((seen, said)) = all.iter().find_map(|seen| Some((seen, seen.header("Server")?.to_owned()))) {
        outcome.push(seen.finding(Level::Note, code::NOTE, format!("`Server: {said}`")));
    }
    Ok(outcome)
}

pub async fn tls(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in own(session) {
        for (name, number) in OLD {
            if matches!(ask(&session.dialer, &endpoint, &Offer::old(number)).await, Reply::Hello { version, .. } if version == number)
            {
                // The guidelines call SSL insufficient, TLS 1.0 and 1.1 to be phased out.
                let level = if number == 0x0300 { Level::Hard } else { Level::Warn };
                outcome.push(
                    crate::check::outcome::Finding::new(level, code::TLS, format!("{name} is on"))
                        .expected("TLS 1.2 and 1.3"),
                );
            }
        }
        outcome.findings.extend(weak_suites(session, &endpoint, Level::Warn).await);
        let offer = Offer { compression: true, ..Offer::today() };
        if matches!(ask(&session.dialer, &endpoint, &offer).await, Reply::Hello { compression: 1.., .. }) {
            outcome.push(crate::check::outcome::Finding::new(Level::Warn, code::TLS, "compression is taken"));
        }
        outcome.findings.extend(weak_certificates(session, &endpoint).await);
    }
    Ok(outcome)
}

pub async fn no_plain_http(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    for endpoint in own(session) {
        outcome.findings.extend(plainly(session, &endpoint).await);
    }
    Ok(outcome)
}

pub async fn protected(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let made_up = Uuid::new_v4().to_string();
    let mut paths = vec!["Patient".to_owned()];
    paths.extend(session.readable().await.ok());
    for path in &paths {
        for token in [None, Some(made_up.as_str())] {
            let seen = session.ask(Peer::Client, token, path, &[]).await;
            outcome.exchange.get_or_insert(seen.number);
            let what = if token.is_none() { "no token" } else { "a made-up token" };
            if seen.is_success() {
                outcome.push(
                    seen.finding(Level::Hard, code::LEAK, format!("`{path}` is answered with {what}"))
                        .expected("status 401"),
                );
            } else if !matches!(seen.status(), 401 | 403) {
                outcome.push(
                    seen.finding(Level::Warn, code::ERROR_FORM, format!("{what} is answered with {}", seen.in_words()))
                        .expected("status 401"),
                );
            } else if seen.status() == 401 && seen.header("WWW-Authenticate").is_none() {
                outcome.push(
                    seen.finding(Level::Warn, code::HEADER, "401 comes without a challenge")
                        .expected("`WWW-Authenticate`"),
                );
            }
        }
    }
    Ok(outcome)
}

pub async fn safe_headers(session: &Session<'_>) -> Judged {
    let path = session.readable().await?;
    let seen = session.api(&path, &[]).await;
    let said = |name: &str| seen.header(name).unwrap_or("not there").to_owned();
    let message = format!(
        "Cache-Control: {}; Strict-Transport-Security: {}",
        said("Cache-Control"),
        said("Strict-Transport-Security")
    );
    Ok(seen.finding(Level::Note, code::NOTE, message).into())
}

/// Documents in which an authorization server says what it can (RFC 8414, OpenID Connect, SMART).
async fn published(session: &Session<'_>) -> Vec<Seen> {
    let setup = session.setup;
    let mut all = vec![];
    let mut roots: Vec<String> = vec![];
    for url in [&setup.token_endpoint, &setup.authorization_endpoint, &setup.fhir_base].into_iter().flatten() {
        if let Ok(url) = url::Url::parse(url) {
            let root = url[..url::Position::BeforePath].to_owned();
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
    }
    for root in roots {
        for name in ["oauth-authorization-server", "openid-configuration", "smart-configuration"] {
            let seen = session
                .get(
                    Peer::Client,
                    Place::Other,
                    &format!("{root}/.well-known/{name}"),
                    &[("Accept", "application/json")],
                )
                .await;
            if seen.status() == 200 && seen.json().is_some() {
                all.push(seen);
            }
        }
    }
    all
}

pub async fn signing(session: &Session<'_>) -> Judged {
    let published = published(session).await;
    let mut outcome = Outcome::holds();
    for seen in &published {
        outcome.exchange.get_or_insert(seen.number);
        let value = seen.json().unwrap_or_default();
        let algorithms = value
            .get("token_endpoint_auth_signing_alg_values_supported")
            .and_then(|v| v.as_array())
            .cloned()
            .unwrap_or_default();
        let weak = algorithms.iter().filter_map(|v| v.as_str()).find(|alg| *alg == "none" || alg.starts_with("HS"));
        if let Some(weak) = weak {
            let message = format!("the authorization server says it takes tokens signed with `{weak}`");
            outcome.push(seen.finding(Level::Warn, code::CONTENT, message).expected("asymmetric algorithms only"));
        }
    }
    if session.setup.pull.as_ref().is_some_and(|pull| pull.partner_key.is_some()) {
        outcome.add(assertion::forged(session).await?);
    } else if published.is_empty() {
        return Err(Outcome::open(
            code::UNSEEN,
            "the authorization server publishes nothing about itself, and there is no JWT client",
        ));
    }
    Ok(outcome)
}

pub async fn jwt_client(session: &Session<'_>) -> Judged {
    assertion::judged(session).await
}

pub async fn openid(session: &Session<'_>) -> Judged {
    let published = published(session).await;
    let there = published.iter().find(|seen| seen.exchange.request.url.ends_with("openid-configuration"));
    Ok(match there {
        Some(seen) => seen.finding(Level::Note, code::NOTE, "OpenID Connect is there").into(),
        None => Outcome::note("OpenID Connect is not there"),
    })
}
