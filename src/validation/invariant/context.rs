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

const fn row(extension: &'static str, expression: &'static str, says: Words) -> ContextRow {
    ContextRow { extension, expression, says }
}

static STU3: &[ContextRow] = &[
    row("questionnaire-allowedProfile", "type = 'reference'", REFERENCE),
    row("questionnaire-allowedResource", "type = 'reference'", REFERENCE),
    row("questionnaire-lookupQuestionnaire", "type = 'reference'", REFERENCE),
];

static R4: &[ContextRow] = &[
    row("questionnaire-referenceProfile", "type = 'reference'", REFERENCE),
    row("questionnaire-referenceResource", "type = 'reference'", REFERENCE),
    row("questionnaire-unitOption", "type = 'quantity'", QUANTITY),
    row("questionnaire-unitValueSet", "type = 'quantity'", QUANTITY),
    row(
        "questionnaire-sliderStepValue",
        "type = 'integer'",
        Words::new("the item is of type integer", "het item is van type integer"),
    ),
    row(
        "list-changeBase",
        "mode = 'changes'",
        Words::new("the list is one of changes", "de lijst is een lijst van wijzigingen"),
    ),
];

static EVERY: &[ContextRow] = &[
    row("questionnaire-referenceFilter", "type = 'reference'", REFERENCE),
    row("questionnaire-choiceOrientation", "type in ('choice' | 'open-choice')", CHOICE),
    row("questionnaire-displayCategory", "type != 'display'", NOT_DISPLAY),
    row("questionnaire-fhirType", "type != 'display'", NOT_DISPLAY),
    row("questionnaire-unit", "type in ('integer' | 'decimal')", NUMBER),
    row(
        "questionnaire-maxOccurs",
        "type != 'display' and (repeats = true or %extension.value = 1)",
        Words::new(
            "the item is not of type display, and repeats where it may occur more than once",
            "het item is niet van type display, en herhaalt waar het vaker dan één keer mag voorkomen",
        ),
    ),
    row(
        "questionnaire-minOccurs",
        "type != 'display' and (required = true or %extension.value = 0)",
        Words::new(
            "the item is not of type display, and is required where it must occur",
            "het item is niet van type display, en is verplicht waar het moet voorkomen",
        ),
    ),
];

/// Tables by the release they are for; None is every release.
static TABLES: [(Option<FhirVersion>, &[ContextRow]); 3] = [
    // One for a release comes first.
    (Some(FhirVersion::Stu3), STU3),
    (Some(FhirVersion::R4), R4),
    (None, EVERY),
];

/// Every row.
pub fn rows() -> impl Iterator<Item = &'static ContextRow> {
    TABLES.iter().flat_map(|(_, rows)| *rows)
}

/// The row for an extension.
pub fn of(url: &str, release: FhirVersion) -> Option<&'static ContextRow> {
    let name = url.strip_prefix(BASE)?;
    let tables = TABLES.iter().filter(|(of, _)| of.is_none_or(|of| of == release));
    tables.flat_map(|(_, rows)| *rows).find(|row| row.extension == name)
}
