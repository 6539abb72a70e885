//! `keur auth` and `keur run` against a DVA, as they are typed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use keur::simulator::dva::DvaConfig;
use libtest_mimic::Failed;

use crate::Test;
use crate::forms::{Does, login};
use crate::server::client;

pub const TESTS: &[(&str, Test)] = &[
    ("a_run_logs_in_refreshes_and_shows_no_secret", run),
    ("a_refused_token_and_its_renewal_are_two_exchanges", renewed),
    ("a_client_certificate_comes_from_an_archive", archive),
    ("a_run_without_a_token_ends_with_6", no_token),
    ("tokens_are_kept_shown_masked_and_forgotten", kept),
    ("a_redirect_can_be_pasted", pasted),
    ("a_redirect_can_be_listened_for", listened),
    ("what_is_wrong_with_the_login_is_said", wrong),
    ("the_configuration_is_given_to_loopback", well_known),
    ("every_release_can_be_logged_in_to", releases),
];

/// `keur serve --dva` in a folder of its own.
struct Served {
    folder: tempfile::TempDir,
    child: Child,
    base: String,
    config: DvaConfig,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(arguments: &[&str]) -> Result<Served, Failed> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("dva.json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_keur"))
            .args(["serve", "--dva", "--listen", "127.0.0.1:0", "--config-out"])
            .arg(&config)
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let config = serde_json::from_str(&fs::read_to_string(config)?)?;
        Ok(Served { folder, child, base: line.trim().to_owned(), config })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A `keur.toml` whose hook is this test.
    fn settings(&self, login: &str) -> Result<(), Failed> {
        let hook = format!("'{}' hook dva.json", std::env::current_exe()?.display());
        let persons =
            [("KEURMEESTER", "keurmeester"), ("TOETSEMA", "toetsema"), ("LEDIG", "ledig"), ("RANDSTAD", "van")]
                .map(|(name, user)| format!("[login.persons.{name}]\nuser = \"{user}\"\n"))
                .concat();
        let login = login.replace("HOOK", &format!("hook = \"{hook}\""));
        let text = format!("[login]\ndva = \"dva.json\"\nstore = \"tokens.json\"\n{login}\n{persons}");
        Ok(fs::write(self.path("keur.toml"), text)?)
    }

    fn keur(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keur"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("KEUR_TOKENS").env("NO_COLOR", "1");
        command
    }

    fn output(&self, arguments: &[&str]) -> Result<Output, Failed> {
        Ok(self.keur(arguments).output()?)
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ends_with(output: &Output, code: i32) -> Result<(), Failed> {
    match output.status.code() == Some(code) {
        true => Ok(()),
        false => Err(format!("ended with {:?}, not {code}:\n{}", output.status.code(), text(output)).into()),
    }
}

/// Every file below a folder.
fn files(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files(&path, into)? } else { into.push(path) }
    }
    Ok(())
}

/// Secrets in the store and of the configuration.
fn secrets(served: &Served) -> Result<Vec<String>, Failed> {
    let store: serde_json::Value = serde_json::from_str(&fs::read_to_string(served.path("tokens.json"))?)?;
    let logins = store["logins"].as_object().ok_or("no logins")?;
    let mut secrets: Vec<String> = vec![];
    for login in logins.values() {
        secrets.extend(["access", "refresh"].iter().filter_map(|name| login[name].as_str().map(str::to_owned)));
    }
    secrets.extend(served.config.persons.iter().map(|person| person.password.clone()));
    let keys = [&served.config.certificates.client.key_pem, &served.config.notified_pull.partner_key_pem];
    // A line from the middle of each key.
    secrets.extend(keys.iter().filter_map(|pem| pem.lines().nth(1).map(str::to_owned)));
    Ok(secrets)
}

fn run() -> Result<(), Failed> {
    let served = Served::start(&["--token-lifetime", "1"])?;
    served.settings("HOOK")?;
    // First by logging in, then by what was kept; tokens last a second and are renewed on the way.
    let mut all = String::new();
    let mut known: Vec<String> = vec![];
    for round in 0..2 {
        let reports = ["--report", "json=r.json", "--report", "junit=r.xml", "--report", "terminal=-"];
        let arguments = [&["run", "bgz-3.0", "--target", &served.base][..], &reports].concat();
        let output = served.output(&arguments)?;
        ends_with(&output, 0)?;
        all.push_str(&text(&output));
        known.extend(secrets(&served)?);
        let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(served.path("r.json"))?)?;
        let hows: Vec<&str> =
            report["tokens"].as_array().ok_or("no tokens")?.iter().filter_map(|t| t["how"].as_str()).collect();
        let first = if round == 0 { "login" } else { "stored" };
        if !hows.contains(&first) || !hows.contains(&"refreshed") {
            return Err(format!("round {round}: tokens came by {hows:?}").into());
        }
        if report["tokens"][0]["flow"] != "medmij" || !all.contains("medmij: ") {
            return Err("the report does not name the flow".into());
        }
    }
    for arguments in [&["auth", "status"][..], &["--show-settings", "auth", "status"], &["auth", "logout"]] {
        all.push_str(&text(&served.output(arguments)?));
    }
    let mut left = vec![];
    files(served.folder.path(), &mut left)?;
    // Where secrets belong: the store is empty by now, the configuration is the DVA's.
    left.retain(|path| !path.ends_with("dva.json"));
    for secret in known.iter().filter(|secret| secret.len() > 8) {
        if all.contains(secret.as_str()) {
            return Err("a secret was written to the screen".into());
        }
        for path in &left {
            let bytes = fs::read(path)?;
            if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
                return Err(format!("a secret is in {}", path.display()).into());
            }
        }
    }
    let events = left.iter().find(|path| path.ends_with("events.jsonl")).ok_or("no record")?;
    let events = fs::read_to_string(events)?;
    let ids: Vec<&str> = events
        .match_indices("[\"MedMij-Request-ID\",\"")
        .filter_map(|(at, found)| events.get(at + found.len()..at + found.len() + 36))
        .collect();
    let different: std::collections::BTreeSet<&&str> = ids.iter().collect();
    if ids.len() < 100 || different.len() * 2 < ids.len() || !events.contains("X-Correlation-ID") {
        return Err(format!("requests have no id of their own: {} of {}", different.len(), ids.len()).into());
    }
    let hashes: std::collections::BTreeSet<&str> =
        events.match_indices("Bearer …sha256:").filter_map(|(at, _)| events.get(at..at + 26)).collect();
    if hashes.len() < 3 {
        return Err(format!("the record does not tell tokens apart: {hashes:?}").into());
    }
    Ok(())
}

fn renewed() -> Result<(), Failed> {
    // A token that is said to last an hour lasts a second.
    let served = Served::start(&["--token-lifetime", "1", "--defect", "MM-TOK-05"])?;
    served.settings("HOOK")?;
    ends_with(&served.output(&["auth", "login"])?, 0)?;
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let arguments = ["run", "bgz-3.0", "--target", &served.base, "--report", "json=r.json", "--record", "runs"];
    let output = served.output(&arguments)?;
    ends_with(&output, 0)?;
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(served.path("r.json"))?)?;
    let renewals = report["tokens"].as_array().ok_or("no tokens")?.iter();
    let renewals = renewals.filter(|token| token["how"] == "refreshed-after-refusal").count();
    let mut left = vec![];
    files(&served.path("runs"), &mut left)?;
    let events = left.iter().find(|path| path.ends_with("events.jsonl")).ok_or("no record")?;
    let folder = events.parent().ok_or("no folder")?.to_string_lossy().into_owned();
    let events = fs::read_to_string(events)?;
    let events: Vec<serde_json::Value> = events.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let exchanges: Vec<&serde_json::Value> =
        events.iter().filter(|event| event["event"] == "exchanged" || event.get("renews").is_some()).collect();
    let after: Vec<&serde_json::Value> = exchanges.iter().copied().filter(|e| e["renews"].is_u64()).collect();
    if after.is_empty() || renewals == 0 {
        return Err(format!("{renewals} renewals, {} exchanges after one", after.len()).into());
    }
    for exchange in after {
        let before = exchanges.iter().find(|e| e["exchange"] == exchange["renews"]).ok_or("the refused one is lost")?;
        let same = before["url"] == exchange["url"] && before["method"] == exchange["method"];
        if before["status"] != 401 || exchange["status"] == 401 || !same {
            return Err(format!("{before}\n{exchange}").into());
        }
        if before["request"]["headers"] == exchange["request"]["headers"] {
            return Err("the two do not differ in their token".into());
        }
    }
    // The same bytes give the same record again.
    let replayed = served.output(&["replay", &folder])?;
    ends_with(&replayed, 0)
}

fn archive() -> Result<(), Failed> {
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKeyChain};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let served = Served::start(&[])?;
    let pair = &served.config.certificates.client;
    let certificate = CertificateDer::from_pem_slice(pair.cert_pem.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes())?;
    let chain = PrivateKeyChain::new(key.secret_der(), [1], [Certificate::from_der(certificate.as_ref())?]);
    let mut store = KeyStore::new();
    store.add_entry("pgo", KeyStoreEntry::PrivateKeyChain(chain));
    fs::write(served.path("client.p12"), store.writer("geheim").encryption_iterations(10).write()?)?;
    fs::write(served.path("password"), "geheim\n")?;
    // Without the certificate of the configuration: the archive has to do.
    let mut config: serde_json::Value = serde_json::from_str(&fs::read_to_string(served.path("dva.json"))?)?;
    config["certificates"]["client"] = serde_json::json!({});
    fs::write(served.path("without.json"), config.to_string())?;
    let settings = |password: &str| {
        served.settings(&format!("HOOK\ncertificate = \"client.p12\"\n{password}"))?;
        let text = fs::read_to_string(served.path("keur.toml"))?;
        let text = text.replace("dva = \"dva.json\"", "dva = \"without.json\"");
        Ok::<(), Failed>(fs::write(served.path("keur.toml"), text)?)
    };
    for (password, code, says) in [
        ("certificate-password = \"@password\"", 0, "TOETSEMA: logged in"),
        ("certificate-password = \"env:P12\"", 2, "its password is another"),
        ("certificate-password = \"geheim\"", 2, "a secret is not written out here"),
        ("", 2, "is a PKCS#12 archive with a password"),
    ] {
        settings(password)?;
        let mut command = served.keur(&["auth", "login", "TOETSEMA"]);
        let output = command.env("P12", "anders").env_remove("KEUR_CERTIFICATE_PASSWORD").output()?;
        ends_with(&output, code)?;
        if !text(&output).contains(says) || text(&output).contains("geheim\"") {
            return Err(format!("not said that {says}:\n{}", text(&output)).into());
        }
    }
    let check = ["check", "medmij", "--dva", "without.json", "--client-certificate", "client.p12"];
    let check = [&check[..], &["--certificate-password", "@password", "--only", "MM-TOK-01"]].concat();
    ends_with(&served.output(&check)?, 0)
}

fn no_token() -> Result<(), Failed> {
    let served = Served::start(&[])?;
    for (login, says) in [
        ("hook = \"false\"", "ended with"),
        ("", "no login hook"),
        ("hook = \"echo 'https://elsewhere.example/?code=abc&state=x' #\"", "leads to"),
    ] {
        served.settings(login)?;
        let output = served.output(&["run", "bgz-3.0", "--target", &served.base])?;
        ends_with(&output, 6)?;
        let said = text(&output);
        if !said.contains(says) || !said.contains("KEUR5002") || said.contains("code=abc") {
            return Err(format!("not said that {says}:\n{said}").into());
        }
        if served.path(".keur").exists() {
            return Err("something was sent".into());
        }
    }
    Ok(())
}

fn kept() -> Result<(), Failed> {
    let served = Served::start(&[])?;
    served.settings("HOOK")?;
    let output = served.output(&["auth", "login", "TOETSEMA"])?;
    ends_with(&output, 0)?;
    let status = served.output(&["auth", "status"])?;
    let said = text(&status);
    if !said.contains("TOETSEMA: access token for another") || said.contains("KEURMEESTER") {
        return Err(said.into());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(served.path("tokens.json"))?.permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "the store is for its owner only");
        assert_eq!(fs::metadata(served.path("dva.json"))?.permissions().mode() & 0o777, 0o600);
    }
    for secret in secrets(&served)? {
        if text(&output).contains(&secret) || said.contains(&secret) {
            return Err("a secret was shown".into());
        }
    }
    ends_with(&served.output(&["auth", "logout"])?, 0)?;
    if !text(&served.output(&["auth", "status"])?).contains("nobody is logged in") {
        return Err("still logged in".into());
    }
    // Dutch, too.
    if !text(&served.output(&["--lang", "nl", "auth", "status"])?).contains("niemand is ingelogd") {
        return Err("no Dutch".into());
    }
    Ok(())
}

/// The URL that `keur auth login` tells people to go to.
fn url_in(stderr: &mut impl BufRead) -> Result<String, Failed> {
    let mut line = String::new();
    while stderr.read_line(&mut line)? > 0 {
        if line.starts_with("http") {
            return Ok(line.trim().to_owned());
        }
        line.clear();
    }
    Err("no URL was shown".into())
}

fn person(config: &DvaConfig) -> (&str, &str) {
    let person = config.persons.iter().find(|person| person.user == "toetsema").expect("a test person");
    (&person.user, &person.password)
}

fn pasted() -> Result<(), Failed> {
    let served = Served::start(&[])?;
    served.settings("")?;
    let mut command = served.keur(&["auth", "login", "TOETSEMA", "--paste-redirect", "--no-browser"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stderr = BufReader::new(child.stderr.take().ok_or("no stderr")?);
    let url = url_in(&mut stderr)?;
    let (user, password) = person(&served.config);
    let back = crate::wait(login(&client(&served.config, None), &url, user, password, Does::Yes))?;
    writeln!(child.stdin.take().ok_or("no stdin")?, "{back}")?;
    let mut said = String::new();
    stderr.read_to_string(&mut said)?;
    let output = child.wait_with_output()?;
    ends_with(&output, 0)?;
    let said = format!("{said}{}", text(&output));
    let code = back.split("code=").nth(1).and_then(|rest| rest.split('&').next()).ok_or("no code")?;
    if said.contains(code) || !said.contains("TOETSEMA: logged in") {
        return Err(said.into());
    }
    Ok(())
}

fn listened() -> Result<(), Failed> {
    let served = Served::start(&[])?;
    // The redirect URI is on this machine, with TLS by a certificate that the browser trusts.
    let pair = &served.config.certificates.partner_server;
    fs::write(served.path("cb.pem"), &pair.cert_pem)?;
    fs::write(served.path("cb.key"), &pair.key_pem)?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let redirect = format!("https://{}:{port}/terug", served.config.client_id);
    served.settings(&format!("redirect-uri = \"{redirect}\""))?;
    let arguments = ["auth", "login", "TOETSEMA", "--no-browser", "--tls-certificate", "cb.pem", "--tls-key", "cb.key"];
    let mut child = served.keur(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stderr = BufReader::new(child.stderr.take().ok_or("no stderr")?);
    let url = url_in(&mut stderr)?;
    let (user, password) = person(&served.config);
    let browser = client(&served.config, None);
    let back = crate::wait(login(&browser, &url, user, password, Does::Yes))?;
    // The browser knows where `.localhost` is; the certificate is for `localhost`.
    let there = back.replace(&served.config.client_id, "localhost");
    let page = crate::wait(browser.send(crate::server::request("GET", &there, &[], "")));
    assert_eq!(crate::server::status(&page), 200, "{page:?}");
    ends_with(&child.wait_with_output()?, 0)
}

fn wrong() -> Result<(), Failed> {
    let served = Served::start(&[])?;
    for (login, says) in [
        ("flow = \"implicit\"", "`flow` cannot be `implicit`"),
        ("client-secret = \"s3cret\"", "a secret is not written out here"),
        ("certificate = \"client.p12\"", "`certificate`"),
        ("colour = \"red\"", "unknown field `colour`"),
        ("token-parameters = \"header\"", "`token-parameters` cannot be"),
    ] {
        served.settings(login)?;
        let output = served.output(&["auth", "status"])?;
        ends_with(&output, 2)?;
        let said = text(&output);
        if !said.contains(says) || said.contains("s3cret") {
            return Err(format!("not said that {says}:\n{said}").into());
        }
    }
    fs::write(served.path("keur.toml"), "")?;
    let output = served.output(&["run", "bgz-3.0", "--target", &served.base, "--login-hook", "true"])?;
    ends_with(&output, 2)?;
    let output = served.output(&["auth", "login"])?;
    ends_with(&output, 2)?;
    if !text(&output).contains("KEUR5001") {
        return Err(text(&output).into());
    }
    Ok(())
}

fn well_known() -> Result<(), Failed> {
    let served = Served::start(&["--defect", "MM-TOK-07"])?;
    let plain = served.base.replace("https:", "http:");
    for base in [&served.base, &plain] {
        let url = format!("{base}/.well-known/keur-dva");
        let given = crate::wait(client(&served.config, None).send(crate::server::request("GET", &url, &[], "")));
        let given: DvaConfig = serde_json::from_str(&crate::server::body(&given))?;
        assert!(given == served.config, "the same as in the file");
    }
    assert_eq!(served.config.defects, ["MM-TOK-07"]);
    assert_eq!((served.config.schema.as_str(), &served.config.fhir_base), ("urn:keur:dva:1", &served.base));
    let unknown = Command::new(env!("CARGO_BIN_EXE_keur")).args(["serve", "--dva", "--defect", "MM-TOK-7"]).output()?;
    ends_with(&unknown, 2)?;
    if !text(&unknown).contains("there is a defect `MM-TOK-07`") {
        return Err(text(&unknown).into());
    }
    Ok(())
}

fn releases() -> Result<(), Failed> {
    for release in ["1.5", "2.0", "2.2"] {
        let served = Served::start(&["--release", release])?;
        served.settings("HOOK\npkce = true")?;
        let output = served.output(&["auth", "login", "KEURMEESTER"])?;
        ends_with(&output, 0)?;
        if text(&output).contains("refresh token") == (release == "1.5") {
            return Err(format!("release {release}: {}", text(&output)).into());
        }
    }
    Ok(())
}
