//! Parameters of Nictiz' use cases for which a run may have no SearchParameter resource: the meaning of
//! each in one row. A row counts for its release, and any definition that is loaded and can be evaluated
//! comes before it.

use crate::definitions::search::{PathStep, SearchParameter, SearchPath, SearchType};
use crate::fhir::FhirVersion::{self, R4, Stu3};

use Step::{Child, Extension};

/// A step of a path: to the children of a name, or to the values of a Nictiz extension.
enum Step {
    Child(&'static str),
    Extension(&'static str),
}

/// A row: release, name, comparison, the types it is for, where it looks, what a reference may lead to.
struct Row(FhirVersion, &'static str, SearchType, &'static [&'static str], &'static [Step], &'static [&'static str]);

/// The base of Nictiz' extension urls.
const NICTIZ: &str = "http://nictiz.nl/fhir/StructureDefinition/";

const PRESCRIBED: &[&str] = &["MedicationRequest", "MedicationDispense"];
const MEDICATION: &[&str] =
    &["MedicationRequest", "MedicationDispense", "MedicationAdministration", "MedicationStatement"];
const GIVEN: &[&str] = &["MedicationDispense", "MedicationAdministration"];

#[rustfmt::skip]
const ROWS: [Row; 18] = [
    // Medication process 9 on STU3
    Row(Stu3, "periodofuse", SearchType::Date, PRESCRIBED, &[Extension("zib-Medication-PeriodOfUse")], &[]),
    Row(Stu3, "periodofuse", SearchType::Date, &["MedicationStatement"], &[Child("effective")], &[]),
    Row(Stu3, "requestdate", SearchType::Date, &["MedicationDispense"], &[Extension("zib-Dispense-RequestDate")], &[]),
    Row(Stu3, "medicationtreatment", SearchType::Token, MEDICATION, &[Extension("zib-Medication-MedicationTreatment")], &[]),
    Row(Stu3, "category", SearchType::Token, GIVEN, &[Child("category")], &[]),
    // BgLZ on STU3
    Row(Stu3, "activity-goal", SearchType::Reference, &["CarePlan"], &[Child("activity"), Child("detail"), Child("goal")], &["Goal"]),
    Row(Stu3, "activity-medicaldevice", SearchType::Reference, &["CarePlan"], &[Child("activity"), Child("detail"), Extension("extension-medicaldevice")], &["DeviceUseStatement"]),
    Row(Stu3, "activity-outcomereference", SearchType::Reference, &["CarePlan"], &[Child("activity"), Child("outcomeReference")], &[]),
    // Medication process 9 on R4
    Row(R4, "period-of-use", SearchType::Date, PRESCRIBED, &[Extension("ext-TimeInterval.Period")], &[]),
    Row(R4, "period-of-use", SearchType::Date, &["MedicationStatement"], &[Child("effective")], &[]),
    Row(R4, "pharmaceutical-treatment-identifier", SearchType::Token, MEDICATION, &[Extension("ext-PharmaceuticalTreatment.Identifier")], &[]),
    Row(R4, "category", SearchType::Token, GIVEN, &[Child("category")], &[]),
    Row(R4, "author", SearchType::Reference, &["MedicationStatement"], &[Extension("ext-MedicationUse2.Author")], &[]),
    Row(R4, "prescriber", SearchType::Reference, &["MedicationStatement"], &[Extension("ext-MedicationUse2.Prescriber")], &[]),
    Row(R4, "reason", SearchType::Reference, &["MedicationRequest"], &[Child("reasonReference")], &[]),
    Row(R4, "next-practitioner", SearchType::Reference, &["MedicationRequest"], &[Extension("ext-MedicationAgreement.NextPractitioner")], &[]),
    Row(R4, "dispense-location", SearchType::Reference, &["MedicationRequest"], &[Child("dispenseRequest"), Extension("ext-DispenseRequest.DispenseLocation")], &["Location"]),
    Row(R4, "location", SearchType::Reference, &["MedicationDispense"], &[Child("location")], &["Location"]),
];

/// On a Period: how long it takes, instead of its end (zib TimeInterval).
pub(super) const DURATION: &str = "http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Duration";

/// The UCUM units a duration can be added up in, with their seconds. Months and years have no length of
/// their own.
pub(super) const DURATION_UNITS: [(&str, i64); 5] =
    [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400), ("wk", 604_800)];

/// The rows of a release, each with a type it is for.
pub(super) fn rows(version: FhirVersion) -> impl Iterator<Item = (&'static str, SearchParameter)> {
    ROWS.iter().filter(move |row| row.0 == version).flat_map(|row| row.3.iter().map(|ty| (*ty, row.parameter())))
}

impl Row {
    fn parameter(&self) -> SearchParameter {
        let Row(_, code, ty, _, steps, targets) = self;
        let step = |step: &Step| match step {
            Child(name) => PathStep::Child((*name).into()),
            Extension(name) => PathStep::Extension(format!("{NICTIZ}{name}").into()),
        };
        SearchParameter {
            code: (*code).into(),
            ty: *ty,
            paths: vec![SearchPath { steps: steps.iter().map(step).collect(), ..Default::default() }],
            targets: targets.iter().map(|t| (*t).into()).collect(),
            components: vec![],
            multiple_or: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    #[test]
    fn every_row_is_for_types_and_elements_of_its_release() {
        for row in &ROWS {
            let types = Definitions::embedded(row.0).types();
            for resource_type in row.3 {
                let mut at = types.type_named(resource_type);
                for step in row.4 {
                    let Child(name) = step else { break };
                    let choices = [(*name).to_owned(), format!("{name}Period")];
                    let child = choices.iter().find_map(|c| types.child(at?, c));
                    at = child.map(|(_, ty)| ty);
                    assert!(child.is_some(), "{resource_type}.{name}");
                }
            }
        }
    }
}
