//! What holds for a run: flag before environment before `keur.toml` before default, by one table.
//!
//! A setting has one name everywhere: `--fhir-version`, `fhir-version` in the file, `KEUR_FHIR_VERSION`.

mod entries;
mod file;
mod flags;
mod value;

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::exchange::redaction;

pub use flags::{PackageFlags, Said, ValueFlags};
pub use value::{Checked, Destination, ReportKind, duration};

/// A setting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// Base URL of the server under test.
    Target,
    /// FHIR version of the exchange.
    FhirVersion,
    /// Language of messages.
    Lang,
    /// Longest wait for an answer.
    Timeout,
    /// Only the target's hosts may be dialled.
    Offline,
    /// Packages to use.
    Package,
    /// Folder of packages to pick from.
    PackageDir,
    /// The nearest version of a package will do.
    NearestPackage,
    /// Access tokens.
    Token,
    /// Values of script variables.
    Var,
    /// Reports to write.
    Report,
    /// Folder of run records.
    Record,
    /// Tables of requirements.
    Requirements,
    /// Lint rules to leave out.
    Allow,
    /// Key of pseudonyms.
    Mask,
    /// Real persons end a run.
    TestPersonsOnly,
    /// Scripts that run side by side.
    Jobs,
    /// Whom to ask about codes.
    TerminologyServer,
}

/// How a setting is declared.
pub(super) struct Declaration {
    pub(super) key: Key,
    /// Long flag without dashes, and key in the file.
    pub(super) name: &'static str,
    environment: Option<&'static str>,
    default: Option<&'static str>,
    pub(super) shape: Shape,
}

/// How many values a setting has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// One; the nearest source gives it.
    One,
    /// Many; the nearest source that has any gives all.
    Many,
    /// `NAME=VALUE`; all sources together, the nearest last. A table in the file.
    Named,
}

pub(super) const DECLARATIONS: &[Declaration] = &[
    one(Key::Target, "target", Some("KEUR_TARGET"), None),
    one(Key::FhirVersion, "fhir-version", Some("KEUR_FHIR_VERSION"), None),
    one(Key::Lang, "lang", Some("KEUR_LANG"), Some("en")),
    one(Key::Timeout, "timeout", Some("KEUR_TIMEOUT"), Some("60s")),
    one(Key::Offline, "offline", Some("KEUR_OFFLINE"), Some("false")),
    several(Key::Package, "package", Shape::Many),
    one(Key::PackageDir, "package-dir", Some("KEUR_PACKAGE_DIR"), None),
    one(Key::NearestPackage, "nearest-package", Some("KEUR_NEAREST_PACKAGE"), Some("false")),
    several(Key::Token, "token", Shape::Named),
    several(Key::Var, "var", Shape::Named),
    several(Key::Report, "report", Shape::Many),
    one(Key::Record, "record", Some("KEUR_RECORD"), Some(".keur/runs")),
    several(Key::Requirements, "requirements", Shape::Many),
    several(Key::Allow, "allow", Shape::Many),
    one(Key::Mask, "mask-key", Some("KEUR_MASK_KEY"), None),
    one(Key::TestPersonsOnly, "test-persons-only", Some("KEUR_TEST_PERSONS_ONLY"), Some("false")),
    one(Key::Jobs, "jobs", Some("KEUR_JOBS"), Some("1")),
    one(Key::TerminologyServer, "terminology-server", Some("KEUR_TERMINOLOGY_SERVER"), None),
];

const fn one(
    key: Key,
    name: &'static str,
    environment: Option<&'static str>,
    default: Option<&'static str>,
) -> Declaration {
    Declaration { key, name, environment, default, shape: Shape::One }
}

const fn several(key: Key, name: &'static str, shape: Shape) -> Declaration {
    Declaration { key, name, environment: None, default: None, shape }
}

/// Variable that holds the token of every test person.
const TOKEN_VARIABLE: &str = "KEUR_TOKEN";

/// The settings file that is read when it is there.
const FILE: &str = "keur.toml";

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub struct Given {
    /// As given.
    pub text: String,
    /// By whom.
    pub origin: Origin,
}

/// Where a value comes from, farthest first.
#[derive(Clone, Debug)]
pub enum Origin {
    /// keur itself.
    Default,
    /// A place in the settings file.
    File(Source, Span),
    /// An environment variable.
    Environment(&'static str),
    /// The command line.
    Flag,
}

/// What was given for every setting.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    values: [Vec<Given>; DECLARATIONS.len()],
    entries: Vec<entries::Entry>,
    file: Option<Source>,
}

impl Settings {
    /// Puts the sources together. `file` is the file of `--config`; without one `keur.toml` is read where
    /// it is there. What is wrong with the file comes back too, errors among them.
    pub fn gather(
        flags: impl IntoIterator<Item = (Key, String)>,
        environment: &dyn Fn(&str) -> Option<String>,
        file: Option<PathBuf>,
    ) -> (Settings, Vec<Diagnostic>) {
        let mut problems = vec![];
        let path = file.clone().or_else(|| Some(PathBuf::from(FILE)).filter(|path| path.is_file()));
        let source = path.as_deref().and_then(file::source);
        let content = path.map(|path| file::read(&path, &mut problems)).unwrap_or_default();
        let mut settings = Settings { entries: content.entries, file: source, ..Settings::default() };
        for declaration in DECLARATIONS {
            let default = declaration.default.map(|text| Given { text: text.into(), origin: Origin::Default });
            settings.values[declaration.key as usize].extend(default);
        }
        for (key, given) in content.given {
            settings.add(key, vec![given]);
        }
        for declaration in DECLARATIONS {
            let Some(variable) = declaration.environment else { continue };
            if let Some(text) = environment(variable).filter(|text| !text.is_empty()) {
                settings.add(declaration.key, vec![Given { text, origin: Origin::Environment(variable) }]);
            }
        }
        if environment(TOKEN_VARIABLE).is_some_and(|token| !token.is_empty()) {
            let text = format!("default=env:{TOKEN_VARIABLE}");
            settings.add(Key::Token, vec![Given { text, origin: Origin::Environment(TOKEN_VARIABLE) }]);
        }
        for (key, text) in flags {
            settings.add(key, vec![Given { text, origin: Origin::Flag }]);
        }
        (settings, problems)
    }

    /// Adds values of the next nearer source (or more of the same one).
    fn add(&mut self, key: Key, given: Vec<Given>) {
        let values = &mut self.values[key as usize];
        let same = |a: &Given, b: &Given| std::mem::discriminant(&a.origin) == std::mem::discriminant(&b.origin);
        let keep = match DECLARATIONS[key as usize].shape {
            Shape::One => false,
            Shape::Many => values.last().zip(given.first()).is_none_or(|(a, b)| same(a, b)),
            Shape::Named => true,
        };
        if !keep {
            values.clear();
        }
        values.extend(given);
    }

    /// The settings file, for tables that are read elsewhere.
    pub fn file(&self) -> Option<&Source> {
        self.file.as_ref()
    }

    /// The value of a setting that has one.
    pub fn one(&self, key: Key) -> Option<&Given> {
        self.values[key as usize].last()
    }

    /// The values of a setting that has many.
    pub fn many(&self, key: Key) -> &[Given] {
        &self.values[key as usize]
    }

    /// Every setting with its values and where they come from, tokens masked: `--show-settings`.
    pub fn show(&self) -> String {
        let mut lines = vec![];
        for declaration in DECLARATIONS {
            let values = &self.values[declaration.key as usize];
            if values.is_empty() {
                lines.push((declaration.name.to_owned(), String::new()));
            }
            for given in values {
                let shown = format!("{} = {:?}", declaration.name, shown(declaration.key, &given.text));
                lines.push((shown, given.origin.to_string()));
            }
        }
        let width = lines.iter().map(|(value, _)| value.chars().count()).max().unwrap_or(0).min(60);
        let line = |(value, origin): (String, String)| match origin.as_str() {
            "" => format!("# {value} is not set\n"),
            _ => format!("{value:width$}  # {origin}\n"),
        };
        lines.into_iter().map(line).collect()
    }
}

/// A value as it may be shown.
fn shown(key: Key, text: &str) -> String {
    match (key, text.split_once('=')) {
        (Key::Token, Some((name, value))) if !value.starts_with("env:") && !value.starts_with('@') => {
            format!("{name}={}", redaction::MASK)
        }
        (Key::Token, None) => redaction::MASK.to_owned(),
        (Key::Mask, _) if !text.starts_with("env:") && !text.starts_with('@') => redaction::MASK.to_owned(),
        (Key::Target | Key::TerminologyServer, _) => redaction::shown_url(text).into_owned(),
        _ => text.to_owned(),
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(source, _) => f.write_str(&source.name),
            Origin::Environment(variable) => f.write_str(variable),
            Origin::Flag => f.write_str("flag"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(flags: &[(Key, &str)], environment: &[(&str, &str)], file: &str) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keur.toml");
        std::fs::write(&path, file).unwrap();
        let lookup = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let flags = flags.iter().map(|(key, text)| (*key, (*text).to_owned()));
        let (settings, problems) = Settings::gather(flags, &lookup, Some(path));
        assert!(problems.is_empty(), "{problems:?}");
        settings
    }

    fn texts(settings: &Settings, key: Key) -> Vec<&str> {
        settings.many(key).iter().map(|given| given.text.as_str()).collect()
    }

    #[test]
    fn the_table_is_in_the_order_of_the_keys() {
        assert!(DECLARATIONS.iter().enumerate().all(|(at, declaration)| declaration.key as usize == at));
    }

    #[test]
    fn the_nearest_source_wins() {
        let file = "lang = \"nl\"\ntimeout = 5\ntarget = \"http://file\"\n";
        let environment = [("KEUR_TIMEOUT", "6"), ("KEUR_TARGET", "http://environment")];
        let settings = gathered(&[(Key::Target, "http://flag")], &environment, file);
        assert_eq!(settings.one(Key::Target).unwrap().text, "http://flag");
        assert_eq!(settings.one(Key::Timeout).unwrap().text, "6");
        assert_eq!(settings.one(Key::Lang).unwrap().text, "nl");
        assert_eq!(settings.one(Key::Offline).unwrap().text, "false");
        assert!(settings.one(Key::PackageDir).is_none());
    }

    #[test]
    fn many_are_replaced_and_named_ones_are_added() {
        let file = "report = [\"json=a\", \"junit=b\"]\n[token]\ndefault = \"env:A\"\n[var]\nx = \"1\"\ny = 2\n";
        let settings = gathered(&[], &[], file);
        assert_eq!(texts(&settings, Key::Report), ["json=a", "junit=b"]);
        let flags = [(Key::Report, "json=c"), (Key::Report, "junit=d"), (Key::Var, "x=3")];
        let settings = gathered(&flags, &[("KEUR_TOKEN", "secret")], file);
        assert_eq!(texts(&settings, Key::Report), ["json=c", "junit=d"]);
        assert_eq!(texts(&settings, Key::Var), ["x=1", "y=2", "x=3"]);
        assert_eq!(texts(&settings, Key::Token), ["default=env:A", "default=env:KEUR_TOKEN"]);
    }

    #[test]
    fn settings_are_shown_with_their_origin_and_without_secrets() {
        let settings = gathered(&[(Key::Token, "default=s3cret"), (Key::Token, "s3cret")], &[], "lang = \"nl\"\n");
        let text = settings.show();
        assert!(!text.contains("s3cret"), "{text}");
        assert!(text.contains("token = \"default=…\""), "{text}");
        let language = text.lines().find(|line| line.starts_with("lang")).unwrap();
        assert!(language.contains("\"nl\"") && language.ends_with("keur.toml"), "{language}");
    }

    #[test]
    fn the_schema_of_the_file_has_the_same_keys() {
        let schema: serde_json::Value = serde_json::from_str(include_str!("../schema/keur-toml-1.json")).unwrap();
        let keys = schema["properties"].as_object().unwrap().keys().map(String::as_str);
        let mut keys: Vec<&str> = keys.filter(|key| !file::ELSEWHERE.contains(key)).collect();
        let names = DECLARATIONS.iter().map(|declaration| declaration.name);
        let mut names: Vec<&str> = names.chain(entries::TABLES.iter().map(|(table, _)| *table)).collect();
        keys.sort_unstable();
        names.sort_unstable();
        assert_eq!(keys, names);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let valid = |text: &str| {
            let table: toml::Table = toml::from_str(text).unwrap();
            validator.is_valid(&serde_json::to_value(table).unwrap())
        };
        assert!(valid("lang = \"nl\"\ntimeout = 5\nreport = [\"json=a\"]\n[token]\ndefault = \"env:A\"\n"));
        assert!(!valid("lang = \"de\"\n") && !valid("[token]\ndefault = \"s3cret\"\n") && !valid("targt = \"x\"\n"));
    }
}
