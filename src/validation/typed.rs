//! A resource as fhir-sdk's STU3 types, for library users who want fields instead of a tree.
//!
//! fhir-sdk drops what it does not know and some of what it finds invalid, without a word, so nothing in
//! keur reads FHIR through it. Here its result is written back and compared with the tree: what would
//! have been lost is an error that says where.

use fhir_sdk::stu3::resources::Resource;
use rust_decimal::Decimal;

use crate::definitions::Typed;
use crate::fhir::{self, Format, Kind, NodeRef, json};

/// Why a resource has no typed form.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    /// fhir-sdk cannot hold it: what it said.
    #[error("fhir-sdk cannot hold this resource: {0}")]
    Refused(String),
    /// fhir-sdk dropped or changed an element: its path and what stands there.
    #[error("fhir-sdk would lose `{path}`{}", .value.as_ref().map(|v| format!(" (`{v}`)")).unwrap_or_default())]
    Lost {
        /// Path of the element.
        path: String,
        /// Its value, if it has one.
        value: Option<String>,
    },
}

/// The typed form of a resource, complete or not at all. Decimals keep their value but not their text
/// (`72` may become `72.0`): fhir-sdk holds them as floating point.
pub fn to_resource(resource: &Typed) -> Result<Resource, TypedError> {
    let text = json::write(resource.root(), resource, json::Layout::Compact);
    let typed: Resource = serde_json::from_str(&text).map_err(|e| TypedError::Refused(e.to_string()))?;
    let back = serde_json::to_string(&typed).map_err(|e| TypedError::Refused(e.to_string()))?;
    let back = fhir::read(back, Format::Json).map_err(|e| TypedError::Refused(e.to_string()))?;
    // Compared as JSON both, so that what XML does not say (numbers, booleans) is said on both sides.
    let sent = fhir::read(text, Format::Json).map_err(|e| TypedError::Refused(e.to_string()))?;
    match first_loss(sent.root(), back.root()) {
        Some(lost) => Err(TypedError::Lost { path: lost.path(), value: lost.value().map(str::to_owned) }),
        None => Ok(typed),
    }
}

/// The first element of `sent` that `back` does not have with the same value.
fn first_loss<'d>(sent: NodeRef<'d>, back: NodeRef<'_>) -> Option<NodeRef<'d>> {
    let same = match (sent.value(), back.value()) {
        (Some(a), Some(b)) if sent.kind() == Kind::Number => decimal(a) == decimal(b),
        (a, b) => a == b,
    };
    if !same || sent.resource_type() != back.resource_type() {
        return Some(sent);
    }
    sent.children().find_map(|child| match back.children_named(child.name()).nth(child.index()) {
        Some(twin) => first_loss(child, twin),
        None => Some(child),
    })
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok().map(|d| d.normalize())
}
