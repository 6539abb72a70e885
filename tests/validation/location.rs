//! Places as the HL7 validator writes them, and as we do.
//!
//! It writes `Bundle.entry[0].resource/*Task/task-1*/.value.ofType(Quantity)` for what a resource says, and
//! `/f:Bundle/f:entry` (without indices) for how it is written.

/// A name as written, and an index where it is known.
type Step = (String, Option<usize>);

/// A place in a form that can be compared: names as written, an index on every step where it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Counted from some resource inside a Bundle, which it does not say.
    floats: bool,
    /// About the markup: an element that the definitions do not have stands at the one around it.
    pub is_markup: bool,
    steps: Vec<Step>,
}

impl Place {
    /// Reads either way of writing.
    pub fn parse(text: &str) -> Place {
        let is_markup = text.contains("/f:") || text.contains("/?:");
        let text = without_comments(text);
        let mut steps: Vec<Step> = vec![];
        let parts: Vec<&str> = match is_markup {
            true => text.split('/').filter(|p| !p.is_empty()).collect(),
            false => text.split('.').collect(),
        };
        for part in parts {
            let part = part.trim_start_matches("f:").trim_start_matches("?:");
            if let Some(of_type) = part.strip_prefix("ofType(") {
                let (name, index) = of_type.split_once(')').unwrap_or((of_type, ""));
                if let Some(last) = steps.last_mut() {
                    let mut chars = name.chars();
                    last.0.extend(chars.next().map(|c| c.to_ascii_uppercase()));
                    last.0.push_str(chars.as_str());
                    last.1 = last.1.or(index_of(index));
                }
                continue;
            }
            let name = part.split('[').next().unwrap_or_default();
            // Markup has an element for the resource inside the one that holds it.
            let holds = steps.last().is_some_and(|(n, _)| matches!(n.as_str(), "resource" | "contained"));
            if is_markup && holds && name.starts_with(|c: char| c.is_ascii_uppercase()) {
                continue;
            }
            let index = if is_markup { None } else { Some(index_of(&part[name.len()..]).unwrap_or(0)) };
            steps.push((name.to_owned(), index));
        }
        Place { floats: is_markup && !text.starts_with('/'), is_markup, steps }
    }

    /// The element around this one.
    pub fn parent(&self) -> Place {
        let mut parent = self.clone();
        parent.steps.pop();
        parent
    }

    /// Without the steps down to the innermost resource and its own name.
    fn inside_resource(&self) -> &[Step] {
        let resource = self.steps.iter().rposition(|(n, _)| matches!(n.as_str(), "resource" | "contained"));
        self.steps.get(resource.unwrap_or(0) + 1..).unwrap_or_default()
    }

    /// The same element, as far as it can be told.
    pub fn is(&self, other: &Place) -> bool {
        let (a, b) = Place::comparable(self, other);
        a.len() == b.len() && self.encloses(other)
    }

    /// The same element or one around the other.
    pub fn encloses(&self, other: &Place) -> bool {
        let same = |(a, b): (&Step, &Step)| a.0 == b.0 && (a.1.is_none() || b.1.is_none() || a.1 == b.1);
        let (mine, theirs) = Place::comparable(self, other);
        mine.len() <= theirs.len() && mine.iter().zip(theirs).all(same)
    }

    fn comparable<'p>(a: &'p Place, b: &'p Place) -> (&'p [Step], &'p [Step]) {
        match a.floats || b.floats {
            true => (a.inside_resource(), b.inside_resource()),
            false => (&a.steps, &b.steps),
        }
    }
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str(part.split_once("*/").map_or("", |(_, rest)| rest));
    }
    result
}

fn index_of(text: &str) -> Option<usize> {
    text.strip_prefix('[')?.split(']').next()?.parse().ok()
}
