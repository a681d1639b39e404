//! A catalogue file that a key vouches for: it is read only after its signature was found right.
//!
//! Comes in: the bytes of the file, the text of its signature, the public key of the configuration. Goes out: the text of
//! the file with its version, or why it is refused. Ed25519 (RFC 8032) over [`SIGNED_PREFIX`] and the bytes of the
//! file; key and signature are written in base64 (RFC 4648, section 4, with padding). Nothing is fetched.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};

/// What is signed before the file: a signature made for something else fits no catalogue.
pub const SIGNED_PREFIX: &[u8] = b"hikwatch catalogue 1\n";

/// What the name of a signature file has after that of the file.
pub const SIGNATURE_SUFFIX: &str = ".sig";

/// Length of an Ed25519 signature.
const SIGNATURE_LEN: usize = 64;

/// The public key that updates are signed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UpdateKey([u8; ED25519_PUBLIC_KEY_LEN]);

impl UpdateKey {
    /// Reads a key in base64.
    ///
    /// # Errors
    /// It is not base64, or not of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, UpdateError> {
        let bytes = STANDARD.decode(text.trim_ascii()).map_err(|_| UpdateError::KeyMalformed)?;
        let bytes = bytes.try_into().map_err(|_| UpdateError::KeyMalformed)?;
        // Text of nothing but `A` stands in templates; every signature of a kind would fit it.
        if bytes == [0; ED25519_PUBLIC_KEY_LEN] {
            return Err(UpdateError::KeyMalformed);
        }
        Ok(Self(bytes))
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for UpdateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for UpdateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpdateKey({self})")
    }
}

/// A catalogue file whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUpdate {
    /// Its text; whether its entries are right is not known yet.
    pub text: String,
    /// Its version, which rises with each update.
    pub version: u64,
}

impl SignedUpdate {
    /// Checks the signature, and only then looks at the file.
    ///
    /// # Errors
    /// The signature is none or another's; or the file is not text or has no version.
    pub fn open(key: UpdateKey, file: &[u8], signature: &[u8]) -> Result<Self, UpdateError> {
        let signature = STANDARD
            .decode(signature.trim_ascii())
            .ok()
            .filter(|signature| signature.len() == SIGNATURE_LEN)
            .ok_or(UpdateError::SignatureMalformed)?;
        if !key.verifies(&[SIGNED_PREFIX, file].concat(), &signature) {
            return Err(UpdateError::SignatureWrong);
        }
        let text = String::from_utf8(file.to_vec()).map_err(|_| UpdateError::NotText)?;
        let version = version(&text).ok_or(UpdateError::NoVersion)?;
        Ok(Self { text, version })
    }

    /// Refuses an update below `least`: an old one may be right in its signature and wrong in what it says.
    ///
    /// # Errors
    /// It is older.
    pub fn at_least(self, least: u64) -> Result<Self, UpdateError> {
        if self.version < least {
            return Err(UpdateError::TooOld { version: self.version, least });
        }
        Ok(self)
    }
}

/// The version that a file says it has.
fn version(text: &str) -> Option<u64> {
    let version = toml::from_str::<toml::Table>(text).ok()?.get("version")?.as_integer()?;
    u64::try_from(version).ok().filter(|version| *version > 0)
}

/// Why an update is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// The public key cannot be read.
    #[error("the public key is not 32 bytes in base64 (44 characters)")]
    KeyMalformed,
    /// There is no file.
    #[error("is not there")]
    Absent,
    /// There is no signature.
    #[error("is not signed: its signature is not there")]
    Unsigned,
    /// The signature cannot be read.
    #[error("the signature is not 64 bytes in base64 (88 characters)")]
    SignatureMalformed,
    /// The signature was made with another key, or for another file.
    #[error("the signature does not fit: the file was changed, or signed with another key")]
    SignatureWrong,
    /// The file is not UTF-8.
    #[error("is signed, but is not UTF-8 text")]
    NotText,
    /// The file says no version.
    #[error("is signed, but has no `version`, a whole number from 1 that rises with each update")]
    NoVersion,
    /// The file is older than one that was in use, or than the configuration asks for.
    #[error("is version {version}, older than {least}, which is the least that is accepted")]
    TooOld {
        /// Its version.
        version: u64,
        /// The least that is accepted.
        least: u64,
    },
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    const FILE: &[u8] = b"schema = 1\nversion = 7\n";

    /// RFC 8032, section 7.1: public key, message, signature.
    const VECTORS: [(&str, &str, &str); 3] = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];

    #[test]
    fn the_vectors_of_the_standard_verify_and_no_bit_of_them_may_flip() {
        for (key, message, signature) in VECTORS {
            let key = UpdateKey(bytes(key).try_into().unwrap());
            let (message, signature) = (bytes(message), bytes(signature));
            assert!(key.verifies(&message, &signature));

            for bit in 0..signature.len() * 8 {
                let mut wrong = signature.clone();
                wrong[bit / 8] ^= 1 << (bit % 8);
                assert!(!key.verifies(&message, &wrong), "bit {bit}");
            }
            assert!(!key.verifies(&[&*message, b"x"].concat(), &signature));
        }
    }

    #[test]
    fn a_second_form_of_the_same_signature_is_refused() {
        // S + L, where L is the order of the group (RFC 8032, 5.1.7: S has to be below L).
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        for (key, message, signature) in VECTORS {
            let key = UpdateKey(bytes(key).try_into().unwrap());
            let mut second = bytes(signature);
            let mut carry = 0;
            for (byte, add) in second[32..].iter_mut().zip(order.iter()) {
                let sum = u16::from(*byte) + u16::from(*add) + carry;
                *byte = u8::try_from(sum & 0xff).unwrap();
                carry = sum >> 8;
            }
            assert!(!key.verifies(&bytes(message), &second));
        }
    }

    #[test]
    fn a_file_signed_by_the_key_is_opened_with_its_version() {
        let (key, pair) = keys(1);

        let update = SignedUpdate::open(key, FILE, &sign(&pair, FILE)).unwrap();

        assert_eq!((update.text.as_bytes(), update.version), (FILE, 7));
        assert_eq!(update.clone().at_least(7), Ok(update.clone()));
        assert_eq!(update.at_least(8), Err(UpdateError::TooOld { version: 7, least: 8 }));
    }

    #[test]
    fn no_bit_of_the_file_may_flip_and_no_byte_be_missing() {
        let (key, pair) = keys(1);
        let signature = sign(&pair, FILE);

        for bit in 0..FILE.len() * 8 {
            let mut wrong = FILE.to_vec();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let refused = SignedUpdate::open(key, &wrong, &signature);
            assert_eq!(refused, Err(UpdateError::SignatureWrong), "bit {bit}");
        }
        for length in 0..FILE.len() {
            let refused = SignedUpdate::open(key, &FILE[..length], &signature);
            assert_eq!(refused, Err(UpdateError::SignatureWrong), "{length} bytes");
        }
    }

    #[test]
    fn another_key_and_a_signature_for_something_else_do_not_fit() {
        let (key, pair) = keys(1);
        let (_, other) = keys(2);

        let bare = STANDARD.encode(pair.sign(FILE).as_ref()).into_bytes();
        for signature in [sign(&other, FILE), bare] {
            let refused = SignedUpdate::open(key, FILE, &signature);
            assert_eq!(refused, Err(UpdateError::SignatureWrong));
        }
    }

    #[test]
    fn a_signature_that_is_none_is_told_apart() {
        let (key, pair) = keys(1);
        let right = sign(&pair, FILE);

        assert!(SignedUpdate::open(key, FILE, &[b"\n", &*right, b"\r\n"].concat()).is_ok());
        let none: [&[u8]; 5] = [b"", b"no base64!", &right[..84], &right[..87], b"AAAA"];
        for signature in none {
            let refused = SignedUpdate::open(key, FILE, signature);
            assert_eq!(refused, Err(UpdateError::SignatureMalformed));
        }
    }

    #[test]
    fn a_key_is_32_bytes_in_base64_and_not_all_zero() {
        let (key, _) = keys(1);

        assert_eq!(UpdateKey::parse(&format!(" {key}\n")), Ok(key));
        let zero = STANDARD.encode([0; 32]);
        let long = STANDARD.encode([1; 33]);
        for text in ["", "key", &key.to_string()[..43], &zero, &long] {
            assert_eq!(UpdateKey::parse(text), Err(UpdateError::KeyMalformed), "{text}");
        }
    }

    #[test]
    fn a_signed_file_without_a_version_is_refused() {
        let (key, pair) = keys(1);

        for (file, error) in [
            (&b"schema = 1\n"[..], UpdateError::NoVersion),
            (b"version = 0\n", UpdateError::NoVersion),
            (b"version = -1\n", UpdateError::NoVersion),
            (b"version = = 1\n", UpdateError::NoVersion),
            (b"version = 1 # \xff\n", UpdateError::NotText),
        ] {
            assert_eq!(SignedUpdate::open(key, file, &sign(&pair, file)), Err(error));
        }
    }

    fn keys(seed: u8) -> (UpdateKey, Ed25519KeyPair) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        (UpdateKey(pair.public_key().as_ref().try_into().unwrap()), pair)
    }

    fn sign(pair: &Ed25519KeyPair, file: &[u8]) -> Vec<u8> {
        STANDARD.encode(pair.sign(&[SIGNED_PREFIX, file].concat()).as_ref()).into_bytes()
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> =
            hex.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }
}
