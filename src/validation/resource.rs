//! A resource: the definitions it is judged by.

use std::sync::Arc;

use super::code;
use super::walk::Walk;
use crate::definitions::TypeId;
use crate::definitions::profile::{Profiles, Snapshot};
use crate::diagnostic::Severity;
use crate::fhir::NodeRef;

impl<'d> Walk<'_, 'd> {
    /// Judges a resource by its base definition, the profiles it claims, and `more` (canonicals).
    pub fn resource(&mut self, node: NodeRef<'d>, more: &[&str]) {
        let no_profile: Arc<str> = "".into();
        let ty = self.document.node_type(node.id()).ty;
        let type_name = node.resource_type().unwrap_or_default().to_owned();
        if ty == TypeId::UNKNOWN {
            let message = match node.resource_type() {
                Some(name) => format!("`{name}` is not a resource type of FHIR {}", self.document.table().version()),
                None => "there is no resource type".to_owned(),
            };
            return self.report(node, Severity::Fatal, code::UNKNOWN_RESOURCE, message, &no_profile);
        }
        let meta = node.child("meta");
        let claimed = meta.into_iter().flat_map(|m| m.children_named("profile"));
        let mut by_profile = false;
        for (canonical, asks) in claimed.filter_map(|p| Some((p.value()?, p))).chain(more.iter().map(|c| (*c, node))) {
            by_profile |= self.by_claimed_profile(node, canonical, asks, &type_name);
        }
        if !by_profile {
            self.by_base(node);
        }
        if node.name() == "contained" {
            self.contained_id(node, &no_profile);
        }
        if type_name == "Bundle" {
            self.bundle(node);
        }
    }

    /// A contained resource has an id, and one of its own.
    fn contained_id(&mut self, node: NodeRef<'d>, no_profile: &Arc<str>) {
        let message = match node.child_value("id") {
            None => "a contained resource without `id`: nothing can refer to it".to_owned(),
            Some(id) => {
                let siblings = node.parent().into_iter().flat_map(|p| p.children_named("contained"));
                let mut before = siblings.take_while(|s| s.id() != node.id());
                if !before.any(|s| s.child_value("id") == Some(id)) {
                    return;
                }
                format!("another contained resource has the id `{id}`, too")
            }
        };
        self.report(node, Severity::Error, code::CONTAINED_ID, message, no_profile);
    }

    /// Judges by a profile; false when that says nothing about the base definition.
    fn by_claimed_profile(&mut self, node: NodeRef<'d>, canonical: &str, asks: NodeRef<'d>, type_name: &str) -> bool {
        let Some(snapshot) = self.snapshot(canonical, asks) else {
            let message = format!("`{canonical}` is in none of the packages: what it asks for was not checked");
            let severity = self.policy().unknown_profile;
            self.report(asks, severity, code::UNKNOWN_PROFILE, message, &"".into());
            return false;
        };
        let table = self.document.table();
        let constrained = table.type_named(&snapshot.definition.type_name);
        let ty = table.type_named(type_name);
        if let (Some(constrained), Some(ty)) = (constrained, ty)
            && !table.is_a(ty, constrained)
        {
            let wanted = &snapshot.definition.type_name;
            let message = format!("`{canonical}` is a profile on {wanted}, this is a {type_name}");
            self.report(node, Severity::Error, code::PROFILE_TYPE, message, &snapshot.definition.url);
            return false;
        }
        self.by_definition(node, canonical, asks);
        true
    }

    /// Judges an element (a resource, a data type) by the definition with this canonical.
    pub fn by_definition(&mut self, node: NodeRef<'d>, canonical: &str, asks: NodeRef<'d>) {
        if let Some(snapshot) = self.snapshot(canonical, asks) {
            self.by_snapshot(node, &snapshot);
        }
    }

    /// Judges an element by the definition of its own type.
    pub fn by_base(&mut self, node: NodeRef<'d>) {
        let ty = self.document.node_type(node.id()).ty;
        let validator = self.validator;
        match validator.base(ty) {
            Some(snapshot) => self.by_snapshot(node, snapshot),
            None => {
                let canonical = Profiles::type_canonical(self.document.type_name(node.id()));
                self.by_definition(node, &canonical, node);
            }
        }
    }

    /// Judges an element by a definition, once.
    pub fn by_snapshot(&mut self, node: NodeRef<'d>, snapshot: &Arc<Snapshot>) {
        if self.first_time(node, snapshot) {
            self.element(node, &snapshot.root, &snapshot.definition.url);
        }
    }
}
