//! Rule codes of the validator, KEUR4000 to KEUR4199: what each means and what to do.
//!
//! 4000–4009 how something is written, 4010–4019 elements and values, 4020–4029 slices, 4030–4039 codes,
//! 4040–4049 references, 4050–4059 extensions, 4060–4069 invariants, 4070–4089 profiles and Bundles.

crate::diagnostic::rules! {
    /// The resource type does not exist.
    UNKNOWN_RESOURCE = 4000,
    "the resource type does not exist", "het resourcetype bestaat niet",
    "`resourceType` (or the XML root) names no resource type of this FHIR release.",
    "`resourceType` (of de XML-wortel) noemt geen resourcetype van deze FHIR-versie.",
    "correct the name, or check the FHIR release", "verbeter de naam, of controleer de FHIR-versie";

    /// The element does not exist here.
    UNKNOWN_ELEMENT = 4001,
    "the element does not exist here", "het element bestaat hier niet",
    "FHIR has no element of this name at this place; what is in it was not looked at. Names are case-sensitive.",
    "FHIR kent op deze plaats geen element met deze naam; de inhoud ervan is niet bekeken. Namen zijn hoofdlettergevoelig.",
    "correct the spelling, move the element, or use an extension", "verbeter de spelling, verplaats het element of gebruik een extensie";

    /// The text is not a value of its type.
    PRIMITIVE = 4002,
    "the text is not a value of its type", "de tekst is geen waarde van het type",
    "Every primitive type has a grammar: dates that exist, times with seconds and zone, codes without white space, numbers and booleans unquoted in JSON.",
    "Elk primitief type heeft een grammatica: bestaande datums, tijden met seconden en zone, codes zonder witruimte, getallen en booleans in JSON zonder aanhalingstekens.",
    "write the value as the message says", "schrijf de waarde zoals de melding aangeeft";

    /// The element is empty.
    EMPTY = 4003,
    "the element is empty", "het element is leeg",
    "An element has a value or something in it (ele-1).",
    "Een element heeft een waarde of inhoud (ele-1).",
    "fill the element or leave it out", "vul het element of laat het weg";

    /// This is not FHIR JSON or XML.
    REPRESENTATION = 4004,
    "this is not FHIR JSON or XML", "dit is geen FHIR-JSON of -XML",
    "The syntax can be read but breaks the rules of the representation: a property twice, an empty array, `null` out of place, a foreign namespace, stray text.",
    "De syntaxis is leesbaar maar tegen de regels van de representatie: een eigenschap dubbel, een lege array, `null` op de verkeerde plaats, een vreemde namespace, losse tekst.",
    "write the element as the JSON and XML pages of FHIR describe", "schrijf het element zoals de JSON- en XML-pagina's van FHIR beschrijven";

    /// A complex element has a value of its own.
    SHAPE = 4005,
    "a complex element has a value of its own", "een samengesteld element heeft zelf een waarde",
    "A data type such as CodeableConcept has elements, not a value.",
    "Een datatype zoals CodeableConcept heeft elementen, geen waarde.",
    "put the value in the element of the data type that is meant", "zet de waarde in het bedoelde element van het datatype";

    /// The narrative holds what it may not.
    NARRATIVE = 4006,
    "the narrative holds what it may not", "de narrative bevat wat niet mag",
    "Narrative is a `div` of XHTML with basic formatting only, without scripts and forms, and with something to read (txt-1, txt-2).",
    "Narrative is een `div` met XHTML, alleen basisopmaak, geen scripts en formulieren, en met iets te lezen (txt-1, txt-2).",
    "take out the element or attribute that is named", "haal het genoemde element of attribuut weg";

    /// An XML element is out of order.
    ORDER = 4007,
    "an XML element is out of order", "een XML-element staat op de verkeerde plaats",
    "In XML the order of elements is that of the definition.",
    "In XML is de volgorde van elementen die van de definitie.",
    "move the element", "verplaats het element";

    /// Placeholders of a fixture were filled in.
    PLACEHOLDERS = 4008,
    "placeholders of a fixture were filled in", "placeholders van een fixture zijn ingevuld",
    "The file is a fixture: places such as `${DATE, T, D, -90}` stand for a value on the day of the test. They were filled in before the file was judged, so that lines are those of the file and columns behind a placeholder are not.",
    "Het bestand is een fixture: plaatsen als `${DATE, T, D, -90}` staan voor een waarde op de dag van de test. Ze zijn ingevuld voordat het bestand is beoordeeld; regels zijn die van het bestand, kolommen achter een placeholder niet.",
    "nothing, for a fixture; in data that is exchanged write the value", "voor een fixture niets; schrijf in uitgewisselde gegevens de waarde";

    /// A required element is missing.
    MINIMUM = 4010,
    "a required element is missing", "een verplicht element ontbreekt",
    "The definition states how often an element must occur. Where the value is not known, an extension such as `data-absent-reason` can stand in for it.",
    "De definitie zegt hoe vaak een element moet voorkomen. Is de waarde onbekend, dan kan een extensie zoals `data-absent-reason` de plaats innemen.",
    "add the element", "voeg het element toe";

    /// An element occurs too often.
    MAXIMUM = 4011,
    "an element occurs too often", "een element komt te vaak voor",
    "The definition states how often an element may occur; 0 means not at all.",
    "De definitie zegt hoe vaak een element mag voorkomen; 0 is helemaal niet.",
    "take out what is too many", "haal weg wat te veel is";

    /// The element has a type it may not have.
    TYPE = 4012,
    "the element has a type it may not have", "het element heeft een type dat niet mag",
    "The name of a choice says its type (`valueQuantity`), and a profile may leave only some of the types.",
    "De naam van een keuze-element noemt het type (`valueQuantity`), en een profiel kan het aantal types beperken.",
    "use one of the types in the message", "gebruik een van de types uit de melding";

    /// The value is not the fixed one.
    FIXED = 4013,
    "the value is not the fixed one", "de waarde is niet de vaste waarde",
    "The profile fixes this value: it must be exactly that, with nothing added.",
    "Het profiel legt deze waarde vast: precies die, zonder toevoeging.",
    "use the fixed value", "gebruik de vaste waarde";

    /// The value does not contain the pattern.
    PATTERN = 4014,
    "the value does not contain the pattern", "de waarde bevat het patroon niet",
    "The profile states what must at least be in the value.",
    "Het profiel zegt wat er in ieder geval in de waarde staat.",
    "add what the pattern asks for", "voeg toe wat het patroon vraagt";

    /// The value is out of range.
    RANGE = 4015,
    "the value is out of range", "de waarde valt buiten het bereik",
    "The definition states a lowest or highest value.",
    "De definitie noemt een laagste of hoogste waarde.",
    "use a value in the range", "gebruik een waarde binnen het bereik";

    /// The text is too long.
    LENGTH = 4016,
    "the text is too long", "de tekst is te lang",
    "The definition states the most characters a text may have.",
    "De definitie noemt het grootste aantal tekens.",
    "shorten the text", "kort de tekst in";

    /// The element is in none of the slices.
    CLOSED_SLICING = 4020,
    "the element is in none of the slices", "het element hoort bij geen van de slices",
    "The slicing is closed: every occurrence must be in one of the slices. The message shows for each slice what did not fit.",
    "De slicing is gesloten: elk voorkomen hoort bij een slice. De melding toont per slice wat er niet klopte.",
    "change the element so that it fits a slice, or leave it out", "pas het element aan zodat het bij een slice hoort, of laat het weg";

    /// The element is in several slices.
    AMBIGUOUS_SLICE = 4021,
    "the element is in several slices", "het element hoort bij meer slices",
    "The discriminators of the profile do not tell these slices apart for this element.",
    "De discriminators van het profiel onderscheiden deze slices niet voor dit element.",
    "give the element the codes of one slice only", "geef het element de codes van één slice";

    /// A required slice is missing.
    SLICE_MINIMUM = 4022,
    "a required slice is missing", "een verplichte slice ontbreekt",
    "The profile asks for an occurrence that the discriminator puts in this slice. The message shows for each candidate what did not fit.",
    "Het profiel vraagt een voorkomen dat volgens de discriminator bij deze slice hoort. De melding toont per kandidaat wat er niet klopte.",
    "add it, or correct what the discriminator looks at", "voeg het toe, of verbeter waar de discriminator naar kijkt";

    /// A slice occurs too often.
    SLICE_MAXIMUM = 4023,
    "a slice occurs too often", "een slice komt te vaak voor",
    "The profile states how often the slice may occur.",
    "Het profiel zegt hoe vaak de slice mag voorkomen.",
    "take out what is too many", "haal weg wat te veel is";

    /// Slices are out of order.
    SLICE_ORDER = 4024,
    "slices are out of order", "slices staan in de verkeerde volgorde",
    "The slicing is ordered.",
    "De slicing heeft een volgorde.",
    "move the element", "verplaats het element";

    /// Nothing tells a slice apart.
    UNDECIDED_SLICING = 4025,
    "nothing tells a slice apart", "niets onderscheidt een slice",
    "The profile says nothing at the place its discriminator names, so nothing can be put in the slice or out of it. A fault of the profile; the slice is not checked.",
    "Het profiel zegt niets op de plaats die de discriminator noemt, dus valt niet te zeggen wat bij de slice hoort. Een fout in het profiel; de slice is niet gecontroleerd.",
    "report it to the authors of the profile", "meld het bij de makers van het profiel";

    /// The code is not in the required value set.
    REQUIRED_BINDING = 4030,
    "the code is not in the required value set", "de code staat niet in de verplichte waardelijst",
    "The binding is required: the code must come from the value set.",
    "De binding is verplicht: de code komt uit de waardelijst.",
    "use a code of the value set", "gebruik een code uit de waardelijst";

    /// The code is not in the extensible value set.
    EXTENSIBLE_BINDING = 4031,
    "the code is not in the extensible value set", "de code staat niet in de uitbreidbare waardelijst",
    "The code must come from the value set if that has one that fits.",
    "De code komt uit de waardelijst als daar een passende in staat.",
    "use a code of the value set where one fits", "gebruik een passende code uit de waardelijst als die er is";

    /// The code system does not have the code.
    UNKNOWN_CODE = 4032,
    "the code system does not have the code", "het codestelsel heeft deze code niet",
    "The code system is known as a whole, and the code is not in it.",
    "Het codestelsel is volledig bekend en de code komt er niet in voor.",
    "correct the code or its system", "verbeter de code of het stelsel";

    /// No package knows the code system.
    UNKNOWN_CODE_SYSTEM = 4033,
    "no package knows the code system", "geen package kent het codestelsel",
    "The code could not be checked.",
    "De code kon niet worden gecontroleerd.",
    "correct the system, or add the package that defines it", "verbeter het stelsel, of voeg het package toe dat het definieert";

    /// A system is not an absolute URI.
    RELATIVE_SYSTEM = 4034,
    "a system is not an absolute URI", "een system is geen absolute URI",
    "`system` names a code system or a system of identifiers for the whole world, so it is an absolute URI.",
    "`system` noemt wereldwijd een codestelsel of identificatiesysteem en is dus een absolute URI.",
    "use the URI of the system (`urn:oid:…` for an OID)", "gebruik de URI van het stelsel (`urn:oid:…` voor een OID)";

    /// The system of an identifier is at a host reserved for examples.
    EXAMPLE_SYSTEM = 4035,
    "the system of an identifier is at a host reserved for examples", "het system van een identifier staat op een host voor voorbeelden",
    "`example.org`, `example.com` and `example.net` belong to nobody (RFC 2606), so that two parties may give one number there to two things.",
    "`example.org`, `example.com` en `example.net` zijn van niemand (RFC 2606): twee partijen kunnen er hetzelfde nummer aan twee dingen geven.",
    "use a system of your own: an OID or a URL at a domain that you hold", "gebruik een eigen system: een OID of een URL op een eigen domein";

    /// The code of a unit has not the form of UCUM.
    UNIT_FORM = 4036,
    "the code of a unit has not the form of UCUM", "de code van een eenheid heeft niet de vorm van UCUM",
    "A UCUM code is made of units, `.` and `/` between them, exponents, brackets and `{annotations}`, without spaces and in ASCII.",
    "Een UCUM-code bestaat uit eenheden met `.` en `/` ertussen, exponenten, haken en `{annotaties}`, zonder spaties en in ASCII.",
    "write the unit as UCUM does: `mm[Hg]`, `Cel`, `10*9/L`, `ug`", "schrijf de eenheid zoals UCUM: `mm[Hg]`, `Cel`, `10*9/L`, `ug`";

    /// No code of the business leads to the code.
    NOT_MAPPED = 4037,
    "no code of the business leads to the code", "geen code uit de bouwsteen leidt naar deze code",
    "The profile takes the codes of this element from those of the zib by a ConceptMap (extension `11179-permitted-value-conceptmap`), and none of its rows has this one. The required value set of FHIR does have it, so the resource is not invalid for it.",
    "Het profiel leidt de codes van dit element met een ConceptMap af van die van de zib (extensie `11179-permitted-value-conceptmap`), en geen rij daarvan heeft deze code. De verplichte waardelijst van FHIR heeft haar wel, dus de resource is er niet ongeldig door.",
    "check that the code says what the zib means; `entered-in-error` and the like have no counterpart there", "controleer of de code zegt wat de zib bedoelt; `entered-in-error` en dergelijke hebben daar geen tegenhanger";

    /// A reference is not one.
    REFERENCE_FORM = 4040,
    "a reference is not one", "een referentie is er geen",
    "A reference is `Type/id`, an absolute URL, `#id` or a `urn:`.",
    "Een referentie is `Type/id`, een absolute URL, `#id` of een `urn:`.",
    "write the reference in one of these forms", "schrijf de referentie in een van deze vormen";

    /// A reference goes to a type it may not go to.
    REFERENCE_TARGET = 4041,
    "a reference goes to a type it may not go to", "een referentie gaat naar een verkeerd type",
    "The definition states which resource types may be referred to.",
    "De definitie noemt de resourcetypes waarnaar verwezen mag worden.",
    "refer to one of the types in the message", "verwijs naar een van de types uit de melding";

    /// A reference leads nowhere.
    REFERENCE_UNRESOLVED = 4042,
    "a reference leads nowhere", "een referentie leidt nergens heen",
    "`#id` refers to a contained resource of the same resource.",
    "`#id` verwijst naar een resource in dezelfde resource.",
    "add the contained resource or correct the id", "voeg de contained resource toe of verbeter de id";

    /// The target of a reference is in another place than it may be.
    REFERENCE_AGGREGATION = 4043,
    "the target of a reference is in another place than it may be", "het doel van een referentie staat op een andere plaats dan mag",
    "The profile states whether a target is contained, in the same Bundle or elsewhere.",
    "Het profiel zegt of het doel contained is, in dezelfde Bundle staat of elders.",
    "move the target", "verplaats het doel";

    /// The target of a reference does not conform to the profile asked for.
    REFERENCE_PROFILE = 4044,
    "the target of a reference does not conform to the profile asked for", "het doel van een referentie voldoet niet aan het gevraagde profiel",
    "The target is in the same document and was judged by each of the profiles the element allows; none holds.",
    "Het doel staat in hetzelfde document en is getoetst aan elk toegestaan profiel; geen enkel klopt.",
    "validate the target by the profile and correct what that says", "valideer het doel tegen het profiel en verbeter wat daaruit komt";

    /// A contained resource has no id of its own.
    CONTAINED_ID = 4045,
    "a contained resource has no id of its own", "een contained resource heeft geen eigen id",
    "Contained resources are referred to by `#id`, so each has an id that no other has.",
    "Naar contained resources wordt verwezen met `#id`; elk heeft een unieke id.",
    "give it an id", "geef het een id";

    /// No package defines the extension.
    UNKNOWN_EXTENSION = 4050,
    "no package defines the extension", "geen package definieert de extensie",
    "What the extension means and what may be in it is not known. An error by default, as for the HL7 validator; the policy decides.",
    "Betekenis en inhoud van de extensie zijn onbekend. Standaard een fout, zoals bij de HL7-validator; de instelling bepaalt het.",
    "correct the url, or add the package that defines it", "verbeter de url, of voeg het package toe dat de extensie definieert";

    /// An extension stands where it may not.
    EXTENSION_CONTEXT = 4051,
    "an extension stands where it may not", "een extensie staat op een plaats waar dat niet mag",
    "The definition of an extension states on which elements it may be used.",
    "De definitie van een extensie zegt op welke elementen zij mag staan.",
    "move the extension to an element that the message names", "verplaats de extensie naar een element uit de melding";

    /// A modifier extension is among the others, or the other way round.
    EXTENSION_MODIFIER = 4052,
    "a modifier extension is among the others, or the other way round", "een modifierExtension staat tussen de gewone, of andersom",
    "An extension that changes the meaning of what it is on stands in `modifierExtension`, so that no reader passes it over; no other does.",
    "Een extensie die de betekenis verandert staat in `modifierExtension`, zodat geen lezer haar overslaat; andere niet.",
    "move it", "verplaats de extensie";

    /// The url of an extension is not absolute.
    EXTENSION_URL = 4053,
    "the url of an extension is not absolute", "de url van een extensie is niet absoluut",
    "Only the parts of a complex extension have relative urls.",
    "Alleen delen van een complexe extensie hebben relatieve url's.",
    "use the full canonical of the extension", "gebruik de volledige canonical van de extensie";

    /// FHIR itself defines no such extension.
    NO_SUCH_EXTENSION = 4054,
    "FHIR itself defines no such extension", "FHIR zelf definieert deze extensie niet",
    "The url is at HL7's own address, and everything there is in the core package of the release: it is misspelt, or of another release.",
    "De url staat op het adres van HL7, en alles daar zit in het core-package van de versie: hij is verkeerd gespeld, of van een andere versie.",
    "correct the url; the message names one that is nearly the same", "verbeter de url; de melding noemt er een die er sterk op lijkt";

    /// An invariant does not hold.
    INVARIANT = 4060,
    "an invariant does not hold", "een invariant klopt niet",
    "Definitions state rules across elements as expressions; the message gives the key and what the rule says.",
    "Definities geven regels over elementen als expressie; de melding geeft de sleutel en wat de regel zegt.",
    "change the resource so that the rule holds", "pas de resource aan zodat de regel klopt";

    /// An invariant could not be evaluated.
    INVARIANT_ERROR = 4061,
    "an invariant could not be evaluated", "een invariant kon niet worden geëvalueerd",
    "The expression of the definition cannot be read or fails on this resource. It was not checked.",
    "De expressie van de definitie is niet leesbaar of faalt op deze resource. Zij is niet gecontroleerd.",
    "report it to the authors of the profile", "meld het bij de makers van het profiel";

    /// No package has the profile.
    UNKNOWN_PROFILE = 4070,
    "no package has the profile", "geen package heeft het profiel",
    "The resource claims a profile that cannot be had, so what it asks for was not checked.",
    "De resource claimt een profiel dat er niet is; wat het vraagt is niet gecontroleerd.",
    "add the package, or correct `meta.profile`", "voeg het package toe, of verbeter `meta.profile`";

    /// The profile is about another type.
    PROFILE_TYPE = 4071,
    "the profile is about another type", "het profiel gaat over een ander type",
    "The resource claims a profile on another resource type.",
    "De resource claimt een profiel op een ander resourcetype.",
    "correct `meta.profile`", "verbeter `meta.profile`";

    /// A rule of Bundles is broken.
    BUNDLE = 4080,
    "a rule of Bundles is broken", "een regel voor Bundles is geschonden",
    "`fullUrl` agrees with the id of the resource; the first entry of a document is a Composition, of a message a MessageHeader.",
    "`fullUrl` komt overeen met de id van de resource; de eerste entry van een document is een Composition, van een bericht een MessageHeader.",
    "correct the entry that is named", "verbeter de genoemde entry";
}
