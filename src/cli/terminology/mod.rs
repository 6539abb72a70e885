//! `--terminology-server URL`: whom the validator asks about codes that nothing loaded decides.
//!
//! Only such codes go out, each once. What the server said is kept on disk (`cache`) and asks no more for a
//! month; where it says nothing the code stays not checkable, with the reason. A server that wants a token
//! has its client in the table `[terminology-login]` of `keur.toml`.

mod cache;
mod line;
mod operation;
mod recorded;
mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::authorization::DEFAULT;
use crate::definitions::terminology::Authority;
use crate::diagnostic::{Diagnostic, Source};
use crate::exchange::{Client, ClientSettings, Reach, TokenSource, origin};

use super::auth::{Limits, for_terminology};
use super::settings::{Checked, Key, Said};
use cache::Cache;
use line::Line;
pub use recorded::recorded;
use server::Server;

/// Longest wait for one answer: a validation asks many.
const WAIT: Duration = Duration::from_secs(10);

/// Flags of verbs that validate.
#[derive(clap::Args, Debug, Default)]
#[group(skip)]
pub struct Flags {
    /// Base URL of a FHIR terminology server, asked about codes that nothing loaded decides
    #[arg(long, value_name = "URL")]
    terminology_server: Option<String>,
}

impl Flags {
    /// What they say.
    pub fn said(&self) -> Said {
        Said::default().one(Key::TerminologyServer, &self.terminology_server)
    }
}

/// A server that is to be asked.
#[derive(Clone, Debug)]
pub struct Wanted {
    url: String,
    /// The settings file, which may have a login for it.
    file: Option<Source>,
    limits: Limits,
    reach: Reach,
    /// Folder of what it said before.
    cache: Option<PathBuf>,
}

impl Wanted {
    /// As the settings have it.
    pub fn of(checked: &Checked) -> Option<Wanted> {
        let url = checked.terminology_server.clone()?;
        // `--offline` leaves only the hosts of the target; what is in the cache is there still.
        let reach = match checked.offline {
            true => Reach::only_hosts_of(checked.target.as_deref()),
            false => Reach::Anywhere,
        };
        let limits = Limits { timeout: checked.timeout.min(WAIT), offline: checked.offline };
        let cache = cache::usual(&|name| std::env::var(name).ok());
        Some(Wanted { url, file: checked.file.clone(), limits, reach, cache })
    }

    /// Somebody to ask; nothing is dialled before the first question.
    ///
    /// # Errors
    /// Everything that is wrong with its login.
    pub fn open(self) -> Result<Arc<dyn Authority>, Vec<Diagnostic>> {
        let login = for_terminology(self.file.as_ref(), self.limits)?;
        let settings = ClientSettings {
            timeout: self.limits.timeout,
            connect_timeout: self.limits.timeout,
            reach: self.reach,
            trusted: Some(origin(&self.url).into_iter().collect()),
            ..ClientSettings::default()
        };
        let token = login.as_ref().map(|_| DEFAULT);
        let settings = match login {
            None => settings,
            Some(login) => {
                let tokens = Some(login.live.clone() as Arc<dyn TokenSource>);
                ClientSettings { tokens, ..login.connection.applied(settings) }
            }
        };
        let line = Line::new(Client::new(settings));
        Ok(Arc::new(Server::new(self.url, token, line, self.cache.map(Cache::at))))
    }
}
