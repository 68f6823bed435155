//! MySQL and MariaDB: the stage is a table of the same engine, so that it takes part in the part's transaction.

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use vocab::Timestamp;

use super::{Error, Mysql, PARTS, RowSum, Target, failed, of_rows, refused};
use crate::sink::changes::{Merging, PartDone, Stands, Statements, key_columns, parts, same_columns};

/// A column: its name, type and collation, and what it does beside holding values (generated, counted up, invisible).
type Described = (String, String, String, String);

/// Errors about rows, and about what the table does not take by its types, rights and triggers (SQLSTATE class 42, signals)
/// or by generated columns and checks, which are filed under HY000: a new table may.
fn of_table(error: mysql_async::Error) -> Error {
    match &error {
        mysql_async::Error::Server(it)
            if it.state.starts_with("42")
                || it.state.starts_with("45")
                || matches!(it.code, 1644 | 1906 | 3105 | 3819) =>
        {
            refused(&it.code.to_string())
        }
        _ => of_rows(error),
    }
}

impl Mysql {
    /// Is the primary key of exactly these columns, and the only unique key? A new row may meet an old one by any of them.
    async fn keyed(&mut self) -> Result<bool, Error> {
        // An index of an expression has no column.
        let sql = "SELECT INDEX_NAME, COALESCE(COLUMN_NAME, '') FROM information_schema.STATISTICS \
                   WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0";
        let table = self.names.table.clone();
        let unique: Vec<(String, String)> = self.conn.exec(sql, (table,)).await.map_err(failed("looking"))?;
        let primary = unique.iter().all(|(index, _)| index == "PRIMARY");
        let columns: Vec<String> = unique.into_iter().map(|(_, column)| column).collect();
        Ok(primary && same_columns(&key_columns(&self.shape, &self.preflight), &columns))
    }

    /// Runs a statement about rows of the open part; how many there were.
    async fn about_rows(&mut self, sql: &str) -> Result<u64, Error> {
        self.conn.query_drop(sql).await.map_err(of_table)?;
        Ok(self.conn.affected_rows())
    }

    /// Rows that were delivered when the table was last written.
    async fn delivered_rows(&mut self) -> Result<u64, Error> {
        let sql = "SELECT `rows` FROM jutong_delivered WHERE target = ?";
        let target = self.names.target.clone();
        let rows: Option<i64> = self.conn.exec_first(sql, (target,)).await.map_err(failed("looking"))?;
        Ok(rows.and_then(|it| u64::try_from(it).ok()).unwrap_or(0))
    }

    async fn types(&mut self, table: String) -> Result<Vec<Described>, Error> {
        let sql = "SELECT COLUMN_NAME, COLUMN_TYPE, COALESCE(COLLATION_NAME, ''), COALESCE(EXTRA, '') \
                   FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY COLUMN_NAME";
        self.conn.exec(sql, (table,)).await.map_err(failed("looking"))
    }
}

#[async_trait]
impl Merging for Mysql {
    async fn look(&mut self) -> Result<Stands, Error> {
        self.prepare().await?;
        let table = format!(
            "CREATE TABLE IF NOT EXISTS jutong_changes (target varchar(255) NOT NULL, run varchar(64) NOT NULL, part bigint NOT NULL, \
               inserted bigint NOT NULL, updated bigint NOT NULL, deleted bigint NOT NULL, body longtext NOT NULL, at varchar(40) NOT NULL, \
               PRIMARY KEY (target, run, part)){}",
            self.tail()
        );
        self.drop(table, "making its own tables").await?;
        let params = (self.names.target.clone(), self.names.run.clone());
        let sql = "SELECT body FROM jutong_changes WHERE target = ? AND run = ? ORDER BY part";
        let bodies: Vec<String> = self.conn.exec(sql, params).await.map_err(failed("looking"))?;
        let (table, keyed) = (self.names.table.clone(), self.keyed().await?);
        Ok(Stands {
            // A swap that broke off is for the full copy to end.
            run: self
                .delivered()
                .await?
                .filter(|(_, state)| state == "there")
                .map(|(run, _)| run),
            columns: self.columns(&table).await?,
            keyed,
            rows: self.delivered_rows().await?,
            parts: parts(bodies.iter().map(String::as_str))?,
        })
    }

    async fn stage(&mut self) -> Result<bool, Error> {
        self.restart().await?;
        let params = (self.names.target.clone(), self.names.run.clone());
        self.exec(
            "DELETE FROM jutong_changes WHERE target = ? AND run <> ?",
            params,
            "clearing",
        )
        .await?;
        let (stage, table) = (self.names.fresh.clone(), self.names.table.clone());
        Ok(self.types(stage).await? == self.types(table).await?)
    }

    async fn remove(&mut self) -> Result<u64, Error> {
        let statements = Statements::new(&self.names, &self.shape);
        let removed = self.about_rows(&statements.remove).await?;
        self.drop(statements.empty, "emptying the stage").await?;
        Ok(removed)
    }

    async fn add(&mut self) -> Result<u64, Error> {
        let statements = Statements::new(&self.names, &self.shape);
        let added = self.about_rows(&statements.add).await?;
        self.drop(statements.empty, "emptying the stage").await?;
        Ok(added)
    }

    async fn change(&mut self) -> Result<(), Error> {
        let statements = Statements::new(&self.names, &self.shape);
        self.about_rows(&statements.change).await?;
        self.drop(statements.empty, "emptying the stage").await
    }

    async fn commit_part(&mut self, done: &PartDone, at: Timestamp) -> Result<(), Error> {
        let body = serde_json::to_string(done).map_err(crate::Error::internal)?;
        let params = (
            self.names.target.clone(),
            self.names.run.clone(),
            done.no,
            done.inserted,
            done.updated,
            done.deleted,
            body,
            vocab::time::to_text(at),
        );
        let sql = "INSERT INTO jutong_changes (target, run, part, inserted, updated, deleted, body, at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        self.exec(sql, params, "writing the checkpoint").await?;
        self.drop("COMMIT", "committing a part").await
    }

    async fn seal(&mut self, standing: &RowSum, first: u64, at: Timestamp) -> Result<(), Error> {
        self.drop("ROLLBACK", "ending").await?;
        self.drop("START TRANSACTION", "ending").await?;
        self.set_delivered("there", standing, at).await?;
        let target = self.names.target.clone();
        self.exec("DELETE FROM jutong_changes WHERE target = ?", (target,), "ending")
            .await?;
        self.forget_bad_rows(&format!("chunk < {}", PARTS + first), "ending")
            .await?;
        self.drop("COMMIT", "ending").await?;
        let stage = self.names.at(&self.names.fresh);
        self.drop(format!("DROP TABLE IF EXISTS {stage}"), "ending").await
    }
}
