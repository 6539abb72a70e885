//! Base invariants of what defines things (structures, value sets, statements of capability), the same in
//! every release.

use super::row::{Row, row};

/// By where they apply.
pub(super) static ROWS: &[Row] = &[
    row("eld-1", &["ElementDefinition.slicing"], r"discriminator.empty() implies description.exists()").says(
        "a slicing without discriminators has a description",
        "een slicing zonder discriminators heeft een beschrijving",
    ),
    row("eld-3", &["ElementDefinition.max"], r"matches('^([*]|[0-9]+)$')").says(
        "`max` is a number or `*`",
        "`max` is een getal of `*`",
    ),
    row(
        "eld-5",
        &["ElementDefinition"],
        r"contentReference.exists() implies (type | defaultValue | fixed | pattern | example | minValue | maxValue | maxLength | binding).empty()",
    )
    .says(
        "an element that refers to the content of another states no type, value, limit or binding itself",
        "een element dat naar de inhoud van een ander verwijst noemt zelf geen type, waarde, grens of binding",
    ),
    row("eld-6", &["ElementDefinition"], r"fixed.exists() implies type.count() < 2").says(
        "a fixed value goes with one type",
        "een vaste waarde hoort bij één type",
    ),
    row("eld-7", &["ElementDefinition"], r"pattern.exists() implies type.count() < 2").says(
        "a pattern goes with one type",
        "een patroon hoort bij één type",
    ),
    row("eld-8", &["ElementDefinition"], r"(fixed.exists() and pattern.exists()).not()").says(
        "a fixed value and a pattern do not go together",
        "een vaste waarde en een patroon gaan niet samen",
    ),
    row("eld-14", &["ElementDefinition"], r"constraint.key.isDistinct()").says(
        "the keys of constraints differ from each other",
        "de sleutels van constraints verschillen van elkaar",
    ),
    row("eld-15", &["ElementDefinition"], r"(defaultValue.exists() and meaningWhenMissing.exists()).not()").says(
        "a default value and a meaning when missing do not go together",
        "een standaardwaarde en `meaningWhenMissing` gaan niet samen",
    ),
    row("opd-1", &["OperationDefinition.parameter"], r"type.empty() implies part.exists()").says(
        "a parameter has a type or parts",
        "een parameter heeft een type of onderdelen",
    ),
    row(
        "cmd-1",
        &["ConceptMap.group.element.target"],
        r"equivalence.where($this in ('narrower' | 'inexact')).exists() implies comment.exists()",
    )
    .says(
        "a target that is narrower or inexact has a comment",
        "een doel dat smaller of onnauwkeurig is heeft een toelichting",
    ),
    row("cmd-2", &["ConceptMap.group.unmapped"], r"mode.where($this = 'fixed').empty() or code.exists()").says(
        "the mode `fixed` for codes that are not mapped names the code",
        "de modus `fixed` voor codes zonder afbeelding noemt de code",
    ),
    row("cmd-3", &["ConceptMap.group.unmapped"], r"mode.where($this = 'other-map').empty() or url.exists()").says(
        "the mode `other-map` for codes that are not mapped names the map",
        "de modus `other-map` voor codes zonder afbeelding noemt de map",
    ),
    row("vsd-1", &["ValueSet.compose.include"], r"valueSet.empty() implies system.exists()").says(
        "what a value set takes in has a system or value sets",
        "wat een waardelijst opneemt heeft een system of waardelijsten",
    ),
    row("vsd-2", &["ValueSet.compose.include"], r"system.empty() implies (concept.empty() and filter.empty())").says(
        "codes and filters go with a system",
        "codes en filters horen bij een system",
    ),
    row("vsd-3", &["ValueSet.compose.include"], r"(concept.exists() and filter.exists()).not()").says(
        "a list of codes and filters do not go together",
        "een lijst van codes en filters gaan niet samen",
    ),
    row("vsd-6", &["ValueSet.expansion.contains"], r"code.empty() implies display.exists()").says(
        "an entry of an expansion has a code or a display",
        "een regel van een expansie heeft een code of een weergave",
    ),
    row("vsd-9", &["ValueSet.expansion.contains"], r"code.empty() implies abstract = true").says(
        "an entry of an expansion without code is abstract",
        "een regel van een expansie zonder code is abstract",
    ),
    row("vsd-10", &["ValueSet.expansion.contains"], r"code.exists() implies system.exists()").says(
        "a code in an expansion names its system",
        "een code in een expansie noemt haar system",
    ),
    row("nsd-2", &["NamingSystem"], r"uniqueId.where(preferred = true).type.isDistinct()").says(
        "of each type of unique id one is preferred at most",
        "van elk type unieke id heeft er hoogstens één de voorkeur",
    ),
    row("spd-1", &["SearchParameter"], r"xpath.exists() implies xpathUsage.exists()").says(
        "a search parameter with an XPath says how it is used",
        "een zoekparameter met een XPath zegt hoe die wordt gebruikt",
    ),
    row("spd-2", &["SearchParameter"], r"chain.exists() implies type = 'reference'").says(
        "only search parameters of type reference are chained",
        "alleen zoekparameters van type reference worden gekoppeld",
    ),
    row("md-1", &["MessageDefinition.focus"], r"max.all(matches('^([*]|0*[1-9][0-9]*)$'))").says(
        "`max` is a number above 0 or `*`",
        "`max` is een getal boven 0 of `*`",
    ),
    row("cpb-1", &["CapabilityStatement"], r"(rest.empty() and messaging.empty()) implies document.exists()").says(
        "a statement is about REST, messaging or documents",
        "een CapabilityStatement gaat over REST, berichten of documenten",
    ),
    row("cpb-2", &["CapabilityStatement"], r"description.exists() or software.exists() or implementation.exists()")
        .says(
            "a statement has a description, software or an implementation",
            "een CapabilityStatement heeft een beschrijving, software of een implementatie",
        ),
    row("cpb-3", &["CapabilityStatement"], r"messaging.endpoint.exists() implies kind = 'instance'").says(
        "only an actual instance has endpoints for messages",
        "alleen een werkelijke installatie heeft endpoints voor berichten",
    ),
    row("cpb-9", &["CapabilityStatement.rest"], r"resource.type.isDistinct()").says(
        "each resource type is described once",
        "elk resourcetype wordt één keer beschreven",
    ),
    row("cpb-12", &["CapabilityStatement.rest.resource"], r"searchParam.name.isDistinct()").says(
        "the names of search parameters differ within a resource type",
        "de namen van zoekparameters verschillen binnen een resourcetype",
    ),
    row("sdf-1", &["StructureDefinition"], r"derivation != 'constraint' implies snapshot.element.path.isDistinct()")
        .says(
            "paths are unique, except in a profile",
            "paden zijn uniek, behalve in een profiel",
        ),
    row("sdf-2", &["StructureDefinition.mapping"], r"name.empty() implies uri.exists()").says(
        "a mapping has a name or a URI",
        "een mapping heeft een naam of een URI",
    ),
    row("sdf-4", &["StructureDefinition"], r"baseDefinition.empty() implies abstract = true").says(
        "a structure without base is abstract",
        "een structuur zonder basis is abstract",
    ),
    row("sdf-6", &["StructureDefinition"], r"snapshot.empty() implies differential.exists()").says(
        "a structure has a snapshot or a differential",
        "een structuur heeft een snapshot of een differential",
    ),
    row(
        "sdf-8",
        &["StructureDefinition.snapshot"],
        r"(%resource.kind = 'logical' or element.first().path = %resource.type) and element.skip(1).path.all(startsWith(%context.element.first().path & '.'))",
    )
    .says(
        "every path of the snapshot begins with that of its first element, which is the type",
        "elk pad van de snapshot begint met dat van het eerste element, en dat is het type",
    ),
    row(
        "sdf-9",
        &["StructureDefinition"],
        r"snapshot.element.combine(differential.element).where(path.contains('.').not()).all(label.empty() and code.empty() and requirements.empty())",
    )
    .says(
        "the first element has no label, code or requirements",
        "het eerste element heeft geen label, code of requirements",
    ),
    row(
        "sdf-14",
        &["StructureDefinition"],
        r"snapshot.element.where(id.empty()).empty() and differential.element.where(id.empty()).empty()",
    )
    .says(
        "every element has an id",
        "elk element heeft een id",
    ),
    row(
        "sdf-15",
        &["StructureDefinition.snapshot"],
        r"%resource.kind != 'logical' implies element.first().type.empty()",
    )
    .says(
        "the first element of the snapshot has no type",
        "het eerste element van de snapshot heeft geen type",
    ),
    row("sdf-18", &["StructureDefinition"], r"contextInvariant.exists() implies type = 'Extension'").says(
        "only extensions have a context invariant",
        "alleen extensies hebben een contextinvariant",
    ),
    row("sdf-20", &["StructureDefinition.differential"], r"element.where(slicing.exists()).all(path.contains('.'))")
        .says(
            "the first element has no slicing",
            "het eerste element heeft geen slicing",
        ),
    row("smp-1", &["StructureMap.group.rule.target"], r"element.exists() implies context.exists()").says(
        "an element goes with a context",
        "een element hoort bij een context",
    ),
    row("smp-2", &["StructureMap.group.rule.target"], r"context.exists() implies contextType.exists()").says(
        "a context goes with its type",
        "een context hoort bij zijn type",
    ),
    row(
        "eld-2",
        &["ElementDefinition"],
        r"(min.exists() and max.exists() and max != '*') implies min <= max.toInteger()",
    )
    .says(
        "`min` is not above `max`",
        "`min` is niet hoger dan `max`",
    ),
    row("opd-2", &["OperationDefinition.parameter"], r"searchType.exists() implies type = 'string'").says(
        "a search type is for parameters of type string",
        "een zoektype is voor parameters van type string",
    ),
    row("vsd-5", &["ValueSet"], r"compose.empty() implies expansion.exists()").says(
        "a value set says what it takes in, or has an expansion",
        "een waardelijst zegt wat zij opneemt, of heeft een expansie",
    ),
    row("nsd-1", &["NamingSystem"], r"kind = 'root' implies uniqueId.all(type != 'uuid')").says(
        "the root of all systems has no unique id that is a UUID",
        "de wortel van alle systemen heeft geen unieke id die een UUID is",
    ),
    row("csd-1", &["CodeSystem"], r"repeat(concept).code.isDistinct()").says(
        "every code of a code system occurs once",
        "elke code van een codestelsel komt één keer voor",
    ),
    row("cpb-8", &["CapabilityStatement"], r"rest.mode.isDistinct()").says(
        "client and server are described once each",
        "client en server worden elk één keer beschreven",
    ),
    row(
        "sdf-3",
        &["StructureDefinition.snapshot"],
        r"element.where(definition.empty() or min.empty() or max.empty()).empty()",
    )
    .says(
        "every element of the snapshot has a definition, a min and a max",
        "elk element van de snapshot heeft een definitie, een min en een max",
    ),
    row(
        "sdf-7",
        &["StructureDefinition"],
        r"(derivation = 'constraint' or kind = 'logical').not() implies url = 'http://hl7.org/fhir/StructureDefinition/' + id",
    )
    .says(
        "a base structure has a URL at hl7.org that ends in its id",
        "een basisstructuur heeft een URL op hl7.org die op haar id eindigt",
    ),
    row(
        "sdf-8a",
        &["StructureDefinition.differential"],
        r"element.first().path.startsWith(%resource.type) and element.skip(1).path.all(startsWith(%resource.type & '.'))",
    )
    .says(
        "every path of the differential begins with the type",
        "elk pad van de differential begint met het type",
    ),
    row("sdf-11", &["StructureDefinition"], r"snapshot.exists() implies snapshot.element.first().path = type").says(
        "the first path of the snapshot is the type",
        "het eerste pad van de snapshot is het type",
    ),
    row(
        "sdf-15a",
        &["StructureDefinition.differential"],
        r"element.first().where(path.contains('.').not()).type.empty()",
    )
    .says(
        "the first element of the differential has no type",
        "het eerste element van de differential heeft geen type",
    ),
];
