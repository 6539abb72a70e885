//! Places in a resource: where a defect goes, and how a finding calls the place.

use serde_json::Value;

/// A step down into JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Member(String),
    Index(usize),
}

/// A path from a resource to an element, as steps in its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// Reads `component[0].valueQuantity`.
    pub fn parse(text: &str) -> Path {
        let mut steps = vec![];
        for part in text.split('.').filter(|part| !part.is_empty()) {
            let (name, index) = part.split_once('[').unwrap_or((part, ""));
            steps.push(Step::Member(name.to_owned()));
            if let Ok(index) = index.trim_end_matches(']').parse() {
                steps.push(Step::Index(index));
            }
        }
        Path(steps)
    }

    pub fn member(&self, name: &str) -> Path {
        self.with(Step::Member(name.to_owned()))
    }

    fn with(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }

    /// The element, if it is there.
    pub fn of<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Member(name) => value.get(name),
            Step::Index(at) => value.get(*at),
        })
    }

    pub fn of_mut<'v>(&self, root: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Member(name) => value.get_mut(name),
            Step::Index(at) => value.get_mut(*at),
        })
    }

    /// Sets the element, or takes it out with None. False where its parent is not there.
    pub fn set(&self, root: &mut Value, to: Option<Value>) -> bool {
        let Some((last, parents)) = self.0.split_last() else { return false };
        let Some(parent) = Path(parents.to_vec()).of_mut(root) else { return false };
        match (last, to) {
            (Step::Member(name), Some(to)) if parent.is_object() => {
                parent[name.as_str()] = to;
                true
            }
            (Step::Member(name), None) => parent.as_object_mut().is_some_and(|parent| parent.remove(name).is_some()),
            (Step::Index(at), Some(to)) => parent.get_mut(*at).map(|element| *element = to).is_some(),
            (Step::Index(at), None) => parent.as_array_mut().is_some_and(|list| {
                let there = *at < list.len();
                there.then(|| list.remove(*at)).is_some()
            }),
            _ => false,
        }
    }

    /// The path without places in lists: two sites with the same one are of the same kind.
    pub fn kind(&self) -> String {
        let members = self.0.iter().filter_map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::Index(_) => None,
        });
        members.collect::<Vec<_>>().join(".")
    }

    /// The names of the elements as FHIRPath has them: `valueQuantity` is `value`, `_status` is `status`.
    pub fn elements(&self) -> Vec<&str> {
        let members = self.0.iter().filter_map(|step| match step {
            Step::Member(name) => Some(element(name)),
            Step::Index(_) => None,
        });
        members.collect()
    }
}

/// Beginnings of names of elements that are of one type or another.
const CHOICES: [&str; 16] = [
    "value",
    "effective",
    "onset",
    "abatement",
    "medication",
    "deceased",
    "multipleBirth",
    "collected",
    "performed",
    "occurrence",
    "dose",
    "asNeeded",
    "source",
    "timing",
    "rate",
    "code",
];

/// The name of an element without its type: `valueQuantity` is `value`.
pub fn element(name: &str) -> &str {
    let name = name.trim_start_matches('_');
    let choice = CHOICES.iter().find(|choice| {
        name.strip_prefix(**choice).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    });
    choice.copied().unwrap_or(name)
}

/// Every element below a value, with its name.
pub fn walk<'v>(value: &'v Value, path: &Path, name: &str, visit: &mut dyn FnMut(&Path, &str, &'v Value)) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let path = path.member(member);
                if !value.is_array() {
                    visit(&path, member, value);
                }
                walk(value, &path, member, visit);
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                let path = path.with(Step::Index(at));
                visit(&path, name, value);
                walk(value, &path, name, visit);
            }
        }
        _ => {}
    }
}
