//! What a linter says of scripts, by code: KEUR1100 to KEUR1199.

use crate::diagnostic::rules;

rules! {
    /// A type that the FHIR version does not have.
    UNKNOWN_TYPE = 1100,
    "an expression names a type that does not exist", "een expressie noemt een type dat niet bestaat",
    "Names of types are case-sensitive and differ by FHIR version. `is` with a type that does not exist is false for everything, `ofType` gives nothing, and a check behind it never does what it seems to do.",
    "Namen van typen zijn hoofdlettergevoelig en verschillen per FHIR-versie. `is` met een type dat niet bestaat is voor alles onwaar, `ofType` geeft niets, en een controle erachter doet nooit wat zij lijkt te doen.",
    "write the name as the FHIR version has it", "schrijf de naam zoals de FHIR-versie hem heeft";

    /// An element that its type does not have.
    UNKNOWN_ELEMENT = 1101,
    "an expression names an element that does not exist", "een expressie noemt een element dat niet bestaat",
    "None of the types that can stand there has an element of this name, so this part of the expression is always empty. Choice elements have their name without the type: `value`, not `valueQuantity`.",
    "Geen van de typen die daar kunnen staan heeft een element met deze naam, dus dit deel van de expressie is altijd leeg. Keuze-elementen hebben hun naam zonder het type: `value`, niet `valueQuantity`.",
    "correct the name of the element", "verbeter de naam van het element";

    /// A type that a part can never have.
    IMPOSSIBLE_TYPE = 1102,
    "an expression asks for a type that cannot be there", "een expressie vraagt naar een type dat er niet kan zijn",
    "The element can have other types only, so the test is always false and what is filtered by it always empty.",
    "Het element kan alleen andere typen hebben, dus de test is altijd onwaar en wat ermee gefilterd wordt altijd leeg.",
    "ask for a type that the element can have", "vraag naar een type dat het element kan hebben";

    /// A value that is true whatever it is.
    NO_CRITERION = 1103,
    "a criterion is true whatever its value", "een criterium is waar, wat de waarde ook is",
    "Where a truth value is wanted, anything that is not a boolean counts as true: `where(count())` keeps everything.",
    "Waar een waarheidswaarde nodig is, telt alles wat geen boolean is als waar: `where(count())` houdt alles.",
    "compare the value with something", "vergelijk de waarde met iets";

    /// A resource type that the FHIR version does not have.
    UNKNOWN_RESOURCE = 1104,
    "a script names a resource type that does not exist", "een script noemt een resourcetype dat niet bestaat",
    "`resource` of an operation or assert is a resource type of the FHIR version of the exchange.",
    "`resource` van een operatie of assert is een resourcetype van de FHIR-versie van de uitwisseling.",
    "write the type as the FHIR version has it", "schrijf het type zoals de FHIR-versie het heeft";

    /// An assert that never fails.
    NEVER_FAILS = 1110,
    "an assert can never fail", "een assert kan nooit falen",
    "Whatever the answer is, this comes out true: a tautology (`x.exists() or x.empty()`), `all()` over what is never there, a count that is compared with less than none. The assert is green and checks nothing.",
    "Wat het antwoord ook is, dit komt uit op waar: een tautologie (`x.exists() or x.empty()`), `all()` over wat er nooit is, een aantal dat met minder dan nul wordt vergeleken. De assert is groen en controleert niets.",
    "write what must hold, or take the assert out", "schrijf wat moet gelden, of verwijder de assert";

    /// An assert that never passes.
    NEVER_PASSES = 1111,
    "an assert can never pass", "een assert kan nooit slagen",
    "Whatever the answer is, this comes out false or empty: nobody can pass this assert.",
    "Wat het antwoord ook is, dit komt uit op onwaar of leeg: niemand kan voor deze assert slagen.",
    "correct the part that is marked", "verbeter het gemarkeerde deel";

    /// A variable that nothing uses.
    UNUSED_VARIABLE = 1120,
    "a variable is not used", "een variabele wordt niet gebruikt",
    "Neither the script nor a fixture that it declares has a placeholder for it. Often a leftover; now and then the name is misspelt where it is used.",
    "Noch het script noch een fixture die het declareert heeft er een plaatshouder voor. Vaak een overblijfsel; soms is de naam verkeerd gespeld waar hij gebruikt wordt.",
    "take it out, or use it", "verwijder haar, of gebruik haar";

    /// A fixture that nothing uses.
    UNUSED_FIXTURE = 1121,
    "a fixture is not used", "een fixture wordt niet gebruikt",
    "No operation sends it, no assert compares with it and no variable takes its value from it.",
    "Geen operatie verstuurt haar, geen assert vergelijkt ermee en geen variabele haalt er een waarde uit.",
    "take it out, or use it", "verwijder haar, of gebruik haar";

    /// A profile that nothing is validated against.
    UNUSED_PROFILE = 1122,
    "a profile is not used", "een profiel wordt niet gebruikt",
    "No assert validates against it: the script looks as if it checks a profile and does not.",
    "Geen assert valideert ertegen: het script lijkt een profiel te controleren maar doet dat niet.",
    "take it out, or validate with `validateProfileId`", "verwijder het, of valideer met `validateProfileId`";

    /// A rule that nothing calls.
    UNUSED_RULE = 1123,
    "a rule is not used", "een regel wordt niet gebruikt",
    "No assert calls it.", "Geen assert roept haar aan.",
    "take it out, or call it", "verwijder haar, of roep haar aan";

    /// An assert that has nothing to look at.
    NO_OPERATION = 1130,
    "an assert has no answer to look at", "een assert heeft geen antwoord om naar te kijken",
    "Without `sourceId` an assert looks at the last exchange, and no operation stands before this one.",
    "Zonder `sourceId` kijkt een assert naar de laatste uitwisseling, en vóór deze staat geen operatie.",
    "put the operation before it, or name what it looks at with `sourceId`",
    "zet de operatie ervoor, of noem met `sourceId` waarnaar hij kijkt";

    /// A response that is kept too late.
    SOURCE_LATER = 1131,
    "an answer is used before it is there", "een antwoord wordt gebruikt voordat het er is",
    "The operation or rule that keeps something under this name stands after the place where it is used.",
    "De operatie of regel die iets onder deze naam bewaart staat na de plaats waar het wordt gebruikt.",
    "put the operation first, or correct the name", "zet de operatie eerst, of verbeter de naam";

    /// Actions after something that always ends the test.
    UNREACHABLE = 1132,
    "an action is never reached", "een actie wordt nooit bereikt",
    "An assert before it can never pass and ends the test when it fails (`stopTestOnFail`).",
    "Een assert ervoor kan nooit slagen en beëindigt de test wanneer hij faalt (`stopTestOnFail`).",
    "correct the assert that ends the test", "verbeter de assert die de test beëindigt";

    /// Two asserts of which one must fail.
    CONTRADICTION = 1133,
    "two asserts contradict each other", "twee asserts spreken elkaar tegen",
    "Both look at the same answer and one of them must fail: an answer has one status and one resource type.",
    "Beide kijken naar hetzelfde antwoord en één ervan moet falen: een antwoord heeft één status en één resourcetype.",
    "keep the one that is meant", "houd de bedoelde over";

    /// stopTestOnFail on an assert that only warns.
    STOP_WITHOUT_EFFECT = 1134,
    "an assert that only warns cannot end a test", "een assert die alleen waarschuwt kan geen test beëindigen",
    "With `warningOnly` a failure is a warning, and a warning does not end the test: `stopTestOnFail` does nothing.",
    "Met `warningOnly` is falen een waarschuwing, en een waarschuwing beëindigt de test niet: `stopTestOnFail` doet niets.",
    "take one of the two out", "verwijder een van beide";

    /// Two scripts with one id or url.
    SAME_SCRIPT_ID = 1140,
    "two scripts have the same id or url", "twee scripts hebben hetzelfde id of dezelfde url",
    "A server that loads both keeps one of them, and a report that names the script by it means either.",
    "Een server die beide laadt houdt er één over, en een rapport dat het script zo noemt kan beide bedoelen.",
    "give each script an id and url of its own", "geef elk script een eigen id en url";

    /// Two tests of a script with one id.
    SAME_TEST_ID = 1141,
    "an id is used twice in a script", "een id komt tweemaal voor in een script",
    "Ids of elements are unique in a resource (FHIR R5, ele-1 and Element.id); reports and replays name a test by it.",
    "Ids van elementen zijn uniek in een resource (FHIR R5, Element.id); rapporten en herhalingen noemen een test ernaar.",
    "give each an id of its own", "geef elk een eigen id";

    /// A profile that nobody has.
    PROFILE_UNAVAILABLE = 1150,
    "a profile is in no package", "een profiel zit in geen package",
    "The assert that validates against it would not be evaluated. keur carries facts of some packages; others are given.",
    "De assert die ertegen valideert zou niet beoordeeld worden. keur heeft feiten van enkele packages; andere geeft u mee.",
    "give the package with `--package FILE`, or correct the canonical", "geef het package met `--package BESTAND`, of verbeter de canonical";

    /// A package that the set asks for.
    PACKAGE_UNAVAILABLE = 1151,
    "a package that a script set asks for is not there", "een package waar een scriptset om vraagt is er niet",
    "properties.json names the packages and versions to validate with. Where another version is loaded nothing is judged with the wrong one: those asserts are not evaluated.",
    "properties.json noemt de packages en versies om mee te valideren. Waar een andere versie geladen is wordt niets met de verkeerde beoordeeld: die asserts worden niet beoordeeld.",
    "give the package with `--package FILE`", "geef het package met `--package BESTAND`";
}
