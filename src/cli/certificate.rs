//! Client certificates from files: PEM, or a PKCS#12 archive with a password that comes from the
//! environment or a file. One reader for `[login]` and for the flags of `check` and `doctor`.

use std::path::Path;

use crate::exchange::AccessToken;
use crate::exchange::pkcs12::{self, KeyPair};

/// Where the password of archives is when nothing says so.
const VARIABLE: &str = "KEUR_CERTIFICATE_PASSWORD";

/// What a file with a client certificate holds.
pub enum Held {
    /// Everything: an archive, taken apart.
    Pair(KeyPair),
    /// PEM, which may be the certificate, the key or both.
    Text(String),
}

/// Reads a certificate file; `password` opens it where it is an archive.
///
/// # Errors
/// Why it cannot be used, as the end of a sentence about the file.
pub fn read(path: &Path, password: Option<&AccessToken>) -> Result<Held, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    if !pkcs12::is_archive(&bytes) {
        let text = String::from_utf8(bytes);
        return text.map(Held::Text).map_err(|_| "is neither PEM nor a PKCS#12 archive".to_owned());
    }
    let environment = std::env::var(VARIABLE).ok().map(AccessToken::new);
    // Archives without a password exist; theirs is empty.
    let given = password.or(environment.as_ref());
    let opened = pkcs12::read(&bytes, given.map_or("", AccessToken::expose));
    opened.map(Held::Pair).map_err(|error| match (error, given) {
        (pkcs12::ArchiveError::Password, None) => "is a PKCS#12 archive with a password".to_owned(),
        (error, _) => format!("cannot be used: {error}"),
    })
}

/// A secret of a setting: `env:VARIABLE` or `@FILE`, files below `folder`; never written out.
///
/// # Errors
/// Why there is none.
pub fn secret(given: &str, folder: &Path) -> Result<AccessToken, String> {
    if let Some(variable) = given.strip_prefix("env:") {
        let value = std::env::var(variable).map_err(|_| format!("the environment variable `{variable}` is not set"))?;
        return Ok(AccessToken::new(value));
    }
    let file = given.strip_prefix('@').ok_or("a secret is not written out here")?;
    let path = folder.join(file);
    let value =
        std::fs::read_to_string(&path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    Ok(AccessToken::new(value))
}
