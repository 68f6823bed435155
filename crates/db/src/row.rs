//! Arguments in, typed columns out.

use std::str::FromStr;

use sea_orm::{QueryResult, Value};
use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// One argument of a statement. Made with `into()` from text, numbers, truth, `Option`s of them and instants;
/// [`Arg::json`] for documents, [`Arg::text`] for anything that prints.
#[derive(Debug, Clone)]
pub struct Arg(pub(crate) Value);

impl Arg {
    /// Anything that prints: an identifier, a code.
    pub fn text(it: impl std::fmt::Display) -> Self {
        Self(it.to_string().into())
    }

    /// An optional something that prints.
    pub fn opt(it: Option<impl std::fmt::Display>) -> Self {
        Self(it.map(|it| it.to_string()).into())
    }

    /// A document, as JSON text. What cannot be written as JSON becomes `null`, which no reader accepts.
    pub fn json(it: &impl Serialize) -> Self {
        Self(serde_json::to_string(it).unwrap_or_else(|_| "null".to_owned()).into())
    }
}

macro_rules! arg_from { ($($from:ty),+) => { $(impl From<$from> for Arg { fn from(it: $from) -> Self { Self(it.into()) } })+ } }
arg_from!(String, &str, i64, i32, bool, Option<String>, Option<i64>, Option<bool>);

impl From<u64> for Arg {
    fn from(it: u64) -> Self {
        Self(i64::try_from(it).unwrap_or(i64::MAX).into())
    }
}
impl From<&String> for Arg {
    fn from(it: &String) -> Self {
        Self(it.as_str().into())
    }
}
impl From<vocab::Timestamp> for Arg {
    fn from(at: vocab::Timestamp) -> Self {
        Self(vocab::time::to_text(at).into())
    }
}
impl From<Option<vocab::Timestamp>> for Arg {
    fn from(at: Option<vocab::Timestamp>) -> Self {
        Self(at.map(vocab::time::to_text).into())
    }
}

/// One row of an answer.
#[derive(Debug)]
pub struct Row(pub(crate) QueryResult);

impl Row {
    fn get<T: sea_orm::TryGetable>(&self, column: &str) -> Result<T, Error> {
        self.0.try_get("", column).map_err(|source| unreadable(column, source))
    }

    /// Text.
    ///
    /// # Errors
    /// [`Error::Column`] when absent, NULL or of another type; so for all readers below.
    pub fn text(&self, column: &str) -> Result<String, Error> {
        self.get(column)
    }
    /// Text or NULL.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, Error> {
        self.get(column)
    }
    /// A `BIGINT`.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn int(&self, column: &str) -> Result<i64, Error> {
        self.get(column)
    }
    /// A `BIGINT` or NULL.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, Error> {
        self.get(column)
    }
    /// A `BIGINT` that counts.
    ///
    /// # Errors
    /// [`Error::Column`], also when negative.
    pub fn count(&self, column: &str) -> Result<u64, Error> {
        u64::try_from(self.int(column)?).map_err(|source| unreadable(column, source))
    }
    /// Truth.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn bool(&self, column: &str) -> Result<bool, Error> {
        self.get(column)
    }
    /// Anything parsed from text: an identifier, a closed-list code.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn parse<T>(&self, column: &str) -> Result<T, Error>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.text(column)?.parse().map_err(|source| unreadable(column, source))
    }
    /// The same, or NULL.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn opt_parse<T>(&self, column: &str) -> Result<Option<T>, Error>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.opt_text(column)?
            .map(|it| it.parse().map_err(|source| unreadable(column, source)))
            .transpose()
    }
    /// An instant.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn time(&self, column: &str) -> Result<vocab::Timestamp, Error> {
        vocab::time::parse(&self.text(column)?).map_err(|source| unreadable(column, source))
    }
    /// An instant or NULL.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn opt_time(&self, column: &str) -> Result<Option<vocab::Timestamp>, Error> {
        self.opt_text(column)?
            .map(|it| vocab::time::parse(&it).map_err(|source| unreadable(column, source)))
            .transpose()
    }
    /// A document.
    ///
    /// # Errors
    /// [`Error::Column`].
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        serde_json::from_str(&self.text(column)?).map_err(|source| unreadable(column, source))
    }
}

fn unreadable(column: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Column {
        column: column.to_owned(),
        source: Box::new(source),
    }
}
