//! The zibs of the BgZ: where each is asked for, what it cannot do without, and what would contradict itself.

/// A defect that takes knowledge of the zib.
pub struct Contradiction {
    pub what: &'static str,
    /// Resource that it is planted in: the end of its id.
    pub on: &'static str,
    /// Elements with their JSON; empty takes the element out. The first is what the defect is about.
    pub edits: &'static [(&'static str, &'static str)],
}

/// A zib and its script.
pub struct Zib {
    pub name: &'static str,
    pub script: &'static str,
    /// Types of the resources it is made of.
    pub types: &'static [&'static str],
    /// Elements that must be there.
    pub required: &'static [&'static str],
    /// Moments that cannot be in the future.
    pub past: &'static [&'static str],
    pub contradictions: &'static [Contradiction],
}

const fn c(what: &'static str, on: &'static str, edits: &'static [(&'static str, &'static str)]) -> Contradiction {
    Contradiction { what, on, edits }
}

pub const ZIBS: &[Zib] = &[
    Zib {
        name: "Patient",
        script: "01-patient",
        types: &["Patient", "Practitioner", "Organization"],
        required: &["name", "name[0].family", "birthDate", "gender"],
        past: &["birthDate"],
        contradictions: &[
            c("gender that is not that of the code beside it", "patient", &[("gender", "\"male\"")]),
            c("family name without the own name", "patient", &[("name[0].family", "\"Jansen\"")]),
            c("postal code in small letters", "patient", &[("address[0].postalCode", "\"9999 xc\"")]),
            c("name order that does not exist", "patient", &[("name[0].extension[0].valueCode", "\"NL9\"")]),
            c("dead before birth", "patient", &[("deceasedBoolean", ""), ("deceasedDateTime", "\"1950-01-01\"")]),
            c("telephone number without its kind", "patient", &[("telecom[0].extension", "")]),
            c("e-mail address without at", "patient", &[("telecom[2].value", "\"willemijn.keur.example\"")]),
        ],
    },
    Zib {
        name: "Payer (Betaler)",
        script: "02-payer",
        types: &["Coverage", "Organization"],
        required: &["beneficiary", "payor", "type", "subscriberId"],
        past: &[],
        contradictions: &[
            c("end before the start", "coverage-basis", &[("period.end", "\"1999-01-01\"")]),
            c("insurer without UZOVI number", "organization-verzekeraar", &[("identifier", "")]),
            c("kind of insurance outside the list", "coverage-basis", &[("type.coding[0].code", "\"ZZ\"")]),
        ],
    },
    Zib {
        name: "TreatmentDirective (BehandelAanwijzing)",
        script: "03-treatment-directive",
        types: &["Consent"],
        required: &["status", "category", "patient", "modifierExtension", "policyRule"],
        past: &["dateTime"],
        contradictions: &[
            c(
                "permission outside the list",
                "treatmentdirective-reanimatie",
                &[("modifierExtension[0].valueCodeableConcept.coding[0].code", "\"MISSCHIEN\"")],
            ),
            c("without a treatment", "treatmentdirective-reanimatie", &[("extension[2]", "")]),
            c("permission as an ordinary extension", "treatmentdirective-reanimatie", &[("modifierExtension", "")]),
            c(
                "verified in the future",
                "treatmentdirective-reanimatie",
                &[("extension[0].extension[2].valueDateTime", "\"2999-01-01\"")],
            ),
            c("verification without yes or no", "treatmentdirective-reanimatie", &[("extension[0].extension[0]", "")]),
        ],
    },
    Zib {
        name: "AdvanceDirective (Wilsverklaring)",
        script: "04-advance-directive",
        types: &["Consent"],
        required: &["status", "category", "patient", "dateTime", "policyRule"],
        past: &["dateTime"],
        contradictions: &[
            c("kind outside the list", "advancedirective-volmacht", &[("category[1].coding[0].code", "\"ZZ\"")]),
            c("without the kind", "advancedirective-volmacht", &[("category[1]", "")]),
            c(
                "a representative that is an organization",
                "advancedirective-volmacht",
                &[("consentingParty[0].reference", "\"Organization/x\"")],
            ),
        ],
    },
    Zib {
        name: "FunctionalOrMentalStatus (FunctioneleOfMentaleStatus)",
        script: "05-functional-or-mental-status",
        types: &["Observation"],
        required: &["status", "category", "code", "subject", "effectivePeriod", "valueCodeableConcept", "code.coding"],
        past: &["effectivePeriod.start"],
        contradictions: &[
            c(
                "without value and with a reason for it beside a value",
                "functionalstatus-lopen",
                &[(
                    "dataAbsentReason",
                    r#"{"coding": [{"system": "http://hl7.org/fhir/data-absent-reason", "code": "unknown", "display": "Unknown"}]}"#,
                )],
            ),
            c(
                "value of another code system than ICF, NOC, OMAHA and SNOMED CT",
                "functionalstatus-lopen",
                &[("valueCodeableConcept.coding[0].system", "\"http://www.whocc.no/atc\"")],
            ),
        ],
    },
    Zib {
        name: "Problem (Probleem)",
        script: "06-problem",
        types: &["Condition"],
        required: &["clinicalStatus", "code", "code.coding", "subject"],
        past: &["onsetDateTime", "assertedDate"],
        contradictions: &[
            c("active and over", "problem-knie", &[("clinicalStatus", "\"active\""), ("_clinicalStatus", "")]),
            c(
                "status that is not that of the code beside it",
                "problem-diabetes",
                &[("clinicalStatus", "\"inactive\"")],
            ),
            c(
                "certainty that is not that of the code beside it",
                "problem-knie",
                &[("verificationStatus", "\"provisional\"")],
            ),
            c("over before it began", "problem-knie", &[("abatementDateTime", "\"2017-01-01\"")]),
            c(
                "side outside the list",
                "problem-knie",
                &[("bodySite[0].extension[0].valueCodeableConcept.coding[0].code", "\"419161000\"")],
            ),
            c("over in the future", "problem-knie", &[("abatementDateTime", "\"2999-01-01\"")]),
        ],
    },
    Zib {
        name: "LivingSituation (Woonsituatie)",
        script: "07-living-situation",
        types: &["Observation"],
        required: &["status", "code", "subject", "valueCodeableConcept"],
        past: &["effectiveDateTime"],
        contradictions: &[
            c(
                "kind of house outside the list",
                "livingsituation",
                &[("valueCodeableConcept.coding[0].code", "\"KASTEEL\"")],
            ),
            c("another code", "livingsituation", &[("code.coding[0].code", "\"228366006\"")]),
            c(
                "a number for a house",
                "livingsituation",
                &[
                    (
                        "valueQuantity",
                        r#"{"value": 1, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"}"#,
                    ),
                    ("valueCodeableConcept", ""),
                ],
            ),
        ],
    },
    Zib {
        name: "DrugUse (DrugsGebruik)",
        script: "08-drug-use",
        types: &["Observation"],
        required: &["status", "code", "subject", "valueCodeableConcept"],
        past: &["effectivePeriod.start"],
        contradictions: &[
            c("status outside the list", "druguse", &[("valueCodeableConcept.coding[0].code", "\"8517006\"")]),
            c("one moment for a period", "druguse", &[("effectiveDateTime", "\"2010\""), ("effectivePeriod", "")]),
        ],
    },
    Zib {
        name: "AlcoholUse (AlcoholGebruik)",
        script: "09-alcohol-use",
        types: &["Observation"],
        required: &["status", "code", "subject", "valueCodeableConcept"],
        past: &["effectivePeriod.start"],
        contradictions: &[
            c("status outside the list", "alcoholuse", &[("valueCodeableConcept.coding[0].code", "\"8517006\"")]),
            c(
                "component that the zib does not know",
                "alcoholuse",
                &[("component[0].code.coding[0].code", "\"8480\"")],
            ),
            c("component without value", "alcoholuse", &[("component[0].valueQuantity", "")]),
        ],
    },
    Zib {
        name: "TobaccoUse (TabakGebruik)",
        script: "10-tobacco-use",
        types: &["Observation"],
        required: &["status", "code", "subject", "valueCodeableConcept"],
        past: &["effectivePeriod.start"],
        contradictions: &[c(
            "status outside the list",
            "tobaccouse",
            &[("valueCodeableConcept.coding[0].code", "\"219006\"")],
        )],
    },
    Zib {
        name: "NutritionAdvice (Voedingsadvies)",
        script: "11-nutrition-advice",
        types: &["NutritionOrder"],
        required: &["status", "patient", "dateTime", "oralDiet"],
        past: &["dateTime"],
        contradictions: &[c("diet without words", "nutritionadvice-diabetes", &[("oralDiet.type", "")])],
    },
    Zib {
        name: "Alert",
        script: "12-alert",
        types: &["Flag"],
        required: &["status", "code", "subject"],
        past: &["period.start"],
        contradictions: &[
            c("kind outside the list", "alert-mrsa", &[("category.coding[0].code", "\"8302-2\"")]),
            c("condition without its problem", "alert-diabetes", &[("extension", "")]),
        ],
    },
    Zib {
        name: "AllergyIntolerance (AllergieIntolerantie)",
        script: "13-allergy-intolerance",
        types: &["AllergyIntolerance"],
        required: &[
            "clinicalStatus",
            "verificationStatus",
            "code",
            "code.coding",
            "patient",
            "reaction[0].manifestation",
        ],
        past: &["onsetDateTime", "assertedDate", "lastOccurrence", "reaction[0].onset"],
        contradictions: &[
            c(
                "status that is not that of the code beside it",
                "allergyintolerance-penicilline",
                &[("clinicalStatus", "\"resolved\"")],
            ),
            c(
                "category that is not that of the code beside it",
                "allergyintolerance-penicilline",
                &[("category[0]", "\"food\"")],
            ),
            c(
                "criticality that is not that of the code beside it",
                "allergyintolerance-penicilline",
                &[("criticality", "\"low\"")],
            ),
            c(
                "severity that is not that of the code beside it",
                "allergyintolerance-penicilline",
                &[("reaction[0].severity", "\"mild\"")],
            ),
            c(
                "symptom outside the list",
                "allergyintolerance-penicilline",
                &[("reaction[0].manifestation[0].coding[0].code", "\"44054006\"")],
            ),
            c(
                "last reaction before the allergy began",
                "allergyintolerance-penicilline",
                &[("lastOccurrence", "\"1990-01-01\"")],
            ),
            c(
                "entered in error with a status",
                "allergyintolerance-penicilline",
                &[("verificationStatus", "\"entered-in-error\"")],
            ),
        ],
    },
    Zib {
        name: "MedicationUse (Medicatiegebruik2)",
        script: "14-medication-use",
        types: &["MedicationStatement", "Medication"],
        required: &["status", "category", "medicationReference", "subject", "taken", "dateAsserted", "dosage[0].text"],
        past: &["dateAsserted"],
        contradictions: &[
            c("category of something else", "medicationuse-metformine", &[("category.coding[0].code", "\"5\"")]),
            c(
                "a reason not to take what is taken",
                "medicationuse-metformine",
                &[(
                    "reasonNotTaken",
                    r#"[{"coding": [{"system": "http://snomed.info/sct", "code": "182862001", "display": "Drug not taken"}]}]"#,
                )],
            ),
            c("a dose of nothing", "medicationuse-metformine", &[("dosage[0].doseQuantity.value", "0")]),
            c(
                "a frequency without period",
                "medicationuse-metformine",
                &[("dosage[0].timing.repeat.period", ""), ("dosage[0].timing.repeat.periodUnit", "")],
            ),
            c("an ATC code that is none", "product-metformine", &[("code.coding[2].code", "\"10A\"")]),
        ],
    },
    Zib {
        name: "MedicationAgreement (MedicatieAfspraak)",
        script: "15-medication-agreement",
        types: &["MedicationRequest", "Medication"],
        required: &["intent", "category", "medicationReference", "subject", "authoredOn", "requester"],
        past: &["authoredOn"],
        contradictions: &[
            c("a proposal for an order", "medicationagreement-metformine", &[("intent", "\"proposal\"")]),
            c(
                "category of something else",
                "medicationagreement-metformine",
                &[("category.coding[0].code", "\"422037009\"")],
            ),
            c(
                "reason outside the list",
                "medicationagreement-metformine",
                &[("reasonCode[0].coding[0].code", "\"44054006\"")],
            ),
            c(
                "active and stopped",
                "medicationagreement-metformine",
                &[
                    ("status", "\"active\""),
                    (
                        "modifierExtension",
                        r#"[{"url": "http://nictiz.nl/fhir/StructureDefinition/zib-Medication-StopType", "valueCodeableConcept": {"coding": [{"system": "urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.2.1", "code": "2", "display": "Definitief"}]}}]"#,
                    ),
                ],
            ),
        ],
    },
    Zib {
        name: "AdministrationAgreement (ToedieningsAfspraak)",
        script: "16-administration-agreement",
        types: &["MedicationDispense", "Medication"],
        required: &["category", "medicationReference", "subject", "performer", "extension"],
        past: &["extension[0].valueDateTime"],
        contradictions: &[
            c(
                "category of something else",
                "administrationagreement-metformine",
                &[("category.coding[0].code", "\"16076005\"")],
            ),
            c(
                "carries out what is no agreement",
                "administrationagreement-metformine",
                &[("authorizingPrescription[0].reference", "\"Condition/x\"")],
            ),
            c(
                "supplied by a device",
                "administrationagreement-metformine",
                &[("performer[0].actor.reference", "\"Device/x\"")],
            ),
        ],
    },
    Zib {
        name: "MedicalDevice (MedischHulpmiddel)",
        script: "17-medical-device",
        types: &["DeviceUseStatement", "Device"],
        required: &["status", "subject", "device"],
        past: &["whenUsed.start", "recordedOn"],
        contradictions: &[
            c(
                "side outside the list",
                "medicaldevice-hoortoestel",
                &[("bodySite.extension[0].valueCodeableConcept.coding[0].code", "\"419161000\"")],
            ),
            c("product without kind", "device-rollator", &[("type", "")]),
            c(
                "product of another person",
                "device-rollator",
                &[("patient.reference", "\"Patient/keur-toetsema-patient\"")],
            ),
            c(
                "indication that is no problem",
                "medicaldevice-rollator",
                &[("extension[2].valueReference.reference", "\"Device/x\"")],
            ),
        ],
    },
    Zib {
        name: "Vaccination (Vaccinatie)",
        script: "18-vaccination",
        types: &["Immunization"],
        required: &["status", "notGiven", "vaccineCode", "vaccineCode.coding", "patient", "date", "primarySource"],
        past: &["date"],
        contradictions: &[
            c("completed and not given", "vaccination-influenza", &[("notGiven", "true")]),
            c("entered in error", "vaccination-influenza", &[("status", "\"entered-in-error\"")]),
            c("an antibiotic for a vaccine", "vaccination-influenza", &[("vaccineCode.coding[0].code", "\"J01CA04\"")]),
        ],
    },
    Zib {
        name: "BloodPressure (Bloeddruk)",
        script: "19-blood-pressure",
        types: &["Observation"],
        required: &["status", "code", "subject", "effectiveDateTime", "component", "category"],
        past: &["effectiveDateTime"],
        contradictions: &[
            c("diastolic above systolic", "bloodpressure", &[("component[1].valueQuantity.value", "180")]),
            c("without diastolic", "bloodpressure", &[("component[1]", "")]),
            c("systolic of a thousand", "bloodpressure", &[("component[0].valueQuantity.value", "1340")]),
            c(
                "in kPa",
                "bloodpressure",
                &[("component[0].valueQuantity.code", "\"kPa\""), ("component[0].valueQuantity.unit", "\"kPa\"")],
            ),
            c(
                "cuff outside the list",
                "bloodpressure",
                &[("component[3].valueCodeableConcept.coding[0].code", "\"XXXL\"")],
            ),
            c(
                "position outside the list",
                "bloodpressure",
                &[("component[4].valueCodeableConcept.coding[0].code", "\"44054006\"")],
            ),
            c("systolic twice", "bloodpressure", &[("component[1].code.coding[0].code", "\"8480-6\"")]),
            c("another code", "bloodpressure", &[("code.coding[0].code", "\"29463-7\"")]),
        ],
    },
    Zib {
        name: "BodyWeight (Lichaamsgewicht)",
        script: "20-body-weight",
        types: &["Observation"],
        required: &["status", "code", "subject", "effectiveDateTime", "valueQuantity", "category"],
        past: &["effectiveDateTime"],
        contradictions: &[
            c("in grams what is kilograms", "bodyweight", &[("valueQuantity.value", "81200")]),
            c("in pounds", "bodyweight", &[("valueQuantity.code", "\"[lb_av]\""), ("valueQuantity.unit", "\"lb\"")]),
            c(
                "clothing outside the list",
                "bodyweight",
                &[("component[0].valueCodeableConcept.coding[0].code", "\"BONTJAS\"")],
            ),
        ],
    },
    Zib {
        name: "BodyHeight (Lichaamslengte)",
        script: "21-body-height",
        types: &["Observation"],
        required: &["status", "code", "subject", "effectiveDateTime", "valueQuantity", "category"],
        past: &["effectiveDateTime"],
        contradictions: &[
            c("in metres what is centimetres", "bodyheight", &[("valueQuantity.value", "1.69")]),
            c("in inches", "bodyheight", &[("valueQuantity.code", "\"[in_i]\""), ("valueQuantity.unit", "\"in\"")]),
            c("three metres", "bodyheight", &[("valueQuantity.value", "300")]),
        ],
    },
    Zib {
        name: "LaboratoryTestResult (LaboratoriumUitslag)",
        script: "22-laboratory-test-result",
        types: &["Observation", "Specimen"],
        required: &["status", "category", "code", "code.coding", "subject", "effectiveDateTime"],
        past: &["effectiveDateTime", "receivedTime", "collection.collectedDateTime"],
        contradictions: &[
            c("without value", "laboratory-kalium", &[("valueQuantity", "")]),
            c(
                "reference range turned round",
                "laboratory-kalium",
                &[("referenceRange[0].low.value", "5"), ("referenceRange[0].high.value", "3.5")],
            ),
            c(
                "reference range in another unit",
                "laboratory-kalium",
                &[("referenceRange[0].low.code", "\"g/L\""), ("referenceRange[0].high.code", "\"g/L\"")],
            ),
            c("high and not flagged", "laboratory-kalium", &[("valueQuantity.value", "6.2")]),
            c("status that is not that of the code beside it", "laboratory-kalium", &[("status", "\"preliminary\"")]),
            c("received before it was taken", "specimen-serum", &[("receivedTime", "\"2001-01-01T08:00:00+01:00\"")]),
            c("specimen without material", "specimen-serum", &[("type", "")]),
            c(
                "specimen of another person",
                "specimen-serum",
                &[("subject.reference", "\"Patient/keur-toetsema-patient\"")],
            ),
            c(
                "panel with a member that is not there",
                "laboratory-panel",
                &[("related[0].target.reference", "\"Observation/bestaat-niet\"")],
            ),
            c("panel with a value", "laboratory-panel", &[("valueString", "\"goed\"")]),
        ],
    },
    Zib {
        name: "Procedure (Verrichting)",
        script: "23-procedure",
        types: &["Procedure"],
        required: &["status", "code", "code.coding", "subject", "category"],
        past: &["performedPeriod.start"],
        contradictions: &[
            c("ended before it began", "procedure-knieprothese", &[("performedPeriod.end", "\"2020-01-01\"")]),
            c("done and never done", "procedure-knieprothese", &[("notDone", "true")]),
            c(
                "side outside the list",
                "procedure-knieprothese",
                &[("bodySite[0].extension[0].valueCodeableConcept.coding[0].code", "\"419161000\"")],
            ),
            c("category of something else", "procedure-knieprothese", &[("category.coding[0].code", "\"103693007\"")]),
            c(
                "to come and done",
                "procedure-knieprothese",
                &[("performedPeriod.start", "\"2999-01-01\""), ("performedPeriod.end", "\"2999-01-02\"")],
            ),
        ],
    },
    Zib {
        name: "Encounter (Contact)",
        script: "24-encounter",
        types: &["Encounter"],
        required: &["status", "class", "subject", "period"],
        past: &["period.start"],
        contradictions: &[
            c("discharged before admission", "encounter-knieoperatie", &[("period.end", "\"2021-10-01\"")]),
            c("a visit for an admission", "encounter-knieoperatie", &[("class.code", "\"AMB\"")]),
            c("under way and long over", "encounter-knieoperatie", &[("status", "\"in-progress\"")]),
            c("finished without an end", "encounter-knieoperatie", &[("period.end", "")]),
        ],
    },
    Zib {
        name: "PlannedCareActivity, Procedure (GeplandeZorgActiviteit)",
        script: "25-planned-procedure",
        types: &["ProcedureRequest"],
        required: &["status", "intent", "code", "subject"],
        past: &["authoredOn"],
        contradictions: &[
            c("done already", "procedurerequest-fysiotherapie", &[("status", "\"completed\"")]),
            c(
                "order status outside the list",
                "procedurerequest-fysiotherapie",
                &[("_status.extension[0].valueCodeableConcept.coding[0].code", "\"44054006\"")],
            ),
            c("ends before it begins", "procedurerequest-fysiotherapie", &[("occurrencePeriod.end", "\"1999-01-01\"")]),
        ],
    },
    Zib {
        name: "PlannedCareActivity, Vaccination (Vaccinatieadvies)",
        script: "26-planned-vaccination",
        types: &["ImmunizationRecommendation"],
        required: &["patient", "recommendation", "recommendation[0].vaccineCode", "recommendation[0].forecastStatus"],
        past: &["recommendation[0].date"],
        contradictions: &[
            c(
                "order status outside the list",
                "vaccinationrecommendation",
                &[("extension[0].valueCodeableConcept.coding[0].code", "\"44054006\"")],
            ),
            c(
                "an antibiotic for a vaccine",
                "vaccinationrecommendation",
                &[("recommendation[0].vaccineCode.coding[0].code", "\"J01CA04\"")],
            ),
            c(
                "without a date to aim at",
                "vaccinationrecommendation",
                &[("recommendation[0].dateCriterion[0].value", "")],
            ),
        ],
    },
    Zib {
        name: "PlannedCareActivity, MedicalDevice (GeplandeZorgActiviteit)",
        script: "27-planned-medical-device",
        types: &["DeviceRequest", "Device"],
        required: &["status", "intent", "subject"],
        past: &["authoredOn"],
        contradictions: &[
            c("done already", "medicaldevicerequest-rolstoel", &[("status", "\"completed\"")]),
            c("without a device", "medicaldevicerequest-rolstoel", &[("codeCodeableConcept", "")]),
            c("ends before it begins", "medicaldevicerequest-rolstoel", &[("occurrencePeriod.end", "\"1999-01-01\"")]),
        ],
    },
    Zib {
        name: "PlannedCareActivity, Encounter (Vervolgafspraak)",
        script: "28-planned-contact",
        types: &["Appointment"],
        required: &["status", "participant", "start", "end", "identifier"],
        past: &["created"],
        contradictions: &[
            c("over already", "appointment-controle", &[("status", "\"fulfilled\"")]),
            c("ends before it begins", "appointment-controle", &[("end", "\"1999-01-01T10:00:00+01:00\"")]),
            c("without the person", "appointment-controle", &[("participant[0]", "")]),
            c(
                "with another person",
                "appointment-controle",
                &[("participant[0].actor.reference", "\"Patient/keur-toetsema-patient\"")],
            ),
            c("participant without an answer", "appointment-controle", &[("participant[0].status", "")]),
        ],
    },
];
