//! Places of elements as validators write them, made comparable.
//!
//! FHIRPath comes with an index on what repeats or on nothing, with the type of a choice in its name or as
//! `ofType(…)`, and from the HL7 validator with comments that say which resource an entry holds; older tools
//! write XPath.

use std::fmt;

/// The steps down to an element: names as written, with an index where it is not the first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place(Vec<(String, usize)>);

impl Place {
    /// Reads any way of writing; what is not understood compares as text.
    pub fn parse(text: &str) -> Place {
        let text = without_comments(text.trim());
        Place(if text.contains('/') { of_xpath(&text) } else { of_fhirpath(&text) })
    }

    /// One is directly in the other.
    pub fn is_beside(&self, other: &Place) -> bool {
        let (outer, inner) = if self.0.len() < other.0.len() { (self, other) } else { (other, self) };
        inner.0.len() == outer.0.len() + 1 && inner.0.starts_with(&outer.0)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, index)) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match index {
                0 => write!(f, "{dot}{name}")?,
                index => write!(f, "{dot}{name}[{index}]")?,
            }
        }
        Ok(())
    }
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once("*/").map_or("", |(_, rest)| rest));
    }
    plain
}

/// A name and the number behind it in brackets.
fn indexed(step: &str) -> (&str, Option<usize>) {
    let (name, rest) = step.split_once('[').unwrap_or((step, ""));
    (name, rest.trim_end_matches(']').parse().ok())
}

fn of_fhirpath(text: &str) -> Vec<(String, usize)> {
    let mut steps: Vec<(String, usize)> = vec![];
    for step in text.split('.').filter(|step| !step.is_empty()) {
        let (name, index) = indexed(step);
        match (name.strip_prefix("ofType(").and_then(|n| n.strip_suffix(')')), steps.last_mut()) {
            (Some(type_name), Some(choice)) => {
                let mut letters = type_name.chars();
                choice.0.extend(letters.next().map(|c| c.to_ascii_uppercase()));
                choice.0.push_str(letters.as_str());
            }
            _ => steps.push((name.to_owned(), index.unwrap_or(0))),
        }
    }
    steps
}

/// XPath counts from 1, and has an element for the resource inside the one that holds it.
fn of_xpath(text: &str) -> Vec<(String, usize)> {
    let mut steps: Vec<(String, usize)> = vec![];
    for step in text.split('/').filter(|step| !step.is_empty()) {
        let (name, index) = indexed(step);
        let name = name.rsplit(':').next().unwrap_or(name).trim_start_matches('@');
        let holds = steps.last().is_some_and(|(last, _)| matches!(last.as_str(), "resource" | "contained"));
        if !(holds && name.starts_with(|c: char| c.is_ascii_uppercase())) {
            steps.push((name.to_owned(), index.unwrap_or(1).saturating_sub(1)));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn one_element_is_written_in_many_ways() {
        for (a, b) in [
            ("Patient.name[0].given[1]", "Patient.name.given[1]"),
            ("Observation.value.ofType(Quantity).code", "Observation.valueQuantity.code"),
            ("Bundle.entry[2].resource/*Patient/p1*/.name[0]", "Bundle.entry[2].resource.name"),
            ("/f:Bundle/f:entry[3]/f:resource/f:Patient/f:name", "Bundle.entry[2].resource.name"),
            ("Patient", " Patient "),
            ("", ""),
        ] {
            assert_eq!(Place::parse(a), Place::parse(b), "{a} {b}");
        }
        for (a, b) in [("Patient.name[1]", "Patient.name"), ("Patient", "Patient.name"), ("Patient", "")] {
            assert_ne!(Place::parse(a), Place::parse(b), "{a} {b}");
        }
        let near = |a, b| Place::parse(a).is_beside(&Place::parse(b));
        assert!(near("Patient.name", "Patient.name[0].use") && near("Patient.name.use", "Patient.name"));
        assert!(!near("Patient.name[1]", "Patient.name.use") && !near("Patient", "Patient.name.use"));
        assert_eq!(Place::parse("a.b[0].c[2]").to_string(), "a.b.c[2]");
    }
}
