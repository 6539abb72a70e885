//! Making a changed copy of a tree.

use crate::definitions::Typed;
use crate::fhir::{Builder, Document, NodeRef};

/// What becomes of a node in the copy.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// It stays, with all below it that stays.
    Keep,
    /// It is left out, with all below it.
    Drop,
    /// It gets another value; what is below it stays.
    Value(String),
    /// It stays and is followed by a copy of itself.
    Twice,
    /// It stays and gets more children.
    Append(fn(&mut Builder)),
    /// It becomes a resource of another type.
    Type(&'static str),
}

/// Copies a tree, asking `edit` about every node, parents first. The root can get more children or
/// another type; all else leaves it as it is.
pub(super) fn rebuild(tree: &Typed, edit: &mut dyn FnMut(NodeRef<'_>) -> Edit) -> Document {
    let root = tree.root();
    let change = edit(root);
    let resource_type = match &change {
        Edit::Type(other) => other,
        _ => root.resource_type().unwrap_or_default(),
    };
    let mut builder = Builder::resource(resource_type, tree.format());
    root.children().for_each(|child| copy(&mut builder, child, edit));
    if let Edit::Append(more) = change {
        more(&mut builder);
    }
    builder.finish()
}

fn copy(builder: &mut Builder, node: NodeRef<'_>, edit: &mut dyn FnMut(NodeRef<'_>) -> Edit) {
    let change = edit(node);
    match &change {
        Edit::Drop => return,
        Edit::Value(value) if node.children().next().is_none() => {
            builder.primitive(node.name(), node.kind(), value);
        }
        _ if node.children().next().is_none() => {
            builder.graft(node.name(), node);
        }
        // A primitive with extensions, which may be changed too.
        _ if node.value().is_some() || node.is_extended_primitive() => {
            let value = match &change {
                Edit::Value(value) => Some(value.as_str()),
                _ => node.value(),
            };
            builder.open_primitive(node.name(), node.kind(), value);
            node.children().for_each(|child| copy(builder, child, edit));
            builder.close();
        }
        _ => {
            let resource_type = match &change {
                Edit::Type(other) => Some(*other),
                _ => node.resource_type(),
            };
            match resource_type {
                Some(resource_type) => builder.open_resource(node.name(), resource_type),
                None => builder.open(node.name()),
            };
            node.children().for_each(|child| copy(builder, child, edit));
            if let Edit::Append(more) = &change {
                more(builder);
            }
            builder.close();
        }
    }
    if node.in_array() {
        builder.array_item();
    }
    if matches!(change, Edit::Twice) {
        builder.graft(node.name(), node);
    }
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
    const EXTENDED: &str = r#"{"resourceType":"A","x":["1",null],"_x":[{"extension":[{"url":"u","valueCode":"c"}]},{"extension":[{"url":"u","valueCode":"d"}]}]}"#;

    #[test]
    fn edits_change_what_they_say_and_nothing_else() {
        assert_eq!(edited(TEXT, |_| Edit::Keep), TEXT);
        let on = |name: &'static str, edit: Edit| {
            edited(TEXT, move |n| if n.name() == name { edit.clone() } else { Edit::Keep })
        };
        let more = |b: &mut Builder| {
            b.text("w", "v");
        };
        assert_eq!(on("y", Edit::Drop), TEXT.replace(r#""y":{"z":true,"n":1.50},"#, ""));
        assert_eq!(on("x", Edit::Value("2".into())), TEXT.replace("\"1\"", "\"2\""));
        assert_eq!(on("n", Edit::Value("7".into())), TEXT.replace("1.50", "7"));
        assert_eq!(on("x", Edit::Twice), TEXT.replace(r#"["1"]"#, r#"["1","1"]"#));
        assert_eq!(on("r", Edit::Type("C")), TEXT.replace("\"B\"", "\"C\""));
        assert_eq!(on("y", Edit::Append(more)), TEXT.replace("1.50", "1.50,\"w\":\"v\""));
        assert_eq!(edited(EXTENDED, |_| Edit::Keep), EXTENDED);
        let extended = |name: &'static str, edit: Edit| {
            edited(EXTENDED, move |n| if n.name() == name { edit.clone() } else { Edit::Keep })
        };
        assert_eq!(extended("url", Edit::Value("v".into())), EXTENDED.replace("\"u\"", "\"v\""));
        assert_eq!(
            extended("valueCode", Edit::Drop),
            EXTENDED.replace(",\"valueCode\":\"c\"", "").replace(",\"valueCode\":\"d\"", "")
        );
        // What has no value gets none.
        let other = EXTENDED.replace(r#"["1",null]"#, r#"["2",null]"#);
        assert_eq!(extended("x", Edit::Value("2".into())), other);
        assert_eq!(on("A", Edit::Append(more)), TEXT.replace("\"b\"}", "\"b\"},\"w\":\"v\""));
    }
}
