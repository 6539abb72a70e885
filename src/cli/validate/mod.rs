//! `keur validate FILE|DIR|-`: is this what FHIR and its profiles say it is?

mod against;
mod files;
mod json;
mod judging;
mod outcome;
mod place;
mod sarif;
mod text;

use std::path::PathBuf;
use std::sync::Arc;

use crate::definitions::Used;
use crate::diagnostic::{Code, Diagnostic, Language, Position, Severity, Span};
use crate::fhir::FhirVersion;
use crate::record::SliceMiss;
use crate::validation::{Broken, CodeCount, Defined, Policy, Validator};

use super::console::Console;
use super::exit::Exit;
use super::packages::Packages;
use super::problem;
use super::settings::{Checked, Key, Said};
use super::terminology;

/// Flags of `validate`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// FHIR resources in XML or JSON: files and folders; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,
    /// Profile that each resource must conform to, beside those it claims (repeatable)
    #[arg(long, value_name = "CANONICAL")]
    profile: Vec<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// What another validator said of the file (an OperationOutcome); shows where it and keur differ
    #[arg(long, value_name = "OUTCOME")]
    against: Option<PathBuf>,
    /// FHIR version of the resources: 3.0 or 4.0 [default: 3.0]
    #[arg(long, value_name = "VERSION")]
    fhir_version: Option<String>,
    /// FHIR package to validate with: a .tgz, a folder or NAME@VERSION (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    #[command(flatten)]
    terminology: terminology::Flags,
}

/// Ways to write it.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Format {
    /// For people
    #[default]
    Text,
    /// JSON for programs
    Json,
    /// A FHIR OperationOutcome; of several files a Bundle of them
    Operationoutcome,
    /// SARIF 2.1.0, for code-scanning tools
    Sarif,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default()
            .one(Key::FhirVersion, &self.fhir_version)
            .many(Key::Package, &self.package)
            .and(self.terminology.said())
    }
}

/// How a file ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Valid,
    Invalid,
    Incomplete,
}

impl Verdict {
    fn code(self) -> &'static str {
        match self {
            Verdict::Valid => "valid",
            Verdict::Invalid => "invalid",
            Verdict::Incomplete => "incomplete",
        }
    }
}

/// Severities as FHIR has them.
const SEVERITIES: [(Severity, &str); 4] = [
    (Severity::Fatal, "fatal"),
    (Severity::Error, "error"),
    (Severity::Warning, "warning"),
    (Severity::Information, "information"),
];

fn severity(of: Severity) -> &'static str {
    SEVERITIES[of as usize].1
}

/// One thing found in a file.
struct Finding {
    severity: Severity,
    code: Code,
    path: String,
    position: Position,
    span: Span,
    message: String,
    /// The message in Dutch, where it has one of its own.
    dutch: Option<String>,
    profile: Arc<str>,
    slices: Vec<SliceMiss>,
    defined: Option<Defined>,
    invariant: Option<Broken>,
}

impl Finding {
    fn said(&self, language: Language) -> &str {
        match (language, &self.dutch) {
            (Language::Nl, Some(dutch)) => dutch,
            _ => &self.message,
        }
    }
}

/// What was found in a file.
struct Judged {
    path: String,
    text: Arc<str>,
    verdict: Verdict,
    findings: Vec<Finding>,
    codes: CodeCount,
}

/// Everything that was found, and with what.
struct Report {
    files: Vec<Judged>,
    used: Vec<Used>,
}

impl Report {
    fn count(&self, verdict: Verdict) -> usize {
        self.files.iter().filter(|f| f.verdict == verdict).count()
    }

    /// The codes of all files together.
    fn codes(&self) -> CodeCount {
        let mut all = CodeCount::default();
        for codes in self.files.iter().map(|f| &f.codes) {
            all.checked += codes.checked;
            for (reason, count) in &codes.not_checkable {
                *all.not_checkable.entry(reason.clone()).or_default() += count;
            }
        }
        all
    }

    fn exit(&self) -> Exit {
        match (self.count(Verdict::Invalid), self.count(Verdict::Incomplete)) {
            (0, 0) => Exit::Passed,
            (0, _) => Exit::Incomplete,
            _ => Exit::Failed,
        }
    }
}

/// Carries it out.
pub fn validate(arguments: &Arguments, settings: &Checked, console: &Console) -> Exit {
    let (report, against) = match judged(arguments, settings) {
        Ok(judged) => judged,
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    // JSON is for programs, in English.
    let language = if arguments.format == Format::Text { console.language } else { Language::En };
    let rows = against.map(|other| against::compare(&report, &other, language));
    let text = match (arguments.format, &rows) {
        (Format::Text, Some(rows)) => against::write(&report, rows, console),
        (Format::Text, None) => text::write(&report, console),
        (Format::Json, _) => json::write(&report, rows.as_deref()),
        (Format::Operationoutcome, _) => outcome::write(&report),
        (Format::Sarif, _) => sarif::write(&report, console),
    };
    console.ended(text, report.exit())
}

/// Everything that is found, and what another found.
fn judged(arguments: &Arguments, settings: &Checked) -> Result<(Report, Option<against::Other>), Vec<Diagnostic>> {
    let version = settings.fhir_version.unwrap_or(FhirVersion::Stu3);
    let files = files::files(&arguments.paths)?;
    let definitions = Packages::open(&settings.packages)?.definitions(version)?;
    if arguments.against.is_some() && !matches!(arguments.format, Format::Text | Format::Json) {
        let message = "`--against` is shown by `--format text` and `--format json`";
        return Err(vec![problem::error(problem::PATH, message)]);
    }
    let against = arguments.against.as_deref().map(|path| against::read(path, &files)).transpose();
    let against = against.map_err(|problem| vec![*problem])?;
    let authority = terminology::Wanted::of(settings).map(terminology::Wanted::open).transpose()?;
    let (types, profiles) = (definitions.types(), definitions.profiles());
    let validator = Validator::new(types, profiles, definitions.terminology(), Policy::default()).asking(authority);
    let judged = judging::judge_all(&files, &validator, &arguments.profile)?;
    Ok((Report { files: judged, used: definitions.used() }, against))
}
