//! What expressions work on and give: elements of a tree and computed values.

use std::borrow::Cow;

use super::value::{Quantity, SystemType, Temporal, TemporalKind, TypeName, Unit, Value, parse_decimal};
use crate::definitions::{TypeClass, TypeId, Typed};
use crate::fhir::{Kind, NodeId, NodeRef, Shape};

/// An element of a typed document.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    typed: &'a Typed,
    id: NodeId,
}

impl<'a> Element<'a> {
    /// The element with this id, which must be of this document.
    pub fn new(typed: &'a Typed, id: NodeId) -> Self {
        Element { typed, id }
    }

    /// The document it is in.
    pub fn typed(self) -> &'a Typed {
        self.typed
    }

    /// Its node: value, span, line and column.
    pub fn node(self) -> NodeRef<'a> {
        self.typed.node(self.id)
    }

    /// True for the outermost element of its document.
    pub(super) fn is_root(self) -> bool {
        self.id == self.typed.root().id()
    }

    pub(super) fn type_id(self) -> TypeId {
        self.typed.node_type(self.id).ty
    }

    /// Its FHIR type; a resource's is the resource type, a backbone element's its path. Empty where the
    /// definitions do not know it.
    pub fn type_name(self) -> &'a str {
        match self.type_id() {
            // A resource names its type itself, also when no definition is loaded for it.
            TypeId::UNKNOWN => self.node().resource_type().unwrap_or(""),
            _ => self.typed.type_name(self.id),
        }
    }

    /// The same element in the same document.
    pub(super) fn is(self, other: Element<'_>) -> bool {
        std::ptr::eq(self.typed, other.typed) && self.id == other.id
    }

    /// Path from the root, with an index on every element that may repeat; choices without their type:
    /// `Bundle.entry[3].resource.value`.
    pub fn path(self) -> String {
        let node = self.node();
        let Some(parent) = node.parent() else { return node.name().to_owned() };
        let mut path = Element { id: parent.id(), ..self }.path();
        path.push('.');
        path.push_str(self.step_name());
        if self.typed.repeats(node) {
            path.push_str(&format!("[{}]", node.index()));
        }
        path
    }

    /// The name a path uses for it: `value` for `valueQuantity`.
    pub(super) fn step_name(self) -> &'a str {
        self.typed.name(self.typed.node_type(self.id).step)
    }

    /// Its children, without the places that JSON keeps with `null`.
    pub(super) fn children(self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let typed = self.typed;
        self.node().children().filter(|c| !c.is_placeholder()).map(move |c| Element { typed, id: c.id() })
    }

    /// The first child that paths call `name`.
    pub(super) fn child(self, name: &str) -> Option<Element<'a>> {
        let wanted = self.typed.name_id(name)?;
        self.children().find(|c| self.typed.node_type(c.id).step == wanted)
    }

    /// The value of that child.
    pub(super) fn child_value(self, name: &str) -> Option<&'a str> {
        self.child(name)?.node().value()
    }

    /// True for primitives: those that the definitions call so, and unknown ones with a value.
    pub(super) fn is_primitive(self) -> bool {
        match self.typed.table().get(self.type_id()).class {
            TypeClass::Primitive => true,
            TypeClass::Unknown => self.node().kind() != Kind::Complex,
            _ => false,
        }
    }

    /// The System type that the value of a primitive element has (<http://hl7.org/fhir/R4/fhirpath.html#types>).
    fn system_type(self) -> SystemType {
        if self.type_id() == TypeId::UNKNOWN {
            let is_decimal = || self.node().value().is_some_and(|v| v.contains(['.', 'e', 'E']));
            return match self.node().kind() {
                Kind::Boolean => SystemType::Boolean,
                Kind::Number if is_decimal() => SystemType::Decimal,
                Kind::Number => SystemType::Integer,
                _ => SystemType::String,
            };
        }
        match self.type_name() {
            "boolean" => SystemType::Boolean,
            "integer" | "positiveInt" | "unsignedInt" | "integer64" => SystemType::Integer,
            "decimal" => SystemType::Decimal,
            "date" => SystemType::Date,
            "dateTime" | "instant" => SystemType::DateTime,
            "time" => SystemType::Time,
            _ => SystemType::String,
        }
    }

    /// The value of a primitive as its System type; text that is not of that type stays text. None for
    /// complex elements (but see [`Element::quantity`]) and primitives without value.
    pub(super) fn value(self) -> Option<Value<'a>> {
        let text = self.node().value()?;
        let temporal = |kind| Temporal::parse(kind, text).map(Value::Temporal);
        let value = match self.system_type() {
            SystemType::Boolean => match text {
                "true" => Some(Value::Boolean(true)),
                "false" => Some(Value::Boolean(false)),
                _ => None,
            },
            SystemType::Integer => text.parse().ok().map(Value::Integer),
            SystemType::Decimal => parse_decimal(text).map(Value::Decimal),
            SystemType::Date => temporal(TemporalKind::Date),
            SystemType::DateTime => temporal(TemporalKind::DateTime),
            SystemType::Time => temporal(TemporalKind::Time),
            _ => None,
        };
        Some(value.unwrap_or(Value::String(Cow::Borrowed(text))))
    }

    /// Quantity elements (and what derives from Quantity) as a System quantity, when they have a value.
    pub(super) fn quantity(self) -> Option<Quantity> {
        let table = self.typed.table();
        if !table.is_a(self.type_id(), table.type_named("Quantity")?) {
            return None;
        }
        let value = parse_decimal(self.child_value("value")?)?;
        let unit = self.child_value("code").or_else(|| self.child_value("unit")).unwrap_or("1");
        Some(Quantity { value, unit: Unit::Code(unit.into()) })
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is(*other)
    }
}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path())
    }
}

/// One item of a collection.
#[derive(Clone, PartialEq, Debug)]
pub enum Item<'a> {
    /// An element of a document.
    Element(Element<'a>),
    /// A computed value.
    Value(Value<'a>),
}

impl<'a> Item<'a> {
    /// The node, where it is an element.
    pub fn node(&self) -> Option<NodeRef<'a>> {
        match self {
            Item::Element(element) => Some(element.node()),
            Item::Value(_) => None,
        }
    }

    /// Path of an element, as [`Element::path`]; None for values.
    pub fn path(&self) -> Option<String> {
        match self {
            Item::Element(element) => Some(element.path()),
            Item::Value(_) => None,
        }
    }

    /// String form: a primitive's text as it was received, a value's as `toString()` gives it. None for
    /// complex elements and primitives without value.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Item::Element(element) => element.node().value().map(Cow::Borrowed),
            Item::Value(value) => Some(value.to_text()),
        }
    }

    /// FHIR type: of an element its own (backbone elements: `BackboneElement` or what else they derive
    /// from), of a value the primitive that could hold it.
    pub fn type_name(&self) -> &'a str {
        match self {
            Item::Element(element) => {
                let table = element.typed.table();
                let named = |t: &TypeId| table.get(*t).class != TypeClass::Backbone;
                match table.ancestry(element.type_id()).find(named) {
                    Some(TypeId::UNKNOWN) | None => element.type_name(),
                    Some(ty) => &table.get(ty).name,
                }
            }
            Item::Value(value) => value.system_type().fhir_name(),
        }
    }

    /// The type as `type()` gives it.
    pub(super) fn type_info(&self) -> TypeName<'a> {
        match self {
            Item::Element(_) => TypeName { namespace: "FHIR", name: self.type_name() },
            Item::Value(value) => TypeName { namespace: "System", name: value.system_type().name() },
        }
    }

    /// The System value: of a primitive element what it holds. None for complex elements.
    pub fn value(&self) -> Option<Value<'a>> {
        match self {
            Item::Element(element) => element.value(),
            Item::Value(value) => Some(value.clone()),
        }
    }

    /// As a quantity: quantities and, if `numbers` is set, plain numbers.
    pub(super) fn quantity(&self, numbers: bool) -> Option<Quantity> {
        match self {
            Item::Value(Value::Quantity(quantity)) => Some((**quantity).clone()),
            Item::Element(element) if !element.is_primitive() => element.quantity(),
            _ if numbers => self.value()?.as_decimal().map(Quantity::of_number),
            _ => None,
        }
    }

    /// What it means where a truth value is wanted: a boolean is itself, anything else is true.
    pub(super) fn truth(&self) -> bool {
        match self {
            Item::Value(Value::Boolean(b)) => *b,
            Item::Value(_) => true,
            Item::Element(element) => {
                element.node().value() != Some("false") || element.system_type() != SystemType::Boolean
            }
        }
    }

    pub(super) fn boolean(value: bool) -> Item<'a> {
        Item::Value(Value::Boolean(value))
    }
}

impl<'a> From<Value<'a>> for Item<'a> {
    fn from(value: Value<'a>) -> Self {
        Item::Value(value)
    }
}

/// The result of an expression: items in order. Most results are one item or none, so those take no
/// memory of their own.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Collection<'a> {
    items: Items<'a>,
}

#[derive(Clone, PartialEq, Debug, Default)]
enum Items<'a> {
    #[default]
    None,
    One([Item<'a>; 1]),
    Many(Vec<Item<'a>>),
}

impl<'a> Collection<'a> {
    /// The items.
    pub fn items(&self) -> &[Item<'a>] {
        match &self.items {
            Items::None => &[],
            Items::One(item) => item,
            Items::Many(items) => items,
        }
    }

    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Item<'a>> {
        self.items().iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        matches!(self.items, Items::None)
    }

    /// The first.
    pub fn first(&self) -> Option<&Item<'a>> {
        self.items().first()
    }

    /// What an assertion makes of it: one boolean is that boolean, otherwise whether there is anything.
    pub fn to_boolean(&self) -> bool {
        match self.items() {
            [] => false,
            [item] => item.truth(),
            _ => true,
        }
    }

    pub(super) fn push(&mut self, item: Item<'a>) {
        self.items = match std::mem::take(&mut self.items) {
            Items::None => Items::One([item]),
            Items::One([first]) => Items::Many(vec![first, item]),
            Items::Many(mut items) => {
                items.push(item);
                Items::Many(items)
            }
        };
    }
}

impl<'a> From<Item<'a>> for Collection<'a> {
    fn from(item: Item<'a>) -> Self {
        Collection { items: Items::One([item]) }
    }
}

impl<'a> FromIterator<Item<'a>> for Collection<'a> {
    fn from_iter<I: IntoIterator<Item = Item<'a>>>(items: I) -> Self {
        let mut collection = Collection::default();
        items.into_iter().for_each(|item| collection.push(item));
        collection
    }
}

impl<'a> IntoIterator for Collection<'a> {
    type Item = Item<'a>;
    type IntoIter = std::vec::IntoIter<Item<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        match self.items {
            Items::None => vec![],
            Items::One([item]) => vec![item],
            Items::Many(items) => items,
        }
        .into_iter()
    }
}
