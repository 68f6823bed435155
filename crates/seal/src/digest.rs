//! Digests, streaming and at once.

use sha2::Digest as _;

use crate::{Hash, Suite};

/// A digest that is fed piece by piece.
#[derive(Clone)]
pub enum Hasher {
    /// SM3 (GB/T 32905).
    Sm3(sm3::Sm3),
    /// SHA-256 (FIPS 180-4).
    Sha256(sha2::Sha256),
}

impl Hasher {
    /// An empty digest of a suite.
    #[must_use]
    pub fn new(suite: Suite) -> Self {
        match suite {
            Suite::National => Self::Sm3(sm3::Sm3::new()),
            Suite::International => Self::Sha256(sha2::Sha256::new()),
        }
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        match self {
            Self::Sm3(_) => Suite::National,
            Self::Sha256(_) => Suite::International,
        }
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        match self {
            Self::Sm3(it) => it.update(bytes),
            Self::Sha256(it) => it.update(bytes),
        }
    }

    /// The digest of everything taken.
    #[must_use]
    pub fn finish(self) -> Hash {
        match self {
            Self::Sm3(it) => it.finalize().into(),
            Self::Sha256(it) => it.finalize().into(),
        }
    }

    /// The digest as lower-case hex.
    #[must_use]
    pub fn finish_hex(self) -> String {
        hex(&self.finish())
    }
}

/// Lower-case hex, two letters for each byte. Every answer has several digests in it, so it is made by whole bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS.get(usize::from(half)).copied().unwrap_or_default()));
        }
    }
    out
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hasher({})", self.suite().digest_name())
    }
}

/// SM3 of some bytes.
#[must_use]
pub fn sm3(bytes: &[u8]) -> Hash {
    sm3::Sm3::digest(bytes).into()
}

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Hash {
    sha2::Sha256::digest(bytes).into()
}
