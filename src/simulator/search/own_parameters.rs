//! Parameters of Nictiz' use cases for which a run may have no SearchParameter resource: the meaning of
//! each in one row. A row counts for its release, and any definition that is loaded comes before it.

use super::parameter::ParameterFacts;
use crate::definitions::TypeTable;
use crate::fhir::FhirVersion::{self, R4, Stu3};

const NICTIZ: &str = "http://nictiz.nl/fhir/StructureDefinition/";

/// A row: release, name, comparison, and for each resource type what follows it in a path. `{}` stands for
/// Nictiz' StructureDefinition base.
struct Row {
    release: FhirVersion,
    code: &'static str,
    comparison: &'static str,
    looks: &'static [(&'static str, &'static str)],
    targets: &'static [&'static str],
}

const PERIOD_OF_USE: &str = "extension('{}zib-Medication-PeriodOfUse').value";
const REQUEST_DATE: &str = "extension('{}zib-Dispense-RequestDate').value";
const TREATMENT: &str = "extension('{}zib-Medication-MedicationTreatment').value";
const TIME_INTERVAL: &str = "extension('{}ext-TimeInterval.Period').value";
const PHARMACEUTICAL_TREATMENT: &str = "extension('{}ext-PharmaceuticalTreatment.Identifier').value";

#[rustfmt::skip]
const ROWS: [Row; 15] = [
    // Medication process 9 on STU3
    Row { release: Stu3, code: "periodofuse", comparison: "date", looks: &[("MedicationRequest", PERIOD_OF_USE), ("MedicationDispense", PERIOD_OF_USE), ("MedicationStatement", "effective")], targets: &[] },
    Row { release: Stu3, code: "requestdate", comparison: "date", looks: &[("MedicationDispense", REQUEST_DATE)], targets: &[] },
    Row { release: Stu3, code: "medicationtreatment", comparison: "token", looks: &[("MedicationRequest", TREATMENT), ("MedicationDispense", TREATMENT), ("MedicationAdministration", TREATMENT), ("MedicationStatement", TREATMENT)], targets: &[] },
    Row { release: Stu3, code: "category", comparison: "token", looks: &[("MedicationDispense", "category"), ("MedicationAdministration", "category")], targets: &[] },
    // BgLZ on STU3
    Row { release: Stu3, code: "activity-goal", comparison: "reference", looks: &[("CarePlan", "activity.detail.goal")], targets: &["Goal"] },
    Row { release: Stu3, code: "activity-medicaldevice", comparison: "reference", looks: &[("CarePlan", "activity.detail.extension('{}extension-medicaldevice').value")], targets: &["DeviceUseStatement"] },
    Row { release: Stu3, code: "activity-outcomereference", comparison: "reference", looks: &[("CarePlan", "activity.outcomeReference")], targets: &[] },
    // Medication process 9 on R4
    Row { release: R4, code: "period-of-use", comparison: "date", looks: &[("MedicationRequest", TIME_INTERVAL), ("MedicationDispense", TIME_INTERVAL), ("MedicationStatement", "effective")], targets: &[] },
    Row { release: R4, code: "pharmaceutical-treatment-identifier", comparison: "token", looks: &[("MedicationRequest", PHARMACEUTICAL_TREATMENT), ("MedicationDispense", PHARMACEUTICAL_TREATMENT), ("MedicationAdministration", PHARMACEUTICAL_TREATMENT), ("MedicationStatement", PHARMACEUTICAL_TREATMENT)], targets: &[] },
    Row { release: R4, code: "author", comparison: "reference", looks: &[("MedicationStatement", "extension('{}ext-MedicationUse2.Author').value")], targets: &[] },
    Row { release: R4, code: "prescriber", comparison: "reference", looks: &[("MedicationStatement", "extension('{}ext-MedicationUse2.Prescriber').value")], targets: &[] },
    Row { release: R4, code: "reason", comparison: "reference", looks: &[("MedicationRequest", "reasonReference")], targets: &[] },
    Row { release: R4, code: "next-practitioner", comparison: "reference", looks: &[("MedicationRequest", "extension('{}ext-MedicationAgreement.NextPractitioner').value")], targets: &[] },
    Row { release: R4, code: "dispense-location", comparison: "reference", looks: &[("MedicationRequest", "dispenseRequest.extension('{}ext-DispenseRequest.DispenseLocation').value")], targets: &["Location"] },
    Row { release: R4, code: "location", comparison: "reference", looks: &[("MedicationDispense", "location")], targets: &["Location"] },
];

/// The rows of a release as facts.
pub(super) fn facts(types: &TypeTable) -> Vec<ParameterFacts> {
    ROWS.iter()
        .filter(|row| row.release == types.version())
        .map(|row| ParameterFacts {
            code: row.code.into(),
            comparison: row.comparison.into(),
            base: row.looks.iter().map(|(t, _)| (*t).into()).collect(),
            expression: row
                .looks
                .iter()
                .map(|(t, path)| format!("{t}.{}", path.replace("{}", NICTIZ)))
                .collect::<Vec<_>>()
                .join(" | "),
            targets: row.targets.iter().map(|t| (*t).into()).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::search::path::Path;

    #[test]
    fn every_row_compiles_for_each_of_its_types() {
        let types = TypeTable::new(FhirVersion::Stu3, &[]);
        for row in &ROWS {
            for (resource_type, path) in row.looks {
                let expression = format!("{resource_type}.{}", path.replace("{}", NICTIZ));
                assert!(matches!(Path::compile(&expression, resource_type, &types), Ok(Some(_))), "{}", row.code);
            }
            assert!(super::super::parameter::Comparison::from_code(row.comparison).is_some());
        }
    }
}
