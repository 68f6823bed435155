//! Masks: what happens to an item's value before anybody outside the provider sees it.

use serde::{Deserialize, Serialize};

pub mod apply;

/// How an item is masked. Masks are applied below everything a user writes (house invariant 1).
///
/// Defaults per kind of item follow practice under GB/T 37964-2019 and GB/T 35273-2020 and are configuration, not law.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(tag = "mask", rename_all = "kebab-case")]
pub enum Mask {
    /// The value as it is.
    #[default]
    Clear,
    /// Keep the first `head` and last `tail` characters, one `*` for every character between. A value no longer than
    /// `head + tail` becomes all `*`.
    KeepEnds {
        /// Characters kept at the start.
        head: u8,
        /// Characters kept at the end.
        tail: u8,
    },
    /// A person's name: family name kept (compound family names keep two characters), the rest `*`: 张**, 欧阳*.
    Name,
    /// An address cut after the county (县, 区, 市, 旗 …): 浙江省杭州市西湖区****.
    AddressToCounty,
    /// The year of a date or of the birth date inside a citizen identity number: `1990`. The item's type becomes text.
    YearOfBirth,
    /// A keyed pseudonym: lower-case hex of HMAC-SM3 under a key that is secret to the node and different for each
    /// agreement and item, so two consumers cannot join on it. The item's type becomes text.
    Pseudonym,
    /// NULL. The item's type stays.
    Null,
    /// An SQL expression over the item itself, written `value`, in the platform's SQL (`substr(value, 1, 6)`).
    /// The item's type becomes text.
    Sql {
        /// The expression.
        expr: String,
    },
}

impl Mask {
    /// The machine code without parameters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::KeepEnds { .. } => "keep-ends",
            Self::Name => "name",
            Self::AddressToCounty => "address-to-county",
            Self::YearOfBirth => "year-of-birth",
            Self::Pseudonym => "pseudonym",
            Self::Null => "null",
            Self::Sql { .. } => "sql",
        }
    }

    /// Hides this mask at least as much as the other? A partial order: two masks that show different things of a value are
    /// not comparable, and then the answer is no both ways.
    ///
    /// What this mask leaves can be told from what the other leaves; a pseudonym shows nothing of a value but that two are
    /// the same. Keeping fewer ends is not more hidden by itself: `keep-ends(3,4)` hides a value of seven characters
    /// wholly, `keep-ends(1,0)` shows its first.
    #[must_use]
    pub fn hides_at_least(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Clear) | (Self::Null, _) => true,
            (Self::Pseudonym, other) => *other != Self::Null,
            (Self::KeepEnds { head: 0, tail: 0 }, Self::KeepEnds { .. }) => true,
            (one, other) => one == other,
        }
    }

    /// The weakest mask that hides at least as much as both. Two that are not comparable leave nothing.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        match (self, other) {
            (one, other) if one.hides_at_least(other) => one.clone(),
            (one, other) if other.hides_at_least(one) => other.clone(),
            (Self::KeepEnds { .. }, Self::KeepEnds { .. }) => Self::KeepEnds { head: 0, tail: 0 },
            _ => Self::Null,
        }
    }

    /// True where the value leaves unchanged.
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        matches!(self, Self::Clear)
    }
}

impl std::fmt::Display for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::KeepEnds { head, tail } => write!(f, "keep-ends({head},{tail})"),
            Self::Sql { expr } => write!(f, "sql({expr})"),
            other => f.write_str(other.code()),
        }
    }
}

/// A text is no mask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no mask; allowed: clear, keep-ends(head,tail), name, address-to-county, year-of-birth, pseudonym, null, sql(expression)"
)]
pub struct MaskError(pub String);

impl std::str::FromStr for Mask {
    type Err = MaskError;
    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, MaskError> {
        let text = text.trim();
        let wrong = || MaskError(text.chars().take(80).collect());
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some((head, tail)) = inside("keep-ends").and_then(|it| it.split_once(',')) {
            let read = |it: &str| it.trim().parse().map_err(|_| wrong());
            return Ok(Self::KeepEnds {
                head: read(head)?,
                tail: read(tail)?,
            });
        }
        if let Some(expr) = inside("sql").filter(|it| !it.trim().is_empty()) {
            return Ok(Self::Sql { expr: expr.to_owned() });
        }
        let plain = [
            Self::Clear,
            Self::Name,
            Self::AddressToCounty,
            Self::YearOfBirth,
            Self::Pseudonym,
            Self::Null,
        ];
        plain.into_iter().find(|it| it.code() == text).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests;
