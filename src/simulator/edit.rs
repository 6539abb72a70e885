//! Making a changed copy of a tree.

use crate::definitions::Typed;
use crate::fhir::{Builder, Document, NodeRef};

/// What becomes of a node in the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// It stays, with all below it that stays.
    Keep,
    /// It is left out, with all below it.
    Drop,
    /// It gets another value; what is below it stays.
    Value(String),
    /// It stays and is followed by a copy of itself.
    Twice,
    /// It stays and gets another child: name and value.
    With(&'static str, String),
    /// It becomes a resource of another type.
    Type(&'static str),
}

/// Copies a tree, asking `edit` about every node, parents first. The root can only stay or change its
/// type.
pub(super) fn rebuild(tree: &Typed, edit: &mut dyn FnMut(NodeRef<'_>) -> Edit) -> Document {
    let root = tree.root();
    let change = edit(root);
    let resource_type = match change {
        Edit::Type(other) => other,
        _ => root.resource_type().unwrap_or_default(),
    };
    let mut builder = Builder::resource(resource_type, tree.format());
    if let Edit::With(name, value) = &change {
        builder.text(name, value);
    }
    for child in root.children() {
        copy(&mut builder, child, edit);
    }
    builder.finish()
}

fn copy(builder: &mut Builder, node: NodeRef<'_>, edit: &mut dyn FnMut(NodeRef<'_>) -> Edit) {
    let change = edit(node);
    let children: Vec<NodeRef<'_>> = node.children().collect();
    match &change {
        Edit::Drop => return,
        // An untouched leaf.
        _ if children.is_empty() && !matches!(change, Edit::Value(_) | Edit::With(..) | Edit::Type(_)) => {
            builder.graft(node.name(), node);
        }
        _ => {
            let value = match &change {
                Edit::Value(value) => Some(value.as_str()),
                _ => node.value(),
            };
            match (value, node.resource_type(), &change) {
                (Some(value), ..) if children.is_empty() => {
                    builder.primitive(node.name(), node.kind(), value);
                }
                // A primitive with extensions keeps its value only when grafted whole.
                (Some(_), ..) => {
                    builder.graft(node.name(), node);
                }
                (None, _, Edit::Type(other)) => {
                    builder.open_resource(node.name(), other);
                    below(builder, &children, &change, edit);
                }
                (None, Some(resource_type), _) => {
                    builder.open_resource(node.name(), resource_type);
                    below(builder, &children, &change, edit);
                }
                (None, None, _) => {
                    builder.open(node.name());
                    below(builder, &children, &change, edit);
                }
            }
        }
    }
    if node.in_array() {
        builder.array_item();
    }
    if change == Edit::Twice {
        builder.graft(node.name(), node);
    }
}

fn below(builder: &mut Builder, children: &[NodeRef<'_>], change: &Edit, edit: &mut dyn FnMut(NodeRef<'_>) -> Edit) {
    for child in children {
        copy(builder, *child, edit);
    }
    if let Edit::With(name, value) = change {
        builder.text(name, value);
    }
    builder.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::TypeTable;
    use crate::fhir::{FhirVersion, Format, json, read, shape::AsRead};
    use std::sync::Arc;

    fn edited(text: &str, mut edit: impl FnMut(NodeRef<'_>) -> Edit) -> String {
        let types = Arc::new(TypeTable::new(FhirVersion::Stu3, &[]));
        let tree = Typed::new(read(text, Format::Json).unwrap(), types);
        let document = rebuild(&tree, &mut edit);
        json::write(document.root(), &AsRead, json::Layout::Compact)
    }

    const TEXT: &str = r#"{"resourceType":"A","x":["1"],"y":{"z":true,"n":1.50},"r":{"resourceType":"B","id":"b"}}"#;

    #[test]
    fn edits_change_what_they_say_and_nothing_else() {
        assert_eq!(edited(TEXT, |_| Edit::Keep), TEXT);
        let on = |name: &'static str, edit: Edit| {
            edited(TEXT, move |n| if n.name() == name { edit.clone() } else { Edit::Keep })
        };
        assert_eq!(on("y", Edit::Drop), TEXT.replace(r#""y":{"z":true,"n":1.50},"#, ""));
        assert_eq!(on("x", Edit::Value("2".into())), TEXT.replace("\"1\"", "\"2\""));
        assert_eq!(on("n", Edit::Value("7".into())), TEXT.replace("1.50", "7"));
        assert_eq!(on("x", Edit::Twice), TEXT.replace(r#"["1"]"#, r#"["1","1"]"#));
        assert_eq!(on("r", Edit::Type("C")), TEXT.replace("\"B\"", "\"C\""));
        assert_eq!(on("y", Edit::With("w", "v".into())), TEXT.replace("1.50", "1.50,\"w\":\"v\""));
    }
}
