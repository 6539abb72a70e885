//! API: the requirements of the national API strategy that can be seen from outside.

use super::checks;
use crate::check::api as judge;

#[rustfmt::skip]
checks! {
    "API-01" Hard C "DR-R004" [FhirBase] "JSON and XML are both served" / "JSON en XML worden beide geleverd" => both_formats;
    "API-02" Hard C "DR-R004.001" [FhirBase] "JSON and XML hold the same" / "JSON en XML bevatten hetzelfde" => same_content;
    "API-03" Hard C "DR-R007.002" [FhirBase] "the format follows Accept" / "het formaat volgt Accept" => accept;
    "API-04" Warn C "DR-R007.002" [FhirBase] "a format that is not served is refused" / "een formaat dat er niet is wordt geweigerd" => other_accept;
    "API-05" Hard C "DR-R008.001" [FhirBase] "every answer says its Content-Type" / "elk antwoord noemt zijn Content-Type" => content_type;
    "API-06" Hard C "DR008" [FhirBase] "gzip is supported" / "gzip wordt ondersteund" => gzip;
    "API-07" Hard C "DR008" [FhirBase] "deflate is supported" / "deflate wordt ondersteund" => deflate;
    "API-08" Hard C "DR009" [FhirBase] "a coding that was not offered is not used" / "een codering die niet is aangeboden wordt niet gebruikt" => codings;
    "API-09" Warn C "DR011" [FhirBase] "JSON follows RFC 8259" / "JSON volgt RFC 8259" => json;
    "API-10" Warn C "DR007" [FhirBase] "the version of the API can be found" / "de versie van de API is te vinden" => version;
    "API-11" Warn C "DR002" [FhirBase] "a made-up method is refused" / "een verzonnen methode wordt geweigerd" => made_up_method;
    "API-12" Hard C "DR002.002-.005" [FhirBase, Writes] "create, update, patch and delete mean what they say" / "create, update, patch en delete doen wat ze zeggen" => writing;
    "API-13" Hard C "DR002.001; DR003.001-.002" [FhirBase] "GET changes nothing" / "GET verandert niets" => get_is_safe;
    "API-14" Hard C "DR003.003-.006" [FhirBase] "HEAD and OPTIONS change nothing" / "HEAD en OPTIONS veranderen niets" => head_is_safe;
    "API-15" Hard C "DR003.010, .014" [FhirBase, Writes] "PUT and DELETE twice do the same as once" / "PUT en DELETE twee keer doen hetzelfde als één keer" => idempotent;
    "API-16" Hard C "DR004" [FhirBase] "there is no session on the server" / "er is geen sessie op de server" => stateless;
    "API-17" Note C "DR005" [FhirBase] "references are written in one way" / "referenties zijn op één manier geschreven" => reference_style;
    "API-18" Warn C "DR006.001; SD012" [FhirBase] "operations that are declared are there" / "operaties die genoemd worden zijn er" => operations;
    "API-19" Hard C "DR-R001; DR-R002" [FhirBase] "resources are FHIR types" / "resources zijn FHIR-typen" => nouns;
    "API-20" Hard C "DR-R003" [FhirBase] "nothing of the implementation shows" / "niets van de implementatie is zichtbaar" => hidden_details;
    "API-21" Note C "DR001" [FhirBase] "names are English" / "namen zijn Engels" => english;
    "API-22" Hard C "SC004; SC004.001" [FhirBase, Tls] "TLS follows the guidelines" / "TLS volgt de richtlijnen" => tls;
    "API-23" Hard C "SC003; SC004" [FhirBase, Tls] "there is no data over plain http" / "er zijn geen gegevens over onversleuteld http" => no_plain_http;
    "API-24" Hard C "SC002; SC003" [FhirBase] "there is no data without a valid token" / "er zijn geen gegevens zonder geldig token" => protected;
    "API-25" Note C "SC003" [FhirBase] "data is not cached, and HTTPS is insisted on" / "gegevens worden niet gecachet, en op HTTPS wordt aangedrongen" => safe_headers;
    "API-26" Warn C "SC008; SC-R003" [FhirBase] "tokens for client authentication are signed asymmetrically" / "tokens voor clientauthenticatie zijn asymmetrisch ondertekend" => signing;
    "API-27" Hard C "SC-R001" [FhirBase, TokenEndpoint, JwtClient] "RFC 7523 is used for client authentication" / "RFC 7523 wordt gebruikt voor clientauthenticatie" => jwt_client;
    "API-28" Note C "SC-R002" [FhirBase] "OpenID Connect is there or not" / "OpenID Connect is er of niet" => openid;
    "API-29" Warn C "SD008" [FhirBase] "the CapabilityStatement describes the API" / "het CapabilityStatement beschrijft de API" => capability;
    "API-30" Note C "LM008; LM001.003" [FhirBase] "versions follow SemVer" / "versies volgen SemVer" => semver;
    "API-31" Warn C "IS003" [FhirBase] "resources claim a zib profile" / "resources noemen een zib-profiel" => zib_profiles;
    "API-32" Warn C "SD001.013; AG001-004; OB001; OB006; TS001.004/.006" [EvidenceUrls] "documentation can be read without logging in" / "documentatie is te lezen zonder in te loggen" => evidence;
    "API-33" Note C "DI001-003; LM001-006" [] "the library of APIs lists this one" / "de API-bibliotheek noemt deze" => by_hand;
    "API-34" Note C "SC009" [] "prescribed generic functions are used" / "voorgeschreven generieke functies worden gebruikt" => by_hand;
    "API-35" Hard C "DR009; DR-R005; DR-R007.001; DR-R008.002; LM007" [] "a client negotiates formats and survives additions" / "een client onderhandelt over formaten en overleeft toevoegingen" => client;
    "API-36" Note C "SC005" [FhirBase] "reads appear as AuditEvent, where those can be searched" / "inzage verschijnt als AuditEvent, waar die te doorzoeken zijn" => audit;
}
