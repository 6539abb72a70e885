//! What can be wrong with fixtures: KEUR3000 to KEUR3049.

use crate::diagnostic::{Code, Rule, Words};

/// A fixture file or folder cannot be read.
pub const UNREADABLE: Code = Code(3000);
/// A fixture is not well-formed.
pub const MALFORMED: Code = Code(3001);
/// A fixture is no resource of the release.
pub const NOT_A_RESOURCE: Code = Code(3002);
/// A fixture has no usable id.
pub const NO_ID: Code = Code(3003);
/// A placeholder cannot be filled in.
pub const PLACEHOLDER: Code = Code(3004);
/// A variable in a fixture has no value.
pub const VARIABLE: Code = Code(3005);
/// Two fixtures are the same resource with different content.
pub const TWICE: Code = Code(3006);
/// A Bundle that is to be carried out cannot be.
pub const BUNDLE: Code = Code(3007);
/// A SearchParameter among the fixtures cannot be evaluated.
pub const PARAMETER: Code = Code(3008);
/// A folder of fixtures holds none.
pub const EMPTY: Code = Code(3009);

/// The text of a rule.
const fn rule(code: Code, title: Words, explanation: Words, remedy: Words) -> Rule {
    Rule { code, title, explanation, remedy }
}

/// Every rule about fixtures, by code.
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    rule(UNREADABLE,
        Words::new("A fixture cannot be read", "Een fixture kan niet worden gelezen"),
        Words::new("The file or folder does not exist, may not be read, or holds no UTF-8 text.", "Het bestand of de map bestaat niet, mag niet worden gelezen of bevat geen UTF-8-tekst."),
        Words::new("check the path and who may read it", "controleer het pad en wie het mag lezen")),
    rule(MALFORMED,
        Words::new("A fixture is not well-formed JSON or XML", "Een fixture is geen welgevormde JSON of XML"),
        Words::new("After its placeholders were filled in, the text could not be parsed.", "Nadat de placeholders waren ingevuld, kon de tekst niet worden ontleed."),
        Words::new("repair the text at the place marked", "herstel de tekst op de aangegeven plaats")),
    rule(NOT_A_RESOURCE,
        Words::new("A fixture is no resource of this FHIR release", "Een fixture is geen resource van deze FHIR-release"),
        Words::new("The server keeps resources of one release; the outermost element names none of its types.", "De server bewaart resources van één release; het buitenste element noemt geen van de typen ervan."),
        Words::new("serve the release the fixture is of, or take the file out of the folder", "kies de release van de fixture, of haal het bestand uit de map")),
    rule(NO_ID,
        Words::new("A fixture has no usable id", "Een fixture heeft geen bruikbare id"),
        Words::new("A resource without `id` gets the name of its file, which here cannot be an id (1 to 64 letters, digits, `-` and `.`).", "Een resource zonder `id` krijgt de naam van zijn bestand, maar die kan hier geen id zijn (1 tot 64 letters, cijfers, `-` en `.`)."),
        Words::new("give the resource an `id`", "geef de resource een `id`")),
    rule(PLACEHOLDER,
        Words::new("A placeholder in a fixture cannot be filled in", "Een placeholder in een fixture kan niet worden ingevuld"),
        Words::new("The variable it counts from is no date, or the date falls outside the calendar.", "De variabele waarvan wordt geteld is geen datum, of de datum valt buiten de kalender."),
        Words::new("give the variable a date", "geef de variabele een datum")),
    rule(VARIABLE,
        Words::new("A variable in a fixture has no value", "Een variabele in een fixture heeft geen waarde"),
        Words::new("The fixture is a template of a script that fills the variable in when it runs; as loaded it holds the placeholder itself. It was left out where that makes it unusable.", "De fixture is een sjabloon van een script dat de variabele tijdens de uitvoering invult; zoals geladen bevat hij de placeholder zelf. Hij is weggelaten waar hij daardoor onbruikbaar is."),
        Words::new("set the variable, or leave the file out", "geef de variabele een waarde, of laat het bestand weg")),
    rule(TWICE,
        Words::new("Two fixtures are the same resource", "Twee fixtures zijn dezelfde resource"),
        Words::new("Both have the same type and id and differ in content; the one loaded last is served.", "Beide hebben hetzelfde type en dezelfde id en verschillen van inhoud; de laatst geladen wordt aangeboden."),
        Words::new("load one of the folders, or give one resource another id", "laad een van de mappen, of geef een van de resources een andere id")),
    rule(BUNDLE,
        Words::new("A Bundle cannot be carried out", "Een Bundle kan niet worden uitgevoerd"),
        Words::new("Bundles of type `transaction` and `batch` are carried out when they are loaded; this one was refused.", "Bundles van het type `transaction` en `batch` worden bij het laden uitgevoerd; deze is geweigerd."),
        Words::new("repair the entry named", "herstel de genoemde entry")),
    rule(PARAMETER,
        Words::new("A SearchParameter cannot be evaluated", "Een SearchParameter kan niet worden geëvalueerd"),
        Words::new("Its expression is beyond what this server evaluates; a search with it is refused.", "De expressie gaat verder dan wat deze server evalueert; zoeken ermee wordt geweigerd."),
        Words::new("give it an expression of paths, types and simple conditions", "geef hem een expressie van paden, typen en eenvoudige voorwaarden")),
    rule(EMPTY,
        Words::new("There are no fixtures", "Er zijn geen fixtures"),
        Words::new("The folder and its subfolders hold no `.json` or `.xml` file.", "De map en haar submappen bevatten geen `.json`- of `.xml`-bestand."),
        Words::new("give the folder the resources are in", "geef de map waar de resources in staan")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_this_rooms_and_in_order() {
        assert!(RULES.iter().enumerate().all(|(at, rule)| rule.code == Code(3000 + at as u16)));
    }
}
