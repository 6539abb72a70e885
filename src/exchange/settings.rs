//! Every limit of the client, in one place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::token_source::TokenSource;

/// Which hosts may be dialled.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Reach {
    /// Any.
    #[default]
    Anywhere,
    /// `--offline`: only these hosts (names or addresses, without port), and no proxy.
    Only(Vec<String>),
}

impl Reach {
    /// True when `host` may be dialled; names compare without case.
    pub fn allows(&self, host: &str) -> bool {
        match self {
            Reach::Anywhere => true,
            Reach::Only(hosts) => hosts.iter().any(|h| h.eq_ignore_ascii_case(host)),
        }
    }

    /// Only the hosts of these URLs; what is not a URL with a host adds nothing.
    pub fn only_hosts_of<'u>(urls: impl IntoIterator<Item = &'u str>) -> Reach {
        let host = |url: &str| url::Url::parse(url).ok()?.host_str().map(str::to_owned);
        Reach::Only(urls.into_iter().filter_map(host).collect())
    }
}

/// How the client behaves. The defaults suit a qualification over the internet.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Until a connection (TLS included) is there.
    pub connect_timeout: Duration,
    /// From the first byte of the request to the last byte of the answer.
    pub timeout: Duration,
    /// Largest body of an answer, in bytes.
    pub max_body: usize,
    /// Most connections kept open to one host.
    pub connections: usize,
    /// Which hosts may be dialled.
    pub reach: Reach,
    /// `User-Agent` of requests that do not bring their own.
    pub user_agent: String,
    /// Certificate authorities trusted beside the platform's, PEM.
    pub extra_roots: Vec<Vec<u8>>,
    /// Shown to servers that ask who the client is (mutual TLS).
    pub identity: Option<Identity>,
    /// Hosts that are somewhere else than their name says, and where.
    pub resolve: Vec<(String, SocketAddr)>,
    /// Where tokens come from that requests have a mark for.
    pub tokens: Option<Arc<dyn TokenSource>>,
    /// Origins (`https://host:port`) whose requests may carry tokens and other credentials; all without.
    pub trusted: Option<Vec<String>>,
    /// Take any certificate of a server. Only the simulator does, as a fault.
    pub trust_anyone: bool,
}

/// Scheme, host and port of a URL, as [`ClientSettings::trusted`] takes them.
pub fn origin(url: &str) -> Option<String> {
    Some(url::Url::parse(url).ok()?.origin()).filter(url::Origin::is_tuple).map(|origin| origin.ascii_serialization())
}

/// A client certificate with its chain and private key, PEM. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    /// Takes the certificate (chain) and its PKCS#8 key, both PEM.
    pub fn new(certificate: &str, key: &str) -> Identity {
        Identity(format!("{}\n{}\n", certificate.trim_end(), key.trim_end()))
    }

    /// Both, for the TLS library only.
    pub(super) fn pem(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Default for ClientSettings {
    fn default() -> Self {
        ClientSettings {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            max_body: 64 * 1024 * 1024,
            connections: 8,
            reach: Reach::Anywhere,
            user_agent: concat!("keur/", env!("CARGO_PKG_VERSION")).to_owned(),
            extra_roots: vec![],
            identity: None,
            resolve: vec![],
            tokens: None,
            trusted: None,
            trust_anyone: false,
        }
    }
}
