//! A TestScript as keur plans it: FHIR R5 TestScript with the vendors' extensions already turned into
//! terms of our own (see `dialect`). Every part remembers the node it came from, so that a verdict can
//! point at its line.

mod action;

use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{LineIndex, Position, Source, Span};
use crate::fhir::FhirVersion;

use super::template::Template;

pub use action::{Action, Assert, Check, Direction, Interaction, Operation, Operator, RuleCall, RuleOutput};

/// A place in a script (or in an included assert group): the text and the bytes.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file it stands in.
    pub source: Source,
    /// Which bytes.
    pub span: Span,
    /// Line and column of their start.
    pub position: Position,
}

impl Place {
    /// The place of these bytes of a text.
    pub fn at(source: &Source, span: Span) -> Place {
        let position = LineIndex::default().position(&source.text, span.start());
        Place { source: source.clone(), span, position }
    }
}

/// A loaded script.
#[derive(Clone, Debug)]
pub struct TestScript {
    /// Where it was read from, as given or found; the identity together with `sha256`.
    pub path: PathBuf,
    /// Hash of the bytes read, includes too, lower-case hexadecimal.
    pub sha256: String,
    /// TestScript.id, which official scripts do not keep unique.
    pub id: Option<String>,
    /// TestScript.url.
    pub url: Option<String>,
    /// TestScript.name.
    pub name: Option<String>,
    /// TestScript.title.
    pub title: Option<String>,
    /// TestScript.description.
    pub description: Option<String>,
    /// What its folder says of it (properties.json); defaults where there is none.
    pub properties: Arc<Properties>,
    /// Parties that send, by index.
    pub origins: Vec<Party>,
    /// Parties that answer, by index.
    pub destinations: Vec<Party>,
    /// Declared fixtures.
    pub fixtures: Vec<Fixture>,
    /// Declared profiles.
    pub profiles: Vec<ProfileDeclaration>,
    /// Declared variables.
    pub variables: Vec<Variable>,
    /// Declared rules (Touchstone extension).
    pub rules: Vec<RuleDeclaration>,
    /// Actions before the tests.
    pub setup: Vec<Action>,
    /// The tests.
    pub tests: Vec<Test>,
    /// Actions after the tests, whatever happened.
    pub teardown: Vec<Action>,
}

/// properties.json of a script folder (Nictiz) or the head of our own suites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// `Test` or `Cert`.
    pub goal: Option<String>,
    /// FHIR version of the exchange; None when the folder does not say.
    pub fhir_version: Option<FhirVersion>,
    /// `BgZ 3.x`.
    pub information_standard: Option<String>,
    /// `MedMij`.
    pub usecase: Option<String>,
    /// Role name, `XIS-Server`.
    pub role: Option<String>,
    /// Packages to validate with: name and version.
    pub packages: Vec<(String, String)>,
}

/// A sending or answering party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its number in the script.
    pub index: u32,
    /// True for the system under test.
    pub under_test: bool,
}

/// What the script tests, by which of its parties is the system under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The system under test answers.
    Server,
    /// The system under test asks.
    Client,
    /// It does both.
    Both,
    /// Neither party is named: it loads fixtures into a server.
    Load,
}

/// A declared fixture.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Its id in the script.
    pub id: String,
    /// The file, resolved against the script's folder.
    pub path: PathBuf,
    /// Where it is declared.
    pub place: Place,
}

/// A declared profile: `validateProfileId` names its id.
#[derive(Clone, Debug)]
pub struct ProfileDeclaration {
    /// Its id in the script.
    pub id: String,
    /// The profile's url.
    pub canonical: String,
    /// Where it is declared.
    pub place: Place,
}

/// A declared variable.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Value until something else sets it; may hold placeholders.
    pub default: Option<Template>,
    /// Where its value comes from, if not from the user.
    pub origin: Option<VariableSource>,
    /// What the script tells the user about it.
    pub hint: Option<String>,
    /// TestScript.variable.description.
    pub description: Option<String>,
    /// Where it is declared.
    pub place: Place,
}

/// How a variable gets its value from a fixture or a response.
#[derive(Clone, Debug)]
pub struct VariableSource {
    /// Fixture id, response id or rule output; None is the last response.
    pub source_id: Option<String>,
    /// What to take from it.
    pub take: VariableTake,
}

/// What a variable takes from its source.
#[derive(Clone, Debug)]
pub enum VariableTake {
    /// A FHIRPath expression; the first result's string form.
    Expression(Template),
    /// A header of the response (or request).
    Header(String),
    /// An XPath or JSONPath, which keur does not evaluate: not-evaluated, by name.
    Path(String),
}

/// A declared rule.
#[derive(Clone, Debug)]
pub struct RuleDeclaration {
    /// Rule id, `modifyTask`.
    pub id: String,
    /// The rule file, resolved against the script's folder; it need not exist.
    pub path: PathBuf,
    /// Where it is declared.
    pub place: Place,
}

/// A test: actions that stand or fall together.
#[derive(Clone, Debug)]
pub struct Test {
    /// TestScript.test.id (an element id), or its number from 1 where there is none.
    pub id: String,
    /// TestScript.test.name.
    pub name: Option<String>,
    /// TestScript.test.description.
    pub description: Option<String>,
    /// Its actions in order.
    pub actions: Vec<Action>,
    /// Where it stands.
    pub place: Place,
}

impl TestScript {
    /// Which side it tests.
    pub fn side(&self) -> Side {
        let sut = |parties: &[Party]| parties.iter().any(|p| p.under_test);
        match (sut(&self.origins), sut(&self.destinations)) {
            (false, true) => Side::Server,
            (true, false) => Side::Client,
            (true, true) => Side::Both,
            (false, false) => Side::Load,
        }
    }

    /// All actions in the order they run.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        let tests = self.tests.iter().flat_map(|t| &t.actions);
        self.setup.iter().chain(tests).chain(&self.teardown)
    }
}
