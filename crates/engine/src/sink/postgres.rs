//! PostgreSQL: binary COPY into a bare heap.

mod changes;
mod lane;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use tokio_postgres::Client;
use vocab::{SinkSpec, SourceSpec, Timestamp};

use super::{
    BadRow, ChunkDone, Error, KeyState, Options, Preflight, Target, chunk::refused, names::Names, pgcopy,
    quarantine::PARTS, readback,
};
use crate::{
    digest::RowSum,
    shape::{Cells, Shape},
    source::{
        dialect::Dialect,
        postgres::{Brake, Postgres as Source},
    },
};

pub use lane::Lane;

/// How every session that writes begins. Loading a chunk and making a key take as long as they take; it may
/// wait for hours while rows are read (`idle_session_timeout`, of 14 and later).
pub(super) const WRITING: &str = "SET default_transaction_read_only = off; SET timezone = 'UTC'; SET lock_timeout = '60s'; \
    SET statement_timeout = 0; SET client_min_messages = warning; SET standard_conforming_strings = on; \
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'";

pub struct Postgres {
    client: Client,
    /// A key that is being made holds the new table, whether anybody waits for it or not.
    brake: Brake,
    spec: SourceSpec,
    names: Names,
    preflight: Preflight,
    shape: Shape,
    chunk: u64,
    /// Where rows come as tuples: which columns are arrays, and lanes for reading them back.
    tuples: Option<Tuples>,
}

/// What is known of rows that come as tuples.
#[derive(Debug, Clone)]
pub struct Tuples {
    pub arrays: Vec<bool>,
    pub lanes: usize,
}

fn failed(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |error| Error::Database {
        doing,
        code: error.code().map_or("connection", |it| it.code()).to_owned(),
        source: Box::new(error),
    }
}

/// Errors about the rows themselves: data exceptions, broken rules, limits (SQLSTATE classes 22, 23, 54).
fn of_rows(error: tokio_postgres::Error) -> Error {
    match error.code().map(tokio_postgres::error::SqlState::code) {
        Some(code) if ["22", "23", "54"].iter().any(|it| code.starts_with(it)) => refused(code),
        _ => failed("writing rows")(error),
    }
}

impl Postgres {
    pub async fn open(
        spec: &SinkSpec,
        shape: &Shape,
        preflight: &Preflight,
        run: &str,
        options: Options,
        tuples: Option<Tuples>,
    ) -> Result<Self, Error> {
        let source = Source::open(&spec.target)?;
        let client = source.writer().await?;
        client.batch_execute(WRITING).await.map_err(failed("opening"))?;
        let names = Names::new(Dialect::Postgres, spec, preflight, run, options);
        let it = Self {
            brake: source.brake(&client),
            client,
            spec: spec.target.clone(),
            names,
            preflight: preflight.clone(),
            shape: shape.clone(),
            chunk: 0,
            tuples,
        };
        let (own, lanes) = (it.names.at(&it.names.table), lane::lock_name(&it.names));
        if !it.lock("pg_try_advisory_lock", &format!("jutong:{own}")).await? {
            return Err(Error::Busy(it.names.target));
        }
        // Lanes of an earlier start may be committing a chunk yet.
        if !it.lock("pg_try_advisory_lock", &lanes).await? {
            return Err(Error::Busy(it.names.target));
        }
        it.lock("pg_advisory_unlock", &lanes).await?;
        Ok(it)
    }

    async fn lock(&self, deed: &str, name: &str) -> Result<bool, Error> {
        let sql = format!("SELECT {deed}(hashtextextended($1, 0))");
        let row = self.client.query_one(&sql, &[&name]).await.map_err(failed("locking"))?;
        Ok(row.get(0))
    }

    async fn batch(&self, sql: &str, doing: &'static str) -> Result<(), Error> {
        let done = self.brake.on(self.client.batch_execute(sql)).await;
        done.map_err(failed(doing))
    }

    async fn prepare(&self) -> Result<(), Error> {
        let [checkpoint, quarantine, delivered] =
            ["jutong_checkpoint", "jutong_quarantine", "jutong_delivered"].map(|it| self.names.at(it));
        self.batch(
            &format!(
                "CREATE TABLE IF NOT EXISTS {checkpoint} (run text NOT NULL, chunk bigint NOT NULL, target text NOT NULL, \
                   rows bigint NOT NULL, digest text NOT NULL, body text NOT NULL, at text NOT NULL, PRIMARY KEY (target, run, chunk));
                 CREATE TABLE IF NOT EXISTS {quarantine} (run text NOT NULL, chunk bigint NOT NULL, target text NOT NULL, \
                   ordinal bigint NOT NULL, item text NOT NULL, reason text NOT NULL, row_key text NOT NULL, row_text text NOT NULL, at text NOT NULL);
                 CREATE TABLE IF NOT EXISTS {delivered} (target text NOT NULL PRIMARY KEY, run text NOT NULL, rows bigint NOT NULL, \
                   digest text NOT NULL, at text NOT NULL)"
            ),
            "making its own tables",
        )
        .await
    }

    /// Column names of a table, or none when it is not there.
    async fn columns(&self, table: &str) -> Result<Option<Vec<String>>, Error> {
        let sql = "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 \
                   AND NOT attisdropped ORDER BY attnum";
        let rows = self
            .client
            .query(sql, &[&self.names.at(table)])
            .await
            .map_err(failed("looking"))?;
        Ok((!rows.is_empty()).then(|| rows.iter().map(|it| it.get(0)).collect()))
    }

    async fn delivered_run(&self) -> Result<Option<String>, Error> {
        let sql = format!(
            "SELECT run FROM {} WHERE target = $1",
            self.names.at("jutong_delivered")
        );
        let row = self
            .client
            .query_opt(&sql, &[&self.names.target])
            .await
            .map_err(failed("looking"))?;
        Ok(row.map(|it| it.get(0)))
    }

    async fn clear(&self, with_quarantine: bool) -> Result<(), Error> {
        self.batch("BEGIN", "clearing").await?;
        self.batch(
            &format!("DROP TABLE IF EXISTS {}", self.names.at(&self.names.fresh)),
            "clearing",
        )
        .await?;
        let sql = format!("DELETE FROM {} WHERE target = $1", self.names.at("jutong_checkpoint"));
        self.client
            .execute(&sql, &[&self.names.target])
            .await
            .map_err(failed("clearing"))?;
        if with_quarantine {
            self.forget_bad_rows(&format!("chunk < {PARTS}"), "clearing").await?;
        }
        self.batch("COMMIT", "clearing").await
    }

    /// Takes what the run has put into quarantine out of it, where a condition says so, in the open transaction.
    async fn forget_bad_rows(&self, which: &str, doing: &'static str) -> Result<(), Error> {
        let sql = format!(
            "DELETE FROM {} WHERE run = $1 AND {which}",
            self.names.at("jutong_quarantine")
        );
        self.client
            .execute(&sql, &[&self.names.run])
            .await
            .map_err(failed(doing))?;
        Ok(())
    }

    async fn copy(&self, bytes: Bytes) -> Result<(), tokio_postgres::Error> {
        let sql = format!(
            "COPY {} ({}) FROM STDIN (FORMAT binary)",
            self.names.at(&self.names.fresh),
            self.names.columns.join(", ")
        );
        self.brake.on(pgcopy::send(&self.client, &sql, bytes)).await
    }

    /// What hangs on the old table beside its rows, as statements for the new one: rights of others on the table and on
    /// its columns, its comment, its owner (last: who gives a table away has no more to say about it).
    async fn belongings(&self) -> Result<Vec<String>, Error> {
        let sql = "WITH it AS (SELECT oid, relowner, relacl FROM pg_class WHERE oid = to_regclass($1)), \
                     rights AS ( \
                       SELECT a.privilege_type AS what, '' AS columns, a.grantee, a.is_grantable \
                         FROM it, aclexplode(it.relacl) a WHERE a.grantee <> it.relowner \
                       UNION ALL \
                       SELECT a.privilege_type, format(' (%I)', c.attname), a.grantee, a.is_grantable \
                         FROM it JOIN pg_attribute c ON c.attrelid = it.oid AND c.attnum > 0 AND NOT c.attisdropped, \
                              aclexplode(c.attacl) a WHERE a.grantee <> it.relowner AND c.attname = ANY($2)) \
                   SELECT 1, format('GRANT %s%s ON %s TO %s%s', what, columns, $1::text, \
                            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, \
                            CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM rights \
                   UNION ALL \
                   SELECT 2, format('COMMENT ON TABLE %s IS %L', $1::text, obj_description(oid, 'pg_class')) \
                     FROM it WHERE obj_description(oid, 'pg_class') IS NOT NULL \
                   UNION ALL \
                   SELECT 3, format('ALTER TABLE %s OWNER TO %I', $1::text, pg_get_userbyid(relowner)) \
                     FROM it WHERE pg_get_userbyid(relowner) <> current_user \
                   ORDER BY 1";
        let columns: Vec<&str> = self.preflight.columns.iter().map(|it| it.column.as_str()).collect();
        let rows = self
            .client
            .query(sql, &[&self.names.at(&self.names.table), &columns])
            .await
            .map_err(failed("looking"))?;
        Ok(rows.iter().map(|it| it.get(1)).collect())
    }

    async fn replace(&self, by_rename: bool) -> Result<(), Error> {
        let (table, fresh) = (self.names.at(&self.names.table), self.names.at(&self.names.fresh));
        let belongings = self.belongings().await?;
        if by_rename {
            self.batch(&format!("DROP TABLE IF EXISTS {table}"), "swapping").await?;
            let name = self.names.dialect.ident(&self.names.table);
            self.batch(&format!("ALTER TABLE {fresh} RENAME TO {name}"), "swapping")
                .await?;
            for statement in belongings {
                self.batch(&statement, "swapping").await?;
            }
            return Ok(());
        }
        // Views hang on the old table: its rows are replaced instead; readers see them change at the commit.
        let columns = self.names.columns.join(", ");
        self.batch(
            &format!(
                "DELETE FROM {table}; INSERT INTO {table} ({columns}) SELECT {columns} FROM {fresh}; DROP TABLE {fresh}"
            ),
            "swapping",
        )
        .await
    }

    /// Writes into the open transaction what stands in the table from now on; the way there is forgotten.
    async fn mark_delivered(&self, loaded: &RowSum, at: Timestamp) -> Result<(), Error> {
        let sql = format!(
            "INSERT INTO {} (target, run, rows, digest, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (target) DO UPDATE \
             SET run = excluded.run, rows = excluded.rows, digest = excluded.digest, at = excluded.at",
            self.names.at("jutong_delivered")
        );
        let rows = i64::try_from(loaded.rows).unwrap_or(i64::MAX);
        let (digest, at) = (loaded.to_hex(), vocab::time::to_text(at));
        self.client
            .execute(&sql, &[&self.names.target, &self.names.run, &rows, &digest, &at])
            .await
            .map_err(failed("swapping"))?;
        let sql = format!("DELETE FROM {} WHERE target = $1", self.names.at("jutong_checkpoint"));
        self.client
            .execute(&sql, &[&self.names.target])
            .await
            .map_err(failed("swapping"))?;
        Ok(())
    }

    async fn swap_once(&self, by_rename: bool, loaded: &RowSum, at: Timestamp) -> Result<(), Error> {
        self.batch("BEGIN", "swapping").await?;
        self.replace(by_rename).await?;
        self.mark_delivered(loaded, at).await?;
        self.forget_bad_rows(&format!("chunk >= {PARTS}"), "swapping").await?;
        self.batch("COMMIT", "swapping").await
    }
}

#[async_trait]
impl Target for Postgres {
    async fn resume(&mut self) -> Result<(Vec<ChunkDone>, bool), Error> {
        self.prepare().await?;
        let delivered = self.delivered_run().await?;
        if delivered.as_deref() == Some(&self.names.run) {
            return Ok((Vec::new(), true));
        }
        if delivered.is_none()
            && !self.names.replace
            && let Some(existing) = self.columns(&self.names.table).await?
        {
            return Err(self.names.occupied(&self.preflight, &existing));
        }
        let sql = format!(
            "SELECT body FROM {} WHERE run = $1 AND target = $2",
            self.names.at("jutong_checkpoint")
        );
        let rows = self
            .client
            .query(&sql, &[&self.names.run, &self.names.target])
            .await
            .map_err(failed("looking"))?;
        let done: Vec<ChunkDone> = rows
            .iter()
            .filter_map(|it| serde_json::from_str(it.get::<_, &str>(0)).ok())
            .collect();
        let fresh = self.columns(&self.names.fresh).await?;
        let same = fresh.is_some_and(|it| Names::differences(&self.preflight, &it).is_none());
        if same && !done.is_empty() && done.len() == rows.len() {
            return Ok((done, false));
        }
        self.restart().await?;
        Ok((Vec::new(), false))
    }

    async fn restart(&mut self) -> Result<(), Error> {
        self.clear(true).await?;
        self.batch(&self.names.create(&self.preflight, ""), "making the new table")
            .await
    }

    async fn begin(&mut self, chunk: u64) -> Result<(), Error> {
        self.chunk = chunk;
        // A stream that broke off may have left a transaction open.
        self.batch("ROLLBACK; BEGIN", "beginning a chunk").await
    }

    async fn insert(&mut self, batch: &RecordBatch, cells: &[Cells]) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.batch("SAVEPOINT rows", "writing rows").await?;
        match self.copy(pgcopy::tuples(cells, batch.num_rows())).await {
            Ok(()) => self.batch("RELEASE SAVEPOINT rows", "writing rows").await,
            Err(error) => {
                let error = of_rows(error);
                if matches!(error, Error::Refused(_)) {
                    self.batch("ROLLBACK TO SAVEPOINT rows", "writing rows").await?;
                }
                Err(error)
            }
        }
    }

    async fn quarantine(&mut self, bad: &[BadRow], at: Timestamp) -> Result<(), Error> {
        let sql = format!(
            "INSERT INTO {} (run, chunk, target, ordinal, item, reason, row_key, row_text, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            self.names.at("jutong_quarantine")
        );
        let statement = self
            .client
            .prepare(&sql)
            .await
            .map_err(failed("writing the quarantine"))?;
        let chunk = i64::try_from(self.chunk).unwrap_or(i64::MAX);
        let at = vocab::time::to_text(at);
        for row in bad {
            let ordinal = i64::try_from(row.ordinal).unwrap_or(i64::MAX);
            self.client
                .execute(
                    &statement,
                    &[
                        &self.names.run,
                        &chunk,
                        &self.names.target,
                        &ordinal,
                        &row.item,
                        &row.reason,
                        &row.key,
                        &row.row,
                        &at,
                    ],
                )
                .await
                .map_err(failed("writing the quarantine"))?;
        }
        Ok(())
    }

    async fn commit(&mut self, done: &ChunkDone, at: Timestamp) -> Result<(), Error> {
        checkpoint(&self.client, &self.names, done, at).await?;
        self.batch("COMMIT", "committing a chunk").await
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        self.batch("ROLLBACK", "rolling back").await
    }

    async fn finish(&mut self) -> Result<KeyState, Error> {
        let fresh = self.names.at(&self.names.fresh);
        let mut state = KeyState::None;
        if self.preflight.key {
            let keys = self
                .shape
                .columns
                .iter()
                .zip(&self.names.columns)
                .filter(|(it, _)| it.key);
            let keys: Vec<_> = keys.map(|(_, name)| name.as_str()).collect();
            // A crash may have come after the key was made.
            let sql = "SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'p'";
            let made = self
                .client
                .query_opt(sql, &[&fresh])
                .await
                .map_err(failed("making the key"))?;
            let sql = format!("ALTER TABLE {fresh} ADD PRIMARY KEY ({})", keys.join(", "));
            let making = self.brake.on(self.client.batch_execute(&sql)).await;
            state = match (made, making.map_err(of_rows)) {
                (Some(_), _) | (None, Ok(())) => KeyState::Made,
                (None, Err(Error::Refused(_))) => KeyState::NotUnique,
                (None, Err(error)) => return Err(error),
            };
        }
        self.batch(&format!("ANALYZE {fresh}"), "finishing").await?;
        Ok(state)
    }

    async fn verify(&mut self) -> Result<RowSum, Error> {
        if let Some(tuples) = &self.tuples {
            return lane::read_back(&self.spec, &self.names, tuples).await;
        }
        let table = match &self.names.schema {
            Some(schema) => format!("{schema}.{}", self.names.fresh),
            None => self.names.fresh.clone(),
        };
        readback::digest(&self.spec, &table, &self.preflight, &self.shape).await
    }

    async fn swap(&mut self, loaded: &RowSum, at: Timestamp) -> Result<(), Error> {
        let swapped = self.swap_once(true, loaded, at).await;
        match swapped {
            Err(Error::Database { ref code, .. }) if code == "2BP01" => {
                self.rollback().await?;
                let again = self.swap_once(false, loaded, at).await;
                if again.is_err() {
                    self.rollback().await?;
                }
                again
            }
            Err(error) => {
                self.rollback().await?;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    async fn abort(&mut self) -> Result<(), Error> {
        self.batch("ROLLBACK", "giving up").await?;
        self.clear(false).await
    }

    async fn lane(&mut self) -> Result<Lane, Error> {
        Lane::open(&self.spec, &self.names).await
    }
}

/// Writes a chunk's checkpoint into the open transaction.
async fn checkpoint(client: &Client, names: &Names, done: &ChunkDone, at: Timestamp) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO {} (run, chunk, target, rows, digest, body, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        names.at("jutong_checkpoint")
    );
    let body = serde_json::to_string(done).map_err(crate::Error::internal)?;
    let chunk = i64::try_from(done.no).unwrap_or(i64::MAX);
    let rows = i64::try_from(done.loaded.rows).unwrap_or(i64::MAX);
    let (digest, at) = (done.loaded.to_hex(), vocab::time::to_text(at));
    client
        .execute(&sql, &[&names.run, &chunk, &names.target, &rows, &digest, &body, &at])
        .await
        .map_err(failed("writing the checkpoint"))?;
    Ok(())
}
