//! `keur replay RUN`: the verdicts of a run once more, from its record and nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, NoteKind};
use crate::engine::{self, PlanSettings, RunSettings};
use crate::evidence::bundle::{self, Changed, Intact, Trust, difference, withheld};
use crate::evidence::{code, replay as evidence};
use crate::fhir::FhirVersion;
use crate::record::{DefinitionUse, Event, Files, Record, RunInputs};
use crate::report::Conclusion;
use crate::testscript::source::ScriptSource;
use crate::testscript::{Card, Circumstances, ScriptReader, ScriptSet, TestScript, problem as script_problem};

use super::choice::{Choices, Preference};
use super::console::Console;
use super::destination;
use super::exit::Exit;
use super::given;
use super::judge::Judge;
use super::mask;
use super::matrix;
use super::packages::Packages;
use super::reports::{self, Read};
use super::settings::{Checked, Key, Said};
use super::suite::{Selection, Shelf};
use super::terminology;

/// Flags of `replay`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Folder or id of a run, or a bundle
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Open the sealed originals of a bundle with this identity (age)
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    #[command(flatten)]
    other: Otherwise,
    /// Judge with the known failures and requirements of now, not those of the run
    #[arg(long)]
    current: bool,
    /// Report to write: json, junit or terminal; `-` is standard output (repeatable)
    #[arg(long, value_name = "KIND=PATH")]
    report: Vec<String>,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
}

/// What may differ from the run: a what-if.
#[derive(clap::Args, Debug, Default)]
pub struct Otherwise {
    /// Scripts to judge with instead of those of the run
    #[arg(value_name = "SCRIPTS")]
    pub scripts: Vec<PathBuf>,
    /// FHIR package to use instead of those of the run (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    pub package: Vec<String>,
    /// Folder of packages from which scripts pick theirs
    #[arg(long, value_name = "FOLDER")]
    pub package_dir: Option<PathBuf>,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default().many(Key::Report, &self.report).one(Key::Record, &self.record)
    }
}

/// Carries it out.
pub fn replay(arguments: &Arguments, checked: &Checked, console: &Console) -> Exit {
    let problems = destination::check(&checked.reports);
    if !problems.is_empty() {
        console.tell_all(problems);
        return Exit::Usage;
    }
    let replayed = opened(&arguments.run, arguments.identity.as_deref(), checked).and_then(|opened| {
        let derived = derive(&opened.record, &arguments.other)?;
        let judged = if arguments.current { Ok(checked.clone()) } else { checked.as_declared(&opened.record, false) };
        Ok((opened, derived, judged.map_err(|problem| vec![*problem])?))
    });
    let (opened, derived, checked) = match replayed {
        Ok(replayed) => replayed,
        Err(problems) => return refused(problems, console),
    };
    let Opened { record, changed, masked, _scratch, .. } = opened;
    let events = if derived.same { withheld(derived.events, &changed) } else { derived.events };
    let difference = derived.same.then(|| difference(record.events(), &events)).flatten();
    let what_if = !derived.same;
    let record = record.with_events(events);
    let record = if masked { Ok(record) } else { mask::veiled(record, &checked) };
    let record = match record {
        Ok(record) => record,
        Err(problem) => return refused(vec![*problem], console),
    };
    let (report, problems) = reports::write(record, Read::Before, &*derived.files, &checked, console);
    let unwritten = !problems.is_empty();
    console.tell_all(problems);
    match (difference, Exit::of(&report)) {
        (Some(difference), _) => {
            console.tell(*difference);
            Exit::NotVerified
        }
        (None, Exit::Passed) if unwritten => Exit::Usage,
        // Other scripts may ask what nobody was asked; that says nothing about the server.
        (None, Exit::NoAnswer) if what_if => match report.verdict {
            Conclusion::Failed => Exit::Failed,
            _ => Exit::Incomplete,
        },
        (None, exit) => exit,
    }
}

/// Says what is wrong; evidence that does not hold has an exit code of its own.
pub fn refused(problems: Vec<Diagnostic>, console: &Console) -> Exit {
    const EVIDENCE: [Code; 4] = [code::DEFINITIONS, code::DIFFERS, code::ALTERED, code::SIGNATURE];
    let evidence = problems.iter().any(|problem| EVIDENCE.contains(&problem.code));
    console.tell_grouped(problems);
    if evidence { Exit::NotVerified } else { Exit::Usage }
}

/// A record from wherever it is.
pub struct Opened {
    /// The record.
    pub record: Record,
    /// Its id: the name of its folder, or what its bundle says.
    pub id: String,
    /// What masking changed, in a bundle.
    pub changed: Vec<Changed>,
    /// Persons are masked in it already.
    pub masked: bool,
    /// Holds what was decrypted for as long as it is read.
    _scratch: Option<Scratch>,
}

/// The record of a run: its folder, its id below the folder of records, or a bundle.
pub fn opened(run: &Path, identity: Option<&Path>, checked: &Checked) -> Result<Opened, Vec<Diagnostic>> {
    let below = checked.record.join(run);
    let path = if !run.exists() && below.is_dir() { below } else { run.to_owned() };
    if bundle::is_bundle(&path) {
        let intact = bundle::open(&path, &Trust::default())?;
        let id = intact.manifest.run.id.clone();
        let Some(identity) = identity else {
            let Intact { manifest, record, .. } = intact;
            return Ok(Opened { record, id, changed: manifest.masking.changed, masked: true, _scratch: None });
        };
        let (record, scratch) = unsealed(&intact, identity)?;
        return Ok(Opened { record, id, changed: vec![], masked: false, _scratch: Some(scratch) });
    }
    let record = Record::open(&path).map_err(|error| vec![code::error(code::RECORD, error.to_string())])?;
    let name = path.canonicalize().unwrap_or(path);
    let id = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Opened { record, id, changed: vec![], masked: false, _scratch: None })
}

/// The originals of a bundle, in a folder that goes when it is let go of.
pub fn unsealed(intact: &Intact, identity: &Path) -> Result<(Record, Scratch), Vec<Diagnostic>> {
    let shown = identity.display();
    let wrong = |error: std::io::Error| vec![code::error(code::SEALED, format!("`{shown}` cannot be read: {error}"))];
    let identities = std::fs::read_to_string(identity).map_err(wrong)?;
    let scratch = Scratch::new().map_err(|error| vec![code::error(code::SEALED, error.to_string())])?;
    let record = intact.originals(&identities, &scratch.0)?;
    Ok((record, scratch))
}

/// A folder of our own for a while.
pub struct Scratch(PathBuf);

impl Scratch {
    fn new() -> std::io::Result<Scratch> {
        let path = std::env::temp_dir().join(format!("keur-{}", uuid::Uuid::new_v4().simple()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map(|()| Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a replay came to.
pub struct Derived {
    /// Its events.
    pub events: Vec<Event>,
    /// Scripts and packages are those of the run: the events should be too.
    pub same: bool,
    /// The texts it was made with.
    pub files: Box<dyn ScriptSource>,
}

/// Runs the engine over a record. Nothing is sent.
pub fn derive(record: &Record, otherwise: &Otherwise) -> Result<Derived, Vec<Diagnostic>> {
    let broken = |error: crate::record::ReadRecordError| vec![code::error(code::RECORD, error.to_string())];
    let incomplete = || vec![code::error(code::RECORD, "the record does not say what the run was given")];
    let inputs = record.inputs().map_err(broken)?.ok_or_else(incomplete)?;
    if inputs.awaited {
        let message = "the run waited for a client: its requests are not keur's to repeat, so it is not replayed";
        return Err(vec![code::error(code::RECORD, message)]);
    }
    let files = record.files().map_err(broken)?.ok_or_else(incomplete)?;
    if inputs.cell.is_some() && !otherwise.scripts.is_empty() {
        let message = "a cell is judged again with its own scripts: those of both sides belong together";
        return Err(vec![code::error(code::RECORD, message)]);
    }
    let (scripts, files) = match otherwise.scripts.as_slice() {
        [] => (own_scripts(&inputs, &files)?, Box::new(files) as Box<dyn ScriptSource>),
        asked => (other_scripts(asked)?, Box::new(Shelf) as Box<dyn ScriptSource>),
    };
    let release = inputs.fhir_version.as_deref().and_then(FhirVersion::parse);
    let (packages, preference) = packages(&inputs, otherwise, release)?;
    let (definitions, problems) = Choices::of(&Card::all(&scripts), &preference, &packages)?;
    if problems.iter().any(script_problem::forbids_running) {
        return Err(problems);
    }
    let recorded = match record.events().first() {
        Some(Event::RunStarted(started)) => &*started.definitions,
        _ => &[],
    };
    let used = definitions.used();
    let asked = !otherwise.scripts.is_empty() || !otherwise.package.is_empty() || otherwise.package_dir.is_some();
    let changed = changed(recorded, &used);
    if !asked && !changed.is_empty() {
        return Err(changed);
    }
    let same = changed.is_empty() && otherwise.scripts.is_empty();
    let settings = PlanSettings {
        target: inputs.target.clone(),
        fhir_version: release,
        variables: inputs.variables.clone(),
        tokens: given::tokens(&inputs),
        ..PlanSettings::default()
    };
    if let Some(cell) = &inputs.cell {
        let events = matrix::rejudged(record, (&inputs, cell), scripts, (&definitions, recorded), &*files, settings)?;
        return Ok(Derived { events, same, files });
    }
    let plan = engine::plan(&scripts, &*files, &|version| definitions.types(version), &settings);
    if !plan.is_runnable() {
        return Err(plan.problems.into_iter().filter(script_problem::forbids_running).collect());
    }
    let no_moment = || vec![code::error(code::RECORD, format!("the clock of the run `{}` is no moment", inputs.clock))];
    let now = given::clock(&inputs).ok_or_else(no_moment)?;
    let definitions = definitions.asking(terminology::recorded(record.events()));
    let judge = Judge::new(&definitions);
    let simulated = matches!(record.events().first(), Some(Event::RunStarted(started)) if started.simulated);
    let settings = RunSettings {
        validator: Some(&judge),
        definitions: if same { recorded.to_vec() } else { used },
        simulated,
        circumstances: Circumstances::fixed(now, inputs.seed),
        ..RunSettings::default()
    };
    let events = evidence::replay(record, &plan, &settings, same)
        .map_err(|error| vec![code::error(code::RECORD, error.to_string())])?;
    Ok(Derived { events, same, files })
}

/// The scripts of the run, from its own texts.
fn own_scripts(inputs: &RunInputs, files: &Files) -> Result<Vec<Arc<TestScript>>, Vec<Diagnostic>> {
    let reader = ScriptReader::new(files);
    let mut scripts = vec![];
    let mut problems = vec![];
    for input in &inputs.scripts {
        let loaded = reader.load(input.path.as_ref(), input.root.as_ref());
        problems.extend(loaded.problems.into_iter().filter(script_problem::forbids_running));
        scripts.extend(loaded.script.map(Arc::new));
    }
    if problems.is_empty() { Ok(scripts) } else { Err(problems) }
}

fn other_scripts(asked: &[PathBuf]) -> Result<Vec<Arc<TestScript>>, Vec<Diagnostic>> {
    let selection = Selection::of(asked, &[])?;
    let loaded = ScriptSet::collect(&Shelf, &selection.paths)?.load();
    let mut problems = vec![];
    let mut scripts = vec![];
    for loaded in loaded {
        problems.extend(loaded.problems.into_iter().filter(script_problem::forbids_running));
        scripts.extend(loaded.script.map(Arc::new));
    }
    if problems.is_empty() { Ok(scripts) } else { Err(problems) }
}

/// The packages asked for here, else those of the run.
fn packages(
    inputs: &RunInputs,
    otherwise: &Otherwise,
    release: Option<FhirVersion>,
) -> Result<(Packages, Preference), Vec<Diagnostic>> {
    let own = otherwise.package.is_empty() && otherwise.package_dir.is_none();
    // Paths of the run are relative to where it ran.
    let placed = |path: &String| match Path::new(&inputs.folder).join(path) {
        at if at.exists() => at.to_string_lossy().into_owned(),
        _ => path.clone(),
    };
    let (asked, folder) = match own {
        true => (inputs.packages.iter().map(placed).collect(), inputs.package_dir.as_ref().map(|d| placed(d).into())),
        false => (otherwise.package.clone(), otherwise.package_dir.clone()),
    };
    let preference = Preference { folder, nearest: inputs.nearest_package, release, ..Preference::default() };
    Ok((Packages::open(&asked)?, preference))
}

/// Packages that are not what the run used, each said.
fn changed(recorded: &[DefinitionUse], used: &[DefinitionUse]) -> Vec<Diagnostic> {
    let known = |of: &[DefinitionUse], one: &DefinitionUse| {
        of.iter().any(|other| (&other.package, &other.sha256) == (&one.package, &one.sha256))
    };
    let short = |hash: &str| hash.get(..16).unwrap_or(hash).to_owned();
    let told = |one: &DefinitionUse| format!("{} {} (sha256 {})", one.package, one.version, short(&one.sha256));
    let gone = recorded.iter().filter(|one| !known(used, one)).map(|one| {
        let here = used.iter().find(|other| other.package == one.package).map_or("nothing".to_owned(), told);
        let message = format!("the run used {}, which is not here", told(one));
        code::error(code::DEFINITIONS, message).note(NoteKind::Found, here)
    });
    let new = used.iter().filter(|one| !recorded.iter().any(|other| other.package == one.package));
    gone.chain(new.map(|one| code::error(code::DEFINITIONS, format!("the run did not use {}", told(one))))).collect()
}
