//! What every matrix needs to be put on: simulators, scripts, a board.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::connectathon::{Server, board};
use crate::diagnostic::Diagnostic;
use crate::exchange::AccessToken;
use crate::record::Record;
use crate::report::renderer;
use crate::simulator::{self, ActiveDefect, RunningSimulator, Simulator};

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::problem;
use super::super::reports::{Evidence, folded};
use super::super::serve::not_started;
use super::super::settings::Checked;
use super::super::suite::Shelf;
use super::Flags;

/// What all simulators share.
pub struct House {
    /// Without address and faults.
    pub settings: simulator::Settings,
}

impl House {
    /// Opens a party's simulator.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn open(
        &self,
        party: &Server,
        faulty: bool,
        at: Option<SocketAddr>,
    ) -> Result<RunningSimulator, Vec<Diagnostic>> {
        let defect = party.defect.as_deref().filter(|_| faulty).and_then(|name| ActiveDefect::parse(name).ok());
        let mut settings = self.settings.clone();
        settings.defects = defect.into_iter().collect();
        if let Some(address) = at {
            settings.listen = address;
        }
        Simulator::start(settings).await.map_err(not_started)
    }

    /// Again where it was: the port may not be free at once.
    pub async fn reopen(&self, party: &Server, faulty: bool, at: SocketAddr) -> Option<RunningSimulator> {
        for _ in 0..50 {
            if let Ok(simulator) = self.open(party, faulty, Some(at)).await {
                return Some(simulator);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        None
    }
}

/// Why a matrix does not begin.
pub enum Problem {
    /// It was said already; this is how keur ends.
    Said(Exit),
    /// Not said yet.
    New(Vec<Diagnostic>),
}

impl From<Vec<Diagnostic>> for Problem {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Problem::New(problems)
    }
}

/// How the board is set up.
///
/// # Errors
/// When a token cannot be read.
pub fn board_settings(
    flags: &Flags,
    checked: &Checked,
    console: &Console,
    fixed: Option<tokio::sync::mpsc::UnboundedSender<String>>,
    (title, parties): (String, Vec<(String, AccessToken)>),
) -> Result<board::Settings, Box<Diagnostic>> {
    let token = flags.board_token.as_deref().map(secret).transpose()?;
    let (checked, registry) = (checked.clone(), crate::diagnostic::Registry::new(super::super::TABLES));
    let render = move |folder: &Path, language| {
        let record = Record::open(folder).ok()?;
        let report = folded(&record, &checked);
        Some(renderer::html(&report, &registry, &Evidence::recorded(&record, &Shelf), language))
    };
    Ok(board::Settings { token, parties, language: console.language, title, render: Arc::new(render), fixed })
}

/// `env:VARIABLE` or `@FILE`, and as a last resort the token itself.
pub fn secret(text: &str) -> Result<AccessToken, Box<Diagnostic>> {
    let wrong = |reason: String| Box::new(problem::error(problem::TOKEN, reason));
    let token = match (text.strip_prefix("env:"), text.strip_prefix('@')) {
        (Some(name), _) => std::env::var(name).map_err(|_| wrong(format!("there is no variable `{name}`")))?,
        (_, Some(file)) => std::fs::read_to_string(file).map_err(|error| wrong(format!("`{file}`: {error}")))?,
        _ => text.to_owned(),
    };
    Ok(AccessToken::new(token))
}
