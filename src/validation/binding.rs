//! Bindings: is the code in the value set?

use super::code;
use super::issue::Detail;
use super::walk::{Origin, Walk};
use crate::definitions::BindingStrength;
use crate::definitions::profile::ElementBinding;
use crate::definitions::terminology::{Answer, CodeRef, Membership, Question, Undecided};
use crate::diagnostic::{Code, Severity};
use crate::fhir::NodeRef;

impl<'d> Walk<'_, 'd> {
    /// Judges a coded element by its binding.
    pub fn binding(&mut self, node: NodeRef<'d>, binding: &ElementBinding, origin: Origin<'_>) {
        let rule = match binding.strength {
            BindingStrength::Required => Some((Severity::Error, code::REQUIRED_BINDING)),
            BindingStrength::Extensible => Some((self.policy().outside_extensible, code::EXTENSIBLE_BINDING)),
            BindingStrength::Preferred | BindingStrength::Example => None,
        };
        if let (Some(rule), Some(value_set)) = (rule, &binding.value_set) {
            self.bound(node, value_set, rule, origin);
        }
        if let Some(widest) = &binding.max_value_set {
            self.bound(node, widest, (Severity::Error, code::REQUIRED_BINDING), origin);
        }
        if binding.strength == BindingStrength::Required && !binding.permitted_concept_maps.is_empty() {
            self.permitted(node, binding, origin);
        }
    }

    /// A code of FHIR that the business reaches through a concept map: does any of its own codes lead here?
    /// Where none does the code is still one of the required value set, so this is worth knowing, no more.
    fn permitted(&mut self, node: NodeRef<'d>, binding: &ElementBinding, origin: Origin<'_>) {
        let terminology = self.validator.terminology.clone();
        let value_set = binding.value_set.as_deref().and_then(|canonical| terminology.value_set(canonical));
        let systems: Vec<&str> = value_set.iter().flat_map(|set| set.systems()).collect();
        let codes = codes_of(node, self.document.type_name(node.id()));
        // One outside the value set is wrong already.
        let outside = |c: &CodeRef<'_>| {
            let of = binding.value_set.as_deref().map(|canonical| terminology.membership(canonical, *c));
            of == Some(Membership::NotMember)
        };
        if codes.iter().all(outside) {
            return;
        }
        for canonical in &binding.permitted_concept_maps {
            let Some(map) = terminology.concept_map(canonical) else {
                return self.count_code(Some(format!("concept map {canonical} is in none of the packages")));
            };
            if codes.iter().any(|c| map.relates(c.code, &systems)) {
                return;
            }
        }
        let found: Vec<String> = codes.iter().map(|c| format!("`{}`", c.code)).collect();
        let (found, maps) = (found.join(", "), binding.permitted_concept_maps.join(", "));
        let message = format!("no code of the zib leads to {found} by {maps}");
        let dutch = Some(format!("geen code van de zib leidt naar {found} volgens {maps}"));
        let detail = Detail { dutch, ..Detail::default() };
        self.report_with(node, self.policy().outside_concept_map, code::NOT_MAPPED, message, detail, origin);
    }

    fn bound(&mut self, node: NodeRef<'d>, value_set: &str, (severity, rule): (Severity, Code), origin: Origin<'_>) {
        let codes = codes_of(node, self.document.type_name(node.id()));
        if codes.is_empty() {
            if rule == code::REQUIRED_BINDING {
                self.no_code(node, value_set, origin);
            }
            return;
        }
        let mut undecided = vec![];
        for code in &codes {
            match self.validator.terminology.membership(value_set, *code) {
                Membership::Member => return self.count_code(None),
                Membership::NotMember => {}
                Membership::Undecided(why) => undecided.push((*code, why)),
            }
        }
        let mut by_whom = "";
        if let Some((_, why)) = undecided.last() {
            match self.authority_says(value_set, &undecided) {
                Some(Answer::Member) => return self.count_code(None),
                Some(Answer::NotMember) => by_whom = ", says the terminology server",
                Some(Answer::Unknown(said)) => return self.count_code(Some(format!("{}; {said}", reason(why)))),
                None => return self.count_code(Some(reason(why))),
            }
        }
        self.count_code(None);
        let found: Vec<String> = codes.iter().map(|c| format!("`{}`", c.code)).collect();
        let message = format!("{} is not in the value set {value_set}{by_whom}", found.join(", "));
        self.report(node, severity, rule, message, origin);
    }

    /// What an authority says of codes that are left open: a member where one is, not a member where none is.
    /// None where there is nobody to ask.
    fn authority_says(&self, value_set: &str, open: &[(CodeRef<'_>, Undecided)]) -> Option<Answer> {
        let authority = self.validator.authority.as_deref()?;
        let terminology = &self.validator.terminology;
        let definition = terminology.definition(value_set);
        let mut unknown = None;
        for (code, _) in open {
            let Some(system) = code.system.filter(|system| !system.is_empty()) else {
                unknown = Some(Answer::Unknown("it names no code system to ask about".to_owned()));
                continue;
            };
            let question = Question {
                release: self.document.table().version(),
                value_set,
                system,
                code: code.code,
                whole: terminology.is_whole(value_set, system),
                definition: definition.as_deref(),
            };
            match authority.ask(&question) {
                Answer::Member => return Some(Answer::Member),
                Answer::NotMember => {}
                said => unknown = Some(said),
            }
        }
        Some(unknown.unwrap_or(Answer::NotMember))
    }

    /// A concept without any code, where one is required. A coding that names only its system is one of
    /// which nothing is known when the value set is not.
    fn no_code(&mut self, node: NodeRef<'d>, value_set: &str, origin: Origin<'_>) {
        if self.document.type_name(node.id()) != "CodeableConcept" || node.child("extension").is_some() {
            return;
        }
        let terminology = &self.validator.terminology;
        let is_outside = |coding: NodeRef<'_>| {
            let code = CodeRef { system: coding.child_value("system"), code: "" };
            terminology.membership(value_set, code) == Membership::NotMember
        };
        if terminology.value_set(value_set).is_some() && node.children_named("coding").all(is_outside) {
            let message = format!("has no code, one of the value set {value_set} is required");
            self.report(node, Severity::Error, code::REQUIRED_BINDING, message, origin);
        }
    }
}

/// The codes of an element: its own, its Coding's, or all of its CodeableConcept's.
fn codes_of<'n>(node: NodeRef<'n>, type_name: &str) -> Vec<CodeRef<'n>> {
    let of_coding = |coding: NodeRef<'n>| {
        Some(CodeRef {
            system: Some(coding.child_value("system").unwrap_or_default()),
            code: coding.child_value("code")?,
        })
    };
    match type_name {
        "CodeableConcept" => node.children_named("coding").filter_map(of_coding).collect(),
        "Coding" | "Quantity" => of_coding(node).into_iter().collect(),
        _ => node.value().map(|code| CodeRef { system: None, code }).into_iter().collect(),
    }
}

fn reason(why: &Undecided) -> String {
    match why {
        Undecided::ValueSet(url) => format!("value set {url} is in none of the packages"),
        Undecided::CodeSystem(url) => format!("content of {url} is not at hand"),
        Undecided::Filter(url) => format!("hierarchy of {url} is not at hand"),
        Undecided::Circle(url) => format!("value set {url} takes in itself"),
    }
}
