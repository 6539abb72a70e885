//! Invariants of zib2020 and nl-core. Those of MP9 (mp-2033-…) have no row: what they ask contradicts the value set
//! of the decision, so they are not evaluated.

use super::row::{Row, row};

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row("houseNumberIndication", &["Extension.value[x]"], r"$this in ('by' | 'to')").says(
        "the indication of a house number is `by` or `to`",
        "de aanduiding bij een huisnummer is `by` of `to`",
    ),
    row(
        "nl-core-NameInformation-01",
        &["HumanName"],
        r"text.hasValue() or (family.empty() and given.extension('http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier').value.where($this != 'IN').empty())",
    )
    .says(
        "a name in parts has its text too, unless its parts are initials only",
        "een naam in delen heeft ook haar tekst, tenzij de delen alleen initialen zijn",
    ),
    row(
        "nl-core-NameInformation-02",
        &["HumanName.family"],
        r"hasValue() or extension.where(url in ('http://hl7.org/fhir/StructureDefinition/humanname-own-prefix' | 'http://hl7.org/fhir/StructureDefinition/humanname-own-name' | 'http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix' | 'http://hl7.org/fhir/StructureDefinition/humanname-partner-name')).empty()",
    )
    .says(
        "the parts of a surname stand in a surname that is written out",
        "de delen van een geslachtsnaam staan bij een geslachtsnaam die is uitgeschreven",
    ),
    row(
        "zib-NameInformation-1",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-own-name').exists()",
    )
    .says(
        "a prefix of the own surname goes with the own surname",
        "een voorvoegsel van de eigen geslachtsnaam hoort bij een eigen geslachtsnaam",
    ),
    row(
        "zib-NameInformation-2",
        &["HumanName"],
        r"family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix').exists() implies family.extension('http://hl7.org/fhir/StructureDefinition/humanname-partner-name').exists()",
    )
    .says(
        "a prefix of the partner's surname goes with the partner's surname",
        "een voorvoegsel van de geslachtsnaam van de partner hoort bij die geslachtsnaam",
    ),
    // The codes are those of AlertNaamCodelijst: a value set is not at hand in an expression.
    row(
        "zib-Alert-1",
        &["Flag"],
        r"extension('http://hl7.org/fhir/StructureDefinition/flag-detail').empty() or code.coding.where((system = %sct and code in ('66598005' | '715881003' | '97961000146102' | '97981000146105' | '97971000146108' | '98001000146104' | '431109006' | '97991000146107' | '432415000' | '699433000' | '397940009')) or (system = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor' and code = 'OTH')).empty()",
    )
    .says(
        "an alert that names a condition has no code of its own from the list of alerts",
        "een alert die een aandoening noemt heeft zelf geen code uit de alertlijst",
    ),
    row(
        "zib-Alert-2",
        &["Flag"],
        r"extension('http://hl7.org/fhir/StructureDefinition/flag-detail').empty() or code.coding.where(system = 'http://terminology.hl7.org/CodeSystem/data-absent-reason' and code = 'not-applicable').exists()",
    )
    .says(
        "an alert that names a condition has the code `not-applicable`",
        "een alert die een aandoening noemt heeft de code `not-applicable`",
    ),
    row(
        "zib-FreedomRestrictingIntervention-01",
        &["Extension"],
        r"extension('legallyCapable').value.where($this = false).empty() or extension('legallyCapableComment').value.exists()",
    )
    .says(
        "where the person is not legally capable a comment says how far",
        "is de persoon niet wilsbekwaam, dan zegt een toelichting in hoeverre",
    ),
    row(
        "zib-FunctionalOrMentalStatus-1",
        &["Observation.category"],
        r"coding.where(system = %sct and code in ('118228005' | '384821006')).code.distinct().count() = 1",
    )
    .says(
        "the category is functional or mental status, one of the two",
        "de categorie is functionele of mentale status, een van beide",
    ),
    row(
        "zib-NursingIntervention-1",
        &["CarePlan"],
        r"activity.detail.scheduled.ofType(Timing).repeat.bounds.ofType(Period).all($this = %context.period)",
    )
    .says(
        "the period of the intervention is that of its schedule",
        "de periode van de interventie is die van haar schema",
    ),
    row(
        "zib-PainScore-1",
        &["Observation"],
        r"(method.coding.where(code in ('VAS10' | 'NRS')).exists() implies value.ofType(integer).all($this <= 10)) and (method.coding.where(code = 'VAS100').exists() implies value.ofType(integer).all($this <= 100))",
    )
    .says(
        "a pain score is at most 10 by VAS10 or NRS and at most 100 by VAS100",
        "een pijnscore is hoogstens 10 met VAS10 of NRS en hoogstens 100 met VAS100",
    ),
    row("zib-PainScore-2", &["Observation"], r"value.ofType(integer).all($this >= 0)").says(
        "a pain score is not negative",
        "een pijnscore is niet negatief",
    ),
    row(
        "zib-Refraction-1",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '251797004').empty() or component.code.coding.where(system = %sct and code = '251799001').exists()",
    )
    .says(
        "a cylinder power goes with its axis",
        "een cilindersterkte hoort bij haar as",
    ),
    row(
        "zib-Refraction-2",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '251799001').empty() or component.code.coding.where(system = %sct and code = '251797004').exists()",
    )
    .says(
        "a cylinder axis goes with its power",
        "een cilinderas hoort bij haar sterkte",
    ),
    row(
        "zib-Refraction-3",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '251762001').empty() or component.code.coding.where(system = %sct and code = '246223004').exists()",
    )
    .says(
        "the power of a prism goes with its base",
        "de sterkte van een prisma hoort bij zijn basis",
    ),
    row(
        "zib-Refraction-4",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '246223004').empty() or component.code.coding.where(system = %sct and code = '251762001').exists()",
    )
    .says(
        "the base of a prism goes with its power",
        "de basis van een prisma hoort bij zijn sterkte",
    ),
    row(
        "zib-Refraction-5",
        &["Observation"],
        r"component.code.coding.where(system = %sct and code = '112881000146107').empty() or component.code.coding.where(system = %sct and code = '251795007').exists()",
    )
    .says(
        "a spherical equivalent goes with the spherical power",
        "een sferisch equivalent hoort bij de sferische sterkte",
    ),
    row(
        "zib-SNAQ65PlusScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4030003' | '4030008' | '4030004' | '4030005')).code.distinct().count() in (0 | 4)",
    )
    .says(
        "of the four SNAQ65+ questions all are answered or none is",
        "van de vier SNAQ65+-vragen zijn ze alle beantwoord of geen",
    ),
    row(
        "zib-SNAQ65PlusScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4030003' | '4030008' | '4030004' | '4030005')).code.distinct().count() = 4",
    )
    .says(
        "there is a total, or all four SNAQ65+ questions are answered",
        "er is een totaal, of alle vier SNAQ65+-vragen zijn beantwoord",
    ),
    row(
        "zib-SNAQScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4006003' | '4006004' | '4006005')).code.distinct().count() in (0 | 3)",
    )
    .says(
        "of the three SNAQ questions all are answered or none is",
        "van de drie SNAQ-vragen zijn ze alle beantwoord of geen",
    ),
    row(
        "zib-SNAQScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4006003' | '4006004' | '4006005')).code.distinct().count() = 3",
    )
    .says(
        "there is a total, or all three SNAQ questions are answered",
        "er is een totaal, of alle drie SNAQ-vragen zijn beantwoord",
    ),
    row(
        "zib-SNAQrcScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4029003' | '4029004' | '4029005' | '4029008')).code.distinct().count() in (0 | 4)",
    )
    .says(
        "of the four SNAQrc questions all are answered or none is",
        "van de vier SNAQrc-vragen zijn ze alle beantwoord of geen",
    ),
    row(
        "zib-SNAQrcScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4029003' | '4029004' | '4029005' | '4029008')).code.distinct().count() = 4",
    )
    .says(
        "there is a total, or all four SNAQrc questions are answered",
        "er is een totaal, of alle vier SNAQrc-vragen zijn beantwoord",
    ),
    row(
        "zib-StrongKidsScore-1",
        &["Observation"],
        r"component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4028003' | '4028004' | '4028005' | '4028008')).code.distinct().count() in (0 | 4)",
    )
    .says(
        "of the four StrongKids questions all are answered or none is",
        "van de vier StrongKids-vragen zijn ze alle beantwoord of geen",
    ),
    row(
        "zib-StrongKidsScore-2",
        &["Observation"],
        r"value.exists() or component.code.coding.where(system = 'urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.0.1' and code in ('4028003' | '4028004' | '4028005' | '4028008')).code.distinct().count() = 4",
    )
    .says(
        "there is a total, or all four StrongKids questions are answered",
        "er is een totaal, of alle vier StrongKids-vragen zijn beantwoord",
    ),
    row(
        "zib-SOAPReport-1",
        &["Observation"],
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-SOAPReport.SOAPLineCode').empty() or code.coding.where(system = %sct and code in ('255362007' | '129265001')).exists()",
    )
    .says(
        "a SOAP line code goes with a subjective or an objective line",
        "een SOEP-regelcode staat bij een subjectieve of objectieve regel",
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
        r"extension('http://nictiz.nl/fhir/StructureDefinition/ext-TreatmentDirective2.SpecificitionOther').empty() or provision.type.empty()",
    )
    .says(
        "a specification of other exceptions does not go with a type of exception",
        "een specificatie van andere uitzonderingen gaat niet samen met een soort uitzondering",
    ),
];
