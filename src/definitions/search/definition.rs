//! SearchParameter and CompartmentDefinition resources, read as facts.
//!
//! The expressions of search parameters use a corner of FHIRPath: paths, `as`, `ofType`, `where` with one
//! condition, an index, `extension`, `exists`, and `|` between them. This reads that corner; an expression
//! outside it makes the parameter known but unsupported.

use std::collections::HashMap;

use super::{PathStep, PathTest, SearchComponent, SearchParameter, SearchParameters, SearchPath, SearchType};
use crate::fhir::NodeRef;

impl SearchParameters {
    /// Adds what a SearchParameter resource defines, for each of its base types. The error says why the
    /// parameter cannot be evaluated; it is then known, but unsupported, wherever it has a code and a base.
    pub fn define(&mut self, definition: NodeRef<'_>) -> Result<(), String> {
        self.define_knowing(definition, &HashMap::new())
    }

    /// Like [`SearchParameters::define`], with the codes of the parameters that parts of composites name.
    pub(in crate::definitions) fn define_knowing(
        &mut self,
        definition: NodeRef<'_>,
        codes: &HashMap<Box<str>, Box<str>>,
    ) -> Result<(), String> {
        let text = |name: &str| definition.child_value(name).ok_or_else(|| format!("it has no `{name}`"));
        let (code, ty) = (text("code")?, text("type")?);
        let ty = SearchType::from_code(ty).ok_or_else(|| format!("unknown type `{ty}`"))?;
        let branches = match definition.child_value("expression") {
            Some(expression) => Expression::read(expression),
            None => Err("it has no `expression`".to_owned()),
        };
        let mut problem = branches.as_ref().err().cloned();
        let branches = branches.unwrap_or_default();
        for base in definition.children_named("base").filter_map(NodeRef::value) {
            let mut parameter = SearchParameter {
                code: code.into(),
                ty,
                paths: branches.iter().filter(|b| b.applies_to(base)).map(|b| b.path.clone()).collect(),
                targets: definition.children_named("target").filter_map(NodeRef::value).map(Into::into).collect(),
                components: vec![],
                multiple_or: definition.child_value("multipleOr") != Some("false"),
            };
            if problem.is_none() && parameter.paths.is_empty() {
                problem = Some(format!("its expression has nothing for `{base}`"));
            }
            for node in definition.children_named("component") {
                match self.component(node, base, codes) {
                    Ok(component) => parameter.components.push(component),
                    Err(reason) => {
                        parameter.components.clear();
                        problem = Some(reason);
                        break;
                    }
                }
            }
            self.insert(base, parameter);
        }
        problem.map_or(Ok(()), Err)
    }

    fn component(
        &self,
        node: NodeRef<'_>,
        base: &str,
        codes: &HashMap<Box<str>, Box<str>>,
    ) -> Result<SearchComponent, String> {
        let definition = node.child("definition").ok_or("a component has no `definition`")?;
        let url = definition.value().or_else(|| definition.child_value("reference")).unwrap_or_default();
        // Some official composites name `…/Observation-code`, which is `clinical-code`: the name says the code.
        let last = url.rsplit_once('/').map_or(url, |(_, last)| last);
        let by_name = last.strip_prefix(base).and_then(|l| l.strip_prefix('-')).unwrap_or(last);
        let code = codes.get(url).map_or(by_name, |code| code);
        let expression = node.child_value("expression").ok_or("a component has no `expression`")?;
        let paths = Expression::read(expression)?.into_iter().map(|b| b.path).collect();
        Ok(SearchComponent { code: code.into(), paths })
    }

    /// Adds what a CompartmentDefinition resource says: which parameters put a resource in the compartment.
    pub fn define_compartment(&mut self, definition: NodeRef<'_>) -> Result<(), String> {
        let compartment = definition.child_value("code").ok_or("it has no `code`")?;
        for resource in definition.children_named("resource") {
            let params: Vec<Box<str>> =
                resource.children_named("param").filter_map(NodeRef::value).map(Into::into).collect();
            let Some(code) = resource.child_value("code").filter(|_| !params.is_empty()) else { continue };
            let compartments = &mut self.by_type.entry(code.into()).or_default().compartments;
            if !compartments.iter().any(|(c, _)| &**c == compartment) {
                compartments.push((compartment.into(), params));
            }
        }
        Ok(())
    }

    /// Says what a resource type derives from.
    pub(in crate::definitions) fn derive(&mut self, resource_type: &str, base: Option<&str>) {
        self.by_type.entry(resource_type.into()).or_default().base = base.map(Into::into);
    }

    /// True when a type has a parameter of its own with this code.
    pub(in crate::definitions) fn defines(&self, resource_type: &str, code: &str) -> bool {
        self.by_type.get(resource_type).is_some_and(|s| s.position(code).is_ok())
    }
}

/// One alternative of an expression.
struct Branch {
    /// The type it starts with, where it does.
    ty: Option<Box<str>>,
    path: SearchPath,
}

impl Branch {
    fn applies_to(&self, base: &str) -> bool {
        self.ty.as_deref().is_none_or(|ty| ty == base || matches!(ty, "Resource" | "DomainResource"))
    }
}

/// FHIRPath's names for types that FHIR has under another name.
const SYSTEM_TYPES: [(&str, &str); 7] = [
    ("Boolean", "boolean"),
    ("String", "string"),
    ("Integer", "integer"),
    ("Decimal", "decimal"),
    ("Date", "date"),
    ("DateTime", "dateTime"),
    ("Time", "time"),
];

struct Expression<'e> {
    rest: &'e str,
}

impl<'e> Expression<'e> {
    fn read(text: &'e str) -> Result<Vec<Branch>, String> {
        let mut expression = Expression { rest: text };
        let mut branches = vec![];
        loop {
            branches.push(expression.branch()?);
            if !expression.skip("|") {
                break;
            }
        }
        match expression.trimmed() {
            "" => Ok(branches),
            rest => Err(format!("its expression has `{rest}`, which is not read here")),
        }
    }

    fn trimmed(&mut self) -> &'e str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    fn skip(&mut self, token: &str) -> bool {
        match self.trimmed().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A keyword: a word that ends there.
    fn keyword(&mut self, word: &str) -> bool {
        let Some(rest) = self.trimmed().strip_prefix(word) else { return false };
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if ends {
            self.rest = rest;
        }
        ends
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.skip(token) { Ok(()) } else { Err(format!("its expression has `{}` instead of `{token}`", self.rest)) }
    }

    fn name(&mut self) -> Result<&'e str, String> {
        let text = self.trimmed();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return Err(format!("its expression has `{rest}`, which is not read here"));
        }
        self.rest = rest;
        Ok(name)
    }

    fn type_name(&mut self) -> Result<Box<str>, String> {
        let mut name = self.name()?;
        if matches!(name, "FHIR" | "System") && self.skip(".") {
            name = self.name()?;
        }
        Ok(SYSTEM_TYPES.iter().find(|(system, _)| *system == name).map_or(name, |(_, fhir)| fhir).into())
    }

    fn literal(&mut self) -> Result<&'e str, String> {
        self.expect("'")?;
        let (text, rest) = self.rest.split_once('\'').ok_or("its expression has a string that does not end")?;
        if text.contains('\\') {
            return Err("its expression has an escape in a string".to_owned());
        }
        self.rest = rest;
        Ok(text)
    }

    fn branch(&mut self) -> Result<Branch, String> {
        let mut branch = if self.skip("(") {
            let inner = self.branch()?;
            self.expect(")")?;
            inner
        } else {
            self.start()?
        };
        self.steps(&mut branch.path)?;
        if self.keyword("as") {
            let ty = self.type_name()?;
            branch.path.steps.push(PathStep::Only(ty));
        }
        if branch.path.test == Some(PathTest::Exists) && self.keyword("and") {
            let mut other = self.start()?;
            self.steps(&mut other.path)?;
            self.expect("!=")?;
            if other.path.steps != branch.path.steps || !self.keyword("false") {
                return Err("its expression has an `and` that is not read here".to_owned());
            }
            branch.path.test = Some(PathTest::ExistsAndNotFalse);
        }
        Ok(branch)
    }

    fn start(&mut self) -> Result<Branch, String> {
        let mut branch = Branch { ty: None, path: SearchPath::default() };
        if self.skip("%resource") {
            branch.path.from_resource = true;
            return Ok(branch);
        }
        let before = self.trimmed();
        let name = self.name()?;
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            branch.ty = Some(name.into());
        } else {
            self.rest = before;
            self.step(&mut branch.path)?;
        }
        Ok(branch)
    }

    fn steps(&mut self, path: &mut SearchPath) -> Result<(), String> {
        loop {
            if path.test.is_some() {
                return Ok(());
            }
            if self.skip("[") {
                let at = self.name()?;
                let at = at.parse().map_err(|_| format!("its expression has the index `{at}`"))?;
                path.steps.push(PathStep::Index(at));
                self.expect("]")?;
            } else if self.skip(".") {
                self.step(path)?;
            } else {
                return Ok(());
            }
        }
    }

    fn step(&mut self, path: &mut SearchPath) -> Result<(), String> {
        let name = self.name()?;
        if !self.skip("(") {
            path.steps.push(PathStep::Child(name.into()));
            return Ok(());
        }
        match name {
            "as" | "ofType" => path.steps.push(PathStep::Only(self.type_name()?)),
            "extension" => path.steps.push(PathStep::Extension(self.literal()?.into())),
            "where" => path.steps.push(self.condition()?),
            "exists" => path.test = Some(PathTest::Exists),
            _ => return Err(format!("its expression has `{name}()`, which is not read here")),
        }
        self.expect(")")
    }

    fn condition(&mut self) -> Result<PathStep, String> {
        let first = self.name()?;
        if self.skip("(") {
            return match first {
                "resolve" => {
                    self.expect(")")?;
                    if !self.keyword("is") {
                        return Err("its expression has a `resolve()` that is not read here".to_owned());
                    }
                    Ok(PathStep::Target(self.type_name()?))
                }
                "hasExtension" => {
                    let url = self.literal()?.into();
                    self.expect(")")?;
                    Ok(PathStep::HasExtension(url))
                }
                _ => Err(format!("its expression has `{first}()`, which is not read here")),
            };
        }
        let mut path = first.to_owned();
        while self.skip(".") {
            path.push('.');
            path.push_str(self.name()?);
        }
        self.expect("=")?;
        Ok(PathStep::Where(path.into(), self.literal()?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::{Format, read};

    fn written(expression: &str, base: &str) -> Result<String, String> {
        let branches = Expression::read(expression)?;
        let paths: Vec<String> = branches.iter().filter(|b| b.applies_to(base)).map(|b| b.path.to_string()).collect();
        Ok(paths.join(","))
    }

    #[test]
    fn expressions_become_paths_of_the_type_asked_for() {
        let table = [
            ("Observation.code", "code"),
            ("Observation.value.as(Quantity) | Observation.value.as(SampledData)", "value:Quantity,value:SampledData"),
            ("(Observation.value as Quantity) | (Patient.x as y)", "value:Quantity"),
            ("Observation.value as DateTime", "value:dateTime"),
            ("(Observation.value as CodeableConcept).text", "value:CodeableConcept.text"),
            ("Observation.value.ofType(FHIR.Reference)", "value:Reference"),
            (
                "Patient.telecom.where(system='email') | Observation.telecom.where(system = 'fax')",
                "telecom[system=fax]",
            ),
            ("Observation.subject.where(resolve() is Patient)", "subject->Patient"),
            ("Observation.entry[0].resource", "entry[0].resource"),
            ("Observation.extension('http://x/y').value", "extension-see-below"),
            ("Observation.deceased.exists()", "deceased?"),
            ("Observation.deceased.exists() and Observation.deceased != false", "deceased?!false"),
            ("name | alias", "name,alias"),
            ("Resource.meta.profile", "meta.profile"),
            ("%resource.a.b", "/a.b"),
            ("Observation", "."),
            ("Patient.name", ""),
            ("Observation.item.where(hasExtension('http://x')).value", "item[{http://x}].value"),
        ];
        for (expression, expected) in table {
            let expected = expected.replace("extension-see-below", "{http://x/y}.value");
            assert_eq!(written(expression, "Observation").as_deref(), Ok(&*expected), "{expression}");
        }
    }

    #[test]
    fn an_expression_outside_the_corner_is_refused() {
        for expression in [
            "",
            "Observation.",
            "Observation.value.select(x)",
            "Observation.a + 1",
            "iif(a, b, c)",
            "Observation.a where b",
            "Observation.a.exists() and Observation.b != false",
            "Observation.a.where(b > 'c')",
            "Observation.a.where(b='c)",
            "(Observation.a",
            "Observation[x]",
            "Observation.a.where(resolve())",
            "Observation.a |",
        ] {
            assert!(written(expression, "Observation").is_err(), "{expression}");
        }
    }

    #[test]
    fn a_parameter_that_cannot_be_evaluated_is_known_and_unsupported() {
        let mut parameters = SearchParameters::default();
        let text = r#"{"resourceType": "SearchParameter", "code": "odd", "type": "token",
            "base": ["Observation", "Patient"], "expression": "Observation.value.trace('x')"}"#;
        let doc = read(text, Format::Json).unwrap();
        let reason = parameters.define(doc.root()).unwrap_err();
        assert_eq!(reason, "its expression has `trace()`, which is not read here");
        assert!(parameters.lookup("Patient", "odd").is_some_and(|p| !p.is_supported()));
    }
}
