//! `keur evidence`: what an auditor gets, and what an auditor does with it.

mod keygen;
mod pack;
mod rerun;
mod stamp;
mod verify;

use crate::diagnostic::{Diagnostic, Language};
use crate::evidence::declared::Declared;
use crate::record::{Event, Record};
use crate::report::renderer;

use super::console::Console;
use super::exit::Exit;
use super::replay::{Otherwise, derive};
use super::reports::Evidence;
use super::settings::{Checked, Said, Settings};

/// Flags of `evidence`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(clap::Subcommand, Debug)]
enum Deed {
    /// Pack a run into one file that shows every change to it
    Pack(pack::Arguments),
    /// Check a bundle: form, hashes, signatures, and that its record comes to its reports
    Verify(verify::Arguments),
    /// Make a key to sign bundles with
    Keygen(keygen::Arguments),
    /// Add a timestamp token (RFC 3161) to a bundle
    Stamp(stamp::Arguments),
    /// Run a sample of the scripts of a bundle again, live
    Rerun(rerun::Arguments),
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        match &self.deed {
            Deed::Pack(arguments) => arguments.settings(),
            Deed::Rerun(arguments) => arguments.settings(),
            Deed::Verify(_) | Deed::Keygen(_) | Deed::Stamp(_) => Said::default(),
        }
    }
}

/// Carries it out.
pub fn evidence(arguments: &Arguments, settings: &Settings, checked: &Checked, console: &Console) -> Exit {
    match &arguments.deed {
        Deed::Pack(arguments) => pack::pack(arguments, checked, console),
        Deed::Verify(arguments) => verify::verify(arguments, console),
        Deed::Keygen(arguments) => keygen::keygen(arguments, console),
        Deed::Stamp(arguments) => stamp::stamp(arguments, console),
        Deed::Rerun(arguments) => rerun::rerun(arguments, settings, checked, console),
    }
}

/// The events a record comes to with its own scripts; other packages than its own are refused.
pub(super) fn rederived(record: &Record, packages: &[String]) -> Result<Vec<Event>, Vec<Diagnostic>> {
    let otherwise = Otherwise { package: packages.to_vec(), ..Otherwise::default() };
    let derived = derive(record, &otherwise)?;
    match derived.same {
        true => Ok(derived.events),
        false => {
            let message = "the packages given are not those of the run";
            Err(vec![crate::evidence::code::error(crate::evidence::code::DEFINITIONS, message)])
        }
    }
}

/// The reports that stand in a bundle, in English whatever the language of who packs.
pub(super) fn rendered(record: &Record, console: &Console) -> Result<Vec<(String, Vec<u8>)>, String> {
    let report = Declared::recorded(record)?.unwrap_or_default().report(record.events(), &[]);
    let files = record.files().map_err(|error| error.to_string())?.unwrap_or_default();
    let evidence = Evidence::recorded(record, &files);
    let registry = &console.registry;
    let json = renderer::json(&report, registry, Language::En).map_err(|error| error.to_string())?;
    let junit = renderer::junit(&report, registry, &evidence, Language::En).map_err(|error| error.to_string())?;
    Ok(vec![("report.json".to_owned(), json), ("report.xml".to_owned(), junit)])
}
