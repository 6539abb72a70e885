//! Where a search parameter looks: the part of FHIRPath that SearchParameter resources use, compiled
//! for one resource type.
//!
//! Expressions are evaluated once per resource when an index is built, never per request. Two habits of
//! published SearchParameters are allowed for that FHIRPath itself would not: type names with the wrong
//! case (`as(DateTime)`, STU3), and paths that end at an extension where its value is meant (Nictiz).

use crate::definitions::{TypeTable, Typed};
use crate::fhir::NodeRef;

/// One step from a set of elements to another.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The children of this name; of a choice, without its type.
    Child(Box<str>),
    /// The extensions with this url.
    Extension(Box<str>),
    /// Those of which a child has this value.
    Where(Box<str>, Box<str>),
    /// Those of this type.
    As(Box<str>),
    /// Those that refer to this resource type.
    RefersTo(Box<str>),
    /// One of them, from 0.
    At(usize),
    /// Whether there are any.
    Exists,
}

/// Where a parameter looks in resources of one type: any of several paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    alternatives: Vec<Vec<Step>>,
}

/// What is found at the end of a path.
pub enum Found<'d> {
    /// An element.
    Node(NodeRef<'d>),
    /// The answer of `exists()`.
    Boolean(bool),
}

impl Path {
    /// Compiles what `expression` says of `resource_type`. None when it says nothing of it, an error
    /// (the part that is not understood) when it uses more of FHIRPath than search parameters do.
    pub fn compile(expression: &str, resource_type: &str, types: &TypeTable) -> Result<Option<Path>, String> {
        let bases: Vec<&str> = match types.type_named(resource_type) {
            Some(ty) => types.ancestry(ty).map(|t| &*types.get(t).name).collect(),
            None => vec![resource_type],
        };
        let mut alternatives = vec![];
        for part in split_union(expression) {
            let part = part.trim();
            let (roots, steps) = parse(part).ok_or_else(|| part.to_owned())?;
            if roots.iter().any(|root| bases.contains(&&**root)) && !alternatives.contains(&steps) {
                alternatives.push(steps);
            }
        }
        Ok((!alternatives.is_empty()).then_some(Path { alternatives }))
    }

    /// Everything it leads to in a resource.
    pub fn select<'d>(&self, tree: &'d Typed) -> Vec<Found<'d>> {
        let mut found = vec![];
        for steps in &self.alternatives {
            let mut nodes = vec![tree.root()];
            let mut boolean = None;
            for step in steps {
                match step {
                    Step::Exists => boolean = Some(!nodes.is_empty()),
                    step => nodes = nodes.into_iter().flat_map(|n| step.take(tree, n)).collect(),
                }
                if let Step::At(at) = step {
                    nodes = nodes.into_iter().skip(*at).take(1).collect();
                }
            }
            match boolean {
                Some(value) => found.push(Found::Boolean(value)),
                None => found.extend(nodes.into_iter().flat_map(|n| values(tree, n)).map(Found::Node)),
            }
        }
        found
    }
}

impl Step {
    fn take<'d>(&self, tree: &'d Typed, node: NodeRef<'d>) -> Vec<NodeRef<'d>> {
        let keep = |yes: bool| if yes { vec![node] } else { vec![] };
        match self {
            Step::Child(name) => children(tree, node, name).collect(),
            Step::Extension(url) => {
                node.children_named("extension").filter(|e| e.child_value("url") == Some(url)).collect()
            }
            Step::Where(name, value) => keep(children(tree, node, name).any(|c| c.value() == Some(value))),
            Step::As(ty) => keep(tree.type_name(node.id()).eq_ignore_ascii_case(ty)),
            Step::RefersTo(ty) => keep(refers_to(tree, node, ty)),
            Step::At(_) | Step::Exists => vec![node],
        }
    }
}

/// Children by the name a path uses.
fn children<'d>(tree: &'d Typed, node: NodeRef<'d>, name: &str) -> impl Iterator<Item = NodeRef<'d>> + use<'d> {
    let wanted = tree.name_id(name);
    node.children().filter(move |c| wanted.is_some_and(|w| tree.node_type(c.id()).step == w))
}

/// The value of an extension, anything else itself.
fn values<'d>(tree: &'d Typed, node: NodeRef<'d>) -> Vec<NodeRef<'d>> {
    match tree.type_name(node.id()) {
        "Extension" => children(tree, node, "value").collect(),
        _ => vec![node],
    }
}

/// `resolve() is T`, by what the reference itself says: its path, its `type` (R4), the contained resource.
fn refers_to(tree: &Typed, node: NodeRef<'_>, resource_type: &str) -> bool {
    if node.child_value("type").is_some_and(|t| t == resource_type) {
        return true;
    }
    let Some(reference) = node.child_value("reference") else { return false };
    if let Some(id) = reference.strip_prefix('#') {
        let mut contained = tree.root().children_named("contained");
        return contained.any(|c| c.child_value("id") == Some(id) && c.resource_type() == Some(resource_type));
    }
    crate::simulator::stored::Key::parse(reference).is_some_and(|(_, key)| &*key.resource_type == resource_type)
}

/// Splits at `|` outside parentheses and quotes.
fn split_union(expression: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut start, mut parts) = (0_i32, false, 0, vec![]);
    for (at, c) in expression.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            '|' if !quoted && depth == 0 => {
                parts.push(&expression[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&expression[start..]);
    parts
}

/// One alternative: the types it starts from, and its steps.
fn parse(text: &str) -> Option<(Vec<Box<str>>, Vec<Step>)> {
    let mut rest = text.trim();
    let mut steps = vec![];
    let mut roots = vec![];
    if let Some((inner, after)) = parenthesised(rest) {
        // `(A | B).x` names roots, `(A.b as T)` is a path.
        if inner.contains('|') {
            for root in inner.split('|') {
                roots.push(name(root.trim())?.into());
            }
        } else {
            (roots, steps) = parse(inner)?;
        }
        rest = after;
    } else {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        roots.push(name(&rest[..end])?.into());
        rest = &rest[end..];
    }
    while !rest.is_empty() {
        if let Some(ty) = rest.strip_prefix(" as ") {
            steps.push(Step::As(name(ty.trim())?.into()));
            return Some((roots, steps));
        }
        if let Some(index) = rest.strip_prefix('[') {
            let (number, after) = index.split_once(']')?;
            steps.push(Step::At(number.parse().ok()?));
            rest = after;
            continue;
        }
        let step = rest.strip_prefix('.')?;
        let end = step.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(step.len());
        let word = name(&step[..end])?;
        match parenthesised(&step[end..]) {
            Some((argument, after)) => {
                steps.push(function(word, argument.trim())?);
                rest = after;
            }
            None => {
                steps.push(Step::Child(word.into()));
                rest = &step[end..];
            }
        }
    }
    Some((roots, steps))
}

fn function(word: &str, argument: &str) -> Option<Step> {
    match word {
        "as" | "ofType" => Some(Step::As(name(argument)?.into())),
        "extension" => Some(Step::Extension(literal(argument)?.into())),
        "exists" if argument.is_empty() => Some(Step::Exists),
        "where" => match argument.strip_prefix("resolve() is ") {
            Some(ty) => Some(Step::RefersTo(name(ty.trim())?.into())),
            None => {
                let (child, value) = argument.split_once('=')?;
                Some(Step::Where(name(child.trim())?.into(), literal(value.trim())?.into()))
            }
        },
        _ => None,
    }
}

fn name(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')).then_some(text)
}

fn literal(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'').filter(|t| !t.contains(['\'', '\\']))
}

/// `(inner)rest`, minding nested parentheses and quotes.
fn parenthesised(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with('(') {
        return None;
    }
    let (mut depth, mut quoted) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some((&text[1..at], &text[at + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expressions_of_published_parameters_parse() {
        let table = [
            ("Observation.code", 1),
            ("Observation.value.as(CodeableConcept)", 2),
            ("(Observation.component.value as CodeableConcept)", 3),
            ("(Observation.value as CodeableConcept).text", 3),
            ("Observation.value as CodeableConcept", 2),
            ("PractitionerRole.telecom.where(system='email')", 2),
            ("Account.subject.where(resolve() is Patient)", 2),
            ("Library.relatedArtifact.where(type='composed-of').resource", 3),
            ("Bundle.entry[0].resource", 3),
            ("Patient.deceased.exists()", 2),
            ("A.extension('http://x.test/y.z')", 1),
            ("A.extension('http://x.test/y').value", 2),
            ("(Condition|Observation|Procedure).extension('http://x.test').value", 2),
        ];
        for (text, steps) in table {
            assert_eq!(parse(text).map(|(_, s)| s.len()), Some(steps), "{text}");
        }
        for text in
            ["", "a b", "Observation.", "Observation..code", "X.select(a)", "X.where(a=b)", "X.y(", "(", "X[", "é"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(split_union("A.b | (C.d | E).f | G.extension('x|y')").len(), 3);
    }
}
