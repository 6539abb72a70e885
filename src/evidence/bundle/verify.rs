//! Verifying a bundle, without asking anybody: its form, its hashes, its signatures, and whether its record
//! comes to its reports.

use std::io::Read as _;
use std::path::Path;

use crate::diagnostic::{Diagnostic, NoteKind};
use crate::evidence::code;
use crate::evidence::declared::Declared;
use crate::evidence::seal;
use crate::evidence::signature::{self, PublicKey};
use crate::record::{Event, Record};

use super::container::{Bundled, Container, ContainerError};
use super::facts;
use super::manifest::{Listed, Manifest, Run, SCHEMA};
use super::pack::{Derive, MANIFEST, Render, TIMESTAMP, is_over, stamp, withheld};

/// Whose signatures are expected.
#[derive(Default)]
pub struct Trust {
    /// Keys of OpenSSH, one of which has to have signed.
    pub keys: Vec<PublicKey>,
    /// Authorities (PEM), to one of which the certificate of a signature has to lead.
    pub authorities: Option<Vec<u8>>,
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// `sshsig` or `jws`.
    pub scheme: String,
    /// Of key or certificate.
    pub fingerprint: String,
    /// True when it is one that was expected.
    pub expected: bool,
}

/// A bundle whose every byte is what its manifest says.
pub struct Intact {
    /// What it says about itself.
    pub manifest: Manifest,
    /// Its record, persons masked.
    pub record: Record,
    /// The signatures over the manifest.
    pub signatures: Vec<Signed>,
    /// True when a timestamp token over the manifest is in it.
    pub timestamped: bool,
    container: Container,
}

fn altered(message: impl Into<String>) -> Vec<Diagnostic> {
    vec![code::error(code::ALTERED, message)]
}

/// True when a file is a bundle by its first bytes.
pub fn is_bundle(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    path.is_file() && read.is_ok() && start == *b"PK\x03\x04"
}

/// Opens a bundle and derives everything again from its record. The two are done at the same time, and what
/// a bundle that is not intact comes to is not looked at.
pub fn verify(path: &Path, trust: &Trust, derive: Derive<'_>, render: Render<'_>) -> Result<Intact, Vec<Diagnostic>> {
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| open(path, trust));
        let replayed = unchecked(path).and_then(|content| content.replays(derive, render));
        let intact = opening.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        replayed.map(|()| intact)
    })
}

/// A bundle whose directory is right, and nothing else is known of it.
fn unchecked(path: &Path) -> Result<Intact, Vec<Diagnostic>> {
    let container = Container::open(path).map_err(|error| altered(error.to_string()))?;
    let (manifest, _) = manifest(&container)?;
    let record = record(path, &container)?;
    Ok(Intact { manifest, record, signatures: vec![], timestamped: false, container })
}

/// The manifest and its bytes.
fn manifest(container: &Container) -> Result<(Manifest, Vec<u8>), Vec<Diagnostic>> {
    let bytes = container.bytes(MANIFEST).map_err(|error| altered(error.to_string()))?;
    let bytes = bytes.ok_or_else(|| altered("it has no manifest"))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|error| altered(format!("its manifest cannot be read: {error}")))?;
    if manifest.schema != SCHEMA {
        return Err(altered(format!("its form `{}` is not one that this version of keur knows", manifest.schema)));
    }
    Ok((manifest, bytes))
}

/// The record; its bodies are checked with the bundle, not one by one.
fn record(path: &Path, container: &Container) -> Result<Record, Vec<Diagnostic>> {
    let store = Bundled::new(path, container.entries()).map_err(|error| altered(error.to_string()))?;
    let record = Record::of(Box::new(store)).map_err(|error| altered(error.to_string()))?;
    Ok(record.trusted())
}

/// Reads a bundle whole and checks its form, its hashes and its signatures.
pub fn open(path: &Path, trust: &Trust) -> Result<Intact, Vec<Diagnostic>> {
    let not_whole = |error: ContainerError| match error {
        ContainerError::Form(what) => altered(format!("`{}` was changed: {what}", path.display())),
        error => altered(error.to_string()),
    };
    let mut container = Container::open(path).map_err(not_whole)?;
    container.check().map_err(not_whole)?;
    let unreadable = |error: std::io::Error| altered(error.to_string());
    let (manifest, bytes) = manifest(&container)?;
    let timestamped = listed(&container, &manifest)?;
    let mut problems = vec![];
    let mut signatures = vec![];
    for signer in &manifest.signatures {
        let text = container.bytes(&signer.entry).map_err(unreadable)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        match signed(&bytes, &text, &signer.scheme, trust, &manifest) {
            Ok(signed) if signed.fingerprint == signer.fingerprint => signatures.push(signed),
            Ok(signed) => {
                let message =
                    format!("the manifest names another key than the one that signed: {}", signed.fingerprint);
                problems.push(code::error(code::SIGNATURE, message));
            }
            Err(error) => problems.push(code::error(code::SIGNATURE, error.to_string())),
        }
    }
    if timestamped {
        let token = container.bytes(TIMESTAMP).map_err(unreadable)?.unwrap_or_default();
        if !is_over(&token, &bytes) {
            problems.push(code::error(code::SIGNATURE, "the timestamp token is not over the manifest"));
        }
    }
    let asked = !trust.keys.is_empty() || trust.authorities.is_some();
    if asked && problems.is_empty() && !signatures.iter().any(|signed| signed.expected) {
        let mut problem = code::error(code::SIGNATURE, "it is not signed by the key that is expected");
        for signed in &signatures {
            problem = problem.note(NoteKind::Found, format!("{} {}", signed.scheme, signed.fingerprint));
        }
        problems.push(problem);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // The manifest holds the hash of every body under its name: a body under another name than its hash shows.
    let misnamed = manifest
        .entries
        .iter()
        .find(|entry| entry.name.strip_prefix("bodies/").is_some_and(|name| name != entry.sha256));
    if let Some(entry) = misnamed {
        return Err(altered(format!("`{}` does not have the hash that it is called by", entry.name)));
    }
    let record = record(path, &container)?;
    Ok(Intact { manifest, record, signatures, timestamped, container })
}

/// The entries are those of the manifest, in that order, and after it come the signatures and at most one
/// timestamp. Says whether there is one.
fn listed(container: &Container, manifest: &Manifest) -> Result<bool, Vec<Diagnostic>> {
    let entries = container.entries();
    let at = entries.iter().position(|entry| entry.name == MANIFEST).unwrap_or(entries.len());
    let (before, after) = entries.split_at(at);
    let found =
        before.iter().map(|entry| Listed { name: entry.name.clone(), size: entry.size, sha256: entry.sha256.clone() });
    let found: Vec<Listed> = found.collect();
    if let Some((found, expected)) = found.iter().zip(&manifest.entries).find(|(found, expected)| found != expected) {
        let message = match found.name == expected.name {
            true => format!("`{}` is not what the manifest says", found.name),
            false => format!("`{}` stands where the manifest has `{}`", found.name, expected.name),
        };
        return Err(altered(message));
    }
    if let Some(missing) = manifest.entries.get(found.len()) {
        return Err(altered(format!("`{}` is missing", missing.name)));
    }
    if let Some(extra) = found.get(manifest.entries.len()) {
        return Err(altered(format!("`{}` is not in the manifest", extra.name)));
    }
    let after: Vec<&str> = after.iter().skip(1).map(|entry| entry.name.as_str()).collect();
    let signatures: Vec<&str> = manifest.signatures.iter().map(|signer| signer.entry.as_str()).collect();
    match after.strip_prefix(&*signatures) {
        Some([]) => Ok(false),
        Some([timestamp]) if *timestamp == TIMESTAMP => Ok(true),
        _ => Err(altered("what follows the manifest is not what it names")),
    }
}

fn signed(
    manifest: &[u8],
    text: &str,
    scheme: &str,
    trust: &Trust,
    said: &Manifest,
) -> Result<Signed, signature::SignatureError> {
    let scheme_name = scheme.to_owned();
    match scheme {
        "sshsig" => {
            let key = signature::verify_sshsig(manifest, text)?;
            Ok(Signed { scheme: scheme_name, fingerprint: key.fingerprint(), expected: trust.keys.contains(&key) })
        }
        "jws" => {
            // It was signed between the end of the run and today; nothing says when.
            let finished = said.run.finished.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            let by = |at: jiff::Timestamp| {
                let authorities = trust.authorities.as_deref();
                signature::verify_jws(manifest, text, authorities.map(|a| (a, at.as_second().unsigned_abs())))
            };
            let by = by(finished).or_else(|_| by(jiff::Timestamp::now()))?;
            Ok(Signed { scheme: scheme_name, fingerprint: by.fingerprint, expected: by.trusted })
        }
        _ => Err(signature::SignatureError::Form("its scheme is unknown")),
    }
}

impl Intact {
    /// The same bundle with a timestamp token over its manifest.
    pub fn stamped(&self, token: &[u8], to: &Path) -> Result<(), Vec<Diagnostic>> {
        stamp(&self.container, token, to).map_err(|unpacked| unpacked.0)
    }

    /// Derives everything again from the record and compares: the log, the reports, and what the manifest says
    /// about the run.
    pub fn replays(&self, derive: Derive<'_>, render: Render<'_>) -> Result<(), Vec<Diagnostic>> {
        let derived = withheld(derive(&self.record)?, &self.manifest.masking.changed);
        if let Some(difference) = difference(self.record.events(), &derived) {
            return Err(vec![*difference]);
        }
        let differs = |what: &str| vec![code::error(code::DIFFERS, format!("{what} is not what the record comes to"))];
        let rendered = render(&self.record).map_err(|error| vec![code::error(code::DIFFERS, error)])?;
        for (name, bytes) in &rendered {
            let entry = format!("reports/{name}");
            if self.container.bytes(&entry).ok().flatten().as_ref() != Some(bytes) {
                return Err(differs(&format!("`{entry}`")));
            }
        }
        let reports = self.container.entries().iter().filter(|entry| entry.name.starts_with("reports/")).count();
        if reports != rendered.len() {
            return Err(differs("the set of reports"));
        }
        let declared = Declared::recorded(&self.record).map_err(|error| vec![code::error(code::RECORD, error)])?;
        let report = declared.unwrap_or_default().report(self.record.events(), &[]);
        let inputs = self.record.inputs().ok().flatten();
        let said = &self.manifest;
        let run = facts::run(&report, inputs.as_ref());
        let run = Run { id: said.run.id.clone(), operator: said.run.operator.clone(), ..run };
        let events = self.record.events();
        let facts = [
            ("`run` in the manifest", run == said.run),
            ("`target` in the manifest", facts::target(&self.record) == said.target),
            ("`scripts` in the manifest", facts::scripts(events) == said.scripts),
            ("`packages` in the manifest", facts::packages(events) == said.packages),
        ];
        match facts.iter().find(|(_, holds)| !holds) {
            Some((what, _)) => Err(differs(what)),
            None => Ok(()),
        }
    }

    /// The record with its originals, decrypted into a folder that only its owner can read.
    pub fn originals(&self, identities: &str, folder: &Path) -> Result<Record, Vec<Diagnostic>> {
        let refused = |message: String| vec![code::error(code::SEALED, message)];
        let Some(sealed) = &self.manifest.sealed else { return Err(refused("there are no originals in it".into())) };
        let bytes = self.container.bytes(&sealed.entry).map_err(|error| refused(error.to_string()))?;
        let path = folder.join("originals.zip");
        let opened = std::fs::File::create_new(&path).map_err(|error| refused(error.to_string()))?;
        let mut opened = std::io::BufWriter::new(opened);
        seal::open(identities, &*bytes.unwrap_or_default(), &mut opened).map_err(refused)?;
        std::io::Write::flush(&mut opened).map_err(|error| refused(error.to_string()))?;
        let mut inner = Container::open(&path).map_err(|error| refused(error.to_string()))?;
        inner.check().map_err(|error| refused(error.to_string()))?;
        let store = Bundled::new(&path, inner.entries()).map_err(|error| refused(error.to_string()))?;
        Record::of(Box::new(store)).map_err(|error| refused(error.to_string()))
    }
}

/// The first event in which two logs differ, said.
pub fn difference(recorded: &[Event], derived: &[Event]) -> Option<Box<Diagnostic>> {
    let at = recorded.iter().zip(derived).position(|(a, b)| a != b);
    let at = at.or_else(|| (recorded.len() != derived.len()).then(|| recorded.len().min(derived.len())))?;
    let shown = |events: &[Event]| match events.get(at) {
        Some(event) => serde_json::to_string(event).unwrap_or_default(),
        None => "nothing".to_owned(),
    };
    let message = format!("the replay differs from the record at event {}", at + 1);
    let diagnostic = code::error(code::DIFFERS, message)
        .note(NoteKind::Expected, shown(recorded))
        .note(NoteKind::Found, shown(derived));
    Some(Box::new(diagnostic))
}
