//! The scripts that paths mean, and loading them with all cores.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::diagnostic::{Diagnostic, NoteKind, Severity};

use super::problem::{self, unplaced};
use super::properties::FILE as PROPERTIES;
use super::reader::{Loaded, ScriptReader, looks_like_script};
use super::source::{Reason, ScriptSource, is_material};
use crate::fhir::Format;

/// Room for the deepest expression that parses, in a build without optimisation too: as much as the main
/// thread has.
const STACK: usize = 8 << 20;

/// A file to be loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScriptFile {
    /// The file.
    pub path: PathBuf,
    /// The path that was asked for: the file itself or a folder above it.
    pub root: PathBuf,
}

/// Scripts in a stable order: as the paths were given, within a folder by path.
pub struct ScriptSet<'s> {
    files: &'s dyn ScriptSource,
    scripts: Vec<ScriptFile>,
    /// Bytes of their texts.
    sizes: Vec<usize>,
}

impl<'s> ScriptSet<'s> {
    /// The scripts at paths: files as they are, folders with all that is below them and looks like a
    /// script. A path without scripts is an error; all such paths are named.
    pub fn collect(files: &'s dyn ScriptSource, paths: &[PathBuf]) -> Result<Self, Vec<Diagnostic>> {
        let mut scripts: Vec<ScriptFile> = vec![];
        let mut sizes = vec![];
        let mut problems = vec![];
        let mut known = BTreeSet::new();
        for root in paths {
            match below(files, root) {
                Ok(found) => {
                    // A path given twice, or a folder and a file in it, is one script.
                    for (path, size) in found.into_iter().filter(|(path, _)| known.insert(path.clone())) {
                        scripts.push(ScriptFile { path, root: root.clone() });
                        sizes.push(size);
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(ScriptSet { files, scripts, sizes }) } else { Err(problems) }
    }

    /// The files, in order.
    pub fn scripts(&self) -> &[ScriptFile] {
        &self.scripts
    }

    /// Bytes of their texts, in the same order.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Where the files are read from.
    pub fn files(&self) -> &'s dyn ScriptSource {
        self.files
    }

    /// Loads every script.
    pub fn load(&self) -> Vec<Loaded> {
        self.map(|loaded| loaded)
    }

    /// Loads every script and makes something of it; the results are in the order of the files. What
    /// `make` does not keep is dropped at once, so that thousands of scripts need the memory of a few.
    pub fn map<T: Send>(&self, make: impl Fn(Loaded) -> T + Sync) -> Vec<T> {
        self.map_some(0..self.scripts.len(), make)
    }

    /// The same for some of the files.
    pub fn map_some<T: Send>(&self, which: Range<usize>, make: impl Fn(Loaded) -> T + Sync) -> Vec<T> {
        let scripts = self.scripts.get(which).unwrap_or_default();
        let reader = ScriptReader::new(self.files);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut made = vec![];
            while let Some((at, script)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                scripts.get(at).map(|script| (at, script))
            } {
                made.push((at, make(reader.load(&script.path, &script.root))));
            }
            made
        };
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(scripts.len()).max(1);
        let mut made: Vec<(usize, T)> = std::thread::scope(|scope| {
            // A thread that cannot be had is done without: the work is the same.
            let another = |_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok();
            let others: Vec<_> = (1..workers).filter_map(another).collect();
            let mut made = work();
            for other in others {
                match other.join() {
                    Ok(theirs) => made.extend(theirs),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            made
        });
        made.sort_by_key(|(at, _)| *at);
        made.into_iter().map(|(_, made)| made).collect()
    }
}

/// The script files at a path, with the bytes of their texts.
fn below(files: &dyn ScriptSource, root: &Path) -> Result<Vec<(PathBuf, usize)>, Diagnostic> {
    if files.is_file(root) {
        // Why it cannot be read is said where it is loaded.
        let size = files.read(root).map_or(0, |text| text.len());
        return Ok(vec![(root.to_owned(), size)]);
    }
    let unreadable =
        |error: super::source::SourceError| unplaced(Severity::Fatal, problem::UNREADABLE, error.to_string());
    let all = files.files(root).map_err(unreadable)?;
    let mut found = vec![];
    let mut passed = 0;
    for path in all {
        let inside = path.strip_prefix(root).unwrap_or(&path);
        if is_material(inside) || Format::from_path(&path).is_none() || path.file_name() == Some(PROPERTIES.as_ref()) {
            continue;
        }
        match files.read(&path) {
            Ok(text) if looks_like_script(&path, &text) => found.push((path, text.len())),
            Ok(_) => passed += 1,
            Err(error) if error.reason == Reason::NotText => passed += 1,
            Err(error) => return Err(unreadable(error)),
        }
    }
    if found.is_empty() {
        let message = format!("`{}` holds no TestScripts", root.display());
        let diagnostic = unplaced(Severity::Fatal, problem::NO_SCRIPTS, message);
        return Err(match passed {
            0 => diagnostic,
            _ => diagnostic.note(NoteKind::Found, format!("{passed} other XML, JSON or YAML files")),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testscript::source::Carried;

    const SCRIPT: &str =
        "<?xml version='1.0'?><!-- a --><f:TestScript xmlns:f='http://hl7.org/fhir'><f:id value='a'/></f:TestScript>";
    const FILES: &[(&str, &str)] = &[
        ("s/b/two.xml", SCRIPT),
        ("s/a/one.json", r#"{"resourceType" : "TestScript"}"#),
        ("s/a/properties.json", "{}"),
        ("s/_reference/x.xml", SCRIPT),
        ("s/_shared/group.yaml", "resourceType: TestScript"),
        ("s/c.yaml", "# a\nresourceType: TestScript\n"),
        ("s/plan.yaml", "resourceType: TestScriptish\n"),
        ("s/patient.xml", "<Patient xmlns='http://hl7.org/fhir'/>"),
        ("s/README.md", "TestScript"),
        ("p/patient.json", r#"{"resourceType":"Patient"}"#),
    ];

    fn collected(paths: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let carried = Carried::new(FILES.iter().copied());
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        ScriptSet::collect(&carried, &paths)
            .map(|set| set.scripts().iter().map(|s| s.path.to_string_lossy().into_owned()).collect())
            .map_err(|problems| problems.into_iter().map(|p| p.message).collect())
    }

    #[test]
    fn folders_are_searched_in_order_and_material_is_passed_over() {
        let all = ["s/a/one.json", "s/b/two.xml", "s/c.yaml"].map(str::to_owned).to_vec();
        assert_eq!(collected(&["s"]), Ok(all.clone()));
        assert_eq!(collected(&["s", "s/c.yaml", "s/a"]), Ok(all));
        // A file that is asked for by name is taken as it is.
        assert_eq!(collected(&["s/_reference/x.xml"]), Ok(vec!["s/_reference/x.xml".into()]));
    }

    #[test]
    fn a_path_without_scripts_is_an_error_and_all_are_named() {
        assert_eq!(
            collected(&["p", "s", "nowhere"]),
            Err(vec!["`p` holds no TestScripts".into(), "`nowhere` does not exist".into()])
        );
    }

    #[test]
    fn scripts_are_loaded_in_the_order_of_the_files_whoever_loads_them() {
        let carried = Carried::new(FILES.iter().copied());
        let set = ScriptSet::collect(&carried, &["s".into()]).expect("there are scripts");
        let ids = set.map(|loaded| loaded.script.map(|s| (s.path, s.id)));
        assert_eq!(ids[1], Some(("s/b/two.xml".into(), Some("a".into()))));
        assert_eq!(ids.len(), 3);
    }
}
