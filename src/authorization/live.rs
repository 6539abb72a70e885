//! Tokens while a run uses them: taken from the store, got by logging in, renewed before they run out and
//! when they are refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::hook::{self, Person};
use super::login::{Flow, LoginSettings, TokenSet};
use super::store::{TokenStore, key};
use super::token_endpoint::LoginError;
use crate::exchange::{AccessToken, Client, TokenFuture, TokenSource};

/// A token that will not last this many seconds is renewed before it is used; of a short-lived one a
/// fifth of its life is enough.
const MARGIN: i64 = 30;

/// How a token was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was in the store.
    Stored,
    /// Somebody logged in.
    Login,
    /// A refresh token was taken for it, before the old one ran out.
    Refreshed,
    /// A refresh token was taken for it, after the old one was refused.
    RefreshedAfterRefusal,
    /// Somebody logged in once more.
    LoginAgain,
}

impl How {
    /// Its code in the record.
    pub fn code(self) -> &'static str {
        match self {
            How::Stored => "stored",
            How::Login => "login",
            How::Refreshed => "refreshed",
            How::RefreshedAfterRefusal => "refreshed-after-refusal",
            How::LoginAgain => "login-again",
        }
    }
}

/// A token was come by: who, how, when. The token itself is not in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUse {
    /// Name of the person.
    pub person: String,
    /// The flow.
    pub flow: Flow,
    /// How.
    pub how: How,
    /// When, RFC 3339.
    pub at: String,
}

/// Somebody to log in.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// Who.
    pub person: Person,
    /// The command that does it, if there is one.
    pub hook: Option<String>,
}

#[derive(Default)]
struct Held {
    tokens: Option<TokenSet>,
    /// How long the token lived when it was new.
    life: i64,
    logged_in: bool,
}

/// A source of tokens that come from logins.
pub struct LiveTokens {
    settings: Arc<LoginSettings>,
    client: Arc<Client>,
    store: Option<TokenStore>,
    logins: BTreeMap<String, Login>,
    held: BTreeMap<String, tokio::sync::Mutex<Held>>,
    correlations: Mutex<BTreeMap<String, String>>,
    uses: Mutex<Vec<TokenUse>>,
}

impl std::fmt::Debug for LiveTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LiveTokens({})", self.settings.flow.name())
    }
}

impl LiveTokens {
    /// A source; nothing is asked yet. `client` is for the token endpoint.
    pub fn new(
        settings: Arc<LoginSettings>,
        client: Arc<Client>,
        store: Option<TokenStore>,
        logins: Vec<Login>,
    ) -> Arc<LiveTokens> {
        let logins: BTreeMap<String, Login> = logins.into_iter().map(|l| (l.person.name.clone(), l)).collect();
        let held = logins.keys().map(|name| (name.clone(), tokio::sync::Mutex::default())).collect();
        Arc::new(LiveTokens {
            settings,
            client,
            store,
            logins,
            held,
            correlations: Mutex::default(),
            uses: Mutex::default(),
        })
    }

    /// Names of people it has tokens for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.logins.keys().map(String::as_str)
    }

    /// The flow.
    pub fn flow(&self) -> Flow {
        self.settings.flow
    }

    /// How tokens were come by since this was asked last.
    pub fn uses(&self) -> Vec<TokenUse> {
        std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees to it that everybody has a token.
    ///
    /// # Errors
    /// Who has none, and why.
    pub async fn ready(&self) -> Result<(), Vec<(String, LoginError)>> {
        let mut failed = vec![];
        for name in self.logins.keys() {
            if let Err(error) = self.obtain(name, None).await {
                failed.push((name.clone(), error));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }

    /// Takes tokens that a login gave.
    pub async fn give(&self, name: &str, tokens: TokenSet, how: How) {
        if let Some(held) = self.held.get(name) {
            self.take(name, &mut *held.lock().await, tokens, how);
        }
    }

    /// How somebody is logged in.
    pub fn login_of(&self, name: &str) -> Option<Login> {
        self.logins.get(name).cloned()
    }

    async fn obtain(&self, name: &str, refused: Option<&AccessToken>) -> Result<AccessToken, LoginError> {
        let nobody = || LoginError::Nobody { reason: format!("there is no login for `{name}`") };
        let held = self.held.get(name).ok_or_else(nobody)?;
        // One at a time: a refresh token can be used once.
        let mut held = held.lock().await;
        if held.tokens.is_none()
            && let Some(stored) = self.stored(name)
        {
            self.take(name, &mut held, stored, How::Stored);
        }
        if let Some(tokens) = &held.tokens {
            let margin = if held.life > 0 { MARGIN.min(held.life / 5).max(1) } else { MARGIN };
            let good = !tokens.runs_out_within(margin) && refused != Some(&tokens.access);
            if good {
                return Ok(tokens.access.clone());
            }
        }
        self.renew(name, &mut held, refused.is_some()).await
    }

    /// A new token: by refresh where that is possible, else by logging in.
    async fn renew(&self, name: &str, held: &mut Held, refused: bool) -> Result<AccessToken, LoginError> {
        let old = held.tokens.clone().filter(|tokens| tokens.refresh.is_some());
        let mut said = None;
        if let Some(old) = old {
            let how = if refused { How::RefreshedAfterRefusal } else { How::Refreshed };
            match self.settings.refresh(&old, &self.client).await {
                Ok(tokens) => {
                    let access = tokens.access.clone();
                    self.take(name, held, tokens, how);
                    return Ok(access);
                }
                Err(error) => said = Some(error),
            }
        }
        let how = if held.logged_in { How::LoginAgain } else { How::Login };
        let tokens = match self.login(name).await {
            Ok(tokens) => tokens,
            Err(LoginError::Nobody { .. }) if said.is_some() => {
                return Err(said.unwrap_or_else(|| LoginError::Nobody { reason: String::new() }));
            }
            Err(error) => return Err(error),
        };
        let access = tokens.access.clone();
        self.take(name, held, tokens, how);
        Ok(access)
    }

    async fn login(&self, name: &str) -> Result<TokenSet, LoginError> {
        if !self.settings.flow.has_person() {
            return self.settings.without_person(&self.client).await;
        }
        let login = self.logins.get(name);
        let Some((login, hook)) = login.and_then(|login| Some((login, login.hook.as_ref()?))) else {
            let reason = format!("`{name}` has no stored token, and there is no login hook");
            return Err(LoginError::Nobody { reason });
        };
        let started = self.settings.begin()?;
        let came_back = hook::come_back(hook, &started.url, &login.person).await?;
        self.settings.finish(started, &came_back, &self.client).await
    }

    fn stored(&self, name: &str) -> Option<TokenSet> {
        // A store that cannot be read is as good as none: somebody logs in.
        self.store.as_ref()?.get(&self.key(name)).ok().flatten()
    }

    fn key(&self, name: &str) -> String {
        key(name, &self.settings.client_id, &self.settings.token_endpoint)
    }

    fn take(&self, name: &str, held: &mut Held, tokens: TokenSet, how: How) {
        let now = jiff::Timestamp::now();
        if how != How::Stored {
            held.life = tokens.until.map_or(0, |until| until - now.as_second());
            held.logged_in |= matches!(how, How::Login | How::LoginAgain);
            if let Some(store) = &self.store {
                // The run goes on with a token that could not be kept.
                let _ = store.keep(&self.key(name), &tokens);
            }
        }
        let mut correlations = self.correlations.lock().unwrap_or_else(PoisonError::into_inner);
        correlations.insert(name.to_owned(), tokens.correlation.clone());
        drop(correlations);
        let used = TokenUse { person: name.to_owned(), flow: self.settings.flow, how, at: now.to_string() };
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).push(used);
        held.tokens = Some(tokens);
    }
}

impl TokenSource for LiveTokens {
    fn token<'s>(&'s self, name: &'s str, refused: Option<&'s AccessToken>) -> TokenFuture<'s> {
        Box::pin(async move {
            self.obtain(name, refused).await.map_err(|error| format!("there is no token for `{name}`: {error}"))
        })
    }

    /// Every request of MedMij has an id of its own, and that of the login (core.rscint.201).
    fn fields(&self, name: &str) -> Vec<(&'static str, String)> {
        if self.settings.flow != Flow::MedMij {
            return vec![];
        }
        let correlations = self.correlations.lock().unwrap_or_else(PoisonError::into_inner);
        let correlation = correlations.get(name).cloned();
        let mut fields = vec![("MedMij-Request-ID", uuid::Uuid::new_v4().to_string())];
        fields.extend(correlation.map(|id| ("X-Correlation-ID", id)));
        fields
    }
}
