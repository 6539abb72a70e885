//! `package.facts`: which package a folder of facts was taken from.
//!
//! ```text
//! package nictiz.fhir.nl.stu3.zib2017
//! version 2.2.18
//! fhir 3.0.2
//! facts 3f5a…
//! depends hl7.fhir.r3.core 3.0.2
//! ```

use super::FactsError;
use super::syntax::{self, Line};

/// The name of the file in a package's folder of facts.
pub const FILE: &str = "package.facts";

/// What a folder of facts says of the package.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PackageFacts {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The FHIR release it is for, as the package says it.
    pub fhir: String,
    /// SHA-256 over the names and contents of the other files.
    pub sha256: String,
    /// The packages it needs, each with its version or range.
    pub dependencies: Vec<(String, String)>,
}

/// Writes it.
pub fn write(package: &PackageFacts) -> String {
    let mut out = String::new();
    let mut line = |words: &[&str]| {
        for (i, word) in words.iter().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            syntax::name(&mut out, word);
        }
        out.push('\n');
    };
    line(&["package", &package.name]);
    line(&["version", &package.version]);
    line(&["fhir", &package.fhir]);
    line(&["facts", &package.sha256]);
    for (name, version) in &package.dependencies {
        line(&["depends", name, version]);
    }
    out
}

/// Reads it.
pub fn read(file: &str, text: &str) -> Result<PackageFacts, FactsError> {
    let mut package = PackageFacts::default();
    for (i, line) in text.lines().enumerate() {
        let fail = |message: String| FactsError { file: file.to_owned(), line: i + 1, message };
        let words = Line::new(line).names().map_err(fail)?;
        match &*words {
            [keyword, value] if keyword == "package" => package.name = value.to_string(),
            [keyword, value] if keyword == "version" => package.version = value.to_string(),
            [keyword, value] if keyword == "fhir" => package.fhir = value.to_string(),
            [keyword, value] if keyword == "facts" => package.sha256 = value.to_string(),
            [keyword, name, version] if keyword == "depends" => {
                package.dependencies.push((name.to_string(), version.to_string()));
            }
            _ => return Err(fail(format!("`{line}` is not understood"))),
        }
    }
    Ok(package)
}
