//! Invariants of zib2017 and the packages beside it.

use super::row::{Row, row};

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row(
        "nl-streetname-if-official-and-other-line-parts",
        &["Address"],
        r"extension('http://fhir.nl/fhir/StructureDefinition/nl-core-address-official').value.where($this = true).empty() or (line.extension('http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-streetName').exists() and line.extension.where(url in ('http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-houseNumber' | 'http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-buildingNumberSuffix' | 'http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-additionalLocator')).exists())",
    ),
    // The country stands beside the postal code, and a path cannot go up.
    row(
        "nl-postal-code-pattern",
        &["Address.postalCode"],
        r"matches('^[0-9]{4}[A-Z]{2}$') or %resource.descendants().where(postalCode = %context
            and country.lower() in ('nl' | 'nld' | 'nederland')).empty()",
    ),
    row(
        "hicm-outcomeofcare-1",
        &["CarePlan.activity"],
        r"(outcomeCodeableConcept.exists() and outcomeReference.exists()).not()",
    ),
    row("hicm-outcomeofcare-1", &["DiagnosticReport"], r"(conclusion.exists() and result.exists()).not()"),
    row(
        "nl-core-humanname-1",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-name').exists()",
    ),
    row(
        "nl-core-humanname-2",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-name').exists()",
    ),
    row("bg-1", &["Observation.code"], r"coding.exists(system = %loinc)"),
    row(
        "bg-2",
        &["Observation.code"],
        r"coding.where(system = 'https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen').count() < 2",
    ),
    row(
        "zib-apgarscore-1",
        &["Observation"],
        r"code.coding.where(system = %loinc and code in ('9272-6' | '9274-2' | '9271-8')).count() = 1",
    ),
    row(
        "zib-apgarscore-2",
        &["Observation"],
        r"component.code.coding.where(system = %loinc and code in ('32406-1' | '32407-9' | '32408-7' | '32409-5' | '32410-3')).empty() or code.coding.where(system = %loinc and code = '9272-6').exists()",
    ),
    row(
        "zib-apgarscore-3",
        &["Observation"],
        r"component.code.coding.where(system = %loinc and code in ('32411-1' | '32412-9' | '32413-7' | '32414-5' | '32415-2')).empty() or code.coding.where(system = %loinc and code = '9274-2').exists()",
    ),
    row(
        "zib-apgarscore-4",
        &["Observation"],
        r"component.code.coding.where(system = %loinc and code in ('32401-2' | '32402-0' | '32403-8' | '32404-6' | '32405-3')).empty() or code.coding.where(system = %loinc and code = '9271-8').exists()",
    ),
    row(
        "zib-LaboratoryTestResult-Observation-1",
        &["Coding"],
        r"where(system = %sct and code in ('281302008' | '281300000' | '11896004' | '30714006' | '131196009')).empty() or %resource.interpretation.coding.where(system = 'http://hl7.org/fhir/v2/0078').exists()",
    ),
    row(
        "maxValue-for-method",
        &["Observation"],
        r"(method.coding.where(code in ('VAS10' | 'NRS')).exists() implies value.ofType(Quantity).value.all($this <= 10)) and (method.coding.where(code = 'VAS100').exists() implies value.ofType(Quantity).value.all($this <= 100))",
    ),
    row(
        "minValue-for-method",
        &["Observation"],
        r"(method.coding.where(code in ('VAS10' | 'VAS100')).exists() implies value.ofType(Quantity).value.all($this >= 0)) and (method.coding.where(code = 'NRS').exists() implies value.ofType(Quantity).value.all($this >= 1))",
    ),
    row("hcim-pregnancy-1", &["Observation.value[x]"], r"toString().matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}$')"),
    row("hcim-pregnancy-2", &["Observation.value[x]"], r"toString().matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}$')"),
    row(
        "Zib-SNAQScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0' and code in ('4.6.3' | '4.6.4' | '4.6.5')).code.distinct().count() in (0 | 3)",
    ),
    row(
        "hcim-treatmentdirective-1",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/consent-additionalSources').exists() implies source.exists()",
    ),
    row(
        "mpp-1",
        &["Medication"],
        r"code.coding.empty() implies (code.text.exists() and extension('http://nictiz.nl/fhir/StructureDefinition/zib-Product-Description').exists())",
    ),
    row(
        "zib-TreatmentDirective2-1",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-TreatmentDirective2.AdvanceDirective').exists() implies source.exists()",
    ),
    row(
        "zib-TreatmentDirective2-2",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-TreatmentDirective2.SpecificitionOther').empty() or except.type.empty()",
    ),
    row("que-1", &["Task"], r"status = 'completed' implies output.value.ofType(Reference).exists()"),
];
