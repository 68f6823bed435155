//! Bearer tokens: 256 random bits, shown once; only their digest is stored.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{Error, random, sha256};

/// What every token begins with, so that secret scanners find a leaked one.
pub const PREFIX: &str = "jt_";

/// A fresh token: `jt_` and 43 letters of base64url. Show it once; store [`hash`] of it.
///
/// # Errors
/// [`Error::Primitive`] without random bytes.
pub fn generate() -> Result<Zeroizing<String>, Error> {
    let bytes = Zeroizing::new(random::<32>()?);
    Ok(Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes))))
}

/// The stored form of a token: lower-case hex of its SHA-256. A token has 256 random bits, so no salt is needed.
#[must_use]
pub fn hash(token: &str) -> String {
    hex::encode(sha256(token.as_bytes()))
}

/// Has it the shape of a token? Says nothing about its truth; spares the database a question.
#[must_use]
pub fn is_shaped(token: &str) -> bool {
    token
        .strip_prefix(PREFIX)
        .is_some_and(|it| URL_SAFE_NO_PAD.decode(it).is_ok_and(|it| it.len() == 32))
}
