//! Filling in the forms of the DVA, as a person does in a browser.

use std::process::ExitCode;

use keur::exchange::Client;
use keur::simulator::dva::DvaConfig;

use crate::server::{body, client, header, post, request};

/// What a person does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Logs in and says yes.
    Yes,
    /// Logs in and says yes, for as long as it takes.
    Lasting,
    /// Logs in and says no.
    No,
    /// Does not log in.
    Cancels,
}

/// Goes through the pages; where the browser is sent in the end, or the page it stays on.
pub async fn login(client: &Client, url: &str, user: &str, password: &str, does: Does) -> Result<String, String> {
    let page = client.send(request("GET", url, &[], "")).await;
    if let Some(location) = header(&page, "Location") {
        return Ok(location);
    }
    let text = body(&page);
    let session = text.split_once("name=\"session\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    let Some((session, _)) = session else { return Err(text) };
    let base = url.split_once("/oauth/").map_or(url, |(base, _)| base);
    let action = if does == Does::Cancels { "cancel" } else { "login" };
    let form = [("session", session), ("username", user), ("password", password), ("action", action)];
    let page = post(client, &format!("{base}/oauth/login"), &form).await;
    if let Some(location) = header(&page, "Location") {
        return Ok(location);
    }
    let mut form = vec![("session", session), ("decision", if does == Does::No { "no" } else { "yes" })];
    if does == Does::Lasting {
        form.push(("lasting", "yes"));
    }
    let end = post(client, &format!("{base}/oauth/consent"), &form).await;
    header(&end, "Location").ok_or_else(|| body(&end))
}

/// The test as a login hook: `hook CONFIG URL`, the person in the environment.
pub fn hook() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let [config, .., url] = arguments.as_slice() else { return ExitCode::FAILURE };
    let text = std::fs::read_to_string(config).expect("the configuration of the DVA");
    let config: DvaConfig = serde_json::from_str(&text).expect("the configuration of the DVA");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let (user, password) = (variable("KEUR_LOGIN_USER"), variable("KEUR_LOGIN_PASSWORD"));
    let client = client(&config, None);
    match crate::wait(login(&client, url, &user, &password, Does::Lasting)) {
        Ok(location) => {
            println!("{location}");
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}
