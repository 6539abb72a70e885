//! keur as a process, a simulator with a defect, and a server that says what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

pub const KEUR: &str = env!("CARGO_BIN_EXE_keur");
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");
pub const KEY: &str = "a key for tests only";

/// What a command came to.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn with(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// A folder of its own, with the data of the project at hand.
pub struct Desk {
    pub folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        Desk { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect(name)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(KEUR);
        command.current_dir(self.folder.path()).args(arguments).env("KEUR_MASK_KEY", KEY).stdin(Stdio::null());
        command
    }

    /// Runs keur here.
    pub fn keur(&self, arguments: &[&str]) -> Ended {
        self.keur_with(arguments, KEY)
    }

    pub fn keur_with(&self, arguments: &[&str], key: &str) -> Ended {
        let output = self.command(arguments).env("KEUR_MASK_KEY", key).output().expect("keur runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The ids of the runs here, oldest first.
    pub fn runs(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(".keur/runs")) else { return vec![] };
        let mut runs: Vec<String> =
            entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        runs.sort();
        runs
    }

    /// The only run here.
    pub fn run(&self) -> String {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }
}

/// Scripts of our own suite by their number.
pub fn scripts(numbers: &[&str]) -> Vec<String> {
    let folder = Path::new(ROOT).join("testscripts/bgz-3.0/serving");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a suite").map(|entry| entry.expect("entry").path()).collect();
    names.sort();
    let starts = |path: &PathBuf| numbers.iter().any(|n| path.file_name().unwrap().to_string_lossy().starts_with(n));
    names.into_iter().filter(starts).map(|path| path.to_string_lossy().into_owned()).collect()
}

/// A simulator that is stopped when the test is over.
pub struct Simulator {
    process: Child,
    pub url: String,
}

impl Simulator {
    pub fn new(defect: Option<&str>) -> Simulator {
        let mut command = Command::new(KEUR);
        command.current_dir(ROOT).args(["serve", "--fixtures", "fixtures/bgz-3.0", "--listen", "127.0.0.1:0"]);
        command.args(["--tokens", "fixtures/bgz-3.0/tokens.json"]);
        command.args(defect.iter().flat_map(|defect| ["--defect", defect]));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("keur serves");
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut url).expect("a line");
        Simulator { process, url: url.trim().to_owned() }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An answer: status, header lines, body.
pub type Answer = (u16, String, String);

/// A server whose every answer is made by a function of the number of the request and its first line.
pub fn server(answer: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = Arc::new(answer);
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, count) = (answer.clone(), count.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
                while let Some(line) = request(&mut reader) {
                    let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let (status, headers, body) = answer(number, &line);
                    if reply(&stream, status, &headers, &body).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    let mut length = 0;
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(first.trim().to_owned())
}

fn reply(mut stream: &TcpStream, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/fhir+json\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// A TestScript: operations (parameters of a search for Patient) with expressions that have to hold.
pub fn script(tests: &[(&str, &[&str])]) -> String {
    let mut out = String::from(
        "resourceType: TestScript\nname: Planted\nstatus: active\n_profile: [{id: p}]\nprofile: [\"http://hl7.org/fhir/StructureDefinition/Bundle\"]\n\
         variable:\n  - name: patient-token-ONE\n  - name: bsn\n    defaultValue: none\n  - name: family\n    defaultValue: none\n  - name: given\n    defaultValue: none\ntest:\n",
    );
    for (number, (params, expressions)) in tests.iter().enumerate() {
        out.push_str(&format!(
            "  - id: t{number}\n    name: test {number}\n    action:\n      - operation:\n          type: {{code: search}}\n          resource: Patient\n          accept: json\n          params: \"{params}\"\n          requestHeader:\n            - {{field: Authorization, value: \"${{patient-token-ONE}}\"}}\n"
        ));
        for expression in *expressions {
            out.push_str(&format!("      - assert: {{description: \"{number}\", expression: \"{expression}\"}}\n"));
        }
    }
    out
}

/// SplitMix64: chance that is the same every time.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}
