//! The bundle: a run with all that is needed to judge it again, in one file that shows every change.

mod container;
mod facts;
mod manifest;
mod pack;
mod shelf;
mod verify;

pub(crate) use container::hex;
pub use container::{Bundled, Container, ContainerError, Entry, Writer};
pub use manifest::*;
pub use pack::{Derive, Extras, Packing, Render, Signing, Unpacked, stamp, withheld};
pub use verify::{Intact, Signed, Trust, difference, is_bundle, open, verify};
