//! MM-RES: the resource server of the DVA.

use super::checks;
use crate::check::medmij::resource as judge;

#[rustfmt::skip]
checks! {
    "MM-RES-01" Hard C "core.rscint; data service" [FhirBase, Token] "every request of the data service is answered with a searchset" / "elk verzoek van de gegevensdienst krijgt een searchset" => searches;
    "MM-RES-02" Hard C "Nictiz PDF/A 2.5; RFC 6750 section 3.1" [FhirBase] "no data without Authorization" / "geen gegevens zonder Authorization" => no_authorization;
    "MM-RES-03" Hard R "RFC 6750 section 2.1" [FhirBase, Token] "a token without `Bearer` is refused" / "een token zonder `Bearer` wordt geweigerd" => no_bearer;
    "MM-RES-04" Hard C "RFC 6750 section 3.1" [FhirBase] "a made-up token is refused" / "een verzonnen token wordt geweigerd" => made_up_token;
    "MM-RES-05" Hard R "RFC 6750 section 5.2" [FhirBase, Token] "a changed token is refused" / "een veranderd token wordt geweigerd" => changed_token;
    "MM-RES-06" Hard C "lifetime; RFC 6750 section 3.1" [FhirBase, Login, LongRun] "an expired token is refused" / "een verlopen token wordt geweigerd" => expired_token;
    "MM-RES-07" Hard C "core.rscint.200" [FhirBase, Token] "a token in the query is refused" / "een token in de query wordt geweigerd" => token_in_query;
    "MM-RES-08" Hard C "core.rscint item 4" [FhirBase, Token, SecondPerson] "data of another person stays hidden" / "gegevens van een ander blijven verborgen" => other_person;
    "MM-RES-09" Hard C "core.rscint item 4" [FhirBase, Token] "all data is of the person of the token" / "alle gegevens zijn van de persoon van het token" => one_person;
    "MM-RES-10" Hard C "core.rscint item 4: no citizen number" [FhirBase, Token] "a citizen service number in the query widens nothing" / "een BSN in de query verruimt niets" => bsn_in_query;
    "MM-RES-11" Hard C "Nictiz test scripts" [FhirBase, Token] "no answer holds a citizen service number" / "geen antwoord bevat een BSN" => no_bsn;
    "MM-RES-12" Hard R "RFC 6750 section 3.1" [FhirBase, Token, SecondService] "a service without consent is refused" / "een dienst zonder toestemming wordt geweigerd" => other_service;
    "MM-RES-13" Hard R "RFC 6750 section 3.1" [FhirBase, Token, OtherProvider] "the endpoint of another provider refuses the token" / "het endpoint van een andere aanbieder weigert het token" => other_provider;
    "MM-RES-14" Note U "core.rscint.201; reaction not read" [FhirBase, Token] "what happens without MedMij-Request-ID" / "wat er gebeurt zonder MedMij-Request-ID" => no_request_id;
    "MM-RES-15" Note U "core.rscint.201; reaction not read" [FhirBase, Token] "what happens without a valid X-Correlation-ID" / "wat er gebeurt zonder geldig X-Correlation-ID" => no_correlation_id;
    "MM-RES-16" Note U "core.rscint.201; reaction not read" [FhirBase, Token] "what happens with the same MedMij-Request-ID twice" / "wat er gebeurt met twee keer hetzelfde MedMij-Request-ID" => repeated_request_id;
    "MM-RES-17" Note I "implementations" [FhirBase, Token] "MedMij-Request-ID is echoed or not" / "MedMij-Request-ID wordt herhaald of niet" => echoed_request_id;
    "MM-RES-18" Hard R "FHIR RESTful API; collecting is reading only" [FhirBase, Token, Writes] "methods that write are refused" / "methoden die schrijven worden geweigerd" => methods;
    "MM-RES-19" Warn R "FHIR RESTful API, content types" [FhirBase, Token] "a format that is not FHIR is refused" / "een formaat dat geen FHIR is wordt geweigerd" => wrong_accept;
    "MM-RES-20" Hard C "Nictiz FHIR implementation guide STU3" [FhirBase, Token] "JSON and XML are both served, with the same entries" / "JSON en XML worden beide geleverd, met dezelfde entries" => formats;
    "MM-RES-21" Warn C "Nictiz FHIR implementation guide STU3" [FhirBase, Token] "_format goes before Accept" / "_format gaat voor Accept" => format_parameter;
    "MM-RES-22" Warn I "implementations" [FhirBase, Token] "another FHIR version is refused" / "een andere FHIR-versie wordt geweigerd" => wrong_version;
    "MM-RES-23" Warn R "RFC 9110 section 12.5.1" [FhirBase, Token] "any format is fine without Accept" / "zonder Accept is elk formaat goed" => any_accept;
    "MM-RES-24" Warn C "MedMij core: extra parameters need not be processed" [FhirBase, Token] "an unknown search parameter is refused or left out of the self link" / "een onbekende zoekparameter wordt geweigerd of staat niet in de self-link" => unknown_parameter;
    "MM-RES-25" Warn I "implementations" [FhirBase, Token] "an invalid search value is refused or finds nothing" / "een ongeldige zoekwaarde wordt geweigerd of vindt niets" => invalid_value;
    "MM-RES-26" Hard C "Nictiz PDF/A" [FhirBase, Token] "an unknown resource type is refused" / "een onbekend resourcetype wordt geweigerd" => unknown_type;
    "MM-RES-27" Hard R "FHIR RESTful API, read" [FhirBase, Token] "an unknown id is answered with 404" / "een onbekend id krijgt 404" => unknown_id;
    "MM-RES-28" Warn R "FHIR RESTful API; Nictiz error examples" [FhirBase, Token] "errors are an OperationOutcome" / "fouten zijn een OperationOutcome" => outcomes;
    "MM-RES-29" Warn R "secure programming" [FhirBase, Token] "errors show nothing of the inside" / "fouten tonen niets van de binnenkant" => no_internals;
    "MM-RES-30" Hard R "FHIR search, paging" [FhirBase, Token] "pages are complete, and refused without a token" / "pagina's zijn compleet, en geweigerd zonder token" => paging;
    "MM-RES-31" Hard R "FHIR search, paging" [FhirBase, Token, SecondPerson] "a page of one person is not shown to another" / "een pagina van de een wordt niet aan de ander getoond" => page_of_other;
    "MM-RES-32" Hard C "Nictiz test scripts" [FhirBase, Token] "searchsets have a self link" / "searchsets hebben een self-link" => self_link;
    "MM-RES-33" Warn C "Nictiz test scripts" [FhirBase, Token] "total counts the matches" / "total telt de treffers" => total;
    "MM-RES-34" Hard C "Nictiz test scripts" [FhirBase, Token] "entries have a search mode and a fullUrl" / "entries hebben een search mode en een fullUrl" => entries;
    "MM-RES-35" Warn C "MedMij core" [FhirBase, Token] "references can be resolved" / "referenties zijn op te lossen" => references;
    "MM-RES-36" Warn R "FHIR Observation $lastn; Nictiz test scripts" [FhirBase, Token] "$lastn gives the latest" / "$lastn geeft de laatste" => last_n;
    "MM-RES-37" Warn C "Nictiz test scripts" [FhirBase, Token] "_include is honoured" / "_include wordt uitgevoerd" => includes;
    "MM-RES-38" Hard C "core.rscint.202" [FhirBase, Token] "answers come within 60 seconds" / "antwoorden komen binnen 60 seconden" => in_time;
    "MM-RES-39" Note R "RFC 9110" [FhirBase, Token] "HEAD and conditional requests do not break the server" / "HEAD en voorwaardelijke verzoeken maken de server niet stuk" => conditional;
    "MM-RES-40" Warn R "what personal health environments do" [FhirBase, Token] "all requests of the service at once are answered" / "alle verzoeken van de dienst tegelijk worden beantwoord" => parallel;
    "MM-RES-41" Note U "FHIR RESTful API, capabilities" [FhirBase] "what /metadata says" / "wat /metadata zegt" => metadata;
    "MM-RES-42" Warn R "FHIR RESTful API, content types" [FhirBase, Token] "content is UTF-8 and says so" / "de inhoud is UTF-8 en zegt dat" => utf8;
    "MM-RES-43" Warn R "RFC 9111 section 5.2.2" [FhirBase, Token] "data is not cached" / "gegevens worden niet gecachet" => caching;
    "MM-RES-44" Note R "RFC 9110 section 15.5.15" [FhirBase, Token] "long URLs and tokens do not break the server" / "lange URL's en tokens maken de server niet stuk" => long_request;
    "MM-RES-45" Hard R "FHIR search" [FhirBase, Token] "nothing found is an empty searchset" / "niets gevonden is een lege searchset" => empty;
    "MM-RES-46" Note C "services for sharing" [FhirBase, Login, ShareService, Writes] "what happens when data is shared" / "wat er gebeurt als er gegevens gedeeld worden" => share;
}
