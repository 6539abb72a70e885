//! What stands at the head of a script: parties, fixtures, profiles, variables, rules.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::diagnostic::{NoteKind, Severity, nearest};
use crate::fhir::{Format, NodeRef};
use crate::testscript::dialect::{self, Meaning, NativeRule};
use crate::testscript::fixture::unreadable;
use crate::testscript::model::{
    Fixture, Party, ProfileDeclaration, RuleDeclaration, Variable, VariableSource, VariableTake,
};
use crate::testscript::problem::{self, problem};
use crate::testscript::source::resolve;

use super::reading::Reading;
use super::references::Kind;
use super::sheet::Sheet;

impl Reading<'_> {
    /// Origins and destinations. A YAML script that names none has one of each, and tests the
    /// destination.
    pub(super) fn parties(&mut self, sheet: &Sheet<'_>) -> (Vec<Party>, Vec<Party>) {
        let mut origins = self.parties_of(sheet, "origin");
        let mut destinations = self.parties_of(sheet, "destination");
        if sheet.format() == Format::Yaml && origins.is_empty() && destinations.is_empty() {
            origins.push(Party { index: 1, under_test: false });
            destinations.push(Party { index: 1, under_test: true });
        }
        self.declared.origins = origins.iter().map(|p| p.index).collect();
        self.declared.destinations = destinations.iter().map(|p| p.index).collect();
        (origins, destinations)
    }

    fn parties_of(&mut self, sheet: &Sheet<'_>, name: &str) -> Vec<Party> {
        let mut parties: Vec<Party> = vec![];
        for node in sheet.root().children_named(name) {
            let Some(index) = node.child_value("index").and_then(|v| v.parse::<u32>().ok()) else {
                self.lacks(sheet, node, "`index`");
                continue;
            };
            if parties.iter().any(|p| p.index == index) {
                self.twice(sheet, node, name, &index.to_string());
                continue;
            }
            let extension = extensions(node, name, Meaning::UnderTest).next().and_then(dialect::value);
            let under_test =
                extension.and_then(NodeRef::value).or_else(|| node.child_value("underTest")) == Some("true");
            parties.push(Party { index, under_test });
        }
        parties
    }

    pub(super) fn fixtures(&mut self, sheet: &Sheet<'_>) -> Vec<Fixture> {
        let mut fixtures = vec![];
        for node in sheet.root().children_named("fixture") {
            let id = self.declared_id(sheet, node);
            let reference = node.child("resource").and_then(|r| Reading::filled(r, "reference"));
            let (Some(id), Some(reference)) = (id, reference) else {
                if reference.is_none() {
                    self.lacks(sheet, node, "`resource.reference`");
                }
                continue;
            };
            if !self.declared.sources.insert(id.clone()) {
                self.twice(sheet, node, "fixture", &id);
            }
            let path = resolve(self.path, reference.value().unwrap_or_default());
            let place = sheet.place(reference.value_span());
            let fixture = Fixture { id, path, place };
            self.check_fixture(&fixture);
            fixtures.push(fixture);
        }
        fixtures
    }

    /// A variable of a fixture that the script does not declare is a warning: the user may give it.
    fn check_fixture(&mut self, fixture: &Fixture) {
        let variables = match self.reader.fixture(&fixture.path) {
            Err(error) => return self.problems.push(unreadable(fixture, &error.to_string(), &fixture.place)),
            Ok(variables) => variables,
        };
        for name in variables.iter().filter(|v| !self.declared.variables.contains(*v)) {
            let message = format!("fixture `{}` uses variable `{name}`, which the script does not declare", fixture.id);
            let mut diagnostic = problem(Severity::Warning, problem::UNDEFINED_VARIABLE, message, &fixture.place);
            if let Some(near) = nearest(name, self.declared.variables.iter().map(String::as_str)) {
                diagnostic = diagnostic.note(NoteKind::Expected, format!("`{near}`"));
            }
            self.problems.push(diagnostic);
        }
    }

    /// Profiles as R5 has them (a canonical with an id) and as STU3 and R4 have (a Reference).
    pub(super) fn profiles(&mut self, sheet: &Sheet<'_>) -> Vec<ProfileDeclaration> {
        let mut profiles = vec![];
        for node in sheet.root().children_named("profile") {
            let Some(id) = self.declared_id(sheet, node) else { continue };
            let Some(canonical) = node.value().or_else(|| node.child_value("reference")) else {
                self.lacks(sheet, node, "url");
                continue;
            };
            if !self.declared.profiles.insert(id.clone()) {
                self.twice(sheet, node, "profile", &id);
            }
            profiles.push(ProfileDeclaration { id, canonical: canonical.to_owned(), place: sheet.place(node.span()) });
        }
        profiles
    }

    pub(super) fn variables(&mut self, sheet: &Sheet<'_>) -> Vec<Variable> {
        let mut variables = vec![];
        let mut seen = BTreeSet::new();
        for node in sheet.root().children_named("variable") {
            let Some(name) = Reading::filled(node, "name").and_then(NodeRef::value) else {
                self.lacks(sheet, node, "`name`");
                continue;
            };
            if !seen.insert(name) {
                self.twice(sheet, node, "variable", name);
                continue;
            }
            variables.push(Variable {
                name: name.to_owned(),
                default: self.template(sheet, node, "defaultValue"),
                origin: self.variable_source(sheet, node),
                hint: Reading::text(node, "hint"),
                description: Reading::text(node, "description"),
                place: sheet.place(node.span()),
            });
        }
        variables
    }

    fn variable_source(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Option<VariableSource> {
        let source_id = self.reference(sheet, node, "sourceId", Kind::Source);
        let given: Vec<_> =
            ["expression", "headerField", "path"].into_iter().filter(|n| node.child(n).is_some()).collect();
        if let [first, second, ..] = given[..] {
            let message = format!("`variable` has both `{first}` and `{second}`");
            let place = sheet.place(sheet.name_span(node));
            self.problems.push(problem(Severity::Error, problem::REPEATED, message, &place));
        }
        let take = match *given.first()? {
            "expression" => VariableTake::Expression(self.expression_of(sheet, node.child("expression")?)),
            "headerField" => VariableTake::Header(Reading::text(node, "headerField")?),
            _ => {
                let path = node.child("path")?;
                let message = "keur does not evaluate `path` (XPath or JSONPath)".to_owned();
                self.note(sheet, Severity::Warning, problem::UNSUPPORTED_CHECK, path, message);
                VariableTake::Path(path.value()?.to_owned())
            }
        };
        Some(VariableSource { source_id, take })
    }

    pub(super) fn rules(&mut self, sheet: &Sheet<'_>) -> Vec<RuleDeclaration> {
        let mut rules = vec![];
        for node in extensions(sheet.root(), super::TEST_SCRIPT, Meaning::RuleDeclaration) {
            let (id, path) = dialect::declaration(node);
            let Some(id) = id else {
                self.lacks(sheet, node, "`ruleId`");
                continue;
            };
            if !self.declared.rules.insert(id.to_owned()) {
                self.twice(sheet, node, "rule", id);
            }
            let path = path.map_or_else(PathBuf::new, |path| resolve(self.path, path));
            let rule = RuleDeclaration { id: id.to_owned(), path, place: sheet.place(node.span()) };
            if NativeRule::of(&rule).is_none() {
                let file = rule.path.file_name().map(|f| format!(" (`{}`)", f.to_string_lossy())).unwrap_or_default();
                let message = format!("keur does not know rule `{id}`{file}; asserts that call it are not evaluated");
                self.problems.push(problem(Severity::Warning, problem::UNKNOWN_RULE, message, &rule.place));
            }
            rules.push(rule);
        }
        rules
    }

    /// The element id by which the rest of the script knows a declaration.
    fn declared_id(&mut self, sheet: &Sheet<'_>, node: NodeRef<'_>) -> Option<String> {
        let id = Reading::filled(node, "id").and_then(NodeRef::value);
        if id.is_none() {
            self.lacks(sheet, node, "`id`");
        }
        id.map(str::to_owned)
    }
}

/// The extensions of an element that ask for this.
pub(super) fn extensions<'d>(node: NodeRef<'d>, on: &str, wanted: Meaning) -> impl Iterator<Item = NodeRef<'d>> {
    node.children_named("extension").filter(move |e| dialect::meaning(*e, on) == Some(wanted))
}
