//! MM-TLS: TLS versions, suites and certificates of front channel and backchannel.

use super::checks;
use crate::check::tls::judge;

#[rustfmt::skip]
checks! {
    "MM-TLS-01" Hard C "core.tls.300" [Tls] "there is no plain http" / "er is geen onversleuteld http" => no_plain_http;
    "MM-TLS-02" Hard C "core.tls.302" [Tls] "TLS 1.2 is offered" / "TLS 1.2 wordt aangeboden" => tls12;
    "MM-TLS-03" Warn C "core.tls.302, where reasonably possible" [Tls] "TLS 1.3 is offered" / "TLS 1.3 wordt aangeboden" => tls13;
    "MM-TLS-04" Hard C "core.tls.301" [Tls] "SSL 3.0, TLS 1.0 and TLS 1.1 are off" / "SSL 3.0, TLS 1.0 en TLS 1.1 staan uit" => old_versions;
    "MM-TLS-05" Hard C "core.tls.304" [Tls] "the highest common version is chosen" / "de hoogste gemeenschappelijke versie wordt gekozen" => highest_version;
    "MM-TLS-06" Hard R "core.tls.301; list of NCSC TLS guidelines 2.1" [Tls] "only strong cipher suites are taken" / "alleen sterke cipher suites worden genomen" => suites;
    "MM-TLS-07" Warn R "list of NCSC TLS guidelines 2.1" [Tls] "only strong groups are taken" / "alleen sterke groepen worden genomen" => groups;
    "MM-TLS-08" Warn R "list of NCSC TLS guidelines 2.1" [Tls] "no compression, insecure renegotiation or heartbeat" / "geen compressie, onveilige heronderhandeling of heartbeat" => extras;
    "MM-TLS-09" Hard C "core.tls.314" [BackTls] "the backchannel demands a client certificate" / "het backchannel eist een clientcertificaat" => demands_certificate;
    "MM-TLS-10" Hard C "core.tls.314" [BackTls] "a client certificate of an unknown authority is refused" / "een clientcertificaat van een onbekende uitgever wordt geweigerd" => unknown_authority;
    "MM-TLS-11" Hard R "core.tls.314" [BackTls, ExpiredCertificate] "an expired client certificate is refused" / "een verlopen clientcertificaat wordt geweigerd" => expired_certificate;
    "MM-TLS-12" Hard C "whitelist check of the backchannel" [BackTls, SecondCertificate] "a client whose host is not on the whitelist is refused" / "een client waarvan de host niet op de whitelist staat wordt geweigerd" => not_whitelisted;
    "MM-TLS-13" Hard C "core.tls.314" [BackTls] "the certificate of the backchannel chains to the agreed authority" / "het certificaat van het backchannel komt uit op de afgesproken uitgever" => back_chain;
    "MM-TLS-14" Hard C "core.tls.315" [FrontTls] "the certificate of the front channel names the organisation and is no wildcard" / "het certificaat van het frontchannel noemt de organisatie en is geen wildcard" => front_certificate;
    "MM-TLS-15" Hard R "NCSC TLS guidelines 2.1" [Tls] "keys and signatures of certificates are strong" / "sleutels en handtekeningen van certificaten zijn sterk" => key_strength;
    "MM-TLS-16" Hard R "RFC 5280" [Tls] "certificates are valid, come with their chain and last more than 30 days" / "certificaten zijn geldig, komen met hun keten en zijn nog meer dan 30 dagen geldig" => validity;
    "MM-TLS-17" Warn R "RFC 6960" [Tls] "revocation can be looked up" / "intrekking is na te gaan" => revocation;
    "MM-TLS-18" Manual C "core.tls.303" [] "no False Start" / "geen False Start" => by_hand;
    "MM-TLS-19" Note R "RFC 6066 section 3" [Tls] "what happens with another server name" / "wat er gebeurt met een andere servernaam" => other_name;
    "MM-TLS-20" Warn R "RFC 6797" [FrontTls] "the front channel has HSTS" / "het frontchannel heeft HSTS" => hsts;
}
