//! Types and search parameters of the base, in small cases.

use keur::definitions::search::PathStep;
use keur::definitions::{Definitions, TypeClass};
use keur::fhir::FhirVersion::{self, R4, Stu3};
use libtest_mimic::Failed;

/// Small cases, by hand from the pages of the specification.
pub fn spot_table() -> Result<(), Failed> {
    // Version, type, name as written, cardinality, type it then has, its binding.
    let table = [
        (Stu3, "Observation", "status", "1..1", "code", "required=http://hl7.org/fhir/ValueSet/observation-status"),
        (Stu3, "Observation", "valueQuantity", "0..1", "Quantity", ""),
        (Stu3, "Observation", "valueInteger", "", "", ""),
        (R4, "Observation", "valueInteger", "0..1", "integer", ""),
        (Stu3, "Observation", "context", "0..1", "Reference", ""),
        (R4, "Observation", "context", "", "", ""),
        (Stu3, "Observation", "component", "0..*", "Observation.component", ""),
        (Stu3, "Observation.component", "referenceRange", "0..*", "Observation.referenceRange", ""),
        (Stu3, "Observation", "id", "0..1", "id", ""),
        (R4, "Observation", "id", "0..1", "id", ""),
        (Stu3, "Observation.component", "id", "0..1", "string", ""),
        (R4, "Observation.component", "id", "0..1", "string", ""),
        (R4, "Extension", "url", "1..1", "uri", ""),
        (Stu3, "Patient", "deceasedBoolean", "0..1", "boolean", ""),
        (Stu3, "Patient", "deceased", "", "", ""),
        (Stu3, "Bundle.entry", "link", "0..*", "Bundle.link", ""),
        (Stu3, "Bundle.entry", "resource", "0..1", "Resource", ""),
        (Stu3, "Timing.repeat", "boundsPeriod", "0..1", "Period", ""),
        (Stu3, "Extension", "valueMoney", "0..1", "Money", ""),
        (Stu3, "Money", "currency", "", "", ""),
        (R4, "Money", "currency", "0..1", "code", "required=http://hl7.org/fhir/ValueSet/currencies|4.0.1"),
        (Stu3, "code", "value", "", "", ""),
        (Stu3, "code", "extension", "0..*", "Extension", ""),
        (Stu3, "Narrative", "div", "1..1", "xhtml", ""),
        (Stu3, "xhtml", "extension", "0..0", "Extension", ""),
        (Stu3, "ValueSet.compose", "exclude", "0..*", "ValueSet.compose.include", ""),
        (Stu3, "Questionnaire.item", "item", "0..*", "Questionnaire.item", ""),
    ];
    for (version, ty, name, cardinality, child_type, binding) in table {
        let types = Definitions::embedded(version).types();
        let case = format!("{version} {ty}.{name}");
        let ty = types.type_named(ty).ok_or_else(|| format!("{case}: no such type"))?;
        let Some((element, found)) = types.child(ty, name) else {
            assert_eq!(cardinality, "", "{case}");
            continue;
        };
        let element = types.element_at(element);
        let max = element.max.map_or("*".to_owned(), |m| m.to_string());
        assert_eq!(format!("{}..{max}", element.min), cardinality, "{case}");
        assert_eq!(&*types.get(found).name, child_type, "{case}");
        if !binding.is_empty() {
            let bound = element.binding.as_ref().ok_or_else(|| format!("{case}: not bound"))?;
            assert_eq!(format!("{}={}", bound.strength.code(), bound.value_set), binding, "{case}");
        }
    }
    let types = Definitions::embedded(Stu3).types();
    let id = |name: &str| types.type_named(name).ok_or_else(|| format!("no {name}"));
    for (ty, ancestor, expected) in [
        ("Patient", "DomainResource", true),
        ("Bundle", "DomainResource", false),
        ("Bundle", "Resource", true),
        ("Age", "Quantity", true),
        ("Quantity", "Element", true),
        ("positiveInt", "integer", true),
        ("Observation.component", "BackboneElement", true),
        ("Timing.repeat", "Element", true),
    ] {
        assert_eq!(types.is_a(id(ty)?, id(ancestor)?), expected, "{ty} is a {ancestor}");
    }
    Ok(())
}

pub fn search_table() -> Result<(), Failed> {
    let table = [
        (Stu3, "Observation", "code", "token", "code"),
        (Stu3, "Observation", "_id", "token", "id"),
        (Stu3, "Observation", "_lastUpdated", "date", "meta.lastUpdated"),
        (Stu3, "Observation", "value-quantity", "quantity", "value:Quantity"),
        (R4, "Observation", "value-quantity", "quantity", "value:Quantity,value:SampledData"),
        (Stu3, "Patient", "email", "token", "telecom[system=email]"),
        (R4, "Patient", "deceased", "token", "deceased?!false"),
        (Stu3, "Bundle", "composition", "reference", "entry[0].resource"),
        (Stu3, "MedicationDispense", "whenhandedover", "date", "whenHandedOver"),
        (R4, "Account", "patient", "reference", "subject->Patient"),
        (Stu3, "Observation", "nonsense", "", ""),
        (Stu3, "Bundle", "_text", "", ""),
    ];
    for (version, ty, code, kind, paths) in table {
        let parameters = Definitions::embedded(version).search_parameters();
        let Some(found) = parameters.lookup(ty, code) else {
            assert_eq!(kind, "", "{version} {ty} {code}");
            continue;
        };
        assert_eq!(found.ty.code(), kind, "{version} {ty} {code}");
        let written: Vec<String> = found.paths.iter().map(ToString::to_string).collect();
        assert_eq!(written.join(","), paths, "{version} {ty} {code}");
    }
    let parameters = Definitions::embedded(Stu3).search_parameters();
    let codes = |ty| parameters.compartment("Patient", ty).map(|p| &*p.code).collect::<Vec<_>>().join(" ");
    assert_eq!(codes("Observation"), "subject performer");
    assert_eq!(codes("AllergyIntolerance"), "patient recorder asserter");
    assert_eq!(codes("Medication"), "");
    let composite = parameters.lookup("Observation", "code-value-quantity").ok_or("no composite")?;
    for component in &composite.components {
        assert!(parameters.lookup("Observation", &component.code).is_some(), "{}", component.code);
    }
    // Every path of a supported parameter starts at an element of its type, in both releases.
    for version in FhirVersion::ALL {
        let types = Definitions::embedded(version).types();
        let parameters = Definitions::embedded(version).search_parameters();
        let mut unsupported = vec![];
        for (id, ty) in types.types().filter(|(_, t)| !t.is_abstract) {
            for parameter in parameters.of_type(&ty.name).filter(|_| ty.class == TypeClass::Resource) {
                if !parameter.is_supported() {
                    unsupported.push(&*parameter.code);
                }
                for path in &parameter.paths {
                    let Some(PathStep::Child(first)) = path.steps.first() else { continue };
                    let known = types.elements_of(id).any(|(_, e)| e.name == *first);
                    assert!(known, "{version} {}.{first} of `{}`", ty.name, parameter.code);
                }
            }
        }
        unsupported.sort();
        unsupported.dedup();
        println!("{version}: {} parameters, unsupported: {}", parameters.len(), unsupported.join(" "));
        assert!(unsupported.len() < 25);
    }
    Ok(())
}
