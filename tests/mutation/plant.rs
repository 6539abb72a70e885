//! Which defects there are to plant in a zib, planting them, and whether an assert names them.

use std::collections::BTreeSet;
use std::fmt;

use keur::record::ActionFinished;
use serde_json::Value;

use super::operator::{Edit, OPERATORS, Operator, Shape, shapes};
use super::site::{Path, element, walk};
use super::stage::Scene;
use super::zib::{Contradiction, Zib};

/// One defect.
#[derive(Clone)]
pub struct Defect {
    /// In which scene's answer.
    pub scene: usize,
    /// In which entry of the Bundle.
    entry: usize,
    /// The type and the id of the resource there.
    resource: String,
    id: String,
    what: String,
    /// The element that it is about.
    about: Path,
    change: Change,
}

#[derive(Clone)]
enum Change {
    Edit(Path, Edit),
    Set(Vec<(Path, Option<Value>)>),
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.resource, self.what)?;
        match self.about.kind() {
            about if about.is_empty() => Ok(()),
            about => write!(f, " ({about})"),
        }
    }
}

/// A resource in the answer to a scene.
struct Served<'s> {
    scene: usize,
    entry: usize,
    kind: &'s str,
    id: &'s str,
    value: &'s Value,
}

fn served<'s>(zib: &Zib, scenes: &'s [Scene]) -> Vec<Served<'s>> {
    let mut all = vec![];
    for (scene, of) in scenes.iter().enumerate() {
        for (entry, value) in of.served.1["entry"].as_array().into_iter().flatten().enumerate() {
            let value = &value["resource"];
            let (kind, id) = (value["resourceType"].as_str(), value["id"].as_str());
            let (Some(kind), Some(id)) = (kind, id) else { continue };
            if zib.types.contains(&kind) {
                all.push(Served { scene, entry, kind, id, value });
            }
        }
    }
    all
}

/// Every defect for a zib: each operator once for every kind of place.
pub fn all(zib: &Zib, scenes: &[Scene]) -> Vec<Defect> {
    let served = served(zib, scenes);
    let mut defects = vec![];
    let mut known = BTreeSet::new();
    for resource in &served {
        let root = Path::default();
        let mut places: Vec<(Path, Vec<Shape>)> = vec![(root.clone(), vec![Shape::Resource])];
        walk(resource.value, &root, "", &mut |path, name, value| {
            if !path.kind().starts_with("text") && !path.kind().starts_with("meta") {
                places.push((path.clone(), shapes(name, value)));
            }
        });
        for (path, shapes) in places {
            for operator in OPERATORS.iter().filter(|operator| shapes.contains(&operator.on)) {
                let defect = resource.with_operator(operator, &path);
                let fits = defect.planted(&scenes[resource.scene].served.1).is_some();
                if fits && known.insert((resource.kind, path.kind(), operator.name)) {
                    defects.push(defect);
                }
            }
        }
    }
    let first = |has: &dyn Fn(&Served<'_>) -> bool| served.iter().find(|resource| has(resource));
    let main = zib.types.first().copied().unwrap_or_default();
    for required in zib.required {
        let path = Path::parse(required);
        if let Some(resource) = first(&|r| r.kind == main && path.of(r.value).is_some()) {
            defects.push(resource.with(format!("without {required}"), vec![(path, None)]));
        }
    }
    for past in zib.past {
        let path = Path::parse(past);
        if let Some(resource) = first(&|r| path.of(r.value).is_some()) {
            let exact = path.of(resource.value).and_then(Value::as_str).is_some_and(|moment| moment.contains('T'));
            let moment = if exact { "2999-01-01T10:00:00+01:00" } else { "2999-01-01" };
            defects.push(resource.with("in the future".to_owned(), vec![(path, Some(moment.into()))]));
        }
    }
    for Contradiction { what, on, edits } in zib.contradictions {
        let edits = edits.iter().map(|(path, json)| (Path::parse(path), serde_json::from_str(json).ok()));
        if let Some(resource) = first(&|r| r.id.ends_with(&format!("-{on}"))) {
            defects.push(resource.with((*what).to_owned(), edits.collect()));
        } else {
            panic!("{}: no resource `…{on}` is served", zib.name);
        }
    }
    defects
}

impl Served<'_> {
    fn with_operator(&self, operator: &'static Operator, path: &Path) -> Defect {
        let about = if operator.member.is_empty() { path.clone() } else { path.member(operator.member) };
        self.defect(operator.name.to_owned(), about, Change::Edit(path.clone(), operator.edit))
    }

    fn with(&self, what: String, edits: Vec<(Path, Option<Value>)>) -> Defect {
        let about = edits.first().map(|(path, _)| path.clone()).unwrap_or_default();
        self.defect(what, about, Change::Set(edits))
    }

    fn defect(&self, what: String, about: Path, change: Change) -> Defect {
        let (resource, id) = (self.kind.to_owned(), self.id.to_owned());
        Defect { scene: self.scene, entry: self.entry, resource, id, what, about, change }
    }
}

impl Defect {
    /// The same defect in the same resource, where another answer holds it too.
    pub fn in_answer(&self, answer: &Value) -> Option<Defect> {
        let same = |entry: &Value| {
            entry["resource"]["id"] == self.id.as_str() && entry["resource"]["resourceType"] == self.resource.as_str()
        };
        let entry = answer["entry"].as_array()?.iter().position(same)?;
        Some(Defect { entry, ..self.clone() })
    }

    /// The answer with the defect in it; None where it makes no difference.
    pub fn planted(&self, answer: &Value) -> Option<Value> {
        let mut changed = answer.clone();
        if let Change::Edit(_, Edit::Entry(edit)) = &self.change {
            edit(changed["entry"].as_array_mut()?, self.entry)?;
            return Some(changed);
        }
        let resource = &mut changed["entry"][self.entry]["resource"];
        match &self.change {
            Change::Edit(path, edit) => {
                let element = path.of_mut(resource)?;
                match edit {
                    Edit::Without(member) => drop(element.as_object_mut()?.remove(*member)?),
                    Edit::With(member, json) => element[*member] = serde_json::from_str(json).ok()?,
                    Edit::Made(make) => *element = make(element)?,
                    Edit::Entry(_) => return None,
                }
            }
            Change::Set(edits) => edits.iter().all(|(path, to)| path.set(resource, to.clone())).then_some(())?,
        }
        (changed != *answer).then_some(changed)
    }

    /// True when an action that failed is about this defect: it speaks of this resource, or of all of them,
    /// and of the element or what it is in.
    pub fn named_by(&self, action: &ActionFinished) -> bool {
        let place = action.target.as_ref().map(|target| target.path.as_str()).unwrap_or_default();
        let here = self.says(
            place,
            &format!("{} {} {}", action.title, action.message, action.found.as_deref().unwrap_or_default()),
        );
        let errors = action.issues.iter().filter(|issue| matches!(issue.severity.as_str(), "error" | "fatal"));
        here || errors.into_iter().any(|issue| self.says(&issue.target.path, &issue.message))
    }

    fn says(&self, place: &str, text: &str) -> bool {
        let entry = format!("Bundle.entry[{}]", self.entry);
        let inside = place.strip_prefix(&entry).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
        let elsewhere = place.starts_with("Bundle.entry[") && inside.is_none();
        let elements = self.about.elements();
        let (Some(first), Some(last)) = (elements.first(), elements.last()) else { return inside.is_some() };
        let steps = |rest: &str| rest.split(['.', '[', ']', '(', ')']).any(|step| element(step) == *first);
        let here = inside.is_some_and(|rest| steps(rest) || quoted(text, first));
        !elsewhere && (here || quoted(text, last))
    }
}

/// True when a text speaks of an element: in code, not as a word of the sentence.
fn quoted(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).is_some_and(|text| text.ends_with(['`', '.', '(', '\'']));
        let after = text.get(at + name.len()..).is_some_and(|text| !text.starts_with(|c: char| c.is_alphanumeric()));
        before && after
    })
}
