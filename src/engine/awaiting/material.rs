//! What a script set brings for the simulator: the resources its loading script puts in place, and whose
//! tokens it uses.
//!
//! Nothing here knows a folder by its name. A loading script is one without parties
//! ([`Side::Load`]); it stands in a folder beside (or above) the scripts whose name begins with `_`. Where
//! there is none, the resources in such folders are taken, but for what the scripts send themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::fhir::{self, Format};
use crate::simulator::{Fixture, TokenRegistry};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Action, Interaction, ScriptSet, Side, TestScript};

use super::arrival::bearer;
use super::code;

/// Resources and tokens of a script set.
#[derive(Clone, Default)]
pub struct Material {
    /// Resources for the simulator.
    pub fixtures: Vec<Fixture>,
    /// Tokens (without `Bearer`) with the id of the Patient they stand for, by what loading scripts do.
    pub tokens: Vec<(String, String)>,
    /// The list of test persons that stands with the scripts, if there is one.
    pub registry: Option<PathBuf>,
}

/// What is wrong with the material.
pub type MaterialProblem = Diagnostic;

/// How the names of folders begin that hold material and no scripts.
const REFERENCE: &str = "_reference";
/// How far above a script its material may stand.
const LEVELS: usize = 6;
/// Where a script set keeps its test persons, seen from a folder above the scripts.
const REGISTRY: &str = "Configuration/QualificationTokens.json";

impl Material {
    /// Finds the material of these scripts.
    pub fn of(scripts: &[Arc<TestScript>], files: &dyn ScriptSource) -> (Material, Vec<MaterialProblem>) {
        let mut material = Material::default();
        let mut problems = vec![];
        let folders: BTreeSet<&Path> = scripts.iter().filter_map(|script| script.path.parent()).collect();
        let mut seen = BTreeSet::new();
        let mut known = BTreeMap::new();
        for folder in folders {
            if material.registry.is_none() {
                let above = folder.ancestors().map(|above| above.join(REGISTRY));
                material.registry = above.into_iter().find(|file| files.is_file(file));
            }
            let Some((beside, loading)) = beside(folder, files, &mut known) else { continue };
            if !seen.insert(beside.clone()) {
                continue;
            }
            match loading.as_slice() {
                [] => beside.iter().for_each(|folder| material.take_all(folder, scripts, files, &mut problems)),
                loading => loading.iter().for_each(|script| material.take_loaded(script, files, &mut problems)),
            }
        }
        // What a script takes values from and nobody sends has to be there (a Questionnaire to be read).
        for script in scripts {
            let sent: Vec<&Path> = sent(script).collect();
            let sources = script.variables.iter().filter_map(|v| v.origin.as_ref()?.source_id.as_deref());
            let needed: BTreeSet<&str> = sources.collect();
            for fixture in script.fixtures.iter().filter(|f| needed.contains(f.id.as_str())) {
                if !sent.contains(&fixture.path.as_path()) && files.is_file(&fixture.path) {
                    material.take(&fixture.path, files, &mut problems);
                }
            }
        }
        (material, problems)
    }

    /// Resources beside the scripts whose id is a placeholder: examples of what only a party can name.
    pub fn examples(scripts: &[Arc<TestScript>], files: &dyn ScriptSource) -> Vec<Fixture> {
        let folders: BTreeSet<&Path> = scripts.iter().filter_map(|script| script.path.parent()).collect();
        let mut known = BTreeMap::new();
        let mut all: BTreeMap<PathBuf, Arc<str>> = BTreeMap::new();
        for beside in folders.into_iter().filter_map(|folder| beside(folder, files, &mut known)) {
            for path in beside.0.iter().filter_map(|folder| files.files(folder).ok()).flatten() {
                if !matches!(Format::from_path(&path), Some(Format::Json | Format::Xml)) || all.contains_key(&path) {
                    continue;
                }
                if let Ok(text) = files.read(&path)
                    && id_of(&text).is_some_and(|id| id.starts_with("${"))
                {
                    all.insert(path, text);
                }
            }
        }
        all.into_iter().map(|(name, text)| Fixture { name, text }).collect()
    }

    /// Tokens and persons, those of the list first.
    pub fn registry(&self, listed: Option<TokenRegistry>) -> TokenRegistry {
        let mut registry = listed.unwrap_or_default();
        for (token, patient) in &self.tokens {
            registry.grant(token, patient);
        }
        registry
    }

    /// What a loading script puts in place.
    fn take_loaded(&mut self, script: &TestScript, files: &dyn ScriptSource, problems: &mut Vec<MaterialProblem>) {
        for action in script.actions() {
            let Action::Operation(operation) = action else { continue };
            let writes = matches!(
                operation.interaction,
                Interaction::Update
                    | Interaction::UpdateCreate
                    | Interaction::Create
                    | Interaction::Batch
                    | Interaction::Transaction
            );
            let fixture = operation.source_id.as_ref().and_then(|id| script.fixtures.iter().find(|f| f.id == *id));
            let Some(fixture) = fixture.filter(|_| writes) else { continue };
            let Some(text) = self.take(&fixture.path, files, problems) else { continue };
            let is_patient = operation.resource.as_ref().is_some_and(|r| r.text.trim() == "Patient");
            let header = operation.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Authorization"));
            let token = header.and_then(|(_, value)| bearer(&value.text)).filter(|_| is_patient);
            if let (Some(token), Some(id)) = (token, id_of(&text)) {
                self.tokens.push((token.expose().to_owned(), id));
            }
        }
    }

    /// Every resource in a folder that no script sends itself.
    fn take_all(
        &mut self,
        folder: &Path,
        scripts: &[Arc<TestScript>],
        files: &dyn ScriptSource,
        problems: &mut Vec<MaterialProblem>,
    ) {
        let sent: BTreeSet<&Path> = scripts.iter().flat_map(|script| sent(script)).collect();
        let Ok(all) = files.files(folder) else { return };
        for path in all {
            let resource = matches!(Format::from_path(&path), Some(Format::Json | Format::Xml));
            if resource && !sent.contains(path.as_path()) {
                self.take(&path, files, problems);
            }
        }
    }

    fn take(&mut self, path: &Path, files: &dyn ScriptSource, problems: &mut Vec<MaterialProblem>) -> Option<Arc<str>> {
        if let Some(known) = self.fixtures.iter().find(|f| f.name == path) {
            return Some(known.text.clone());
        }
        match files.read(path) {
            Ok(text) => {
                self.fixtures.push(Fixture { name: path.to_owned(), text: text.clone() });
                Some(text)
            }
            Err(error) => {
                problems.push(Diagnostic::new(Severity::Error, code::MATERIAL, error.to_string()));
                None
            }
        }
    }
}

/// The fixtures that a script sends.
fn sent(script: &TestScript) -> impl Iterator<Item = &Path> {
    let named = |id: &str| script.fixtures.iter().find(|f| f.id == id).map(|f| f.path.as_path());
    script.actions().filter_map(move |action| match action {
        Action::Operation(operation) => named(operation.source_id.as_deref()?),
        Action::Assert(_) => None,
    })
}

/// The folders of a set's material, and its loading scripts.
type Beside = Option<(Vec<PathBuf>, Vec<Arc<TestScript>>)>;

/// Goes up from a folder of scripts until there is material.
fn beside(folder: &Path, files: &dyn ScriptSource, known: &mut BTreeMap<PathBuf, Beside>) -> Beside {
    for above in folder.ancestors().take(LEVELS) {
        let found = known.entry(above.to_owned()).or_insert_with(|| material_in(above, files));
        if found.is_some() {
            return found.clone();
        }
    }
    None
}

/// The material in the folders of this one whose names begin with `_`.
fn material_in(folder: &Path, files: &dyn ScriptSource) -> Beside {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_')))
        .collect();
    folders.sort();
    let mut loading = vec![];
    let is_reference = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(REFERENCE));
    for path in folders.iter().filter(|path| !is_reference(path)) {
        // A folder without scripts is not at fault here.
        let Ok(set) = ScriptSet::collect(files, std::slice::from_ref(path)) else { continue };
        let scripts = set.load().into_iter().filter_map(|loaded| loaded.script);
        loading.extend(scripts.filter(|script| script.side() == Side::Load).map(Arc::new));
    }
    folders.retain(|path| is_reference(path) || !loading.is_empty());
    (!folders.is_empty()).then_some((folders, loading))
}

/// The id of a resource, placeholders elsewhere in it notwithstanding.
fn id_of(text: &Arc<str>) -> Option<String> {
    let format = fhir::sniff(text)?;
    let document = fhir::read(text.clone(), format).ok()?;
    document.root().child_value("id").map(str::to_owned)
}
