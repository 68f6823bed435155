//! 行政区划代码: GB/T 2260 (6 digits), GB/T 10114 (9, to the township) and the statistical code (12, to the village).

use super::{CodeError, code, digits, length, part};

const CODE: &str = "division code";

code! {
    /// A division code of 6, 9 or 12 digits; the given length is kept. `330106`, `330106000` and `330106000000` are one
    /// place ([`DivisionCode::is_same_place`]).
    ///
    /// Invariant: the province exists and no village is named without a township. (Counties directly under a province, `460001`,
    /// have no city.) Whether a county of that number exists,
    /// or existed once, is [`crate::divisions`]' knowledge.
    DivisionCode, parse
}

/// The level of a division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DivisionLevel {
    /// The state (100000).
    Country,
    /// 省, 自治区, 直辖市, 特别行政区.
    Province,
    /// 地级市, 地区, 自治州, 盟.
    City,
    /// 县, 县级市, 市辖区, 旗.
    County,
    /// 乡, 镇, 街道.
    Township,
    /// 村, 社区.
    Village,
}

impl DivisionLevel {
    /// Significant digits at this level.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self {
            Self::Country => 0,
            Self::Province => 2,
            Self::City => 4,
            Self::County => 6,
            Self::Township => 9,
            Self::Village => 12,
        }
    }
}

/// The two digits of a province of GB/T 2260.
pub(crate) fn is_province(head: &str) -> bool {
    const PROVINCES: &str =
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82";
    head.len() == 2 && PROVINCES.split(' ').any(|it| it == head)
}

fn parse(text: &str) -> Result<String, CodeError> {
    length(CODE, text, &[6, 9, 12], "6, 9 or 12")?;
    digits(CODE, text, 0)?;
    if part(text, 0, 6) == "100000" {
        return if part(text, 6, 12).bytes().all(|it| it == b'0') && text.bytes().skip(1).all(|it| it == b'0') {
            Ok(text.to_owned())
        } else {
            Err(CodeError::Part {
                code: CODE,
                at: 7,
                part: "township of the state",
            })
        };
    }
    if !is_province(part(text, 0, 2)) {
        return Err(CodeError::Part {
            code: CODE,
            at: 1,
            part: "province",
        });
    }
    let empty = |from, to| part(text, from, to).bytes().all(|it| it == b'0');
    if text.len() == 12 && empty(6, 9) && !empty(9, 12) {
        return Err(CodeError::Part {
            code: CODE,
            at: 7,
            part: "township",
        });
    }
    Ok(text.to_owned())
}

impl DivisionCode {
    /// The level that the digits name. (`110100`, which is no place of its own, counts as a city.)
    #[must_use]
    pub fn level(&self) -> DivisionLevel {
        let full = |from, to| part(&self.0, from, to).bytes().any(|it| it != b'0');
        if self.0.starts_with("100000") {
            DivisionLevel::Country
        } else if self.0.len() == 12 && full(9, 12) {
            DivisionLevel::Village
        } else if self.0.len() >= 9 && full(6, 9) {
            DivisionLevel::Township
        } else if full(4, 6) {
            DivisionLevel::County
        } else if full(2, 4) {
            DivisionLevel::City
        } else {
            DivisionLevel::Province
        }
    }

    /// The significant digits: `3301` of a city, `330106` of a county, none of the state. All codes within begin so,
    /// which is what a row rule `LIKE '3301%'` uses.
    #[must_use]
    pub fn prefix(&self) -> &str {
        part(&self.0, 0, self.level().digits())
    }

    /// The code one level up by its digits, in the same length; `None` of the state.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let up = match self.level() {
            DivisionLevel::Country => return None,
            DivisionLevel::Province => return Some(Self(pad("100000", self.0.len()))),
            DivisionLevel::City => 2,
            DivisionLevel::County => 4,
            DivisionLevel::Township => 6,
            DivisionLevel::Village => 9,
        };
        Some(Self(pad(part(&self.0, 0, up), self.0.len())))
    }

    /// Is this place `other` or a part of it?
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.level() == DivisionLevel::Country
            || (self.level() != DivisionLevel::Country && self.0.starts_with(other.prefix()))
    }

    /// The same place, whatever the written length?
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.level() == other.level() && self.prefix() == other.prefix()
    }

    /// The county-level code (first six digits).
    #[must_use]
    pub fn county(&self) -> &str {
        part(&self.0, 0, 6)
    }

    /// The statistical form of twelve digits.
    #[must_use]
    pub fn to_twelve(&self) -> Self {
        Self(pad(&self.0, 12))
    }

    /// The shortest standard form: six digits to the county, nine to the township, else twelve.
    #[must_use]
    pub fn shortest(&self) -> Self {
        let wanted = self.level().digits().max(6);
        Self(pad(part(&self.0, 0, self.level().digits().max(2)), wanted))
    }
}

fn pad(text: &str, to: usize) -> String {
    format!("{text:0<to$}")
}
