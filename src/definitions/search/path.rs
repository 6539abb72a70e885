//! Where a search parameter finds its values, as data.

use std::fmt::{self, Write as _};

use crate::definitions::{TypeTable, Typed};
use crate::fhir::NodeRef;

/// A way through a resource. Written as in the fact files: `component.value:Quantity`,
/// `telecom[system=email]`, `subject->Patient`, `entry[0].resource`, `extension{url}`, `deceased?`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SearchPath {
    /// In a part of a composite: starts at the resource, not at the element of the composite.
    pub from_resource: bool,
    /// The steps; none for the start itself.
    pub steps: Vec<PathStep>,
    /// When the value is whether something is there.
    pub test: Option<PathTest>,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PathStep {
    /// To the children with this name; a choice by its name without type.
    Child(Box<str>),
    /// Keeps what is of this type (`as`, `ofType`).
    Only(Box<str>),
    /// Keeps what has this value at this path (`where(system='email')`).
    Where(Box<str>, Box<str>),
    /// Keeps references to this resource type (`where(resolve() is Patient)`).
    Target(Box<str>),
    /// Keeps one by its position, from 0.
    Index(u32),
    /// To the extensions with this url.
    Extension(Box<str>),
    /// Keeps what has an extension with this url.
    HasExtension(Box<str>),
}

/// Turns what was found into yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathTest {
    /// Yes when there is something.
    Exists,
    /// Yes when there is something other than `false`.
    ExistsAndNotFalse,
}

/// What a path finds in a resource.
#[derive(Clone, PartialEq, Debug)]
pub enum Found<'d> {
    /// Elements.
    Nodes(Vec<NodeRef<'d>>),
    /// The answer of a [`PathTest`].
    Boolean(bool),
}

impl SearchPath {
    /// Follows the path from `start`, a node of `typed` (the resource, or the element of a composite).
    /// Extensions at its end stand for their values.
    pub fn find<'d>(&self, typed: &'d Typed, start: NodeRef<'d>) -> Found<'d> {
        let start = if self.from_resource { start.resource().unwrap_or(start) } else { start };
        let mut nodes = vec![start];
        for step in &self.steps {
            nodes = step.follow(typed, nodes);
        }
        match self.test {
            Some(PathTest::Exists) => Found::Boolean(!nodes.is_empty()),
            Some(PathTest::ExistsAndNotFalse) => Found::Boolean(nodes.iter().any(|n| n.value() != Some("false"))),
            None => {
                let value = |n: NodeRef<'d>| match typed.type_name(n.id()) {
                    "Extension" => children(typed, n, "value").next(),
                    _ => Some(n),
                };
                Found::Nodes(nodes.into_iter().filter_map(value).collect())
            }
        }
    }

    /// The elements found; empty when the path answers yes or no.
    pub fn nodes<'d>(&self, typed: &'d Typed, start: NodeRef<'d>) -> Vec<NodeRef<'d>> {
        match self.find(typed, start) {
            Found::Nodes(nodes) => nodes,
            Found::Boolean(_) => vec![],
        }
    }
}

fn children<'d>(typed: &'d Typed, node: NodeRef<'d>, name: &str) -> impl Iterator<Item = NodeRef<'d>> + use<'d> {
    let wanted = typed.name_id(name);
    node.children().filter(move |c| Some(typed.node_type(c.id()).step) == wanted)
}

impl PathStep {
    fn follow<'d>(&self, typed: &'d Typed, nodes: Vec<NodeRef<'d>>) -> Vec<NodeRef<'d>> {
        let keep = |test: &dyn Fn(NodeRef<'d>) -> bool| nodes.iter().copied().filter(|n| test(*n)).collect();
        let with_url = |n: NodeRef<'d>, url: &str| {
            let url = url.to_owned();
            children(typed, n, "extension").filter(move |e| e.child_value("url") == Some(&url))
        };
        match self {
            PathStep::Child(name) => nodes.iter().flat_map(|n| children(typed, *n, name)).collect(),
            PathStep::Only(ty) => keep(&|n| is_a(typed.table(), typed.type_name(n.id()), ty)),
            PathStep::Where(path, value) => keep(&|n| {
                let mut at = vec![n];
                for name in path.split('.') {
                    at = at.into_iter().flat_map(|n| children(typed, n, name)).collect();
                }
                at.iter().any(|n| n.value() == Some(value))
            }),
            PathStep::Target(ty) => keep(&|n| referenced_type(n) == Some(ty)),
            PathStep::Index(at) => nodes.get(*at as usize).copied().into_iter().collect(),
            PathStep::Extension(url) => nodes.iter().flat_map(|n| with_url(*n, url)).collect(),
            PathStep::HasExtension(url) => keep(&|n| with_url(n, url).next().is_some()),
        }
    }
}

fn is_a(table: &TypeTable, ty: &str, wanted: &str) -> bool {
    match (table.type_named(ty), table.type_named(wanted)) {
        (Some(ty), Some(wanted)) => table.is_a(ty, wanted),
        _ => false,
    }
}

/// The resource type a Reference points at, as far as its own text says: by `type/id` in its url, by what
/// is contained, by `Reference.type`. A logical reference or `urn:uuid` says nothing.
fn referenced_type(reference: NodeRef<'_>) -> Option<&str> {
    let literal = reference.child_value("reference");
    if let Some(id) = literal.and_then(|l| l.strip_prefix('#')) {
        let mut around = std::iter::successors(reference.resource(), |n| n.parent().and_then(NodeRef::resource));
        return around.find_map(|resource| {
            let mut contained = resource.children_named("contained");
            contained.find(|c| c.child_value("id") == Some(id))?.resource_type()
        });
    }
    let by_url = literal.and_then(|l| {
        let l = l.split_once("/_history/").map_or(l, |(before, _)| before);
        let (before, _) = l.rsplit_once('/')?;
        let ty = before.rsplit_once('/').map_or(before, |(_, ty)| ty);
        ty.starts_with(|c: char| c.is_ascii_uppercase()).then_some(ty)
    });
    by_url.or_else(|| reference.child_value("type"))
}

impl fmt::Display for SearchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from_resource {
            f.write_char('/')?;
        } else if self.steps.is_empty() {
            f.write_char('.')?;
        }
        for (i, step) in self.steps.iter().enumerate() {
            match step {
                PathStep::Child(name) if i == 0 => f.write_str(name)?,
                PathStep::Child(name) => write!(f, ".{name}")?,
                PathStep::Only(ty) => write!(f, ":{ty}")?,
                PathStep::Where(path, value) => write!(f, "[{path}={}]", Quoted(value))?,
                PathStep::Target(ty) => write!(f, "->{ty}")?,
                PathStep::Index(at) => write!(f, "[{at}]")?,
                PathStep::Extension(url) => write!(f, "{{{}}}", Quoted(url))?,
                PathStep::HasExtension(url) => write!(f, "[{{{}}}]", Quoted(url))?,
            }
        }
        f.write_str(match self.test {
            None => "",
            Some(PathTest::Exists) => "?",
            Some(PathTest::ExistsAndNotFalse) => "?!false",
        })
    }
}

/// Text that stands in quotes only where it holds a character of the syntax.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| !c.is_control() && !matches!(c, ' ' | ',' | '"' | '[' | ']' | '{' | '}' | '\\');
        if !self.0.is_empty() && self.0.chars().all(plain) {
            return f.write_str(self.0);
        }
        let mut out = String::new();
        crate::fhir::json::escape(&mut out, self.0);
        f.write_str(&out)
    }
}

/// Reads what [`SearchPath`]'s `Display` writes, from the beginning of `text`; gives what follows it.
pub(super) fn read(text: &str) -> Result<(SearchPath, &str), String> {
    let mut path = SearchPath::default();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('/') {
        path.from_resource = true;
        rest = after;
        if matches!(rest.as_bytes().first(), None | Some(b' ' | b',')) {
            return Ok((path, rest));
        }
    } else if let Some(after) = rest.strip_prefix('.') {
        return Ok((path, after));
    }
    loop {
        rest = read_step(&mut path, rest)?;
        match rest.as_bytes().first() {
            None | Some(b' ' | b',') => return Ok((path, rest)),
            _ if path.test.is_some() => return Err(format!("unexpected `{rest}`")),
            _ => {}
        }
    }
}

fn read_step<'t>(path: &mut SearchPath, text: &'t str) -> Result<&'t str, String> {
    if let Some(rest) = text.strip_prefix(':') {
        let (ty, rest) = word(rest)?;
        path.steps.push(PathStep::Only(ty.into()));
        return Ok(rest);
    }
    if let Some(rest) = text.strip_prefix("->") {
        let (ty, rest) = word(rest)?;
        path.steps.push(PathStep::Target(ty.into()));
        return Ok(rest);
    }
    if let Some(rest) = text.strip_prefix('{') {
        let (url, rest) = quoted(rest, '}')?;
        path.steps.push(PathStep::Extension(url.into()));
        return Ok(rest);
    }
    if let Some(rest) = text.strip_prefix("[{") {
        let (url, rest) = quoted(rest, '}')?;
        path.steps.push(PathStep::HasExtension(url.into()));
        return rest.strip_prefix(']').ok_or_else(|| "a `]` is missing".to_owned());
    }
    if let Some(rest) = text.strip_prefix('[') {
        let end = rest.find(['=', ']']).ok_or("a `]` is missing")?;
        let (word, after) = rest.split_at(end);
        if let Some(rest) = after.strip_prefix(']') {
            let at = word.parse().map_err(|_| format!("`{word}` is not a position"))?;
            path.steps.push(PathStep::Index(at));
            return Ok(rest);
        }
        let (value, rest) = quoted(&after[1..], ']')?;
        path.steps.push(PathStep::Where(word.into(), value.into()));
        return Ok(rest);
    }
    for (mark, test) in [("?!false", PathTest::ExistsAndNotFalse), ("?", PathTest::Exists)] {
        if let Some(rest) = text.strip_prefix(mark) {
            path.test = Some(test);
            return Ok(rest);
        }
    }
    let (name, rest) = word(text.strip_prefix('.').filter(|_| !path.steps.is_empty()).unwrap_or(text))?;
    path.steps.push(PathStep::Child(name.into()));
    Ok(rest)
}

fn word(text: &str) -> Result<(&str, &str), String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if end == 0 { Err(format!("expected a name, found `{text}`")) } else { Ok(text.split_at(end)) }
}

fn quoted(text: &str, close: char) -> Result<(String, &str), String> {
    let missing = || format!("a `{close}` is missing");
    if text.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let value = values.next().and_then(Result::ok).ok_or("the quoted text does not end")?;
        let rest = text.get(values.byte_offset()..).unwrap_or_default();
        return Ok((value, rest.strip_prefix(close).ok_or_else(missing)?));
    }
    let (value, rest) = text.split_once(close).ok_or_else(missing)?;
    Ok((value.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::definitions::Definitions;
    use crate::fhir::{FhirVersion, Format};

    #[test]
    fn a_path_reads_as_it_is_written() {
        for text in [
            ".",
            "/",
            "/a.b",
            "a",
            "a.b.c",
            "value:Quantity",
            "a[x=y]",
            "a[x.z=\"p q\"].b",
            "subject->Patient",
            "entry[0].resource",
            "extension",
            "a{http://x/y}",
            "{http://x}",
            "a[{http://x}].b:Reference",
            "deceased?",
            "deceased?!false",
            "a[x=\"\"]",
            "value:CodeableConcept.text",
        ] {
            let (path, rest) = read(text).unwrap();
            assert_eq!((path.to_string().as_str(), rest), (text, ""));
        }
        for text in ["", "a..b", "a[", "a[x=y", "a[x]", "a{", "a?b", "a:", "a->", "a[{x}", "[x=\"", "é-"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("a,b").unwrap().1, ",b");
    }

    #[test]
    fn a_path_finds_what_its_expression_means() {
        let text = r##"{"resourceType": "Observation", "status": "final",
            "subject": {"reference": "http://x/fhir/Patient/1/_history/2"}, "performer": [{"reference": "#p"}, {"reference": "Organization/2"}],
            "contained": [{"resourceType": "Practitioner", "id": "p"}],
            "valueQuantity": {"value": 1, "extension": [{"url": "http://e", "valueCode": "c"}]},
            "component": [{"valueString": "s"}, {"valueQuantity": {"value": 2}}],
            "identifier": [{"system": "http://a", "value": "1"}, {"system": "http://b", "value": "2"}]}"##;
        let types = Definitions::embedded(FhirVersion::Stu3).types();
        let typed = Typed::new(crate::fhir::read(text, Format::Json).unwrap(), Arc::clone(&types));
        let table = [
            ("subject", "Observation.subject"),
            ("subject->Patient", "Observation.subject"),
            ("subject->Group", ""),
            ("performer->Practitioner", "Observation.performer[0]"),
            ("performer->Organization", "Observation.performer[1]"),
            ("value:Quantity", "Observation.valueQuantity"),
            ("value:string", ""),
            ("component.value", "Observation.component[0].valueString Observation.component[1].valueQuantity"),
            ("component.value:Quantity.value", "Observation.component[1].valueQuantity.value"),
            ("identifier[system=http://b].value", "Observation.identifier[1].value"),
            ("identifier[1]", "Observation.identifier[1]"),
            ("identifier[2]", ""),
            ("value{http://e}", "Observation.valueQuantity.extension[0].valueCode"),
            ("value[{http://e}]", "Observation.valueQuantity"),
            ("value[{http://f}]", ""),
            (".", "Observation"),
            ("nothing.at.all", ""),
        ];
        for (path, expected) in table {
            let (path, _) = read(path).unwrap();
            let found: Vec<String> = path.nodes(&typed, typed.root()).iter().map(|n| n.path()).collect();
            assert_eq!(found.join(" "), expected, "{path}");
        }
        let component = typed.root().children_named("component").nth(1).unwrap();
        let (from_resource, _) = read("/status").unwrap();
        assert_eq!(from_resource.nodes(&typed, component)[0].value(), Some("final"));
        let found = |path: &str| read(path).unwrap().0.find(&typed, typed.root());
        assert_eq!(found("status?"), Found::Boolean(true));
        assert_eq!(found("issued?"), Found::Boolean(false));
        assert_eq!(found("issued?!false"), Found::Boolean(false));
    }
}
