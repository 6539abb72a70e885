//! The login of a run: tokens before the first request, and what became of them in the record.

use std::sync::Arc;

use crate::authorization::{LiveTokens, code};
use crate::diagnostic::Diagnostic;
use crate::exchange::{ClientSettings, TokenSource, origin};
use crate::record::{BodyHash, Event, EventSink, RecordError, TokenObtained};

use super::super::problem;
use super::Configured;

/// The client of a run: tokens go to the target, to hosts that the user named, and nowhere else.
pub fn client(
    login: Option<&Configured>,
    target: &str,
    variables: &[(String, String)],
    settings: ClientSettings,
) -> ClientSettings {
    let named = variables.iter().map(|(_, value)| value.as_str()).filter(|value| value.starts_with("http"));
    let hosts = login.map(|login| login.hosts.as_slice()).unwrap_or_default();
    let all = [target].into_iter().chain(named).chain(hosts.iter().map(String::as_str));
    let settings = ClientSettings { trusted: Some(all.filter_map(origin).collect()), ..settings };
    match login {
        Some(login) => {
            let tokens = Some(login.live.clone() as Arc<dyn TokenSource>);
            ClientSettings { tokens, ..login.connection.applied(settings) }
        }
        None => settings,
    }
}

/// Sees to it that everybody has a token; who has none, and why.
pub async fn ready(login: &Configured) -> Vec<Diagnostic> {
    let failed = login.live.ready().await.err().unwrap_or_default();
    let told = |(name, error)| problem::error(code::NO_TOKEN, format!("there is no token for `{name}`: {error}"));
    failed.into_iter().map(told).collect()
}

/// Writes down how tokens were come by, between what else happens.
pub struct Noted<'n> {
    /// The record.
    pub sink: &'n dyn EventSink,
    /// The tokens, if there is a login.
    pub live: Option<&'n LiveTokens>,
}

impl Noted<'_> {
    fn tokens(&self) -> Result<(), RecordError> {
        for used in self.live.map(LiveTokens::uses).unwrap_or_default() {
            self.sink.event(&Event::TokenObtained(TokenObtained {
                person: used.person,
                flow: used.flow.name().to_owned(),
                how: used.how.code().to_owned(),
                at: used.at,
            }))?;
        }
        Ok(())
    }
}

impl EventSink for Noted<'_> {
    fn event(&self, event: &Event) -> Result<(), RecordError> {
        if !matches!(event, Event::RunStarted(_)) {
            self.tokens()?;
        }
        self.sink.event(event)
    }

    fn body(&self, hash: &BodyHash, body: &[u8]) -> Result<(), RecordError> {
        self.sink.body(hash, body)
    }
}
