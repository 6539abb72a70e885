//! The originals of a bundle, for the auditor's eyes only (age-encryption.org/v1, X25519).

use std::io::{self, Read, Write};

use age::x25519::{Identity, Recipient};

/// Reads a recipient, `age1…`.
pub fn recipient(text: &str) -> Result<Recipient, String> {
    text.trim().parse().map_err(|error: &str| error.to_owned())
}

/// Encrypts what is written to `make`'s writer for all recipients.
pub fn seal(
    recipients: &[Recipient],
    to: &mut dyn Write,
    make: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let all = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all).map_err(io::Error::other)?;
    let mut sealed = encryptor.wrap_output(to)?;
    make(&mut sealed)?;
    sealed.finish().map(drop)
}

/// Decrypts with the identities in the text of an identity file (`AGE-SECRET-KEY-1…` lines).
pub fn open(identities: &str, from: impl Read, to: &mut dyn Write) -> Result<(), String> {
    let lines = identities.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known: Vec<Identity> =
        lines.map(|line| line.parse().map_err(|error: &str| error.to_owned())).collect::<Result<_, String>>()?;
    let decryptor = age::Decryptor::new(from).map_err(|error| error.to_string())?;
    let all = known.iter().map(|identity| identity as &dyn age::Identity);
    let mut opened = decryptor.decrypt(all).map_err(|error| error.to_string())?;
    io::copy(&mut opened, to).map(drop).map_err(|error| error.to_string())
}

/// A new identity and its recipient, as `age-keygen` makes them.
pub fn generate() -> (String, String) {
    use age::secrecy::ExposeSecret as _;
    let identity = Identity::generate();
    (identity.to_string().expose_secret().to_owned(), identity.to_public().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_recipient_opens_it() {
        let (identity, public) = generate();
        let (other, _) = generate();
        let mut sealed = vec![];
        seal(&[recipient(&public).unwrap()], &mut sealed, |out| out.write_all(b"original")).unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"original"));
        let mut opened = vec![];
        open(&format!("# a comment\n{identity}\n"), &*sealed, &mut opened).unwrap();
        assert_eq!(opened, b"original");
        assert!(open(&other, &*sealed, &mut vec![]).is_err());
        assert!(recipient("age1nothing").is_err());
    }
}
