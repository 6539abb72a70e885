//! Signatures of OpenSSH with Ed25519 keys (PROTOCOL.sshsig, PROTOCOL.key of OpenSSH).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::digest::{SHA256, SHA512, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::SignatureError;

/// What signatures are for: one made for another purpose does not hold here.
pub const NAMESPACE: &str = "keur-evidence";

const KIND: &[u8] = b"ssh-ed25519";
const MAGIC: &[u8] = b"SSHSIG";
const PRIVATE_MAGIC: &[u8] = b"openssh-key-v1\0";
const PRIVATE_LABEL: &str = "OPENSSH PRIVATE KEY";
const SIGNATURE_LABEL: &str = "SSH SIGNATURE";

/// A public key, as a line `ssh-ed25519 AAAA… comment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads the line of a `.pub` file.
    pub fn parse(line: &str) -> Result<PublicKey, SignatureError> {
        let wrong = || SignatureError::Key("it is not a line `ssh-ed25519 AAAA…`".into());
        // A line of an `allowed_signers` file begins with who it is.
        let mut words = line.split_whitespace().skip_while(|word| *word != "ssh-ed25519").skip(1);
        let blob = STANDARD.decode(words.next().ok_or_else(wrong)?).map_err(|_| wrong())?;
        PublicKey::of_blob(&blob).ok_or_else(wrong)
    }

    fn of_blob(blob: &[u8]) -> Option<PublicKey> {
        let mut reader = Reader(blob);
        let key = (reader.string()? == KIND).then(|| reader.string())??;
        reader.0.is_empty().then(|| key.try_into().ok().map(PublicKey))?
    }

    fn blob(&self) -> Vec<u8> {
        [string(KIND), string(&self.0)].concat()
    }

    /// `SHA256:…`, as `ssh-keygen -l` writes it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &self.blob())))
    }

    /// The line of a `.pub` file.
    pub fn line(&self, comment: &str) -> String {
        format!("ssh-ed25519 {} {comment}\n", STANDARD.encode(self.blob()))
    }
}

/// A key that signs. `Debug` shows its fingerprint only.
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.public.fingerprint())
    }
}

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<SigningKey, SignatureError> {
        let mut seed = [0; 32];
        let filled = SystemRandom::new().fill(&mut seed);
        filled.map_err(|_| SignatureError::Key("this machine gives no randomness".into()))?;
        SigningKey::of_seed(seed)
    }

    fn of_seed(seed: [u8; 32]) -> Result<SigningKey, SignatureError> {
        let wrong = || SignatureError::Key("it is not an Ed25519 key".into());
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| wrong())?;
        let public = PublicKey(pair.public_key().as_ref().try_into().map_err(|_| wrong())?);
        Ok(SigningKey { seed, pair, public })
    }

    /// Reads a private key of OpenSSH without passphrase.
    pub fn parse(pem: &str) -> Result<SigningKey, SignatureError> {
        let wrong = |what: &str| SignatureError::Key(what.to_owned());
        let blob = unarmoured(pem, PRIVATE_LABEL).ok_or_else(|| wrong("it is not a private key of OpenSSH"))?;
        let mut reader = Reader(blob.strip_prefix(PRIVATE_MAGIC).ok_or_else(|| wrong("its form is unknown"))?);
        let broken = || wrong("it is broken");
        let cipher = reader.string().ok_or_else(broken)?;
        if cipher != b"none" {
            return Err(wrong("it has a passphrase; make a key without one, for this purpose only"));
        }
        let mut private = || {
            reader.string()?;
            reader.string()?;
            (reader.number()? == 1).then_some(())?;
            reader.string()?;
            reader.string()
        };
        let mut reader = Reader(private().ok_or_else(broken)?);
        let checked = reader.number().zip(reader.number()).is_some_and(|(a, b)| a == b);
        if !checked || reader.string() != Some(KIND) {
            return Err(wrong("it is not an Ed25519 key"));
        }
        let public = reader.string().ok_or_else(broken)?;
        let both = reader.string().ok_or_else(broken)?;
        let seed = both.get(..32).and_then(|seed| seed.try_into().ok()).ok_or_else(broken)?;
        let key = SigningKey::of_seed(seed)?;
        if key.public.0 == public { Ok(key) } else { Err(broken()) }
    }

    /// The file of the key, readable by OpenSSH.
    pub fn pem(&self, comment: &str) -> String {
        let check = &digest(&SHA256, &self.public.0).as_ref()[..4].to_vec();
        let both = [&self.seed[..], &self.public.0].concat();
        let mut private =
            [&**check, check, &string(KIND), &string(&self.public.0), &string(&both), &string(comment.as_bytes())]
                .concat();
        let padding = (1..=u8::MAX).take((8 - private.len() % 8) % 8);
        private.extend(padding);
        let none = string(b"none");
        let blob = [
            PRIVATE_MAGIC,
            &none,
            &none,
            &string(b""),
            &1u32.to_be_bytes(),
            &string(&self.public.blob()),
            &string(&private),
        ];
        armoured(&blob.concat(), PRIVATE_LABEL)
    }

    /// Its public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signature over these bytes, in the form of `ssh-keygen -Y sign`.
    pub fn sign(&self, message: &[u8]) -> String {
        let signature = self.pair.sign(&signed_data(message));
        let blob = [
            MAGIC,
            &1u32.to_be_bytes(),
            &string(&self.public.blob()),
            &string(NAMESPACE.as_bytes()),
            &string(b""),
            &string(b"sha512"),
            &string(&[string(KIND), string(signature.as_ref())].concat()),
        ];
        armoured(&blob.concat(), SIGNATURE_LABEL)
    }
}

/// The key that signed these bytes, if it did.
pub fn verify(message: &[u8], signature: &str) -> Result<PublicKey, SignatureError> {
    let blob = unarmoured(signature, SIGNATURE_LABEL).ok_or(SignatureError::Form("it is no signature of OpenSSH"))?;
    // One signature has one form: what decodes to the same and looks different is not it.
    if armoured(&blob, SIGNATURE_LABEL) != signature {
        return Err(SignatureError::Form("it is not in the form it was written in"));
    }
    let mut reader = Reader(blob.strip_prefix(MAGIC).ok_or(SignatureError::Form("its form is unknown"))?);
    let mut read = || {
        (reader.number()? == 1).then_some(())?;
        let key = PublicKey::of_blob(reader.string()?)?;
        let purpose = (reader.string()?, reader.string()?, reader.string()?);
        let signature = reader.string()?;
        reader.0.is_empty().then_some((key, purpose, signature))
    };
    let (key, purpose, signature) = read().ok_or(SignatureError::Form("it is not by an Ed25519 key"))?;
    if purpose != (NAMESPACE.as_bytes(), b"", b"sha512") {
        return Err(SignatureError::Form("it was made for another purpose"));
    }
    let mut reader = Reader(signature);
    let bytes = (reader.string() == Some(KIND)).then(|| reader.string()).flatten().filter(|_| reader.0.is_empty());
    let bytes = bytes.ok_or(SignatureError::Form("it is not by an Ed25519 key"))?;
    let verified = UnparsedPublicKey::new(&ED25519, key.0).verify(&signed_data(message), bytes);
    verified.map_err(|_| SignatureError::Wrong)?;
    Ok(key)
}

fn signed_data(message: &[u8]) -> Vec<u8> {
    let hash = digest(&SHA512, message);
    [MAGIC, &string(NAMESPACE.as_bytes()), &string(b""), &string(b"sha512"), &string(hash.as_ref())].concat()
}

/// A length and the bytes (RFC 4251 section 5).
fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn string(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }
}

/// As PEM, in lines of seventy characters as OpenSSH writes them.
fn armoured(blob: &[u8], label: &str) -> String {
    let text = STANDARD.encode(blob);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(70));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

fn unarmoured(text: &str, label: &str) -> Option<Vec<u8>> {
    let inside = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let inside = inside.strip_suffix(&format!("-----END {label}-----"))?;
    STANDARD.decode(inside.split_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_its_signature_holds_for_these_bytes_only() {
        let key = SigningKey::generate().unwrap();
        let pem = key.pem("auditor@example");
        let again = SigningKey::parse(&pem).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(PublicKey::parse(&key.public().line("x")).as_ref(), Ok(key.public()));
        let signature = again.sign(b"manifest");
        assert_eq!(verify(b"manifest", &signature).as_ref(), Ok(key.public()));
        assert_eq!(verify(b"manifesto", &signature), Err(SignatureError::Wrong));
        assert!(format!("{key:?}").starts_with("SigningKey(SHA256:"));
    }

    #[test]
    fn no_byte_of_a_signature_can_be_another() {
        let key = SigningKey::of_seed([7; 32]).unwrap();
        let good = key.sign(b"manifest");
        for at in 0..good.len() {
            for other in [b'A', b'b', b' ', b'='] {
                let mut bad = good.clone().into_bytes();
                if bad[at] == other {
                    continue;
                }
                bad[at] = other;
                let bad = String::from_utf8(bad).unwrap();
                assert!(verify(b"manifest", &bad).is_err(), "byte {at}: {bad}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "x", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"] {
            assert!(SigningKey::parse(text).is_err() && PublicKey::parse(text).is_err());
        }
    }
}
