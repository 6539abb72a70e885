//! MM-LST: the trust lists, and what the DVA does with them.

use super::checks;
use crate::check::list::judge;

#[rustfmt::skip]
checks! {
    "MM-LST-01" Hard C "list file rules" [Lists] "root element and namespace are those of the list, without a prefix" / "wortelelement en namespace zijn die van de lijst, zonder prefix" => root;
    "MM-LST-02" Hard C "list schemas: Tijdstempel, Volgnummer" [Lists] "time stamp and sequence number are well formed, the number rises" / "tijdstempel en volgnummer zijn goed gevormd, het nummer loopt op" => head;
    "MM-LST-03" Hard C "list schemas (release 2): Hostname, endpoint URIs" [Lists] "host names and URIs follow their patterns" / "hostnamen en URI's volgen hun patroon" => patterns;
    "MM-LST-04" Hard C "list schemas: unique keys" [Lists] "keys are unique" / "sleutels zijn uniek" => uniqueness;
    "MM-LST-05" Hard C "whitelist check of the backchannel" [Zal, Whl] "the host of every token and resource endpoint is on the whitelist" / "de host van elk token- en resource-endpoint staat op de whitelist" => whitelisted;
    "MM-LST-06" Note R "frontchannel" [Zal, Whl] "the host of the authorization endpoint need not be on the whitelist" / "de host van het authorization-endpoint hoeft niet op de whitelist" => front_whitelisted;
    "MM-LST-07" Warn R "list of service names" [Zal, Gnl] "every service of the provider list has a name" / "elke gegevensdienst van de zorgaanbiederslijst heeft een naam" => named;
    "MM-LST-08" Hard C "OCL check of the authorization server" [AuthorizationEndpoint, Client] "a client that is not on the OCL is refused" / "een client die niet op de OCL staat wordt geweigerd" => unlisted_client;
    "MM-LST-09" Hard C "whitelist check of the backchannel; reaction not read" [BackTls, SecondCertificate] "a peer that is not on the whitelist is refused" / "een node die niet op de whitelist staat wordt geweigerd" => unlisted_peer;
}
