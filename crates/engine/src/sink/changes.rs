//! Only what has changed: the rows of a source against those that stand in a table that was delivered before.
//!
//! Rows fall into buckets by a digest of their key. In one reading of each side the rows of the source are added to their
//! bucket and those of the target are taken from it; a bucket that comes to nothing holds the same rows on both sides.
//! The rows of all other buckets are read once more, part by part, and compared one by one: a part holds in memory the
//! keys and digests of its rows in the target, and of the source's rows those that differ. What differs is written into the
//! table in one transaction with the part's row in `jutong_changes`, so a part is there wholly, or not at all. A new start
//! compares anew: what it finds is what was not yet written, so nothing is written twice. No order of rows is needed,
//! and nothing of the last run but the table: rows that somebody has changed there by hand are found and mended too.
//!
//! Rows on their way in stand in `<table>__new` for a moment, as in a full copy, so that the target's own types and
//! refusals decide there, row by row where need be; then one statement takes old rows out, one puts new rows in, and one
//! puts rows in the place of those of their key. What the table does otherwise than was meant takes the part back.

mod buckets;
mod marks;
mod merging;
mod part;
mod standing;
mod statements;

use arrow::array::RecordBatch;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use vocab::{SinkSpec, SourceKind, Timestamp};

use super::{Error, Options, Preflight, chunk::Open, fit, mysql, names::Names, postgres, quarantine::PARTS, sqlite};
use crate::{
    digest::{RowDigest, RowSum},
    shape::Shape,
};
use buckets::Buckets;
pub use buckets::{Compared, Size};
use marks::Marks;
pub use merging::PartDone;
pub(super) use merging::{Merging, Stands, key_columns, parts, same_columns};
pub use part::Part;
use standing::Standing;
pub(super) use statements::Statements;

/// Why everything is copied where only what has changed was wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whole {
    /// No table of this delivery stands there.
    First,
    /// Items, types, masks, row rule, agreement or source are not those of the rows that stand there.
    OtherBasis,
    /// The table has other columns than were delivered, or of other types.
    OtherTable,
    /// The table has no unique key over the key's columns, or the key is none any more that tells rows apart.
    NoKey,
    /// A row has no key.
    KeyMissing,
    /// Two rows have the same key.
    KeyRepeats,
    /// So much has changed that a copy costs less.
    MostlyChanged,
    /// The table refused what it would have to hold, by a rule that a new one does not have.
    TargetRefused,
    /// Somebody else wrote into the table meanwhile, or what no delivery writes.
    TargetChanged,
    /// What was read back was not what should stand there.
    NotEqual,
}

impl Whole {
    /// The machine code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::OtherBasis => "other-basis",
            Self::OtherTable => "other-table",
            Self::NoKey => "no-key",
            Self::KeyMissing => "key-missing",
            Self::KeyRepeats => "key-repeats",
            Self::MostlyChanged => "mostly-changed",
            Self::TargetRefused => "target-refused",
            Self::TargetChanged => "target-changed",
            Self::NotEqual => "not-equal",
        }
    }
}

impl std::fmt::Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// One run that brings changes into a table. Dropped at any time, it leaves the parts that were written.
pub struct Changes {
    target: Box<dyn Merging>,
    spec: SinkSpec,
    shape: Shape,
    preflight: Preflight,
    options: Options,
    run: String,
    /// The number of this start's first part.
    first: u64,
    stands: Stands,
    digest: RowDigest,
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes")
            .field("stands", &self.stands)
            .finish_non_exhaustive()
    }
}

impl Changes {
    /// Opens a database for a run, and looks at what stands there. Nothing of it is changed yet.
    ///
    /// # Errors
    /// [`Error::Target`], [`Error::Database`], [`Error::Busy`]; [`Error::Turn`] for a file.
    pub async fn open(spec: &SinkSpec, shape: Shape, run: &str, options: Options) -> Result<Self, Error> {
        let preflight = fit::preflight(spec, &shape);
        let mut target: Box<dyn Merging> = match spec.target.kind {
            SourceKind::Postgres => {
                Box::new(postgres::Postgres::open(spec, &shape, &preflight, run, options, None).await?)
            }
            SourceKind::Mysql => Box::new(mysql::Mysql::open(spec, &shape, &preflight, run, options).await?),
            SourceKind::Sqlite => Box::new(sqlite::Sqlite::open(spec, &shape, &preflight, run, options).await?),
            _ => return Err(Error::Turn("a file is always written whole")),
        };
        let stands = target.look().await?;
        Ok(Self {
            target,
            spec: spec.clone(),
            digest: RowDigest::of(shape.clone()),
            shape,
            preflight,
            options,
            run: run.to_owned(),
            first: stands.next_part(),
            stands,
        })
    }

    /// What each column is in the target.
    #[must_use]
    pub const fn preflight(&self) -> &Preflight {
        &self.preflight
    }

    /// Was this run sealed already, before a crash could tell so?
    #[must_use]
    pub fn sealed(&self) -> bool {
        self.stands.run.as_deref() == Some(&self.run)
    }

    /// The run whose rows stand in the table.
    ///
    /// # Errors
    /// Why changes cannot be brought into what stands there.
    pub fn base(&self) -> Result<&str, Whole> {
        let (Some(run), Some(columns)) = (&self.stands.run, &self.stands.columns) else {
            return Err(Whole::First);
        };
        if Names::differences(&self.preflight, columns).is_some() {
            return Err(Whole::OtherTable);
        }
        if self.preflight.key && self.stands.keyed {
            Ok(run)
        } else {
            Err(Whole::NoKey)
        }
    }

    /// The parts that this run has written, those of earlier starts too.
    #[must_use]
    pub fn parts(&self) -> &[PartDone] {
        &self.stands.parts
    }

    /// Compares both sides by buckets; `progress` hears what the source gave after every batch. Nothing is written.
    ///
    /// # Errors
    /// [`Error::Whole`] when a key is missing, most has changed, columns have other types or values that cannot be read;
    /// [`Error::Rows`] with the source's error; those of the target.
    pub async fn compare<S, E>(
        &mut self,
        batches: S,
        size: Size,
        progress: impl Fn(RowSum) + Send,
    ) -> Result<Compared, Error>
    where
        S: Stream<Item = Result<RecordBatch, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if !self.target.stage().await? {
            return Err(Error::Whole(Whole::OtherTable));
        }
        let mut buckets = Buckets::new(size.rows, self.stands.rows);
        let mut source = RowSum::default();
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(|error| Error::Rows(error.into()))?;
            let marks = self.marks(&batch)?;
            for (key, row) in marks.each() {
                buckets.add(&key.sum, row);
                source.merge(row);
            }
            progress(source);
        }
        let mut standing = RowSum::default();
        let mut there = Standing::open(&self.spec, &self.preflight).await?;
        while let Some(batch) = there.batch().await? {
            let marks = self.marks(&batch)?;
            for (key, row) in marks.each() {
                buckets.take(&key.sum, row);
                standing.merge(row);
            }
        }
        Compared::new(buckets, source, standing, size.part_rows)
    }

    /// Reads the rows of the next part that differs as they stand in the table. This comes before the source is asked for
    /// its rows: a server ends a statement whose rows nobody takes.
    ///
    /// # Errors
    /// [`Error::Whole`] when keys repeat, the part is too large or somebody else has written into the table; those of the
    /// target.
    pub async fn part(&mut self, compared: &Compared) -> Result<Part, Error> {
        let mut part = Part::new(self.shape.clone(), compared.room());
        let mut standing = RowSum::default();
        let mut there = Standing::open(&self.spec, &self.preflight).await?;
        while let Some(batch) = there.batch().await? {
            let marks = self.marks(&batch)?;
            marks.each().for_each(|(_, row)| standing.merge(row));
            part.stands(&marks, compared)?;
        }
        if standing != compared.standing() {
            return Err(Error::Whole(Whole::TargetChanged));
        }
        Ok(part)
    }

    /// Compares the rows of a part, and writes what has changed, in one transaction.
    ///
    /// # Errors
    /// [`Error::Whole`] when keys repeat, the part is too large or somebody else has written into the table;
    /// [`Error::Refused`] when the table refuses what its stage took; [`Error::TooManyBad`]; [`Error::Rows`] with the
    /// source's error; those of the target. The part left no trace.
    pub async fn bring<S, E>(
        &mut self,
        compared: &mut Compared,
        mut part: Part,
        batches: S,
        at: impl Fn() -> Timestamp + Send,
    ) -> Result<PartDone, Error>
    where
        S: Stream<Item = Result<RecordBatch, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(|error| Error::Rows(error.into()))?;
            part.comes(&self.marks(&batch)?, compared)?;
        }
        let no = self.stands.next_part();
        self.target.begin(PARTS + no).await?;
        let written = self.write(no, &part, compared.aside().rows, at()).await;
        if written.is_err() {
            let _ = self.target.rollback().await;
        }
        let (done, loaded) = written?;
        compared.brought(&part, &loaded);
        self.stands.parts.push(done);
        Ok(done)
    }

    /// Reads the whole table back and digests it: equal to [`Compared::standing`] when all is well.
    ///
    /// # Errors
    /// [`Error::Whole`] when a value cannot be read; those of the target.
    pub async fn verify(&mut self) -> Result<RowSum, Error> {
        let mut digest = self.digest.clone();
        let mut there = Standing::open(&self.spec, &self.preflight).await?;
        while let Some(batch) = there.batch().await? {
            digest.update(&batch)?;
        }
        Ok(digest.sum())
    }

    /// Ends the run: what stands in the table is from this run from now on.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn seal(&mut self, standing: &RowSum, at: Timestamp) -> Result<(), Error> {
        self.target.seal(standing, self.first, at).await
    }

    /// Gives the run up: removes its stage. The parts that were written stay, and what of them is in quarantine.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn abort(mut self) -> Result<(), Error> {
        self.target.abort().await
    }

    fn marks(&self, batch: &RecordBatch) -> Result<Marks, Error> {
        Marks::of(&self.shape, &self.digest, batch)
    }

    /// Everything of a part, within its transaction; and the sum of the rows that were put in. `before` rows are in
    /// quarantine already.
    async fn write(&mut self, no: u64, part: &Part, before: u64, at: Timestamp) -> Result<(PartDone, RowSum), Error> {
        let mut deleted = self.remove(&part.gone()?).await?;
        let inserts = self.put(no, &part.inserts, before, at).await?;
        let new = inserts.done.loaded.rows;
        if new > 0 && self.target.add().await? != new {
            return Err(Error::Whole(Whole::TargetRefused));
        }
        let before = before + inserts.done.quarantined;
        let updates = self.put(no, &part.updates, before, at).await?;
        if updates.done.loaded.rows > 0 {
            self.target.change().await?;
        }
        // The target does not take their new form, and their old one is not what was agreed any more.
        let refused = updates.aside.iter().flatten();
        let refused: Vec<_> = refused
            .map(|it| marks::keys_only(&self.shape, it))
            .collect::<Result<_, _>>()?;
        deleted += self.remove(&refused).await?;
        let done = PartDone {
            no,
            source: part.given,
            inserted: inserts.done.loaded.rows,
            updated: updates.done.loaded.rows,
            deleted,
            quarantined: inserts.done.quarantined + updates.done.quarantined,
        };
        self.target.commit_part(&done, at).await?;
        let mut loaded = inserts.done.loaded;
        loaded.merge(&updates.done.loaded);
        Ok((done, loaded))
    }

    /// Takes rows out of the table by their keys, neither more nor fewer; how many there were.
    async fn remove(&mut self, keys: &[RecordBatch]) -> Result<u64, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        for batch in keys {
            let cells = self.shape.cells(batch)?;
            self.target.insert(batch, &cells).await?;
        }
        let given: u64 = keys.iter().map(|it| it.num_rows() as u64).sum();
        if self.target.remove().await? != given {
            return Err(Error::Whole(Whole::TargetChanged));
        }
        Ok(given)
    }

    /// Puts rows into the stage; those that it cannot hold go into quarantine, where `before` rows are already.
    async fn put(&mut self, no: u64, rows: &[RecordBatch], before: u64, at: Timestamp) -> Result<Open, Error> {
        let mut open = Open::writing(no, &self.shape);
        open.aside = Some(Vec::new());
        for batch in rows {
            open.push(&mut *self.target, &self.shape, &self.preflight, batch, at)
                .await?;
            let bad = before + open.done.quarantined;
            if bad > self.options.error_limit {
                return Err(Error::TooManyBad(bad));
            }
        }
        Ok(open)
    }
}
