//! Codes of resources: the national code with its sequence, local codes by pattern, and the provider's code.
//!
//! National code (2017 Guide): 类 项 目 细目 digits, `/`, sequence: `101001/000001`. Regions number differently, so
//! the local code stands beside it and is made by a pattern.

use db::Tx;
use vocab::codes::ResourceCode;

use crate::{
    Error,
    resource::{Category, Content},
};

/// Takes the next number of a category and writes the national code. Two transactions never get the same one; a
/// number that was rolled back is given again.
///
/// # Errors
/// [`Error::Db`].
pub async fn next_national(tx: &Tx, category: &Category) -> Result<String, Error> {
    let number = next(tx, &format!("national:{category}")).await?;
    Ok(ResourceCode::new(category, number).to_string())
}

/// Takes the next number of a local series and writes the local code by `pattern`.
///
/// # Errors
/// [`Error::Db`].
pub async fn next_local(tx: &Tx, pattern: &LocalPattern, content: &Content, division: &str) -> Result<String, Error> {
    let number = next(tx, &format!("local:{}", pattern.fill(content, division, None))).await?;
    Ok(pattern.fill(content, division, Some(number)))
}

async fn next(tx: &Tx, series: &str) -> Result<u64, Error> {
    let row = tx
        .one(
            "insert into resource_code (series, last) values ($1, 1)
             on conflict (series) do update set last = resource_code.last + 1
             returning last",
            [series.into()],
        )
        .await?;
    Ok(row.count("last")?)
}

/// How a region writes its own codes: `{division}-{category}-{seq:4}`.
///
/// Fields: `{division}`, `{category}`, `{provider}` (its code), `{seq:N}` (the number, at least N digits).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Division,
    Category,
    Provider,
    Sequence(usize),
}

/// A text is no pattern for local codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A field is not known.
    #[error("`{{{0}}}` is no field of a code pattern")]
    Field(String),
    /// A brace is not closed.
    #[error("a brace is not closed")]
    Open,
    /// It must hold `{{seq:N}}` exactly once.
    #[error("a code pattern holds {{seq:N}} exactly once")]
    Sequence,
}

impl LocalPattern {
    fn fill(&self, content: &Content, division: &str, number: Option<u64>) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(it) => text += it,
                Part::Division => text += division,
                Part::Category => text += content.category.as_str(),
                Part::Provider => text += &content.provider_code,
                Part::Sequence(digits) => match number {
                    Some(number) => text += &format!("{number:0width$}", width = *digits),
                    None => text.push('#'),
                },
            }
        }
        text
    }
}

impl std::str::FromStr for LocalPattern {
    type Err = PatternError;
    fn from_str(text: &str) -> Result<Self, PatternError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (field, after) = after.split_once('}').ok_or(PatternError::Open)?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match field.split_once(':') {
                None if field == "division" => Part::Division,
                None if field == "category" => Part::Category,
                None if field == "provider" => Part::Provider,
                Some(("seq", digits)) => Part::Sequence(
                    digits
                        .parse()
                        .ok()
                        .filter(|it| *it <= 12)
                        .ok_or_else(|| PatternError::Field(field.to_owned()))?,
                ),
                _ => return Err(PatternError::Field(field.to_owned())),
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.iter().filter(|it| matches!(it, Part::Sequence(_))).count() != 1 {
            return Err(PatternError::Sequence);
        }
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::store::testing::{complete, org};

    #[test]
    fn local_patterns_are_filled() {
        let content = complete(&org("滨海市公安局", None));
        let pattern: LocalPattern = "{division}-{category}-{seq:4}".parse().unwrap();
        assert_eq!(pattern.fill(&content, "330100", Some(7)), "330100-101001-0007");
        assert_eq!(
            "{seq:x}".parse::<LocalPattern>(),
            Err(PatternError::Field("seq:x".to_owned()))
        );
        assert_eq!("{division}".parse::<LocalPattern>(), Err(PatternError::Sequence));
        assert_eq!("{seq:2".parse::<LocalPattern>(), Err(PatternError::Open));
    }
}
