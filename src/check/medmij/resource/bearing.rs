//! Judges of MM-RES about methods, time and load.

use super::*;

pub async fn methods(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let id = Uuid::new_v4().to_string();
    let body = format!(
        r#"{{"resourceType": "Observation", "id": "{id}", "status": "cancelled", "code": {{"text": "keur"}}}}"#
    );
    let mut outcome = Outcome::holds();
    for (method, path, level) in [
        ("PUT", format!("Observation/{id}"), Level::Hard),
        ("DELETE", format!("Observation/{id}"), Level::Hard),
        ("POST", "Observation".to_owned(), Level::Warn),
        ("PATCH", format!("Observation/{id}"), Level::Warn),
    ] {
        let headers = [("Content-Type", JSON)];
        let mut asked = session.fhir_request(method, Some(&token), &format!("{base}/{path}"), &headers);
        if method != "DELETE" {
            asked.body = body.clone().into();
        }
        let seen = session.send(Peer::Client, Place::Resource, asked).await;
        outcome.exchange.get_or_insert(seen.number);
        if seen.is_success() {
            outcome.push(seen.finding(level, code::ACCEPTED, format!("{method} was accepted")).expected("status 405"));
        } else if !matches!(seen.status(), 401 | 403 | 404 | 405 | 501) {
            let message = format!("{method} was refused with status {}", seen.status());
            outcome.push(seen.finding(Level::Warn, code::ERROR_FORM, message).expected("status 405"));
        }
    }
    Ok(outcome)
}

pub async fn in_time(session: &Session<'_>) -> Judged {
    let most = session.setup.resource_limit;
    let token = session.token().await?;
    session.searches().await?;
    let mut times: Vec<Duration> = vec![];
    for seen in session.seen(Place::Resource) {
        if seen.exchange.elapsed > most {
            let again = session.fhir(Peer::Client, Some(&token), &seen.exchange.request.url, &[]).await;
            if again.exchange.elapsed > most {
                let finding = again.finding(
                    Level::Hard,
                    code::TIME,
                    format!("an answer took {:.1} s, twice", again.exchange.elapsed.as_secs_f64()),
                );
                return Ok(finding.expected(format!("at most {} s", most.as_secs())).into());
            }
        }
        times.push(seen.exchange.elapsed);
    }
    times.sort_unstable();
    let share = |part: f64| times.get(((times.len() as f64 - 1.0) * part) as usize).map_or(0, Duration::as_millis);
    Ok(Outcome::note(format!(
        "{} requests: p50 {} ms, p95 {} ms, p99 {} ms",
        times.len(),
        share(0.5),
        share(0.95),
        share(0.99)
    )))
}

pub async fn conditional(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let base = session.setup.fhir_base.as_deref().unwrap_or_default();
    let head = session
        .send(
            Peer::Client,
            Place::Resource,
            session.fhir_request("HEAD", Some(&token), &format!("{base}/Patient"), &[]),
        )
        .await;
    let mut outcome = noted(&head, "HEAD");
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("If-None-Match", "W/\"1\"")]).await;
    outcome.add(noted(&seen, "`If-None-Match`"));
    Ok(outcome)
}

pub async fn parallel(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let asked = session.setup.queries.iter().map(|query| session.ask(Peer::Client, Some(&token), query, &[]));
    let all = join_all(asked.collect()).await;
    let mut outcome = all.first().map(Seen::shows).unwrap_or_default();
    let refused: Vec<&Seen> =
        all.iter().filter(|seen| seen.status() == 429 || seen.status() >= 500 || seen.status() == 0).collect();
    if let Some(first) = refused.first() {
        let message = format!("{} of {} requests at once are not answered", refused.len(), all.len());
        outcome.push(first.finding(Level::Warn, code::BROKEN, message));
    }
    Ok(outcome)
}

/// All of them at once, on this task.
pub(super) async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut open = false;
        for (future, done) in waiting.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(context) {
                std::task::Poll::Ready(output) => *done = Some(output),
                std::task::Poll::Pending => open = true,
            }
        }
        if open { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}

pub async fn metadata(session: &Session<'_>) -> Judged {
    let mut outcome = Outcome::holds();
    let token = session.token().await.ok();
    for (token, what) in [(token.as_deref(), "with a token"), (None, "without a token")] {
        let seen = session.ask(Peer::Client, token, "metadata", &[]).await;
        let version = seen.json().and_then(|value| bundle::text(&value, "fhirVersion").map(str::to_owned));
        let said = version.map_or_else(|| seen.in_words(), |version| format!("FHIR {version}"));
        outcome.push(seen.finding(Level::Note, code::NOTE, format!("/metadata {what}: {said}")));
    }
    Ok(outcome)
}

pub async fn long_request(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let long = "x".repeat(16 * 1024);
    let seen = session.ask(Peer::Client, Some(&token), &format!("Patient?_id={long}"), &[]).await;
    let mut outcome = noted(&seen, "a URL of 16 kB");
    let seen = session.ask(Peer::Client, Some(&long), "Patient", &[]).await;
    outcome.add(noted(&seen, "a token of 16 kB"));
    Ok(outcome)
}

pub async fn share(session: &Session<'_>) -> Judged {
    let token = sharing_token(session).await?;
    let service = session.setup.share_service.clone().unwrap_or_default();
    let Some(base) = session.setup.resource_endpoints.get(&service) else {
        return Err(Outcome::open(code::INPUT, format!("missing: the resource endpoint of service {service}")));
    };
    let headers = [("Content-Type", JSON)];
    let mut asked = session.fhir_request("POST", Some(&token), &format!("{base}/Observation"), &headers);
    let body = r#"{"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}}"#;
    asked.body = body.into();
    let seen = session.send(Peer::Client, Place::Resource, asked).await;
    Ok(noted(&seen, "POST of an Observation"))
}
