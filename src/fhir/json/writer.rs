//! Element tree to JSON text.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::fhir::shape::Shape;
use crate::fhir::tree::{Kind, NameId, NodeRef};

/// How JSON is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// On one line.
    Compact,
    /// Two spaces a level.
    Pretty,
}

/// Writes the tree below (and with) `node` as one JSON object; `resourceType` comes first.
pub fn write(node: NodeRef<'_>, shape: &dyn Shape, layout: Layout) -> String {
    let mut writer = Writer { out: String::new(), layout, level: 0, shape };
    writer.object(node);
    writer.out
}

struct Writer<'w> {
    out: String,
    layout: Layout,
    level: usize,
    shape: &'w dyn Shape,
}

impl Writer<'_> {
    fn object(&mut self, node: NodeRef<'_>) {
        self.open('{');
        let mut first = true;
        if let Some(resource_type) = node.resource_type() {
            self.key(&mut first, "", "resourceType");
            escape(&mut self.out, resource_type);
        }
        for (name, nodes) in grouped(node, self.shape) {
            self.property(&mut first, name, &nodes);
        }
        self.close('}', first);
    }

    /// A property, and its `_name` beside it when primitives carry an id or extensions.
    fn property(&mut self, first: &mut bool, name: &str, nodes: &[NodeRef<'_>]) {
        let array = nodes.len() > 1 || self.shape.repeats(nodes[0]);
        let is_primitive = |n: &NodeRef<'_>| !matches!(self.shape.kind(*n), Kind::Complex);
        let primitive = nodes.iter().any(is_primitive);
        if !primitive {
            self.key(first, "", name);
            return self.items(nodes, array, |w, n| w.object(n));
        }
        if nodes.iter().any(|n| n.value().is_some() || n.kind() == Kind::Null) {
            self.key(first, "", name);
            self.items(nodes, array, |w, n| w.value(n));
        }
        if nodes.iter().any(|n| n.children().next().is_some()) {
            self.key(first, "_", name);
            self.items(nodes, array, |w, n| match n.children().next() {
                Some(_) => w.object(n),
                None => w.out.push_str("null"),
            });
        }
    }

    fn items(&mut self, nodes: &[NodeRef<'_>], array: bool, mut item: impl FnMut(&mut Self, NodeRef<'_>)) {
        if !array {
            return item(self, nodes[0]);
        }
        self.open('[');
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.line();
            item(self, *node);
        }
        self.close(']', false);
    }

    fn value(&mut self, node: NodeRef<'_>) {
        match (node.value(), self.shape.kind(node)) {
            (None, _) => self.out.push_str("null"),
            (Some(text), Kind::Number) if is_number(text) => self.out.push_str(text),
            (Some(text), Kind::Boolean) if matches!(text, "true" | "false") => self.out.push_str(text),
            (Some(text), _) => escape(&mut self.out, text),
        }
    }

    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.level += 1;
    }

    fn close(&mut self, bracket: char, empty: bool) {
        self.level -= 1;
        if !empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        if self.layout == Layout::Pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.level));
        }
    }

    fn key(&mut self, first: &mut bool, prefix: &str, name: &str) {
        if !std::mem::take(first) {
            self.out.push(',');
        }
        self.line();
        self.out.push('"');
        self.out.push_str(prefix);
        escape_into(&mut self.out, name);
        self.out.push_str(if self.layout == Layout::Pretty { "\": " } else { "\":" });
    }
}

/// The children grouped by name, in the order of the definition (or of the first of each name).
fn grouped<'d>(node: NodeRef<'d>, shape: &dyn Shape) -> Vec<(&'d str, Vec<NodeRef<'d>>)> {
    /// Up to this many names, looking through them beats hashing.
    const FEW: usize = 48;
    let mut groups: Vec<(&str, Vec<NodeRef<'_>>)> = Vec::new();
    let mut places: HashMap<NameId, usize> = HashMap::new();
    for child in node.children() {
        let name = child.name_id();
        let place = match groups.len() {
            // Children of one name mostly stand together.
            0 => None,
            n if groups[n - 1].1[0].name_id() == name => Some(n - 1),
            n if n <= FEW => groups.iter().position(|(_, nodes)| nodes[0].name_id() == name),
            _ => {
                if places.is_empty() {
                    places.extend(groups.iter().enumerate().map(|(i, (_, nodes))| (nodes[0].name_id(), i)));
                }
                places.get(&name).copied()
            }
        };
        match place {
            Some(at) => groups[at].1.push(child),
            None => {
                if !places.is_empty() {
                    places.insert(name, groups.len());
                }
                groups.push((child.name(), vec![child]));
            }
        }
    }
    groups.sort_by_key(|(_, nodes)| shape.rank(nodes[0]));
    groups
}

/// JSON's number grammar: what may be written without quotes.
pub(in crate::fhir) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (int, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(i, f)| (i, Some(f)));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    digits(int)
        && (int == "0" || !int.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// Appends `text` as a JSON string literal.
pub fn escape(out: &mut String, text: &str) {
    out.push('"');
    escape_into(out, text);
    out.push('"');
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
}
