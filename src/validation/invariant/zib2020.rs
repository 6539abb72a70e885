//! Invariants of zib2020 and nl-core. Those of MP9 (mp-2033-…) have no row: what they ask contradicts the value set
//! of the decision, so they are not evaluated.

use super::row::{Row, row};

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row("houseNumberIndication", &["Extension.value[x]"], r"$this in ('by' | 'to')"),
    row(
        "nl-core-NameInformation-01",
        &["HumanName"],
        r"text.hasValue() or (family.empty() and given.extension('http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier').value.where($this != 'IN').empty())",
    ),
    row(
        "nl-core-NameInformation-02",
        &["HumanName.family"],
        r"hasValue() or extension.where(url in ('http://hl7.org/fhir/StructureDefinition/humanname-own-prefix' | 'http://hl7.org/fhir/StructureDefinition/humanname-own-name' | 'http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix' | 'http://hl7.org/fhir/StructureDefinition/humanname-partner-name')).empty()",
    ),
    row(
        "zib-NameInformation-1",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-name').exists()",
    ),
    row(
        "zib-NameInformation-2",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-name').exists()",
    ),
    // The codes are those of AlertNaamCodelijst: a value set is not at hand in an expression.
    row(
        "zib-Alert-1",
        &["Flag"],
        r"extension('http://hl7.org/fhir/StructureDefinition/flag-detail').empty() or code.coding.where((system = %sct and code in ('66598005' | '715881003' | '97961000146102' | '97981000146105' | '97971000146108' | '98001000146104' | '431109006' | '97991000146107' | '432415000' | '699433000' | '397940009')) or (system = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor' and code = 'OTH')).empty()",
    ),
    row(
        "zib-Alert-2",
        &["Flag"],
        r"extension('http://hl7.org/fhir/StructureDefinition/flag-detail').empty() or code.coding.where(system = 'http://terminology.hl7.org/CodeSystem/data-absent-reason' and code = 'not-applicable').exists()",
    ),
    row(
        "zib-FreedomRestrictingIntervention-01",
        &["Extension"],
        r"extension('legallyCapable').value.where($this = false).empty() or extension('legallyCapableComment').value.exists()",
    ),
    row(
        "zib-FunctionalOrMentalStatus-1",
        &["Observation.category"],
        r"coding.where(system = %sct and code in ('118228005' | '384821006')).code.distinct().count() = 1",
    ),
    row(
        "zib-NursingIntervention-1",
        &["CarePlan"],
        r"activity.detail.scheduled.ofType(Timing).repeat.bounds.ofType(Period).all($this = %context.period)",
    ),
    row(
        "zib-PainScore-1",
        &["Observation"],
        r"(method.coding.where(code in ('VAS10' | 'NRS')).exists() implies value.ofType(integer).all($this <= 10)) and (method.coding.where(code = 'VAS100').exists() implies value.ofType(integer).all($this <= 100))",
    ),
    row("zib-PainScore-2", &["Observation"], r"value.ofType(integer).all($this >= 0)"),
    row(
        "zib-Refraction-1",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '251797004').empty() or component.code.coding.where(system = %sct and code = '251799001').exists()",
    ),
    row(
        "zib-Refraction-2",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '251799001').empty() or component.code.coding.where(system = %sct and code = '251797004').exists()",
    ),
    row(
        "zib-Refraction-3",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '251762001').empty() or component.code.coding.where(system = %sct and code = '246223004').exists()",
    ),
    row(
        "zib-Refraction-4",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '246223004').empty() or component.code.coding.where(system = %sct and code = '251762001').exists()",
    ),
    row(
        "zib-Refraction-5",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '112881000146107').empty() or component.code.coding.where(system = %sct and code = '251795007').exists()",
    ),
    row(
        "zib-SNAQ65PlusScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4030003' | '4030008' | '4030004' | '4030005')).code.distinct().count() in (0 | 4)",
    ),
    row(
        "zib-SNAQ65PlusScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4030003' | '4030008' | '4030004' | '4030005')).code.distinct().count() = 4",
    ),
    row(
        "zib-SNAQScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4006003' | '4006004' | '4006005')).code.distinct().count() in (0 | 3)",
    ),
    row(
        "zib-SNAQScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4006003' | '4006004' | '4006005')).code.distinct().count() = 3",
    ),
    row(
        "zib-SNAQrcScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4029003' | '4029004' | '4029005' | '4029008')).code.distinct().count() in (0 | 4)",
    ),
    row(
        "zib-SNAQrcScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4029003' | '4029004' | '4029005' | '4029008')).code.distinct().count() = 4",
    ),
    row(
        "zib-StrongKidsScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4028003' | '4028004' | '4028005' | '4028008')).code.distinct().count() in (0 | 4)",
    ),
    row(
        "zib-StrongKidsScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4028003' | '4028004' | '4028005' | '4028008')).code.distinct().count() = 4",
    ),
    row(
        "zib-SOAPReport-1",
        &["Observation"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-SOAPReport.SOAPLineCode').empty() or code.coding.where(system = %sct and code in ('255362007' | '129265001')).exists()",
    ),
    row(
        "zib-TreatmentDirective2-1",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-TreatmentDirective2.AdvanceDirective').exists() implies source.exists()",
    ),
    row(
        "zib-TreatmentDirective2-2",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-TreatmentDirective2.SpecificitionOther').empty() or provision.type.empty()",
    ),
];
