//! The reports of real runs, as others read them: a browser, and the schemas and models that were
//! published. Long, and in need of `chromium`, `node`, `npm`, `python3` and their registries:
//! it runs with `KEUR_LONG=1`. `KEUR_PICTURES=FOLDER` keeps the screenshots.

#[path = "browser/chromium.rs"]
mod chromium;
#[path = "browser/page.rs"]
mod page;
#[path = "browser/published.rs"]
mod published;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use libtest_mimic::{Arguments, Failed, Trial};

/// Kinds of report with the file each goes to.
const REPORTS: [(&str, &str); 7] = [
    ("html", "r.html"),
    ("har", "r.har"),
    ("sarif", "r.sarif"),
    ("junit", "r.xml"),
    ("testreport", "r4.json"),
    ("testreport-r5", "r5.json"),
    ("json", "r.json"),
];

/// Runs of our own suite against the simulator with these defects.
const RUNS: [(&str, &[&str]); 4] = [
    ("sound", &[]),
    ("quantities", &["quantity-without-unit@Observation", "status-value-wrong@Coverage"]),
    ("refused", &["unauthorized"]),
    ("broken", &["truncated-json@Observation", "html-instead-of-fhir@Patient", "empty-body@Flag"]),
];

type Check = fn(&Path, &Path) -> Result<(), Failed>;

const CHECKS: [(&str, &str, Check); 5] = [
    ("sarif", "r.sarif", published::sarif),
    ("junit", "r.xml", published::junit),
    ("har", "r.har", published::har),
    ("testreport-r5", "r5.json", published::testreport_r5),
    ("testreport", "r4.json", |_, report| published::testreport(report)),
];

fn main() {
    let arguments = Arguments::from_args();
    let long = std::env::var_os("KEUR_LONG").is_some_and(|value| value == "1");
    if !long {
        eprintln!("reports in a browser and by published schemas: ignored, KEUR_LONG=1 runs them");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/long");
    let recorded = Arc::new(LazyLock::new(|| record().map_err(|error| format!("{error:?}"))));
    let mut trials = vec![];
    for (name, file, check) in CHECKS {
        for (run, _) in RUNS {
            let (recorded, folder) = (recorded.clone(), folder.clone());
            trials.push(Trial::test(format!("{name}/{run}"), move || {
                let runs = (**recorded).as_ref().map_err(|error| Failed::from(error.as_str()))?;
                std::fs::create_dir_all(&folder)?;
                check(&folder, &runs.path().join(run).join(file))
            }));
        }
    }
    trials.push(Trial::test("page/reads-well", move || {
        let runs = (**recorded).as_ref().map_err(|error| Failed::from(error.as_str()))?;
        let pictures = std::env::var_os("KEUR_PICTURES").map_or_else(|| runs.path().join("pictures"), PathBuf::from);
        page::reads_well(&runs.path().join("quantities/r.html"), &pictures)
    }));
    let trials = trials.into_iter().map(|trial| trial.with_ignored_flag(!long)).collect();
    // One after the other: they share what they fetch.
    let arguments = Arguments { test_threads: Some(1), ..arguments };
    libtest_mimic::run(&arguments, trials).exit();
}

/// Every run with every report, in a folder of its own.
fn record() -> Result<tempfile::TempDir, Failed> {
    let runs = tempfile::tempdir()?;
    for (name, defects) in RUNS {
        let folder = runs.path().join(name);
        std::fs::create_dir_all(&folder)?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut serve = Command::new(env!("CARGO_BIN_EXE_keur"));
        serve.arg("serve").arg("--fixtures").arg(root.join("fixtures/bgz-3.0"));
        serve.args(["--listen", "127.0.0.1:0"]).arg("--tokens").arg(root.join("fixtures/bgz-3.0/tokens.json"));
        serve.args(defects.iter().flat_map(|defect| ["--defect", *defect]));
        let mut server = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut base = String::new();
        BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut base)?;
        let mut keur = Command::new(env!("CARGO_BIN_EXE_keur"));
        keur.current_dir(&folder).args(["run", "bgz-3.0", "--target", base.trim(), "--requirements", "vipp5-module-1"]);
        keur.args(REPORTS.iter().flat_map(|(kind, file)| ["--report".to_owned(), format!("{kind}={file}")]));
        let status = keur.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = server.kill();
        let _ = server.wait();
        status?;
    }
    Ok(runs)
}
