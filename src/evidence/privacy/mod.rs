//! Persons and secrets, masked: what leaves the run folder shows neither.
//!
//! Two passes. A [`Survey`] looks at everything a run received and sent and learns which names, numbers and
//! tokens there are; the [`Mask`] made of it replaces them wherever they stand, each by its pseudonym under
//! the key of whoever masks ([`MaskKey`]). Lengths stay, so that a place in a body is the same place after.

mod guard;
mod mask;
mod number;
mod pseudonym;
mod survey;
mod walk;

pub use guard::{Guarded, real_persons};
pub use mask::Mask;
pub use number::{Number, Standing, numbers};
pub use pseudonym::{MaskKey, TEST_RANGE};
pub use survey::Survey;
