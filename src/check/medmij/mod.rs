//! MedMij: we are the DVP, the party under test is a DVA.

pub mod asking;
pub mod authorization;
pub mod bundle;
pub mod flow;
pub mod paging;
pub mod refusal;
pub mod resource;
pub mod secrets;
pub mod token;

pub use flow::Observations;

/// The requests of BgZ 3.0 (gegevensdienst 48), relative to the base.
pub const BGZ: [&str; 28] = [
    "Patient?_include=Patient:general-practitioner",
    "Coverage?_include=Coverage:payor:Patient&_include=Coverage:payor:Organization",
    "Consent?category=http://snomed.info/sct%7C11291000146105",
    "Consent?category=http://snomed.info/sct%7C11341000146107",
    "Observation/$lastn?category=http://snomed.info/sct%7C118228005,http://snomed.info/sct%7C384821006",
    "Condition",
    "Observation/$lastn?code=http://snomed.info/sct%7C365508006",
    "Observation?code=http://snomed.info/sct%7C228366006",
    "Observation?code=http://snomed.info/sct%7C228273003",
    "Observation?code=http://snomed.info/sct%7C365980008",
    "NutritionOrder",
    "Flag",
    "AllergyIntolerance",
    "MedicationStatement?category=urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3%7C6&_include=MedicationStatement:medication",
    "MedicationRequest?category=http://snomed.info/sct%7C16076005&_include=MedicationRequest:medication",
    "MedicationDispense?category=http://snomed.info/sct%7C422037009&_include=MedicationDispense:medication",
    "DeviceUseStatement?_include=DeviceUseStatement:device",
    "Immunization?status=completed",
    "Observation/$lastn?code=http://loinc.org%7C85354-9",
    "Observation/$lastn?code=http://loinc.org%7C29463-7",
    "Observation/$lastn?code=http://loinc.org%7C8302-2,http://loinc.org%7C8306-3,http://loinc.org%7C8308-9",
    "Observation/$lastn?category=http://snomed.info/sct%7C275711006&_include=Observation:related-target&_include=Observation:specimen",
    "Procedure?category=http://snomed.info/sct%7C387713003",
    "Encounter?class=http://hl7.org/fhir/v3/ActCode%7CIMP,http://hl7.org/fhir/v3/ActCode%7CACUTE,http://hl7.org/fhir/v3/ActCode%7CNONAC",
    "ProcedureRequest?status=active",
    "ImmunizationRecommendation",
    "DeviceRequest?status=active&_include=DeviceRequest:device",
    "Appointment?status=booked,pending,proposed",
];
