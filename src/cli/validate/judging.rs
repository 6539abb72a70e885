//! From files to what was found in them.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::definitions::Typed;
use crate::diagnostic::{Code, Diagnostic, Position, Severity, Span};
use crate::fhir::{self, Format as Syntax};
use crate::testscript::{Circumstances, Variables, placeholders, series};
use crate::validation::{CodeCount, Issue, Validator, code};

use super::super::judge::miss;
use super::super::problem;
use super::{Finding, Judged, Verdict};

/// Judges every file, several at a time where there are several.
pub fn judge_all(
    files: &[PathBuf],
    validator: &Validator,
    profiles: &[String],
) -> Result<Vec<Judged>, Vec<Diagnostic>> {
    let circumstances = Circumstances::live();
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let results: Vec<OnceLock<Result<Judged, Box<Diagnostic>>>> = files.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((file, result)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            files.get(at).zip(results.get(at))
        } {
            let _ = result.set(judge(file, validator, &profiles, &circumstances));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    match threads {
        0 | 1 => work(),
        _ => std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work)))),
    }
    let (mut judged, mut problems) = (vec![], vec![]);
    for result in results.into_iter().filter_map(OnceLock::into_inner) {
        match result {
            Ok(file) => judged.push(file),
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() { Ok(judged) } else { Err(problems) }
}

/// Judges one file. What is no FHIR document is invalid; what cannot be read at all is a problem.
fn judge(
    file: &Path,
    validator: &Validator,
    profiles: &[&str],
    circumstances: &Circumstances,
) -> Result<Judged, Box<Diagnostic>> {
    let path = file.display().to_string();
    let bytes = match path.as_str() {
        "-" => {
            let mut bytes = vec![];
            std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
        _ => std::fs::read(file),
    };
    let bytes =
        bytes.map_err(|error| Box::new(problem::error(problem::PATH, format!("`{path}` cannot be read: {error}"))))?;
    let (text, wrong): (Arc<str>, _) = match String::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(error.as_bytes()).into(), Some(at))
        }
    };
    let unreadable = |message: String, span: Span, position: Position| Finding {
        position,
        ..whole_text(Severity::Fatal, code::REPRESENTATION, message, span)
    };
    let mut judged =
        Judged { path, text: text.clone(), verdict: Verdict::Invalid, findings: vec![], codes: CodeCount::default() };
    if let Some(at) = wrong {
        let position = fhir::LineIndex::default().position(&text, at);
        judged.findings.push(unreadable("the text is not UTF-8".to_owned(), Span::new(at, at), position));
        return Ok(judged);
    }
    let (text, syntax) = match series::is_series(file) {
        true => match series::expand(text.clone()) {
            Ok(batch) => (batch.into(), Syntax::Json),
            Err(error) => {
                judged.findings.push(unreadable(error.message, error.span, error.position));
                return Ok(judged);
            }
        },
        false => (text.clone(), Syntax::from_path(file).or_else(|| fhir::sniff(&text)).unwrap_or(Syntax::Json)),
    };
    judged.text = text.clone();
    let text = match filled_in(&text, syntax, circumstances) {
        None => text,
        Some((filled, said)) => {
            judged.text = filled.clone();
            judged.findings.push(said);
            filled
        }
    };
    let document = match fhir::read(text, syntax) {
        Ok(document) => document,
        Err(error) => {
            judged.findings.push(unreadable(error.message, error.span, error.position));
            return Ok(judged);
        }
    };
    let typed = Typed::new(document, validator.types());
    let result = validator.validate(&typed, profiles);
    judged.verdict = match (result.is_invalid(), result.is_incomplete()) {
        (true, _) => Verdict::Invalid,
        (false, true) => Verdict::Incomplete,
        (false, false) => Verdict::Valid,
    };
    // A definition that is nowhere is said at the element that asks for it, unless the validator did.
    for missing in &result.unavailable {
        let said = |i: &Issue| i.node == missing.node && i.message.contains(&missing.canonical);
        if !result.issues.iter().any(said) {
            let node = typed.node(missing.node);
            judged.findings.push(Finding {
                severity: Severity::Warning,
                code: code::UNKNOWN_PROFILE,
                path: node.path(),
                position: node.position(),
                span: node.span(),
                message: format!("not checked: {}", missing.reason),
                dutch: Some(format!("niet gecontroleerd: {}", missing.reason)),
                profile: missing.canonical.as_str().into(),
                slices: vec![],
                defined: None,
                invariant: None,
            });
        }
    }
    judged.findings.extend(result.issues.into_iter().map(|issue| Finding {
        severity: issue.severity,
        code: issue.code,
        path: issue.path,
        position: issue.position,
        span: issue.span,
        message: issue.message,
        dutch: issue.dutch,
        profile: issue.profile,
        slices: issue.slices.iter().map(miss).collect(),
        defined: issue.defined,
        invariant: issue.invariant,
    }));
    judged.findings.sort_by_key(|f| (f.span.start(), f.severity));
    judged.codes = result.codes;
    Ok(judged)
}

/// Something about the text as a whole, at its beginning where no place is given.
fn whole_text(severity: Severity, code: Code, message: String, span: Span) -> Finding {
    Finding {
        severity,
        code,
        path: String::new(),
        position: Position { line: 1, column: 1 },
        span,
        message,
        dutch: None,
        profile: "".into(),
        slices: vec![],
        defined: None,
        invariant: None,
    }
}

/// A fixture with placeholders, filled in as the simulator does, and the word that this was done. None where
/// there are none, or some that mean nothing without a script: then the text is judged as it stands.
fn filled_in(text: &Arc<str>, syntax: Syntax, circumstances: &Circumstances) -> Option<(Arc<str>, Finding)> {
    let at = text.find("${")?;
    let mut variables = Variables::new(circumstances);
    variables.set("T", circumstances.now().date().to_string());
    let filled: Arc<str> = placeholders::substitute(text, syntax, &variables).ok()?.into();
    let position = fhir::LineIndex::default().position(&filled, at);
    let message = "placeholders were filled in as the simulator does, with today for `T`".to_owned();
    let dutch = "placeholders zijn ingevuld zoals de simulator dat doet, met vandaag als `T`".to_owned();
    let said = whole_text(Severity::Information, code::PLACEHOLDERS, message, Span::new(at, at));
    Some((filled, Finding { position, dutch: Some(dutch), ..said }))
}
