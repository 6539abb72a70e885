//! Setup, tests and teardown: lists of actions.

use crate::diagnostic::Severity;
use crate::fhir::NodeRef;
use crate::testscript::model::{Action, Test};
use crate::testscript::problem::{self, problem};

use super::reading::Reading;
use super::sheet::Sheet;

impl Reading<'_> {
    /// The actions of `setup` or `teardown`.
    pub(super) fn section(&mut self, sheet: &Sheet<'_>, name: &str) -> Vec<Action> {
        let mut actions = vec![];
        for section in sheet.root().children_named(name) {
            self.actions(sheet, section, &mut actions);
        }
        actions
    }

    pub(super) fn tests(&mut self, sheet: &Sheet<'_>) -> Vec<Test> {
        let mut tests: Vec<Test> = vec![];
        for (number, node) in sheet.root().children_named("test").enumerate() {
            let mut actions = vec![];
            self.actions(sheet, node, &mut actions);
            let id = Reading::filled(node, "id").and_then(NodeRef::value);
            if let Some(id) = id.filter(|id| tests.iter().any(|t| t.id == *id)) {
                self.twice(sheet, node, "test", id);
            }
            tests.push(Test {
                id: id.map_or_else(|| (number + 1).to_string(), str::to_owned),
                name: Reading::text(node, "name"),
                description: Reading::text(node, "description"),
                actions,
                place: sheet.place(node.span()),
            });
        }
        tests
    }

    /// Adds the actions of a test, a section or a group, those of included groups in their place.
    pub(super) fn actions(&mut self, sheet: &Sheet<'_>, parent: NodeRef<'_>, into: &mut Vec<Action>) {
        let before = into.len();
        for node in parent.children_named("action") {
            let include = node.child("include").filter(|_| sheet.house());
            let mut found = 0;
            for child in node.children() {
                match child.name() {
                    "operation" => {
                        if let Some(operation) = self.operation(sheet, child) {
                            into.push(Action::Operation(Box::new(operation)));
                        }
                    }
                    "assert" => into.push(Action::Assert(Box::new(self.assertion(sheet, child)))),
                    "include" if include.is_some() => self.include(sheet, child, into),
                    _ => continue,
                }
                found += 1;
            }
            match found {
                1 => {}
                0 => self.lacks(sheet, node, "`operation` or `assert`"),
                _ => {
                    let message = "`action` has more than one operation or assert".to_owned();
                    let place = sheet.place(sheet.name_span(node));
                    self.problems.push(problem(Severity::Error, problem::REPEATED, message, &place));
                }
            }
        }
        if parent.children_named("action").next().is_none() && into.len() == before {
            self.lacks(sheet, parent, "`action`");
        }
    }
}
