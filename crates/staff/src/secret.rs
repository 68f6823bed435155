//! This room's face to `seal`: the secrets of people and programs.

use std::fmt;

use crate::Error;

/// A session or token secret or a generated password, in the one moment when it is handed out. Prints as nothing, is wiped when dropped.
#[derive(Clone)]
pub struct Secret(seal::Secret);

impl Secret {
    /// The text to hand out, once: `jt_` and 43 letters for sessions and tokens.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_text().unwrap_or_default()
    }

    /// A new one of 256 random bits.
    pub(crate) fn new() -> Result<Self, Error> {
        let text = seal::token::generate().map_err(failed)?;
        Ok(Self(seal::Secret::new(text.as_bytes())))
    }

    pub(crate) fn of(text: &str) -> Self {
        Self(seal::Secret::new(text.as_bytes()))
    }

    /// Its digest, the only form that is kept.
    pub(crate) fn hash(&self) -> String {
        hash(self.expose())
    }

    /// Its last four characters, by which its owner tells one token from another.
    pub(crate) fn hint(&self) -> String {
        let text = self.expose();
        text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Can this be a secret of ours at all? Spares the database a question.
pub(crate) fn is_shaped(text: &str) -> bool {
    seal::token::is_shaped(text)
}

/// The digest under which a secret, or what was typed as a login, is kept.
pub(crate) fn hash(text: &str) -> String {
    seal::token::hash(text)
}

pub(crate) fn hash_password(password: &str) -> Result<String, Error> {
    seal::password::hash(password).map_err(failed)
}

pub(crate) fn verify_password(password: &str, hash: &str) -> bool {
    seal::password::verify(password, hash)
}

/// Was it hashed with weaker parameters than today's?
pub(crate) fn is_outdated(hash: &str) -> bool {
    seal::password::is_outdated(hash)
}

/// Sixty-four random bytes.
pub(crate) fn random() -> Result<[u8; 64], Error> {
    seal::random::<64>().map_err(failed)
}

/// Costs as much as [`verify_password`] and never fits: for names nobody has.
pub(crate) fn verify_nobody(password: &str) -> bool {
    seal::password::verify_nobody(password)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Seal(Box::new(error))
}
