//! What can be wrong with a script, by code: KEUR1000 to KEUR1099.

use crate::diagnostic::{Code, Diagnostic, Label, NoteKind, Rule, Severity, Words};

use super::model::Place;

/// Names the codes and makes the table of them, so that neither can be without the other.
macro_rules! rules {
    ($($name:ident $code:literal
        $title_en:literal $title_nl:literal
        $why_en:literal $why_nl:literal
        $remedy_en:literal $remedy_nl:literal;)*) => {
        $(#[doc = $title_en] pub const $name: Code = Code($code);)*
        /// Every rule about scripts, by code.
        pub static RULES: &[Rule] = &[$(Rule {
            code: $name,
            title: Words::new($title_en, $title_nl),
            explanation: Words::new($why_en, $why_nl),
            remedy: Words::new($remedy_en, $remedy_nl),
        }),*];
    };
}

rules! {
    UNREADABLE 1000
        "A script file cannot be read"
        "Een scriptbestand kan niet worden gelezen"
        "The path does not exist, may not be read, or holds no UTF-8 text."
        "Het pad bestaat niet, mag niet worden gelezen of bevat geen UTF-8-tekst."
        "check the path and who may read it"
        "controleer het pad en wie het mag lezen";
    MALFORMED 1001
        "A script is not well-formed XML, JSON or YAML"
        "Een script is geen welgevormde XML, JSON of YAML"
        "Nothing of the script can be known before its text can be parsed."
        "Niets van het script is bekend zolang de tekst niet te ontleden is."
        "repair the text at the place marked"
        "herstel de tekst op de aangegeven plaats";
    NOT_A_TESTSCRIPT 1002
        "A file is not a TestScript"
        "Een bestand is geen TestScript"
        "The root of the file is another resource, or none."
        "De wortel van het bestand is een andere resource, of geen."
        "give the path of a FHIR TestScript (XML, JSON or YAML)"
        "geef het pad van een FHIR TestScript (XML, JSON of YAML)";
    NO_SCRIPTS 1003
        "A folder holds no scripts"
        "Een map bevat geen scripts"
        "Scripts are files whose root is TestScript; folders named `_reference…` or `_shared` hold material for scripts and are passed over."
        "Scripts zijn bestanden met TestScript als wortel; mappen met de naam `_reference…` of `_shared` bevatten materiaal voor scripts en worden overgeslagen."
        "give a folder that holds TestScripts, or the script itself"
        "geef een map met TestScripts, of het script zelf";
    UNKNOWN_ELEMENT 1010
        "A script has an element that TestScript does not have"
        "Een script heeft een element dat TestScript niet kent"
        "Scripts are FHIR R5 TestScripts. An element that is not in its definition would be passed over in silence, and a check could get lost."
        "Scripts zijn FHIR R5 TestScripts. Een element buiten die definitie zou stil worden overgeslagen, en een controle kan zo verdwijnen."
        "correct the spelling or take the element out"
        "verbeter de spelling of verwijder het element";
    MISSING_PART 1011
        "A part of a script is missing"
        "Een onderdeel van een script ontbreekt"
        "Without this part keur cannot know what is asked."
        "Zonder dit onderdeel weet keur niet wat er wordt gevraagd."
        "add the part named"
        "voeg het genoemde onderdeel toe";
    BAD_VALUE 1012
        "A value in a script is not of its type"
        "Een waarde in een script heeft niet het juiste type"
        "The element takes a boolean, a whole number or one of a list of codes (FHIR R5, TestScript)."
        "Het element verwacht een boolean, een geheel getal of een code uit een lijst (FHIR R5, TestScript)."
        "write one of the values the element takes"
        "schrijf een waarde die het element toestaat";
    REPEATED 1013
        "A part of a script is given more than once"
        "Een onderdeel van een script komt meer dan eens voor"
        "Only one of them could count, and nobody can see which."
        "Slechts één ervan kan tellen, en niemand kan zien welke."
        "keep one of them"
        "houd er één over";
    IRREGULAR 1014
        "A script bends the rules of its format"
        "Een script wijkt af van de regels van zijn formaat"
        "Text between XML elements, unknown attributes, null values and empty objects carry nothing FHIR knows; keur reads on without them."
        "Tekst tussen XML-elementen, onbekende attributen, null-waarden en lege objecten dragen niets dat FHIR kent; keur leest zonder verder."
        "take it out"
        "verwijder het";
    UNDEFINED_VARIABLE 1020
        "A script uses a variable it does not declare"
        "Een script gebruikt een variabele die het niet declareert"
        "The placeholder would never get a value: no `variable` of that name is declared, and it is none of the built-in ones."
        "De plaatshouder krijgt nooit een waarde: er is geen `variable` met die naam, en het is geen ingebouwde."
        "declare the variable or correct its name"
        "declareer de variabele of verbeter de naam";
    UNDECLARED_SOURCE 1021
        "A script refers to a fixture or response that is not there"
        "Een script verwijst naar een fixture of antwoord dat er niet is"
        "`sourceId`, `targetId` and `minimumId` name a declared fixture, a `requestId` or `responseId` of an operation, or the output of a rule."
        "`sourceId`, `targetId` en `minimumId` noemen een gedeclareerde fixture, een `requestId` of `responseId` van een operatie, of de uitvoer van een regel."
        "declare the fixture, or correct the name"
        "declareer de fixture, of verbeter de naam";
    UNDECLARED_PROFILE 1022
        "A script validates against a profile it does not declare"
        "Een script valideert tegen een profiel dat het niet declareert"
        "`validateProfileId` names the id of a `profile` of the same script."
        "`validateProfileId` noemt het id van een `profile` van hetzelfde script."
        "declare the profile with this id, or correct the id"
        "declareer het profiel met dit id, of verbeter het id";
    UNDECLARED_RULE 1023
        "A script calls a rule it does not declare"
        "Een script roept een regel aan die het niet declareert"
        "A rule is declared with the extension for rules at the head of the script."
        "Een regel wordt gedeclareerd met de extensie voor regels bovenaan het script."
        "declare the rule, or correct its id"
        "declareer de regel, of verbeter het id";
    UNREADABLE_FIXTURE 1024
        "A fixture file cannot be read"
        "Een fixturebestand kan niet worden gelezen"
        "The path of a fixture is relative to the script that declares it."
        "Het pad van een fixture is relatief ten opzichte van het script dat hem declareert."
        "correct the path or put the file there"
        "verbeter het pad of plaats het bestand";
    UNDECLARED_PARTY 1025
        "An operation names an origin or destination that is not declared"
        "Een operatie noemt een origin of destination die niet is gedeclareerd"
        "The number is the `index` of an `origin` or `destination` at the head of the script."
        "Het nummer is de `index` van een `origin` of `destination` bovenaan het script."
        "declare the party, or correct the number"
        "declareer de partij, of verbeter het nummer";
    UNKNOWN_OPERATION 1030
        "keur does not know the kind of an operation"
        "keur kent de soort van een operatie niet"
        "The operation is not carried out and counts as not evaluated, with everything that looks at its answer."
        "De operatie wordt niet uitgevoerd en telt als niet beoordeeld, met alles wat naar het antwoord kijkt."
        "use a code of restful-interaction or http-operations"
        "gebruik een code uit restful-interaction of http-operations";
    UNKNOWN_OPERATOR 1031
        "An assert compares with an operator that does not exist"
        "Een assert vergelijkt met een operator die niet bestaat"
        "The codes are those of assert-operator-codes (FHIR R5)."
        "De codes zijn die van assert-operator-codes (FHIR R5)."
        "use one of the codes named"
        "gebruik een van de genoemde codes";
    EXPRESSION_SYNTAX 1032
        "A FHIRPath expression cannot be parsed"
        "Een FHIRPath-expressie is niet te ontleden"
        "Every expression is parsed before the first request is made, with its placeholders replaced by a value."
        "Elke expressie wordt ontleed voordat het eerste verzoek uitgaat, met een waarde in plaats van de plaatshouders."
        "repair the expression at the place marked"
        "herstel de expressie op de aangegeven plaats";
    NO_CHECK 1033
        "An assert checks nothing"
        "Een assert controleert niets"
        "None of the parts that say what is to be checked is there; the assert counts as not evaluated."
        "Geen van de onderdelen die zeggen wat te controleren is aanwezig; de assert telt als niet beoordeeld."
        "add what is to be checked, or take the assert out"
        "voeg toe wat te controleren is, of verwijder de assert";
    SEVERAL_CHECKS 1034
        "An assert checks more than one thing"
        "Een assert controleert meer dan één ding"
        "FHIR allows one check in an assert; of two, one would be left undone in silence."
        "FHIR staat één controle per assert toe; van twee zou er één stil achterwege blijven."
        "make an assert of each"
        "maak van elk een eigen assert";
    UNSUPPORTED_CHECK 1035
        "An assert asks for a check that keur does not do"
        "Een assert vraagt een controle die keur niet uitvoert"
        "XPath, JSONPath and comparison with another source are not evaluated; the assert counts as not evaluated."
        "XPath, JSONPath en vergelijking met een andere bron worden niet beoordeeld; de assert telt als niet beoordeeld."
        "write the check as a FHIRPath expression"
        "schrijf de controle als FHIRPath-expressie";
    UNKNOWN_RULE 1040
        "keur does not know a rule"
        "keur kent een regel niet"
        "Rules are programs of another platform. keur has its own form of those that official scripts use; asserts with any other count as not evaluated."
        "Regels zijn programma's van een ander platform. keur heeft een eigen vorm van die in officiële scripts; asserts met een andere tellen als niet beoordeeld."
        "write the check as FHIRPath where that is possible"
        "schrijf de controle waar mogelijk als FHIRPath";
    UNKNOWN_EXTENSION 1041
        "keur does not know an extension of a script"
        "keur kent een extensie van een script niet"
        "What the extension asks for is not done; an assert that has it counts as not evaluated."
        "Wat de extensie vraagt gebeurt niet; een assert met die extensie telt als niet beoordeeld."
        "take the extension out, or write what it asks for in TestScript's own terms"
        "verwijder de extensie, of schrijf wat ze vraagt in de termen van TestScript";
    MODIFIER_EXTENSION 1042
        "A script has a modifier extension that keur does not know"
        "Een script heeft een modifier-extensie die keur niet kent"
        "A modifier extension changes the meaning of what it stands on; FHIR forbids to go on without understanding it."
        "Een modifier-extensie verandert de betekenis van het element; FHIR verbiedt doorgaan zonder haar te begrijpen."
        "take the extension out"
        "verwijder de extensie";
    STOP_DISAGREES 1043
        "An assert says twice whether its failure ends the test, and differently"
        "Een assert zegt tweemaal of falen de test beëindigt, en niet hetzelfde"
        "The element `stopTestOnFail` decides; the older extension is passed over."
        "Het element `stopTestOnFail` beslist; de oudere extensie telt niet."
        "take the extension out"
        "verwijder de extensie";
    INCLUDE_UNREADABLE 1050
        "An included group cannot be read"
        "Een ingevoegde groep kan niet worden gelezen"
        "The path of a group is relative to the file that includes it."
        "Het pad van een groep is relatief ten opzichte van het bestand dat hem invoegt."
        "correct the path of the group"
        "verbeter het pad van de groep";
    INCLUDE_CYCLE 1051
        "A group includes itself"
        "Een groep voegt zichzelf in"
        "The actions of such a group never end."
        "De acties van zo'n groep houden nooit op."
        "take one of the includes out"
        "verwijder een van de invoegingen";
    INCLUDE_PARAMETER 1052
        "The parameters of a group and what is given do not match"
        "De parameters van een groep en wat wordt meegegeven komen niet overeen"
        "A group names its parameters; each must be given where it is included, and no others."
        "Een groep noemt haar parameters; elk moet bij het invoegen worden meegegeven, en geen andere."
        "give exactly the parameters of the group"
        "geef precies de parameters van de groep mee";
    PROPERTIES 1060
        "properties.json of a folder cannot be used"
        "properties.json van een map is niet bruikbaar"
        "It says for which FHIR version, role and packages the scripts of the folder are; without it keur goes by what you give."
        "Het zegt voor welke FHIR-versie, rol en packages de scripts van de map zijn; zonder gaat keur af op wat u opgeeft."
        "repair the file"
        "herstel het bestand";
    SUITE 1061
        "suite.toml of a suite cannot be used"
        "suite.toml van een suite is niet bruikbaar"
        "It says what the suite is called, for which data service and FHIR version it is, and where its test persons are."
        "Het zegt hoe de suite heet, voor welke gegevensdienst en FHIR-versie zij is, en waar haar testpersonen staan."
        "repair the file; `keur new` shows one with all that can be in it"
        "herstel het bestand; `keur new` toont er een met alles wat erin kan staan";
    FIXTURE_VALUE 1070
        "A fixture needs a value that is not there"
        "Een fixture heeft een waarde nodig die er niet is"
        "Placeholders in a fixture are filled in when it is sent; a variable in it has no value by then."
        "Plaatshouders in een fixture worden bij het versturen ingevuld; een variabele erin heeft dan geen waarde."
        "give the variable a value"
        "geef de variabele een waarde";
    FIXTURE_MALFORMED 1071
        "A fixture is not well-formed XML or JSON"
        "Een fixture is geen welgevormde XML of JSON"
        "It is parsed after its placeholders are filled in."
        "Zij wordt ontleed nadat haar plaatshouders zijn ingevuld."
        "repair the fixture at the place marked"
        "herstel de fixture op de aangegeven plaats";
}

/// The rule of a code of this room.
pub fn rule(code: Code) -> Option<&'static Rule> {
    RULES.binary_search_by_key(&code, |rule| rule.code).ok().and_then(|at| RULES.get(at))
}

/// A diagnostic of this room at a place, with its remedy.
pub(super) fn problem(severity: Severity, code: Code, message: impl Into<String>, place: &Place) -> Diagnostic {
    let diagnostic = unplaced(severity, code, message);
    Diagnostic {
        labels: vec![Label { source: place.source.clone(), span: place.span, text: String::new() }],
        ..diagnostic
    }
}

/// A diagnostic of this room about no place in a text.
pub(super) fn unplaced(severity: Severity, code: Code, message: impl Into<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(severity, code, message);
    match rule(code) {
        Some(rule) => diagnostic.note(NoteKind::Remedy, rule.remedy.en),
        None => diagnostic,
    }
}

/// True when a script with this problem cannot be run.
pub fn forbids_running(problem: &Diagnostic) -> bool {
    matches!(problem.severity, Severity::Fatal | Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_within_its_range_and_says_all_in_both_languages() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for rule in RULES {
            assert!((1000..1100).contains(&rule.code.0), "{}", rule.code);
            for line in [rule.title, rule.remedy] {
                assert!(!line.en.is_empty() && !line.nl.is_empty() && line.en != line.nl, "{}", rule.code);
                assert!(!line.en.ends_with('.') && !line.nl.ends_with('.'), "{}", rule.code);
            }
            assert!(rule.explanation.en.ends_with('.') && rule.explanation.nl.ends_with('.'), "{}", rule.code);
        }
        assert_eq!(rule(EXPRESSION_SYNTAX).map(|r| r.code), Some(EXPRESSION_SYNTAX));
        assert_eq!(rule(Code(1099)), None);
    }
}
