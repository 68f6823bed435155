//! What a database does to have changes brought into a table.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vocab::Timestamp;

use crate::{
    digest::RowSum,
    shape::Shape,
    sink::{Error, Preflight, Target},
};

/// A part that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDone {
    /// Its number in the run, from 0.
    pub no: u64,
    /// The rows of the source in it.
    pub source: RowSum,
    /// Rows that were new.
    pub inserted: u64,
    /// Rows that were there under their key, and otherwise.
    pub updated: u64,
    /// Rows that are gone.
    pub deleted: u64,
    /// Rows that the target does not take.
    pub quarantined: u64,
}

/// What stands in a target.
#[derive(Debug, Clone)]
pub(in crate::sink) struct Stands {
    /// The run that brought it.
    pub run: Option<String>,
    /// The table's columns.
    pub columns: Option<Vec<String>>,
    /// Is there a unique key over exactly the key's columns?
    pub keyed: bool,
    /// Rows that were delivered when it was last written.
    pub rows: u64,
    /// Parts that this run has written.
    pub parts: Vec<PartDone>,
}

impl Stands {
    /// The number of the part that comes next.
    pub fn next_part(&self) -> u64 {
        self.parts.last().map_or(0, |it| it.no + 1)
    }
}

/// What a database does beyond a full copy. `stage` comes first; `remove`, `add` and `change` come within a part's
/// transaction, and what the table refuses there by its types, rights, triggers and rules is [`Error::Refused`].
#[async_trait]
pub(in crate::sink) trait Merging: Target {
    /// What stands there; nothing is changed but that the sink's own tables are made.
    async fn look(&mut self) -> Result<Stands, Error>;
    /// Makes the stage anew and empty. Are its columns those of the table, by type and collation?
    async fn stage(&mut self) -> Result<bool, Error>;
    /// Takes the rows whose keys stand in the stage out of the table, and empties the stage; how many there were.
    async fn remove(&mut self) -> Result<u64, Error>;
    /// Puts the rows of the stage into the table, and empties the stage; how many went in. One that meets another there by
    /// any key is refused: nothing is replaced unseen.
    async fn add(&mut self) -> Result<u64, Error>;
    /// Puts the rows of the stage in the place of those of the same key, and empties the stage.
    async fn change(&mut self) -> Result<(), Error>;
    /// The part's row, and the end of its transaction.
    async fn commit_part(&mut self, done: &PartDone, at: Timestamp) -> Result<(), Error>;
    /// The run's end: what stands there is from this run from now on; the stage goes. So does what parts before `first`, those
    /// of earlier starts, put into quarantine: where it is so still, it was found again.
    async fn seal(&mut self, standing: &RowSum, first: u64, at: Timestamp) -> Result<(), Error>;
}

/// The texts in which parts are kept, read; one that cannot be read is an error.
pub fn parts<'a>(bodies: impl Iterator<Item = &'a str>) -> Result<Vec<PartDone>, Error> {
    let read: Result<Vec<PartDone>, serde_json::Error> = bodies.map(serde_json::from_str).collect();
    Ok(read.map_err(crate::Error::internal)?)
}

/// The key's columns as the target names them.
pub fn key_columns(shape: &Shape, preflight: &Preflight) -> Vec<String> {
    let columns = shape.columns.iter().zip(&preflight.columns);
    columns
        .filter(|(it, _)| it.key)
        .map(|(_, fit)| fit.column.clone())
        .collect()
}

/// Are these the columns of a unique key, whatever their order?
pub fn same_columns(key: &[String], found: &[String]) -> bool {
    !key.is_empty() && key.len() == found.len() && key.iter().all(|it| found.contains(it))
}
