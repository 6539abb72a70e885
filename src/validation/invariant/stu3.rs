//! Base invariants as STU3 has them.

use super::row::{Row, row};

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row("mny-1", &["Money"], r"(value.exists() implies code.exists()) and system.all($this = 'urn:iso:std:iso:4217')")
        .says(
            "an amount of money has a currency of ISO 4217 as its code",
            "een bedrag heeft een valuta van ISO 4217 als code",
        ),
    row("eld-4", &["ElementDefinition.type"], r"aggregation.exists() implies code = 'Reference'").says(
        "aggregation is for references",
        "aggregatie is voor referenties",
    ),
    row(
        "eld-11",
        &["ElementDefinition"],
        r"binding.empty() or type.code.empty() or type.where(code in ('code' | 'Coding' | 'CodeableConcept' | 'Quantity' | 'Extension' | 'string' | 'uri')).exists()",
    )
    .says(
        "a binding is for coded types",
        "een binding is voor gecodeerde types",
    ),
    row("eld-12", &["ElementDefinition.binding"], r"valueSet.ofType(uri).all(matches('^(https?://|urn:)'))").says(
        "a value set that is given by URI begins with `http:`, `https:` or `urn:`",
        "een waardelijst die als URI is gegeven begint met `http:`, `https:` of `urn:`",
    ),
    row("eld-16", &["ElementDefinition"], r"sliceName.all(matches('^[A-Za-z0-9/_-]+$'))").says(
        "the name of a slice has letters, digits, `/`, `_` and `-` only",
        "de naam van een slice heeft alleen letters, cijfers, `/`, `_` en `-`",
    ),
    row(
        "cmr-1",
        &["CommunicationRequest.requester"],
        r"onBehalfOf.empty() or agent.resolve().where($this is Practitioner or $this is Device).exists() or (agent.resolve().empty() and agent.reference.matches('(^|/)(Practitioner|Device)/'))",
    )
    .says(
        "only a practitioner or a device asks on behalf of an organization",
        "alleen een zorgverlener of een apparaat vraagt namens een organisatie",
    ),
    row(
        "rfr-1",
        &["ReferralRequest.requester"],
        r"onBehalfOf.empty() or agent.resolve().where($this is Practitioner or $this is Device).exists() or (agent.resolve().empty() and agent.reference.matches('(^|/)(Practitioner|Device)/'))",
    )
    .says(
        "only a practitioner or a device asks on behalf of an organization",
        "alleen een zorgverlener of een apparaat vraagt namens een organisatie",
    ),
    row(
        "mps-1",
        &["MedicationRequest.requester"],
        r"onBehalfOf.empty() or agent.resolve().all($this is Practitioner or $this is Device)",
    )
    .says(
        "only a practitioner or a device asks on behalf of an organization",
        "alleen een zorgverlener of een apparaat vraagt namens een organisatie",
    ),
    row("com-1", &["Communication"], r"notDoneReason.exists() implies notDone = true").says(
        "a reason why it was not done goes with `notDone` being true",
        "een reden waarom het niet gebeurde hoort bij `notDone` is true",
    ),
    row("exp-3", &["ExpansionProfile.designation.include.designation"], r"language.empty() implies use.exists()").says(
        "a designation has a language or a use",
        "een aanduiding heeft een taal of een gebruik",
    ),
    row("exp-4", &["ExpansionProfile.designation.exclude.designation"], r"language.empty() implies use.exists()").says(
        "a designation has a language or a use",
        "een aanduiding heeft een taal of een gebruik",
    ),
    row("mda-1", &["Media"], r"height.exists() implies type != 'audio'").says(
        "sound has no height",
        "geluid heeft geen hoogte",
    ),
    row("mda-2", &["Media"], r"width.exists() implies type != 'audio'").says(
        "sound has no width",
        "geluid heeft geen breedte",
    ),
    row("mda-3", &["Media"], r"frames.exists() implies type = 'photo'").says(
        "only photos have frames",
        "alleen foto's hebben frames",
    ),
    row("mda-4", &["Media"], r"duration.exists() implies type != 'photo'").says(
        "a photo has no duration",
        "een foto heeft geen duur",
    ),
    row("imm-1", &["Immunization"], r"notGiven = true implies (reaction.empty() and explanation.reason.empty())").says(
        "a vaccination that was not given has no reaction and no reason for giving it",
        "een niet gegeven vaccinatie heeft geen reactie en geen reden om haar te geven",
    ),
    row("imm-2", &["Immunization"], r"explanation.reasonNotGiven.exists() implies notGiven = true").says(
        "a reason for not giving goes with `notGiven` being true",
        "een reden om niet te geven hoort bij `notGiven` is true",
    ),
    row("con-3", &["Condition"], r"clinicalStatus.empty() implies verificationStatus = 'entered-in-error'").says(
        "a condition has a clinical status, unless it was entered in error",
        "een aandoening heeft een klinische status, tenzij zij foutief is ingevoerd",
    ),
    // Only the boolean says that it is over now: a date may lie ahead.
    row(
        "con-4",
        &["Condition"],
        r"abatement.ofType(boolean).where($this = true).empty() or clinicalStatus in ('inactive' | 'resolved' | 'remission')",
    )
    .says(
        "a condition that has abated is inactive, resolved or in remission",
        "een aandoening die over is, is inactive, resolved of remission",
    ),
    row("mad-2", &["MedicationAdministration"], r"reasonNotGiven.exists() implies notGiven = true").says(
        "a reason for not giving goes with `notGiven` being true",
        "een reden om niet te geven hoort bij `notGiven` is true",
    ),
    row("mad-3", &["MedicationAdministration"], r"reasonCode.exists() implies notGiven.all($this = false)").says(
        "a reason for giving goes with `notGiven` being false",
        "een reden om te geven hoort bij `notGiven` is false",
    ),
    row("app-3", &["Appointment"], r"(start.empty() or end.empty()) implies status in ('proposed' | 'cancelled')").says(
        "only an appointment that is proposed or cancelled is without start or end",
        "alleen een voorgestelde of geannuleerde afspraak is zonder begin of einde",
    ),
    row("ait-1", &["AllergyIntolerance"], r"clinicalStatus.empty() implies verificationStatus = 'entered-in-error'")
        .says(
            "an allergy has a clinical status, unless it was entered in error",
            "een allergie heeft een klinische status, tenzij zij foutief is ingevoerd",
        ),
    row("ait-2", &["AllergyIntolerance"], r"clinicalStatus.exists() implies verificationStatus != 'entered-in-error'")
        .says(
            "an allergy that was entered in error has no clinical status",
            "een foutief ingevoerde allergie heeft geen klinische status",
        ),
    row("que-4", &["Questionnaire.item"], r"(option.exists() and options.exists()).not()").says(
        "an item has `option` or `options`, not both",
        "een item heeft `option` of `options`, niet beide",
    ),
    row(
        "que-5",
        &["Questionnaire.item"],
        r"(option.exists() or options.exists()) implies type in ('choice' | 'open-choice')",
    )
    .says(
        "only items of type choice or open-choice have options",
        "alleen items van type choice of open-choice hebben opties",
    ),
    row(
        "que-10",
        &["Questionnaire.item"],
        r"maxLength.exists() implies type in ('boolean' | 'decimal' | 'integer' | 'string' | 'text' | 'url')",
    )
    .says(
        "`maxLength` is for simple types of question",
        "`maxLength` is voor eenvoudige soorten vragen",
    ),
    row("mst-1", &["MedicationStatement"], r"reasonNotTaken.exists() implies taken = 'n'").says(
        "a reason for not taking (`reasonNotTaken`) goes with `taken` being `n`",
        "een reden om niet te gebruiken (`reasonNotTaken`) hoort bij `taken` is `n`",
    ),
    row("fhs-3", &["FamilyMemberHistory"], r"notDoneReason.exists() implies notDone = true").says(
        "a reason why it was not done goes with `notDone` being true",
        "een reden waarom het niet gebeurde hoort bij `notDone` is true",
    ),
    row("bdl-3", &["Bundle"], r"entry.request.exists() implies type in ('batch' | 'transaction' | 'history')").says(
        "only entries of a batch, transaction or history have a request",
        "alleen regels van een batch, transaction of history hebben een request",
    ),
    row("bdl-4", &["Bundle"], r"entry.response.exists() implies type in ('batch-response' | 'transaction-response')")
        .says(
            "only entries of a batch-response or transaction-response have a response",
            "alleen regels van een batch-response of transaction-response hebben een response",
        ),
    row("pro-1", &["Procedure"], r"notDoneReason.exists() implies notDone = true").says(
        "a reason why it was not done goes with `notDone` being true",
        "een reden waarom het niet gebeurde hoort bij `notDone` is true",
    ),
    row("dae-1", &["DataElement.element"], r"base.exists().not()").says(
        "the element of a data element has no base",
        "het element van een data-element heeft geen basis",
    ),
    row("dae-2", &["DataElement.element"], r"slicing.exists().not()").says(
        "the element of a data element has no slicing",
        "het element van een data-element heeft geen slicing",
    ),
    row("dae-3", &["DataElement.mapping"], r"name.empty() implies uri.exists()").says(
        "a mapping has a name or a URI",
        "een mapping heeft een naam of een URI",
    ),
    row("inv-3", &["TestScript.variable"], r"expression.count() + headerField.count() + path.count() < 2").says(
        "a variable comes from one of an expression, a header and a path",
        "een variabele komt uit één van: een expressie, een header, een pad",
    ),
    row("inv-4", &["TestScript.metadata"], r"capability.where(required.exists() or validated.exists()).exists()").says(
        "of the capabilities one is required or validated",
        "van de capabilities is er een required of validated",
    ),
    row(
        "inv-7",
        &["TestScript.setup.action.operation"],
        r"sourceId.exists() or targetId.count() + url.count() + params.count() = 1 or type.code in ('capabilities' | 'search' | 'transaction' | 'history')",
    )
    .says(
        "an operation says what it works on: a source, or one of target, URL and parameters",
        "een operatie zegt waarop zij werkt: een bron, of één van doel, URL en parameters",
    ),
    row(
        "inv-8",
        &["TestScript.test.action.operation"],
        r"sourceId.exists() or targetId.count() + url.count() + params.count() = 1 or type.code in ('capabilities' | 'search' | 'transaction' | 'history')",
    )
    .says(
        "an operation says what it works on: a source, or one of target, URL and parameters",
        "een operatie zegt waarop zij werkt: een bron, of één van doel, URL en parameters",
    ),
    row(
        "inv-9",
        &["TestScript.teardown.action.operation"],
        r"sourceId.exists() or targetId.count() + url.count() + params.count() = 1 or type.code in ('capabilities' | 'search' | 'transaction' | 'history')",
    )
    .says(
        "an operation says what it works on: a source, or one of target, URL and parameters",
        "een operatie zegt waarop zij werkt: een bron, of één van doel, URL en parameters",
    ),
    row(
        "inv-5",
        &["TestScript.setup.action.assert"],
        r"contentType.count() + expression.count() + headerField.count() + minimumId.count() + navigationLinks.count() + path.count() + requestMethod.count() + resource.count() + response.count() + responseCode.count() + rule.count() + ruleset.count() + validateProfileId.count() < 2",
    )
    .says(
        "an assert looks at one thing",
        "een assert kijkt naar één ding",
    ),
    row(
        "inv-6",
        &["TestScript.test.action.assert"],
        r"contentType.count() + expression.count() + headerField.count() + minimumId.count() + navigationLinks.count() + path.count() + requestMethod.count() + resource.count() + response.count() + responseCode.count() + rule.count() + ruleset.count() + validateProfileId.count() < 2",
    )
    .says(
        "an assert looks at one thing",
        "een assert kijkt naar één ding",
    ),
    row(
        "inv-10",
        &["TestScript.setup.action.assert"],
        r"compareToSourceId.exists() = (compareToSourceExpression.exists() or compareToSourcePath.exists())",
    )
    .says(
        "a source to compare with and what of it is compared go together",
        "een bron om mee te vergelijken en wat ervan wordt vergeleken horen bij elkaar",
    ),
    row(
        "inv-11",
        &["TestScript.test.action.assert"],
        r"compareToSourceId.exists() = (compareToSourceExpression.exists() or compareToSourcePath.exists())",
    )
    .says(
        "a source to compare with and what of it is compared go together",
        "een bron om mee te vergelijken en wat ervan wordt vergeleken horen bij elkaar",
    ),
    row(
        "inv-12",
        &["TestScript.setup.action.assert"],
        r"direction.where($this = 'request').empty() or (response.empty() and responseCode.empty())",
    )
    .says(
        "an assert on a request does not look at a response",
        "een assert op een verzoek kijkt niet naar een antwoord",
    ),
    row(
        "inv-13",
        &["TestScript.test.action.assert"],
        r"direction.where($this = 'request').empty() or (response.empty() and responseCode.empty())",
    )
    .says(
        "an assert on a request does not look at a response",
        "een assert op een verzoek kijkt niet naar een antwoord",
    ),
    row(
        "cpb-14",
        &["CapabilityStatement"],
        r"kind = 'requirements' implies (software.empty() and implementation.empty())",
    )
    .says(
        "a statement of requirements has no software and no implementation",
        "een CapabilityStatement met eisen heeft geen software en geen implementatie",
    ),
    row("cpb-15", &["CapabilityStatement"], r"kind = 'capability' implies implementation.empty()").says(
        "a statement of capabilities has no implementation",
        "een CapabilityStatement van mogelijkheden heeft geen implementatie",
    ),
    row(
        "sdf-5",
        &["StructureDefinition"],
        r"(type = 'Extension' and derivation = 'constraint') implies (context.exists() and contextType.exists())",
    )
    .says(
        "an extension says where it may stand",
        "een extensie zegt waar zij mag staan",
    ),
    row(
        "sdf-19",
        &["StructureDefinition"],
        r"kind = 'logical' or snapshot.element.type.code.combine(differential.element.type.code).where(hasValue()).all(matches('^[A-Za-z0-9]+$'))",
    )
    .says(
        "type codes have letters and digits only",
        "codes van types hebben alleen letters en cijfers",
    ),
    row("seq-3", &["Sequence"], r"coordinateSystem in (0 | 1)").says(
        "`coordinateSystem` is 0 or 1",
        "`coordinateSystem` is 0 of 1",
    ),
    row("seq-4", &["Sequence.referenceSeq"], r"strand.all($this in (1 | -1))").says(
        "`strand` is 1 or -1",
        "`strand` is 1 of -1",
    ),
    row("seq-5", &["Sequence.referenceSeq"], r"chromosome.exists() = genomeBuild.exists()").says(
        "a chromosome and a genome build go together",
        "een chromosoom en een genome build horen bij elkaar",
    ),
    row(
        "seq-6",
        &["Sequence.referenceSeq"],
        r"genomeBuild.count() + referenceSeqId.count() + referenceSeqPointer.count() + referenceSeqString.count() = 1",
    )
    .says(
        "a reference sequence is given in exactly one way",
        "een referentiesequentie is op precies één manier gegeven",
    ),
    row("vs-2", &["Observation"], r"(component | related | dataAbsentReason | value).exists()").says(
        "a vital sign has a value, components or related observations, or says why it has none",
        "een meting heeft een waarde, onderdelen of verwante observaties, of zegt waarom niet",
    ),
    row(
        "vs-4",
        &["Observation.category"],
        r"coding.where(system = 'http://hl7.org/fhir/observation-category' and code = 'vital-signs').exists()",
    )
    .says(
        "a vital sign has the category `vital-signs`",
        "een meting heeft de categorie `vital-signs`",
    ),
    row("eld-13", &["ElementDefinition"], r"type.select(code & '|' & profile & '|' & targetProfile).isDistinct()").says(
        "the types of an element differ from each other",
        "de types van een element verschillen van elkaar",
    ),
    row(
        "ctm-1",
        &["CareTeam.participant"],
        r"onBehalfOf.empty() or member.resolve().ofType(Practitioner).exists() or (member.resolve().empty() and member.reference.matches('(^|/)Practitioner/'))",
    )
    .says(
        "only a practitioner takes part on behalf of an organization",
        "alleen een zorgverlener neemt deel namens een organisatie",
    ),
    row("nsd-3", &["NamingSystem"], r"replacedBy.exists() implies status = 'retired'").says(
        "what is replaced by another is retired",
        "wat door een ander is vervangen, is buiten gebruik (`retired`)",
    ),
    row("que-7", &["Questionnaire.item.enableWhen"], r"hasAnswer.exists() != answer.exists()").says(
        "a condition has either an answer or `hasAnswer`, one of the two",
        "een voorwaarde heeft een antwoord of `hasAnswer`, een van beide",
    ),
    row("cpb-7", &["CapabilityStatement"], r"document.select(profile.reference & '|' & mode).isDistinct()").says(
        "a profile of documents is named once for each mode",
        "een documentprofiel wordt voor elke modus één keer genoemd",
    ),
    row("cpb-16", &["CapabilityStatement.messaging"], r"supportedMessage.exists() xor event.exists()").says(
        "messages are named in one of the two ways, `supportedMessage` or `event`",
        "berichten worden op een van beide manieren genoemd, `supportedMessage` of `event`",
    ),
    row("sdf-16", &["StructureDefinition"], r"snapshot.element.id.isDistinct()").says(
        "the ids of the snapshot's elements differ from each other",
        "de id's van de elementen van de snapshot verschillen van elkaar",
    ),
    row("sdf-17", &["StructureDefinition"], r"differential.element.id.isDistinct()").says(
        "the ids of the differential's elements differ from each other",
        "de id's van de elementen van de differential verschillen van elkaar",
    ),
];
