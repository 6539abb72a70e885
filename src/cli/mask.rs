//! The key of pseudonyms, and records as they may be shown.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::evidence::code;
use crate::evidence::privacy::{Mask, MaskKey, Survey};
use crate::record::{Event, Record};

use super::settings::Checked;

/// The shortest key that is one.
const SHORTEST: usize = 8;

/// The key that was given, else the one of this folder, which is made when it is first needed.
pub fn key(checked: &Checked) -> Result<MaskKey, Box<Diagnostic>> {
    let wrong = |message: String| Box::new(code::error(code::MASK_KEY, message));
    let Some(given) = &checked.mask_key else { return own(&checked.record).map_err(wrong) };
    let secret = match (given.strip_prefix("env:"), given.strip_prefix('@')) {
        (Some(name), _) => std::env::var(name).map_err(|_| wrong(format!("`{name}` is not in the environment")))?,
        (None, Some(path)) => {
            std::fs::read_to_string(path).map_err(|error| wrong(format!("`{path}` cannot be read: {error}")))?
        }
        (None, None) => given.clone(),
    };
    let secret = secret.trim();
    if secret.len() < SHORTEST {
        return Err(wrong(format!("a key for masking has at least {SHORTEST} characters")));
    }
    Ok(MaskKey::new(secret.as_bytes()))
}

/// A key beside the folder of records, its owner's alone.
fn own(records: &Path) -> Result<MaskKey, String> {
    let folder = records.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path = folder.join("mask.key");
    let shown = path.display();
    if let Ok(secret) = std::fs::read_to_string(&path)
        && secret.trim().len() >= SHORTEST
    {
        return Ok(MaskKey::new(secret.trim().as_bytes()));
    }
    let (one, two) = (uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let secret = format!("{one}{two}");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::fs::create_dir_all(folder)
        .and_then(|()| options.open(&path))
        .and_then(|mut file| file.write_all(secret.as_bytes()))
        .map_err(|error| format!("`{shown}` cannot be written: {error}"))?;
    Ok(MaskKey::new(secret.as_bytes()))
}

/// A record as reports may show it: persons and secrets under their pseudonyms.
pub fn veiled(record: Record, checked: &Checked) -> Result<Record, Box<Diagnostic>> {
    let key = key(checked)?;
    let survey = Survey::of(&record).map_err(|error| Box::new(code::error(code::RECORD, error.to_string())))?;
    let mask = Mask::new(key, survey);
    let mask = Arc::new(mask);
    let (of_events, bodies) = (mask.clone(), HashMap::new());
    let event = move |event: Event| of_events.event(&event, &bodies);
    Ok(record.veiled(event, Box::new(move |body| mask.body(&body))))
}
