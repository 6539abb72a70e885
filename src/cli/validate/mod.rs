//! `keur validate FILE|DIR|-`: is this what FHIR and its profiles say it is?

mod against;
mod json;
mod outcome;
mod sarif;
mod text;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::definitions::{Definitions, Typed, Used};
use crate::diagnostic::{Code, Diagnostic, Position, Severity, Span};
use crate::fhir::{self, FhirVersion, Format as Syntax};
use crate::record::SliceMiss;
use crate::validation::{CodeCount, Policy, Validator, code};

use super::console::Console;
use super::exit::Exit;
use super::judge::miss;
use super::packages::Packages;
use super::problem;
use super::settings::{Checked, Key};

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
    pub fn settings(&self) -> Vec<(Key, String)> {
        let version = self.fhir_version.iter().map(|version| (Key::FhirVersion, version.clone()));
        version.chain(self.package.iter().map(|package| (Key::Package, package.clone()))).collect()
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
    profile: Arc<str>,
    slices: Vec<SliceMiss>,
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
    let version = settings.fhir_version.unwrap_or(FhirVersion::Stu3);
    let prepared = files(&arguments.paths)
        .and_then(|files| Ok((files, Packages::open(&settings.packages)?.definitions(version)?)))
        .and_then(|(files, definitions)| {
            let against = arguments.against.as_deref().map(|path| against::read(path, &files)).transpose();
            Ok((files, definitions, against.map_err(|problem| vec![*problem])?))
        });
    let (files, definitions, against) = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    let report = match judge_all(&files, &definitions, &arguments.profile) {
        Ok(files) => Report { files, used: definitions.used() },
        Err(problems) => {
            console.tell_all(problems);
            return Exit::Usage;
        }
    };
    let text = match (arguments.format, &against) {
        (Format::Text, Some(other)) => against::write(&report, other, console),
        (Format::Text, None) => text::write(&report, console),
        (Format::Json, _) => json::write(&report),
        (Format::Operationoutcome, _) => outcome::write(&report),
        (Format::Sarif, _) => sarif::write(&report, console),
    };
    match console.output(text.as_bytes()) {
        Ok(()) => report.exit(),
        Err(_) => Exit::Usage,
    }
}

/// The files of paths, in the order of the command line and of their names; each must be there.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let (mut files, mut problems) = (vec![], vec![]);
    for path in paths {
        let before = files.len();
        let found = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => below(path, &mut files),
            Err(error) if path.as_os_str() != "-" => Err(error),
            _ => {
                files.push(path.clone());
                Ok(())
            }
        };
        match found {
            Ok(()) if files.len() == before => {
                let message = format!("`{}` has no XML or JSON files", path.display());
                problems.push(problem::error(problem::PATH, message));
            }
            Ok(()) => {}
            Err(error) => {
                problems.push(problem::error(problem::PATH, format!("`{}` cannot be read: {error}", path.display())));
            }
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, files)?;
        } else if matches!(Syntax::from_path(&path), Some(Syntax::Json | Syntax::Xml)) {
            files.push(path);
        }
    }
    Ok(())
}

/// Judges every file, several at a time where there are several.
fn judge_all(
    files: &[PathBuf],
    definitions: &Definitions,
    profiles: &[String],
) -> Result<Vec<Judged>, Vec<Diagnostic>> {
    let (types, of, terminology) = (definitions.types(), definitions.profiles(), definitions.terminology());
    let validator = Validator::new(types, of, terminology, Policy::default());
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let results: Vec<OnceLock<Result<Judged, Box<Diagnostic>>>> = files.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((file, result)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            files.get(at).zip(results.get(at))
        } {
            let _ = result.set(judge(file, &validator, &profiles));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    match threads {
        0 | 1 => work(),
        _ => std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work)))),
    }
    let (mut judged, mut problems) = (vec![], vec![]);
    for result in results.into_iter().filter_map(OnceLock::into_inner) {
        match result {
            Ok(file) => judged.push(file),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok(judged) } else { Err(problems) }
}

/// Judges one file. What is no FHIR document is invalid; what cannot be read at all is a problem.
fn judge(file: &Path, validator: &Validator, profiles: &[&str]) -> Result<Judged, Box<Diagnostic>> {
    let path = file.display().to_string();
    let bytes = match path.as_str() {
        "-" => {
            let mut bytes = vec![];
            std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
        _ => std::fs::read(file),
    };
    let bytes =
        bytes.map_err(|error| Box::new(problem::error(problem::PATH, format!("`{path}` cannot be read: {error}"))))?;
    let (text, wrong): (Arc<str>, _) = match String::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(error.as_bytes()).into(), Some(at))
        }
    };
    let unreadable = |message: String, span: Span, position: Position| Finding {
        severity: Severity::Fatal,
        code: code::REPRESENTATION,
        path: String::new(),
        position,
        span,
        message,
        profile: "".into(),
        slices: vec![],
    };
    let mut judged =
        Judged { path, text: text.clone(), verdict: Verdict::Invalid, findings: vec![], codes: CodeCount::default() };
    if let Some(at) = wrong {
        let position = fhir::LineIndex::default().position(&text, at);
        judged.findings.push(unreadable("the text is not UTF-8".to_owned(), Span::new(at, at), position));
        return Ok(judged);
    }
    let syntax = Syntax::from_path(file).or_else(|| fhir::sniff(&text)).unwrap_or(Syntax::Json);
    let document = match fhir::read(text, syntax) {
        Ok(document) => document,
        Err(error) => {
            judged.findings.push(unreadable(error.message, error.span, error.position));
            return Ok(judged);
        }
    };
    let typed = Typed::new(document, validator.types());
    let result = validator.validate(&typed, profiles);
    judged.verdict = match (result.is_invalid(), result.is_incomplete()) {
        (true, _) => Verdict::Invalid,
        (false, true) => Verdict::Incomplete,
        (false, false) => Verdict::Valid,
    };
    // A definition that is nowhere is said at the element that asks for it, unless the validator did.
    for missing in &result.unavailable {
        let said = |i: &crate::validation::Issue| i.node == missing.node && i.message.contains(&missing.canonical);
        if !result.issues.iter().any(said) {
            let node = typed.node(missing.node);
            judged.findings.push(Finding {
                severity: Severity::Warning,
                code: code::UNKNOWN_PROFILE,
                path: node.path(),
                position: node.position(),
                span: node.span(),
                message: format!("not checked: {}", missing.reason),
                profile: missing.canonical.as_str().into(),
                slices: vec![],
            });
        }
    }
    judged.findings.extend(result.issues.into_iter().map(|issue| Finding {
        severity: issue.severity,
        code: issue.code,
        path: issue.path,
        position: issue.position,
        span: issue.span,
        message: issue.message,
        profile: issue.profile,
        slices: issue.slices.iter().map(miss).collect(),
    }));
    judged.findings.sort_by_key(|f| (f.span.start(), f.severity));
    judged.codes = result.codes;
    Ok(judged)
}
