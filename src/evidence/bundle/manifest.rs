//! What a bundle says about itself: `manifest.json`. Everything in the bundle is named here with its hash,
//! and the signature is over these bytes.

use serde::{Deserialize, Serialize};

use crate::record::DefinitionUse;

/// The name of its form.
pub const SCHEMA: &str = "urn:keur:evidence:1";

/// The manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that packed it.
    pub keur: Program,
    /// The run.
    pub run: Run,
    /// The server it was about.
    pub target: Target,
    /// Scripts by hash, in the order of the run.
    pub scripts: Vec<Hashed>,
    /// Packages that verdicts rest on.
    pub packages: Vec<DefinitionUse>,
    /// Settings of the run with their origin, secrets masked.
    pub configuration: Vec<String>,
    /// What was masked, and what that changed.
    pub masking: Masking,
    /// The originals, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// What was attached, and what for.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The entry with the table of requirements, when the run was judged against one.
    #[serde(default)]
    pub requirements: Option<String>,
    /// Kinds of signature over this manifest.
    #[serde(default)]
    pub signatures: Vec<Signer>,
    /// Every entry before the manifest, in order.
    pub entries: Vec<Listed>,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// The commit it was built from; `unknown` when the build did not say.
    pub commit: String,
}

/// Facts of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id: the name of its folder.
    pub id: String,
    /// Verdict of the bundle: of the masked bodies.
    pub verdict: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it ended; empty when the record stops before.
    pub finished: String,
    /// What the moments were read from.
    pub clock: String,
    /// Who ran it, when that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The version of keur that ran it.
    pub keur: String,
    /// Requests made.
    pub exchanges: u64,
}

/// The server that was tested, as far as the run saw it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Base URL.
    pub url: String,
    /// True when it was keur's own simulator.
    pub simulated: bool,
    /// Name and version out of its CapabilityStatement, when a script asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// Its `Server` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// SHA-256 of its certificates, when they were seen.
    #[serde(default)]
    pub certificates: Vec<String>,
}

/// A file with its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashed {
    /// Path.
    pub path: String,
    /// SHA-256.
    pub sha256: String,
}

/// What masking did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Masking {
    /// Shows whether two bundles are masked with one key, and nothing else about it.
    pub key: String,
    /// Asserts and operations whose verdict is another with persons masked: not evaluated in this bundle.
    pub changed: Vec<Changed>,
    /// The keyed hash (HMAC-SHA-256) of the original of each body.
    pub originals: Vec<Original>,
}

/// An action whose verdict changes by masking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Number of the script.
    pub script: u32,
    /// Number of the test.
    pub test: u32,
    /// Number of the action.
    pub action: u32,
    /// Path of the script.
    pub path: String,
    /// What the script calls it.
    pub title: String,
}

/// A body and the keyed hash of what was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// SHA-256 of the body in the bundle.
    pub body: String,
    /// HMAC-SHA-256 of the original under the key of masking.
    pub hmac: String,
}

/// The originals, encrypted (age-encryption.org/v1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The entry.
    pub entry: String,
    /// Who can open it.
    pub recipients: Vec<String>,
}

/// An attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The entry.
    pub entry: String,
    /// The requirement or check it is evidence for.
    #[serde(rename = "for")]
    pub of: String,
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// The entry of the signature.
    pub entry: String,
    /// `sshsig` or `cms`.
    pub scheme: String,
    /// Fingerprint of key or certificate.
    pub fingerprint: String,
}

/// An entry with its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: String,
}

impl Manifest {
    /// The bytes of the entry.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}
