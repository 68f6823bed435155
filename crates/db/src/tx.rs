//! A transaction: the only way to talk to the database.

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement};

use crate::{Arg, Error, Row, Step};

/// A transaction on either database. Rooms' stores take `&Tx`.
pub struct Tx {
    inner: DatabaseTransaction,
    sqlite: bool,
    write: bool,
}

impl Tx {
    pub(crate) const fn new(inner: DatabaseTransaction, sqlite: bool, write: bool) -> Self {
        Self { inner, sqlite, write }
    }

    /// Is it SQLite? For the rare statement that cannot be written for both.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        self.sqlite
    }

    fn statement<const N: usize>(&self, sql: &str, args: [Arg; N]) -> Statement {
        self.statement_of(sql, args.into_iter().collect())
    }

    fn statement_of(&self, sql: &str, args: Vec<Arg>) -> Statement {
        let backend = if self.sqlite {
            DatabaseBackend::Sqlite
        } else {
            DatabaseBackend::Postgres
        };
        Statement::from_sql_and_values(backend, sql, args.into_iter().map(|it| it.0))
    }

    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// [`Error::Unique`] and [`Error::Rule`] name a broken rule; [`Error::Db`] for the rest, also for a write inside a
    /// read transaction.
    pub async fn run<const N: usize>(&self, sql: &str, args: [Arg; N]) -> Result<u64, Error> {
        if !self.write {
            return Err(Error::Rule("a read transaction does not write".to_owned()));
        }
        Ok(self.inner.execute_raw(self.statement(sql, args)).await?.rows_affected())
    }

    /// [`Tx::run`] with arguments whose number is not known when the program is written.
    ///
    /// # Errors
    /// As [`Tx::run`].
    pub async fn run_with(&self, sql: &str, args: Vec<Arg>) -> Result<u64, Error> {
        if !self.write {
            return Err(Error::Rule("a read transaction does not write".to_owned()));
        }
        Ok(self
            .inner
            .execute_raw(self.statement_of(sql, args))
            .await?
            .rows_affected())
    }

    /// [`Tx::run`] of a statement that was written before.
    ///
    /// # Errors
    /// As [`Tx::run`].
    pub async fn run_step(&self, step: Step) -> Result<u64, Error> {
        self.run_with(&step.sql, step.args).await
    }

    /// Every row of an answer.
    ///
    /// # Errors
    /// [`Error::Db`].
    pub async fn all<const N: usize>(&self, sql: &str, args: [Arg; N]) -> Result<Vec<Row>, Error> {
        Ok(self
            .inner
            .query_all_raw(self.statement(sql, args))
            .await?
            .into_iter()
            .map(Row)
            .collect())
    }

    /// [`Tx::all`] with arguments whose number is not known when the program is written.
    ///
    /// # Errors
    /// [`Error::Db`].
    pub async fn all_with(&self, sql: &str, args: Vec<Arg>) -> Result<Vec<Row>, Error> {
        Ok(self
            .inner
            .query_all_raw(self.statement_of(sql, args))
            .await?
            .into_iter()
            .map(Row)
            .collect())
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// [`Error::Db`].
    pub async fn opt<const N: usize>(&self, sql: &str, args: [Arg; N]) -> Result<Option<Row>, Error> {
        Ok(self.inner.query_one_raw(self.statement(sql, args)).await?.map(Row))
    }

    /// The one row.
    ///
    /// # Errors
    /// [`Error::NoRow`], [`Error::Db`].
    pub async fn one<const N: usize>(&self, sql: &str, args: [Arg; N]) -> Result<Row, Error> {
        self.opt(sql, args).await?.ok_or(Error::NoRow)
    }

    /// Makes the writes last.
    ///
    /// # Errors
    /// [`Error::Db`]; nothing was written then.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }
}
