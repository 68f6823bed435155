//! SQLite: the stage is a table beside, in the same transaction.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use vocab::Timestamp;

use super::{
    Error, Names, PARTS, RowSum, Sqlite, Target, columns, failed, forget_bad_rows, of_rows, prepare, rollback, signed,
};
use crate::sink::changes::{Merging, PartDone, Stands, Statements, key_columns, parts, same_columns};

/// Has the table a unique index of exactly these columns, and are texts the same in it only when their bytes are?
fn keyed(connection: &Connection, table: &str, key: &[String]) -> rusqlite::Result<bool> {
    let mut indexes = connection.prepare(
        "SELECT l.name, CASE i.coll WHEN 'BINARY' THEN COALESCE(i.name, '') ELSE '' END \
         FROM pragma_index_list(?1) l, pragma_index_xinfo(l.name) i \
         WHERE l.\"unique\" = 1 AND l.partial = 0 AND i.\"key\" = 1 ORDER BY l.name",
    )?;
    let all = indexes.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let all: Vec<(String, String)> = all.collect::<Result<_, _>>()?;
    let of = |index: &[(String, String)]| index.iter().map(|it| it.1.clone()).collect::<Vec<_>>();
    let mut found = all.chunk_by(|one, other| one.0 == other.0);
    Ok(found.any(|index| same_columns(key, &of(index))))
}

fn look(connection: &Connection, names: &Names, key: &[String]) -> rusqlite::Result<(Stands, Vec<String>)> {
    prepare(connection)?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS jutong_changes (target TEXT NOT NULL, run TEXT NOT NULL, part INTEGER NOT NULL,
           inserted INTEGER NOT NULL, updated INTEGER NOT NULL, deleted INTEGER NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL,
           PRIMARY KEY (target, run, part))",
    )?;
    let sql = "SELECT run, rows FROM jutong_delivered WHERE target = ?1";
    let delivered: Option<(String, i64)> = connection
        .query_row(sql, [&names.target], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (run, rows) = delivered.unzip();
    let mut bodies =
        connection.prepare("SELECT body FROM jutong_changes WHERE target = ?1 AND run = ?2 ORDER BY part")?;
    let bodies = bodies.query_map([&names.target, &names.run], |row| row.get(0))?;
    let bodies = bodies.collect::<Result<_, _>>()?;
    let there = columns(connection, &names.table)?;
    let stands = Stands {
        run,
        columns: (!there.is_empty()).then_some(there),
        keyed: keyed(connection, &names.table, key)?,
        rows: rows.and_then(|it| u64::try_from(it).ok()).unwrap_or(0),
        parts: Vec::new(),
    };
    Ok((stands, bodies))
}

impl Sqlite {
    /// Runs a statement about rows of the open part, and empties the stage; how many there were.
    async fn about_rows(&mut self, sql: String, empty: String) -> Result<u64, Error> {
        self.with(move |it, _| {
            let rows = it.execute(&sql, []).map_err(of_rows)?;
            it.execute_batch(&empty).map_err(failed("emptying the stage"))?;
            Ok(rows as u64)
        })
        .await
    }
}

#[async_trait]
impl Merging for Sqlite {
    async fn look(&mut self) -> Result<Stands, Error> {
        let key = key_columns(&self.shape, &self.preflight);
        self.with(move |it, names| {
            let (stands, bodies) = look(it, names, &key).map_err(failed("looking"))?;
            let parts = parts(bodies.iter().map(String::as_str))?;
            Ok(Stands { parts, ..stands })
        })
        .await
    }

    async fn stage(&mut self) -> Result<bool, Error> {
        self.restart().await?;
        self.with(|it, names| {
            let sql = "DELETE FROM jutong_changes WHERE target = ?1 AND run <> ?2";
            it.execute(sql, [&names.target, &names.run])
                .map_err(failed("clearing"))?;
            let sql = "SELECT NOT EXISTS (SELECT name, type FROM pragma_table_info(?1) \
                       EXCEPT SELECT name, type FROM pragma_table_info(?2))";
            let same = it.query_row(sql, [&names.fresh, &names.table], |row| row.get(0));
            same.map_err(failed("looking"))
        })
        .await
    }

    async fn remove(&mut self) -> Result<u64, Error> {
        let it = Statements::new(&self.names, &self.shape);
        self.about_rows(it.remove, it.empty).await
    }

    async fn add(&mut self) -> Result<u64, Error> {
        let it = Statements::new(&self.names, &self.shape);
        self.about_rows(it.add, it.empty).await
    }

    async fn change(&mut self) -> Result<(), Error> {
        let it = Statements::new(&self.names, &self.shape);
        self.about_rows(it.change, it.empty).await.map(drop)
    }

    async fn commit_part(&mut self, done: &PartDone, at: Timestamp) -> Result<(), Error> {
        let done = *done;
        self.with(move |it, names| {
            let body = serde_json::to_string(&done).map_err(crate::Error::internal)?;
            let sql = "INSERT INTO jutong_changes (target, run, part, inserted, updated, deleted, body, at) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let [part, inserted, updated, deleted] = [done.no, done.inserted, done.updated, done.deleted].map(signed);
            let at = vocab::time::to_text(at);
            it.execute(
                sql,
                params![names.target, names.run, part, inserted, updated, deleted, body, at],
            )
            .map_err(failed("writing the checkpoint"))?;
            it.execute_batch("COMMIT").map_err(failed("committing a part"))
        })
        .await
    }

    async fn seal(&mut self, standing: &RowSum, first: u64, at: Timestamp) -> Result<(), Error> {
        let standing = *standing;
        self.with(move |it, names| {
            rollback(it, "ending")?;
            let seal = || -> rusqlite::Result<()> {
                it.execute_batch("BEGIN IMMEDIATE")?;
                it.execute(
                    "INSERT OR REPLACE INTO jutong_delivered (target, run, rows, digest, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![names.target, names.run, signed(standing.rows), standing.to_hex(), vocab::time::to_text(at)],
                )?;
                it.execute("DELETE FROM jutong_changes WHERE target = ?1", [&names.target])?;
                forget_bad_rows(it, names, &format!("chunk < {}", PARTS + first))?;
                it.execute_batch(&format!("DROP TABLE IF EXISTS {}; COMMIT", names.at(&names.fresh)))
            };
            let done = seal().map_err(failed("ending"));
            if done.is_err() {
                rollback(it, "ending")?;
            }
            done
        })
        .await
    }
}
