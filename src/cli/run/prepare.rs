//! What can be known before anything is sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::authorization::code as login_code;
use crate::cli::auth::{Configured, configured};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::list::refused;
use crate::cli::packages::Packages;
use crate::cli::settings::{Checked, Settings};
use crate::cli::suite::Selection;
use crate::cli::{destination, mask, problem};
use crate::diagnostic::{Diagnostic, NoteKind};
use crate::engine::Tokens;
use crate::fhir::FhirVersion;
use crate::record::{Gathering, new_run_id};
use crate::testscript::source::ScriptSource;
use crate::testscript::{Portions, ScriptFile, ScriptSet, TestScript, problem as script_problem};

use super::arguments::Arguments;
use super::tokens;

/// What a run starts with.
pub struct Prepared<'f> {
    pub id: String,
    pub scripts: Portions<'f>,
    pub places: Vec<ScriptFile>,
    pub tokens: Tokens,
    pub packages: Packages,
    pub selection: Selection,
    pub login: Option<Configured>,
}

/// Everything that can be known before anything is sent. What is wrong has been said when it fails.
pub fn prepare<'f>(
    arguments: &Arguments,
    settings: &Settings,
    checked: &Checked,
    files: &'f Gathering<'_>,
    console: &Console,
) -> Result<Prepared<'f>, Exit> {
    let mut problems = destination::check(&checked.reports);
    let selection =
        Selection::of(&arguments.paths, &arguments.service).map_err(|more| problems.extend(more)).unwrap_or_default();
    let mut tokens = tokens::given(settings, &mut problems);
    let login = configured(settings, checked, arguments.login_hook.as_deref()).map_err(|more| problems.extend(more));
    if let (Some(_), Ok(None)) = (&arguments.login_hook, &login) {
        problems.push(problem::error(
            login_code::NOTHING,
            "there is a `--login-hook`, but no table `[login]` in `keur.toml`",
        ));
    }
    let login = login.ok().flatten().filter(|_| checked.target.is_some());
    tokens.by_login.extend(login.iter().flat_map(|login| login.live.names()).map(str::to_owned));
    // A key that is given is looked at now; the one of this folder is made when there is something to mask.
    problems.extend(checked.mask_key.as_ref().and_then(|_| mask::key(checked).err()).map(|problem| *problem));
    let packages = Packages::open(&checked.packages).map_err(|more| problems.extend(more)).unwrap_or_default();
    if checked.target.is_none() && problems.is_empty() && !selection.brings_fixtures() && !arguments.awaiting.awaits {
        problems.push(problem::error(problem::NO_TARGET, "there is no `--target`"));
    }
    let releases: BTreeSet<FhirVersion> = selection.suites.iter().map(|suite| suite.card.fhir_version).collect();
    if checked.target.is_none() && releases.len() > 1 {
        let message = "the suites are of different FHIR versions, and one simulator serves one";
        problems.push(
            problem::error(problem::NO_TARGET, message)
                .note(NoteKind::Remedy, "run the suites of each version apart, or give a `--target`"),
        );
    }
    if stops(&problems) {
        console.tell_all(problems);
        return Err(Exit::Usage);
    }
    console.tell_all(problems);
    let scripts = portions(&selection, files, console)?;
    let places = scripts.files().to_vec();
    let id = new_run_id(jiff::Timestamp::now());
    Ok(Prepared { id, scripts, places, tokens, packages, selection, login })
}

/// Scripts, and where each stands.
pub type Loaded = (Vec<Arc<TestScript>>, Vec<ScriptFile>);

/// The scripts of a selection, all at hand; what is wrong with them has been said when it fails.
pub fn load(selection: &Selection, files: &dyn ScriptSource, console: &Console) -> Result<Loaded, Exit> {
    let portions = portions(selection, files, console)?;
    Ok((portions.all(), portions.files().to_vec()))
}

fn portions<'f>(selection: &Selection, files: &'f dyn ScriptSource, console: &Console) -> Result<Portions<'f>, Exit> {
    let set = ScriptSet::collect(files, &selection.paths).map_err(|problems| refused(problems, console))?;
    let (portions, problems) = Portions::load(set);
    let broken = stops(&problems);
    console.tell_grouped(problems);
    if broken { Err(Exit::Usage) } else { Ok(portions) }
}

pub fn stops(problems: &[Diagnostic]) -> bool {
    problems.iter().any(script_problem::forbids_running)
}
