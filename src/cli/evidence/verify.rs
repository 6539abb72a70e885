//! `keur evidence verify BUNDLE`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::evidence::bundle::{self, Intact, Trust};
use crate::evidence::code;
use crate::evidence::signature::PublicKey;
use crate::record::Record;

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::replay::{refused, unsealed};
use super::{rederived, rendered};

/// Flags of `verify`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// Public key that has to have signed it: a `.pub` file or a line of one (repeatable)
    #[arg(long, value_name = "KEY")]
    signer: Vec<String>,
    /// Authorities (PEM) that the certificate of a signature has to lead to
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Authorities (PEM) that the certificate of a timestamp has to lead to
    #[arg(long, value_name = "FILE")]
    timestamp_trust: Option<PathBuf>,
    /// Open the sealed originals with this identity (age) and replay those too
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// FHIR package of the run, where it is not where it was (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
}

/// Verifies a bundle; nothing is asked of anybody.
pub fn verify(arguments: &Arguments, console: &Console) -> Exit {
    match verified(arguments, console) {
        Ok(told) => console.ended(told, Exit::Passed),
        Err(problems) => refused(problems, console),
    }
}

fn verified(arguments: &Arguments, console: &Console) -> Result<String, Vec<Diagnostic>> {
    let trust = trust(arguments)?;
    if !arguments.bundle.is_file() {
        let message = format!("there is no bundle `{}`", arguments.bundle.display());
        return Err(vec![code::error(code::RECORD, message)]);
    }
    let derive = |record: &Record| rederived(record, &arguments.package);
    let render = |record: &Record| rendered(record, console);
    let intact = bundle::verify(&arguments.bundle, &trust, &derive, &render)?;
    let mut out = told(&intact);
    if let Some(identity) = &arguments.identity {
        let (record, _scratch) = unsealed(&intact, identity)?;
        let events = rederived(&record, &arguments.package)?;
        if let Some(difference) = bundle::difference(record.events(), &events) {
            return Err(vec![*difference]);
        }
        out.push_str("originals: opened, and their replay gives the verdicts of the run\n");
    }
    Ok(out)
}

fn trust(arguments: &Arguments) -> Result<Trust, Vec<Diagnostic>> {
    let mut problems = vec![];
    let mut trust = Trust::default();
    for given in &arguments.signer {
        let text =
            if Path::new(given).is_file() { fs::read_to_string(given).unwrap_or_default() } else { given.clone() };
        match PublicKey::parse(&text) {
            Ok(key) => trust.keys.push(key),
            Err(error) => problems.push(code::error(code::KEY, format!("`{given}`: {error}"))),
        }
    }
    let mut read = |path: &Option<PathBuf>| {
        let path = path.as_ref()?;
        let wrong = |error| code::error(code::KEY, format!("`{}` cannot be read: {error}", path.display()));
        fs::read(path).map_err(|error| problems.push(wrong(error))).ok()
    };
    trust.authorities = read(&arguments.trust);
    trust.timestamp_authorities = read(&arguments.timestamp_trust);
    if problems.is_empty() { Ok(trust) } else { Err(problems) }
}

fn told(intact: &Intact) -> String {
    let manifest = &intact.manifest;
    let mut out = format!(
        "verified: {} entries are what the manifest says, and the replay gives the same reports\n",
        manifest.entries.len()
    );
    for signed in &intact.signatures {
        let known = if signed.expected { "the key expected" } else { "not compared: give `--signer` or `--trust`" };
        let whose = signed.subject.as_ref().map(|subject| format!("{subject}, ")).unwrap_or_default();
        out.push_str(&format!("signed: {whose}{} ({}; {known})\n", signed.fingerprint, signed.scheme));
    }
    if intact.signatures.is_empty() {
        out.push_str("signed: no\n");
    }
    if let Some(stamp) = &intact.timestamp {
        let known = if stamp.trusted { "an authority expected" } else { "not compared: give `--timestamp-trust`" };
        out.push_str(&format!("timestamp: {} by {} ({known})\n", stamp.at, stamp.authority));
    }
    let run = &manifest.run;
    out.push_str(&format!("run: {} against {}, {} to {}\n", run.id, manifest.target.url, run.started, run.finished));
    if let Some(operator) = &run.operator {
        out.push_str(&format!("operator: {operator}\n"));
    }
    let changed = manifest.masking.changed.len();
    if changed > 0 {
        out.push_str(&format!("not evaluated here because persons are masked: {changed}\n"));
        for changed in &manifest.masking.changed {
            out.push_str(&format!("  {}: {}\n", changed.path, changed.title));
        }
    }
    out.push_str(&format!("verdict: {}\n", run.verdict));
    out
}
