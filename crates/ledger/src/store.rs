//! The ledger's tables.

use db::{Arg, Row, Step, Tx};
use seal::Hash;
use vocab::{ActorId, OrgId, Timestamp};

use crate::{
    Checkpoint, Entry, Error, Logged, Note, Prepared, Recorded, SignatureLine, VerifierKey, insert::written,
    receipt::KIND,
};

/// Appends one entry in the caller's transaction.
///
/// The number it gets stands only when the transaction commits. From here to the commit other appenders wait, so
/// append last.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Db`].
pub async fn append(tx: &Tx, entry: &Entry) -> Result<Logged, Error> {
    let logged = append_many(tx, std::slice::from_ref(entry)).await?;
    logged.into_iter().next().ok_or(Error::Db(db::Error::NoRow))
}

/// Appends entries, in order and without a gap, in the caller's transaction: one lock, a few statements.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Db`].
pub async fn append_many(tx: &Tx, entries: &[Entry]) -> Result<Vec<Logged>, Error> {
    let prepared = entries.iter().map(Prepared::new).collect::<Result<Vec<_>, _>>()?;
    append_prepared(tx, &prepared.iter().collect::<Vec<_>>()).await
}

/// The same with entries that were written down before, outside the lock.
///
/// # Errors
/// [`Error::Db`].
pub async fn append_prepared(tx: &Tx, entries: &[&Prepared]) -> Result<Vec<Logged>, Error> {
    let added = entries.len() as u64;
    if added == 0 {
        return Ok(Vec::new());
    }
    // The row's lock is the queue in which all processes stand.
    let head = tx
        .one(
            "update ledger_head set size = size + $1 where id = 1 returning size",
            [added.into()],
        )
        .await?;
    let first = head.count("size")? - added;
    let (logged, steps) = written(first, entries);
    for step in steps {
        tx.run_step(step).await?;
    }
    Ok(logged)
}

/// The same as statements for [`db::Db::at_once`], by who believes to know the number of the next entry. Where it is
/// another, they break a rule of the database.
#[must_use]
pub fn append_steps(next: u64, entries: &[&Prepared]) -> (Vec<Logged>, Vec<Step>) {
    let added = entries.len() as u64;
    let head = "update ledger_head set size = case when size = $1 then size + $2 end where id = 1";
    let (logged, rest) = written(next, entries);
    let mut steps = vec![Step::new(head.to_owned(), vec![next.into(), added.into()])];
    steps.extend(rest);
    (logged, steps)
}

/// PostgreSQL text holds no NUL; the hashed bytes keep it escaped, the column to search by does without.
pub(crate) fn searchable(text: &str) -> String {
    text.replace('\0', "")
}

/// How many entries there are.
///
/// # Errors
/// [`Error::Db`].
pub async fn size(tx: &Tx) -> Result<u64, Error> {
    Ok(tx
        .one("select size from ledger_head where id = 1", [])
        .await?
        .count("size")?)
}

/// One entry by its number.
///
/// # Errors
/// [`Error::Db`].
pub async fn get(tx: &Tx, index: u64) -> Result<Option<Recorded>, Error> {
    tx.opt("select idx, data from ledger_entry where idx = $1", [index.into()])
        .await?
        .map(|it| recorded(&it))
        .transpose()
}

fn recorded(row: &Row) -> Result<Recorded, Error> {
    let index = row.count("idx")?;
    let unreadable = || Error::Rewritten(format!("entry {index} is not what this ledger writes"));
    let recorded = Recorded::parse(&row.text("data")?).ok_or_else(unreadable)?;
    if recorded.index == index {
        Ok(recorded)
    } else {
        Err(unreadable())
    }
}

/// What to find; an empty filter finds everything. All conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The subject, exactly.
    pub subject: Option<String>,
    /// The kind, exactly; or its beginning when it ends with `.`: `request.`.
    pub kind: Option<String>,
    /// Who did it.
    pub actor: Option<ActorId>,
    /// An organisation named anywhere in the entry: as provider, consumer, owner …
    pub org: Option<OrgId>,
    /// Any identifier named anywhere in the entry: a resource, request, agreement, source, delivery, correction.
    pub mentions: Option<String>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
    /// Words that stand anywhere in it; capital and small ASCII letters are the same.
    pub text: Option<String>,
}

/// Which part of the answer: `limit` entries with a number smaller than `before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Where the page before ended; `None` for the newest.
    pub before: Option<u64>,
    /// At most so many (1 to 1000).
    pub limit: u64,
}

impl Filter {
    fn conditions(&self, before: Option<u64>) -> (String, Vec<Arg>) {
        let mut sql = String::from("1 = 1");
        let mut args: Vec<Arg> = Vec::new();
        let mut and = |condition: &str, arg: Arg| {
            args.push(arg);
            sql.push_str(" and ");
            sql.push_str(&condition.replace('?', &format!("${}", args.len())));
        };
        if let Some(it) = &self.subject {
            and("subject = ?", searchable(it).into());
        }
        match &self.kind {
            Some(it) if it.ends_with('.') => and("kind like ? escape '\\'", format!("{}%", escaped(it)).into()),
            Some(it) => and("kind = ?", searchable(it).into()),
            None => {}
        }
        if let Some(it) = self.actor {
            and("actor = ?", Arg::text(it));
        }
        for word in self.org.map(|it| it.to_string()).iter().chain(&self.mentions) {
            and(
                "idx in (select idx from ledger_mention where word = ?)",
                searchable(word).into(),
            );
        }
        if let Some(it) = self.from {
            and("at >= ?", it.into());
        }
        if let Some(it) = self.to {
            and("at < ?", it.into());
        }
        if let Some(it) = &self.text {
            and(
                "lower(data) like ? escape '\\'",
                format!("%{}%", escaped(&it.to_ascii_lowercase())).into(),
            );
        }
        if let Some(it) = before {
            and("idx < ?", it.into());
        }
        (sql, args)
    }
}

fn escaped(text: &str) -> String {
    searchable(text)
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// Entries that a filter lets through, newest first.
///
/// # Errors
/// [`Error::Db`]; [`Error::Rewritten`] when a row is not what was written.
pub async fn find(tx: &Tx, filter: &Filter, page: Page) -> Result<Vec<Recorded>, Error> {
    let (conditions, args) = filter.conditions(page.before);
    let limit = page.limit.clamp(1, 1000);
    let sql = format!("select idx, data from ledger_entry where {conditions} order by idx desc limit {limit}");
    tx.all_with(&sql, args).await?.iter().map(recorded).collect()
}

/// How many entries a filter lets through.
///
/// # Errors
/// [`Error::Db`].
pub async fn count(tx: &Tx, filter: &Filter) -> Result<u64, Error> {
    let (conditions, args) = filter.conditions(None);
    let rows = tx
        .all_with(
            &format!("select count(*) as n from ledger_entry where {conditions}"),
            args,
        )
        .await?;
    Ok(rows.first().ok_or(db::Error::NoRow)?.count("n")?)
}

/// How many answers the receipts that a filter lets through tell of.
///
/// # Errors
/// [`Error::Db`].
pub async fn count_answers(tx: &Tx, filter: &Filter) -> Result<u64, Error> {
    let (conditions, args) = filter.conditions(None);
    let sql = format!(
        "select cast(coalesce(sum(answers), 0) as bigint) as n from ledger_entry where kind = '{KIND}' and {conditions}"
    );
    let rows = tx.all_with(&sql, args).await?;
    Ok(rows.first().ok_or(db::Error::NoRow)?.count("n")?)
}

/// The exact bytes of entries `from..to`, each with its stored leaf hash; checked for gaps.
pub(crate) async fn leaves(tx: &Tx, from: u64, to: u64) -> Result<Vec<(String, Hash)>, Error> {
    let rows = tx
        .all(
            "select idx, data, leaf from ledger_entry where idx >= $1 and idx < $2 order by idx",
            [from.into(), to.into()],
        )
        .await?;
    let mut all = Vec::with_capacity(rows.len());
    for (index, row) in (from..).zip(&rows) {
        if row.count("idx")? != index {
            return Err(Error::Rewritten(format!("entry {index} is missing")));
        }
        all.push((row.text("data")?, hash(row, "leaf")?));
    }
    if all.len() as u64 == to - from {
        Ok(all)
    } else {
        Err(Error::Rewritten(format!("entries before {to} are missing")))
    }
}

/// The last published checkpoint, if there is one.
///
/// # Errors
/// [`Error::Db`].
pub async fn last_checkpoint(tx: &Tx) -> Result<Option<Checkpoint>, Error> {
    tx.opt("select * from ledger_checkpoint order by size desc limit 1", [])
        .await?
        .map(|it| checkpoint(&it))
        .transpose()
}

/// The published checkpoint of exactly this size, if there is one.
///
/// # Errors
/// [`Error::Db`].
pub async fn checkpoint_at(tx: &Tx, size: u64) -> Result<Option<Checkpoint>, Error> {
    tx.opt("select * from ledger_checkpoint where size = $1", [size.into()])
        .await?
        .map(|it| checkpoint(&it))
        .transpose()
}

/// Size and both roots of every checkpoint above one size, up to another.
pub(crate) async fn roots(tx: &Tx, above: u64, to: u64) -> Result<Vec<(u64, Hash, Hash)>, Error> {
    let sql = "select size, root, sm3_root from ledger_checkpoint where size > $1 and size <= $2 order by size";
    let rows = tx.all(sql, [above.into(), to.into()]).await?;
    rows.iter()
        .map(|it| Ok((it.count("size")?, hash(it, "root")?, hash(it, "sm3_root")?)))
        .collect()
}

/// Records a checkpoint after the one of size `last`; false when another process was faster.
pub(crate) async fn record(tx: &Tx, last: u64, it: &Checkpoint) -> Result<bool, Error> {
    let won = tx
        .run(
            "update ledger_head set published = $1 where id = 1 and published = $2",
            [it.size.into(), last.into()],
        )
        .await?;
    if won == 0 {
        return Ok(false);
    }
    tx.run(
        "insert into ledger_checkpoint (size, root, sm3_root, note, sm3_note, cosignatures, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        [
            it.size.into(),
            hex::encode(it.root).into(),
            hex::encode(it.sm3_root).into(),
            Arg::text(&it.note),
            Arg::text(&it.sm3_note),
            lines(&it.cosignatures).into(),
            it.at.into(),
        ],
    )
    .await?;
    Ok(true)
}

/// Keeps a witness's cosignature of a checkpoint; the next [`crate::publish`] serves it under the note. A newer line
/// of the same witness replaces the older one.
///
/// # Errors
/// [`Error::Note`] when the line is not a right cosignature by this witness; [`Error::Db`], also for an unknown size.
pub async fn cosign(tx: &Tx, size: u64, line: &str, witness: &VerifierKey) -> Result<Checkpoint, Error> {
    let line: SignatureLine = line.trim_end().parse()?;
    let mut checkpoint = checkpoint_at(tx, size).await?.ok_or(db::Error::NoRow)?;
    let signed = Note {
        text: checkpoint.note.text.clone(),
        signatures: vec![line.clone()],
    };
    signed.check_cosignature(witness)?;
    checkpoint
        .cosignatures
        .retain(|it| (&it.name, it.id) != (&line.name, line.id));
    checkpoint.cosignatures.push(line);
    tx.run(
        "update ledger_checkpoint set cosignatures = $1 where size = $2",
        [lines(&checkpoint.cosignatures).into(), size.into()],
    )
    .await?;
    Ok(checkpoint)
}

fn lines(all: &[SignatureLine]) -> String {
    all.iter().map(|it| format!("{it}\n")).collect()
}

fn checkpoint(row: &Row) -> Result<Checkpoint, Error> {
    Ok(Checkpoint {
        size: row.count("size")?,
        root: hash(row, "root")?,
        sm3_root: hash(row, "sm3_root")?,
        note: row.parse("note")?,
        sm3_note: row.parse("sm3_note")?,
        cosignatures: row
            .text("cosignatures")?
            .lines()
            .map(str::parse)
            .collect::<Result<_, _>>()?,
        at: row.time("at")?,
    })
}

fn hash(row: &Row, column: &str) -> Result<Hash, Error> {
    let text = row.text(column)?;
    let mut hash = [0; 32];
    hex::decode_to_slice(&text, &mut hash).map_err(|source| db::Error::Column {
        column: column.to_owned(),
        source: Box::new(source),
    })?;
    Ok(hash)
}
