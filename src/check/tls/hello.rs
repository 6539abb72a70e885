//! A ClientHello of our own (RFC 5246 section 7.4.1.2), and the first thing the server says to it.
//! No key is agreed on: the ServerHello shows what the server would take.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::check::http::Dialer;

use super::Endpoint;

/// What is offered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Version in the hello: 0x0300 for SSL 3.0 to 0x0303 for TLS 1.2.
    pub version: u16,
    /// Cipher suites.
    pub suites: Vec<u16>,
    /// Groups, for elliptic curves.
    pub groups: Vec<u16>,
    /// Compression methods beside none.
    pub compression: bool,
    /// Offer a heartbeat (RFC 6520).
    pub heartbeat: bool,
}

/// What the server said first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It goes along.
    Hello {
        /// Version.
        version: u16,
        /// Suite.
        suite: u16,
        /// Compression method.
        compression: u8,
        /// Numbers of its extensions.
        extensions: Vec<u16>,
    },
    /// It does not.
    Alert(u8),
    /// It closed, or said something else.
    Closed,
}

/// secp256r1, secp384r1, x25519.
pub const STRONG_GROUPS: [u16; 3] = [23, 24, 29];
/// sect163k1, sect163r1, secp160r1, secp192k1, secp192r1.
pub const WEAK_GROUPS: [u16; 5] = [1, 2, 16, 18, 19];
/// ECDHE with AES-GCM or ChaCha20: what every server of today has.
pub const STRONG: [u16; 6] = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];
/// ECDHE and DHE with CBC.
pub const CBC: [u16; 12] =
    [0xc009, 0xc00a, 0xc013, 0xc014, 0xc023, 0xc024, 0xc027, 0xc028, 0x0033, 0x0039, 0x0067, 0x006b];

/// Suites nobody should take, by what is wrong with them.
pub const WEAK: [(&str, &[u16]); 6] = [
    ("no encryption (NULL)", &[0x0001, 0x0002, 0x003b, 0xc006, 0xc010]),
    ("no authentication (anon)", &[0x0018, 0x001b, 0x0034, 0x003a, 0x006c, 0x006d, 0xc017, 0xc018, 0xc019]),
    ("export or DES", &[0x0003, 0x0006, 0x0008, 0x0009, 0x0014, 0x0015]),
    ("RC4", &[0x0004, 0x0005, 0xc007, 0xc011]),
    ("3DES", &[0x000a, 0x0016, 0xc008, 0xc012]),
    ("RSA key exchange", &[0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d]),
];

/// Versions that are over.
pub const OLD: [(&str, u16); 3] = [("SSL 3.0", 0x0300), ("TLS 1.0", 0x0301), ("TLS 1.1", 0x0302)];

impl Offer {
    /// What a client of today offers.
    pub fn today() -> Offer {
        let groups = STRONG_GROUPS.to_vec();
        Offer { version: 0x0303, suites: STRONG.to_vec(), groups, compression: false, heartbeat: false }
    }

    /// Everything an old client has.
    pub fn old(version: u16) -> Offer {
        let mut suites = CBC.to_vec();
        WEAK.iter().for_each(|(_, weak)| suites.extend(*weak));
        Offer { version, suites, ..Offer::today() }
    }

    /// The record on the wire.
    pub fn record(&self, host: &str) -> Vec<u8> {
        let mut hello = vec![];
        hello.extend(self.version.to_be_bytes());
        hello.extend(uuid::Uuid::new_v4().into_bytes());
        hello.extend(uuid::Uuid::new_v4().into_bytes());
        hello.push(0);
        // The signalling suite asks for secure renegotiation (RFC 5746 section 3.3).
        let suites: Vec<u8> = self.suites.iter().chain(&[0x00ff]).flat_map(|suite| suite.to_be_bytes()).collect();
        hello.extend((suites.len() as u16).to_be_bytes());
        hello.extend(suites);
        hello.extend(if self.compression { &[2u8, 1, 0][..] } else { &[1, 0] });
        // SSL 3.0 has no extensions.
        if self.version > 0x0300 {
            let mut extensions = vec![];
            let name = host.as_bytes();
            if !name.is_empty() && !host.starts_with(|c: char| c.is_ascii_digit() || c == '[') {
                let mut names = vec![0];
                names.extend((name.len() as u16).to_be_bytes());
                names.extend(name);
                extension(&mut extensions, 0, &counted(&names));
            }
            let groups: Vec<u8> = self.groups.iter().flat_map(|group| group.to_be_bytes()).collect();
            extension(&mut extensions, 10, &counted(&groups));
            extension(&mut extensions, 11, &[1, 0]);
            if self.version >= 0x0303 {
                let schemes = [0x0403u16, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201, 0x0203];
                let schemes: Vec<u8> = schemes.iter().flat_map(|scheme| scheme.to_be_bytes()).collect();
                extension(&mut extensions, 13, &counted(&schemes));
            }
            if self.heartbeat {
                extension(&mut extensions, 15, &[1]);
            }
            hello.extend(counted(&extensions));
        }
        let mut handshake = vec![1, 0];
        handshake.extend((hello.len() as u16).to_be_bytes());
        handshake.extend(hello);
        let mut record = vec![22, 3, if self.version > 0x0300 { 1 } else { 0 }];
        record.extend(counted(&handshake));
        record
    }
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    let mut out = (bytes.len() as u16).to_be_bytes().to_vec();
    out.extend(bytes);
    out
}

fn extension(into: &mut Vec<u8>, number: u16, content: &[u8]) {
    into.extend(number.to_be_bytes());
    into.extend(counted(content));
}

/// Reads what the server said first; None while more has to come.
pub fn reply(bytes: &[u8]) -> Option<Reply> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(3)?, *bytes.get(4)?]));
    let record = bytes.get(5..5 + length)?;
    Some(match bytes.first() {
        Some(21) => Reply::Alert(record.get(1).copied().unwrap_or_default()),
        Some(22) if record.first() == Some(&2) => {
            server_hello(record.get(4..).unwrap_or_default()).unwrap_or(Reply::Closed)
        }
        _ => Reply::Closed,
    })
}

fn server_hello(body: &[u8]) -> Option<Reply> {
    let pair = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    let mut version = pair(0)?;
    let session = usize::from(*body.get(34)?);
    let at = 35 + session;
    let (suite, compression) = (pair(at)?, *body.get(at + 2)?);
    let mut extensions = vec![];
    let mut next = at + 5;
    while let (Some(number), Some(length)) = (pair(next), pair(next + 2)) {
        if number == 43 {
            version = pair(next + 4).unwrap_or(version);
        }
        extensions.push(number);
        next += 4 + usize::from(length);
    }
    Some(Reply::Hello { version, suite, compression, extensions })
}

/// Sends the offer and waits for the first thing the server says.
pub async fn ask(dialer: &Dialer, endpoint: &Endpoint, offer: &Offer) -> Reply {
    let wait = Duration::from_secs(5);
    let asked = async {
        let mut stream = dialer.tcp(endpoint.host(), endpoint.port()).await.ok()?;
        stream.write_all(&offer.record(endpoint.host())).await.ok()?;
        let mut bytes = vec![];
        let mut buffer = [0; 4096];
        loop {
            if let Some(reply) = reply(&bytes) {
                return Some(reply);
            }
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        }
    };
    tokio::time::timeout(wait, asked).await.ok().flatten().unwrap_or(Reply::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_a_hello_add_up() {
        for offer in [
            Offer::today(),
            Offer::old(0x0300),
            Offer::old(0x0302),
            Offer { compression: true, heartbeat: true, ..Offer::today() },
        ] {
            let record = offer.record("a.example");
            assert_eq!(usize::from(u16::from_be_bytes([record[3], record[4]])), record.len() - 5);
            assert_eq!(usize::from(u16::from_be_bytes([record[7], record[8]])), record.len() - 9);
        }
    }

    #[test]
    fn replies_are_read() {
        assert_eq!(reply(&[21, 3, 3, 0, 2, 2, 70]), Some(Reply::Alert(70)));
        let mut hello = vec![3, 3];
        hello.extend([0; 32]);
        hello.extend([0, 0xc0, 0x2f, 0, 0, 5, 0xff, 1, 0, 1, 0]);
        let mut record = vec![22, 3, 3, 0, hello.len() as u8 + 4, 2, 0, 0, hello.len() as u8];
        record.extend(hello);
        let expected = Reply::Hello { version: 0x0303, suite: 0xc02f, compression: 0, extensions: vec![0xff01] };
        assert_eq!(reply(&record), Some(expected));
        assert_eq!(reply(&record[..20]), None);
        assert_eq!(reply(b"HTTP/1.1 400 Bad"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_reply_makes_it_panic(bytes: Vec<u8>) {
            let _ = reply(&bytes);
            let _ = server_hello(&bytes);
        }
    }
}
