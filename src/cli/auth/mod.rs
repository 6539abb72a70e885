//! `keur auth`: log people in before a run, see who is logged in, and forget them.

mod listener;
pub mod session;
mod settings;

use std::io::{BufRead as _, IsTerminal as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::authorization::{How, LoginError, TokenSet, code, come_back, store_key};
use crate::diagnostic::{Diagnostic, Words};

use super::console::Console;
use super::exit::Exit;
use super::problem;
use super::runtime::{self, Workers};
use super::settings::{Checked, Settings};
use listener::Listener;
pub use settings::{Configured, Limits, configured, for_terminology, of_table};

/// Flags of `auth`.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Verb {
    #[command(subcommand)]
    action: Action,
}

const EXAMPLE: &str = "In keur.toml:

  [login]
  flow = \"medmij\"                  # or authorization-code, client-credentials, jwt-bearer
  authorization-endpoint = \"https://inloggen.dva.example/oauth/authorize\"
  token-endpoint = \"https://token.dva.example/oauth/token\"
  client-id = \"pgo.example\"
  redirect-uri = \"https://pgo.example/cb\"
  scope = \"eenziekenhuis\"
  certificate = \"client.p12\"       # shown to servers that ask for one: PKCS#12, or PEM with `key`
  certificate-password = \"env:P12\" # or @FILE; without it KEUR_CERTIFICATE_PASSWORD
  ca = \"ca.pem\"                    # trusted beside the platform's authorities
  hook = \"./login.sh\"              # gets the login URL, writes the final redirect

  [login.persons.JANSEN]            # the variable patient-token-JANSEN; `default` for all
  user = \"jansen\"                  # KEUR_LOGIN_USER of the hook
  password = \"env:JANSEN\"          # KEUR_LOGIN_PASSWORD of the hook";

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Log in, in a browser or by a hook, and keep the tokens
    Login(LoginArguments),
    /// Who is logged in, and for how long
    Status,
    /// Forget tokens
    Logout {
        /// Whom; all people of the settings without it
        #[arg(value_name = "PERSON")]
        person: Option<String>,
    },
}

#[derive(clap::Args, Debug)]
struct LoginArguments {
    /// Whom, by the name in `[login.persons]`; all of them without it
    #[arg(value_name = "PERSON")]
    person: Option<String>,
    /// Command that logs in: gets the URL, writes the final redirect
    #[arg(long, value_name = "COMMAND")]
    login_hook: Option<String>,
    /// Ask for the final redirect instead of listening for it
    #[arg(long)]
    paste_redirect: bool,
    /// Print the URL only; open no browser
    #[arg(long)]
    no_browser: bool,
    /// Listen here for the redirect, where its host leads elsewhere
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Certificate for a redirect URI with https, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

const GO: Words = Words::new("log in here", "hier inloggen");
const PASTE: Words = Words::new(
    "paste the address the browser was sent back to, and press Enter",
    "plak het adres waar de browser naar teruggestuurd werd, en druk op Enter",
);
const NONE: Words = Words::new("nobody is logged in", "niemand is ingelogd");
const FORGOTTEN: Words = Words::new("logins forgotten", "logins vergeten");
const LOGGED_IN: Words = Words::new("logged in", "ingelogd");

/// Carries it out.
pub fn auth(verb: &Verb, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    let hook = match &verb.action {
        Action::Login(arguments) => arguments.login_hook.as_deref(),
        _ => None,
    };
    let configured = match configured(settings, checked, hook) {
        Ok(Some(configured)) => configured,
        Ok(None) => {
            console.tell(problem::error(code::NOTHING, "there is no table `[login]` in `keur.toml`"));
            return Exit::Usage;
        }
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    match &verb.action {
        Action::Login(arguments) => {
            let runtime = match runtime::start(Workers::Two, console) {
                Ok(runtime) => runtime,
                Err(exit) => return exit,
            };
            runtime.block_on(login(arguments, &configured, console))
        }
        Action::Status => status(&configured, console),
        Action::Logout { person } => logout(person.as_deref(), &configured, console),
    }
}

async fn login(arguments: &LoginArguments, configured: &Configured, console: &Console) -> Exit {
    let names: Vec<String> = configured.live.names().map(str::to_owned).collect();
    let wanted: Vec<&String> =
        names.iter().filter(|name| arguments.person.as_ref().is_none_or(|person| person == *name)).collect();
    if wanted.is_empty() {
        let person = arguments.person.as_deref().unwrap_or_default();
        let diagnostic = problem::error(code::SETTINGS, format!("there is no person `{person}` in `[login.persons]`"));
        console.tell(diagnostic);
        return Exit::Usage;
    }
    let mut exit = Exit::Passed;
    for name in wanted {
        match one(name, arguments, configured, console).await {
            Ok(tokens) => {
                if let Some(store) = &configured.store {
                    let key = store_key(name, &configured.login.client_id, &configured.login.token_endpoint);
                    if let Err(error) = store.keep(&key, &tokens) {
                        console.tell(unusable(store.path(), &error));
                        exit = Exit::Usage;
                        continue;
                    }
                }
                configured.live.give(name, tokens.clone(), How::Login).await;
                let said = format!("{name}: {}, {}\n", LOGGED_IN.get(console.language), told(&tokens));
                if console.output(said.as_bytes()).is_err() {
                    exit = Exit::Usage;
                }
            }
            Err(problem) => {
                console.tell(problem);
                exit = Exit::NoToken;
            }
        }
    }
    exit
}

/// Logs one person in.
async fn one(
    name: &str,
    arguments: &LoginArguments,
    configured: &Configured,
    console: &Console,
) -> Result<TokenSet, Diagnostic> {
    let failed = |error: LoginError| problem::error(code::NO_TOKEN, format!("there is no token for `{name}`: {error}"));
    let no_redirect = |why: String| problem::error(code::REDIRECT, why);
    let login = &configured.login;
    if !login.flow.has_person() {
        return login.without_person(&configured.client).await.map_err(failed);
    }
    let started = login.begin().map_err(failed)?;
    let known = configured.live.login_of(name);
    let came_back = match known.as_ref().and_then(|known| Some((known, known.hook.as_ref()?))) {
        Some((known, hook)) if !arguments.paste_redirect => {
            come_back(hook, &started.url, &known.person).await.map_err(failed)?
        }
        _ if arguments.paste_redirect => {
            console.error(&format!("{} ({name}):\n{}\n", GO.get(console.language), started.url));
            if !arguments.no_browser {
                open_browser(&started.url);
            }
            console.error(&format!("{}\n", PASTE.get(console.language)));
            pasted().map_err(no_redirect)?
        }
        _ => {
            let certificate = arguments.tls_certificate.clone().zip(arguments.tls_key.clone());
            let listener = Listener::open(&login.redirect_uri, arguments.listen, certificate.as_ref()).await;
            let listener = listener.map_err(no_redirect)?;
            console.error(&format!("{} ({name}):\n{}\n", GO.get(console.language), started.url));
            if !arguments.no_browser {
                open_browser(&started.url);
            }
            listener.redirect().await.map_err(no_redirect)?
        }
    };
    login.finish(started, &came_back, &configured.client).await.map_err(failed)
}

fn pasted() -> Result<String, String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    match line.trim() {
        "" => Err("no address was pasted".to_owned()),
        url => Ok(url.to_owned()),
    }
}

/// Shows the page in a browser, where there is a person to see it; the URL has been printed anyhow.
fn open_browser(url: &str) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = std::process::Command::new(program);
    command.arg(url).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let _ = command.spawn();
}

/// What may be told of tokens.
fn told(tokens: &TokenSet) -> String {
    let now = jiff::Timestamp::now().as_second();
    let access = match tokens.until {
        None => "access token without an end".to_owned(),
        Some(until) if until > now => format!("access token for another {} s", until - now),
        Some(_) => "access token has run out".to_owned(),
    };
    let refresh = if tokens.refresh.is_some() { ", refresh token" } else { "" };
    let scope = if tokens.scope.is_empty() { String::new() } else { format!(", scope `{}`", tokens.scope) };
    format!("{access}{refresh}{scope}")
}

fn status(configured: &Configured, console: &Console) -> Exit {
    let Some(store) = &configured.store else { return Exit::Usage };
    let mut lines = String::new();
    for name in configured.live.names() {
        let key = store_key(name, &configured.login.client_id, &configured.login.token_endpoint);
        match store.get(&key) {
            Ok(Some(tokens)) => lines.push_str(&format!("{name}: {}\n", told(&tokens))),
            Ok(None) => {}
            Err(error) => {
                console.tell(unusable(store.path(), &error));
                return Exit::Usage;
            }
        }
    }
    if lines.is_empty() {
        lines = format!("{}\n", NONE.get(console.language));
    }
    console.ended(lines, Exit::Passed)
}

fn logout(person: Option<&str>, configured: &Configured, console: &Console) -> Exit {
    let Some(store) = &configured.store else { return Exit::Usage };
    let names = configured.live.names().filter(|name| person.is_none_or(|person| person == *name));
    let key = |name: &str| store_key(name, &configured.login.client_id, &configured.login.token_endpoint);
    let keys: Vec<String> = names.map(key).collect();
    match store.forget(|known| keys.iter().any(|key| key == known)) {
        Ok(count) => console.ended(format!("{}: {count}\n", FORGOTTEN.get(console.language)), Exit::Passed),
        Err(error) => {
            console.tell(unusable(store.path(), &error));
            Exit::Usage
        }
    }
}

fn unusable(path: &std::path::Path, error: &std::io::Error) -> Diagnostic {
    problem::error(code::STORE, format!("`{}`: {error}", path.display()))
}
