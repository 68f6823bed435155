//! Authenticated encryption: SM4-GCM (RFC 8998) and AES-256-GCM, with a header that says with which key.

use aes_gcm::{
    Aes256Gcm, AesGcm, KeyInit as _,
    aead::{Aead as _, Payload},
    aes::cipher::consts::U12,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{Error, Secret, Suite, random};

type Sm4Gcm = AesGcm<sm4::Sm4, U12>;

/// Bytes of the nonce of GCM.
const NONCE: usize = 12;
/// First part of an envelope's text: the version of its form.
const MARK: &str = "jt1";

/// A symmetric key with a name.
#[derive(Clone)]
pub struct Key {
    suite: Suite,
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

impl Key {
    /// A key from 32 bytes; SM4 uses the first 16. Its identifier is derived from it: 16 hex digits of its HMAC.
    #[must_use]
    pub fn new(suite: Suite, mut bytes: [u8; 32]) -> Self {
        let name = suite.hmac(&bytes, b"jutong key id");
        let key = Self {
            suite,
            id: hex::encode(name.get(..8).unwrap_or(&name)),
            bytes: Zeroizing::new(bytes),
        };
        bytes.zeroize();
        key
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Its identifier, safe to show.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals bytes; `context` is not hidden but must be the same when it is opened.
    ///
    /// # Errors
    /// [`Error::Primitive`] without random bytes.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Envelope, Error> {
        let nonce = random::<NONCE>()?;
        let aad = associated(self.suite, &self.id, context);
        let sealed = encrypt(self.suite, &self.bytes, &nonce, &aad, plain)?;
        Ok(Envelope {
            suite: self.suite,
            key_id: self.id.clone(),
            nonce,
            sealed,
        })
    }

    /// Opens an envelope.
    ///
    /// # Errors
    /// [`Error::OtherKey`] when it names another key; [`Error::Altered`] when its content, header or context differ
    /// from what was sealed.
    pub fn open(&self, context: &[u8], envelope: &Envelope) -> Result<Secret, Error> {
        if envelope.key_id != self.id || envelope.suite != self.suite {
            return Err(Error::OtherKey(envelope.key_id.clone()));
        }
        let aad = associated(envelope.suite, &envelope.key_id, context);
        decrypt(self.suite, &self.bytes, &envelope.nonce, &aad, &envelope.sealed).map(Secret::new)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({}, {})", self.suite, self.id)
    }
}

/// Something sealed. Its text is `jt1.<suite>.<key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    suite: Suite,
    key_id: String,
    nonce: [u8; NONCE],
    sealed: Vec<u8>,
}

impl Envelope {
    /// The suite it was sealed with.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The identifier of the key it was sealed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

impl std::fmt::Display for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = self.nonce.to_vec();
        bytes.extend_from_slice(&self.sealed);
        write!(
            f,
            "{MARK}.{}.{}.{}",
            self.suite,
            self.key_id,
            URL_SAFE_NO_PAD.encode(bytes)
        )
    }
}

impl std::str::FromStr for Envelope {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('.');
        let (Some(MARK), Some(suite), Some(key_id), Some(body), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::Envelope);
        };
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| Error::Envelope)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Error::Envelope)?;
        Ok(Self {
            suite: suite.parse().map_err(|_| Error::Envelope)?,
            key_id: key_id.to_owned(),
            nonce: *nonce,
            sealed: sealed.to_vec(),
        })
    }
}

/// Header and context as one unambiguous byte string: nobody can move a letter from one into the other.
fn associated(suite: Suite, key_id: &str, context: &[u8]) -> Vec<u8> {
    let mut aad = format!("{MARK}.{suite}.{key_id}.").into_bytes();
    aad.extend_from_slice(context);
    aad
}

pub(crate) fn encrypt(
    suite: Suite,
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    aad: &[u8],
    msg: &[u8],
) -> Result<Vec<u8>, Error> {
    let payload = Payload { msg, aad };
    match suite {
        Suite::National => sm4_gcm(key)?.encrypt(&(*nonce).into(), payload),
        Suite::International => Aes256Gcm::new(&(*key).into()).encrypt(&(*nonce).into(), payload),
    }
    .map_err(|_| Error::Primitive)
}

pub(crate) fn decrypt(
    suite: Suite,
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    aad: &[u8],
    msg: &[u8],
) -> Result<Vec<u8>, Error> {
    let payload = Payload { msg, aad };
    match suite {
        Suite::National => sm4_gcm(key)?.decrypt(&(*nonce).into(), payload),
        Suite::International => Aes256Gcm::new(&(*key).into()).decrypt(&(*nonce).into(), payload),
    }
    .map_err(|_| Error::Altered)
}

fn sm4_gcm(key: &[u8; 32]) -> Result<Sm4Gcm, Error> {
    let (short, _) = key.split_first_chunk::<16>().ok_or(Error::Primitive)?;
    Ok(Sm4Gcm::new(&(*short).into()))
}
