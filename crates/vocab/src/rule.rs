//! Row rules: which rows of a table an agreement lets out.
//!
//! A row rule is a small boolean language over items, with SQL's words and SQL's three-valued logic; a row leaves only
//! where the rule is *true* (not NULL).

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::data::Value;

mod error;
mod parse;

pub use error::{RuleError, Wanted};
pub use parse::{MOST_CHARS, MOST_DEPTH};

/// Comparison operators of row rules and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compare {
    /// `=`
    Eq,
    /// `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Compare {
    /// The SQL operator.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

/// A row rule (行级规则) as a tree. `Display` gives its text form, `FromStr` reads it:
/// `division_code LIKE '3301%' AND year >= 2020 AND status IN ('1','2') AND NOT closed_on IS NULL`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum RowRule {
    /// Every row.
    #[default]
    All,
    /// No row.
    Nothing,
    /// All of these.
    And {
        /// The parts.
        of: Vec<RowRule>,
    },
    /// Any of these.
    Or {
        /// The parts.
        of: Vec<RowRule>,
    },
    /// Not this.
    Not {
        /// The part.
        of: Box<RowRule>,
    },
    /// An item compared with a literal.
    Compare {
        /// Item name.
        item: String,
        /// Operator.
        op: Compare,
        /// Literal, never NULL.
        value: Value,
    },
    /// An item is one of some literals.
    In {
        /// Item name.
        item: String,
        /// The literals.
        values: Vec<Value>,
    },
    /// A text item starts with a prefix (`item LIKE 'prefix%'`; `%` and `_` inside the prefix stand for themselves).
    StartsWith {
        /// Item name.
        item: String,
        /// The prefix.
        prefix: String,
    },
    /// An item is NULL.
    IsNull {
        /// Item name.
        item: String,
    },
}

impl RowRule {
    /// All of these rules: nothing given is every row, one given is itself.
    #[must_use]
    pub fn and(rules: impl IntoIterator<Item = Self>) -> Self {
        Self::And {
            of: rules.into_iter().collect(),
        }
        .simplify()
    }

    /// Any of these rules: nothing given is no row.
    #[must_use]
    pub fn or(rules: impl IntoIterator<Item = Self>) -> Self {
        Self::Or {
            of: rules.into_iter().collect(),
        }
        .simplify()
    }

    /// The names of the items it uses, sorted, each once.
    #[must_use]
    pub fn items(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        let mut open = vec![self];
        while let Some(rule) = open.pop() {
            match rule {
                Self::All | Self::Nothing => {}
                Self::And { of } | Self::Or { of } => open.extend(of),
                Self::Not { of } => open.push(of),
                Self::Compare { item, .. }
                | Self::In { item, .. }
                | Self::StartsWith { item, .. }
                | Self::IsNull { item } => {
                    names.insert(item.as_str());
                }
            }
        }
        names
    }

    /// The same rows with less words: nested ANDs and ORs joined, doubles and neutral parts dropped, NOT NOT undone.
    /// Holds in SQL's three-valued logic.
    #[must_use]
    pub fn simplify(self) -> Self {
        match self {
            Self::And { of } => joined(of, true),
            Self::Or { of } => joined(of, false),
            Self::Not { of } => match of.simplify() {
                Self::All => Self::Nothing,
                Self::Nothing => Self::All,
                Self::Not { of } => *of,
                other => Self::Not { of: Box::new(other) },
            },
            Self::In { values, .. } if values.is_empty() => Self::Nothing,
            Self::In { item, mut values } if values.len() == 1 => match values.pop() {
                Some(value) => Self::Compare {
                    item,
                    op: Compare::Eq,
                    value,
                },
                None => Self::Nothing,
            },
            other => other,
        }
    }
}

/// AND (`every`) or OR of simplified parts.
fn joined(parts: Vec<RowRule>, every: bool) -> RowRule {
    let (neutral, deciding) = if every {
        (RowRule::All, RowRule::Nothing)
    } else {
        (RowRule::Nothing, RowRule::All)
    };
    let mut kept: Vec<RowRule> = Vec::new();
    for part in parts {
        let flat = match part.simplify() {
            RowRule::And { of } if every => of,
            RowRule::Or { of } if !every => of,
            other => vec![other],
        };
        for rule in flat {
            if rule == deciding {
                return deciding;
            }
            if rule != neutral && !kept.contains(&rule) {
                kept.push(rule);
            }
        }
    }
    if kept.len() > 1 {
        return if every {
            RowRule::And { of: kept }
        } else {
            RowRule::Or { of: kept }
        };
    }
    kept.pop().unwrap_or(neutral)
}

impl FromStr for RowRule {
    type Err = RuleError;

    /// Reads the text form. Keywords in any case; an empty text is no rule, write `TRUE` for every row.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::parse(text)
    }
}

impl fmt::Display for RowRule {
    /// The text form; reading it gives the same rule again (decimals as text literals).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("TRUE"),
            Self::Nothing => f.write_str("FALSE"),
            Self::And { of } => write_joined(f, of, " AND ", "TRUE"),
            Self::Or { of } => write_joined(f, of, " OR ", "FALSE"),
            Self::Not { of } => match of.as_ref() {
                Self::IsNull { item } => write!(f, "{} IS NOT NULL", Name(item)),
                Self::In { item, values } => write!(f, "{} NOT IN ({})", Name(item), Literals(values)),
                Self::StartsWith { item, prefix } => write!(f, "{} NOT LIKE {}", Name(item), Prefix(prefix)),
                inner => {
                    f.write_str("NOT ")?;
                    write_part(f, inner)
                }
            },
            Self::Compare { item, op, value } => write!(f, "{} {} {}", Name(item), op.sql(), Literal(value)),
            Self::In { item, values } => write!(f, "{} IN ({})", Name(item), Literals(values)),
            Self::StartsWith { item, prefix } => write!(f, "{} LIKE {}", Name(item), Prefix(prefix)),
            Self::IsNull { item } => write!(f, "{} IS NULL", Name(item)),
        }
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, of: &[RowRule], between: &str, empty: &str) -> fmt::Result {
    if let [one] = of {
        return write!(f, "{one}");
    }
    for (place, part) in of.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        write_part(f, part)?;
    }
    if of.is_empty() { f.write_str(empty) } else { Ok(()) }
}

/// A part, in parentheses where it has parts itself.
fn write_part(f: &mut fmt::Formatter<'_>, rule: &RowRule) -> fmt::Result {
    match rule {
        RowRule::And { of } | RowRule::Or { of } if of.len() > 1 => write!(f, "({rule})"),
        _ => write!(f, "{rule}"),
    }
}

struct Name<'a>(&'a str);
struct Literal<'a>(&'a Value);
struct Literals<'a>(&'a [Value]);
struct Prefix<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = self.0.chars().all(parse::is_name)
            && self.0.chars().next().is_some_and(|it| !it.is_ascii_digit())
            && !parse::KEYWORDS.iter().any(|it| it.eq_ignore_ascii_case(self.0));
        if bare {
            f.write_str(self.0)
        } else {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        }
    }
}

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("NULL"),
            Value::Bool(true) => f.write_str("TRUE"),
            Value::Bool(false) => f.write_str("FALSE"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
        }
    }
}

impl fmt::Display for Literals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, value) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}", Literal(value))?;
        }
        Ok(())
    }
}

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self
            .0
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_")
            .replace('\'', "''");
        write!(f, "'{plain}%'")
    }
}

#[cfg(test)]
mod tests;
