//! A list as it was published: its head, and what stands in it.

use roxmltree::{Document, Node};

/// Which list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Zorgaanbiederslijst.
    Zal,
    /// OAuthclientlist.
    Ocl,
    /// Whitelist.
    Whl,
    /// Gegevensdienstnamenlijst.
    Gnl,
}

impl Kind {
    /// Every list.
    pub const ALL: [Kind; 4] = [Kind::Zal, Kind::Ocl, Kind::Whl, Kind::Gnl];

    /// Its root element, and what its namespace has after `xmlns://afsprakenstelsel.medmij.nl/`.
    pub fn root(self) -> (&'static str, &'static str) {
        match self {
            Kind::Zal => ("Zorgaanbiederslijst", "zorgaanbiederslijst"),
            Kind::Ocl => ("OAuthclientlist", "oauthclientlist"),
            Kind::Whl => ("Whitelist", "whitelist"),
            Kind::Gnl => ("Gegevensdienstnamenlijst", "gegevensdienstnamenlijst"),
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Zal => "ZAL",
            Kind::Ocl => "OCL",
            Kind::Whl => "WHL",
            Kind::Gnl => "GNL",
        }
    }
}

/// An element, its namespace aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// Text of its own.
    pub text: String,
    /// Elements in it.
    pub children: Vec<Element>,
    /// Line it begins at, from 1.
    pub line: u32,
}

impl Element {
    fn of(node: Node<'_, '_>) -> Element {
        Element {
            name: node.tag_name().name().to_owned(),
            text: node.text().unwrap_or_default().trim().to_owned(),
            children: node.children().filter(Node::is_element).map(Element::of).collect(),
            line: node.document().text_pos_at(node.range().start).row,
        }
    }

    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element of this name in it.
    pub fn value(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| &child.text)
    }

    /// Every element of this name, at any depth.
    pub fn all<'e>(&'e self, name: &str) -> Vec<&'e Element> {
        let mut found = vec![];
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.all(name));
        }
        found
    }
}

/// A list.
#[derive(Clone, Debug)]
pub struct List {
    /// Namespace of the root.
    pub namespace: String,
    /// True when the root has a prefix.
    pub prefixed: bool,
    /// The root.
    pub root: Element,
}

/// A service of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Where people log in.
    pub authorization: String,
    /// Where codes become tokens.
    pub token: String,
    /// System role and resource endpoint.
    pub resources: Vec<(String, String)>,
}

/// A provider with the services of one interface version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// `name@medmij`.
    pub name: String,
    /// Interface version; empty in release 2.
    pub version: String,
    /// Its services.
    pub services: Vec<Service>,
}

/// Reads a list.
///
/// # Errors
/// It is not XML; the message says where.
pub fn read(text: &str) -> Result<List, String> {
    let document =
        Document::parse(text.trim_start_matches('\u{feff}')).map_err(|error| format!("it is not XML: {error}"))?;
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or_default().to_owned();
    let prefixed = root.lookup_prefix(&namespace).is_some_and(|prefix| !prefix.is_empty());
    Ok(List { prefixed: prefixed && root.default_namespace() != Some(&namespace), namespace, root: Element::of(root) })
}

impl List {
    /// Host names on it (WHL, OCL); the form of 2018 is understood too.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let nodes = self.root.all("MedMijNode").into_iter().chain(self.root.all("OAuthclient"));
        nodes.map(|node| node.child("Hostname").map_or(node.text.as_str(), |host| &host.text))
    }

    /// Providers (ZAL), one for each interface version.
    pub fn providers(&self) -> Vec<Provider> {
        let mut providers = vec![];
        for provider in self.root.all("Zorgaanbieder") {
            let name = provider.value("Zorgaanbiedernaam").to_owned();
            let versions = provider.all("Interfaceversie");
            let of = |holder: &Element, version: &str| Provider {
                name: name.clone(),
                version: version.to_owned(),
                services: holder
                    .child("Gegevensdiensten")
                    .map_or(vec![], |all| all.children.iter().map(service).collect()),
            };
            match versions.is_empty() {
                true => providers.push(of(provider, "")),
                false => {
                    providers.extend(versions.iter().map(|version| of(version, version.value("InterfaceversieId"))))
                }
            }
        }
        providers
    }
}

fn service(element: &Element) -> Service {
    let uri = |name: &str| element.all(name).first().map_or(String::new(), |uri| uri.text.clone());
    let role = |role: &&Element| {
        let endpoint = role.all("ResourceEndpointuri").first().map_or(String::new(), |uri| uri.text.clone());
        (role.value("Systeemrolcode").to_owned(), endpoint)
    };
    Service {
        id: element.value("GegevensdienstId").to_owned(),
        authorization: uri("AuthorizationEndpointuri"),
        token: uri("TokenEndpointuri"),
        resources: element.all("Systeemrol").iter().map(role).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_whitelist_are_read() {
        for text in [
            "<Whitelist xmlns='x'><MedMijNodes><MedMijNode>a.nl</MedMijNode></MedMijNodes></Whitelist>",
            "<w:Whitelist xmlns:w='x'><w:MedMijNodes><w:MedMijNode><w:Hostname>a.nl</w:Hostname></w:MedMijNode></w:MedMijNodes></w:Whitelist>",
        ] {
            let list = read(text).unwrap();
            assert_eq!(list.hosts().collect::<Vec<_>>(), ["a.nl"]);
            assert_eq!(list.prefixed, text.starts_with("<w:"));
        }
        assert!(read("<a>").is_err() && read("").is_err());
    }

    #[test]
    fn providers_of_both_releases_are_read() {
        let service = "<Gegevensdiensten><Gegevensdienst><GegevensdienstId>48</GegevensdienstId>\
            <AuthorizationEndpoint><AuthorizationEndpointuri>https://a.nl/a</AuthorizationEndpointuri></AuthorizationEndpoint>\
            <TokenEndpoint><TokenEndpointuri>https://a.nl/t</TokenEndpointuri></TokenEndpoint>\
            <Systeemrollen><Systeemrol><Systeemrolcode>X</Systeemrolcode><ResourceEndpoint><ResourceEndpointuri>https://a.nl/r\
            </ResourceEndpointuri></ResourceEndpoint></Systeemrol></Systeemrollen></Gegevensdienst></Gegevensdiensten>";
        let name = "<Zorgaanbiedernaam>a@medmij</Zorgaanbiedernaam>";
        let versions = format!(
            "<Interfaceversies><Interfaceversie><InterfaceversieId>2.2.0</InterfaceversieId>{service}</Interfaceversie></Interfaceversies>"
        );
        for (body, version) in [(service.to_owned(), ""), (versions, "2.2.0")] {
            let list = read(&format!(
                "<Z xmlns='x'><Zorgaanbieders><Zorgaanbieder>{name}{body}</Zorgaanbieder></Zorgaanbieders></Z>"
            ))
            .unwrap();
            let providers = list.providers();
            assert_eq!((providers.len(), providers[0].version.as_str()), (1, version));
            assert_eq!(providers[0].services[0].resources, [("X".to_owned(), "https://a.nl/r".to_owned())]);
        }
    }
}
