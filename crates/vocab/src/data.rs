//! Data types of items, and single values, independent of any database.

use serde::{Deserialize, Serialize};

use crate::class::list;

/// The type of an item's values as every path of the house understands it.
///
/// The national type (政务信息资源目录编制指南: C N Y D T L M G B I F) is [`DataType::national`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum DataType {
    /// Text of any length. Codes and identifiers are always text.
    Text,
    /// True or false.
    Boolean,
    /// A signed integer of 64 bits.
    Integer,
    /// An exact decimal: `precision` digits in all (1 to 38), `scale` of them after the point.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// A double-precision binary float.
    Double,
    /// A calendar date.
    Date,
    /// A date and time of day without zone, microseconds.
    DateTime,
    /// An instant (with zone), microseconds.
    Instant,
    /// A JSON document, kept as its text.
    Json,
    /// Bytes.
    Bytes,
}

impl DataType {
    /// The machine code without parameters: `text`, `decimal`, ….
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Double => "double",
            Self::Date => "date",
            Self::DateTime => "date-time",
            Self::Instant => "instant",
            Self::Json => "json",
            Self::Bytes => "bytes",
        }
    }

    /// The type of the national catalogue.
    #[must_use]
    pub const fn national(self) -> NationalType {
        match self {
            Self::Text => NationalType::Characters,
            Self::Boolean => NationalType::Logical,
            Self::Integer => NationalType::Integer,
            Self::Decimal { .. } => NationalType::Number,
            Self::Double => NationalType::Double,
            Self::Date => NationalType::Date,
            Self::DateTime | Self::Instant => NationalType::DateTime,
            Self::Json => NationalType::Memo,
            Self::Bytes => NationalType::General,
        }
    }

    /// True where values are ordered numbers.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. } | Self::Double)
    }
}

list! {
    /// 信息项数据类型 of the national catalogue, by its letter.
    NationalType: "item type" {
        /// Characters.
        Characters = "C", "字符型", "Characters";
        /// Number.
        Number = "N", "数值型", "Number";
        /// Currency.
        Currency = "Y", "货币型", "Currency";
        /// Date.
        Date = "D", "日期型", "Date";
        /// Date and time.
        DateTime = "T", "日期时间型", "Date and time";
        /// Logical.
        Logical = "L", "逻辑型", "Logical";
        /// Memo: long text.
        Memo = "M", "备注型", "Memo";
        /// General: an object.
        General = "G", "通用型", "General";
        /// Double.
        Double = "B", "双精度型", "Double";
        /// Integer.
        Integer = "I", "整型", "Integer";
        /// Float.
        Float = "F", "浮点型", "Float";
    }
}

impl NationalType {
    /// The type under which values of a national type are read: money exactly, to the tenth of a 分.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Characters | Self::Memo => DataType::Text,
            Self::Number => DataType::Decimal {
                precision: 38,
                scale: 10,
            },
            Self::Currency => DataType::Decimal {
                precision: 19,
                scale: 4,
            },
            Self::Date => DataType::Date,
            Self::DateTime => DataType::DateTime,
            Self::Logical => DataType::Boolean,
            Self::General => DataType::Bytes,
            Self::Double | Self::Float => DataType::Double,
            Self::Integer => DataType::Integer,
        }
    }
}

impl std::fmt::Display for DataType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            other => f.write_str(other.code()),
        }
    }
}

/// A text is no type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no type; allowed: text, boolean, integer, decimal(precision,scale), double, date, date-time, instant, json, bytes"
)]
pub struct DataTypeError(pub String);

impl std::str::FromStr for DataType {
    type Err = DataTypeError;
    /// Reads what `Display` writes, and a letter of the national catalogue.
    fn from_str(text: &str) -> Result<Self, DataTypeError> {
        let text = text.trim();
        let wrong = || DataTypeError(text.chars().take(80).collect());
        let digits = text.strip_prefix("decimal(").and_then(|it| it.strip_suffix(')'));
        if let Some((precision, scale)) = digits.and_then(|it| it.split_once(',')) {
            let read = |it: &str| it.trim().parse().map_err(|_| wrong());
            let (precision, scale): (u8, u8) = (read(precision)?, read(scale)?);
            let fits = (1..=38).contains(&precision) && scale <= precision;
            return if fits {
                Ok(Self::Decimal { precision, scale })
            } else {
                Err(wrong())
            };
        }
        let plain = [
            Self::Text,
            Self::Boolean,
            Self::Integer,
            Self::Double,
            Self::Date,
            Self::DateTime,
            Self::Instant,
            Self::Json,
            Self::Bytes,
        ];
        let letter = || text.parse::<NationalType>().ok().map(NationalType::data_type);
        plain
            .into_iter()
            .find(|it| it.code() == text)
            .or_else(letter)
            .ok_or_else(wrong)
    }
}

/// A literal in a row rule or a filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Anything else by its text: text, a decimal (`12.30`), a date (`2026-11-22`), an instant (RFC 3339).
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_letters_are_types() {
        let letters: String = NationalType::ALL.iter().map(|it| it.code()).collect();
        assert_eq!(letters, "CNYDTLMGBIF");
        for it in NationalType::ALL {
            assert_eq!(it.code().parse::<DataType>(), Ok(it.data_type()), "{it}");
        }
        let there_and_back = "CNDTLGBI";
        for letter in there_and_back.chars() {
            let national: NationalType = letter.to_string().parse().unwrap_or(NationalType::Float);
            assert_eq!(national.data_type().national(), national);
        }
        assert!("X".parse::<DataType>().is_err());
    }
}
