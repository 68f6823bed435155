//! Passwords: argon2id (RFC 9106) with the OWASP minimum, 19 MiB, 2 passes, 1 lane, kept as a PHC string.
//!
//! Each call takes tens of milliseconds of processor time on purpose: call it off the async threads.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::phc::PasswordHash,
};

use crate::Error;

/// The longest password that is hashed, in bytes of UTF-8.
pub const MAX_BYTES: usize = 1024;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash of no password (random salt and tag, fixed here): what an unknown login is compared with.
pub(crate) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBub2JvZHkgMQ$Kq0ySgL0gJ9m0Xc3tXh1Zt5cK4w2b8nq1r7u5e3d0fA";

fn hasher() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Error::Primitive)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of a password, with a fresh salt.
///
/// # Errors
/// [`Error::Password`] when it is empty or longer than [`MAX_BYTES`]; [`Error::Primitive`].
pub fn hash(password: &str) -> Result<String, Error> {
    if password.is_empty() || password.len() > MAX_BYTES {
        return Err(Error::Password);
    }
    Ok(hasher()?
        .hash_password(password.as_bytes())
        .map_err(|_| Error::Primitive)?
        .to_string())
}

/// Is this the password? False also for a PHC string that cannot be read.
#[must_use]
pub fn verify(password: &str, phc: &str) -> bool {
    if password.len() > MAX_BYTES {
        return false;
    }
    let (Ok(hasher), Ok(known)) = (hasher(), PasswordHash::new(phc)) else {
        return false;
    };
    hasher.verify_password(password.as_bytes(), &known).is_ok()
}

/// The same work for a login that does not exist, so that the answer takes as long. Always false.
#[must_use]
pub fn verify_nobody(password: &str) -> bool {
    // The result is not looked at: even a password that fits nobody's hash signs nobody in.
    std::hint::black_box(verify(password, NOBODY));
    false
}

/// Was it hashed with weaker parameters than today's? Then hash again at the next sign-in.
#[must_use]
pub fn is_outdated(phc: &str) -> bool {
    let Ok(known) = PasswordHash::new(phc) else { return true };
    let weaker = |name: &str, today: u32| known.params.get_decimal(name).is_none_or(|it| it < today);
    known.algorithm.as_str() != "argon2id" || weaker("m", MEMORY_KIB) || weaker("t", PASSES)
}
