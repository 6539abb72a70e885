//! What the names and types of an expression are in a document.
//!
//! An expression knows them as text. In one document each is a number, looked up once in an evaluation.

use std::cell::Cell;

use super::error::{ErrorKind, EvaluationError};
use super::evaluator::{Evaluator, Fallible};
use super::item::{Element, Item};
use super::tree::Slot;
use super::value::SystemType;
use crate::definitions::{TypeId, Typed};
use crate::fhir::{NameId, Span};

/// What was looked up, slot by slot. Most expressions have few slots, and those cost no memory of their own.
pub(super) struct Lookups<T> {
    few: [Cell<T>; 8],
    more: Vec<Cell<T>>,
}

impl<T: Copy> Lookups<T> {
    pub(super) fn new(slots: usize, pending: T) -> Self {
        let few: [Cell<T>; 8] = std::array::from_fn(|_| Cell::new(pending));
        let more = vec![Cell::new(pending); slots.saturating_sub(few.len())];
        Lookups { few, more }
    }

    fn cell(&self, slot: Slot) -> &Cell<T> {
        let at = usize::from(slot);
        self.few.get(at).unwrap_or_else(|| &self.more[at - self.few.len()])
    }
}

/// The number of a name.
#[derive(Clone, Copy)]
pub(super) enum NameLookup {
    Pending,
    Done(Option<NameId>),
}

/// What a type specifier means with a type table.
#[derive(Clone, Copy)]
pub(super) struct ResolvedType {
    system: Option<SystemType>,
    fhir: Option<TypeId>,
}

impl ResolvedType {
    /// True when neither FHIRPath nor the release knows the type.
    pub(super) fn is_unknown(self) -> bool {
        self.system.is_none() && self.fhir.is_none()
    }
}

impl<'a> Evaluator<'_, 'a> {
    fn is_home(&self, typed: &Typed) -> bool {
        std::ptr::eq(typed, self.context.typed())
    }

    pub(super) fn name_id(&self, typed: &Typed, slot: Slot) -> Option<NameId> {
        let (cell, name) = (self.names.cell(slot), &self.expression.names[usize::from(slot)]);
        if !self.is_home(typed) {
            return typed.name_id(name);
        }
        if let NameLookup::Done(id) = cell.get() {
            return id;
        }
        let id = typed.name_id(name);
        cell.set(NameLookup::Done(id));
        id
    }

    pub(super) fn resolved_type(&self, slot: Slot, typed: &Typed) -> ResolvedType {
        let cell = self.types.cell(slot);
        if let Some(resolved) = cell.get().filter(|_| self.is_home(typed)) {
            return resolved;
        }
        let specifier = &self.expression.types[usize::from(slot)];
        let namespace = specifier.namespace.as_deref();
        let system = SystemType::named(&specifier.name).filter(|_| namespace.is_none_or(|n| n == "System"));
        let fhir = typed.table().type_named(&specifier.name).filter(|_| namespace.is_none_or(|n| n == "FHIR"));
        let resolved = ResolvedType { system, fhir };
        if self.is_home(typed) {
            cell.set(Some(resolved));
        }
        resolved
    }

    /// The type as the expression writes it.
    pub(super) fn type_text(&self, slot: Slot) -> String {
        self.expression.types[usize::from(slot)].to_string()
    }

    /// `is`: the type or one that derives from it; case matters.
    pub(super) fn is_type(&self, item: &Item<'a>, slot: Slot) -> bool {
        match item {
            Item::Element(element) => {
                let wanted = self.resolved_type(slot, element.typed()).fhir;
                wanted.is_some_and(|t| element.typed().table().is_a(element.type_id(), t))
            }
            Item::Value(value) => self.resolved_type(slot, self.context.typed()).system == Some(value.system_type()),
        }
    }

    /// `as` and `ofType`: like `is`, but a primitive must have exactly the type.
    pub(super) fn has_type(&self, item: &Item<'a>, slot: Slot) -> bool {
        match item {
            Item::Element(element) if element.is_primitive() => {
                self.resolved_type(slot, element.typed()).fhir == Some(element.type_id())
            }
            _ => self.is_type(item, slot),
        }
    }

    /// Whether a name at the start of an expression names the type of `element`.
    pub(super) fn is_root(&self, element: Element<'a>, slot: Slot) -> bool {
        match self.resolved_type(slot, element.typed()).fhir {
            Some(ty) => element.typed().table().is_a(element.type_id(), ty),
            None => element.node().resource_type() == Some(&*self.expression.types[usize::from(slot)].name),
        }
    }

    /// A type that nobody knows is an error for `as` and `ofType`: the expression cannot be right.
    pub(super) fn demand_known(&self, slot: Slot, span: Span) -> Fallible<()> {
        if !self.resolved_type(slot, self.context.typed()).is_unknown() {
            return Ok(());
        }
        let (name, version) = (self.type_text(slot), self.context.typed().table().version());
        Err(EvaluationError::new(ErrorKind::Type, format!("there is no type `{name}` in {version}"), span))
    }
}
