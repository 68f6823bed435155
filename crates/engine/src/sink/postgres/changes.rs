//! PostgreSQL: the stage is filled by COPY; one statement deletes, one inserts or updates.

use async_trait::async_trait;
use vocab::Timestamp;

use super::{Error, PARTS, Postgres, RowSum, Target, failed, of_rows, refused};
use crate::sink::changes::{Merging, PartDone, Stands, Statements, key_columns, parts, same_columns};

/// Errors about rows, and about what the table does not take by its types, rights, triggers and rules (SQLSTATE classes 42,
/// 44, P0): a new table may.
fn of_table(error: tokio_postgres::Error) -> Error {
    match error.code().map(tokio_postgres::error::SqlState::code) {
        Some(code) if ["42", "44", "P0"].iter().any(|it| code.starts_with(it)) => refused(code),
        _ => of_rows(error),
    }
}

impl Postgres {
    fn statements(&self) -> Statements {
        Statements::new(&self.names, &self.shape)
    }

    /// The columns of the table's primary key, where it is one that conflicts can be told by.
    async fn primary_key(&self) -> Result<Vec<String>, Error> {
        let sql = "SELECT a.attname::text FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid \
                   AND a.attnum = ANY (c.conkey) WHERE c.conrelid = to_regclass($1) AND c.contype = 'p' AND NOT c.condeferrable";
        let rows = self
            .client
            .query(sql, &[&self.names.at(&self.names.table)])
            .await
            .map_err(failed("looking"))?;
        Ok(rows.iter().map(|it| it.get(0)).collect())
    }

    /// Runs a statement about rows of the open part; how many there were.
    async fn about_rows(&self, sql: &str) -> Result<u64, Error> {
        self.client.execute(sql, &[]).await.map_err(of_table)
    }

    /// Rows that were delivered when the table was last written.
    async fn delivered_rows(&self) -> Result<u64, Error> {
        let delivered = self.names.at("jutong_delivered");
        let sql = format!("SELECT rows FROM {delivered} WHERE target = $1");
        let row = self.client.query_opt(&sql, &[&self.names.target]).await;
        let rows: Option<i64> = row.map_err(failed("looking"))?.map(|it| it.get(0));
        Ok(rows.and_then(|it| u64::try_from(it).ok()).unwrap_or(0))
    }

    /// Has the table every column of the stage as it is there?
    async fn same_types(&self) -> Result<bool, Error> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM pg_attribute f WHERE f.attrelid = to_regclass($1) AND f.attnum > 0 \
                   AND NOT f.attisdropped AND NOT EXISTS (SELECT 1 FROM pg_attribute t WHERE t.attrelid = to_regclass($2) \
                   AND t.attnum > 0 AND t.attname = f.attname AND t.atttypid = f.atttypid AND t.atttypmod = f.atttypmod \
                   AND t.attcollation = f.attcollation AND t.attgenerated = '' AND t.attidentity = ''))";
        let (stage, table) = (self.names.at(&self.names.fresh), self.names.at(&self.names.table));
        let row = self.client.query_one(sql, &[&stage, &table]).await;
        Ok(row.map_err(failed("looking"))?.get(0))
    }
}

#[async_trait]
impl Merging for Postgres {
    async fn look(&mut self) -> Result<Stands, Error> {
        self.prepare().await?;
        let changes = self.names.at("jutong_changes");
        let table = format!(
            "CREATE TABLE IF NOT EXISTS {changes} (target text NOT NULL, run text NOT NULL, part bigint NOT NULL, \
               inserted bigint NOT NULL, updated bigint NOT NULL, deleted bigint NOT NULL, body text NOT NULL, at text NOT NULL, \
               PRIMARY KEY (target, run, part))"
        );
        // Of two who make it at once one fails, and finds it there.
        if self.batch(&table, "making its own tables").await.is_err() {
            self.batch(&table, "making its own tables").await?;
        }
        let sql = format!("SELECT body FROM {changes} WHERE target = $1 AND run = $2 ORDER BY part");
        let bodies = self
            .client
            .query(&sql, &[&self.names.target, &self.names.run])
            .await
            .map_err(failed("looking"))?;
        Ok(Stands {
            run: self.delivered_run().await?,
            columns: self.columns(&self.names.table).await?,
            rows: self.delivered_rows().await?,
            keyed: same_columns(&key_columns(&self.shape, &self.preflight), &self.primary_key().await?),
            parts: parts(bodies.iter().map(|it| it.get(0)))?,
        })
    }

    async fn stage(&mut self) -> Result<bool, Error> {
        self.restart().await?;
        let sql = format!(
            "DELETE FROM {} WHERE target = $1 AND run <> $2",
            self.names.at("jutong_changes")
        );
        self.client
            .execute(&sql, &[&self.names.target, &self.names.run])
            .await
            .map_err(failed("clearing"))?;
        self.same_types().await
    }

    async fn remove(&mut self) -> Result<u64, Error> {
        let statements = self.statements();
        let removed = self.about_rows(&statements.remove).await?;
        self.batch(&statements.empty, "emptying the stage").await?;
        Ok(removed)
    }

    async fn add(&mut self) -> Result<u64, Error> {
        let statements = self.statements();
        let added = self.about_rows(&statements.add).await?;
        self.batch(&statements.empty, "emptying the stage").await?;
        Ok(added)
    }

    async fn change(&mut self) -> Result<(), Error> {
        let statements = self.statements();
        self.about_rows(&statements.change).await?;
        self.batch(&statements.empty, "emptying the stage").await
    }

    async fn commit_part(&mut self, done: &PartDone, at: Timestamp) -> Result<(), Error> {
        // What is looked at when the transaction ends is refused here, while that is known to be about rows.
        self.about_rows("SET CONSTRAINTS ALL IMMEDIATE").await?;
        let sql = format!(
            "INSERT INTO {} (target, run, part, inserted, updated, deleted, body, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            self.names.at("jutong_changes")
        );
        let [part, inserted, updated, deleted] =
            [done.no, done.inserted, done.updated, done.deleted].map(|it| i64::try_from(it).unwrap_or(i64::MAX));
        let body = serde_json::to_string(done).map_err(crate::Error::internal)?;
        let at = vocab::time::to_text(at);
        let (target, run) = (&self.names.target, &self.names.run);
        self.client
            .execute(&sql, &[target, run, &part, &inserted, &updated, &deleted, &body, &at])
            .await
            .map_err(failed("writing the checkpoint"))?;
        self.batch("COMMIT", "committing a part").await
    }

    async fn seal(&mut self, standing: &RowSum, first: u64, at: Timestamp) -> Result<(), Error> {
        self.batch("ROLLBACK; BEGIN", "ending").await?;
        self.mark_delivered(standing, at).await?;
        let sql = format!("DELETE FROM {} WHERE target = $1", self.names.at("jutong_changes"));
        self.client
            .execute(&sql, &[&self.names.target])
            .await
            .map_err(failed("ending"))?;
        self.forget_bad_rows(&format!("chunk < {}", PARTS + first), "ending")
            .await?;
        let stage = self.names.at(&self.names.fresh);
        self.batch(&format!("DROP TABLE IF EXISTS {stage}; COMMIT"), "ending")
            .await
    }
}
