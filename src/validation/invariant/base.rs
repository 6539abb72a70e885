//! Base invariants that mean the same in every release.

use super::row::{Row, row};
use super::shortcut;

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row("ele-1", &[], r"getValue().exists() or children().count() > id.count()").or(shortcut::has_content).says(
        "an element has a value or other elements in it",
        "een element heeft een waarde of andere elementen",
    ),
    row("ext-1", &["Extension"], r"extension.exists() xor value.exists()").or(shortcut::value_or_extensions).says(
        "an extension has either a value or extensions in it, one of the two",
        "een extensie heeft een waarde of extensies, een van beide",
    ),
    row("dom-1", &[], r"contained.all(text.empty())").or(shortcut::nothing_contained).says(
        "a contained resource has no narrative of its own",
        "een contained resource heeft geen eigen narrative",
    ),
    row("dom-2", &[], r"contained.all(contained.empty())").or(shortcut::nothing_contained).says(
        "a contained resource holds no contained resources itself",
        "een contained resource bevat zelf geen contained resources",
    ),
    // STU3 names `reference` only; R4 also lets a canonical refer, and a contained resource to the one around.
    row(
        "dom-3",
        &[],
        r"contained.all(id.exists() and (descendants().reference.where($this = '#').exists()
            or '#' + id in %resource.descendants().where($this is string or $this is uri)))",
    )
    .or(shortcut::nothing_contained)
    .says(
        "a contained resource has an id and is referred to from the resource around it",
        "een contained resource heeft een id en de omringende resource verwijst ernaar",
    ),
    row("dom-4", &[], r"contained.meta.all(versionId.empty() and lastUpdated.empty())")
        .or(shortcut::nothing_contained)
        .says(
            "a contained resource has no `meta.versionId` and no `meta.lastUpdated`",
            "een contained resource heeft geen `meta.versionId` en geen `meta.lastUpdated`",
        ),
    row("cpt-2", &["ContactPoint"], r"value.exists() implies system.exists()").says(
        "a contact point with a value says its `system` (phone, email …)",
        "een contactgegeven met een waarde noemt zijn `system` (phone, email …)",
    ),
    row(
        "rat-1",
        &["Ratio"],
        r"(numerator.exists() and denominator.exists()) or (numerator.empty() and denominator.empty() and extension.exists())",
    )
    .says(
        "a ratio has both numerator and denominator, or neither and an extension",
        "een ratio heeft teller en noemer, of geen van beide en een extensie",
    ),
    row("qty-3", &[], r"code.exists() implies system.exists()").says(
        "a unit that is given as a code names its `system`",
        "een eenheid met een code noemt haar `system`",
    ),
    row("sqty-1", &[], r"comparator.exists().not()").says(
        "there is no `comparator` here: the quantity is exact",
        "hier staat geen `comparator`: de hoeveelheid is exact",
    ),
    row("drt-1", &["Duration"], r"code.empty() or (value.exists() and system = %ucum)").says(
        "the unit of a duration is a UCUM code, and a code goes with a value",
        "de eenheid van een duur is een UCUM-code, en een code hoort bij een waarde",
    ),
    row("rng-2", &["Range"], r"(low.exists() and high.exists()) implies low <= high").says(
        "`low` is not higher than `high`",
        "`low` is niet hoger dan `high`",
    ),
    row("att-1", &["Attachment"], r"data.exists() implies contentType.exists()").says(
        "an attachment with data says its `contentType`",
        "een bijlage met data noemt haar `contentType`",
    ),
    row("tim-1", &["Timing.repeat"], r"duration.exists() implies durationUnit.exists()").says(
        "a `duration` has a `durationUnit`",
        "een `duration` heeft een `durationUnit`",
    ),
    row("tim-2", &["Timing.repeat"], r"period.exists() implies periodUnit.exists()").says(
        "a `period` has a `periodUnit`",
        "een `period` heeft een `periodUnit`",
    ),
    row("tim-4", &["Timing.repeat"], r"duration.all($this >= 0)").says(
        "`duration` is not negative",
        "`duration` is niet negatief",
    ),
    row("tim-5", &["Timing.repeat"], r"period.all($this >= 0)").says(
        "`period` is not negative",
        "`period` is niet negatief",
    ),
    row("tim-6", &["Timing.repeat"], r"periodMax.exists() implies period.exists()").says(
        "`periodMax` goes with a `period`",
        "`periodMax` hoort bij een `period`",
    ),
    row("tim-7", &["Timing.repeat"], r"durationMax.exists() implies duration.exists()").says(
        "`durationMax` goes with a `duration`",
        "`durationMax` hoort bij een `duration`",
    ),
    row("tim-8", &["Timing.repeat"], r"countMax.exists() implies count.exists()").says(
        "`countMax` goes with a `count`",
        "`countMax` hoort bij een `count`",
    ),
    row(
        "tim-9",
        &["Timing.repeat"],
        r"offset.exists() implies when.where(($this in ('C' | 'CM' | 'CD' | 'CV')).not()).exists()",
    )
    .says(
        "an `offset` goes with a `when` that is an event, not a meal as such (C, CM, CD, CV)",
        "een `offset` hoort bij een `when` dat een gebeurtenis is, niet een maaltijd als zodanig (C, CM, CD, CV)",
    ),
    row("tim-10", &["Timing.repeat"], r"(timeOfDay.exists() and when.exists()).not()").says(
        "`timeOfDay` and `when` do not go together",
        "`timeOfDay` en `when` gaan niet samen",
    ),
    row("grp-1", &["Group"], r"member.exists() implies actual = true").says(
        "only a group of actual members has members",
        "alleen een groep van werkelijke leden heeft leden",
    ),
    row("gol-1", &["Goal.target"], r"detail.exists() implies measure.exists()").says(
        "a target with a detail says what is measured",
        "een streefwaarde met detail zegt wat er wordt gemeten",
    ),
    row("nor-1", &["NutritionOrder"], r"(oralDiet | supplement | enteralFormula).exists()").says(
        "a nutrition order has an oral diet, a supplement or an enteral formula",
        "een voedingsadvies heeft een oraal dieet, een supplement of sondevoeding",
    ),
    row("con-1", &["Condition.stage"], r"summary.empty() implies assessment.exists()").says(
        "a stage has a summary or an assessment",
        "een stadium heeft een samenvatting of een beoordeling",
    ),
    row("con-2", &["Condition.evidence"], r"code.empty() implies detail.exists()").says(
        "evidence has a code or a detail",
        "een onderbouwing heeft een code of een detail",
    ),
    row("mad-1", &["MedicationAdministration.dosage"], r"dose.empty() implies rate.exists()").says(
        "a dosage has a dose or a rate",
        "een dosering heeft een dosis of een snelheid",
    ),
    row("lst-1", &["List"], r"(emptyReason.exists() and entry.exists()).not()").says(
        "a list that says why it is empty has no entries",
        "een lijst die zegt waarom zij leeg is heeft geen regels",
    ),
    row("lst-2", &["List"], r"entry.deleted.exists() implies mode = 'changes'").says(
        "only a list of changes (`mode` is `changes`) has deleted entries",
        "alleen een lijst van wijzigingen (`mode` is `changes`) heeft verwijderde regels",
    ),
    row("ras-1", &["RiskAssessment.prediction.probability[x]"], r"(low | high).all(code = '%' and system = %ucum)")
        .says(
            "the ends of a probability are percentages: code `%` in UCUM",
            "de grenzen van een kans zijn percentages: code `%` in UCUM",
        ),
    row(
        "mdd-1",
        &["MedicationDispense"],
        r"(whenPrepared.exists() and whenHandedOver.exists()) implies whenPrepared <= whenHandedOver",
    )
    .says(
        "a medicine is not handed over before it is prepared",
        "een medicijn wordt niet verstrekt voordat het bereid is",
    ),
    row("app-1", &["Appointment.participant"], r"type.empty() implies actor.exists()").says(
        "a participant of an appointment has a type or an actor",
        "een deelnemer aan een afspraak heeft een type of een actor",
    ),
    row("lnk-1", &["Linkage"], r"item.count() >= 2").says(
        "a linkage has two items or more",
        "een koppeling heeft twee onderdelen of meer",
    ),
    row("rqg-1", &["RequestGroup.action"], r"resource.exists() xor action.exists()").says(
        "an action has either a resource or actions in it, one of the two",
        "een actie heeft een resource of acties, een van beide",
    ),
    row("pat-1", &["Patient.contact"], r"(name | telecom | address | organization).exists()").says(
        "a contact of a patient has a name, telecom, address or organization",
        "een contactpersoon van een patiënt heeft een naam, telecom, adres of organisatie",
    ),
    row(
        "que-1",
        &["Questionnaire.item"],
        r"(type = 'group' implies item.exists()) and (type = 'display' implies item.empty())",
    )
    .says(
        "a group has items in it, a display has none",
        "een groep heeft items, een `display` niet",
    ),
    row("que-2", &["Questionnaire"], r"repeat(item).linkId.isDistinct()").says(
        "every `linkId` of a questionnaire is used once",
        "elke `linkId` van een vragenlijst komt één keer voor",
    ),
    row("que-3", &["Questionnaire.item"], r"code.exists() implies type != 'display'").says(
        "a display item has no code",
        "een `display`-item heeft geen code",
    ),
    row("que-6", &["Questionnaire.item"], r"(required.exists() or repeats.exists()) implies type != 'display'").says(
        "`required` and `repeats` are not for display items",
        "`required` en `repeats` zijn niet voor `display`-items",
    ),
    row("que-8", &["Questionnaire.item"], r"initial.exists() implies (type in ('group' | 'display')).not()").says(
        "groups and display items have no initial value",
        "groepen en `display`-items hebben geen beginwaarde",
    ),
    row("que-9", &["Questionnaire.item"], r"readOnly.exists() implies type != 'display'").says(
        "`readOnly` is not for display items",
        "`readOnly` is niet voor `display`-items",
    ),
    row("cmp-1", &["Composition.section"], r"text.empty() implies (entry.exists() or section.exists())").says(
        "a section has a text, entries or sections in it",
        "een sectie heeft een tekst, regels of secties",
    ),
    row("cmp-2", &["Composition.section"], r"(emptyReason.exists() and entry.exists()).not()").says(
        "a section that says why it is empty has no entries",
        "een sectie die zegt waarom zij leeg is heeft geen regels",
    ),
    row("fhs-1", &["FamilyMemberHistory"], r"(age.exists() and born.exists()).not()").says(
        "a family member has an age or a birth date, not both",
        "een familielid heeft een leeftijd of een geboortedatum, niet beide",
    ),
    row("fhs-2", &["FamilyMemberHistory"], r"estimatedAge.exists() implies age.exists()").says(
        "`estimatedAge` goes with an age",
        "`estimatedAge` hoort bij een leeftijd",
    ),
    row("bdl-1", &["Bundle"], r"total.exists() implies type in ('searchset' | 'history')").says(
        "only a searchset or a history has a `total`",
        "alleen een searchset of history heeft een `total`",
    ),
    row("bdl-2", &["Bundle"], r"entry.search.exists() implies type = 'searchset'").says(
        "only entries of a searchset have `search`",
        "alleen regels van een searchset hebben `search`",
    ),
    row("bdl-5", &["Bundle.entry"], r"resource.empty() implies (request.exists() or response.exists())").says(
        "an entry has a resource, a request or a response",
        "een regel heeft een resource, een request of een response",
    ),
    row("bdl-8", &["Bundle.entry"], r"fullUrl.where(contains('/_history/')).empty()").says(
        "`fullUrl` names no version",
        "`fullUrl` noemt geen versie",
    ),
    row(
        "bdl-9",
        &["Bundle"],
        r"type = 'document' implies identifier.where(system.exists() and value.exists()).exists()",
    )
    .says(
        "a document has an identifier with system and value",
        "een document heeft een identifier met system en value",
    ),
    row("sev-1", &["AuditEvent.entity"], r"(name.exists() and query.exists()).not()").says(
        "an entity has a name or a query, not both",
        "een entiteit heeft een naam of een query, niet beide",
    ),
    row("obs-3", &["Observation.referenceRange"], r"(low | high | text).exists()").says(
        "a reference range has a low, a high or a text",
        "een referentiewaarde heeft een `low`, een `high` of een tekst",
    ),
    row("obs-6", &["Observation"], r"(dataAbsentReason.exists() and value.exists()).not()").says(
        "an observation with a value does not say why the value is absent (`dataAbsentReason`)",
        "een observatie met een waarde zegt niet waarom de waarde ontbreekt (`dataAbsentReason`)",
    ),
    row("ppc-1", &["Consent"], r"policy.empty() implies policyRule.exists()").says(
        "a consent names a policy or a policy rule",
        "een toestemming noemt een policy of een policyRule",
    ),
    row("imr-1", &["ImmunizationRecommendation.recommendation"], r"vaccineCode.empty() implies targetDisease.exists()")
        .says(
            "a recommendation names a vaccine or a disease",
            "een aanbeveling noemt een vaccin of een ziekte",
        ),
    row("cpl-3", &["CarePlan.activity"], r"(detail.exists() and reference.exists()).not()").says(
        "an activity has a detail or a reference, not both",
        "een activiteit heeft een detail of een referentie, niet beide",
    ),
    row("qrs-1", &["QuestionnaireResponse.item"], r"answer.empty() or item.empty()").says(
        "an item has items in it or answers, not both",
        "een item heeft items of antwoorden, niet beide",
    ),
    row("org-1", &["Organization"], r"identifier.empty() implies name.exists()").says(
        "an organization has an identifier or a name",
        "een organisatie heeft een identifier of een naam",
    ),
    row("org-2", &["Organization.address"], r"use.all($this != 'home')").says(
        "an address of an organization is no home address",
        "een adres van een organisatie is geen woonadres",
    ),
    row("org-3", &["Organization.telecom"], r"use.all($this != 'home')").says(
        "a contact point of an organization is not one at home",
        "een contactgegeven van een organisatie is niet privé",
    ),
    row("apr-1", &["AppointmentResponse"], r"participantType.empty() implies actor.exists()").says(
        "a response has a participant type or an actor",
        "een reactie heeft een deelnemerstype of een actor",
    ),
    row("vs-1", &["Observation.effective[x]"], r"($this is dateTime) implies toString().length() >= 8").says(
        "the moment of a vital sign is precise to the day at least",
        "het moment van een meting is minstens tot op de dag",
    ),
    row("vs-3", &["Observation.component"], r"(value | dataAbsentReason).exists()").says(
        "a component has a value, or says why it has none",
        "een onderdeel heeft een waarde, of zegt waarom niet",
    ),
    row(
        "age-1",
        &["Age"],
        r"(value.exists() implies code.exists()) and system.all($this = %ucum) and value.all($this > 0)",
    )
    .says(
        "an age is above 0 and has a unit in UCUM",
        "een leeftijd is boven 0 en heeft een eenheid in UCUM",
    ),
    row("dis-1", &["Distance"], r"(value.exists() implies code.exists()) and system.all($this = %ucum)").says(
        "a distance has a unit in UCUM",
        "een afstand heeft een eenheid in UCUM",
    ),
    row(
        "cnt-3",
        &["Count"],
        r"(value.exists() implies code.exists()) and system.all($this = %ucum) and code.all($this = '1') and value.where(toString().contains('.')).empty()",
    )
    .says(
        "a count is a whole number whose unit, if any, is `1` in UCUM",
        "een aantal is een geheel getal met als eenheid, als die er is, `1` in UCUM",
    ),
    row("per-1", &["Period"], r"(start.exists() and end.exists()) implies start <= end").says(
        "a period does not end before it starts",
        "een periode eindigt niet voor haar begin",
    ),
    row("ref-1", &["Reference"], r"reference.where(startsWith('#')).all(substring(1) in %rootResource.contained.id)")
        .says(
            "a reference that begins with `#` goes to a resource that is contained",
            "een referentie die met `#` begint gaat naar een contained resource",
        ),
    row("txt-1", &["Narrative.div"], r"htmlChecks()").says(
        "a narrative is plain XHTML: text, tables, links and images, no scripts or forms",
        "een narrative is eenvoudige XHTML: tekst, tabellen, links en plaatjes, geen scripts of formulieren",
    ),
    row(
        "txt-2",
        &["Narrative.div"],
        r"matches('<img[^>]*>') or replaceMatches('<[^>]*>', '').matches('[^ \\t\\r\\n]')",
    )
    .says(
        "a narrative has a text or an image",
        "een narrative heeft een tekst of een plaatje",
    ),
    row("ras-2", &["RiskAssessment.prediction"], r"probability.ofType(decimal).all($this <= 100)").says(
        "a probability as a number is at most 100",
        "een kans als getal is hoogstens 100",
    ),
    row("app-2", &["Appointment"], r"start.exists() = end.exists()").says(
        "an appointment has both start and end, or neither",
        "een afspraak heeft begin en einde, of geen van beide",
    ),
    row(
        "bdl-7",
        &["Bundle"],
        r"entry.where(fullUrl.exists()).select(fullUrl & '|' & resource.meta.versionId).isDistinct()",
    )
    .says(
        "a `fullUrl` occurs once in a Bundle, or with different versions",
        "een `fullUrl` komt één keer voor in een Bundle, of met verschillende versies",
    ),
    row(
        "obs-7",
        &["Observation"],
        r"value.exists() implies component.code.where(coding.code = %resource.code.coding.code
            and coding.system = %resource.code.coding.system).empty()",
    )
    .says(
        "where the observation has a value, no component has the code of the observation itself",
        "heeft de observatie een waarde, dan heeft geen onderdeel de code van de observatie zelf",
    ),
    row("inv-1", &["TestScript.setup.action", "TestReport.setup.action"], r"operation.exists() != assert.exists()")
        .says(
            "an action is either an operation or an assert",
            "een actie is een operatie of een assert",
        ),
    row("inv-1", &["Parameters.parameter"], r"value.count() + resource.count() + iif(part.exists(), 1, 0) = 1").says(
        "a parameter has one of a value, a resource and parts",
        "een parameter heeft één van: een waarde, een resource, onderdelen",
    ),
    row("inv-1", &["Task"], r"(authoredOn.exists() and lastModified.exists()) implies authoredOn <= lastModified").says(
        "a task is not modified before it is authored",
        "een taak is niet gewijzigd voordat zij is opgesteld",
    ),
    row("inv-2", &["TestScript.test.action", "TestReport.test.action"], r"operation.exists() != assert.exists()").says(
        "an action is either an operation or an assert",
        "een actie is een operatie of een assert",
    ),
];
