//! Parties that are real: clients that come themselves, servers with tokens of their own.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Running, ask, body, cells, json, keur, run, wait};

const SCRIPT: &str = "testscripts/bgz-3.0/retrieving/12-alert.yaml";

/// A matrix of these parties, with alerts.
fn write(folder: &Path, parties: &str) {
    let scenario = format!(
        "[[scenario]]\nname = \"Alerts\"\nclient = [\"{SCRIPT}\"]\n\
         server = [\"testscripts/bgz-3.0/serving/12-alert.yaml\"]\nserver-tests = [\"keurmeester-json\"]\n"
    );
    let head = "folder = \"m\"\nidle = \"3s\"\nlisten = \"127.0.0.1:0\"\nfixtures = [\"fixtures/bgz-3.0\"]\n";
    std::fs::write(folder.join("m.toml"), format!("{head}{parties}\n{scenario}")).unwrap();
}

/// Plays the client at an address, with the tokens that its party has.
fn play(folder: &Path, base: &str, tokens: &Value) {
    let mut command = keur(folder, &["play", SCRIPT, "--target", base]);
    for person in tokens.as_array().unwrap() {
        let (name, token) = (person["person"].as_str().unwrap(), person["token"].as_str().unwrap());
        command.env(name, token).args(["--token", &format!("{name}=env:{name}")]);
    }
    let (exit, output) = run(&mut command);
    assert_eq!(exit, 0, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_client_that_comes_itself_has_addresses_and_tokens_of_its_own_and_is_judged_as_it_asks() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let parties = "[[server]]\nname = \"Duinrand EPD\"\n\
                   [[server]]\nname = \"Kievit EPD\"\ndefect = \"no-self-link@Flag\"\n\
                   [[client]]\nname = \"Plevier PGO\"\nlive = true\ntoken = \"env:PLEVIER\"\n\
                   [[client]]\nname = \"Wulp PGO\"\nlive = true\ntoken = \"env:WULP\"";
    write(at, parties);
    let mut command = keur(at, &["matrix", "m.toml", "--board", "127.0.0.1:0", "--report", "json=r.json"]);
    let mut matrix = Running::start(command.env("PLEVIER", "s-plevier").env("WULP", "s-wulp"));
    let pages = |token| body(&ask(&matrix.1, "GET", "/start.json", token).1)["parties"].clone();
    assert_eq!(pages(None), serde_json::json!([]), "a visitor gets no addresses");
    let mut bases = vec![];
    for (party, token) in [("Plevier PGO", "s-plevier"), ("Wulp PGO", "s-wulp")] {
        let pages = pages(Some(token));
        let [page] = pages.as_array().unwrap().as_slice() else { panic!("{pages}") };
        assert_eq!((&page["name"], &page["how"]), (&party.into(), &"live".into()));
        for address in page["addresses"].as_array().unwrap() {
            bases.push((address["base"].as_str().unwrap().to_owned(), page["tokens"].clone()));
        }
    }
    assert_eq!(bases.len(), 4);
    // Tokens and addresses of one party are no other's.
    assert!(bases[0].0 != bases[2].0 && bases[0].1 != bases[2].1);
    let guessed = bases[0].0.replacen(&bases[0].0[bases[0].0.find("plevier-pgo").unwrap() + 11..][..17], "", 1);
    let address = guessed.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let path = guessed.trim_start_matches("http://").strip_prefix(&address).unwrap();
    assert!(path.starts_with("/plevier-pgo/"), "{path}");
    assert_eq!(ask(&address, "GET", path, None).0, 404, "the name alone is no way in");
    for (base, tokens) in &bases {
        play(at, base, tokens);
    }
    assert_eq!(matrix.0.wait().unwrap().code(), Some(1), "Kievit has a fault");
    let report = json(&at.join("r.json"));
    for ([server, client, _], (verdict, _)) in cells(&report) {
        assert_eq!(verdict, if server == "Kievit EPD" { "failed" } else { "passed" }, "{server} {client}");
    }
    // A record holds no token, and its cell can be judged again.
    for cell in report["cells"].as_array().unwrap() {
        let folder = at.join("m").join(cell["run"].as_str().unwrap());
        let replayed = run(&mut keur(at, &["replay", folder.to_str().unwrap(), "--report", "terminal=-"]));
        let expected = if cell["verdict"] == "failed" { 1 } else { 0 };
        assert_eq!(replayed.0, expected, "{}", String::from_utf8_lossy(&replayed.1.stderr));
        for file in ["events.jsonl", "inputs.json", "files.jsonl"] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let held = bases
                .iter()
                .flat_map(|(_, tokens)| tokens.as_array().unwrap())
                .find(|person| text.contains(person["token"].as_str().unwrap()));
            assert_eq!(held, None, "{file}");
        }
    }
}

#[test]
fn a_client_that_stops_in_the_middle_is_judged_on_what_came_and_may_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "[[server]]\nname = \"Duinrand EPD\"\n[[client]]\nname = \"Plevier PGO\"\nlive = true");
    let arguments = ["matrix", "m.toml", "--board", "127.0.0.1:0", "--stay", "--report", "json=r.json"];
    let mut matrix = Running::start(&mut keur(at, &arguments));
    let page = body(&ask(&matrix.1, "GET", "/start.json", None).1)["parties"][1].clone();
    let base = page["addresses"][0]["base"].as_str().unwrap().to_owned();
    let below = base.trim_start_matches("http://");
    let (address, path) = below.split_at(below.find('/').unwrap());
    let cell = || body(&ask(&matrix.1, "GET", "/state.json", None).1)["cells"][0].clone();
    assert_eq!(ask(address, "GET", &format!("{path}/Flag"), None).0, 401);
    wait("the visit", || cell()["running"].as_bool());
    assert_eq!(ask(&matrix.1, "POST", "/cell/0/done", None).0, 403, "a visitor ends nothing");
    let verdict = wait("the end of a silent visit", || cell()["verdict"].as_str().map(str::to_owned));
    assert_ne!(verdict, "passed");
    // A machine that is busy with other tests may end a visit early; a client may come as often as it likes.
    wait("the second visit", || {
        play(at, &base, &page["tokens"]);
        let over = wait("its end", || (cell()["running"] != true).then(|| cell()["verdict"].clone()));
        (over == "passed").then_some(())
    });
    let stopped = Command::new("kill").args(["-INT", &matrix.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(matrix.0.wait().unwrap().code(), Some(0));
    assert!(at.join("m/runs/Duinrand-EPD--Plevier-PGO--Alerts--2").is_dir(), "each visit has its record");
}

#[test]
fn a_server_is_asked_with_the_tokens_that_it_gave_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // The supplier's own tokens for the same persons.
    let own = include_str!("../../fixtures/bgz-3.0/tokens.json");
    let script = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT)).unwrap();
    let mut access = String::new();
    let mut listed = own.to_owned();
    for part in script.split("patient-token-").skip(1) {
        let Some((name, rest)) = part.split_once("\n    defaultValue: Bearer ") else { continue };
        let token = rest.split_whitespace().next().unwrap();
        listed = listed.replace(token, &format!("of-the-supplier-{name}"));
        access.push_str(&format!("{name} = \"@{}\"\n", at.join(name).display()));
        std::fs::write(at.join(name), format!("of-the-supplier-{name}\n")).unwrap();
    }
    assert_ne!(listed, own);
    std::fs::write(at.join("supplier.json"), listed).unwrap();
    let mut command = keur(at, &["serve", "--fixtures", "fixtures/bgz-3.0", "--tokens", "supplier.json"]);
    let supplier = Running::start(command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null()));
    let server = |access: &str| {
        let target = format!("name = \"Duinrand EPD\"\ntarget = \"http://{}\"", supplier.1);
        write(at, &format!("[[server]]\n{target}\n{access}[[client]]\nname = \"Plevier PGO\""));
    };
    let matrix = || {
        let _ = std::fs::remove_dir_all(at.join("m"));
        let (exit, output) = run(&mut keur(at, &["matrix", "m.toml", "--report", "json=r.json"]));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("of-the-supplier"));
        exit
    };
    server("");
    assert_eq!(matrix(), 1, "the tokens of the scripts are not this server's");
    server(&format!("[server.access]\n{access}"));
    assert_eq!(matrix(), 0);
    let cell = json(&at.join("r.json"))["cells"][0].clone();
    let folder = at.join("m").join(cell["run"].as_str().unwrap());
    assert!(!std::fs::read_to_string(folder.join("events.jsonl")).unwrap().contains("of-the-supplier"));
    let replayed = run(&mut keur(at, &["replay", folder.to_str().unwrap()]));
    assert_eq!(replayed.0, 0, "{}", String::from_utf8_lossy(&replayed.1.stderr));
}
