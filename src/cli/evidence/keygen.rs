//! `keur evidence keygen FILE`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::evidence::code;
use crate::evidence::seal;
use crate::evidence::signature::SigningKey;

use super::super::console::Console;
use super::super::exit::Exit;

/// Flags of `keygen`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The key; its public half goes to FILE.pub
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who it is of
    #[arg(long, value_name = "TEXT", default_value = "keur evidence")]
    comment: String,
    /// An identity that sealed originals are encrypted to, instead of a key to sign with
    #[arg(long)]
    seal: bool,
}

/// Makes a key. An existing file is never written over.
pub fn keygen(arguments: &Arguments, console: &Console) -> Exit {
    let made = match arguments.seal {
        true => {
            let (identity, recipient) = seal::generate();
            Ok((format!("# recipient: {recipient}\n{identity}\n"), format!("{recipient}\n")))
        }
        false => SigningKey::generate().map(|key| (key.pem(&arguments.comment), key.public().line(&arguments.comment))),
    };
    let mut public = arguments.file.clone().into_os_string();
    public.push(".pub");
    let written = made.map_err(|error| error.to_string()).and_then(|(private_text, public_text)| {
        new_file(&arguments.file, &private_text, true)?;
        new_file(Path::new(&public), &public_text, false)?;
        Ok(public_text)
    });
    match written {
        Ok(public_text) => console.ended(public_text, Exit::Passed),
        Err(message) => {
            console.tell(code::error(code::KEY, message));
            Exit::Usage
        }
    }
}

fn new_file(path: &Path, text: &str, private: bool) -> Result<(), String> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if private { 0o600 } else { 0o644 });
    let _ = private;
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
}
