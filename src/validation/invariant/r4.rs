//! Base invariants as R4 has them.

use super::row::{Row, row};
use super::shortcut;

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row("dom-5", &[], r"contained.all(meta.security.empty())").or(shortcut::nothing_contained).says(
        "a contained resource has no security labels",
        "een contained resource heeft geen beveiligingslabels",
    ),
    row("dom-6", &[], r"text.where(`div`.exists()).exists()").says(
        "a resource should have a narrative",
        "een resource hoort een narrative te hebben",
    ),
    row(
        "ait-1",
        &["AllergyIntolerance"],
        r"clinicalStatus.empty() implies verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').exists()",
    )
    .says(
        "an allergy has a clinical status, unless it was entered in error",
        "een allergie heeft een klinische status, tenzij zij foutief is ingevoerd",
    ),
    row(
        "ait-2",
        &["AllergyIntolerance"],
        r"clinicalStatus.exists() implies verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').empty()",
    )
    .says(
        "an allergy that was entered in error has no clinical status",
        "een foutief ingevoerde allergie heeft geen klinische status",
    ),
    row(
        "app-3",
        &["Appointment"],
        r"(start.empty() or end.empty()) implies status in ('proposed' | 'cancelled' | 'waitlist')",
    )
    .says(
        "only an appointment that is proposed, cancelled or on a waiting list is without start or end",
        "alleen een voorgestelde of geannuleerde afspraak of een op een wachtlijst is zonder begin of einde",
    ),
    row("app-4", &["Appointment"], r"cancelationReason.exists() implies status in ('no-show' | 'cancelled')").says(
        "a reason for cancelling goes with the status cancelled or no-show",
        "een reden van annulering hoort bij de status cancelled of no-show",
    ),
    row(
        "bdl-3",
        &["Bundle"],
        r"iif(type in ('batch' | 'transaction' | 'history'), entry.where(request.empty()), entry.where(request.exists())).empty()",
    )
    .says(
        "every entry of a batch, transaction or history has a request, no other has",
        "elke regel van een batch, transaction of history heeft een request, andere niet",
    ),
    row(
        "bdl-4",
        &["Bundle"],
        r"iif(type in ('batch-response' | 'transaction-response' | 'history'), entry.where(response.empty()), entry.where(response.exists())).empty()",
    )
    .says(
        "every entry of a batch-response, transaction-response or history has a response, no other has",
        "elke regel van een batch-response, transaction-response of history heeft een response, andere niet",
    ),
    row(
        "bdl-7",
        &["Bundle"],
        r"type = 'history' or entry.where(fullUrl.exists()).select(fullUrl & '|' & resource.meta.versionId).isDistinct()",
    )
    .says(
        "a `fullUrl` occurs once in a Bundle, or with different versions",
        "een `fullUrl` komt één keer voor in een Bundle, of met verschillende versies",
    ),
    row("bdl-10", &["Bundle"], r"type = 'document' implies timestamp.hasValue()").says(
        "a document has a timestamp",
        "een document heeft een tijdstip (`timestamp`)",
    ),
    row("bdl-11", &["Bundle"], r"type = 'document' implies entry.first().resource.ofType(Composition).exists()").says(
        "the first entry of a document is a Composition",
        "de eerste regel van een document is een Composition",
    ),
    row("bdl-12", &["Bundle"], r"type = 'message' implies entry.first().resource.ofType(MessageHeader).exists()").says(
        "the first entry of a message is a MessageHeader",
        "de eerste regel van een bericht is een MessageHeader",
    ),
    row("cpb-7", &["CapabilityStatement"], r"document.select(profile & '|' & mode).isDistinct()").says(
        "a profile of documents is named once for each mode",
        "een documentprofiel wordt voor elke modus één keer genoemd",
    ),
    row("cpb-14", &["CapabilityStatement"], r"kind = 'instance' implies implementation.exists()").says(
        "a statement of an instance has an implementation",
        "een CapabilityStatement van een installatie heeft een implementatie",
    ),
    row(
        "cpb-15",
        &["CapabilityStatement"],
        r"kind = 'capability' implies (implementation.empty() and software.exists())",
    )
    .says(
        "a statement of capabilities has software and no implementation",
        "een CapabilityStatement van mogelijkheden heeft software en geen implementatie",
    ),
    row(
        "cpb-16",
        &["CapabilityStatement"],
        r"kind = 'requirements' implies (implementation.empty() and software.empty())",
    )
    .says(
        "a statement of requirements has no software and no implementation",
        "een CapabilityStatement met eisen heeft geen software en geen implementatie",
    ),
    row("ctm-1", &["CareTeam.participant"], r"onBehalfOf.empty() or member.resolve().all($this is Practitioner)").says(
        "only a practitioner takes part on behalf of an organization",
        "alleen een zorgverlener neemt deel namens een organisatie",
    ),
    row(
        "con-3",
        &["Condition"],
        r"clinicalStatus.empty() implies (verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or category.coding.where(code = 'problem-list-item').empty())",
    )
    .says(
        "a condition on a problem list has a clinical status, unless it was entered in error",
        "een aandoening op een probleemlijst heeft een klinische status, tenzij zij foutief is ingevoerd",
    ),
    row(
        "con-4",
        &["Condition"],
        r"abatement.exists() implies clinicalStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/condition-clinical' and code in ('inactive' | 'resolved' | 'remission')).exists()",
    )
    .says(
        "a condition that has abated is inactive, resolved or in remission",
        "een aandoening die over is, is inactive, resolved of remission",
    ),
    row(
        "con-5",
        &["Condition"],
        r"clinicalStatus.exists() implies verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').empty()",
    )
    .says(
        "a condition that was entered in error has no clinical status",
        "een foutief ingevoerde aandoening heeft geen klinische status",
    ),
    row("ces-1", &["CoverageEligibilityResponse.insurance.item"], r"category.exists() != productOrService.exists()")
        .says(
            "an item has either a category or a product, one of the two",
            "een item heeft een categorie of een product, een van beide",
        ),
    row("drq-1", &["DataRequirement.codeFilter"], r"path.exists() != searchParam.exists()").says(
        "a filter has either a path or a search parameter, one of the two",
        "een filter heeft een pad of een zoekparameter, een van beide",
    ),
    row("drq-2", &["DataRequirement.dateFilter"], r"path.exists() != searchParam.exists()").says(
        "a filter has either a path or a search parameter, one of the two",
        "een filter heeft een pad of een zoekparameter, een van beide",
    ),
    row("eld-13", &["ElementDefinition"], r"type.code.isDistinct()").says(
        "the types of an element differ from each other",
        "de types van een element verschillen van elkaar",
    ),
    row("eld-18", &["ElementDefinition"], r"isModifier.where($this = true).empty() or isModifierReason.exists()").says(
        "an element that is a modifier says why",
        "een element dat de betekenis wijzigt zegt waarom",
    ),
    row("eld-22", &["ElementDefinition"], r"sliceName.empty() implies sliceIsConstraining.empty()").says(
        "`sliceIsConstraining` is for slices",
        "`sliceIsConstraining` is voor slices",
    ),
    row("eld-4", &["ElementDefinition.type"], r"aggregation.exists() implies code in ('Reference' | 'canonical')").says(
        "aggregation is for references and canonicals",
        "aggregatie is voor referenties en canonicals",
    ),
    row("eld-17", &["ElementDefinition.type"], r"targetProfile.exists() implies code in ('Reference' | 'canonical')")
        .says(
            "target profiles are for references and canonicals",
            "doelprofielen zijn voor referenties en canonicals",
        ),
    row("eld-21", &["ElementDefinition.constraint"], r"expression.empty().not()").says(
        "a constraint should have an expression",
        "een constraint hoort een expressie te hebben",
    ),
    row("eld-12", &["ElementDefinition.binding"], r"valueSet.all(matches('^(https?:|urn:)'))").says(
        "a value set begins with `http:`, `https:` or `urn:`",
        "een waardelijst begint met `http:`, `https:` of `urn:`",
    ),
    row("exp-1", &["Expression"], r"expression.empty() implies reference.exists()").says(
        "an expression has a text or a reference",
        "een expressie heeft een tekst of een verwijzing",
    ),
    row("imm-1", &["Immunization.education"], r"documentType.empty() implies reference.exists()").says(
        "education names a document type or a reference",
        "voorlichting noemt een documenttype of een verwijzing",
    ),
    row("ipn-1", &["InsurancePlan"], r"identifier.empty() implies name.exists()").says(
        "an insurance plan has an identifier or a name",
        "een verzekering heeft een identifier of een naam",
    ),
    row("lst-3", &["List"], r"entry.date.exists() implies mode = 'working'").says(
        "only a working list has dates on its entries",
        "alleen een werklijst heeft datums bij haar regels",
    ),
    row("mrp-1", &["MeasureReport"], r"type = 'data-collection' implies group.empty()").says(
        "a report of collected data has no groups",
        "een rapport van verzamelde gegevens heeft geen groepen",
    ),
    row("msq-3", &["MolecularSequence"], r"coordinateSystem in (0 | 1)").says(
        "`coordinateSystem` is 0 or 1",
        "`coordinateSystem` is 0 of 1",
    ),
    row("msq-5", &["MolecularSequence.referenceSeq"], r"chromosome.exists() = genomeBuild.exists()").says(
        "a chromosome and a genome build go together",
        "een chromosoom en een genome build horen bij elkaar",
    ),
    row(
        "msq-6",
        &["MolecularSequence.referenceSeq"],
        r"genomeBuild.count() + referenceSeqId.count() + referenceSeqPointer.count() + referenceSeqString.count() = 1",
    )
    .says(
        "a reference sequence is given in exactly one way",
        "een referentiesequentie is op precies één manier gegeven",
    ),
    row(
        "mqty-1",
        &["Quantity"],
        r"(value.exists() implies code.exists()) and system.all($this = 'urn:iso:std:iso:4217')",
    )
    .says(
        "an amount of money has a currency of ISO 4217 as its code",
        "een bedrag heeft een valuta van ISO 4217 als code",
    ),
    row(
        "opd-3",
        &["OperationDefinition.parameter"],
        r"targetProfile.exists() implies type in ('Reference' | 'canonical')",
    )
    .says(
        "target profiles are for parameters that are references or canonicals",
        "doelprofielen zijn voor parameters die referenties of canonicals zijn",
    ),
    row("que-4", &["Questionnaire.item"], r"(answerOption.exists() and answerValueSet.exists()).not()").says(
        "an item has `answerOption` or `answerValueSet`, not both",
        "een item heeft `answerOption` of `answerValueSet`, niet beide",
    ),
    row(
        "que-10",
        &["Questionnaire.item"],
        r"maxLength.exists() implies type in ('boolean' | 'decimal' | 'integer' | 'string' | 'text' | 'url' | 'open-choice')",
    )
    .says(
        "`maxLength` is for simple types of question",
        "`maxLength` is voor eenvoudige soorten vragen",
    ),
    row("que-11", &["Questionnaire.item"], r"(answerOption.exists() and initial.exists()).not()").says(
        "an item with answer options marks the initial one there",
        "een item met antwoordopties wijst de beginwaarde daar aan",
    ),
    row("que-13", &["Questionnaire.item"], r"initial.count() > 1 implies repeats = true").says(
        "only an item that repeats has more than one initial value",
        "alleen een item dat herhaalt heeft meer dan één beginwaarde",
    ),
    row("que-7", &["Questionnaire.item.enableWhen"], r"operator = 'exists' implies answer.ofType(boolean).exists()")
        .says(
            "a condition with the operator `exists` has a boolean answer",
            "een voorwaarde met de operator `exists` heeft een boolean als antwoord",
        ),
    row("prr-1", &["ServiceRequest"], r"orderDetail.exists() implies code.exists()").says(
        "details of an order go with a code",
        "details van een aanvraag horen bij een code",
    ),
    row(
        "sdf-16",
        &["StructureDefinition"],
        r"snapshot.element.where(id.empty()).empty() and snapshot.element.id.isDistinct()",
    )
    .says(
        "every element of the snapshot has an id of its own",
        "elk element van de snapshot heeft een eigen id",
    ),
    row(
        "sdf-17",
        &["StructureDefinition"],
        r"differential.element.where(id.empty()).empty() and differential.element.id.isDistinct()",
    )
    .says(
        "every element of the differential has an id of its own",
        "elk element van de differential heeft een eigen id",
    ),
    row(
        "sdf-21",
        &["StructureDefinition"],
        r"differential.element.defaultValue.exists() implies derivation = 'specialization'",
    )
    .says(
        "only a new type states default values",
        "alleen een nieuw type noemt standaardwaarden",
    ),
    row("sdf-8b", &["StructureDefinition.snapshot"], r"element.where(base.empty()).empty()").says(
        "every element of the snapshot says what it comes from",
        "elk element van de snapshot zegt waar het vandaan komt",
    ),
    row("sdf-10", &["StructureDefinition.snapshot.element"], r"binding.all(valueSet.exists() or description.exists())")
        .says(
            "a binding has a value set or a description",
            "een binding heeft een waardelijst of een beschrijving",
        ),
    row(
        "tcp-1",
        &["TerminologyCapabilities.codeSystem"],
        r"version.count() > 1 implies version.where(code.empty()).empty()",
    )
    .says(
        "where a code system has several versions, each has a code",
        "heeft een codestelsel meer versies, dan heeft elke een code",
    ),
    row("tcp-2", &["TerminologyCapabilities"], r"description.exists() or software.exists() or implementation.exists()")
        .says(
            "a statement has a description, software or an implementation",
            "een TerminologyCapabilities heeft een beschrijving, software of een implementatie",
        ),
    row("tcp-3", &["TerminologyCapabilities"], r"kind = 'instance' implies implementation.exists()").says(
        "a statement of an instance has an implementation",
        "een TerminologyCapabilities van een installatie heeft een implementatie",
    ),
    row(
        "tcp-4",
        &["TerminologyCapabilities"],
        r"kind = 'capability' implies (implementation.empty() and software.exists())",
    )
    .says(
        "a statement of capabilities has software and no implementation",
        "een TerminologyCapabilities van mogelijkheden heeft software en geen implementatie",
    ),
    row(
        "tcp-5",
        &["TerminologyCapabilities"],
        r"kind = 'requirements' implies (implementation.empty() and software.empty())",
    )
    .says(
        "a statement of requirements has no software and no implementation",
        "een TerminologyCapabilities met eisen heeft geen software en geen implementatie",
    ),
    row("trd-1", &["TriggerDefinition"], r"(data.exists() and timing.exists()).not()").says(
        "a trigger has data or a timing, not both",
        "een trigger heeft data of een tijdstip, niet beide",
    ),
    row("trd-2", &["TriggerDefinition"], r"data.empty() implies condition.empty()").says(
        "a condition of a trigger goes with data",
        "een voorwaarde van een trigger hoort bij data",
    ),
    row("vs-2", &["Observation"], r"(component | hasMember | dataAbsentReason | value).exists()").says(
        "a vital sign has a value, components or members, or says why it has none",
        "een meting heeft een waarde, onderdelen of leden, of zegt waarom niet",
    ),
    row(
        "ppc-2",
        &["Consent"],
        r"patient.exists() or scope.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentscope' and code = 'patient-privacy').empty()",
    )
    .says(
        "a consent about privacy names the patient",
        "een toestemming over privacy noemt de patiënt",
    ),
    row(
        "ppc-3",
        &["Consent"],
        r"patient.exists() or scope.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentscope' and code = 'research').empty()",
    )
    .says(
        "a consent to research names the patient",
        "een toestemming voor onderzoek noemt de patiënt",
    ),
    row(
        "ppc-4",
        &["Consent"],
        r"patient.exists() or scope.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentscope' and code = 'adr').empty()",
    )
    .says(
        "an advance care directive names the patient",
        "een wilsverklaring noemt de patiënt",
    ),
    row(
        "ppc-5",
        &["Consent"],
        r"patient.exists() or scope.coding.where(system = 'http://terminology.hl7.org/CodeSystem/consentscope' and code = 'treatment').empty()",
    )
    .says(
        "a consent to treatment names the patient",
        "een toestemming voor behandeling noemt de patiënt",
    ),
];
