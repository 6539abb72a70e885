//! A code system, as far as its content is at hand.

use std::collections::HashMap;

use crate::fhir::{Document, NodeRef};

/// CodeSystem.content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// Every code is here: what is not, is not a code.
    Complete,
    /// Some codes are here.
    Partial,
    /// None.
    Absent,
}

/// Codes and their hierarchy.
#[derive(Debug)]
pub struct CodeSystem {
    /// Its url.
    pub url: Box<str>,
    /// How much of it is here.
    pub content: Content,
    case_sensitive: bool,
    /// Code (folded where case does not matter) to its parents' codes.
    concepts: HashMap<Box<str>, Vec<Box<str>>>,
}

impl CodeSystem {
    /// Reads a CodeSystem resource.
    pub fn read(document: &Document) -> CodeSystem {
        let root = document.root();
        let content = match root.child_value("content") {
            Some("complete") => Content::Complete,
            Some("not-present") => Content::Absent,
            _ => Content::Partial,
        };
        let case_sensitive = root.child_value("caseSensitive") != Some("false");
        let url = root.child_value("url").unwrap_or_default().into();
        let mut system = CodeSystem { url, content, case_sensitive, concepts: HashMap::new() };
        system.collect(root, None);
        system
    }

    fn collect(&mut self, node: NodeRef<'_>, parent: Option<&str>) {
        for concept in node.children_named("concept") {
            let Some(code) = concept.child_value("code") else { continue };
            let key = self.folded(code);
            let mut parents: Vec<Box<str>> = parent.into_iter().map(|p| self.folded(p)).collect();
            // v3 code systems say it in a property: a code may stand under several.
            for property in concept.children_named("property") {
                if matches!(property.child_value("code"), Some("subsumedBy" | "parent")) {
                    let value = property.children().find(|c| c.name().starts_with("value")).and_then(NodeRef::value);
                    parents.extend(value.map(|v| self.folded(v)));
                }
            }
            self.concepts.entry(key).or_default().extend(parents);
            self.collect(concept, Some(code));
        }
    }

    fn folded(&self, code: &str) -> Box<str> {
        if self.case_sensitive { code.into() } else { code.to_lowercase().into() }
    }

    /// Whether the code exists; None when that cannot be told from what is here.
    pub fn has(&self, code: &str) -> Option<bool> {
        match (self.concepts.contains_key(&self.folded(code)), self.content) {
            (true, _) => Some(true),
            (false, Content::Complete) => Some(false),
            (false, _) => None,
        }
    }

    /// Whether `code` is `ancestor` or stands below it; None when that cannot be told.
    pub fn is_a(&self, code: &str, ancestor: &str) -> Option<bool> {
        if self.content != Content::Complete {
            return None;
        }
        let ancestor = self.folded(ancestor);
        let mut seen: Vec<Box<str>> = vec![];
        let mut todo = vec![self.folded(code)];
        while let Some(code) = todo.pop() {
            if code == ancestor {
                return Some(self.concepts.contains_key(&code));
            }
            if !seen.contains(&code) {
                todo.extend(self.concepts.get(&code).into_iter().flatten().cloned());
                seen.push(code);
            }
        }
        Some(false)
    }

    /// Number of codes here.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// True when no code is here.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }
}
