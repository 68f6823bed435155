//! MySQL and MariaDB: the stage is a table of the same engine, so that it takes part in the part's transaction.

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use vocab::Timestamp;

use super::{Error, Mysql, RowSum, Target, failed, of_rows};
use crate::sink::changes::{Merging, PartDone, Stands, Statements, key_columns, parts, same_columns};

impl Mysql {
    /// Is the primary key of exactly these columns, and the only unique key? A new row may meet an old one by any of them.
    async fn keyed(&mut self) -> Result<bool, Error> {
        let sql = "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS \
                   WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0";
        let table = self.names.table.clone();
        let unique: Vec<(String, String)> = self.conn.exec(sql, (table,)).await.map_err(failed("looking"))?;
        let primary = unique.iter().all(|(index, _)| index == "PRIMARY");
        let columns: Vec<String> = unique.into_iter().map(|(_, column)| column).collect();
        Ok(primary && same_columns(&key_columns(&self.shape, &self.preflight), &columns))
    }

    /// Runs a statement about rows of the open part; how many there were.
    async fn about_rows(&mut self, sql: &str) -> Result<u64, Error> {
        self.conn.query_drop(sql).await.map_err(of_rows)?;
        Ok(self.conn.affected_rows())
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
            parts: parts(bodies.iter().map(String::as_str))?,
        })
    }

    async fn stage(&mut self) -> Result<(), Error> {
        self.restart().await?;
        let params = (self.names.target.clone(), self.names.run.clone());
        self.exec(
            "DELETE FROM jutong_changes WHERE target = ? AND run <> ?",
            params,
            "clearing",
        )
        .await
    }

    async fn remove(&mut self) -> Result<u64, Error> {
        let statements = Statements::new(&self.names, &self.shape);
        let removed = self.about_rows(&statements.remove).await?;
        self.drop(statements.empty, "emptying the stage").await?;
        Ok(removed)
    }

    async fn upsert(&mut self) -> Result<(), Error> {
        let statements = Statements::new(&self.names, &self.shape);
        self.about_rows(&statements.upsert).await?;
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

    async fn seal(&mut self, standing: &RowSum, at: Timestamp) -> Result<(), Error> {
        self.drop("ROLLBACK", "ending").await?;
        self.drop("START TRANSACTION", "ending").await?;
        self.set_delivered("there", standing, at).await?;
        let target = self.names.target.clone();
        self.exec("DELETE FROM jutong_changes WHERE target = ?", (target,), "ending")
            .await?;
        self.drop("COMMIT", "ending").await?;
        let stage = self.names.at(&self.names.fresh);
        self.drop(format!("DROP TABLE IF EXISTS {stage}"), "ending").await
    }
}
