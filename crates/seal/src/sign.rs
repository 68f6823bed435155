//! Signatures: SM2 with SM3 (GB/T 32918.2, default identity of GM/T 0009) and Ed25519 (RFC 8032).

use std::path::Path;

use ed25519_dalek::Signer as _;
use sm2::{
    dsa::signature::Verifier as _,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{Error, Suite, file, random};

/// The signer's identity that enters an SM2 signature when none was agreed (GM/T 0009-2012, 10).
pub(crate) const DEFAULT_ID: &str = "1234567812345678";

/// A private key that signs.
#[derive(Clone)]
pub struct SigningKey(Private);

#[derive(Clone)]
enum Private {
    National(Box<sm2::SecretKey>),
    International(Box<ed25519_dalek::SigningKey>),
}

impl SigningKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`Error::Primitive`] without random bytes.
    pub fn generate(suite: Suite) -> Result<Self, Error> {
        loop {
            let mut bytes = random::<32>()?;
            let key = Self::from_bytes(suite, &bytes);
            bytes.zeroize();
            // For SM2 a number out of range (once in 2^32) is drawn again.
            if let Ok(key) = key {
                return Ok(key);
            }
        }
    }

    /// A key from its 32 secret bytes: the SM2 scalar (big endian, 1 to n−2) or the Ed25519 seed.
    ///
    /// # Errors
    /// [`Error::Key`] when they are no key.
    pub fn from_bytes(suite: Suite, bytes: &[u8; 32]) -> Result<Self, Error> {
        let key = Self(match suite {
            Suite::National => Private::National(Box::new(
                sm2::SecretKey::from_slice(bytes).map_err(|_| Error::Key(suite))?,
            )),
            Suite::International => Private::International(Box::new(ed25519_dalek::SigningKey::from_bytes(bytes))),
        });
        // The scalar n−1 parses but cannot sign (1 + d has no inverse): a trial finds it.
        key.sign(b"").map_err(|_| Error::Key(suite))?;
        Ok(key)
    }

    /// A key from a PKCS#8 PEM text (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    /// [`Error::Key`] when it is no key of this suite.
    pub fn from_pem(suite: Suite, pem: &str) -> Result<Self, Error> {
        let bad = || Error::Key(suite);
        match suite {
            Suite::National => {
                let key = sm2::SecretKey::from_pkcs8_pem(pem).map_err(|_| bad())?;
                let mut bytes: [u8; 32] = key.to_bytes().into();
                let key = Self::from_bytes(suite, &bytes);
                bytes.zeroize();
                key
            }
            Suite::International => {
                let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map_err(|_| bad())?;
                Ok(Self(Private::International(Box::new(key))))
            }
        }
    }

    /// The key as PKCS#8 PEM. Wiped when dropped.
    ///
    /// # Errors
    /// [`Error::Primitive`] when it cannot be encoded.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, Error> {
        match &self.0 {
            Private::National(key) => key.to_pkcs8_pem(LineEnding::LF).map_err(|_| Error::Primitive),
            Private::International(key) => {
                let pem = key.to_pkcs8_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF);
                pem.map_err(|_| Error::Primitive)
            }
        }
    }

    /// Reads a PEM key file, or makes it once (mode 0600, whole or not at all).
    ///
    /// # Errors
    /// [`Error::Exposed`] when others can read it; [`Error::Key`], [`Error::Io`], [`Error::Primitive`].
    pub fn open_or_create(path: &Path, suite: Suite) -> Result<Self, Error> {
        let pem = file::open_or_create(path, || Self::generate(suite)?.to_pem())?;
        Self::from_pem(suite, &pem)
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self.0 {
            Private::National(_) => Suite::National,
            Private::International(_) => Suite::International,
        }
    }

    /// Signs a message: 64 bytes, `r ‖ s` for SM2, `R ‖ S` for Ed25519. The same message gives the same signature.
    ///
    /// # Errors
    /// [`Error::Primitive`]; for a valid key this does not happen.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
        match &self.0 {
            Private::National(key) => {
                let signer = sm2::dsa::SigningKey::new(DEFAULT_ID, key).map_err(|_| Error::Primitive)?;
                let signature: sm2::dsa::Signature = signer.try_sign(message).map_err(|_| Error::Primitive)?;
                Ok(signature.to_bytes().into())
            }
            Private::International(key) => Ok(key.sign(message).to_bytes()),
        }
    }

    /// The public half.
    ///
    /// # Errors
    /// [`Error::Primitive`]; for a valid key this does not happen.
    pub fn verifying_key(&self) -> Result<VerifyingKey, Error> {
        match &self.0 {
            Private::National(key) => sm2::dsa::VerifyingKey::new(DEFAULT_ID, key.public_key())
                .map(|it| VerifyingKey(Public::National(Box::new(it))))
                .map_err(|_| Error::Primitive),
            Private::International(key) => Ok(VerifyingKey(Public::International(Box::new(key.verifying_key())))),
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, …)", self.suite())
    }
}

/// A public key that checks signatures.
#[derive(Clone)]
pub struct VerifyingKey(Public);

#[derive(Clone)]
enum Public {
    National(Box<sm2::dsa::VerifyingKey>),
    International(Box<ed25519_dalek::VerifyingKey>),
}

impl VerifyingKey {
    /// A key from its bytes: the SM2 point (SEC 1, 65 bytes uncompressed or 33 compressed) or 32 bytes of Ed25519.
    ///
    /// # Errors
    /// [`Error::Key`] when they are no key; so is an Ed25519 point of small order, under which anything can be forged.
    pub fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, Error> {
        let bad = || Error::Key(suite);
        match suite {
            Suite::National => {
                let key = sm2::dsa::VerifyingKey::from_sec1_bytes(DEFAULT_ID, bytes).map_err(|_| bad())?;
                Ok(Self(Public::National(Box::new(key))))
            }
            Suite::International => {
                let bytes = <&[u8; 32]>::try_from(bytes).map_err(|_| bad())?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| bad())?;
                if key.is_weak() || key.to_bytes() != *bytes {
                    return Err(bad());
                }
                Ok(Self(Public::International(Box::new(key))))
            }
        }
    }

    /// A key from a PEM text (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// [`Error::Key`] when it is no key of this suite.
    pub fn from_pem(suite: Suite, pem: &str) -> Result<Self, Error> {
        let bad = || Error::Key(suite);
        match suite {
            Suite::National => {
                let key = sm2::PublicKey::from_public_key_pem(pem).map_err(|_| bad())?;
                Self::from_bytes(suite, &key.to_sec1_bytes())
            }
            Suite::International => {
                let key = ed25519_dalek::VerifyingKey::from_public_key_pem(pem).map_err(|_| bad())?;
                Self::from_bytes(suite, key.as_bytes())
            }
        }
    }

    /// The key as PEM (SubjectPublicKeyInfo).
    ///
    /// # Errors
    /// [`Error::Primitive`] when it cannot be encoded.
    pub fn to_pem(&self) -> Result<String, Error> {
        match &self.0 {
            Public::National(key) => key.to_public_key_pem(LineEnding::LF).map_err(|_| Error::Primitive),
            Public::International(key) => {
                let pem = key.to_public_key_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF);
                pem.map_err(|_| Error::Primitive)
            }
        }
    }

    /// The key's bytes: the uncompressed SM2 point (65) or the Ed25519 key (32).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Public::National(key) => key.to_sec1_bytes().to_vec(),
            Public::International(key) => key.to_bytes().to_vec(),
        }
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self.0 {
            Public::National(_) => Suite::National,
            Public::International(_) => Suite::International,
        }
    }

    /// Did the owner of the private half sign this message?
    ///
    /// # Errors
    /// [`Error::Signature`] when not, and for a signature that is none (wrong length, r or s out of range).
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        match &self.0 {
            Public::National(key) => {
                let signature = sm2::dsa::Signature::from_slice(signature).map_err(|_| Error::Signature)?;
                key.verify(message, &signature).map_err(|_| Error::Signature)
            }
            Public::International(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| Error::Signature)?;
                key.verify_strict(message, &signature).map_err(|_| Error::Signature)
            }
        }
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.suite() == other.suite() && self.to_bytes() == other.to_bytes()
    }
}
impl Eq for VerifyingKey {}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({}, {})", self.suite(), hex::encode(self.to_bytes()))
    }
}
