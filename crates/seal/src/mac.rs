//! Keyed digests: HMAC (RFC 2104, GM/T 0042) over SM3 and SHA-256.

use hmac::{KeyInit, Mac};
use zeroize::Zeroizing;

use crate::{Hash, Suite, digest};

/// Both digests work on blocks of 64 bytes.
const BLOCK: usize = 64;

/// A keyed digest that is fed piece by piece. Cloning a keyed one saves the key schedule: a pseudonym for each of a
/// million rows starts from a clone.
#[derive(Clone)]
pub struct Hmac(Inner);

#[derive(Clone)]
enum Inner {
    Sm3(hmac::Hmac<sm3::Sm3>),
    Sha256(hmac::Hmac<sha2::Sha256>),
}

impl Hmac {
    /// Starts with a key of any length; one longer than a block (64 bytes) is digested first, as RFC 2104 says.
    #[must_use]
    pub fn new(suite: Suite, key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0_u8; BLOCK]);
        if key.len() > BLOCK {
            let short = Zeroizing::new(suite.digest(key));
            block.iter_mut().zip(short.iter()).for_each(|(to, from)| *to = *from);
        } else {
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
        Self(match suite {
            Suite::National => Inner::Sm3(hmac::Hmac::new(&(*block).into())),
            Suite::International => Inner::Sha256(hmac::Hmac::new(&(*block).into())),
        })
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        match &mut self.0 {
            Inner::Sm3(it) => it.update(bytes.as_ref()),
            Inner::Sha256(it) => it.update(bytes.as_ref()),
        }
    }

    /// The code of everything taken.
    #[must_use]
    pub fn finish(self) -> Hash {
        match self.0 {
            Inner::Sm3(it) => it.finalize().into_bytes().into(),
            Inner::Sha256(it) => it.finalize().into_bytes().into(),
        }
    }

    /// Is this the code of everything taken? Takes the same time for every answer.
    #[must_use]
    pub fn is(self, code: &[u8]) -> bool {
        crate::ct_eq(&self.finish(), code)
    }
}

impl std::fmt::Debug for Hmac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let suite = match self.0 {
            Inner::Sm3(_) => Suite::National,
            Inner::Sha256(_) => Suite::International,
        };
        write!(f, "Hmac({})", digest::Hasher::new(suite).suite().digest_name())
    }
}

/// HMAC-SM3.
#[must_use]
pub fn hmac_sm3(key: &[u8], message: &[u8]) -> Hash {
    let mut mac = Hmac::new(Suite::National, key);
    mac.update(message);
    mac.finish()
}

/// HMAC-SHA-256.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Hash {
    let mut mac = Hmac::new(Suite::International, key);
    mac.update(message);
    mac.finish()
}
