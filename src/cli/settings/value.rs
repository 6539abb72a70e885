//! What a setting's text means, checked once.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::{Code, Diagnostic, Language, NoteKind, Source, nearest};
use crate::evidence::code;
use crate::evidence::declared::Declared;
use crate::fhir::FhirVersion;
use crate::record::Record;
use crate::report::{KnownFailure, Observation, Requirements};

use super::super::problem;
use super::super::requirements;
use super::entries;
use super::{DECLARATIONS, Given, Key, Origin, Settings};

/// Kinds of report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportKind {
    /// For people.
    Terminal,
    /// Our own JSON.
    Json,
    /// JUnit XML.
    Junit,
    /// One page for people.
    Html,
    /// FHIR R4 TestReports in a Bundle.
    TestReport,
    /// The same in R5.
    TestReportR5,
    /// SARIF 2.1.0.
    Sarif,
    /// HAR 1.2.
    Har,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A code-quality report of GitLab.
    Gitlab,
}

/// Every kind by its name.
const KINDS: [(&str, ReportKind); 10] = [
    ("terminal", ReportKind::Terminal),
    ("json", ReportKind::Json),
    ("junit", ReportKind::Junit),
    ("html", ReportKind::Html),
    ("testreport", ReportKind::TestReport),
    ("testreport-r5", ReportKind::TestReportR5),
    ("sarif", ReportKind::Sarif),
    ("har", ReportKind::Har),
    ("github", ReportKind::Github),
    ("gitlab", ReportKind::Gitlab),
];

const LANGUAGES: [(&str, Language); 2] = [("en", Language::En), ("nl", Language::Nl)];

const BOOLEANS: [(&str, bool); 4] = [("true", true), ("false", false), ("1", true), ("0", false)];

/// Units of durations; a bare number is seconds.
const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("", 1.0)];

/// A report and where it goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// Which report.
    pub kind: ReportKind,
    /// The file; None for standard output (`-`).
    pub path: Option<PathBuf>,
}

/// Settings whose values are good.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Base URL of the server under test.
    pub target: Option<String>,
    /// FHIR version, if one was chosen.
    pub fhir_version: Option<FhirVersion>,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Only the target's hosts may be dialled.
    pub offline: bool,
    /// Packages by path or `NAME@VERSION`.
    pub packages: Vec<String>,
    /// Folder of packages.
    pub package_dir: Option<PathBuf>,
    /// The nearest version of a package will do.
    pub nearest_package: bool,
    /// Values of variables, later ones win.
    pub variables: Vec<(String, String)>,
    /// Reports.
    pub reports: Vec<Destination>,
    /// Folder of run records.
    pub record: PathBuf,
    /// Failures that are known beforehand.
    pub known: Vec<KnownFailure>,
    /// Tables of requirements to judge.
    pub requirements: Vec<Requirements>,
    /// What people saw of requirements.
    pub observations: Vec<Observation>,
    /// Lint rules to leave out.
    pub allow: Vec<Code>,
    /// Where the key of pseudonyms is: `env:VARIABLE`, `@FILE`, or the key.
    pub mask_key: Option<String>,
    /// Real persons end a run.
    pub test_persons_only: bool,
    /// Scripts that run side by side at most.
    pub jobs: NonZeroUsize,
    /// Base URL of the server that is asked about codes.
    pub terminology_server: Option<String>,
    /// The settings file, for tables that are read elsewhere.
    pub file: Option<Source>,
}

impl Checked {
    /// What decides a verdict beside scripts and packages.
    pub fn declared(&self) -> Declared {
        Declared { known: self.known.clone(), requirements: self.requirements.clone() }
    }

    /// The same, judging as a run of before was judged. `asked` says that tables of requirements were asked
    /// for by name now: then those are used.
    pub fn as_declared(&self, record: &Record, asked: bool) -> Result<Checked, Box<Diagnostic>> {
        let kept = Declared::recorded(record).map_err(|error| Box::new(code::error(code::RECORD, error)))?;
        let Some(Declared { known, requirements }) = kept else { return Ok(self.clone()) };
        let requirements = if asked { self.requirements.clone() } else { requirements };
        Ok(Checked { known, requirements, ..self.clone() })
    }
}

impl Settings {
    /// The language, or why not; asked first, for it is what everything else is said in.
    pub fn language(&self) -> Result<Language, Box<Diagnostic>> {
        let Some(given) = self.one(Key::Lang) else { return Ok(Language::default()) };
        choice(given, &LANGUAGES).ok_or_else(|| wrong(Key::Lang, given, &names(&LANGUAGES)))
    }

    /// Every value, or all that is wrong with them.
    pub fn checked(&self) -> Result<Checked, Vec<Diagnostic>> {
        let mut check = Check { settings: self, problems: vec![] };
        let target = check.value(Key::Target, "a URL such as `https://host/fhir`", base_url);
        let terminology_server = check.value(Key::TerminologyServer, "a URL such as `https://host/fhir`", base_url);
        let versions: Vec<&str> = FhirVersion::ALL.iter().map(|version| version.number()).collect();
        let fhir_version = check.value(Key::FhirVersion, &versions.join(" or "), FhirVersion::parse);
        let timeout = check.value(Key::Timeout, "a duration such as `30s`, `500ms` or `2m`", duration);
        let offline = check.value(Key::Offline, "`true` or `false`", |text| find(&BOOLEANS, text));
        let nearest = check.value(Key::NearestPackage, "`true` or `false`", |text| find(&BOOLEANS, text));
        let test_persons_only = check.value(Key::TestPersonsOnly, "`true` or `false`", |text| find(&BOOLEANS, text));
        let jobs = check.value(Key::Jobs, "a whole number from 1", |text| text.parse::<NonZeroUsize>().ok());
        let variables = check.values(Key::Var, "`NAME=VALUE`", |text| {
            let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
            Some((name.to_owned(), value.to_owned()))
        });
        let expected = format!("`KIND=PATH` with a kind of {}; `-` is standard output", names(&KINDS));
        let reports = check.values(Key::Report, &expected, destination);
        let allow = check.values(Key::Allow, "a rule code such as `KEUR1120`", |text| text.trim().parse().ok());
        let texts = |key| self.many(key).iter().map(|given: &Given| given.text.clone()).collect();
        let path = |key| self.one(key).map(|given| PathBuf::from(&given.text));
        let tables = check.values(Key::Requirements, &requirements::expected(), |text| Some(text.to_owned()));
        let Check { mut problems, .. } = check;
        let requirements = requirements::read(&tables, &mut problems);
        let known = entries::known(&self.entries, &mut problems);
        let observations = entries::observations(&self.entries, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Checked {
            target,
            fhir_version,
            timeout: timeout.unwrap_or_default(),
            offline: offline.unwrap_or_default(),
            packages: texts(Key::Package),
            package_dir: path(Key::PackageDir),
            nearest_package: nearest.unwrap_or_default(),
            variables,
            reports,
            record: path(Key::Record).unwrap_or_default(),
            known,
            requirements,
            observations,
            allow,
            mask_key: self.one(Key::Mask).map(|given| given.text.clone()),
            test_persons_only: test_persons_only.unwrap_or_default(),
            jobs: jobs.unwrap_or(NonZeroUsize::MIN),
            terminology_server,
            file: self.file.clone(),
        })
    }
}

struct Check<'s> {
    settings: &'s Settings,
    problems: Vec<Diagnostic>,
}

impl Check<'_> {
    fn value<T>(&mut self, key: Key, expected: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let given = self.settings.one(key)?;
        let value = read(given.text.trim());
        if value.is_none() {
            self.problems.push(*wrong(key, given, expected));
        }
        value
    }

    fn values<T>(&mut self, key: Key, expected: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let mut values = vec![];
        for given in self.settings.many(key) {
            match read(&given.text) {
                Some(value) => values.push(value),
                None => self.problems.push(*wrong(key, given, expected)),
            }
        }
        values
    }
}

fn wrong(key: Key, given: &Given, expected: &str) -> Box<Diagnostic> {
    let name = DECLARATIONS[key as usize].name;
    let code = if key == Key::Target { problem::TARGET } else { problem::SETTING_VALUE };
    let mut diagnostic = problem::error(code, format!("`{name}` cannot be `{}`", super::shown(key, &given.text)));
    match &given.origin {
        Origin::File(source, span) => diagnostic = diagnostic.label(source, *span, ""),
        Origin::Environment(variable) => diagnostic = diagnostic.note(NoteKind::Note, format!("`{variable}` says so")),
        Origin::Default | Origin::Flag => {}
    }
    diagnostic = diagnostic.note(NoteKind::Expected, expected);
    if key == Key::Report {
        let kind = given.text.split('=').next().unwrap_or_default();
        if let Some(near) = nearest(kind, KINDS.iter().map(|(name, _)| *name)).filter(|near| *near != kind) {
            diagnostic = diagnostic.note(NoteKind::Note, format!("there is a kind `{near}`"));
        }
    }
    Box::new(diagnostic)
}

fn find<T: Copy>(table: &[(&str, T)], text: &str) -> Option<T> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

fn choice<T: Copy>(given: &Given, table: &[(&str, T)]) -> Option<T> {
    find(table, given.text.trim())
}

fn names<T>(table: &[(&str, T)]) -> String {
    table.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// An absolute `http` or `https` URL without query and fragment, and without `/` at its end.
fn base_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let http = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    let bare = url.query().is_none() && url.fragment().is_none();
    (http && bare).then(|| text.trim_end_matches('/').to_owned())
}

/// `30`, `30s`, `500ms`, `1.5m`: more than nothing, at most a day.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = find(&UNITS, &text[digits.len()..])?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds = digits.parse::<f64>().ok().filter(|_| plain)? * unit;
    (seconds > 0.0 && seconds <= 86_400.0).then(|| Duration::from_secs_f64(seconds))
}

fn destination(text: &str) -> Option<Destination> {
    let (kind, path) = text.split_once('=').unwrap_or((text, "-"));
    let kind = find(&KINDS, kind)?;
    match path {
        "" => None,
        "-" => Some(Destination { kind, path: None }),
        path => Some(Destination { kind, path: Some(path.into()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: Key, text: &str) -> Settings {
        Settings::gather([(key, text.to_owned())], &|_| None, None).0
    }

    #[test]
    fn good_values_are_read() {
        for (text, expected) in [("30", 30_000), ("30s", 30_000), ("500ms", 500), ("1.5m", 90_000), ("2M", 120_000)] {
            let checked = settings(Key::Timeout, text).checked().unwrap();
            assert_eq!(checked.timeout, Duration::from_millis(expected), "{text}");
        }
        for (text, expected) in [("http://h", "http://h"), ("https://h:8/fhir/", "https://h:8/fhir")] {
            assert_eq!(settings(Key::Target, text).checked().unwrap().target.as_deref(), Some(expected));
        }
        let reports = settings(Key::Report, "junit=a=b.xml").checked().unwrap().reports;
        assert_eq!(reports, [Destination { kind: ReportKind::Junit, path: Some("a=b.xml".into()) }]);
        assert_eq!(settings(Key::Report, "json").checked().unwrap().reports[0].path, None);
        assert_eq!(settings(Key::Lang, "NL").language().unwrap(), Language::Nl);
    }

    #[test]
    fn bad_values_are_refused() {
        for (key, texts) in [
            (Key::Timeout, &["", "0", "-1", "1h", "x", "1e9", "90000", "inf", "s"][..]),
            (Key::Target, &["", "host", "ftp://h", "https://", "https://h?x", "https://h#x", "file:///x"]),
            (Key::FhirVersion, &["5.0", "", "3"]),
            (Key::Offline, &["yes", ""]),
            (Key::Var, &["x", "=x"]),
            (Key::Report, &["pdf=x", "json=", ""]),
        ] {
            for text in texts {
                assert_eq!(settings(key, text).checked().unwrap_err().len(), 1, "{key:?} {text}");
            }
        }
        assert!(settings(Key::Lang, "de").language().is_err());
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let flags = [(Key::Timeout, "x".to_owned()), (Key::Offline, "y".to_owned()), (Key::Report, "jsn=z".to_owned())];
        let problems = Settings::gather(flags, &|_| None, None).0.checked().unwrap_err();
        assert_eq!(problems.len(), 3);
        assert!(problems[2].notes.iter().any(|(_, text)| text.contains("`json`")));
    }
}
