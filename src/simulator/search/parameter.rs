//! The search parameters a server knows: those of the definitions, and Nictiz' own where no definition
//! of theirs was given.

use std::sync::Arc;

use super::own_parameters;
use crate::definitions::search::{SearchParameter, SearchParameters, SearchType};
use crate::definitions::{TypeClass, TypeTable, search};
use crate::simulator::refusal::{Reason, Refusal};

/// All parameters of a release.
pub(crate) struct Parameters {
    facts: Arc<SearchParameters>,
    types: Arc<TypeTable>,
}

impl Parameters {
    /// Adds our own rows to what the definitions have; a definition that can be used comes first.
    pub fn new(facts: Arc<SearchParameters>, types: Arc<TypeTable>) -> Parameters {
        let is_missing = |(ty, row): &(&str, SearchParameter)| {
            types.type_named(ty).is_some() && !facts.lookup(ty, &row.code).is_some_and(is_usable)
        };
        let missing: Vec<_> = own_parameters::rows(types.version()).filter(is_missing).collect();
        let facts = match missing.is_empty() {
            true => facts,
            false => {
                let mut all = (*facts).clone();
                missing.into_iter().for_each(|(ty, row)| all.insert(ty, row));
                Arc::new(all)
            }
        };
        Parameters { facts, types }
    }

    /// True for the name of a type that resources can have.
    pub fn has_type(&self, name: &str) -> bool {
        self.types.type_named(name).is_some_and(|t| self.types.get(t).class == TypeClass::Resource)
    }

    /// The parameter of this name.
    pub fn get(&self, resource_type: &str, code: &str) -> Option<&SearchParameter> {
        self.facts.lookup(resource_type, code).filter(|p| is_usable(p))
    }

    /// The parameter of this name, or why there is none.
    pub fn find(&self, resource_type: &str, code: &str) -> Result<&SearchParameter, Refusal> {
        let message = match self.facts.lookup(resource_type, code) {
            Some(parameter) if is_usable(parameter) => return Ok(parameter),
            Some(parameter) => format!(
                "`{code}` of {resource_type} ({} parameter) is defined in a way this server cannot evaluate",
                parameter.ty.code()
            ),
            None => {
                format!("`{code}` is not a search parameter of {resource_type} here; `metadata` lists those that are")
            }
        };
        Err(Refusal::new(Reason::NotSupported, message))
    }

    /// The parameters that can be used on a type.
    pub fn of(&self, resource_type: &str) -> impl Iterator<Item = &SearchParameter> {
        self.facts.of_type(resource_type).filter(|p| is_usable(p))
    }

    /// The parameters that put a resource in a Patient's compartment.
    pub fn compartment(&self, compartment: &str, resource_type: &str) -> impl Iterator<Item = &SearchParameter> {
        self.facts.compartment(compartment, resource_type)
    }
}

/// Composite and special parameters are refused.
fn is_usable(parameter: &SearchParameter) -> bool {
    parameter.is_supported() && !matches!(parameter.ty, SearchType::Composite | SearchType::Special)
}

/// True when a parameter may lead to a resource of this type.
pub(crate) fn leads_to(parameter: &SearchParameter, resource_type: &str) -> bool {
    parameter.targets.is_empty() || parameter.targets.iter().any(|t| &**t == resource_type)
}

/// What the paths of a parameter find in a resource.
pub(crate) fn select<'d>(
    parameter: &SearchParameter,
    tree: &'d crate::definitions::Typed,
) -> impl Iterator<Item = search::Found<'d>> {
    parameter.paths.iter().map(|path| path.find(tree, tree.root()))
}
