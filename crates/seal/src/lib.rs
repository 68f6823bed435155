//! Keys and everything made with them: digests, signatures, envelopes, secrets at rest, passwords, tokens.
//!
//! Two suites stand behind one face, [`Suite`]: the national one (SM2, SM3, SM4-GCM; GB/T 32918, 32905, 32907) and the
//! international one (Ed25519, SHA-256, AES-256-GCM). Invariants: a secret never prints ([`Secret`], `Debug` of keys),
//! is wiped when dropped, and lies on disk only in files that no one else can read; every comparison of secrets takes
//! the same time; nonces of signatures are derived from the message (RFC 6979, RFC 8032), never from chance alone.

mod digest;
mod envelope;
mod file;
mod mac;
mod secret;
mod sign;
mod vault;

pub mod password;
pub mod token;

#[cfg(test)]
mod tests;

pub use digest::{Hasher, hex, sha256, sm3};
pub use envelope::{Envelope, Key};
pub use mac::{Hmac, hmac_sha256, hmac_sm3};
pub use secret::{Secret, ct_eq, random};
pub use sign::{SigningKey, VerifyingKey};
pub use vault::Vault;

use serde::{Deserialize, Serialize};

/// A digest or an authentication code: 32 bytes in both suites.
pub type Hash = [u8; 32];

/// A family of algorithms that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// SM2, SM3, SM4 in GCM mode: 商用密码.
    National,
    /// Ed25519, SHA-256, AES-256 in GCM mode.
    International,
}

impl Suite {
    /// Both, national first.
    pub const ALL: [Self; 2] = [Self::National, Self::International];

    /// The machine code: `national`, `international`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::National => "national",
            Self::International => "international",
        }
    }

    /// The name of its digest: `sm3`, `sha256`.
    #[must_use]
    pub const fn digest_name(self) -> &'static str {
        match self {
            Self::National => "sm3",
            Self::International => "sha256",
        }
    }

    /// The digest of some bytes.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Hash {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The keyed digest (HMAC, RFC 2104) of some bytes.
    #[must_use]
    pub fn hmac(self, key: &[u8], message: &[u8]) -> Hash {
        match self {
            Self::National => hmac_sm3(key, message),
            Self::International => hmac_sha256(key, message),
        }
    }
}

impl std::fmt::Display for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for Suite {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|it| it.code() == text).ok_or(Error::Suite)
    }
}

/// Why something could not be sealed, opened, signed or read. Never holds a secret or the thing it was about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the code of a suite.
    #[error("unknown suite of algorithms (expected national or international)")]
    Suite,
    /// A key's bytes or PEM text are not a key of this suite.
    #[error("this is not a {0} key")]
    Key(Suite),
    /// The signature does not belong to this message under this key.
    #[error("the signature is wrong")]
    Signature,
    /// The envelope is no envelope.
    #[error("this is not a sealed envelope")]
    Envelope,
    /// The envelope was sealed with a key that is not here; its identifier.
    #[error("sealed with key {0}, which is not in this vault")]
    OtherKey(String),
    /// The envelope was altered, or opened for another purpose or with another key.
    #[error("the sealed content or its context was altered")]
    Altered,
    /// The key file is not one of ours.
    #[error("the key file `{0}` is damaged")]
    Damaged(String),
    /// The key file can be read by others.
    #[error("the key file `{0}` can be read by others; it must have mode 0600")]
    Exposed(String),
    /// The password is not acceptable to the hash: empty, or longer than [`password::MAX_BYTES`].
    #[error("a password has 1 to {max} bytes", max = password::MAX_BYTES)]
    Password,
    /// The operating system gave no random bytes, or a primitive failed.
    #[error("the cryptographic primitive failed")]
    Primitive,
    /// A key file could not be read or written.
    #[error("the key file could not be used")]
    Io(#[from] std::io::Error),
}
