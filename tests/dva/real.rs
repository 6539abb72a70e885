//! Parts that are not ours: an OpenID-certified authorization server, a browser, a web server with TLS.
//!
//! They run with `KEUR_LONG=1`, which makes them required; without it they are ignored and say so. The
//! server and the driver of the browser come from npm into `target/real-parts`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use keur::simulator::dva::Release;
use keur::simulator::dva::config::KeyPair;
use libtest_mimic::{Failed, Trial};

use crate::Test;
use crate::server::{body, client, dva, request, status};

const TESTS: &[(&str, Test)] = &[
    ("a_certified_server_without_proof_key", without_pkce),
    ("a_certified_server_with_proof_key", with_pkce),
    ("a_browser_logs_in_to_the_dva", browser),
    ("nginx_demands_a_client_certificate", nginx),
];

pub fn trials() -> Vec<Trial> {
    let long = std::env::var_os("KEUR_LONG").is_some_and(|value| value == "1");
    if !long {
        eprintln!("real::*: ignored; KEUR_LONG=1 runs them (node, npm, chromium and nginx are needed)");
    }
    let trial = |(name, test): &(&str, Test)| Trial::test(format!("real::{name}"), *test).with_ignored_flag(!long);
    TESTS.iter().map(trial).collect()
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The folder with what npm brought.
fn parts() -> Result<PathBuf, Failed> {
    static INSTALL: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/real-parts");
    let _one = INSTALL.lock();
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "provider.mjs", "browser.mjs"] {
        fs::copy(root.join("tests/dva/real").join(file), folder.join(file))?;
    }
    if !folder.join("node_modules/puppeteer-core").exists() || !folder.join("node_modules/oidc-provider").exists() {
        let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
        let done = Command::new("npm").args(install).current_dir(&folder).status()?;
        if !done.success() {
            return Err("npm could not install what is in tests/dva/real/package.json".into());
        }
    }
    Ok(folder)
}

fn chromium() -> Result<&'static str, Failed> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    known.into_iter().find(|path| Path::new(path).exists()).ok_or_else(|| "there is no chromium".into())
}

const CLIENT: &str = "pgo.keur.localhost";
const REDIRECT: &str = "https://pgo.keur.localhost/cb";

/// The hook that drives a browser.
fn hook(parts: &Path) -> Result<String, Failed> {
    Ok(format!("node '{}' {} {REDIRECT}", parts.join("browser.mjs").display(), chromium()?))
}

fn without_pkce() -> Result<(), Failed> {
    certified("off")
}

fn with_pkce() -> Result<(), Failed> {
    certified("on")
}

/// The whole flow: login in a browser, code, tokens, refresh.
fn certified(pkce: &str) -> Result<(), Failed> {
    let parts = parts()?;
    let mut provider = Command::new("node");
    provider.arg("provider.mjs").args([CLIENT, REDIRECT, pkce]).current_dir(&parts);
    let mut provider = Running(provider.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let mut issuer = String::new();
    // Kept open: it goes on writing there.
    let mut output = BufReader::new(provider.0.stdout.take().ok_or("no output")?);
    output.read_line(&mut issuer)?;
    let issuer = issuer.trim();
    if issuer.is_empty() {
        return Err("the server did not start".into());
    }
    let folder = tempfile::tempdir()?;
    let settings = |pkce: bool| {
        let hook = hook(&parts)?;
        let text = format!(
            "[login]\nflow = \"authorization-code\"\nauthorization-endpoint = \"{issuer}/auth\"\n\
             token-endpoint = \"{issuer}/token\"\nclient-id = \"{CLIENT}\"\nredirect-uri = \"{REDIRECT}\"\n\
             scope = \"openid\"\npkce = {pkce}\nstore = \"tokens.json\"\nhook = \"{hook}\"\n"
        );
        Ok::<(), Failed>(fs::write(folder.path().join("keur.toml"), text)?)
    };
    let keur = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_keur")).args(arguments).current_dir(folder.path()).output()
    };
    if pkce == "on" {
        // A server that demands a proof key gets none: the login ends without a token.
        settings(false)?;
        let output = keur(&["auth", "login"])?;
        assert_eq!(output.status.code(), Some(6), "{output:?}");
    }
    settings(pkce == "on")?;
    let output = keur(&["auth", "login"])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() || !said.contains("refresh token") {
        return Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    // Its access tokens last a second: a run has to renew one before it can begin.
    let store = || fs::read_to_string(folder.path().join("tokens.json"));
    let before = store()?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let target = format!("http://127.0.0.1:{port}");
    let output = keur(&["run", "bgz-3.0", "--target", &target, "--report", "json=r.json"])?;
    // Nobody is at the target: what counts is that the token was there before anything was asked.
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(folder.path().join("r.json"))?)?;
    let hows: Vec<&str> =
        report["tokens"].as_array().ok_or("no tokens")?.iter().filter_map(|t| t["how"].as_str()).collect();
    if !hows.contains(&"refreshed") || store()? == before {
        return Err(format!("not refreshed: {hows:?}").into());
    }
    Ok(())
}

fn browser() -> Result<(), Failed> {
    let parts = parts()?;
    let folder = tempfile::tempdir()?;
    let hook = hook(&parts)?;
    crate::wait(async {
        let dva = dva(Release::R2_2, 900, &[]).await;
        fs::write(folder.path().join("dva.json"), serde_json::to_string(&dva.config)?)?;
        let text = format!(
            "[login]\ndva = \"dva.json\"\nstore = \"tokens.json\"\nhook = \"{hook}\"\n\
             [login.persons.TOETSEMA]\nuser = \"toetsema\"\n"
        );
        fs::write(folder.path().join("keur.toml"), text)?;
        let mut keur = tokio::process::Command::new(env!("CARGO_BIN_EXE_keur"));
        let output = keur.args(["auth", "login"]).current_dir(folder.path()).output().await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() && said.contains("refresh token") {
            true => Ok(()),
            false => Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    })
}

/// nginx before the simulator, with the certificates of a DVA.
fn nginx() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut keur = Command::new(env!("CARGO_BIN_EXE_keur"));
    keur.args(["serve", "--listen", "127.0.0.1:0", "--fixtures", "fixtures/bgz-3.0"]);
    let mut keur = Running(keur.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let mut behind = String::new();
    BufReader::new(keur.0.stdout.take().ok_or("no output")?).read_line(&mut behind)?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    crate::wait(async {
        let dva = dva(Release::R2_2, 900, &[]).await;
        let config = &dva.config;
        fs::write(path("ca.pem"), &config.ca_pem)?;
        fs::write(path("server.pem"), &config.certificates.partner_server.cert_pem)?;
        fs::write(path("server.key"), &config.certificates.partner_server.key_pem)?;
        let text = format!(
            "daemon off; master_process off; pid {pid}; error_log stderr error;\nevents {{}}\nhttp {{ access_log off;\n\
             client_body_temp_path {tmp}; proxy_temp_path {tmp}; fastcgi_temp_path {tmp}; uwsgi_temp_path {tmp}; scgi_temp_path {tmp};\n\
             server {{ listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.2 TLSv1.3;\n\
             ssl_certificate {cert}; ssl_certificate_key {key}; ssl_client_certificate {ca}; ssl_verify_client on;\n\
             location / {{ proxy_pass {behind}; }} }} }}\n",
            pid = path("pid"),
            tmp = path("tmp"),
            cert = path("server.pem"),
            key = path("server.key"),
            ca = path("ca.pem"),
            behind = behind.trim(),
        );
        fs::write(path("nginx.conf"), text)?;
        let mut command = Command::new("nginx");
        let _nginx = Running(
            command
                .args(["-c", &path("nginx.conf"), "-e", "stderr"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?,
        );
        let url = format!("https://127.0.0.1:{port}/Patient");
        let ask = async |pair: Option<&KeyPair>| {
            client(config, pair).send(request("GET", &url, &[("Accept", "application/fhir+json")], "")).await
        };
        let own = Some(&config.certificates.client);
        let mut exchange = ask(own).await;
        for _ in 0..50 {
            if exchange.result.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            exchange = ask(own).await;
        }
        assert_eq!(status(&exchange), 200, "with a certificate: {exchange:?}");
        assert!(body(&exchange).contains("\"Bundle\""));
        for (what, pair) in [
            ("without a certificate", None),
            ("with one of nobody", Some(&config.certificates.unknown_ca)),
            ("with one that has expired", Some(&config.certificates.expired)),
        ] {
            let exchange = ask(pair).await;
            assert!(status(&exchange) != 200 && !body(&exchange).contains("\"Bundle\""), "{what}: {exchange:?}");
        }
        Ok(())
    })
}
