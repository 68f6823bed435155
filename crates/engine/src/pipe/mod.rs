//! Pass-through: governed rows of a PostgreSQL on their way into another, as the bytes that `COPY … (FORMAT binary)` of the
//! one writes and that of the other reads. They are digested on the way and never decoded.
//!
//! A table goes this way where its items, masks and row rule can be written as the source's own SQL with certainty, so that
//! what leaves the source is what the agreement lets out and nothing else; masks that SQL cannot say (a pseudonym) are the
//! one thing that is done to tuples on their way, by the masks of every other path. [`Why`] says what stands in the way
//! elsewhere, and then rows go as batches of columns. The columns of the target are of the very types of the source: what a
//! type of the house has no place for (an infinite date, NaN in a decimal, an interval) arrives as it is.
//!
//! All parts of a copy are read at one moment: the first connection exports its snapshot, the others take it up. The table
//! is locked against changes of its form until the copy has ended; that a part was attached to it is no such change, and is
//! looked for at the end.

mod column;
mod flight;
mod judge;
mod mask;
mod native;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use vocab::{DataType, RowRule};

pub(crate) use column::Column;
pub(crate) use flight::Flight;

use crate::{
    Engine, Error, Limits, Opened,
    error::Cause,
    govern::{Governed, compile},
    source::{
        self, Source as _,
        dialect::Dialect,
        postgres::{Form, Hold, Line, Postgres},
    },
};

/// Lanes are not worth their lock on the target's table beyond this.
const MOST_LANES: usize = 8;

/// Why rows do not go this way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The source is no PostgreSQL.
    SourceKind,
    /// The target is no PostgreSQL.
    TargetKind,
    /// A database is not of UTF-8: its characters are not counted as the house counts them.
    Encoding,
    /// The mask of this item is an expression of our own SQL, or its value's text is another in the source.
    Mask(String),
    /// The item is declared as another type than its column has.
    Type(String),
    /// The row rule cannot be written in the source's SQL.
    RowRule,
    /// The target refused the source's tuples (an older server that does not know a value, for instance): row by row the bad
    /// ones can be told.
    TargetRefused,
    /// Only what has changed is brought, and rows are compared by columns.
    Changes,
}

impl Why {
    /// The machine code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SourceKind => "source-kind",
            Self::TargetKind => "target-kind",
            Self::Encoding => "encoding",
            Self::Mask(_) => "mask",
            Self::Type(_) => "type",
            Self::RowRule => "row-rule",
            Self::TargetRefused => "target-refused",
            Self::Changes => "changes",
        }
    }

    /// The item it is about.
    #[must_use]
    pub fn item(&self) -> Option<&str> {
        match self {
            Self::Mask(it) | Self::Type(it) => Some(it),
            _ => None,
        }
    }
}

/// A part of the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its number, its name in the checkpoint.
    pub no: u64,
    /// A rule on unmasked granted items.
    pub bounds: RowRule,
    /// Pages of the source's table: the first, and the one after the last (`None` for all that follow).
    pub pages: Option<(u64, Option<u64>)>,
}

/// A governed table as one question in PostgreSQL's SQL.
#[derive(Debug)]
pub struct Pipe {
    engine: Engine,
    governed: Arc<Governed>,
    limits: Limits,
    columns: Vec<Column>,
    rule: Option<String>,
    pages: Option<u64>,
    rows_estimate: Option<u64>,
}

/// One moment of the source: connections that all see it.
pub(crate) struct Moment {
    pub lines: Vec<Line>,
    /// The tables that the rows are in.
    pub form: Form,
    _permit: OwnedSemaphorePermit,
}

impl Opened {
    /// The table as a pass-through, or why it is none. Nothing is read but the catalogue.
    ///
    /// # Errors
    /// [`Error::Question`] for an unknown table; those of the source.
    pub async fn pipe(&self, table: &str) -> Result<Result<Pipe, Why>, Error> {
        let governed = Arc::clone(self.table(table)?);
        let Some(postgres) = governed.source.postgres() else {
            return Ok(Err(Why::SourceKind));
        };
        let (columns, rule) = match said(&governed)? {
            Ok(it) => it,
            Err(why) => return Ok(Err(why)),
        };
        let mut pipe = Pipe {
            engine: self.engine.clone(),
            limits: self.limits(),
            columns,
            rule,
            pages: None,
            rows_estimate: None,
            governed: Arc::clone(&governed),
        };
        let looked = pipe.look(postgres).await.map_err(|it| governed.seen(it))?;
        Ok(if looked { Ok(pipe) } else { Err(Why::Encoding) })
    }
}

/// Items, and the condition that is true for the rows that leave where not every row does.
type Said = (Vec<Column>, Option<String>);

/// Items and row rule in SQL.
fn said(governed: &Governed) -> Result<Result<Said, Why>, Error> {
    let mut columns = Vec::new();
    for item in &governed.table.items {
        let info = source::column(&governed.info, &item.column)?;
        match column::column(item, info, &governed.table.pseudonym_key) {
            Ok(it) => columns.push(it),
            Err(why) => return Ok(Err(why)),
        }
    }
    let wanted = governed.passage(None)?.columns;
    Ok(match judge::condition(&governed.info, &wanted, &governed.rule)? {
        Some(rule) => Ok((columns, rule)),
        None => Err(Why::RowRule),
    })
}

impl Pipe {
    /// Looks at server and table; false where the database is not of UTF-8.
    async fn look(&mut self, postgres: &Postgres) -> Result<bool, Error> {
        if !postgres.is_utf8().await? {
            return Ok(false);
        }
        self.pages = postgres.pages(&self.table()).await?;
        // How many rows of others there are is nobody's business: the planner's estimate is made of hidden rows too.
        if self.rule.is_none() {
            self.rows_estimate = postgres.estimate(&self.select()).await?;
        }
        Ok(true)
    }

    /// Pages of the source's table, where it can be read by pages.
    #[must_use]
    pub const fn pages(&self) -> Option<u64> {
        self.pages
    }

    /// The source's estimate of its rows, where the row rule lets out every one.
    #[must_use]
    pub const fn rows_estimate(&self) -> Option<u64> {
        self.rows_estimate
    }

    /// Lanes side by side for so many parts: as many as one question may have.
    #[must_use]
    pub fn lanes(&self, parts: usize) -> usize {
        self.engine.limits().threads.min(MOST_LANES).min(parts).max(1)
    }

    /// SHA-256 of what the source is asked and of the columns it fills, hex: parts that were read under another basis do
    /// not belong together.
    #[must_use]
    pub fn basis(&self) -> String {
        let mut hasher = seal::Hasher::new(seal::Suite::International);
        hasher.update(format!("{} {:?}", self.select(), self.columns));
        hasher.finish_hex()
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Which columns are arrays, for the digest.
    pub(crate) fn arrays(&self) -> Vec<bool> {
        self.columns.iter().map(|it| it.array).collect()
    }

    /// What is done to tuples on their way.
    pub(crate) fn flight(&self) -> Flight {
        let masks: Vec<_> = self.columns.iter().map(|it| it.mask.clone()).collect();
        Flight::new(&masks)
    }

    /// More rows than the limit?
    pub(crate) fn within(&self, rows: u64) -> Result<(), Error> {
        if rows > self.limits.rows {
            return Err(Error::Limit(crate::LimitKind::Rows(self.limits.rows)));
        }
        Ok(())
    }

    /// An error of the source as the consumer may see it.
    pub(crate) fn seen(&self, error: Error) -> Error {
        self.governed.seen(error)
    }

    fn table(&self) -> String {
        Dialect::Postgres.table(&self.governed.table.table)
    }

    fn select(&self) -> String {
        let list: Vec<&str> = self.columns.iter().map(|it| it.select.as_str()).collect();
        let rule = self.rule.as_ref().map_or_else(|| "1=1".to_owned(), Clone::clone);
        format!("SELECT {} FROM {} WHERE {rule}", list.join(", "), self.table())
    }

    /// What a part is asked with.
    ///
    /// # Errors
    /// [`Error::Question`] for bounds that are no comparison of an unmasked granted integer.
    pub(crate) fn sql(&self, part: &Part) -> Result<String, Error> {
        let mut sql = self.select();
        let (bounds, wanted) = self.bounds(&part.bounds)?;
        match judge::condition(&self.governed.info, &wanted, &bounds)? {
            Some(Some(it)) => sql.push_str(&format!(" AND {it}")),
            Some(None) => {}
            None => return Err(Error::question("the rows cannot be cut so")),
        }
        if let Some((from, until)) = part.pages {
            sql.push_str(&pages_between(from, until));
        }
        Ok(sql)
    }

    fn bounds(&self, bounds: &RowRule) -> Result<(RowRule, Vec<source::Wanted>), Error> {
        let cut = |name: &str| {
            let item = self.governed.item(name).filter(|it| it.mask.is_clear());
            item.filter(|it| it.data_type == DataType::Integer)
                .map(|it| it.column.clone())
                .ok_or_else(|| Error::question(format!("the rows cannot be cut by `{name}`")))
        };
        let bounds = compile::to_columns(bounds, &cut)?;
        Ok((bounds, self.governed.passage(None)?.columns))
    }

    /// Connections that see the table at one and the same moment; it cannot be changed in its form until they are gone.
    ///
    /// # Errors
    /// Those of the source; [`Error::Source`] when the table is not any more what it was described as.
    pub(crate) async fn moment(&self, parts: usize) -> Result<Moment, Error> {
        let permit = self.engine.permit(&self.limits).await?;
        let (lines, form) = self.lines(self.lanes(parts)).await.map_err(|it| self.seen(it))?;
        Ok(Moment {
            lines,
            form,
            _permit: permit,
        })
    }

    async fn lines(&self, lanes: usize) -> Result<(Vec<Line>, Form), Error> {
        let postgres = self.postgres()?;
        let table = self.table();
        let first = postgres.line().await?;
        let mut hold = postgres.begin(&first, &table).await?;
        let mut snapshot = None;
        if lanes > 1 {
            snapshot = first.snapshot().await?;
            if snapshot.is_none() {
                hold = postgres.begin(&first, &table).await?;
            }
        }
        self.same(postgres).await?;
        let mut lines = match snapshot {
            Some(it) => others(postgres, &it, &table, hold, lanes - 1).await,
            None => Vec::new(),
        };
        lines.push(first);
        let form = postgres.form(&table).await?;
        Ok((lines, form))
    }

    /// Are the rows still in the same tables as at that moment? To be asked before its lines are let go: what was attached
    /// meanwhile was read in some questions and not in others.
    pub(crate) async fn is_still(&self, form: &Form) -> Result<bool, Error> {
        let now = match self.postgres() {
            Ok(it) => it.form(&self.table()).await,
            Err(error) => Err(error),
        };
        now.map(|it| it == *form).map_err(|it| self.seen(it))
    }

    fn postgres(&self) -> Result<&Postgres, Error> {
        self.governed.source.postgres().ok_or(Error::Cancelled)
    }

    /// Is the table still what it was described as when its question was written?
    async fn same(&self, postgres: &Postgres) -> Result<(), Error> {
        let table = &self.governed.table;
        let now = postgres.table(&table.table).await?;
        let same = table.items.iter().chain(&table.hidden).all(|it| {
            let (was, is) = (
                source::column(&self.governed.info, &it.column),
                source::column(&now, &it.column),
            );
            matches!((was, is), (Ok(was), Ok(is)) if was.source_type == is.source_type)
        });
        if same {
            return Ok(());
        }
        self.engine.forget_table(&table.source, &table.table);
        Err(Error::source(
            Cause::Other,
            "the table has been changed since it was described",
        ))
    }
}

/// More connections at the same moment: as many as there are, if not as many as were asked for.
async fn others(postgres: &Postgres, snapshot: &str, table: &str, hold: Hold, wanted: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    while lines.len() < wanted {
        match postgres.line_at(snapshot, table, hold).await {
            Ok(line) => lines.push(line),
            Err(error) => {
                tracing::info!(%error, "a source gave fewer connections than were asked for");
                break;
            }
        }
    }
    lines
}

/// Only rows of some pages, as a condition behind others.
pub(crate) fn pages_between(from: u64, until: Option<u64>) -> String {
    let until = until.map_or_else(String::new, |it| format!(" AND ctid < '({it},0)'::tid"));
    format!(" AND ctid >= '({from},0)'::tid{until}")
}
