//! The command line, as it is typed and as it answers.
//!
//! A case is a folder `tests/cli/<class>/<case>/`; the class says how `keur` must end. `cmd` holds the
//! command, beside it stand what it must say (`stdout`, `stderr`) and what it must leave behind (`left`, a
//! list of files); a file that is not there stands for nothing. A case runs in a copy of its folder.
//! `KEUR_BLESS=1` rewrites what is expected.
//!
//! In `cmd`: `#` begins a comment, `env NAME=VALUE` sets a variable, the rest is one command. `{server}` is
//! a server that gives every request the answer in the file `answer` (a status line, headers, an empty
//! line, a body), `{closed}` a port where nobody listens, `{assets}` the official material. A line
//! `serve ARGUMENTS` starts `keur serve` on a free port before the command; `{served}` is its base URL.

mod assets;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use regex::Regex;

/// Classes of cases and the exit code of each.
const CLASSES: [(&str, i32); 7] =
    [("ok", 0), ("failed", 1), ("usage", 2), ("incomplete", 3), ("nothing", 4), ("unanswered", 5), ("unverified", 7)];

/// What differs from run to run, and what stands for it.
const VOLATILE: [(&str, &str); 12] = [
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "MOMENT"),
    (r"\d{8}T\d{6}Z-[0-9a-f]{6}", "RUN"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"\b[0-9a-f]{64}\b|\b[0-9a-f]{16}\b", "HASH"),
    // A certificate of 90 days and a clock, seen a moment later.
    (r"\b(?:89|90) (?:days left|dagen)|(?:-1|\b[01]) second\w* \w+", "FEW"),
    (r"\d+ (ms|µs)\b|\d+\.\d s\b", "TIME"),
    (r"TIME \(#\d+ ", "TIME (#N "),
    // Which facts the binary carries is another test's affair.
    (r"(?m)^  definitions \.+ .*\n(?: {36}.*\n)*", "  definitions ... DEFINITIONS\n"),
    (r#""definitions": \[[^\]]*\]"#, r#""definitions": []"#),
    (r#""micros": \d+"#, r#""micros": 0"#),
    (r"keur \d+\.\d+\.\d+", "keur VERSION"),
];

/// What JSON on standard output must keep to, by verb.
const SCHEMAS: [(&str, &str); 4] = [
    ("lint", include_str!("../src/cli/schema/lint-1.json")),
    ("validate", include_str!("../src/cli/schema/validation-1.json")),
    ("list", include_str!("../src/cli/schema/list-1.json")),
    ("fhirpath", include_str!("../src/cli/schema/fhirpath-1.json")),
];

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut trials = vec![];
    for (class, code) in CLASSES {
        let mut cases: Vec<PathBuf> = entries(&root.join(class)).into_iter().filter(|path| path.is_dir()).collect();
        cases.sort();
        for case in cases {
            let name = format!("{class}/{}", case.file_name().unwrap_or_default().to_string_lossy());
            trials.push(trial(name, case, code));
        }
    }
    for path in entries(&root) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(CLASSES.iter().any(|(class, _)| *class == name), "tests/cli/{name} is not a class of cases");
    }
    #[cfg(unix)]
    trials.push(Trial::test("interrupted/reports-are-written-and-the-exit-code-is-130", interrupted));
    libtest_mimic::run(&arguments, trials).exit();
}

/// Ctrl-C while a server keeps keur waiting.
#[cfg(unix)]
fn interrupted() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let script = include_str!("cli/ok/run/scripts/one.xml");
    for name in ["one.xml", "two.xml"] {
        fs::write(folder.path().join(name), script)?;
    }
    // It accepts (in its backlog) and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let target = format!("http://{}", silent.local_addr()?);
    let arguments = ["run", ".", "--target", &target, "--timeout", "2s", "--report", "json=r.json"];
    let mut keur = Command::new(env!("CARGO_BIN_EXE_keur"))
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let connection = silent.accept()?;
    let sent = Command::new("kill").args(["-INT", &keur.id().to_string()]).status()?;
    assert!(sent.success());
    assert_eq!(keur.wait()?.code(), Some(130));
    drop(connection);
    let report: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join("r.json"))?)?;
    assert_eq!((&report["interrupted"], &report["verdict"]), (&true.into(), &"failed".into()));
    // The request under way was waited for and judged, the second script never began.
    assert_eq!(
        (&report["receipt"]["exchanges"]["total"], &report["receipt"]["scripts"]["incomplete"]),
        (&1.into(), &1.into())
    );
    Ok(())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).collect()).unwrap_or_default()
}

fn trial(name: String, case: PathBuf, code: i32) -> Trial {
    let wants_assets = fs::read_to_string(case.join("cmd")).is_ok_and(|text| text.contains("{assets}"));
    let needs: &[&str] = if wants_assets { &["."] } else { &[] };
    assets::trial(name, needs, move |assets| check(&case, code, assets))
}

/// What a command came to, made comparable.
struct Outcome {
    code: Option<i32>,
    /// `stdout`, `stderr` and `left`.
    texts: [(&'static str, String); 3],
}

fn check(case: &Path, code: i32, assets: &Path) -> Result<(), Failed> {
    let outcome = carry_out(case, assets)?;
    let bless = std::env::var_os("KEUR_BLESS").is_some_and(|value| value == "1");
    let mut faults = vec![];
    if outcome.code != Some(code) {
        faults.push(format!("exit code {:?} instead of {code}", outcome.code));
    }
    for (name, text) in &outcome.texts {
        let path = case.join(name);
        if bless {
            match text.is_empty() {
                true => drop(fs::remove_file(&path)),
                false => fs::write(&path, text)?,
            }
            continue;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != *text {
            faults.push(format!("{name} differs\n--- expected\n{expected}--- found\n{text}---"));
        }
    }
    faults.extend(contract(case, &outcome.texts[0].1)?);
    if !faults.is_empty() {
        let shown = outcome.texts.iter().filter(|_| bless).map(|(name, text)| format!("{name}:\n{text}"));
        return Err(format!("{}\n{}", faults.join("\n"), shown.collect::<String>()).into());
    }
    Ok(())
}

/// What JSON on standard output does that its schema does not allow.
fn contract(case: &Path, stdout: &str) -> Result<Vec<String>, Failed> {
    let command = fs::read_to_string(case.join("cmd"))?;
    let schema = SCHEMAS.iter().find(|(verb, _)| command.contains(&format!("keur {verb} ")));
    let Some((_, schema)) = schema.filter(|_| command.contains("--format json")) else { return Ok(vec![]) };
    let validator = jsonschema::validator_for(&serde_json::from_str(schema)?)?;
    let document = serde_json::from_str(stdout)?;
    Ok(validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect())
}

fn carry_out(case: &Path, assets: &Path) -> Result<Outcome, Failed> {
    let folder = tempfile::tempdir()?;
    let given = copy(case, folder.path())?;
    let text = fs::read_to_string(case.join("cmd"))?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_keur"));
    command.current_dir(folder.path()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("KEUR_") || ["NO_COLOR", "COLUMNS", "CLICOLOR_FORCE"].contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command.env("HOME", folder.path());
    // Pseudonyms are the same every time.
    command.env("KEUR_MASK_KEY", "golden cases");
    for proxy in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    let mut served = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let line = filled(line, case, assets)?;
        let line = line.replace("{served}", served.as_ref().map_or("", |served: &Served| &served.base));
        let words = words(&line);
        match words.split_first() {
            Some((first, rest)) if first == "env" => {
                let (name, value) = rest.first().and_then(|pair| pair.split_once('=')).ok_or("env NAME=VALUE")?;
                command.env(name, value);
            }
            Some((first, rest)) if first == "serve" => served = Some(Served::start(rest, folder.path())?),
            Some((first, rest)) if first == "keur" => drop(command.args(rest)),
            _ => return Err(format!("`{line}` is no command").into()),
        }
    }
    let output = command.output()?;
    let shown = |bytes: &[u8]| normal(&String::from_utf8_lossy(bytes), folder.path(), assets);
    let mut left: Vec<String> = vec![];
    files(folder.path(), folder.path(), &mut left);
    left.retain(|file| !given.contains(file));
    left.sort();
    let left: String = left.iter().map(|file| format!("{file}\n")).collect();
    let left = normal(&left, folder.path(), assets);
    // The bodies of a record are many and named by their hash.
    let mut lines: Vec<&str> = left.lines().collect();
    lines.dedup();
    let left = lines.iter().map(|line| format!("{line}\n")).collect();
    let texts = [("stdout", shown(&output.stdout)), ("stderr", shown(&output.stderr)), ("left", left)];
    Ok(Outcome { code: output.status.code(), texts })
}

/// A `keur serve` for as long as the case runs.
struct Served {
    base: String,
    process: std::process::Child,
}

impl Served {
    fn start(arguments: &[String], folder: &Path) -> Result<Served, Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keur"));
        command.arg("serve").args(arguments).args(["--listen", "127.0.0.1:0"]).current_dir(folder);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut base = String::new();
        if let Some(stdout) = process.stdout.take() {
            std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut base)?;
        }
        Ok(Served { base: base.trim().to_owned(), process })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Copies what a case brings along and says what that is.
fn copy(case: &Path, to: &Path) -> std::io::Result<Vec<String>> {
    let mut given = vec![];
    files(case, case, &mut given);
    given.retain(|file| !["cmd", "stdout", "stderr", "left", "answer"].contains(&file.as_str()));
    for file in &given {
        if let Some(parent) = to.join(file).parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(case.join(file), to.join(file))?;
    }
    Ok(given)
}

fn files(root: &Path, folder: &Path, into: &mut Vec<String>) {
    for path in entries(folder) {
        match path.is_dir() {
            true => files(root, &path, into),
            false => into.extend(path.strip_prefix(root).ok().map(|file| file.to_string_lossy().replace('\\', "/"))),
        }
    }
}

fn filled(line: &str, case: &Path, assets: &Path) -> Result<String, Failed> {
    let mut line = line.replace("{assets}", &assets.display().to_string());
    if line.contains("{server}") {
        line = line.replace("{server}", &serve(fs::read_to_string(case.join("answer"))?)?);
    }
    if line.contains("{closed}") {
        // Taken and given back: nobody listens there now.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        line = line.replace("{closed}", &format!("http://{address}"));
    }
    Ok(line)
}

/// Words of a line; quotes keep spaces in a word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// A server that gives everybody the same answer, for as long as the tests run.
fn serve(answer: String) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    let (head, body) = answer.split_once("\n\n").unwrap_or((answer.as_str(), ""));
    let head = head.replace('\n', "\r\n");
    let answer = format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = respond(stream, &answer);
        }
    });
    Ok(base)
}

fn respond(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    let mut seen = vec![];
    let mut buffer = [0; 4096];
    while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            read => seen.extend_from_slice(&buffer[..read]),
        }
    }
    stream.write_all(answer.as_bytes())
}

fn normal(text: &str, folder: &Path, assets: &Path) -> String {
    let mut text =
        text.replace(&folder.display().to_string(), "FOLDER").replace(&assets.display().to_string(), "ASSETS");
    for (pattern, name) in VOLATILE {
        let pattern = Regex::new(pattern).expect("a pattern of the table");
        text = pattern.replace_all(&text, name).into_owned();
    }
    text
}
