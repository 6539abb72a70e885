//! The lists of the agreement framework: XML 1.0, default namespace, no prefix, one item a line.

use super::party::{CLIENTS, DataService, OTHER_PATH, PROVIDERS, SERVICES, host};

/// File names of the lists, on the stelselnode too.
pub(super) const ZAL: &str = "MedMij_Zorgaanbiederslijst.xml";
pub(super) const OCL: &str = "MedMij_OAuthclientlist.xml";
pub(super) const WHL: &str = "MedMij_Whitelist.xml";
pub(super) const GNL: &str = "MedMij_Gegevensdienstnamenlijst.xml";

/// What the lists say beside the parties.
pub(super) struct Publication<'p> {
    pub at: &'p str,
    /// `2.2.0`.
    pub interface: &'p str,
    /// Ports of the backchannel.
    pub token_port: u16,
    pub fhir_port: u16,
}

/// A list by its file name.
pub(super) fn list(name: &str, publication: &Publication<'_>) -> Option<String> {
    let (root, release, content): (&str, &str, String) = match name {
        ZAL => ("Zorgaanbiederslijst", "zorgaanbiederslijst/release3", providers(publication)),
        OCL => ("OAuthclientlist", "oauthclientlist/release2", clients()),
        WHL => ("Whitelist", "whitelist/release2", nodes()),
        GNL => ("Gegevensdienstnamenlijst", "gegevensdienstnamenlijst/release1", names()),
        _ => return None,
    };
    let at = publication.at;
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"xmlns://afsprakenstelsel.medmij.nl/{release}/\">\n  \
         <Tijdstempel>{at}</Tijdstempel>\n  <Volgnummer>2</Volgnummer>\n{content}</{root}>\n"
    ))
}

/// A list as it was published the time before.
pub(super) fn earlier(list: &str) -> String {
    list.replacen("<Volgnummer>2<", "<Volgnummer>1<", 1)
}

/// `<name>` around items.
fn around(name: &str, items: impl IntoIterator<Item = String>) -> String {
    let inside: String = items.into_iter().collect();
    let indented: String = inside.lines().map(|line| format!("  {line}\n")).collect();
    format!("<{name}>\n{indented}</{name}>\n")
}

fn leaf(name: &str, text: &str) -> String {
    format!("<{name}>{text}</{name}>\n")
}

fn indented(text: String) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn providers(publication: &Publication<'_>) -> String {
    let provider = |(at, name): (usize, &&str)| {
        // The other provider has the tested service only.
        let offered = if at == 0 { &SERVICES[..] } else { &SERVICES[..1] };
        let services = around("Gegevensdiensten", offered.iter().map(|service| service_of(service, at, publication)));
        let version = [leaf("InterfaceversieId", publication.interface), services];
        around(
            "Zorgaanbieder",
            [
                leaf("Zorgaanbiedernaam", &format!("{name}@medmij")),
                leaf("Aanbiedertype", "ZA"),
                around("Interfaceversies", [around("Interfaceversie", version)]),
            ],
        )
    };
    indented(around("Zorgaanbieders", PROVIDERS.iter().enumerate().map(provider)))
}

fn service_of(service: &DataService, provider: usize, publication: &Publication<'_>) -> String {
    let path = if provider == 0 { service.path } else { OTHER_PATH };
    let resource = format!("https://{}:{}{path}", host::FHIR, publication.fhir_port);
    let role = |code: &&str| {
        let endpoint = around("ResourceEndpoint", [leaf("ResourceEndpointuri", &resource)]);
        around("Systeemrol", [leaf("Systeemrolcode", code), endpoint])
    };
    let front = format!("https://{}/oauth/authorize", host::FRONT);
    let token = format!("https://{}:{}/oauth/token", host::TOKEN, publication.token_port);
    around(
        "Gegevensdienst",
        [
            leaf("GegevensdienstId", service.id),
            around("AuthorizationEndpoint", [leaf("AuthorizationEndpointuri", &front)]),
            around("TokenEndpoint", [leaf("TokenEndpointuri", &token)]),
            around("Systeemrollen", service.roles.iter().map(role)),
        ],
    )
}

fn clients() -> String {
    let client = |client: &super::party::Client| {
        let services = client.services.iter().map(|id| around("Gegevensdienst", [leaf("GegevensdienstId", id)]));
        let version = [leaf("InterfaceversieId", "2.2.0"), around("Gegevensdiensten", services)];
        around(
            "OAuthclient",
            [
                leaf("Hostname", client.host),
                leaf("OAuthclientOrganisatienaam", client.organisation),
                around("Interfaceversies", [around("Interfaceversie", version)]),
            ],
        )
    };
    indented(around("OAuthclients", CLIENTS.iter().map(client)))
}

/// Hosts of the backchannel.
pub(super) const WHITELIST: [&str; 5] = [host::CLIENT, host::SECOND_CLIENT, host::TOKEN, host::FHIR, host::LISTS];

fn nodes() -> String {
    let node = |name: &&str| around("MedMijNode", [leaf("Hostname", name)]);
    indented(around("MedMijNodes", WHITELIST.iter().map(node)))
}

fn names() -> String {
    let name = |service: &DataService| {
        around("Gegevensdienst", [leaf("GegevensdienstId", service.id), leaf("Weergavenaam", service.name)])
    };
    indented(around("Gegevensdiensten", SERVICES.iter().map(name)))
}
