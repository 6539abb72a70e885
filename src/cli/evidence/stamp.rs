//! `keur evidence stamp BUNDLE --timestamp-token FILE -o FILE`.

use std::path::PathBuf;

use crate::evidence::bundle::{self, Trust};
use crate::evidence::code;

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::replay::refused;

/// Flags of `stamp`.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// The token of a timestamp authority over `manifest.json` of the bundle
    #[arg(long, value_name = "FILE")]
    timestamp_token: PathBuf,
    /// The bundle to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Adds the token. Asking an authority for it is another program's work: keur sends a bundle to nobody.
pub fn stamp(arguments: &Arguments, console: &Console) -> Exit {
    let token = std::fs::read(&arguments.timestamp_token).map_err(|error| {
        let path = arguments.timestamp_token.display();
        vec![code::error(code::WRITE, format!("`{path}` cannot be read: {error}"))]
    });
    let stamped =
        token.and_then(|token| bundle::open(&arguments.bundle, &Trust::default())?.stamped(&token, &arguments.output));
    match stamped {
        Ok(()) => Exit::Passed,
        Err(problems) => refused(problems, console),
    }
}
