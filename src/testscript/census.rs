//! How much there is: counts per folder and in total, as `list` shows them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::diagnostic::{Diagnostic, LineIndex, Severity};

use super::model::{Action, Check, Side, TestScript, VariableTake};
use super::problem;
use super::reader::Loaded;
use super::set::ScriptSet;

/// The counts of a set of scripts.
#[derive(Debug, Default, Serialize)]
pub struct Census {
    /// Scripts that could be read.
    pub scripts: usize,
    /// Their tests; setup and teardown are not tests.
    pub tests: usize,
    /// Operations, those of setup and teardown and of included groups too.
    pub operations: usize,
    /// Asserts, likewise.
    pub asserts: usize,
    /// FHIRPath expressions.
    pub expressions: Expressions,
    /// The same by folder, in order.
    pub folders: Vec<Folder>,
    /// What is wrong, script by script.
    #[serde(serialize_with = "as_lines")]
    pub problems: Vec<Diagnostic>,
}

/// A problem as `list --format json` writes it.
#[derive(Serialize)]
struct Line<'p> {
    severity: &'static str,
    code: String,
    message: &'p str,
    path: &'p str,
    line: u32,
    column: u32,
}

/// A path that is no Unicode is written as near as can be.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn as_lines<S: Serializer>(problems: &[Diagnostic], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(problems.iter().map(|problem| {
        let label = problem.labels.first();
        let position = label.map(|l| LineIndex::default().position(&l.source.text, l.span.start()));
        let position = position.unwrap_or_default();
        Line {
            severity: match problem.severity {
                Severity::Fatal => "fatal",
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Information => "information",
            },
            code: problem.code.to_string(),
            message: &problem.message,
            path: label.map(|l| l.source.name.as_ref()).unwrap_or_default(),
            line: position.line,
            column: position.column,
        }
    }))
}

/// Counts of expressions: those of asserts and of variables.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Expressions {
    /// All of them.
    pub total: usize,
    /// Different ones, white space aside.
    pub distinct: usize,
    /// Those that cannot be parsed, each time they occur.
    pub invalid: usize,
}

/// The counts of one folder, folders below it not included.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Folder {
    /// The folder as found.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// FHIR version of the exchange; empty where nothing says.
    pub fhir_version: String,
    /// The role its properties name, else the side that is tested.
    pub role: String,
    /// Scripts in it.
    pub scripts: usize,
    /// Their tests.
    pub tests: usize,
    /// Their operations.
    pub operations: usize,
    /// Their asserts.
    pub asserts: usize,
}

/// What counts in one script.
struct Tally {
    folder: Option<Folder>,
    /// Normalised texts.
    expressions: Vec<String>,
    problems: Vec<Diagnostic>,
}

impl Census {
    /// Loads the scripts of a set and counts.
    pub fn of(set: &ScriptSet<'_>) -> Census {
        Census::fold(set.map(Tally::of))
    }

    /// Counts what was loaded.
    pub fn of_loaded(loaded: Vec<Loaded>) -> Census {
        Census::fold(loaded.into_iter().map(Tally::of).collect())
    }

    fn fold(tallies: Vec<Tally>) -> Census {
        let mut census = Census::default();
        let mut folders: BTreeMap<(PathBuf, String, String), Folder> = BTreeMap::new();
        let mut distinct = BTreeSet::new();
        for tally in tallies {
            census.expressions.total += tally.expressions.len();
            census.expressions.invalid +=
                tally.problems.iter().filter(|p| p.code == problem::EXPRESSION_SYNTAX).count();
            distinct.extend(tally.expressions);
            census.problems.extend(tally.problems);
            let Some(counted) = tally.folder else { continue };
            census.scripts += counted.scripts;
            census.tests += counted.tests;
            census.operations += counted.operations;
            census.asserts += counted.asserts;
            let key = (counted.path.clone(), counted.fhir_version.clone(), counted.role.clone());
            match folders.get_mut(&key) {
                Some(folder) => {
                    folder.scripts += counted.scripts;
                    folder.tests += counted.tests;
                    folder.operations += counted.operations;
                    folder.asserts += counted.asserts;
                }
                None => drop(folders.insert(key, counted)),
            }
        }
        census.expressions.distinct = distinct.len();
        census.folders = folders.into_values().collect();
        census
    }
}

impl Tally {
    fn of(loaded: Loaded) -> Tally {
        let Loaded { path, script, problems } = loaded;
        let Some(script) = script else { return Tally { folder: None, expressions: vec![], problems } };
        let operations = script.actions().filter(|a| matches!(a, Action::Operation(_))).count();
        let folder = Folder {
            path: path.parent().unwrap_or(Path::new("")).to_owned(),
            fhir_version: script.properties.fhir_version.map(|v| v.to_string()).unwrap_or_default(),
            role: script.properties.role.clone().unwrap_or_else(|| script.side().name().to_owned()),
            scripts: 1,
            tests: script.tests.len(),
            operations,
            asserts: script.actions().count() - operations,
        };
        Tally { folder: Some(folder), expressions: expressions(&script), problems }
    }
}

fn expressions(script: &TestScript) -> Vec<String> {
    let of_variables = script.variables.iter().filter_map(|v| match &v.origin.as_ref()?.take {
        VariableTake::Expression(template) => Some(&template.text),
        _ => None,
    });
    let of_asserts = script.actions().filter_map(|action| match action {
        Action::Assert(assert) => match &assert.check {
            Check::Expression(template) => Some(&template.text),
            _ => None,
        },
        Action::Operation(_) => None,
    });
    of_variables.chain(of_asserts).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

impl Side {
    /// A word for it: `server`, `client`, `both`, `load`.
    pub fn name(self) -> &'static str {
        match self {
            Side::Server => "server",
            Side::Client => "client",
            Side::Both => "both",
            Side::Load => "load",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testscript::source::Carried;

    #[test]
    fn the_census_is_written_as_list_promises() {
        let script = |asserts: &str| {
            format!(
                "<TestScript xmlns=\"http://hl7.org/fhir\"><variable><name value='v'/><expression value='a  . b'/></variable>\n\
                 <test><action><operation><type><code value='read'/></type></operation></action>{asserts}</test></TestScript>"
            )
        };
        let one = "<action><assert><expression value='a.b'/></assert></action>";
        let (plain, twice) =
            (script(one), script(&format!("{one}<action><assert><resource value='${{x}}'/></assert></action>")));
        let files = [
            ("s/a/properties.json", r#"{"fhirVersion": "STU3", "role": {"name": "XIS-Server"}}"#),
            ("s/a/1.xml", plain.as_str()),
            ("s/a/2.xml", twice.as_str()),
            ("s/b/3.xml", plain.as_str()),
        ];
        let carried = Carried::new(files);
        let set = ScriptSet::collect(&carried, &["s".into()]).expect("there are scripts");
        let census = Census::of(&set);
        let wanted = serde_json::json!({
            "scripts": 3, "tests": 3, "operations": 3, "asserts": 4,
            "expressions": {"total": 6, "distinct": 2, "invalid": 0},
            "folders": [
                {"path": "s/a", "fhir_version": "STU3", "role": "XIS-Server", "scripts": 2, "tests": 2, "operations": 2, "asserts": 3},
                {"path": "s/b", "fhir_version": "", "role": "load", "scripts": 1, "tests": 1, "operations": 1, "asserts": 1},
            ],
            "problems": [{
                "severity": "error", "code": "KEUR1020", "message": "variable `x` is not declared",
                "path": "s/a/2.xml", "line": 2, "column": 172,
            }],
        });
        assert_eq!(serde_json::to_value(&census).expect("it is plain data"), wanted);
    }
}
