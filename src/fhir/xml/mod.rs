//! FHIR XML: <http://hl7.org/fhir/STU3/xml.html>.

mod reader;
mod writer;

pub use reader::{FHIR, XHTML, read};
pub use writer::{escape_attribute, escape_text, write};

/// `url` is an attribute of Extension alone; extensions have one of three names.
fn is_extension(name: &str) -> bool {
    matches!(name, "extension" | "modifierExtension" | "Extension")
}
