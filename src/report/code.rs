//! What reports find by themselves, in baselines and tables of requirements: KEUR6100 to KEUR6199.

use crate::diagnostic::rules;

rules! {
    /// A known failure whose date has passed.
    KNOWN_EXPIRED = 6110,
    "a known failure has expired", "een bekende fout is verlopen",
    "Every known failure has a date until which it is accepted. After it the failure counts again and the entry itself fails the run, so that nothing stays accepted by being forgotten. The date is compared with the day on which the run began, in UTC.",
    "Elke bekende fout heeft een datum tot wanneer zij wordt aanvaard. Daarna telt de fout weer mee en laat de regel zelf de run zakken, zodat niets aanvaard blijft doordat het vergeten is. De datum wordt vergeleken met de dag waarop de run begon, in UTC.",
    "repair what fails, or agree on a new date in `[[known]]` of `keur.toml`",
    "herstel wat er fout gaat, of spreek een nieuwe datum af in `[[known]]` van `keur.toml`";

    /// A known failure that does not fail any more.
    KNOWN_HEALED = 6111,
    "a known failure does not fail any more", "een bekende fout gaat niet meer fout",
    "The scripts that the entry names were run to their end and nothing that it describes failed. An entry that stays would hide the same failure when it comes back.",
    "De scripts die de regel noemt zijn tot het einde gedraaid en niets van wat hij beschrijft ging fout. Een regel die blijft staan zou dezelfde fout verbergen wanneer die terugkomt.",
    "remove the entry from `[[known]]` of `keur.toml`", "verwijder de regel uit `[[known]]` van `keur.toml`";

    /// A table of requirements that is not there or cannot be read.
    REQUIREMENTS = 6120,
    "a table of requirements cannot be used", "een tabel met eisen is niet bruikbaar",
    "Tables of requirements are YAML files: those that keur carries go by their name, others by their path.",
    "Tabellen met eisen zijn YAML-bestanden: die van keur zelf hebben een naam, andere een pad.",
    "give the name of a table that keur carries, or the path of one", "geef de naam van een tabel die keur meebrengt, of het pad van een andere";
}
