//! `search-parameters.facts`: the search parameters of a package, in the project's own format.
//!
//! ```text
//! [Observation] DomainResource
//! @Patient subject performer
//! code token code
//! code-value-quantity composite . +code=code +value-quantity=value:Quantity
//! patient reference subject->Patient targets=Patient
//! ```
//!
//! A section a resource type, with the type it derives from; `@` lines name the parameters that put it in a
//! compartment; then a parameter a line: code, type, paths (`-` for none known), and what else is said.

use std::fmt::Write as _;

use super::path;
use super::{SearchComponent, SearchParameter, SearchParameters, SearchPath, SearchType, Searched};
use crate::definitions::facts::FactsError;

/// The name of the file in a package's folder of facts.
pub const FILE: &str = "search-parameters.facts";

/// Writes all parameters, by type and code.
pub fn write(parameters: &SearchParameters) -> String {
    let mut types: Vec<(&str, &Searched)> = parameters.by_type.iter().map(|(n, s)| (&**n, s)).collect();
    types.sort_by_key(|(name, _)| *name);
    let mut out = String::new();
    for (i, (name, searched)) in types.into_iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let _ = write!(out, "[{name}]");
        if let Some(base) = &searched.base {
            let _ = write!(out, " {base}");
        }
        out.push('\n');
        for (compartment, codes) in &searched.compartments {
            let _ = writeln!(out, "@{compartment} {}", codes.join(" "));
        }
        for parameter in &searched.parameters {
            write_parameter(&mut out, parameter);
        }
    }
    out
}

fn write_parameter(out: &mut String, parameter: &SearchParameter) {
    let _ = write!(out, "{} {} {}", parameter.code, parameter.ty.code(), Paths(&parameter.paths));
    for component in &parameter.components {
        let _ = write!(out, " +{}={}", component.code, Paths(&component.paths));
    }
    if !parameter.targets.is_empty() {
        let _ = write!(out, " targets={}", parameter.targets.join(","));
    }
    if !parameter.multiple_or {
        out.push_str(" single");
    }
    out.push('\n');
}

struct Paths<'p>(&'p [SearchPath]);

impl std::fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("-");
        }
        for (i, path) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_char(',')?;
            }
            write!(f, "{path}")?;
        }
        Ok(())
    }
}

/// Reads what [`write`] wrote.
pub fn read(file: &str, text: &str) -> Result<SearchParameters, FactsError> {
    let mut parameters = SearchParameters::default();
    let mut section: Option<(&str, Searched)> = None;
    for (i, line) in text.lines().enumerate() {
        let fail = |message: String| FactsError { file: file.to_owned(), line: i + 1, message };
        if line.is_empty() {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let (name, base) = rest.split_once(']').ok_or_else(|| fail("a `]` is missing".into()))?;
            let base = base.strip_prefix(' ').filter(|b| !b.is_empty()).map(Into::into);
            parameters.by_type.extend(section.take().map(|(n, s)| (n.into(), s)));
            section = Some((name, Searched { base, ..Default::default() }));
            continue;
        }
        let Some((_, searched)) = &mut section else {
            return Err(fail("a line before the first `[TYPE]`".into()));
        };
        if let Some(rest) = line.strip_prefix('@') {
            let mut words = rest.split(' ').map(Box::<str>::from);
            let compartment = words.next().unwrap_or_default();
            searched.compartments.push((compartment, words.collect()));
        } else {
            searched.parameters.push(read_parameter(line).map_err(fail)?);
        }
    }
    parameters.by_type.extend(section.map(|(n, s)| (n.into(), s)));
    for searched in parameters.by_type.values_mut() {
        // Already in order where the file was not written by hand.
        searched.parameters.sort_by(|a, b| a.code.cmp(&b.code));
    }
    Ok(parameters)
}

fn read_parameter(line: &str) -> Result<SearchParameter, String> {
    let (code, rest) = line.split_once(' ').ok_or("the type is missing")?;
    let (ty, rest) = rest.split_once(' ').ok_or("the paths are missing")?;
    let ty = SearchType::from_code(ty).ok_or_else(|| format!("unknown type `{ty}`"))?;
    let (paths, mut rest) = read_paths(rest)?;
    let mut parameter =
        SearchParameter { code: code.into(), ty, paths, targets: vec![], components: vec![], multiple_or: true };
    while let Some(property) = rest.strip_prefix(' ') {
        if let Some(component) = property.strip_prefix('+') {
            let (code, after) = component.split_once('=').ok_or("a component has no `=`")?;
            let (paths, after) = read_paths(after)?;
            parameter.components.push(SearchComponent { code: code.into(), paths });
            rest = after;
            continue;
        }
        let (word, after) = property.find(' ').map_or((property, ""), |at| property.split_at(at));
        match word.strip_prefix("targets=") {
            Some(targets) => parameter.targets = targets.split(',').map(Into::into).collect(),
            None if word == "single" => parameter.multiple_or = false,
            None => return Err(format!("unknown property `{word}`")),
        }
        rest = after;
    }
    if rest.is_empty() { Ok(parameter) } else { Err(format!("unexpected `{rest}`")) }
}

fn read_paths(text: &str) -> Result<(Vec<SearchPath>, &str), String> {
    if let Some(rest) = text.strip_prefix('-').filter(|r| r.is_empty() || r.starts_with(' ')) {
        return Ok((vec![], rest));
    }
    let mut paths = vec![];
    let mut rest = text;
    loop {
        let (path, after) = path::read(rest)?;
        paths.push(path);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return Ok((paths, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    const TEXT: &str = "[Observation] DomainResource\n@Patient subject performer\ncode token code\n\
        code-value-quantity composite .,component +code=code +value-quantity=value:Quantity,value:Range single\n\
        patient reference subject->Patient targets=Patient,Group\nquery token -\n\n[Resource]\n_id token id\n";

    #[test]
    fn what_was_written_reads_back_and_is_written_the_same() {
        let parameters = read("x", TEXT).unwrap();
        assert_eq!(write(&parameters), TEXT);
        let composite = parameters.lookup("Observation", "code-value-quantity").unwrap();
        assert_eq!((composite.paths.len(), composite.components.len(), composite.multiple_or), (2, 2, false));
        assert!(!parameters.lookup("Observation", "query").unwrap().is_supported());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, message) in [
            ("code token code", "x line 1: a line before the first `[TYPE]`"),
            ("[A", "x line 1: a `]` is missing"),
            ("[A]\ncode", "x line 2: the type is missing"),
            ("[A]\ncode token", "x line 2: the paths are missing"),
            ("[A]\ncode colour code", "x line 2: unknown type `colour`"),
            ("[A]\ncode token code other", "x line 2: unknown property `other`"),
        ] {
            assert_eq!(read("x", text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_type_has_the_parameters_of_what_it_derives_from() {
        let text =
            "[Resource]\n_id token id\n\n[DomainResource] Resource\n_text string -\n\n[A] DomainResource\nx token x\n";
        let parameters = read("x", text).unwrap();
        assert!(parameters.lookup("A", "_id").is_some());
        assert!(parameters.lookup("A", "_text").is_some());
        assert!(parameters.lookup("Unknown", "_id").is_some());
        assert!(parameters.lookup("Unknown", "_text").is_none());
        assert!(parameters.lookup("Resource", "x").is_none());
        assert_eq!(parameters.of_type("A").count(), 3);
    }
}
