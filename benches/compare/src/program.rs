//! The program as its users run it: cold starts, runs, validation, memory.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::bounds::Bounds;
use super::delay;
use super::input;
use super::process::{Taken, taken};

/// Processes that are started for a median.
const ROUNDS: usize = 21;
const MS: fn(u64) -> Duration = Duration::from_millis;

/// The program, made from this source, and what it is run with.
pub struct Program {
    root: PathBuf,
    keur: PathBuf,
    assets: PathBuf,
    folder: PathBuf,
}

/// A server of the program, until it is dropped.
struct Server {
    process: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    /// Builds it; what is written goes to a folder that is emptied before.
    pub fn build(root: &Path, assets: &Path) -> Option<Program> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "--release", "--locked"]).current_dir(root).status();
        built.ok().filter(|status| status.success())?;
        let folder = root.join("target/measured");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).ok()?;
        Some(Program {
            root: root.to_owned(),
            keur: root.join("target/release/keur"),
            assets: assets.to_owned(),
            folder,
        })
    }

    /// Every bound on a whole process.
    pub fn measure(&self, bounds: &mut Bounds) {
        let version = self.taken(&["--version"], ROUNDS);
        bounds.time("`keur --version`, cold", version.map(|t| t.wall), MS(10));
        bounds.memory("the same, memory", version.map(|t| t.resident), 20);
        let run = self.taken(&["run", "bgz-3.0"], ROUNDS);
        bounds.time("`keur run bgz-3.0` against the built-in simulator", run.map(|t| t.wall), MS(1000));
        self.validation(bounds);
        self.bundles(bounds);
        self.side_by_side(bounds);
        self.searches(bounds);
        self.official(bounds);
    }

    /// What it takes with these arguments; the records of runs stay in the folder.
    fn taken<A: AsRef<OsStr>>(&self, arguments: &[A], rounds: usize) -> Option<Taken> {
        let mut all: Vec<OsString> = arguments.iter().map(|argument| argument.as_ref().to_owned()).collect();
        if all.first().is_some_and(|verb| verb == "run") {
            all.extend(["--record".into(), self.folder.join("runs").into()]);
        }
        taken(&self.keur, &all, rounds)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        let _ = std::fs::write(&path, text);
        path.display().to_string()
    }

    fn package(&self, name: &str) -> Option<String> {
        let path = self.assets.join(format!("packages/{name}.tgz"));
        path.exists().then(|| path.display().to_string())
    }

    fn validation(&self, bounds: &mut Bounds) {
        let file = self.write("one.json", &input::observation(1));
        let one = self.taken(&["validate", &file], ROUNDS);
        bounds.time("cold `keur validate` of one resource, embedded facts", one.map(|t| t.wall), MS(40));
        let zib = self.package("nictiz.fhir.nl.stu3.zib2017-2.2.18");
        let core = self.package("hl7.fhir.r3.core-3.0.2");
        let with = |packages: &[&String]| {
            let mut arguments = vec!["validate".to_owned(), file.clone()];
            packages.iter().for_each(|package| arguments.extend(["--package".to_owned(), (*package).clone()]));
            self.taken(&arguments, ROUNDS)
        };
        let seen = zib.as_ref().and_then(|zib| with(&[zib]));
        bounds.time("the same with the official zib package", seen.map(|t| t.wall), MS(150));
        let seen = zib.as_ref().zip(core.as_ref()).and_then(|(zib, core)| with(&[zib, core]));
        bounds.time("the same with the official zib and core packages", seen.map(|t| t.wall), MS(150));
    }

    fn bundles(&self, bounds: &mut Bounds) {
        let of = |entries: usize, rounds: usize| {
            let file = self.write("bundle.json", &input::bundle_of(entries));
            self.taken(&["validate", &file], rounds)
        };
        let (small, large, huge) = (of(1_000, 5), of(10_000, 5), of(100_000, 1));
        bounds.time("a Bundle of 10,000 entries validated, whole process", large.map(|t| t.wall), MS(2000));
        bounds.memory("the same, memory", large.map(|t| t.resident), 300);
        let growth =
            |more: Option<Taken>, times: f64| Some(more?.wall.as_secs_f64() / small?.wall.as_secs_f64() / times);
        bounds.most("time an entry of 10,000, of that of 1,000", growth(large, 10.0), 1.3, "times");
        bounds.most("time an entry of 100,000, of that of 1,000", growth(huge, 100.0), 1.3, "times");
    }

    /// Sixteen at a time against late answers: the most to be had is set by the script that asks most.
    fn side_by_side(&self, bounds: &mut Bounds) {
        let what = "`--jobs 16` against answers after 50 ms, of the ideal speed-up";
        let seen = || {
            let persons = self.root.join("fixtures/bgz-3.0");
            let tokens = persons.join("tokens.json").display().to_string();
            let server = self.serve(&["--fixtures", &persons.display().to_string(), "--tokens", &tokens])?;
            let address = delay::before(server.url.split("//").nth(1)?.trim_end_matches('/').parse().ok()?).ok()?;
            let report = self.folder.join("late.json");
            let run = |jobs: &str| {
                let (target, json) = (format!("http://{address}"), format!("json={}", report.display()));
                self.taken(&["run", "bgz-3.0", "--target", &target, "--jobs", jobs, "--report", &json], 1)
            };
            let one = run("1")?.wall.as_secs_f64();
            let text = std::fs::read_to_string(&report).ok()?;
            let longest = longest(&serde_json::from_str(&text).ok()?)?;
            let sixteen = run("16")?.wall.as_secs_f64();
            let ideal = (one / longest.as_secs_f64()).min(16.0);
            println!("one at a time {one:.2} s, sixteen {sixteen:.2} s, the longest script {longest:.2?}");
            Some(one / sixteen / ideal)
        };
        bounds.least(what, seen(), 0.9, "of it");
    }

    /// `wrk` on one core, the simulator on another.
    fn searches(&self, bounds: &mut Bounds) {
        let seen = || {
            let folder = self.folder.join("laboratory");
            std::fs::create_dir_all(&folder).ok()?;
            for number in 0..10_000 {
                let text = input::observation(number).replace("14937-7", &format!("{}-1", number % 2_000));
                std::fs::write(folder.join(format!("lab-{number}.json")), text).ok()?;
            }
            let server = self.serve_on("0", &["--fixtures", &folder.display().to_string()])?;
            let url = format!("{}/Observation?code=http://loinc.org%7C77-1", server.url.trim_end_matches('/'));
            let output = Command::new("taskset").args(["-c", "1", "wrk", "-t1", "-c8", "-d5s", &url]).output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            if text.contains("Non-2xx") {
                return None;
            }
            text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok())
        };
        bounds.least(
            "`Observation?code=` over 10,000 resources, one core, driven by `wrk`",
            seen(),
            5000.0,
            "a second",
        );
    }

    /// What official scripts cost, where they are at hand.
    fn official(&self, bounds: &mut Bounds) {
        let scripts = self.assets.join("nictiz-testscripts");
        let text = |path: PathBuf| path.display().to_string();
        let tokens = text(scripts.join("Configuration/QualificationTokens.json"));
        let packages = text(self.assets.join("packages"));
        let replayed = || {
            let cert = scripts.join("output/STU3/BgZ-3-0/MedMij/Cert");
            let server = self.serve(&["--tokens", &tokens, "--fixtures", &text(cert.join("_reference"))])?;
            let runs = text(self.folder.join("cert"));
            let set = text(cert.join("XIS-Server"));
            let run = ["run", &set, "--target", &server.url, "--package-dir", &packages, "--record", &runs];
            taken(&self.keur, &run, 1)?;
            let run = std::fs::read_dir(&runs).ok()?.flatten().next()?.path();
            taken(&self.keur, &["replay", &text(run), "--package-dir", &packages], 5)
        };
        let replayed = replayed();
        bounds.time("CPU of the official BgZ-3-0 Cert server sets, answers recorded", replayed.map(|t| t.cpu), MS(300));
        let all = || {
            let mut arguments = vec!["--tokens".to_owned(), tokens.clone(), "--var".to_owned(), "task-id=a".to_owned()];
            for folder in references(&scripts.join("output/STU3")) {
                arguments.extend(["--fixtures".to_owned(), text(folder)]);
            }
            let server = self.serve(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
            let scripts = text(scripts.join("output"));
            let run = ["run", &scripts, "--target", &server.url, "--package-dir", &packages];
            self.taken(&run, 1)
        };
        bounds.memory("memory of a run of all official scripts, answers validated", all().map(|t| t.resident), 250);
    }

    fn serve(&self, arguments: &[&str]) -> Option<Server> {
        self.start(Command::new(&self.keur), arguments)
    }

    fn serve_on(&self, core: &str, arguments: &[&str]) -> Option<Server> {
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(&self.keur);
        self.start(command, arguments)
    }

    fn start(&self, mut command: Command, arguments: &[&str]) -> Option<Server> {
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut url = String::new();
        BufReader::new(process.stdout.take()?).read_line(&mut url).ok()?;
        let server = Server { process, url: url.trim().to_owned() };
        (!server.url.is_empty()).then_some(server)
    }
}

/// The folders of fixtures that end tests use.
fn references(below: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut open = vec![below.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
            match entry.file_name() == "_reference" {
                true if folder.ends_with("Cert") => found.push(entry.path()),
                true => {}
                false => open.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}

/// The time that the longest script waits for answers.
fn longest(report: &serde_json::Value) -> Option<Duration> {
    let micros = |script: &serde_json::Value| {
        let tests = script["tests"].as_array()?;
        Some(tests.iter().filter_map(|test| test["micros"].as_u64()).sum::<u64>())
    };
    report["scripts"].as_array()?.iter().filter_map(micros).max().map(Duration::from_micros)
}
