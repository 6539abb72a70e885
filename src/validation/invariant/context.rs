//! Where extensions may stand beyond their context: what must hold of the element they are on.
//!
//! The embedded definitions carry no expressions; these are our own words for those of the base
//! specification (<http://hl7.org/fhir/STU3/structuredefinition-definitions.html#StructureDefinition.contextInvariant>).

use crate::diagnostic::Words;
use crate::fhir::FhirVersion;

/// Where the extensions of the base specification are.
pub const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// What must hold of the element around an extension.
#[derive(Debug)]
pub struct ContextRow {
    /// Last part of the extension's url.
    pub extension: &'static str,
    /// The release it is for; None is every release.
    pub release: Option<FhirVersion>,
    /// FHIRPath on that element; `%extension` is the extension.
    pub expression: &'static str,
    /// The same for people.
    pub says: Words,
}

const CHOICE: Words =
    Words::new("the item is of type choice or open-choice", "het item is van type choice of open-choice");
const NOT_DISPLAY: Words = Words::new("the item is not of type display", "het item is niet van type display");
const NUMBER: Words = Words::new("the item is of type integer or decimal", "het item is van type integer of decimal");
const QUANTITY: Words = Words::new("the item is of type quantity", "het item is van type quantity");
const REFERENCE: Words = Words::new("the item is of type reference", "het item is van type reference");

const STU3: Option<FhirVersion> = Some(FhirVersion::Stu3);
const R4: Option<FhirVersion> = Some(FhirVersion::R4);

const fn row(
    extension: &'static str,
    release: Option<FhirVersion>,
    expression: &'static str,
    says: Words,
) -> ContextRow {
    ContextRow { extension, release, expression, says }
}

/// Every row.
pub static ROWS: &[ContextRow] = &[
    row("questionnaire-allowedProfile", STU3, "type = 'reference'", REFERENCE),
    row("questionnaire-allowedResource", STU3, "type = 'reference'", REFERENCE),
    row("questionnaire-lookupQuestionnaire", STU3, "type = 'reference'", REFERENCE),
    row("questionnaire-referenceFilter", None, "type = 'reference'", REFERENCE),
    row("questionnaire-referenceProfile", R4, "type = 'reference'", REFERENCE),
    row("questionnaire-referenceResource", R4, "type = 'reference'", REFERENCE),
    row("questionnaire-choiceOrientation", None, "type in ('choice' | 'open-choice')", CHOICE),
    row("questionnaire-displayCategory", None, "type != 'display'", NOT_DISPLAY),
    row("questionnaire-fhirType", None, "type != 'display'", NOT_DISPLAY),
    row("questionnaire-unit", None, "type in ('integer' | 'decimal')", NUMBER),
    row("questionnaire-unitOption", R4, "type = 'quantity'", QUANTITY),
    row("questionnaire-unitValueSet", R4, "type = 'quantity'", QUANTITY),
    row(
        "questionnaire-sliderStepValue",
        R4,
        "type = 'integer'",
        Words::new("the item is of type integer", "het item is van type integer"),
    ),
    row(
        "questionnaire-maxOccurs",
        None,
        "type != 'display' and (repeats = true or %extension.value = 1)",
        Words::new(
            "the item is not of type display, and repeats where it may occur more than once",
            "het item is niet van type display, en herhaalt waar het vaker dan één keer mag voorkomen",
        ),
    ),
    row(
        "questionnaire-minOccurs",
        None,
        "type != 'display' and (required = true or %extension.value = 0)",
        Words::new(
            "the item is not of type display, and is required where it must occur",
            "het item is niet van type display, en is verplicht waar het moet voorkomen",
        ),
    ),
    row(
        "list-changeBase",
        R4,
        "mode = 'changes'",
        Words::new("the list is one of changes", "de lijst is een lijst van wijzigingen"),
    ),
];

/// The row for an extension.
pub fn of(url: &str, release: FhirVersion) -> Option<&'static ContextRow> {
    let name = url.strip_prefix(BASE)?;
    ROWS.iter().find(|row| row.extension == name && row.release.is_none_or(|of| of == release))
}
