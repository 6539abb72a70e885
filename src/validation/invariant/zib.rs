//! Invariants of zib2017 and the packages beside it.

use super::row::{Row, row};

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row(
        "nl-streetname-if-official-and-other-line-parts",
        &["Address"],
        r"extension('http://fhir.nl/fhir/StructureDefinition/nl-core-address-official').value.where($this = true).empty() or (line.extension('http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-streetName').exists() and line.extension.where(url in ('http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-houseNumber' | 'http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-buildingNumberSuffix' | 'http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-additionalLocator')).exists())",
    )
    .says(
        "an official address has its street name and its house number as parts of the line",
        "een officieel adres heeft straatnaam en huisnummer als delen van de regel",
    ),
    // The country stands beside the postal code, and a path cannot go up.
    row(
        "nl-postal-code-pattern",
        &["Address.postalCode"],
        r"matches('^[0-9]{4}[A-Z]{2}$') or %resource.descendants().where(postalCode = %context
            and country.lower() in ('nl' | 'nld' | 'nederland')).empty()",
    )
    .says(
        "a Dutch postal code is four digits and two capitals without a space: 1234AB",
        "een Nederlandse postcode is vier cijfers en twee hoofdletters zonder spatie: 1234AB",
    ),
    row(
        "hicm-outcomeofcare-1",
        &["CarePlan.activity"],
        r"(outcomeCodeableConcept.exists() and outcomeReference.exists()).not()",
    )
    .says(
        "an outcome is a code or a reference, not both",
        "een uitkomst is een code of een verwijzing, niet beide",
    ),
    row("hicm-outcomeofcare-1", &["DiagnosticReport"], r"(conclusion.exists() and result.exists()).not()").says(
        "a report has a conclusion or results, not both",
        "een verslag heeft een conclusie of resultaten, niet beide",
    ),
    row(
        "nl-core-humanname-1",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-name').exists()",
    )
    .says(
        "a prefix of the own surname goes with the own surname",
        "een voorvoegsel van de eigen geslachtsnaam hoort bij een eigen geslachtsnaam",
    ),
    row(
        "nl-core-humanname-2",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-name').exists()",
    )
    .says(
        "a prefix of the partner's surname goes with the partner's surname",
        "een voorvoegsel van de geslachtsnaam van de partner hoort bij die geslachtsnaam",
    ),
    row("bg-1", &["Observation.code"], r"coding.exists(system = %loinc)").says(
        "the measurement has a LOINC code",
        "de meting heeft een LOINC-code",
    ),
    row(
        "bg-2",
        &["Observation.code"],
        r"coding.where(system = 'https://referentiemodel.nhg.org/tabellen/nhg-tabel-45-diagnostische-bepalingen').count() < 2",
    )
    .says(
        "there is at most one code of NHG table 45",
        "er is hoogstens één code van NHG-tabel 45",
    ),
    row(
        "zib-apgarscore-1",
        &["Observation"],
        r"code.coding.where(system = %loinc and code in ('9272-6' | '9274-2' | '9271-8')).count() = 1",
    )
    .says(
        "an Apgar score has the LOINC code of exactly one moment: 1, 5 or 10 minutes",
        "een Apgarscore heeft de LOINC-code van precies één moment: 1, 5 of 10 minuten",
    ),
    row(
        "zib-apgarscore-2",
        &["Observation"],
        r"component.code.coding.where(system = %loinc and code in ('32406-1' | '32407-9' | '32408-7' | '32409-5' | '32410-3')).empty() or code.coding.where(system = %loinc and code = '9272-6').exists()",
    )
    .says(
        "components of the score after 1 minute stand in an Apgar score after 1 minute",
        "onderdelen van de score na 1 minuut staan in een Apgarscore na 1 minuut",
    ),
    row(
        "zib-apgarscore-3",
        &["Observation"],
        r"component.code.coding.where(system = %loinc and code in ('32411-1' | '32412-9' | '32413-7' | '32414-5' | '32415-2')).empty() or code.coding.where(system = %loinc and code = '9274-2').exists()",
    )
    .says(
        "components of the score after 5 minutes stand in an Apgar score after 5 minutes",
        "onderdelen van de score na 5 minuten staan in een Apgarscore na 5 minuten",
    ),
    row(
        "zib-apgarscore-4",
        &["Observation"],
        r"component.code.coding.where(system = %loinc and code in ('32401-2' | '32402-0' | '32403-8' | '32404-6' | '32405-3')).empty() or code.coding.where(system = %loinc and code = '9271-8').exists()",
    )
    .says(
        "components of the score after 10 minutes stand in an Apgar score after 10 minutes",
        "onderdelen van de score na 10 minuten staan in een Apgarscore na 10 minuten",
    ),
    row(
        "zib-LaboratoryTestResult-Observation-1",
        &["Coding"],
        r"where(system = %sct and code in ('281302008' | '281300000' | '11896004' | '30714006' | '131196009')).empty() or %resource.interpretation.coding.where(system = 'http://hl7.org/fhir/v2/0078').exists()",
    )
    .says(
        "a SNOMED CT flag of the zib goes with its HL7 v2 code (table 0078) in `interpretation`",
        "een SNOMED CT-vlag van de zib gaat samen met de HL7 v2-code (tabel 0078) in `interpretation`",
    ),
    row(
        "maxValue-for-method",
        &["Observation"],
        r"(method.coding.where(code in ('VAS10' | 'NRS')).exists() implies value.ofType(Quantity).value.all($this <= 10)) and (method.coding.where(code = 'VAS100').exists() implies value.ofType(Quantity).value.all($this <= 100))",
    )
    .says(
        "a pain score is at most 10 by VAS10 or NRS and at most 100 by VAS100",
        "een pijnscore is hoogstens 10 met VAS10 of NRS en hoogstens 100 met VAS100",
    ),
    row(
        "minValue-for-method",
        &["Observation"],
        r"(method.coding.where(code in ('VAS10' | 'VAS100')).exists() implies value.ofType(Quantity).value.all($this >= 0)) and (method.coding.where(code = 'NRS').exists() implies value.ofType(Quantity).value.all($this >= 1))",
    )
    .says(
        "a pain score is at least 0 by VAS10 or VAS100 and at least 1 by NRS",
        "een pijnscore is minstens 0 met VAS10 of VAS100 en minstens 1 met NRS",
    ),
    row("hcim-pregnancy-1", &["Observation.value[x]"], r"toString().matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}$')").says(
        "the date has year, month and day and no time",
        "de datum heeft jaar, maand en dag en geen tijd",
    ),
    row("hcim-pregnancy-2", &["Observation.value[x]"], r"toString().matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}$')").says(
        "the date has year, month and day and no time",
        "de datum heeft jaar, maand en dag en geen tijd",
    ),
    row(
        "Zib-SNAQScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0' and code in ('4.6.3' | '4.6.4' | '4.6.5')).code.distinct().count() in (0 | 3)",
    )
    .says(
        "of the three SNAQ questions all are answered or none is",
        "van de drie SNAQ-vragen zijn ze alle beantwoord of geen",
    ),
    row(
        "hcim-treatmentdirective-1",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/consent-additionalSources').exists() implies source.exists()",
    )
    .says(
        "additional sources go with a first source",
        "extra bronnen horen bij een eerste bron",
    ),
    row(
        "mpp-1",
        &["Medication"],
        r"code.coding.empty() implies (code.text.exists() and extension('http://nictiz.nl/fhir/StructureDefinition/zib-Product-Description').exists())",
    )
    .says(
        "a product without a code has a text and a description",
        "een product zonder code heeft een tekst en een omschrijving",
    ),
    row(
        "zib-TreatmentDirective2-1",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-TreatmentDirective2.AdvanceDirective').exists() implies source.exists()",
    )
    .says(
        "an advance directive goes with a source",
        "een wilsverklaring hoort bij een bron",
    ),
    row(
        "zib-TreatmentDirective2-2",
        &["Consent"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-TreatmentDirective2.SpecificitionOther').empty() or except.type.empty()",
    )
    .says(
        "a specification of other exceptions does not go with a type of exception",
        "een specificatie van andere uitzonderingen gaat niet samen met een soort uitzondering",
    ),
    row("que-1", &["Task"], r"status = 'completed' implies output.value.ofType(Reference).exists()").says(
        "a completed task refers to what came out of it",
        "een voltooide taak verwijst naar haar resultaat",
    ),
];
