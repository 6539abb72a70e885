//! Names: what is declared and not used, what is used twice, what does not exist.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use crate::definitions::TypeClass;
use crate::diagnostic::{Diagnostic, NoteKind, Position, Severity, Span, nearest};
use crate::testscript::fixture::variables_of;
use crate::testscript::model::{Action, Check, Place, TestScript, VariableTake};
use crate::testscript::status::status_named;
use crate::testscript::template::Template;

use super::{Linter, Release, code, problem};

/// By what a script is known beside its path, and where it stands.
pub(super) fn identities(script: &TestScript) -> Vec<(String, Place)> {
    let Some(place) = place_of(script) else { return vec![] };
    let mut identities = vec![];
    for (kind, value) in [("id", &script.id), ("url", &script.url)] {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            identities.push((format!("{kind} `{value}`"), place.clone()));
        }
    }
    identities
}

/// The start of the script's own text; groups that it includes are other texts.
fn place_of(script: &TestScript) -> Option<Place> {
    let tests = script.tests.iter().map(|test| &test.place);
    let actions = script.actions().map(|action| match action {
        Action::Operation(operation) => &operation.place,
        Action::Assert(assert) => &assert.place,
    });
    let own = |place: &&Place| Path::new(&*place.source.name) == script.path;
    let place = tests.chain(actions).find(own)?;
    Some(Place { source: place.source.clone(), span: Span::default(), position: Position::default() })
}

/// Says that several scripts have one identity.
pub(super) fn twice(identity: &str, places: &[Place]) -> Option<Diagnostic> {
    let [first, second, more @ ..] = places else { return None };
    let message = format!("{} scripts have the {identity}", places.len());
    let diagnostic = problem(Severity::Warning, code::SAME_SCRIPT_ID, message, second);
    let diagnostic = diagnostic.note(NoteKind::Also, format!("`{}`", first.source.name));
    Some(more.iter().take(3).fold(diagnostic, |d, place| d.note(NoteKind::Also, format!("`{}`", place.source.name))))
}

/// Ids of tests that a fixture or profile has too; those that two tests have the reader finds.
pub(super) fn test_ids(script: &TestScript, problems: &mut Vec<Diagnostic>) {
    let fixtures = script.fixtures.iter().map(|fixture| fixture.id.as_str());
    let declared: BTreeSet<&str> = fixtures.chain(script.profiles.iter().map(|profile| profile.id.as_str())).collect();
    for test in script.tests.iter().filter(|test| declared.contains(test.id.as_str())) {
        let message = format!("id `{}` is used twice", test.id);
        problems.push(problem(Severity::Warning, code::SAME_TEST_ID, message, &test.place));
    }
}

/// Resource types that the release does not have.
pub(super) fn resource_types(script: &TestScript, release: &Release, problems: &mut Vec<Diagnostic>) {
    let resource = |name: &str| {
        release.types.type_named(name).is_some_and(|ty| release.types.get(ty).class == TypeClass::Resource)
    };
    let actions: Vec<&Action> = script.actions().collect();
    for (at, action) in actions.iter().enumerate() {
        let (name, place) = match action {
            Action::Operation(operation) => {
                let asserts = actions.iter().skip(at + 1).map_while(|action| match action {
                    Action::Assert(assert) => Some(&assert.check),
                    Action::Operation(_) => None,
                });
                // A type that the server has to refuse is the point of the test.
                let named = operation.resource.as_ref().filter(|_| !asserts.clone().any(is_refusal));
                (named, &operation.place)
            }
            Action::Assert(assert) => match &assert.check {
                Check::Resource(name) => (Some(name), &assert.check_place),
                _ => (None, &assert.place),
            },
        };
        let Some(name) = name.filter(|name| name.is_literal()).map(|name| name.text.as_str()) else { continue };
        // A list is compared with `in`; a path or an operation may stand where a type is meant.
        let names = name.split(',').map(str::trim).filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric()));
        for name in names.filter(|name| !name.is_empty() && !resource(name)) {
            let message = format!("there is no resource type `{name}` in {}", release.types.version());
            let mut diagnostic = problem(Severity::Error, code::UNKNOWN_RESOURCE, message, place);
            let resources = release.types.types().filter(|(_, ty)| ty.class == TypeClass::Resource);
            if let Some(near) = nearest(name, resources.map(|(_, ty)| &*ty.name)) {
                diagnostic = diagnostic.note(NoteKind::Expected, format!("`{near}`"));
            }
            problems.push(diagnostic);
        }
    }
}

/// Whether a status is demanded that is no success.
fn is_refusal(check: &Check) -> bool {
    match check {
        Check::ResponseCode(codes) => codes.is_literal() && !codes.text.split(',').any(|c| c.trim().starts_with('2')),
        Check::Response(name) => !status_named(name).is_some_and(|status| status.starts_with('2')),
        _ => false,
    }
}

/// Profiles that asserts validate against and no package has.
pub(super) fn profiles(script: &TestScript, release: &Release, problems: &mut Vec<Diagnostic>) {
    let mut said = BTreeSet::new();
    for action in script.actions() {
        let Action::Assert(assert) = action else { continue };
        let Check::ValidateProfile(id) = &assert.check else { continue };
        let Some(profile) = script.profiles.iter().find(|profile| profile.id == *id) else { continue };
        if said.insert(id) && !release.has(&profile.canonical) {
            let message = format!("profile `{}` is in no package", profile.canonical);
            problems.push(problem(Severity::Warning, code::PROFILE_UNAVAILABLE, message, &profile.place));
        }
    }
}

/// What is declared and never used.
pub(super) fn unused(linter: &Linter<'_>, script: &TestScript, problems: &mut Vec<Diagnostic>) {
    let used = Used::of(linter, script);
    let mut report = |code, what: &str, name: &str, place: &Place| {
        problems.push(problem(Severity::Information, code, format!("{what} `{name}` is not used"), place));
    };
    for variable in script.variables.iter().filter(|variable| !used.variables.contains(&variable.name)) {
        report(code::UNUSED_VARIABLE, "variable", &variable.name, &variable.place);
    }
    for fixture in script.fixtures.iter().filter(|fixture| !used.sources.contains(fixture.id.as_str())) {
        report(code::UNUSED_FIXTURE, "fixture", &fixture.id, &fixture.place);
    }
    for profile in script.profiles.iter().filter(|profile| !used.profiles.contains(profile.id.as_str())) {
        report(code::UNUSED_PROFILE, "profile", &profile.id, &profile.place);
    }
    for rule in script.rules.iter().filter(|rule| !used.rules.contains(rule.id.as_str())) {
        report(code::UNUSED_RULE, "rule", &rule.id, &rule.place);
    }
}

/// Names that a script uses.
#[derive(Default)]
struct Used<'s> {
    variables: BTreeSet<String>,
    sources: BTreeSet<&'s str>,
    profiles: BTreeSet<&'s str>,
    rules: BTreeSet<&'s str>,
}

impl<'s> Used<'s> {
    fn of(linter: &Linter<'_>, script: &'s TestScript) -> Used<'s> {
        let mut used = Used::default();
        for variable in &script.variables {
            used.texts(&variable.default);
            let Some(origin) = &variable.origin else { continue };
            used.sources.extend(origin.source_id.as_deref());
            if let VariableTake::Expression(template) = &origin.take {
                used.text(template);
            }
        }
        for action in script.actions() {
            used.action(action);
        }
        for fixture in &script.fixtures {
            used.variables.extend(linter.variables_of(&fixture.path).iter().cloned());
        }
        used
    }

    fn text(&mut self, template: &Template) {
        self.variables.extend(template.variables().map(|(name, _)| name.to_owned()));
    }

    fn texts<'t>(&mut self, templates: impl IntoIterator<Item = &'t Template>) {
        templates.into_iter().for_each(|template| self.text(template));
    }

    fn action(&mut self, action: &'s Action) {
        match action {
            Action::Operation(operation) => {
                let texts = [&operation.resource, &operation.accept, &operation.content_type, &operation.params];
                self.texts(texts.into_iter().chain([&operation.url]).flatten());
                self.texts(operation.headers.iter().map(|(_, value)| value));
                self.sources.extend(operation.source_id.as_deref());
                self.sources.extend(operation.target_id.as_deref());
            }
            Action::Assert(assert) => {
                self.texts(&assert.value);
                self.sources.extend(assert.source_id.as_deref());
                match &assert.check {
                    Check::ResponseCode(text)
                    | Check::Resource(text)
                    | Check::Expression(text)
                    | Check::ContentType(text)
                    | Check::RequestUrl(text) => self.text(text),
                    Check::ValidateProfile(id) => drop(self.profiles.insert(id)),
                    Check::MinimumId(id) => drop(self.sources.insert(id)),
                    Check::Rule(call) => {
                        self.rules.insert(&call.rule_id);
                        self.texts(call.params.iter().map(|(_, value)| value));
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Linter<'_> {
    /// The variables that a fixture has placeholders for; none where it cannot be read, which the reader says.
    fn variables_of(&self, path: &Path) -> Arc<[String]> {
        let known = |linter: &Self| linter.fixtures.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(names) = known(self) {
            return names;
        }
        let names: Arc<[String]> = self.files.read(path).map(|text| variables_of(&text)).unwrap_or_default().into();
        self.fixtures.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), names.clone());
        names
    }
}
