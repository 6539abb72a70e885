//! FHIRPath: expressions over typed documents (<http://hl7.org/fhirpath/N1/>).
//!
//! An [`Expression`] is parsed once and evaluated as often as wanted, over the root of a
//! [`crate::definitions::Typed`] document or any element of it ([`Context`]). It knows no FHIR version:
//! types and choices come with the document.
//!
//! # What it does where the specification leaves room, or scripts rely on more
//!
//! The official TestScripts are written against engines that are lenient. So is this one:
//!
//! - **Truth.** One boolean is itself, nothing is empty, anything else is true, also several items.
//!   `and`, `or`, `implies` with an empty side follow the specification. `where` and `all` take an empty
//!   criterion for false. [`Collection::to_boolean`] does the same for a whole result.
//! - **Type names are case-sensitive**: `is(coding)` is false for a Coding, `$this is Code` for a code.
//!   `is` walks up (a `code` is a `string`); a type that does not exist is never met. So is the missing one of `is()`. `as` and `ofType`
//!   take primitives of exactly the type, and a type that does not exist is an error. On several items
//!   `is` gives false as an operator and nothing as a function; `as` filters.
//! - **A name with a capital at the start of an expression** is a type test on `$this`, also against base
//!   types; where it fails the result is empty, so that `Composition….all(…)` holds for any other resource.
//! - **Equality** is by value for numbers and quantities, by what is known for dates, and as text for all
//!   other primitives, whatever their types: `code = 123` holds for the code `123`. Collections of
//!   different sizes are not equal.
//! - **Strings.** `startsWith`, `endsWith` and `replaceMatches` look at the first item, `contains` gives nothing for several,
//!   `matches` is false for several, finds its pattern anywhere and lets `.` match line breaks.
//! - `hasValue` is true for one complex element, false for none and for several.
//! - `in` and `contains` with several items ask about all of them.
//! - `resolve` looks in contained resources and in the Bundle (fullUrl, or `Type/id`), then asks the
//!   [`Services`].

mod analysis;
mod constancy;
mod context;
mod error;
mod evaluator;
mod function;
mod item;
mod lexer;
mod lookup;
mod operator;
mod parser;
mod pattern;
#[cfg(test)]
mod tests;
mod tree;
pub mod value;

use std::sync::Arc;

pub use analysis::{Finding, FindingKind};
pub use constancy::Constant;
pub use context::{Context, Services};
pub use error::{ErrorKind, EvaluationError, SyntaxError};
pub use item::{Collection, Element, Item};

use crate::definitions::{TypeId, TypeTable};
use evaluator::{Evaluator, Scope};

/// A parsed expression.
#[derive(Debug)]
pub struct Expression {
    text: Arc<str>,
    root: tree::Node,
    names: Vec<Box<str>>,
    types: Vec<tree::TypeSpecifier>,
}

impl Expression {
    /// Parses; everything that can be known without a document is checked.
    pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
        parser::parse(text)
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is probably wrong in it, given the types of a release: elements and types that do not exist
    /// and the like. `start` is the type of the element it will be evaluated on, if that is known.
    pub fn check(&self, table: &TypeTable, start: Option<TypeId>) -> Vec<Finding> {
        analysis::check(self, table, start)
    }

    /// The parts of it, as an assertion, that hold or fail whatever the document. `findings` are those of
    /// [`Expression::check`]; `open` are stretches of its text that stand for something not known yet.
    pub fn constants(&self, findings: &[Finding], open: &[crate::fhir::Span]) -> Vec<Constant> {
        constancy::constants(self, findings, open)
    }

    /// All items it gives for a context.
    pub fn evaluate<'a>(&'a self, context: &Context<'a>) -> Result<Collection<'a>, EvaluationError> {
        let this = context.element().map(Item::Element);
        let scope = Scope { this: this.as_ref(), index: 0, total: None };
        Evaluator::new(self, context).collect(&self.root, scope)
    }

    /// What an assertion makes of its result ([`Collection::to_boolean`]), without building the result.
    pub fn test<'a>(&'a self, context: &Context<'a>) -> Result<bool, EvaluationError> {
        let this = context.element().map(Item::Element);
        let scope = Scope { this: this.as_ref(), index: 0, total: None };
        Ok(Evaluator::new(self, context).truth(&self.root, scope)? == Some(true))
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
