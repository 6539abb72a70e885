//! MM-TOK: the token endpoint of the DVA.

use super::checks;
use crate::check::medmij::token as judge;

#[rustfmt::skip]
checks! {
    "MM-TOK-01" Hard C "core.tknint.200/201" [TokenEndpoint, Login] "a code is exchanged for a token" / "een code wordt ingewisseld voor een token" => exchange;
    "MM-TOK-02" Note C "example of the token interface; RFC 6749 section 4.1.3" [TokenEndpoint, Login] "parameters are taken from the body, the query or both" / "parameters worden uit de body, de query of beide gelezen" => parameter_place;
    "MM-TOK-03" Hard C "RFC 6749 section 5.1" [TokenEndpoint, Login] "token answers are not stored" / "tokenantwoorden worden niet bewaard" => no_store;
    "MM-TOK-04" Hard C "RFC 6749 section 5.1" [TokenEndpoint, Login] "token answers are JSON" / "tokenantwoorden zijn JSON" => json;
    "MM-TOK-05" Warn I "RFC0039: fifteen minutes as is customary" [TokenEndpoint, Login] "an access token lasts at most 900 seconds" / "een access-token is hoogstens 900 seconden geldig" => lifetime;
    "MM-TOK-06" Hard C "core.tknint.206" [TokenEndpoint, Login] "answers come within 10 seconds" / "antwoorden komen binnen 10 seconden" => in_time;
    "MM-TOK-07" Hard C "core.tknint.203/204; code: RFC 6749 section 5.2" [TokenEndpoint, Login] "a code can be used once" / "een code is één keer te gebruiken" => code_twice;
    "MM-TOK-08" Warn C "core.tknint.204" [TokenEndpoint, Login] "a failed offer uses the code up too" / "een mislukte aanbieding verbruikt de code ook" => failed_offer;
    "MM-TOK-09" Hard C "core.tknint.205; code: RFC 6749 section 5.2" [TokenEndpoint, Login] "no token without redirect_uri" / "geen token zonder redirect_uri" => no_redirect_uri;
    "MM-TOK-10" Hard C "core.tknint.205" [TokenEndpoint, Login] "no token with another redirect_uri" / "geen token met een andere redirect_uri" => other_redirect_uri;
    "MM-TOK-11" Hard C "client_id is required since 1.4" [TokenEndpoint, Login] "no token without client_id" / "geen token zonder client_id" => no_client_id;
    "MM-TOK-12" Hard C "core.tknint; RFC 6749 section 4.1.3" [TokenEndpoint, Login, SecondClient] "no token for another client" / "geen token voor een andere client" => other_client_id;
    "MM-TOK-13" Hard C "RFC 8705 section 2" [TokenEndpoint, Login, BackTls, SecondCertificate] "no token for the certificate of another host" / "geen token voor het certificaat van een andere host" => other_certificate;
    "MM-TOK-14" Hard R "RFC 6749 section 5.2" [TokenEndpoint, Client] "a made-up code is refused" / "een verzonnen code wordt geweigerd" => made_up_code;
    "MM-TOK-15" Hard C "grant types of the token interface; code: RFC 6749 section 5.2" [TokenEndpoint, Client] "other grant types give no token" / "andere grant types geven geen token" => grant_types;
    "MM-TOK-16" Warn I "RFC0039: fifteen minutes as is customary" [TokenEndpoint, Login, LongRun] "an expired code is refused" / "een verlopen code wordt geweigerd" => expired_code;
    "MM-TOK-17" Hard R "RFC 6749 section 3.2" [TokenEndpoint, Client] "GET gives no token" / "GET geeft geen token" => get;
    "MM-TOK-18" Note U "core.tknint.208; reaction not read" [TokenEndpoint, Login] "what happens without MedMij-Request-ID" / "wat er gebeurt zonder MedMij-Request-ID" => no_request_id;
    "MM-TOK-19" Note U "core.tknint.208; reaction not read" [TokenEndpoint, Login] "what happens with another X-Correlation-ID" / "wat er gebeurt met een ander X-Correlation-ID" => other_correlation_id;
    "MM-TOK-20" Hard C "core.tknint: other parameters are ignored" [TokenEndpoint, Login] "an unknown parameter is ignored" / "een onbekende parameter wordt genegeerd" => unknown_parameter;
    "MM-TOK-21" Warn C "core.tknint.201" [TokenEndpoint, Login] "the scope of the answer fits the request" / "de scope van het antwoord past bij het verzoek" => scope;
    "MM-TOK-22" Hard C "change log 2.2.0: OCL check at the token interface" [TokenEndpoint, Login, UnlistedService] (from R2_2) "a service that the OCL does not grant is left out" / "een dienst die de OCL niet toekent wordt weggelaten" => unlisted_service;
    "MM-TOK-23" Hard C "2.0: long-term consent" [TokenEndpoint, Login] (from R2_0) "a refresh gives a new access token and a new refresh token" / "een refresh geeft een nieuw access-token en een nieuw refresh-token" => refresh;
    "MM-TOK-24" Hard C "2.0: refresh tokens are exchanged" [TokenEndpoint, Login] (from R2_0) "a used refresh token is refused" / "een gebruikt refresh-token wordt geweigerd" => refresh_twice;
    "MM-TOK-25" Hard R "RFC 6749 section 6" [TokenEndpoint, Login, SecondClient] (from R2_0) "a refresh token of another client is refused" / "een refresh-token van een andere client wordt geweigerd" => refresh_other_client;
    "MM-TOK-26" Warn R "long-term consent" [TokenEndpoint, Login] (from R2_0) "there is no refresh token without long-term consent" / "zonder langdurige toestemming is er geen refresh-token" => short_consent;
    "MM-TOK-27" Hard C "core.autorisatie: uniqueness; entropy: RFC 6749 section 10.10" [TokenEndpoint, Login] "tokens are unique and cannot be guessed" / "tokens zijn uniek en niet te raden" => tokens_unguessable;
    "MM-TOK-28" Hard R "core.rscint item 4" [TokenEndpoint, Login] "tokens hold no readable citizen service number" / "tokens bevatten geen leesbaar BSN" => no_bsn;
    "MM-TOK-29" Warn R "RFC 6749 section 5.2" [TokenEndpoint, Client] "errors of the token endpoint have the form of RFC 6749" / "fouten van het token-endpoint hebben de vorm van RFC 6749" => error_form;
    "MM-TOK-30" Note U "RFC0054 mentions withdrawal" [TokenEndpoint, Client, Login, WithdrawalPage] (from R2_0) "what happens to a refresh token when consent is withdrawn" / "wat er met een refresh-token gebeurt als de toestemming wordt ingetrokken" => withdrawn;
}
