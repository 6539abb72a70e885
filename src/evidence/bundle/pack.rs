//! Packing: a record becomes a bundle with persons masked, judged again as it is in there.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::evidence::code;
use crate::evidence::declared::Declared;
use crate::evidence::privacy::Mask;
use crate::evidence::seal;
use crate::evidence::signature::{CertificateKey, SignatureError, SigningKey, Stamp, verify_timestamp};
use crate::record::{
    ActionFinished, BodyHash, Event, Files, ReadRecordError, Record, RecordedMessage, RunDirectory, RunInputs, Verdict,
};

use super::container::{Bundled, Container, Writer};
use super::facts;
use super::manifest::{Attachment, Changed, Listed, Manifest, Masking, Original, Program, Run, SCHEMA, Sealed, Signer};
use super::shelf::{End, Shared, Shelf};

/// The entry that holds the manifest.
pub const MANIFEST: &str = "manifest.json";
/// The entry of a timestamp token (RFC 3161) over the manifest.
pub const TIMESTAMP: &str = "manifest.json.tsr";
/// The entry of the sealed originals.
pub const ORIGINALS: &str = "originals.zip.age";

/// The entry of the table of requirements.
pub const REQUIREMENTS: &str = "requirements";

/// Derives the events of a record again.
pub type Derive<'d> = &'d dyn Fn(&Record) -> Result<Vec<Event>, Vec<Diagnostic>>;
/// The reports of a record: name and bytes.
pub type Render<'d> = &'d dyn Fn(&Record) -> Result<Vec<(String, Vec<u8>)>, String>;

/// Whoever signs.
pub enum Signing {
    /// With a key of OpenSSH.
    Ssh(SigningKey),
    /// With a certificate.
    Certificate(CertificateKey),
}

impl Signing {
    fn signer(&self) -> Signer {
        let (extension, scheme, fingerprint) = match self {
            Signing::Ssh(key) => ("sig", "sshsig", key.public().fingerprint()),
            Signing::Certificate(key) => ("p7s", "cms", key.fingerprint()),
        };
        Signer { entry: format!("{MANIFEST}.{extension}"), scheme: scheme.to_owned(), fingerprint }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        match self {
            Signing::Ssh(key) => Ok(key.sign(message).into_bytes()),
            Signing::Certificate(key) => key.sign(message),
        }
    }
}

/// What goes into a bundle beside the record.
#[derive(Default)]
pub struct Extras {
    /// Who ran it.
    pub operator: Option<String>,
    /// File name, what it is for, bytes.
    pub attachments: Vec<(String, String, Vec<u8>)>,
    /// The table of requirements, as a report of the run has it.
    pub requirements: Option<Vec<u8>>,
    /// Who may open the originals.
    pub recipients: Vec<age::x25519::Recipient>,
    /// Who signs.
    pub signers: Vec<Signing>,
    /// A timestamp token over the manifest.
    pub timestamp: Option<Vec<u8>>,
}

/// Why a record is not packed.
pub struct Unpacked(pub Vec<Diagnostic>);

impl From<io::Error> for Unpacked {
    fn from(error: io::Error) -> Self {
        Unpacked(vec![code::error(code::WRITE, format!("the bundle cannot be written: {error}"))])
    }
}

impl From<ReadRecordError> for Unpacked {
    fn from(error: ReadRecordError) -> Self {
        Unpacked(vec![code::error(code::RECORD, error.to_string())])
    }
}

impl From<Vec<Diagnostic>> for Unpacked {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Unpacked(problems)
    }
}

/// A record that is to be packed.
pub struct Packing<'p> {
    /// The record.
    pub record: &'p Record,
    /// Its id.
    pub id: &'p str,
    /// What is masked in it.
    pub mask: &'p Mask,
    /// What goes in besides.
    pub extras: &'p Extras,
    /// Judges it again.
    pub derive: Derive<'p>,
    /// Makes its reports.
    pub render: Render<'p>,
}

impl Packing<'_> {
    /// Packs it into a file; what the bundle says about itself comes out.
    ///
    /// # Errors
    /// Why there is no bundle; nothing is left of it then.
    pub fn write(&self, to: &Path) -> Result<Manifest, Unpacked> {
        let partial = partial(to);
        let done = self.write_partial(&partial).and_then(|manifest| {
            fs::rename(&partial, to)?;
            Ok(manifest)
        });
        if done.is_err() {
            let _ = fs::remove_file(&partial);
        }
        done
    }

    fn write_partial(&self, path: &Path) -> Result<Manifest, Unpacked> {
        let mut out = Writer::new(BufWriter::with_capacity(1 << 18, File::create_new(path)?));
        let incomplete = || vec![code::error(code::RECORD, "the record does not say what the run was given")];
        let inputs = self.record.inputs()?.ok_or_else(incomplete)?;
        let files = self.record.files()?.ok_or_else(incomplete)?;
        // Where it ran is nobody's business.
        let masked_inputs = RunInputs { folder: String::new(), ..self.mask.inputs(&inputs) };
        out.entry(RunDirectory::INPUTS, &inputs_bytes(&masked_inputs)?)?;
        let mut texts = vec![];
        files.write(&mut texts)?;
        out.entry(Files::NAME, &texts)?;
        out.flush()?;
        let given = Bundled::new(path, out.entries())?;
        let none = HashMap::new();
        let events: Vec<Event> = self.record.events().iter().map(|event| self.mask.event(event, &none)).collect();
        // Bodies are masked while those before them are judged: the record asks for a body by the hash of its
        // original and waits until it is there.
        let shelf = Arc::new(Shelf::new(path)?);
        let masked = Record::over(Box::new(Shared::new(shelf.clone(), given)), events).trusted();
        let (derived, written) = std::thread::scope(|scope| {
            let masking = scope.spawn(|| {
                let _end = End::of(&shelf);
                bodies(self.record, self.mask, &mut out, &shelf)
            });
            let derived = (self.derive)(&masked);
            (derived, masking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let (originals, derived) = (written?, derived?);
        let changed = changed(self.record.events(), &derived);
        let store = Bundled::new(path, out.entries())?;
        let masked = Record::over(Box::new(store), withheld(derived, &changed)).trusted();
        out.entry(RunDirectory::EVENTS, &lines(masked.events())?)?;
        let rendered = (self.render)(&masked).map_err(|error| vec![code::error(code::WRITE, error)])?;
        for (name, bytes) in rendered {
            out.entry(&format!("reports/{name}"), &bytes)?;
        }
        if let Some(table) = &self.extras.requirements {
            out.entry(REQUIREMENTS, table)?;
        }
        let attachments = self.attach(&mut out)?;
        let sealed = self.seal(&mut out, &inputs, &texts)?;
        let declared = Declared::recorded(&masked).map_err(|error| vec![code::error(code::RECORD, error)])?;
        let report = declared.unwrap_or_default().report(masked.events(), &[]);
        let run = facts::run(&report, Some(&inputs));
        let manifest = Manifest {
            schema: SCHEMA.to_owned(),
            keur: Program {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                commit: option_env!("KEUR_COMMIT").unwrap_or("unknown").to_owned(),
            },
            run: Run { id: self.id.to_owned(), operator: self.extras.operator.clone(), ..run },
            target: facts::target(&masked),
            scripts: facts::scripts(masked.events()),
            packages: facts::packages(masked.events()),
            configuration: masked_inputs.settings.clone(),
            masking: Masking { originals, key: self.mask.key().hash(b"keur mask key"), changed },
            sealed,
            attachments,
            requirements: self.extras.requirements.as_ref().map(|_| REQUIREMENTS.to_owned()),
            signatures: self.extras.signers.iter().map(Signing::signer).collect(),
            entries: out
                .entries()
                .iter()
                .map(|entry| Listed { name: entry.name.clone(), size: entry.size, sha256: entry.sha256.clone() })
                .collect(),
        };
        let bytes = manifest.to_bytes();
        out.entry(MANIFEST, &bytes)?;
        for (signing, signer) in self.extras.signers.iter().zip(&manifest.signatures) {
            let signature = signing.sign(&bytes).map_err(|error| vec![code::error(code::KEY, error.to_string())])?;
            out.entry(&signer.entry, &signature)?;
        }
        if let Some(token) = &self.extras.timestamp {
            stamped(token, &bytes, None)?;
            out.entry(TIMESTAMP, token)?;
        }
        out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(manifest)
    }

    fn attach(&self, out: &mut Writer<BufWriter<File>>) -> Result<Vec<Attachment>, Unpacked> {
        let mut attachments = vec![];
        for (number, (name, of, bytes)) in self.extras.attachments.iter().enumerate() {
            let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
            let name: String = name.chars().map(plain).take(100).collect();
            let entry = format!("attachments/{:02}-{name}", number + 1);
            out.entry(&entry, bytes)?;
            attachments.push(Attachment { entry, of: of.clone() });
        }
        Ok(attachments)
    }

    /// The record as it is, encrypted: a bundle in the bundle.
    fn seal(
        &self,
        out: &mut Writer<BufWriter<File>>,
        inputs: &RunInputs,
        texts: &[u8],
    ) -> Result<Option<Sealed>, Unpacked> {
        let recipients = &self.extras.recipients;
        if recipients.is_empty() {
            return Ok(None);
        }
        out.streamed(ORIGINALS, |to| {
            seal::seal(recipients, to, |sealed| {
                let mut inner = Writer::new(sealed);
                inner.entry(RunDirectory::INPUTS, &inputs_bytes(inputs)?)?;
                inner.entry(Files::NAME, texts)?;
                for (hash, _) in bodies_of(self.record.events()) {
                    let body = self.record.body(hash).map_err(io::Error::other)?.unwrap_or_default();
                    inner.hashed(&format!("{}/{hash}", RunDirectory::BODIES), &body, hash)?;
                }
                inner.entry(RunDirectory::EVENTS, &lines(self.record.events())?)?;
                inner.finish().map(drop)
            })
        })?;
        let recipients = recipients.iter().map(ToString::to_string).collect();
        Ok(Some(Sealed { entry: ORIGINALS.to_owned(), recipients }))
    }
}

/// Writes every body masked, in the order of the run, and shelves it; the keyed hashes of the originals come
/// out.
fn bodies(
    record: &Record,
    mask: &Mask,
    out: &mut Writer<BufWriter<File>>,
    shelf: &Shelf,
) -> Result<Vec<Original>, Unpacked> {
    let mut originals = vec![];
    let mut written: HashMap<String, Range<u64>> = HashMap::new();
    for (hash, _) in bodies_of(record.events()) {
        let body = record.body(hash)?.unwrap_or_default();
        let masked = mask.body(&body);
        let sha256 = if masked == body { hash.to_owned() } else { BodyHash::of(&masked).to_string() };
        let place = match written.get(&sha256) {
            Some(place) => place.clone(),
            None => {
                let entry = out.hashed(&format!("{}/{sha256}", RunDirectory::BODIES), &masked, &sha256)?;
                let place = entry.data();
                out.flush()?;
                originals.push(Original { body: sha256.clone(), hmac: mask.key().hash(&body) });
                written.insert(sha256, place.clone());
                place
            }
        };
        drop(body);
        shelf.put(hash, place, masked);
    }
    // The disk takes its time; what is written so far gets there while the last bodies are judged.
    out.settle()?;
    Ok(originals)
}

fn inputs_bytes(inputs: &RunInputs) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(inputs)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The log as it is written.
fn lines(events: &[Event]) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    for event in events {
        serde_json::to_writer(&mut bytes, event)?;
        bytes.write_all(b"\n")?;
    }
    Ok(bytes)
}

/// The bodies of a log with their sizes, each once, in the order of the run.
fn bodies_of(events: &[Event]) -> impl Iterator<Item = (&str, u64)> {
    let mut seen = HashSet::new();
    let messages = events.iter().filter_map(|event| match event {
        Event::Exchanged(exchange) => Some([Some(&exchange.request), exchange.response.as_ref()]),
        _ => None,
    });
    let body = |message: &'_ RecordedMessage| message.size;
    messages.flatten().flatten().filter_map(move |message| {
        let hash = message.body.as_deref()?;
        seen.insert(hash).then(|| (hash, body(message)))
    })
}

/// Actions whose verdict is another: those of the run beside those of a replay.
fn changed(recorded: &[Event], derived: &[Event]) -> Vec<Changed> {
    let place = |action: &ActionFinished| (action.script, action.test, action.action);
    let before: HashMap<_, Verdict> = actions(recorded).map(|action| (place(action), action.verdict)).collect();
    let paths: HashMap<u32, &str> = derived
        .iter()
        .filter_map(|event| match event {
            Event::ScriptStarted(script) => Some((script.script, &*script.path)),
            _ => None,
        })
        .collect();
    let other = |action: &&ActionFinished| before.get(&place(action)).is_some_and(|verdict| *verdict != action.verdict);
    let told = |action: &ActionFinished| Changed {
        script: action.script,
        test: action.test,
        action: action.action,
        path: paths.get(&action.script).copied().unwrap_or_default().to_owned(),
        title: action.title.clone(),
    };
    actions(derived).filter(other).map(told).collect()
}

fn actions(events: &[Event]) -> impl Iterator<Item = &ActionFinished> {
    events.iter().filter_map(|event| match event {
        Event::ActionFinished(action) => Some(&**action),
        _ => None,
    })
}

/// The events of a replay of masked bodies, with what masking changed not evaluated.
pub fn withheld(mut events: Vec<Event>, changed: &[Changed]) -> Vec<Event> {
    let places: HashSet<(u32, u32, u32)> = changed.iter().map(|c| (c.script, c.test, c.action)).collect();
    for event in &mut events {
        let Event::ActionFinished(action) = event else { continue };
        if places.contains(&(action.script, action.test, action.action)) {
            **action = ActionFinished {
                verdict: Verdict::NotEvaluated,
                code: code::MASKED.to_string(),
                message: "it looks at what is masked here; the originals decide".to_owned(),
                expected: None,
                found: None,
                target: None,
                miss: None,
                issues: vec![],
                codes: Default::default(),
                ..(**action).clone()
            };
        }
    }
    events
}

/// Adds a timestamp token to a bundle that has none; everything else in it stays as it is.
pub fn stamp(container: &Container, token: &[u8], to: &Path) -> Result<(), Unpacked> {
    let wrong = |message: &str| Unpacked(vec![code::error(code::SIGNATURE, message)]);
    let manifest = container.bytes(MANIFEST)?.unwrap_or_default();
    stamped(token, &manifest, None)?;
    if container.entries().iter().any(|entry| entry.name == TIMESTAMP) {
        return Err(wrong("the bundle has a timestamp already"));
    }
    let partial = partial(to);
    let write = || -> Result<(), Unpacked> {
        let mut out = Writer::new(BufWriter::new(File::create_new(&partial)?));
        for entry in container.entries() {
            out.hashed(&entry.name, &container.bytes(&entry.name)?.unwrap_or_default(), &entry.sha256)?;
        }
        out.entry(TIMESTAMP, token)?;
        out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(fs::rename(&partial, to)?)
    };
    write().inspect_err(|_| drop(fs::remove_file(&partial)))
}

/// A name beside a file that nobody else uses.
fn partial(to: &Path) -> PathBuf {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()))
}

/// What a timestamp token over a manifest says.
pub(super) fn stamped(token: &[u8], manifest: &[u8], trust: Option<&[u8]>) -> Result<Stamp, Vec<Diagnostic>> {
    let told = |error| match error {
        SignatureError::Wrong => "the timestamp token is not over the manifest of this bundle".to_owned(),
        error => format!("the timestamp token does not hold: {error}"),
    };
    verify_timestamp(manifest, token, trust).map_err(|error| vec![code::error(code::SIGNATURE, told(error))])
}
