//! Series: one file for many resources that differ in little, such as a measurement a day for a year.
//!
//! ```yaml
//! description: A heart rate every day, morning and evening in turn
//! count: 500
//! with:
//!   day: {from: 0, step: -1}
//!   time: ["06:30:00+01:00", "23:59:00+01:00"]
//!   rate: [58, 95, 72]
//! resource:
//!   resourceType: Observation
//!   id: heart-rate-${n}
//!   effectiveDateTime: ${DATE, T, D, ${day}}T${time}
//!   valueQuantity: {value: "${rate}", unit: /min}
//! ```
//! Where a series is read it becomes the batch that puts its resources in place; from there on it is a fixture
//! like any other, the placeholders that `with` does not name still in it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::fhir::json::{self, Layout};
use crate::fhir::shape::AsRead;
use crate::fhir::{self, Document, Format, Kind, NodeRef, ReadError, Span};

/// How the name of such a file ends.
pub const SUFFIX: &str = ".series.yaml";

/// The most resources that one series gives.
pub const MOST: usize = 10_000;

/// True when a file is a series by its name.
pub fn is_series(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(SUFFIX.as_bytes()))
}

/// True when a file holds resources by its name: JSON, XML or a series.
pub fn holds_resources(path: &Path) -> bool {
    matches!(Format::from_path(path), Some(Format::Json | Format::Xml)) || is_series(path)
}

/// The batch, in JSON, that a series stands for: a line for each resource.
pub fn expand(text: impl Into<Arc<str>>) -> Result<String, ReadError> {
    let document = fhir::read(text, Format::Yaml)?;
    Series::read(&document)?.batch()
}

/// A series as it is written.
struct Series<'d> {
    count: usize,
    columns: Vec<Column<'d>>,
    resource: NodeRef<'d>,
}

/// What differs from one resource to the next.
struct Column<'d> {
    name: &'d str,
    span: Span,
    values: Values<'d>,
}

enum Values<'d> {
    /// 1, 2, 3, each with as many digits as the last.
    Number { digits: usize },
    /// One after the other, after the last the first again.
    InTurn(Vec<NodeRef<'d>>),
    /// Each so much more than the one before; as text where the first is.
    Stepped { from: Decimal, step: Decimal, kind: Kind },
}

impl<'d> Series<'d> {
    fn read(document: &'d Document) -> Result<Series<'d>, ReadError> {
        let root = document.root();
        if let Some(irregular) = document.irregularities().first() {
            return Err(ReadError::new(document.source(), irregular.span, "given twice, empty or without a value"));
        }
        let named = |name: &str| root.child(name);
        if let Some(other) = root.children().find(|c| !["description", "count", "with", "resource"].contains(&c.name()))
        {
            let message = format!("`{}` means nothing here: a series has `count`, `with` and `resource`", other.name());
            return Err(wrong(other, message));
        }
        let count = named("count").and_then(|count| count.value()?.parse().ok()).filter(|n| (1..=MOST).contains(n));
        let place = named("count").unwrap_or(root);
        let count: usize = count.ok_or_else(|| wrong(place, format!("`count` is a number from 1 to {MOST}")))?;
        let resource = named("resource").filter(|r| r.resource_type().is_some());
        let resource = resource.ok_or_else(|| wrong(root, "there is no `resource` with a `resourceType`"))?;
        let number = Values::Number { digits: count.to_string().len() };
        let mut columns = vec![Column { name: "n", span: root.span(), values: number }];
        for node in named("with").iter().flat_map(|with| with.children()) {
            Column::add(node, &mut columns)?;
        }
        Ok(Series { count, columns, resource })
    }

    /// The Bundle.
    fn batch(&self) -> Result<String, ReadError> {
        let resource_type = self.resource.resource_type().unwrap_or_default();
        let id = self.resource.child("id").ok_or_else(|| wrong(self.resource, "the resource has no `id`"))?;
        let text = json::write(self.resource, &AsRead, Layout::Compact);
        let (ids, parts) = (self.split(id.value().unwrap_or_default()), self.split(&text));
        let used = |name: &str| parts.iter().any(|p| matches!(p, Part::Value { column, .. } if column.name == name));
        if let Some(unused) = self.columns.iter().skip(1).find(|column| !used(column.name)) {
            let message = format!("the resource does not use `${{{}}}`", unused.name);
            return Err(ReadError::new(self.resource.document().source(), unused.span, message));
        }
        let mut seen = HashSet::new();
        let mut batch = String::from(r#"{"resourceType":"Bundle","type":"batch","entry":["#);
        for n in 0..self.count {
            let key = fill(&ids, n).ok_or_else(|| self.too_far(n))?;
            // A line each, so that what is wrong with one can be pointed at.
            batch.push_str(if n == 0 { "\n{\"resource\":" } else { ",\n{\"resource\":" });
            batch.push_str(&fill(&parts, n).ok_or_else(|| self.too_far(n))?);
            batch.push_str(r#","request":{"method":"PUT","url":"#);
            json::escape(&mut batch, &format!("{resource_type}/{key}"));
            batch.push_str("}}");
            if let Some(again) = seen.replace(key) {
                return Err(wrong(id, format!("`{again}` is the id of more than one resource: let it have `${{n}}`")));
            }
        }
        batch.push_str("\n]}");
        Ok(batch)
    }

    fn too_far(&self, n: usize) -> ReadError {
        wrong(self.resource, format!("a value of resource {} is too large to count with", n + 1))
    }

    /// A text cut at the places where something of `with` goes. What stands alone between quotes takes the
    /// quotes with it: a number is then written as one.
    fn split<'t>(&self, text: &'t str) -> Vec<Part<'t, '_>> {
        let (mut parts, mut start, mut at) = (vec![], 0, 0);
        while let Some(open) = text.get(at..).and_then(|rest| rest.find("${")).map(|found| at + found) {
            let inside = text.get(open + 2..).unwrap_or_default();
            let named =
                |column: &&Column<'_>| inside.strip_prefix(column.name).is_some_and(|rest| rest.starts_with('}'));
            let Some(column) = self.columns.iter().find(named) else {
                at = open + 2;
                continue;
            };
            let close = open + 2 + column.name.len() + 1;
            let before = text.get(start..open).unwrap_or_default();
            let alone = before.ends_with('"')
                && !before.ends_with("\\\"")
                && text.get(close..).is_some_and(|rest| rest.starts_with('"'));
            let quote = usize::from(alone);
            parts.push(Part::Literal(before.get(..before.len() - quote).unwrap_or_default()));
            parts.push(Part::Value { column, alone });
            start = close + quote;
            at = start;
        }
        parts.push(Part::Literal(text.get(start..).unwrap_or_default()));
        parts
    }
}

fn wrong(node: NodeRef<'_>, message: impl Into<String>) -> ReadError {
    ReadError::new(node.document().source(), node.span(), message)
}

impl<'d> Column<'d> {
    /// Adds a member of `with`; the items of a list come one by one under the same name.
    fn add(node: NodeRef<'d>, columns: &mut Vec<Column<'d>>) -> Result<(), ReadError> {
        if let Some(column) = columns.iter_mut().find(|column| column.name == node.name()) {
            return match &mut column.values {
                Values::InTurn(values) => {
                    values.push(node);
                    Ok(())
                }
                _ => Err(wrong(node, format!("`{}` is known already", node.name()))),
            };
        }
        let values = match node.value() {
            Some(_) => Values::InTurn(vec![node]),
            None => {
                let number = |name: &str| Some((node.child_value(name)?.parse().ok()?, node.child(name)?.kind()));
                let (from, step) = number("from").zip(number("step")).ok_or_else(|| {
                    wrong(node, format!("`{}` is a list of values, or `from` and `step` in decimals", node.name()))
                })?;
                Values::Stepped { from: from.0, step: step.0, kind: from.1 }
            }
        };
        columns.push(Column { name: node.name(), span: node.span(), values });
        Ok(())
    }

    /// Its value in the resource with this number, and of what kind it is; None where it grows too large.
    fn value(&self, n: usize) -> Option<(Cow<'d, str>, Kind)> {
        Some(match &self.values {
            Values::Number { digits } => (Cow::Owned(format!("{:0digits$}", n + 1)), Kind::Text),
            Values::InTurn(values) => {
                let node = values.get(n % values.len())?;
                (Cow::Borrowed(node.value()?), node.kind())
            }
            Values::Stepped { from, step, kind } => {
                let value = step.checked_mul(Decimal::from(n))?.checked_add(*from)?;
                (Cow::Owned(value.to_string()), *kind)
            }
        })
    }
}

/// A stretch of a text that is filled in.
enum Part<'t, 's> {
    Literal(&'t str),
    Value { column: &'s Column<'s>, alone: bool },
}

/// The text for the resource with this number, counted from 0.
fn fill(parts: &[Part<'_, '_>], n: usize) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Value { column, alone } => match column.value(n)? {
                (value, Kind::Text) if *alone => json::escape(&mut text, &value),
                (value, _) => {
                    let at = text.len();
                    json::escape(&mut text, &value);
                    text.pop();
                    text.remove(at);
                }
            },
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "resource:\n  resourceType: Basic\n  id: b-${n}\n";

    /// The resources of a series, without what they have in common.
    fn told(text: &str) -> Result<Vec<String>, String> {
        let batch = expand(text).map_err(|error| error.message)?;
        let bundle: serde_json::Value = serde_json::from_str(&batch).map_err(|error| format!("{error}: {batch}"))?;
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        Ok(entries.iter().map(|entry| format!("{} {}", entry["request"]["url"], entry["resource"]["x"])).collect())
    }

    #[test]
    fn a_series_says_how_each_resource_differs() {
        for (with, x, wanted) in [
            ("count: 2\n", "same", vec![r#""same""#, r#""same""#]),
            ("count: 3\nwith: {v: [1, two]}\n", "\"${v}\"", vec!["1", r#""two""#, "1"]),
            ("count: 2\nwith: {v: [4.0, 4.50]}\n", "{value: \"${v}\"}", vec![r#"{"value":4.0}"#, r#"{"value":4.5}"#]),
            (
                "count: 3\nwith: {d: {from: -10, step: -7}}\n",
                "${DATE, T, D, ${d}}",
                vec![r#""${DATE, T, D, -10}""#, r#""${DATE, T, D, -17}""#, r#""${DATE, T, D, -24}""#],
            ),
            ("count: 2\nwith: {y: {from: '1935', step: 1}}\n", "${y}", vec![r#""1935""#, r#""1936""#]),
            ("count: 2\nwith: {v: 'a \"b\"'}\n", "${v} ${UUID} ${v}", vec![r#""a \"b\" ${UUID} a \"b\"""#; 2]),
            ("count: 1\nwith: {v: true}\n", "[\"${v}\", \"'${v}'\"]", vec![r#"[true,"'true'"]"#]),
        ] {
            let wanted: Vec<String> =
                wanted.iter().enumerate().map(|(n, x)| format!("\"Basic/b-{}\" {x}", n + 1)).collect();
            assert_eq!(told(&format!("{with}{HEAD}  x: {x}\n")), Ok(wanted), "{with}{x}");
        }
    }

    #[test]
    fn the_number_has_as_many_digits_as_the_last() {
        let all = told(&format!("count: 12\n{HEAD}")).expect("a series");
        assert_eq!((all.first().map(String::as_str), all.len()), (Some("\"Basic/b-01\" null"), 12));
    }

    #[test]
    fn what_is_no_series_is_told() {
        for (text, wanted) in [
            ("resource: {resourceType: Basic, id: a}", "`count` is a number from 1 to 10000"),
            ("count: 0\nresource: {resourceType: Basic, id: a}", "`count` is a number from 1 to 10000"),
            ("count: 10001\nresource: {resourceType: Basic, id: a}", "`count` is a number from 1 to 10000"),
            ("count: 1", "there is no `resource` with a `resourceType`"),
            ("count: 1\nresource: {id: a}", "there is no `resource` with a `resourceType`"),
            ("count: 1\nresource: {resourceType: Basic}", "the resource has no `id`"),
            (
                "count: 2\nresource: {resourceType: Basic, id: a}",
                "`a` is the id of more than one resource: let it have `${n}`",
            ),
            (
                "count: 1\neach: 1\nresource: {resourceType: Basic, id: a}",
                "`each` means nothing here: a series has `count`, `with` and `resource`",
            ),
            ("count: 1\nwith: {v: 1}\nresource: {resourceType: Basic, id: a}", "the resource does not use `${v}`"),
            ("count: 1\nwith: {n: 1}\nresource: {resourceType: Basic, id: a}", "`n` is known already"),
            (
                "count: 1\nwith: {v: []}\nresource: {resourceType: Basic, id: a}",
                "given twice, empty or without a value",
            ),
            (
                "count: 1\nwith: {v: {from: x, step: 1}}\nresource: {resourceType: Basic, id: a}",
                "`v` is a list of values, or `from` and `step` in decimals",
            ),
            (
                "count: 2\nwith: {v: {from: 1, step: 79228162514264337593543950335}}\nresource: {resourceType: Basic, id: \"a${v}${n}\"}",
                "a value of resource 2 is too large to count with",
            ),
            ("- a", "expected a mapping"),
        ] {
            assert_eq!(told(text), Err(wanted.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_series_of_the_guide_is_one() {
        let guide = include_str!("../../testscripts/README.md");
        let example = guide.split("```yaml\n").find(|part| part.starts_with("description: A heart rate every day"));
        let batch = expand(example.and_then(|part| part.split("```").next()).expect("it is shown")).expect("a series");
        assert_eq!(batch.lines().count(), 502);
        assert!(
            batch.contains(r#""effectiveDateTime":"${DATE, T, D, -499}T23:59:00+01:00","valueQuantity":{"value":95,"#)
        );
    }

    #[test]
    fn names_of_files_say_what_is_in_them() {
        for (name, series, resources) in [
            ("a/glucose.series.yaml", true, true),
            ("a/glucose.json", false, true),
            ("a/glucose.yaml", false, false),
            ("a/series.yaml", false, false),
        ] {
            assert_eq!((is_series(Path::new(name)), holds_resources(Path::new(name))), (series, resources), "{name}");
        }
    }
}
