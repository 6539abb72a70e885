//! What the user supplies, from flags, a configuration of the DVA, the lists and, on loopback, the DVA
//! itself. What comes first stays: flags, then the file, then what the target says, then the ZAL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use crate::authorization::{TokenArgument, TokenSource};
use crate::check::catalogue::{API, MEDMIJ, NOTIFIED_PULL, find};
use crate::check::list::{self, Kind, is_production};
use crate::check::{Answer, Identity, ListSource, LoginMethod, Person, Release, Role, Setup, dva, probe};
use crate::diagnostic::{Diagnostic, NoteKind, nearest};
use crate::exchange::{AccessToken, Reach};
use crate::simulator::dva::config::WELL_KNOWN;

use super::super::certificate::{self, Held};
use super::super::problem;
use super::super::settings::{Checked, Key, Said, Settings, duration};

/// Flags for what is supplied.
#[derive(clap::Args, Debug)]
pub struct Supplied {
    /// Base URL of the FHIR server under test
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Configuration of the DVA (JSON, as `keur serve --dva --config-out` writes); `--config` takes it too
    #[arg(long, value_name = "FILE")]
    dva: Option<PathBuf>,
    /// Zorgaanbiederslijst: file or URL; with --provider and --service it fills every endpoint
    #[arg(long, value_name = "FILE|URL")]
    zal: Option<String>,
    /// OAuthclientlist: file or URL
    #[arg(long, value_name = "FILE|URL")]
    ocl: Option<String>,
    /// Whitelist: file or URL
    #[arg(long, value_name = "FILE|URL")]
    whl: Option<String>,
    /// Gegevensdienstnamenlijst: file or URL
    #[arg(long, value_name = "FILE|URL")]
    gnl: Option<String>,
    /// An earlier publication of a list, KIND=FILE|URL with zal, ocl, whl or gnl (repeatable)
    #[arg(long, value_name = "KIND=PLACE")]
    earlier: Vec<String>,
    /// Name of the provider on the list, with or without `@medmij`
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Data service, the tested one first (repeatable)
    #[arg(long, value_name = "ID")]
    service: Vec<String>,
    /// Release of the afsprakenstelsel: 1.5, 2.0 or 2.2 [default: 2.2]
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,
    /// Authorization endpoint, where no list says it
    #[arg(long, value_name = "URL")]
    authorization_endpoint: Option<String>,
    /// Token endpoint, where no list says it
    #[arg(long, value_name = "URL")]
    token_endpoint: Option<String>,
    /// Our client id: its host name on the OCL
    #[arg(long, value_name = "HOST")]
    client_id: Option<String>,
    /// Our redirect URI
    #[arg(long, value_name = "URL")]
    redirect_uri: Option<String>,
    /// Our client certificate with its key: one PEM file, or a PKCS#12 archive
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// A client certificate whose host is not on the whitelist, with its key: PEM or PKCS#12
    #[arg(long, value_name = "FILE")]
    unlisted_certificate: Option<PathBuf>,
    /// An expired client certificate, with its key: PEM or PKCS#12
    #[arg(long, value_name = "FILE")]
    expired_certificate: Option<PathBuf>,
    /// Password of PKCS#12 archives: env:VARIABLE or @FILE [default: env:KEUR_CERTIFICATE_PASSWORD]
    #[arg(long, value_name = "SECRET")]
    certificate_password: Option<String>,
    /// Certificate authority of the backchannel, PEM (repeatable)
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// Where a host is: HOST=ADDRESS[:PORT] (repeatable)
    #[arg(long, value_name = "HOST=ADDRESS")]
    resolve: Vec<String>,
    /// Access token of a test person: NAME=env:VARIABLE or NAME=@FILE; the second one is the second person (repeatable)
    #[arg(long, value_name = "NAME=TOKEN")]
    token: Vec<String>,
    /// Command that logs in: gets the URL (also KEUR_LOGIN_URL), KEUR_LOGIN_USER and KEUR_LOGIN_DECISION, writes where the browser ended
    #[arg(long, value_name = "COMMAND")]
    login_hook: Option<String>,
    /// Our client proves its codes (PKCE)
    #[arg(long)]
    pkce: bool,
    /// Test person for the login hook: NAME or NAME=ROLE with role data, no-data or too-young (repeatable)
    #[arg(long, value_name = "NAME[=ROLE]")]
    person: Vec<String>,
    /// What people saw, by check id (TOML or JSON: holds, remark, by)
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Page where a person withdraws consent; the login hook gets it with KEUR_LOGIN_DECISION=withdraw
    #[arg(long, value_name = "URL")]
    withdrawal_page: Option<String>,
    /// Page with documentation, to see whether it can be read (repeatable)
    #[arg(long, value_name = "URL")]
    evidence_url: Vec<String>,
    /// Also run checks that write on the system under test
    #[arg(long)]
    allow_writes: bool,
    /// Also run checks that wait until tokens expire; longer than this (20m without it) is not waited
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "20m")]
    wait_expiry: Option<String>,
    /// Requests a second, at most: `5` or `5/s`
    #[arg(long, value_name = "N/s")]
    rate: Option<String>,
    /// Ask the lists of the production network all the same
    #[arg(long)]
    force_production: bool,
    /// Authorization model of Notified Pull: np-twiin, np-nuts or np-open [default: np-twiin]
    #[arg(long, value_name = "PROFILE", value_parser = ["np-twiin", "np-nuts", "np-open"])]
    pull_profile: Option<String>,
}

impl Supplied {
    /// Flags that are settings too.
    pub fn said(&self) -> Said {
        Said::default().one(Key::Target, &self.target).many(Key::Token, &self.token)
    }
}

/// True for a file with the configuration of a DVA rather than settings of keur.
pub fn is_configuration(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| dva::is_one(&text))
}

fn wrong(message: impl Into<String>) -> Diagnostic {
    problem::error(problem::SETTING_VALUE, message)
}

fn file(path: &Path) -> Result<String, Diagnostic> {
    std::fs::read_to_string(path)
        .map_err(|error| problem::error(problem::PATH, format!("`{}` cannot be read: {error}", path.display())))
}

fn identity(
    path: &Option<PathBuf>,
    password: Option<&AccessToken>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Identity> {
    let path = path.as_deref()?;
    match certificate::read(path, password) {
        Ok(Held::Pair(pair)) => Some(Identity { certificate: pair.certificate, key: pair.key }),
        Ok(Held::Text(text)) if text.contains("PRIVATE KEY-----") && text.contains("CERTIFICATE-----") => {
            Some(Identity { certificate: text.clone(), key: AccessToken::new(text) })
        }
        Ok(Held::Text(_)) => {
            let message = "does not hold a certificate and a private key, both PEM";
            problems.push(wrong(format!("`{}` {message}", path.display())));
            None
        }
        Err(why) => {
            let problem = problem::error(problem::PATH, format!("`{}` {why}", path.display()));
            problems
                .push(problem.note(NoteKind::Remedy, "give the password with `--certificate-password env:VARIABLE`"));
            None
        }
    }
}

/// Everything that was supplied, and what is worth warning about.
///
/// # Errors
/// All that is wrong with it.
pub async fn gather(
    supplied: &Supplied,
    settings: &Settings,
    checked: &Checked,
    configuration: Option<PathBuf>,
) -> Result<(Setup, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut problems = vec![];
    let mut warnings = vec![];
    let mut setup = from_flags(supplied, checked, &mut problems);
    tokens(settings, &mut setup, &mut problems, &mut warnings);
    if let Some(path) = supplied.dva.as_ref().or(configuration.as_ref()) {
        match file(path) {
            Ok(text) => {
                let refused = |why| {
                    problems.push(wrong(format!("`{}` is not the configuration of a DVA: {why}", path.display())))
                };
                dva::read(&text, &mut setup).unwrap_or_else(refused);
            }
            Err(problem) => problems.push(problem),
        }
    } else if let Some(text) = told(&setup, checked.timeout).await {
        let refused =
            |why| problems.push(wrong(format!("the configuration that the target gives cannot be read: {why}")));
        dva::read(&text, &mut setup).unwrap_or_else(refused);
    }
    if matches!(setup.login, LoginMethod::Hook(_)) && setup.persons.is_empty() {
        // The hook knows whom.
        setup.persons.push(Person { user: "first".to_owned(), ..Person::default() });
    }
    if let Some(release) = &supplied.release {
        match Release::parse(release) {
            Some(release) => setup.release = release,
            None => problems
                .push(wrong(format!("`{release}` is not a release")).note(NoteKind::Expected, "1.5, 2.0 or 2.2")),
        }
    }
    if let (Some(profile), Some(pull)) = (&supplied.pull_profile, &mut setup.pull) {
        pull.profile.clone_from(profile);
    }
    if checked.offline {
        setup.reach = reach(&setup);
    }
    if !supplied.force_production {
        problems.extend(production(&setup));
    }
    if problems.is_empty()
        && let Err(problem) = from_list(&mut setup).await
    {
        problems.push(problem);
    }
    if problems.is_empty() { Ok((setup, warnings)) } else { Err(problems) }
}

fn from_flags(supplied: &Supplied, checked: &Checked, problems: &mut Vec<Diagnostic>) -> Setup {
    let source = |place: &Option<String>| place.clone().map(|place| ListSource { place, text: None });
    let password = supplied.certificate_password.as_deref().and_then(|given| {
        let secret = certificate::secret(given, Path::new(""));
        let refused = |why| {
            let problem = wrong(format!("`--certificate-password`: {why}"));
            problems.push(problem.note(NoteKind::Expected, "`env:VARIABLE` or `@FILE`"));
        };
        secret.map_err(refused).ok()
    });
    let password = password.as_ref();
    let mut setup = Setup {
        fhir_base: checked.target.clone(),
        authorization_endpoint: supplied.authorization_endpoint.clone(),
        token_endpoint: supplied.token_endpoint.clone(),
        client_id: supplied.client_id.clone(),
        redirect_uri: supplied.redirect_uri.clone(),
        provider: supplied.provider.as_ref().map(|name| name.trim_end_matches("@medmij").to_owned()),
        services: supplied.service.clone(),
        lists: [source(&supplied.zal), source(&supplied.ocl), source(&supplied.whl), source(&supplied.gnl)],
        client: identity(&supplied.client_certificate, password, problems),
        unlisted: identity(&supplied.unlisted_certificate, password, problems),
        expired: identity(&supplied.expired_certificate, password, problems),
        evidence_urls: supplied.evidence_url.clone(),
        pkce: supplied.pkce,
        allow_writes: supplied.allow_writes,
        withdrawal_page: supplied.withdrawal_page.clone(),
        timeout: checked.timeout.max(Duration::from_millis(1)),
        ..Setup::default()
    };
    if let Some(command) = &supplied.login_hook {
        setup.login = LoginMethod::Hook(command.clone());
    }
    for given in &supplied.person {
        match person(given) {
            Some(person) => setup.persons.push(person),
            None => problems.push(
                wrong(format!("`--person {given}` is not `NAME` or `NAME=ROLE`"))
                    .note(NoteKind::Expected, "role data, no-data or too-young"),
            ),
        }
    }
    for path in &supplied.ca {
        match file(path) {
            Ok(text) => setup.roots.push(text),
            Err(problem) => problems.push(problem),
        }
    }
    for given in &supplied.earlier {
        let kind = given.split_once('=').and_then(|(kind, place)| {
            let at = Kind::ALL.iter().position(|known| known.name().eq_ignore_ascii_case(kind))?;
            Some((at, place))
        });
        match kind {
            Some((at, place)) => setup.earlier_lists[at] = Some(ListSource { place: place.to_owned(), text: None }),
            None => problems.push(
                wrong(format!("`--earlier {given}` is not `zal=FILE`"))
                    .note(NoteKind::Expected, "zal, ocl, whl or gnl"),
            ),
        }
    }
    for given in &supplied.resolve {
        match given.split_once('=') {
            Some((host, address)) => drop(setup.resolve.insert(host.to_owned(), address.to_owned())),
            None => problems.push(wrong(format!("`--resolve {given}` is not `HOST=ADDRESS`"))),
        }
    }
    if let Some(longest) = &supplied.wait_expiry {
        match duration(longest) {
            Some(longest) => setup.wait_expiry = Some(longest),
            None => problems.push(
                wrong(format!("`--wait-expiry={longest}` is not a duration"))
                    .note(NoteKind::Expected, "`90s` or `20m`"),
            ),
        }
    }
    if let Some(rate) = &supplied.rate {
        match rate.trim_end_matches("/s").trim().parse::<f64>().ok().filter(|rate| *rate > 0.0 && rate.is_finite()) {
            Some(rate) => setup.rate = Some(rate),
            None => problems.push(wrong(format!("`--rate {rate}` is not a number of requests a second"))),
        }
    }
    if let Some(path) = &supplied.answers {
        match file(path) {
            Ok(text) => match answers(&text) {
                Ok(answers) => setup.answers = answers,
                Err(why) => problems.push(
                    wrong(format!("`{}` cannot be used for answers: {why}", path.display()))
                        .note(NoteKind::Expected, "a table per check id, with `holds`, and perhaps `remark` and `by`"),
                ),
            },
            Err(problem) => problems.push(problem),
        }
    }
    setup
}

/// A person by name and role; without a password, which the hook has.
fn person(given: &str) -> Option<Person> {
    let (name, role) = given.split_once('=').unwrap_or((given, "data"));
    let role = Role::parse(role)?;
    Some(Person { user: name.to_owned(), role, ..Person::default() }).filter(|person| !person.user.is_empty())
}

fn answers(text: &str) -> Result<BTreeMap<String, Answer>, String> {
    let read: Result<BTreeMap<String, Answer>, String> = match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| error.to_string()),
        false => toml::from_str(text).map_err(|error| error.message().to_owned()),
    };
    let answers = read?;
    match answers.keys().find(|id| find(id).is_none()) {
        None => Ok(answers),
        Some(id) => {
            let known = [&MEDMIJ[..], &NOTIFIED_PULL[..], &API[..]].into_iter().flatten();
            let near = nearest(id, known.flat_map(|area| area.checks).map(|check| check.id));
            let near = near.map(|near| format!(", there is a check `{near}`")).unwrap_or_default();
            Err(format!("there is no check `{id}`{near}"))
        }
    }
}

fn tokens(settings: &Settings, setup: &mut Setup, problems: &mut Vec<Diagnostic>, warnings: &mut Vec<Diagnostic>) {
    let environment = |name: &str| std::env::var(name).ok();
    for (at, given) in settings.many(Key::Token).iter().enumerate() {
        let read =
            given.text.parse::<TokenArgument>().and_then(|argument| Ok((argument.read(&environment)?, argument)));
        match read {
            Ok((token, argument)) => {
                if matches!(argument.source, TokenSource::Literal(_)) {
                    let message = format!("a token is written out where it is given: `{}`", argument.name);
                    warnings.push(problem::warning(problem::TOKEN_LITERAL, message));
                }
                match at {
                    0 => setup.token = Some(token),
                    _ => setup.second_token = Some(token),
                }
            }
            Err(error) => problems.push(problem::error(problem::TOKEN, error.to_string())),
        }
    }
}

/// What a simulated DVA on loopback says about itself.
async fn told(setup: &Setup, timeout: Duration) -> Option<String> {
    let base = Url::parse(setup.fhir_base.as_deref()?).ok()?;
    let host = base.host_str()?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !loopback {
        return None;
    }
    let port = base.port_or_known_default()?;
    probe::plain(&format!("http://{host}:{port}{}", WELL_KNOWN), timeout.min(Duration::from_secs(5)))
        .await
        .filter(|text| dva::is_one(text))
}

/// Hosts of endpoints and lists.
fn reach(setup: &Setup) -> Reach {
    let endpoints = [&setup.fhir_base, &setup.authorization_endpoint, &setup.token_endpoint, &setup.sandbox];
    let lists = setup.lists.iter().chain(&setup.earlier_lists).flatten().map(|source| source.place.as_str());
    let pull = setup.pull.iter().flat_map(|pull| [&pull.token_endpoint, &pull.notification_endpoint, &pull.fhir_base]);
    let urls = endpoints.into_iter().flatten().chain(setup.resource_endpoints.values()).chain(pull).map(String::as_str);
    Reach::only_hosts_of(urls.chain(lists))
}

fn production(setup: &Setup) -> Option<Diagnostic> {
    let sources = setup.lists.iter().chain(&setup.earlier_lists).flatten();
    let source = sources.into_iter().find(|source| is_production(&source.place))?;
    let diagnostic = wrong(format!("`{}` is a list of the production network", source.place));
    Some(
        diagnostic
            .note(NoteKind::Remedy, "use the lists of the acceptance network, or insist with `--force-production`"),
    )
}

/// Endpoints from the ZAL, where a provider was named or there are none yet.
async fn from_list(setup: &mut Setup) -> Result<(), Diagnostic> {
    let Some(provider) = setup.provider.clone() else { return Ok(()) };
    let known = setup.authorization_endpoint.is_some() && setup.token_endpoint.is_some() && setup.fhir_base.is_some();
    let Some(source) = setup.lists[Kind::Zal as usize].clone().filter(|_| !known) else { return Ok(()) };
    let text = probe::list(setup, &source.place).await.map_err(|why| problem::error(problem::PATH, why))?;
    let zal = list::read(&text).map_err(|why| problem::error(problem::PATH, format!("`{}`: {why}", source.place)))?;
    setup.lists[Kind::Zal as usize] = Some(ListSource { text: Some(text), ..source });
    let service = setup.services.first().cloned();
    list::fill(&zal, &provider, service.as_deref(), setup).map_err(wrong)
}
