//! FHIR JSON: <http://hl7.org/fhir/STU3/json.html>.

mod reader;
mod writer;

pub use reader::read;
pub(in crate::fhir) use writer::is_number;
pub use writer::{Layout, escape, write};
