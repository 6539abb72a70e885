//! The first bytes of a connection, looked at before TLS begins: whether it is TLS at all, and what a
//! client offers. Faults that no TLS library has any more (old versions, weak suites, compression) are
//! played with a ServerHello of our own; a probe looks no further than that (RFC 5246 section 7.4.1.3).

use super::tls::Faults;

/// What a ClientHello offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hello {
    pub version: u16,
    pub suites: Vec<u16>,
    pub compression: Vec<u8>,
    pub groups: Option<Vec<u16>>,
    pub versions: Option<Vec<u16>>,
}

const TLS_1_1: u16 = 0x0302;
const TLS_1_2: u16 = 0x0303;
const TLS_1_3: u16 = 0x0304;

/// Bytes that are read one after the other, never too far.
struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// What a length of that many bytes announces.
    fn block(&mut self, bytes: usize) -> Option<Cursor<'b>> {
        let length = self.number(bytes)?;
        self.take(length).map(Cursor)
    }

    fn pairs(&self) -> Vec<u16> {
        self.0.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }
}

/// How many bytes the first record has, header and all; None until the header is there.
pub(super) fn record_length(bytes: &[u8]) -> Option<usize> {
    let mut cursor = Cursor(bytes.get(3..5)?);
    Some(cursor.number(2)? + 5)
}

impl Hello {
    /// Reads a record with a ClientHello in it.
    pub fn parse(record: &[u8]) -> Option<Hello> {
        let mut cursor = Cursor(record);
        (cursor.number(1)? == 22).then_some(())?;
        cursor.take(2)?;
        let mut handshake = cursor.block(2)?;
        (handshake.number(1)? == 1).then_some(())?;
        let mut hello = handshake.block(3)?;
        let version = hello.number(2)? as u16;
        hello.take(32)?;
        hello.block(1)?;
        let suites = hello.block(2)?.pairs();
        let compression = hello.block(1)?.0.to_vec();
        let mut parsed = Hello { version, suites, compression, groups: None, versions: None };
        let Some(mut extensions) = hello.block(2) else { return Some(parsed) };
        while let Some(kind) = extensions.number(2) {
            let mut content = extensions.block(2)?;
            match kind {
                10 => parsed.groups = Some(content.block(2)?.pairs()),
                43 => parsed.versions = Some(content.block(1)?.pairs()),
                _ => {}
            }
        }
        Some(parsed)
    }

    fn offers(&self, version: u16) -> bool {
        match &self.versions {
            Some(versions) => versions.contains(&version),
            None => version <= self.version && version >= TLS_1_1 - 1,
        }
    }

    fn highest(&self) -> u16 {
        // GREASE values (RFC 8701) are no versions.
        let known = |version: &u16| *version <= TLS_1_3;
        self.versions.iter().flatten().copied().filter(known).max().unwrap_or(self.version)
    }

    /// Both TLS 1.2 and 1.3 are offered.
    pub fn offers_two(&self) -> bool {
        self.offers(TLS_1_2) && self.offers(TLS_1_3)
    }

    /// The ServerHello that a fault makes of this, if any does.
    pub fn faulty_answer(&self, faults: &Faults) -> Option<Vec<u8>> {
        let version = self.highest().min(TLS_1_2);
        let first = self.suites.iter().copied().find(|suite| !grease(*suite) && *suite != 0x00ff && suite >> 8 != 0x13);
        if faults.old_versions && self.highest() <= TLS_1_1 {
            return Some(server_hello(version, first?, 0));
        }
        if version < TLS_1_2 {
            return None;
        }
        let all_weak = !self.suites.iter().any(|suite| strong(*suite));
        if faults.weak_suites && all_weak {
            return Some(server_hello(version, first?, 0));
        }
        let weak_groups =
            self.groups.as_ref().is_some_and(|groups| !groups.iter().any(|group| STRONG_GROUPS.contains(group)));
        let ephemeral = self.suites.iter().copied().find(|suite| strong(*suite) && suite >> 8 != 0x13);
        if let (true, true, Some(suite)) = (faults.weak_groups, weak_groups, ephemeral) {
            return Some(server_hello(version, suite, 0));
        }
        let method = self.compression.iter().copied().find(|method| *method != 0);
        if let (true, Some(method)) = (faults.compression, method) {
            return Some(server_hello(version, ephemeral.or(first)?, method));
        }
        None
    }
}

fn grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a
}

/// TLS 1.3 suites, and ephemeral elliptic curves with an AEAD cipher (NCSC: good or sufficient).
const STRONG: [u16; 9] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];

/// secp256r1, secp384r1, secp521r1, x25519, x448.
const STRONG_GROUPS: [u16; 5] = [23, 24, 25, 29, 30];

fn strong(suite: u16) -> bool {
    STRONG.contains(&suite)
}

fn server_hello(version: u16, suite: u16, compression: u8) -> Vec<u8> {
    let [high, low] = version.to_be_bytes();
    let mut hello = vec![high, low];
    hello.extend([0x5a; 32]);
    hello.push(0);
    hello.extend(suite.to_be_bytes());
    hello.push(compression);
    let mut record = vec![22, high, low];
    record.extend((hello.len() as u16 + 4).to_be_bytes());
    record.extend([2, 0, 0, hello.len() as u8]);
    record.extend(hello);
    record
}
