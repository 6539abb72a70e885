//! As JSON (`schema/validation-1.json`).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::SliceMiss;

use super::against::Row;
use super::{Report, Verdict, severity};

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    files: Vec<File<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Vec<Compared<'r>>>,
    receipt: Receipt<'r>,
}

/// An element with an error, by who found one.
#[derive(Serialize)]
struct Compared<'r> {
    path: &'r str,
    found_by: &'static str,
    keur: &'r [String],
    other: &'r [String],
}

#[derive(Serialize)]
struct File<'r> {
    path: &'r str,
    verdict: &'static str,
    issues: Vec<Issue<'r>>,
}

#[derive(Serialize)]
struct Issue<'r> {
    severity: &'static str,
    code: String,
    path: &'r str,
    line: u32,
    column: u32,
    message: &'r str,
    profile: &'r str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    slices: &'r [SliceMiss],
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<Element<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invariant: Option<Invariant<'r>>,
}

/// Where the profile speaks of the element.
#[derive(Serialize)]
struct Element<'r> {
    path: &'r str,
    min: u32,
    max: String,
}

#[derive(Serialize)]
struct Invariant<'r> {
    key: &'r str,
    expression: &'r str,
}

#[derive(Serialize)]
struct Receipt<'r> {
    files: Files,
    codes: Codes,
    definitions: Vec<Definition<'r>>,
}

#[derive(Serialize)]
struct Files {
    total: usize,
    valid: usize,
    invalid: usize,
    incomplete: usize,
}

#[derive(Serialize)]
struct Codes {
    checked: u64,
    not_checkable: u64,
    reasons: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Definition<'r> {
    package: &'r str,
    version: &'r str,
    sha256: &'r str,
    origin: &'static str,
}

/// One object, on one line.
pub fn write(report: &Report, against: Option<&[Row]>) -> String {
    let codes = report.codes();
    let document = Document {
        schema: "urn:keur:validation:1",
        files: report
            .files
            .iter()
            .map(|file| File {
                path: &file.path,
                verdict: file.verdict.code(),
                issues: file
                    .findings
                    .iter()
                    .map(|f| Issue {
                        severity: severity(f.severity),
                        code: f.code.to_string(),
                        path: &f.path,
                        line: f.position.line,
                        column: f.position.column,
                        message: &f.message,
                        profile: &f.profile,
                        slices: &f.slices,
                        definition: f.defined.as_ref().map(|d| Element {
                            path: &d.path,
                            min: d.min,
                            max: d.max.to_string(),
                        }),
                        invariant: f
                            .invariant
                            .as_ref()
                            .map(|broken| Invariant { key: &broken.key, expression: &broken.expression }),
                    })
                    .collect(),
            })
            .collect(),
        against: against.map(|rows| {
            let rows = rows.iter();
            rows.map(|row| Compared { path: &row.path, found_by: row.by.code(), keur: &row.keur, other: &row.other })
                .collect()
        }),
        receipt: Receipt {
            files: Files {
                total: report.files.len(),
                valid: report.count(Verdict::Valid),
                invalid: report.count(Verdict::Invalid),
                incomplete: report.count(Verdict::Incomplete),
            },
            codes: Codes {
                checked: codes.checked,
                not_checkable: codes.not_checkable.values().sum(),
                reasons: codes.not_checkable,
            },
            definitions: report
                .used
                .iter()
                .map(|used| Definition {
                    package: &used.package,
                    version: &used.version,
                    sha256: &used.sha256,
                    origin: used.origin.code(),
                })
                .collect(),
        },
    };
    // Texts and numbers: nothing in it that JSON cannot say.
    let mut text = serde_json::to_string(&document).unwrap_or_default();
    text.push('\n');
    text
}
