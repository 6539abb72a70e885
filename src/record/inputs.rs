//! What a run was given, beside its scripts: what a replay needs to do it again. No secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything that decides what a run asks and how it judges, as far as it is not a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunInputs {
    /// Format of this file: 1.
    pub format: u32,
    /// The scripts in the order of the run.
    pub scripts: Vec<ScriptInput>,
    /// Base URL of the target.
    pub target: String,
    /// FHIR version for scripts that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fhir_version: Option<String>,
    /// Values given to variables; those that look like secrets in their recorded form.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Tokens by name (`default` for all others), in their recorded form.
    #[serde(default)]
    pub tokens: BTreeMap<String, String>,
    /// The clock of placeholders: a moment with its offset from UTC. It stands still during a run.
    pub clock: String,
    /// Where the clock comes from.
    pub clock_source: String,
    /// The chance of placeholders.
    pub seed: u64,
    /// Packages asked for, as they were given.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Folder that scripts picked packages from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_dir: Option<String>,
    /// The nearest version was taken where the one asked for was not there.
    #[serde(default)]
    pub nearest_package: bool,
    /// The requests were those of a system under test that was waited for, not keur's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaited: bool,
    /// The run is a cell of a matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<CellInput>,
    /// The folder of the run, which relative paths are relative to.
    #[serde(default)]
    pub folder: String,
    /// Every setting with its origin, secrets masked.
    #[serde(default)]
    pub settings: Vec<String>,
    /// What decides a verdict beside scripts and packages; None in a record of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<DeclaredInput>,
}

/// What was declared before the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredInput {
    /// Failures that were known and accepted.
    #[serde(default)]
    pub known: Vec<KnownInput>,
    /// Tables of requirements that the run is judged against, as they were written.
    #[serde(default)]
    pub requirements: Vec<String>,
}

/// A failure that was known: patterns of what it describes, and who accepted it until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownInput {
    /// Which scripts.
    pub path: String,
    /// Which tests.
    pub test: String,
    /// Which actions.
    pub action: String,
    /// Why it is accepted.
    pub reason: String,
    /// Where that was agreed.
    pub reference: String,
    /// Last day on which it is accepted.
    pub expires: String,
}

/// Which scripts of a cell judge whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellInput {
    /// So many of the scripts, the first, waited for the client; the others judge the server on what passed.
    pub waiting: u32,
    /// Ids of the tests of the first that count; all when empty.
    #[serde(default)]
    pub client_tests: Vec<String>,
    /// Ids of the tests of the others that count; all when empty.
    #[serde(default)]
    pub server_tests: Vec<String>,
    /// Tokens of the scripts with what the client was given instead, in its recorded form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, String>,
}

/// A script of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptInput {
    /// The file.
    pub path: String,
    /// The path that was asked for: the file or a folder above it.
    pub root: String,
}
