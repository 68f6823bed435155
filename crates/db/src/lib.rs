//! The cellar: one database (an SQLite file, or PostgreSQL by URL), one migration history, transactions, rows, jobs.
//!
//! Rooms write portable SQL with `$1, $2, …` and get typed rows back. What must be the same on both databases:
//! identifiers, instants ([`vocab::time::to_text`]), hashes (hex) and documents (JSON) are `TEXT`, counts are
//! `BIGINT`, truth is `BOOLEAN`. Invariants: a write transaction is exclusive from its first statement on SQLite
//! (`BEGIN IMMEDIATE`), and a read transaction cannot write.

mod at_once;
mod connect;
mod migrate;
mod row;
mod tx;

pub mod jobs;
pub mod testing;

pub use at_once::Step;
pub use connect::Db;
pub use row::{Arg, Row};
pub use tx::Tx;

/// Why the cellar failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is not one we know.
    #[error("database URL must begin with sqlite: or postgres://")]
    Url,
    /// A unique rule was broken; the constraint's or column's name as the database gives it.
    #[error("already exists ({0})")]
    Unique(String),
    /// A foreign key, a check or a column that must have a value was broken.
    #[error("a rule of the database was broken ({0})")]
    Rule(String),
    /// A stored value could not be read as what it must be.
    #[error("column `{column}` holds something unreadable")]
    Column {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Exactly one row was expected.
    #[error("no such row")]
    NoRow,
    /// Anything else the database says.
    #[error("the database failed")]
    Db(#[source] sea_orm::DbErr),
    /// A file or folder could not be used.
    #[error("the database file could not be opened")]
    Io(#[from] std::io::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        match error.sql_err() {
            Some(sea_orm::SqlErr::UniqueConstraintViolation(what)) => Self::Unique(what),
            Some(sea_orm::SqlErr::ForeignKeyConstraintViolation(what)) => Self::Rule(what),
            _ => match broken_rule(&error) {
                Some(what) => Self::Rule(what),
                None => Self::Db(error),
            },
        }
    }
}

/// What a broken check or a missing value says of itself.
fn broken_rule(error: &sea_orm::DbErr) -> Option<String> {
    use sea_orm::sqlx::error::ErrorKind::{CheckViolation, NotNullViolation};
    let it = database_error(error)?;
    matches!(it.kind(), CheckViolation | NotNullViolation).then(|| it.message().to_owned())
}

fn database_error(error: &sea_orm::DbErr) -> Option<&dyn sea_orm::sqlx::error::DatabaseError> {
    use sea_orm::{DbErr, RuntimeErr, SqlxError};
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(it)) | DbErr::Query(RuntimeErr::SqlxError(it)) => match &**it {
            SqlxError::Database(it) => Some(&**it),
            _ => None,
        },
        _ => None,
    }
}

impl Error {
    /// Did the database end a deadlock (SQLSTATE 40P01) or two writes that crossed (40001) at this one's cost? Nothing was
    /// written, and the same once more succeeds.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        let Self::Db(error) = self else { return false };
        let code = database_error(error).and_then(sea_orm::sqlx::error::DatabaseError::code);
        code.is_some_and(|it| it == "40P01" || it == "40001")
    }
}

#[cfg(test)]
mod tests;
