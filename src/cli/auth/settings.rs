//! The table `[login]` of `keur.toml`: where, as which client, and whom to log in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::authorization::assertion::{Algorithm, SigningKey};
use crate::authorization::{DEFAULT, Flow, LiveTokens, Login, LoginSettings, PATIENT_TOKEN, Person, TokenStore, code};
use crate::diagnostic::{Diagnostic, NoteKind, Source, Span};
use crate::exchange::{AccessToken, Client, ClientSettings, Identity, Reach};
use crate::simulator::dva::DvaConfig;

use super::super::certificate::{self, Held};
use super::super::problem;
use super::super::settings::{Checked, Settings};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    login: Option<Table>,
    terminology_login: Option<Table>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Table {
    flow: Option<String>,
    release: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    redirect_uri: Option<String>,
    scope: Option<String>,
    pkce: bool,
    token_parameters: Option<String>,
    signing_key: Option<PathBuf>,
    signing_key_id: Option<String>,
    signing_algorithm: Option<String>,
    audience: Option<String>,
    certificate: Option<PathBuf>,
    certificate_password: Option<String>,
    key: Option<PathBuf>,
    ca: Option<PathBuf>,
    resolve: BTreeMap<String, String>,
    hosts: Vec<String>,
    hook: Option<String>,
    store: Option<PathBuf>,
    dva: Option<PathBuf>,
    persons: BTreeMap<String, PersonTable>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct PersonTable {
    user: Option<String>,
    password: Option<String>,
    hook: Option<String>,
}

/// A login that can be done.
pub struct Configured {
    /// The tokens it gives.
    pub live: Arc<LiveTokens>,
    /// How servers are spoken with: the client's certificate, authorities, hosts.
    pub connection: Connection,
    /// Where tokens may go beside the target.
    pub hosts: Vec<String>,
    /// Where tokens are kept.
    pub store: Option<TokenStore>,
    /// What login it is, for a person who does it by hand.
    pub login: Arc<LoginSettings>,
    /// For the token endpoint.
    pub client: Arc<Client>,
}

/// How servers are spoken with.
#[derive(Clone, Default)]
pub struct Connection {
    identity: Option<Identity>,
    roots: Vec<Vec<u8>>,
    resolve: Vec<(String, SocketAddr)>,
}

impl Connection {
    /// These settings with it.
    pub fn applied(&self, settings: ClientSettings) -> ClientSettings {
        let mut extra_roots = settings.extra_roots;
        extra_roots.extend(self.roots.iter().cloned());
        ClientSettings { identity: self.identity.clone(), extra_roots, resolve: self.resolve.clone(), ..settings }
    }
}

/// The login of `keur.toml`, if it has one.
///
/// # Errors
/// Everything that is wrong with it.
pub fn configured(
    settings: &Settings,
    checked: &Checked,
    hook: Option<&str>,
) -> Result<Option<Configured>, Vec<Diagnostic>> {
    let Some(source) = settings.file() else { return Ok(None) };
    let Some(table) = read(source, "login")?.login else { return Ok(None) };
    whole(source, table, Limits::of(checked), hook)
}

/// The login for the terminology server, if the settings file has one: nobody logs in by hand there.
///
/// # Errors
/// Everything that is wrong with it.
pub fn for_terminology(file: Option<&Source>, limits: Limits) -> Result<Option<Configured>, Vec<Diagnostic>> {
    const TABLE: &str = "terminology-login";
    let Some(source) = file else { return Ok(None) };
    let Some(mut table) = read(source, TABLE)?.terminology_login else { return Ok(None) };
    let without_person: Vec<&str> =
        Flow::ALL.iter().filter(|(_, flow)| !flow.has_person()).map(|(name, _)| *name).collect();
    let flow = table.flow.get_or_insert_with(|| "client-credentials".to_owned());
    if !without_person.contains(&flow.as_str()) {
        let message = format!("`flow` of `[{TABLE}]` cannot be `{flow}`");
        let expected = without_person.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        return Err(vec![problem::error(code::SETTINGS, message).note(NoteKind::Expected, expected)]);
    }
    whole(source, table, limits, None)
}

/// The limits of what is asked for a token.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// No host is dialled but those that are named.
    pub offline: bool,
}

impl Limits {
    /// Those of the settings.
    pub fn of(checked: &Checked) -> Limits {
        Limits { timeout: checked.timeout, offline: checked.offline }
    }
}

fn read(source: &Source, table: &str) -> Result<File, Vec<Diagnostic>> {
    toml::from_str(&source.text).map_err(|error| {
        let span = error.span().map_or(Span::default(), |span| Span::new(span.start, span.end));
        let message = format!("`[{table}]` of `{}`: {}", source.name, error.message().replace('\n', ", "));
        vec![problem::error(code::SETTINGS, message).label(source, span, "")]
    })
}

fn whole(
    source: &Source,
    table: Table,
    limits: Limits,
    hook: Option<&str>,
) -> Result<Option<Configured>, Vec<Diagnostic>> {
    let folder = Path::new(&*source.name).parent().map(Path::to_path_buf).unwrap_or_default();
    let mut reading = Reading { folder, problems: vec![] };
    let configured = reading.whole(table, limits, hook);
    match (configured, reading.problems.is_empty()) {
        (Some(configured), true) => Ok(Some(configured)),
        _ => Err(reading.problems),
    }
}

/// The login that a table of another file describes; paths in it are from `folder`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn of_table(table: toml::Table, folder: &Path, checked: &Checked) -> Result<Configured, Vec<Diagnostic>> {
    let table: Table = table.try_into().map_err(|error: toml::de::Error| {
        vec![problem::error(code::SETTINGS, format!("the table `login`: {}", error.message().replace('\n', ", ")))]
    })?;
    let mut reading = Reading { folder: folder.to_owned(), problems: vec![] };
    let configured = reading.whole(table, Limits::of(checked), None);
    match (configured, reading.problems.is_empty()) {
        (Some(configured), true) => Ok(configured),
        _ => Err(reading.problems),
    }
}

struct Reading {
    /// Paths are from where the file is.
    folder: PathBuf,
    problems: Vec<Diagnostic>,
}

impl Reading {
    fn wrong(&mut self, message: impl Into<String>, expected: &str) {
        let diagnostic = problem::error(code::SETTINGS, message);
        self.problems.push(match expected {
            "" => diagnostic,
            expected => diagnostic.note(NoteKind::Expected, expected),
        });
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    fn text(&mut self, name: &str, path: Option<&Path>) -> Option<String> {
        let path = self.path(path?);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.wrong(format!("`{name}`: `{}` cannot be read: {error}", path.display()), "");
                None
            }
        }
    }

    /// A secret: `env:VARIABLE` or `@FILE`; never written out in the file.
    fn secret(&mut self, name: &str, given: Option<String>) -> Option<AccessToken> {
        let given = given?;
        match certificate::secret(&given, &self.folder) {
            Ok(secret) => Some(secret),
            Err(why) => {
                self.wrong(format!("`{name}`: {why}"), "`env:VARIABLE` or `@FILE`");
                None
            }
        }
    }

    /// The client certificate, with its key from the same file where no other has it.
    fn identity(&mut self, table: &Table, dva: Option<&DvaConfig>) -> Option<Identity> {
        let Some(path) = table.certificate.as_deref() else {
            let client = &dva?.certificates.client;
            return Some(Identity::new(&client.cert_pem, &client.key_pem)).filter(|_| !client.cert_pem.is_empty());
        };
        let password = self.secret("certificate-password", table.certificate_password.clone());
        let path = self.path(path);
        match certificate::read(&path, password.as_ref()) {
            Ok(Held::Pair(pair)) => Some(Identity::new(&pair.certificate, pair.key.expose())),
            Ok(Held::Text(text)) => match table.key.as_deref() {
                Some(key) => Some(Identity::new(&text, &self.text("key", Some(key))?)),
                None => Some(Identity::new(&text, &text)),
            },
            Err(why) => {
                let expected = "a PEM file, or a PKCS#12 archive with `certificate-password`";
                self.wrong(format!("`certificate`: `{}` {why}", path.display()), expected);
                None
            }
        }
    }

    fn whole(&mut self, table: Table, limits: Limits, hook: Option<&str>) -> Option<Configured> {
        let dva = self.dva(table.dva.as_deref());
        let or_dva = |own: Option<String>, of: fn(&DvaConfig) -> &String| own.or_else(|| dva.as_ref().map(of).cloned());
        let flow = table.flow.as_deref().unwrap_or("medmij");
        let known: Vec<String> = Flow::ALL.iter().map(|(name, _)| format!("`{name}`")).collect();
        let flow = Flow::ALL.iter().find(|(name, _)| *name == flow).map(|(_, flow)| *flow).or_else(|| {
            self.wrong(format!("`flow` cannot be `{flow}`"), &known.join(", "));
            None
        });
        let flow = flow.unwrap_or_default();
        let release = table.release.clone().or_else(|| dva.as_ref().map(|dva| dva.release.clone()));
        let scope = table.scope.clone().or_else(|| Some(scope_of(dva.as_ref()?, release.as_deref())));
        let in_query = match table.token_parameters.as_deref() {
            None | Some("body") => false,
            Some("query") => true,
            Some(other) => {
                self.wrong(format!("`token-parameters` cannot be `{other}`"), "`body` or `query`");
                false
            }
        };
        let mut needed = |name: &str, value: Option<String>, asked: bool| match value.filter(|v| !v.is_empty()) {
            None if asked => {
                self.wrong(format!("`{name}` is missing"), "");
                String::new()
            }
            value => value.unwrap_or_default(),
        };
        let person = flow.has_person();
        let authorization = or_dva(table.authorization_endpoint.clone(), |dva| &dva.authorization_endpoint);
        let mut login = LoginSettings {
            flow,
            authorization_endpoint: needed("authorization-endpoint", authorization, person),
            token_endpoint: needed("token-endpoint", or_dva(table.token_endpoint.clone(), |d| &d.token_endpoint), true),
            client_id: needed("client-id", or_dva(table.client_id.clone(), |dva| &dva.client_id), true),
            redirect_uri: needed("redirect-uri", or_dva(table.redirect_uri.clone(), |dva| &dva.redirect_uri), person),
            scope: needed("scope", scope, flow == Flow::MedMij),
            pkce: table.pkce,
            in_query,
            audience: table.audience.clone(),
            ..LoginSettings::default()
        };
        login.client_secret = self.secret("client-secret", table.client_secret.clone());
        login.signing_key = self.signing_key(&table);
        let connection = self.connection(&table, dva.as_ref());
        let store = table.store.as_deref().map(|path| TokenStore::at(self.path(path)));
        let store = store.or_else(|| TokenStore::usual(&|name| std::env::var(name).ok()));
        let logins = self.logins(table.persons, flow, hook.map(str::to_owned).or(table.hook), dva.as_ref());
        if !self.problems.is_empty() {
            return None;
        }
        let login = Arc::new(login);
        let reach = match limits.offline {
            true => Reach::only_hosts_of([login.token_endpoint.as_str()]),
            false => Reach::Anywhere,
        };
        let client = ClientSettings { timeout: limits.timeout, reach, ..ClientSettings::default() };
        let client = Arc::new(Client::new(connection.applied(client)));
        let live = LiveTokens::new(login.clone(), client.clone(), store.clone(), logins);
        Some(Configured { live, connection, hosts: table.hosts, store, login, client })
    }

    /// The configuration of a simulated DVA, where one is named.
    fn dva(&mut self, path: Option<&Path>) -> Option<DvaConfig> {
        let text = self.text("dva", path)?;
        match serde_json::from_str(&text) {
            Ok(config) => Some(config),
            Err(error) => {
                self.wrong(format!("`dva` is not the configuration of a DVA: line {}", error.line()), "");
                None
            }
        }
    }

    fn signing_key(&mut self, table: &Table) -> Option<SigningKey> {
        let pem = self.text("signing-key", table.signing_key.as_deref())?;
        let algorithm = match &table.signing_algorithm {
            None => None,
            Some(name) => match Algorithm::named(name) {
                Some(algorithm) => Some(algorithm),
                None => {
                    self.wrong(
                        format!("`signing-algorithm` cannot be `{name}`"),
                        "`ES256`, `ES384`, `PS256` or `RS256`",
                    );
                    return None;
                }
            },
        };
        let kid = table.signing_key_id.as_deref().unwrap_or_default();
        SigningKey::from_pem(&pem, kid, algorithm).map_err(|error| self.wrong(error.to_string(), "")).ok()
    }

    fn connection(&mut self, table: &Table, dva: Option<&DvaConfig>) -> Connection {
        let mut connection = Connection { identity: self.identity(table, dva), ..Connection::default() };
        connection.roots.extend(self.text("ca", table.ca.as_deref()).map(String::into_bytes));
        connection.roots.extend(dva.map(|dva| dva.ca_pem.clone().into_bytes()).filter(|pem| !pem.is_empty()));
        for (host, address) in &table.resolve {
            match address.parse() {
                Ok(address) => connection.resolve.push((host.clone(), address)),
                Err(_) => {
                    self.wrong(format!("`resolve`: `{address}` is not an address"), "`HOST = \"127.0.0.1:8443\"`")
                }
            }
        }
        connection
    }

    fn logins(
        &mut self,
        persons: BTreeMap<String, PersonTable>,
        flow: Flow,
        hook: Option<String>,
        dva: Option<&DvaConfig>,
    ) -> Vec<Login> {
        let mut logins = vec![];
        for (name, table) in persons {
            let person = name.strip_prefix(PATIENT_TOKEN).unwrap_or(&name).to_owned();
            let known = || dva?.persons.iter().find(|known| Some(&known.user) == table.user.as_ref());
            let password = self.secret(&format!("persons.{name}.password"), table.password.clone());
            let password = password.or_else(|| known().map(|known| AccessToken::new(known.password.clone())));
            let person = Person { name: person, user: table.user.clone().unwrap_or_default(), password };
            logins.push(Login { person, hook: table.hook.or_else(|| hook.clone()) });
        }
        if logins.is_empty() {
            // One login for whoever the scripts ask for.
            let person = Person { name: DEFAULT.to_owned(), ..Person::default() };
            logins.push(Login { person, hook: hook.filter(|_| flow.has_person()) });
        }
        logins
    }
}

/// The scope that a simulated DVA takes in a release.
fn scope_of(dva: &DvaConfig, release: Option<&str>) -> String {
    let services = || dva.services.iter().filter(|id| **id != dva.share_service);
    match release {
        Some(release) if release.starts_with("1.") || release.starts_with("2.0") || release.starts_with("2.1") => {
            services().map(|id| format!("{}~{id}", dva.provider)).collect::<Vec<_>>().join(" ")
        }
        _ => dva.provider.clone(),
    }
}
