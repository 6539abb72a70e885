//! MM-AUTH: the authorization endpoint of the DVA, with us as DVP.

use super::checks;
use crate::check::medmij::authorization as judge;

#[rustfmt::skip]
checks! {
    "MM-AUTH-01" Hard C "core.authint.200" [AuthorizationEndpoint, Client] "a valid authorization request is accepted" / "een geldig autorisatieverzoek wordt geaccepteerd" => accepted;
    "MM-AUTH-02" Hard C "core.authint.203/207; RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client] "an unknown client is not redirected to" / "naar een onbekende client wordt niet doorgestuurd" => unknown_client;
    "MM-AUTH-03" Hard C "core.authint.203/207; RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client] "a request without client_id is not redirected" / "een verzoek zonder client_id wordt niet doorgestuurd" => no_client;
    "MM-AUTH-04" Hard C "core.authint.203/207; RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client] "a redirect_uri of another host is not redirected to" / "naar een redirect_uri van een andere host wordt niet doorgestuurd" => foreign_redirect;
    "MM-AUTH-05" Hard C "core.authint.203/207; RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client] "a request without redirect_uri is not redirected" / "een verzoek zonder redirect_uri wordt niet doorgestuurd" => no_redirect;
    "MM-AUTH-06" Hard I "implementations (MedMij 1.1 reference); RFC 6749 section 3.1.2" [AuthorizationEndpoint, Client] "tricks with the redirect_uri are refused" / "trucs met de redirect_uri worden geweigerd" => redirect_tricks;
    "MM-AUTH-07" Hard C "core.authint.200; code: RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client] "another response_type is answered with a redirected error" / "een ander response_type krijgt een doorgestuurde fout" => response_type;
    "MM-AUTH-08" Hard C "core.authint.207 (1b); code: RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client] "a missing scope is answered with a redirected error" / "een ontbrekende scope krijgt een doorgestuurde fout" => no_scope;
    "MM-AUTH-09" Hard C "core.authint.207 (1b); code: RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client] "a scope for an unknown provider is answered with a redirected error" / "een scope voor een onbekende aanbieder krijgt een doorgestuurde fout" => unknown_provider;
    "MM-AUTH-10" Warn R "scope syntax of the afsprakenstelsel; reaction not read" [AuthorizationEndpoint, Client] "a scope with wrong syntax is refused" / "een scope met verkeerde syntaxis wordt geweigerd" => scope_syntax;
    "MM-AUTH-11" Warn C "releases before 2.2: one provider in a scope" [AuthorizationEndpoint, Client] (before R2_2) "two providers in one scope are refused" / "twee aanbieders in één scope worden geweigerd" => mixed_providers;
    "MM-AUTH-12" Hard C "change log 1.5.0" [AuthorizationEndpoint, Client, SecondService] (from R1_5) (before R2_2) "several services in one scope are accepted" / "meer gegevensdiensten in één scope worden geaccepteerd" => several_services;
    "MM-AUTH-13" Hard C "core.autorisatie 2.2" [AuthorizationEndpoint, Client] (from R2_2) "a scope of the provider's name alone is accepted" / "een scope van alleen de aanbiedernaam wordt geaccepteerd" => provider_scope;
    "MM-AUTH-14" Hard R "RFC 6749 section 4.1.2" [AuthorizationEndpoint, Client] "state comes back unchanged, also with errors" / "state komt ongewijzigd terug, ook bij fouten" => state_unchanged;
    "MM-AUTH-15" Warn C "core.authint.200; reaction not read" [AuthorizationEndpoint, Client] "a request without state gets no code" / "een verzoek zonder state krijgt geen code" => no_state;
    "MM-AUTH-16" Note U "length rule since 1.5.0, value not read" [AuthorizationEndpoint, Client] "a very long state does not break the server" / "een heel lange state maakt de server niet stuk" => long_state;
    "MM-AUTH-17" Note U "core.authint.208; reaction not read" [AuthorizationEndpoint, Client] "what happens without MedMij-Request-ID" / "wat er gebeurt zonder MedMij-Request-ID" => no_request_id;
    "MM-AUTH-18" Note U "core.authint.208; reaction not read" [AuthorizationEndpoint, Client] "what happens without a valid X-Correlation-ID" / "wat er gebeurt zonder geldig X-Correlation-ID" => no_correlation_id;
    "MM-AUTH-19" Hard C "core.authint.200" [AuthorizationEndpoint, Client] "an unknown parameter is ignored" / "een onbekende parameter wordt genegeerd" => unknown_parameter;
    "MM-AUTH-20" Warn R "RFC 6749 section 3.1" [AuthorizationEndpoint, Client] "a parameter given twice is refused" / "een parameter die twee keer voorkomt wordt geweigerd" => parameter_twice;
    "MM-AUTH-21" Note U "core.authint.201" [AuthorizationEndpoint, Client] "what happens with POST" / "wat er gebeurt bij POST" => post;
    "MM-AUTH-22" Hard C "core.authint.200; RFC 6749 section 4.1.2" [AuthorizationEndpoint, Client, Login] "consent gives a code and the state, and nothing else" / "toestemming geeft een code en de state, en niets anders" => consent_given;
    "MM-AUTH-23" Hard C "business outcome autoriseren 2; code: RFC 6749 section 4.1.2.1" [AuthorizationEndpoint, Client, Login] "refused consent stops the flow" / "geweigerde toestemming stopt de flow" => consent_refused;
    "MM-AUTH-24" Hard C "business outcome autoriseren 1" [AuthorizationEndpoint, Client, Login, PersonWithoutData] "a person without data gets no code" / "een persoon zonder gegevens krijgt geen code" => without_data;
    "MM-AUTH-25" Hard C "availability test: age 16" [AuthorizationEndpoint, Client, Login, PersonUnder16] "a person younger than 16 gets no code" / "een persoon jonger dan 16 krijgt geen code" => under_16;
    "MM-AUTH-26" Warn U "logging interface (send_authorization_cancellation); code not read" [AuthorizationEndpoint, Client, Login] "an aborted login gives an error and no code" / "een afgebroken login geeft een fout en geen code" => login_aborted;
    "MM-AUTH-27" Manual C "core.usrint" [AuthorizationEndpoint, Client] "long-term consent is not selected beforehand" / "langdurige toestemming is niet vooraf aangevinkt" => long_term_not_selected;
    "MM-AUTH-28" Manual C "core.usrint.105-109" [] "the consent text, names and logos are as prescribed" / "de toestemmingstekst, namen en logo's zijn zoals voorgeschreven" => by_hand;
    "MM-AUTH-29" Warn C "technical outage page" [AuthorizationEndpoint, Client] "an error page shows Trace ID and Session ID" / "een foutpagina toont Trace-ID en Session-ID" => error_page_ids;
    "MM-AUTH-30" Warn C "technical outage page" [AuthorizationEndpoint, Client] "an error page for an invalid client has no link to it" / "een foutpagina bij een ongeldige client heeft geen link ernaartoe" => error_page_link;
    "MM-AUTH-31" Hard C "core.autorisatie (uniqueness); entropy: RFC 6749 section 10.10" [AuthorizationEndpoint, Client, Login] "codes are unique and cannot be guessed" / "codes zijn uniek en niet te raden" => codes_unguessable;
    "MM-AUTH-32" Warn R "browser security" [AuthorizationEndpoint, Client] "pages cannot be framed, cached or sniffed" / "pagina's zijn niet te framen, te cachen of te sniffen" => page_headers;
    "MM-AUTH-33" Warn R "browser security" [AuthorizationEndpoint, Client] "pages do not leak the URL as referrer" / "pagina's lekken de URL niet als referrer" => referrer;
    "MM-AUTH-34" Hard C "scope of Delen" [AuthorizationEndpoint, Client, Login, ShareService] "a service for sharing can be authorized" / "een gegevensdienst voor Delen is te autoriseren" => share;
    "MM-AUTH-35" Hard C "extension Vertegenwoordiging" [AuthorizationEndpoint, Client, Login, OnBehalfOf] "a wrong date of birth stops a login on behalf of somebody" / "een verkeerde geboortedatum stopt een login namens iemand" => on_behalf_of;
    "MM-AUTH-36" Note U "PKCE: no trace in the afsprakenstelsel" [AuthorizationEndpoint, Client] "PKCE is not required, and not harmful" / "PKCE is niet verplicht, en niet schadelijk" => pkce;
}
