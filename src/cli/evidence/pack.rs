//! `keur evidence pack RUN -o FILE`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, NoteKind};
use crate::evidence::bundle::{Extras, Manifest, Packing, Signing};
use crate::evidence::privacy::{Mask, Survey};
use crate::evidence::signature::{CertificateKey, SigningKey};
use crate::evidence::{code, seal};

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::mask;
use super::super::replay::{Opened, opened, refused};
use super::super::settings::{Checked, Key, Said};
use super::{rederived, rendered};

/// Flags of `pack`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Folder or id of a run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The bundle to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Who ran it
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Sign with this key: of `keur evidence keygen`, or PEM (PKCS#8) together with `--certificate`
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Certificate of the key and its chain, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// A file to put in, such as a screenshot (repeatable, each with its `--for`)
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// The requirement or check that the attachment before it is for
    #[arg(long = "for", value_name = "ID")]
    of: Vec<String>,
    /// The table of requirements that the run was judged against, to put in
    #[arg(long, value_name = "FILE")]
    requirements: Option<PathBuf>,
    /// Add the originals, encrypted to this recipient (`age1…`; repeatable)
    #[arg(long, value_name = "RECIPIENT")]
    seal_for: Vec<String>,
    /// A timestamp token (RFC 3161) over the manifest of this bundle
    #[arg(long, value_name = "FILE")]
    timestamp_token: Option<PathBuf>,
    /// FHIR package of the run, where it is not where it was (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Key of the pseudonyms of persons: env:VARIABLE, @FILE or the key [default: one of this folder]
    #[arg(long, value_name = "KEY")]
    mask_key: Option<String>,
    /// Folder of run records [default: .keur/runs]
    #[arg(long, value_name = "FOLDER")]
    record: Option<String>,
}

impl Arguments {
    /// Flags that are settings too.
    pub fn settings(&self) -> Said {
        Said::default().one(Key::Record, &self.record).one(Key::Mask, &self.mask_key)
    }
}

/// Packs a run.
pub fn pack(arguments: &Arguments, checked: &Checked, console: &Console) -> Exit {
    match packed(arguments, checked, console) {
        Ok(manifest) => {
            let told = told(&arguments.output, &manifest);
            for changed in &manifest.masking.changed {
                let message = format!("masking changes a verdict: {}", changed.title);
                console
                    .tell(code::warning(code::MASKED, message).note(NoteKind::Note, format!("in `{}`", changed.path)));
            }
            console.ended(told, Exit::Passed)
        }
        Err(problems) => refused(problems, console),
    }
}

fn packed(arguments: &Arguments, checked: &Checked, console: &Console) -> Result<Manifest, Vec<Diagnostic>> {
    let extras = extras(arguments)?;
    let opened = opened(&arguments.run, None, checked)?;
    if opened.masked {
        return Err(vec![code::error(code::RECORD, "this is a bundle already; a run is packed from its folder")]);
    }
    let key = mask::key(checked).map_err(|problem| vec![*problem])?;
    let survey = Survey::of(&opened.record).map_err(|error| vec![code::error(code::RECORD, error.to_string())])?;
    let mask = Mask::new(key, survey);
    let derive = |record: &crate::record::Record| rederived(record, &arguments.package);
    let render = |record: &crate::record::Record| rendered(record, console);
    let Opened { record, id, .. } = &opened;
    let packing = Packing { record, id, mask: &mask, extras: &extras, derive: &derive, render: &render };
    packing.write(&arguments.output).map_err(|unpacked| unpacked.0)
}

fn extras(arguments: &Arguments) -> Result<Extras, Vec<Diagnostic>> {
    let mut problems = vec![];
    let read = |path: &Path, problems: &mut Vec<Diagnostic>| match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.push(code::error(code::KEY, format!("`{}` cannot be read: {error}", path.display())));
            vec![]
        }
    };
    if arguments.attach.len() != arguments.of.len() {
        let message = "each `--attach FILE` has its `--for ID`, and the other way round";
        problems.push(
            code::error(code::WRITE, message).note(
                NoteKind::Remedy,
                "write `--attach FILE --for ID` for each attachment, ID as in the requirements",
            ),
        );
    }
    let mut extras = Extras { operator: arguments.operator.clone(), ..Extras::default() };
    for (path, of) in arguments.attach.iter().zip(&arguments.of) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        extras.attachments.push((name, of.clone(), read(path, &mut problems)));
    }
    extras.requirements = arguments.requirements.as_ref().map(|path| read(path, &mut problems));
    extras.timestamp = arguments.timestamp_token.as_ref().map(|path| read(path, &mut problems));
    for text in &arguments.seal_for {
        match seal::recipient(text) {
            Ok(recipient) => extras.recipients.push(recipient),
            Err(error) => {
                problems.push(code::error(code::KEY, format!("`{text}` is no recipient: {error}")));
            }
        }
    }
    if let Some(path) = &arguments.key {
        let key = read(path, &mut problems);
        let signing = match &arguments.certificate {
            Some(certificate) => {
                CertificateKey::parse(&key, &read(certificate, &mut problems)).map(Signing::Certificate)
            }
            None => SigningKey::parse(&String::from_utf8_lossy(&key)).map(Signing::Ssh),
        };
        match signing {
            Ok(signing) => extras.signers.push(signing),
            Err(error) if problems.is_empty() => {
                problems.push(code::error(code::KEY, format!("`{}`: {error}", path.display())));
            }
            Err(_) => {}
        }
    }
    if problems.is_empty() { Ok(extras) } else { Err(problems) }
}

fn told(path: &Path, manifest: &Manifest) -> String {
    let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let mut out = format!(
        "packed {}: {} entries, {size} bytes, {} exchanges, {}\n",
        path.display(),
        manifest.entries.len(),
        manifest.run.exchanges,
        manifest.run.verdict
    );
    for signer in &manifest.signatures {
        out.push_str(&format!("signed with {} ({})\n", signer.fingerprint, signer.scheme));
    }
    if manifest.signatures.is_empty() {
        out.push_str("not signed: give `--key FILE` (`keur evidence keygen FILE` makes one)\n");
    }
    out
}
