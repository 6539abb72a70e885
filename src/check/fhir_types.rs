//! Names of resource types, STU3 and R4 together: nouns, singular.

const RESOURCES: &str = "Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse \
    AuditEvent Basic Binary BiologicallyDerivedProduct BodySite BodyStructure Bundle CapabilityStatement CarePlan CareTeam \
    CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication \
    CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage \
    CoverageEligibilityRequest CoverageEligibilityResponse DataElement DetectedIssue Device DeviceComponent \
    DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference \
    EffectEvidenceSynthesis EligibilityRequest EligibilityResponse Encounter Endpoint EnrollmentRequest \
    EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExpansionProfile \
    ExplanationOfBenefit FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService \
    ImagingManifest ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide \
    InsurancePlan Invoice Library Linkage List Location Measure MeasureReport Media Medication \
    MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement \
    MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication \
    MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged \
    MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader \
    MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition OperationDefinition \
    OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation \
    Person PlanDefinition Practitioner PractitionerRole Procedure ProcedureRequest ProcessRequest ProcessResponse \
    Provenance Questionnaire QuestionnaireResponse ReferralRequest RelatedPerson RequestGroup ResearchDefinition \
    ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule \
    SearchParameter Sequence ServiceDefinition ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition \
    StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein \
    SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task \
    TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription";

/// True for the name of a resource type.
pub fn is_resource(name: &str) -> bool {
    RESOURCES.split_whitespace().any(|known| known == name)
}
