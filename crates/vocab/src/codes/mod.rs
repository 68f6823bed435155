//! Codes of people, organisations, places, matters and certificates: parsed once, then valid.
//!
//! Every code is text that has passed its standard's structure and check character. Errors say what is wrong and at
//! which character, and never repeat the value.

mod category;
mod certificate;
mod citizen;
mod credit;
mod division;
mod matter;
mod organisation;
mod phone;
mod postcode;
mod resource;

pub use category::{Category, CategoryClass, CategoryError, CategoryGroup};
pub use certificate::CertificateId;
pub use citizen::{CitizenId, Holder, OldCitizenId, Sex};
pub use credit::{CreditCode, Registrar};
pub use division::{DivisionCode, DivisionLevel};
pub use matter::{MatterCode, MatterKind};
pub use organisation::OrganisationCode;
pub use phone::{Phone, PhoneKind};
pub use postcode::Postcode;
pub use resource::ResourceCode;

/// Why a text is not a code. `code` is the standard's English term, `at` counts characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Wrong number of characters.
    #[error("{code} has {found} characters, expected {expected}")]
    Length {
        /// Which code.
        code: &'static str,
        /// Characters found.
        found: usize,
        /// What is allowed.
        expected: &'static str,
    },
    /// A character that may not stand there.
    #[error("{code} has `{found}` at character {at}, allowed are {allowed}")]
    Char {
        /// Which code.
        code: &'static str,
        /// Place, from 1.
        at: usize,
        /// What stands there.
        found: char,
        /// What may stand there.
        allowed: &'static str,
    },
    /// A part that is well formed but means nothing: a date that does not exist, an unknown province.
    #[error("{code}: {part} at character {at} is not valid")]
    Part {
        /// Which code.
        code: &'static str,
        /// Place, from 1.
        at: usize,
        /// Which part.
        part: &'static str,
    },
    /// The check character is wrong (typing error, or an invented number).
    #[error("{code}: check character at {at} does not match the rest")]
    Check {
        /// Which code.
        code: &'static str,
        /// Place, from 1.
        at: usize,
    },
}

impl CodeError {
    /// The place of the fault, from 1; `None` when the length is wrong.
    #[must_use]
    pub const fn at(&self) -> Option<usize> {
        match self {
            Self::Length { .. } => None,
            Self::Char { at, .. } | Self::Part { at, .. } | Self::Check { at, .. } => Some(*at),
        }
    }

    /// The machine code of the fault: `length`, `char`, `part`, `check`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::Char { .. } => "char",
            Self::Part { .. } => "part",
            Self::Check { .. } => "check",
        }
    }
}

/// A code as a newtype over its canonical text: `FromStr`, `TryFrom<String>`, `Display`, serde through text.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $parse:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The canonical text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::codes::CodeError;
            fn from_str(text: &str) -> Result<Self, Self::Err> { $parse(text.trim()).map(Self) }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::codes::CodeError;
            fn try_from(text: String) -> Result<Self, Self::Error> { text.parse() }
        }

        impl From<$name> for String {
            fn from(it: $name) -> Self { it.0 }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str { &self.0 }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) }
        }
    };
}
pub(crate) use code;

/// Characters `from..to` of ASCII text, counted from 0; empty where there are none.
pub(crate) fn part(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or("")
}

/// Every character of `text` passes `allowed`, or the error names the first that does not. `from` is the place before.
pub(crate) fn each(
    code: &'static str,
    text: &str,
    from: usize,
    words: &'static str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), CodeError> {
    match text.chars().enumerate().find(|(_, it)| !allowed(*it)) {
        None => Ok(()),
        Some((place, found)) => Err(CodeError::Char {
            code,
            at: from + place + 1,
            found,
            allowed: words,
        }),
    }
}

/// Only digits.
pub(crate) fn digits(code: &'static str, text: &str, from: usize) -> Result<(), CodeError> {
    each(code, text, from, "0-9", |it| it.is_ascii_digit())
}

/// Exactly this many characters.
pub(crate) fn length(
    code: &'static str,
    text: &str,
    wanted: &[usize],
    expected: &'static str,
) -> Result<(), CodeError> {
    let found = text.chars().count();
    if wanted.contains(&found) {
        Ok(())
    } else {
        Err(CodeError::Length { code, found, expected })
    }
}

#[cfg(test)]
mod tests;
