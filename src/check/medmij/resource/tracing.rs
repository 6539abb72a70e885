//! Judges of MM-RES about the ids that requests carry.

use super::*;

pub async fn no_request_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", "")]).await;
    Ok(noted(&seen, "without `MedMij-Request-ID`"))
}

pub async fn no_correlation_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("X-Correlation-ID", "")]).await;
    let mut outcome = noted(&seen, "without `X-Correlation-ID`");
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("X-Correlation-ID", "abc")]).await;
    outcome.add(noted(&seen, "with `X-Correlation-ID: abc`"));
    Ok(outcome)
}

pub async fn repeated_request_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let id = Uuid::new_v4().to_string();
    session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", &id)]).await;
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", &id)]).await;
    Ok(noted(&seen, "the same `MedMij-Request-ID` again"))
}

pub async fn echoed_request_id(session: &Session<'_>) -> Judged {
    let token = session.token().await?;
    let id = Uuid::new_v4().to_string();
    let seen = session.ask(Peer::Client, Some(&token), "Patient", &[("MedMij-Request-ID", &id)]).await;
    let echoed = if seen.header("MedMij-Request-ID") == Some(&id) { "repeated" } else { "not repeated" };
    Ok(seen.finding(Level::Note, code::NOTE, format!("`MedMij-Request-ID` is {echoed}")).into())
}
