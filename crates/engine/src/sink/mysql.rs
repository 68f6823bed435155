//! MySQL and MariaDB: `LOAD DATA LOCAL INFILE` from memory where the server allows it, many-row `INSERT`
//! otherwise, and where the option `local_infile` is `off`.

mod changes;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use mysql_async::{Conn, Params, prelude::Queryable};
use vocab::{DataType, SinkSpec, SourceSpec, Timestamp};

use super::{
    BadRow, ChunkDone, Error, KeyState, Options, Preflight, Target,
    chunk::refused,
    mysql_link::{collation, connect, failed, of_rows},
    mysql_text,
    names::Names,
    quarantine::PARTS,
    readback,
};
use crate::{
    digest::RowSum,
    shape::{Cells, Shape},
    source::dialect::Dialect,
};

/// Bytes of one `INSERT` at most (servers take 16 MiB by default, old ones 4).
const STATEMENT: usize = 1 << 20;

pub struct Mysql {
    conn: Conn,
    spec: SourceSpec,
    names: Names,
    preflight: Preflight,
    shape: Shape,
    chunk: u64,
    local_infile: bool,
    collation: String,
}

impl Mysql {
    pub async fn open(
        spec: &SinkSpec,
        shape: &Shape,
        preflight: &Preflight,
        run: &str,
        options: Options,
    ) -> Result<Self, Error> {
        let mut conn = connect(&spec.target).await?;
        let names = Names::new(Dialect::Mysql, spec, preflight, run, options);
        let (version, local_infile): (String, bool) = conn
            .query_first("SELECT VERSION(), @@local_infile")
            .await
            .map_err(failed("opening"))?
            .unwrap_or_default();
        let lock = "SELECT GET_LOCK(CONCAT('jutong:', SHA1(CONCAT(DATABASE(), '.', ?))), 0)";
        let got: Option<Option<i64>> = conn
            .exec_first(lock, (&names.table,))
            .await
            .map_err(failed("locking"))?;
        if got.flatten() != Some(1) {
            return Err(Error::Busy(names.target));
        }
        Ok(Self {
            conn,
            spec: spec.target.clone(),
            names,
            preflight: preflight.clone(),
            shape: shape.clone(),
            chunk: 0,
            local_infile: local_infile && spec.target.option("local_infile") != Some("off"),
            collation: collation(&version).to_owned(),
        })
    }

    async fn drop(&mut self, sql: impl AsRef<str> + Send + Sync, doing: &'static str) -> Result<(), Error> {
        self.conn.query_drop(sql.as_ref()).await.map_err(failed(doing))
    }

    async fn exec(&mut self, sql: &str, params: impl Into<Params> + Send, doing: &'static str) -> Result<(), Error> {
        self.conn.exec_drop(sql, params).await.map_err(failed(doing))
    }

    fn tail(&self) -> String {
        format!(" ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {}", self.collation)
    }

    async fn prepare(&mut self) -> Result<(), Error> {
        let tail = self.tail();
        let own = [
            "jutong_checkpoint (run varchar(64) NOT NULL, chunk bigint NOT NULL, target varchar(255) NOT NULL, \
               `rows` bigint NOT NULL, digest varchar(64) NOT NULL, body longtext NOT NULL, at varchar(40) NOT NULL, PRIMARY KEY (target, run, chunk))",
            "jutong_quarantine (run varchar(64) NOT NULL, chunk bigint NOT NULL, target varchar(255) NOT NULL, ordinal bigint NOT NULL, \
               item varchar(255) NOT NULL, reason varchar(100) NOT NULL, row_key longtext NOT NULL, row_text longtext NOT NULL, at varchar(40) NOT NULL)",
            "jutong_delivered (target varchar(255) NOT NULL PRIMARY KEY, run varchar(64) NOT NULL, state varchar(20) NOT NULL, \
               `rows` bigint NOT NULL, digest varchar(64) NOT NULL, at varchar(40) NOT NULL)",
        ];
        for table in own {
            self.drop(
                format!("CREATE TABLE IF NOT EXISTS {table}{tail}"),
                "making its own tables",
            )
            .await?;
        }
        Ok(())
    }

    async fn columns(&mut self, table: &str) -> Result<Option<Vec<String>>, Error> {
        let sql = "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? \
                   ORDER BY ORDINAL_POSITION";
        let names: Vec<String> = self.conn.exec(sql, (table,)).await.map_err(failed("looking"))?;
        Ok((!names.is_empty()).then_some(names))
    }

    async fn clear(&mut self, with_quarantine: bool) -> Result<(), Error> {
        let fresh = self.names.at(&self.names.fresh);
        self.drop(format!("DROP TABLE IF EXISTS {fresh}"), "clearing").await?;
        let target = self.names.target.clone();
        self.exec("DELETE FROM jutong_checkpoint WHERE target = ?", (target,), "clearing")
            .await?;
        if with_quarantine {
            self.forget_bad_rows(&format!("chunk < {PARTS}"), "clearing").await?;
        }
        Ok(())
    }

    /// Takes what the run has put into quarantine out of it, where a condition says so.
    async fn forget_bad_rows(&mut self, which: &str, doing: &'static str) -> Result<(), Error> {
        let sql = format!("DELETE FROM jutong_quarantine WHERE run = ? AND {which}");
        let run = self.names.run.clone();
        self.exec(&sql, (run,), doing).await
    }

    async fn load_data(&mut self, bytes: Vec<u8>) -> Result<(), mysql_async::Error> {
        let mut columns = Vec::new();
        let mut sets = Vec::new();
        for (at, (name, fit)) in self.names.columns.iter().zip(&self.preflight.columns).enumerate() {
            if fit.data_type == DataType::Bytes {
                columns.push(format!("@b{at}"));
                sets.push(format!("{name} = UNHEX(@b{at})"));
            } else {
                columns.push(name.clone());
            }
        }
        let set = if sets.is_empty() {
            String::new()
        } else {
            format!(" SET {}", sets.join(", "))
        };
        let sql = format!(
            "LOAD DATA LOCAL INFILE 'rows' INTO TABLE {} CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' \
             LINES TERMINATED BY '\\n' ({}){set}",
            self.names.at(&self.names.fresh),
            columns.join(", ")
        );
        let bytes = Bytes::from(bytes);
        self.conn
            .set_infile_handler(async move { Ok(stream::iter([Ok(bytes)]).boxed()) });
        self.conn.query_drop(sql).await
    }

    /// `LOCAL` turns errors into warnings and changes values: nothing with a warning may stay.
    async fn load(&mut self, cells: &[Cells], rows: usize) -> Result<(), Error> {
        match self.load_data(mysql_text::lines(cells, rows)).await {
            Ok(()) if self.conn.get_warnings() == 0 && self.conn.affected_rows() == rows as u64 => Ok(()),
            Ok(()) => Err(refused("warning")),
            // Not allowed here (1148, 3948, 4166): from now on by INSERT.
            Err(mysql_async::Error::Server(it)) if matches!(it.code, 1148 | 3948 | 4166) => {
                self.local_infile = false;
                self.insert_rows(cells, rows).await
            }
            Err(error) => Err(of_rows(error)),
        }
    }

    async fn insert_rows(&mut self, cells: &[Cells], rows: usize) -> Result<(), Error> {
        let head = format!(
            "INSERT INTO {} ({}) VALUES ",
            self.names.at(&self.names.fresh),
            self.names.columns.join(", ")
        );
        let mut statement = Vec::new();
        for row in 0..rows {
            if statement.is_empty() {
                statement.extend_from_slice(head.as_bytes());
            } else {
                statement.push(b',');
            }
            mysql_text::literals(cells, row, &mut statement);
            if statement.len() >= STATEMENT || row + 1 == rows {
                let sql = std::mem::take(&mut statement);
                self.conn.query_drop(sql).await.map_err(of_rows)?;
                if self.conn.get_warnings() > 0 {
                    return Err(refused("warning"));
                }
            }
        }
        Ok(())
    }

    async fn delivered(&mut self) -> Result<Option<(String, String)>, Error> {
        let target = self.names.target.clone();
        self.conn
            .exec_first("SELECT run, state FROM jutong_delivered WHERE target = ?", (target,))
            .await
            .map_err(failed("looking"))
    }

    async fn set_delivered(&mut self, state: &str, loaded: &RowSum, at: Timestamp) -> Result<(), Error> {
        let params = (
            self.names.target.clone(),
            self.names.run.clone(),
            state.to_owned(),
            loaded.rows,
            loaded.to_hex(),
            vocab::time::to_text(at),
        );
        self.exec(
            "REPLACE INTO jutong_delivered (target, run, state, `rows`, digest, at) VALUES (?, ?, ?, ?, ?, ?)",
            params,
            "swapping",
        )
        .await
    }

    async fn after_swap(&mut self) -> Result<(), Error> {
        let old = self.names.at(&self.names.old);
        self.drop(format!("DROP TABLE IF EXISTS {old}"), "swapping").await?;
        self.forget_bad_rows(&format!("chunk >= {PARTS}"), "swapping").await?;
        let target = self.names.target.clone();
        self.exec(
            "UPDATE jutong_delivered SET state = 'there' WHERE target = ?",
            (target.clone(),),
            "swapping",
        )
        .await?;
        self.exec("DELETE FROM jutong_checkpoint WHERE target = ?", (target,), "swapping")
            .await
    }
}

#[async_trait]
impl Target for Mysql {
    async fn resume(&mut self) -> Result<(Vec<ChunkDone>, bool), Error> {
        self.prepare().await?;
        let delivered = self.delivered().await?;
        let (fresh, table) = (self.names.fresh.clone(), self.names.table.clone());
        let fresh = self.columns(&fresh).await?;
        if let Some((run, state)) = &delivered
            && *run == self.names.run
            && (state == "there" || fresh.is_none())
        {
            self.after_swap().await?;
            return Ok((Vec::new(), true));
        }
        if delivered.is_none()
            && !self.names.replace
            && let Some(existing) = self.columns(&table).await?
        {
            return Err(self.names.occupied(&self.preflight, &existing));
        }
        let params = (self.names.run.clone(), self.names.target.clone());
        let bodies: Vec<String> = self
            .conn
            .exec(
                "SELECT body FROM jutong_checkpoint WHERE run = ? AND target = ?",
                params,
            )
            .await
            .map_err(failed("looking"))?;
        let done: Vec<ChunkDone> = bodies.iter().filter_map(|it| serde_json::from_str(it).ok()).collect();
        let same = fresh.is_some_and(|it| Names::differences(&self.preflight, &it).is_none());
        if same && !done.is_empty() && done.len() == bodies.len() {
            return Ok((done, false));
        }
        self.restart().await?;
        Ok((Vec::new(), false))
    }

    async fn restart(&mut self) -> Result<(), Error> {
        self.clear(true).await?;
        let sql = self.names.create(&self.preflight, &self.tail());
        self.drop(sql, "making the new table").await
    }

    async fn begin(&mut self, chunk: u64) -> Result<(), Error> {
        self.chunk = chunk;
        self.drop("ROLLBACK", "beginning a chunk").await?;
        self.drop("START TRANSACTION", "beginning a chunk").await
    }

    async fn insert(&mut self, batch: &RecordBatch, cells: &[Cells]) -> Result<(), Error> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        self.drop("SAVEPOINT `rows`", "writing rows").await?;
        let loaded = if self.local_infile {
            self.load(cells, rows).await
        } else {
            self.insert_rows(cells, rows).await
        };
        if matches!(loaded, Err(Error::Refused(_))) {
            self.drop("ROLLBACK TO SAVEPOINT `rows`", "writing rows").await?;
        }
        loaded
    }

    async fn quarantine(&mut self, bad: &[BadRow], at: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO jutong_quarantine (run, chunk, target, ordinal, item, reason, row_key, row_text, at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        for row in bad {
            let params: Vec<mysql_async::Value> = vec![
                self.names.run.clone().into(),
                self.chunk.into(),
                self.names.target.clone().into(),
                row.ordinal.into(),
                row.item.clone().into(),
                row.reason.clone().into(),
                row.key.clone().into(),
                row.row.clone().into(),
                vocab::time::to_text(at).into(),
            ];
            self.exec(sql, params, "writing the quarantine").await?;
        }
        Ok(())
    }

    async fn commit(&mut self, done: &ChunkDone, at: Timestamp) -> Result<(), Error> {
        let body = serde_json::to_string(done).map_err(crate::Error::internal)?;
        let params = (
            self.names.run.clone(),
            done.no,
            self.names.target.clone(),
            done.loaded.rows,
            done.loaded.to_hex(),
            body,
            vocab::time::to_text(at),
        );
        let sql =
            "INSERT INTO jutong_checkpoint (run, chunk, target, `rows`, digest, body, at) VALUES (?, ?, ?, ?, ?, ?, ?)";
        self.exec(sql, params, "writing the checkpoint").await?;
        self.drop("COMMIT", "committing a chunk").await
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        self.drop("ROLLBACK", "rolling back").await
    }

    async fn finish(&mut self) -> Result<KeyState, Error> {
        if !self.preflight.key {
            return Ok(KeyState::None);
        }
        let table = self.names.fresh.clone();
        let sql = "SELECT 1 FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? \
                   AND CONSTRAINT_TYPE = 'PRIMARY KEY'";
        let made: Option<i64> = self
            .conn
            .exec_first(sql, (table,))
            .await
            .map_err(failed("making the key"))?;
        if made.is_some() {
            return Ok(KeyState::Made);
        }
        let keys = self
            .shape
            .columns
            .iter()
            .zip(&self.names.columns)
            .filter(|(it, _)| it.key);
        let keys: Vec<_> = keys.map(|(_, name)| name.clone()).collect();
        let sql = format!(
            "ALTER TABLE {} ADD PRIMARY KEY ({})",
            self.names.at(&self.names.fresh),
            keys.join(", ")
        );
        match self.conn.query_drop(sql).await {
            Ok(()) => Ok(KeyState::Made),
            // Repeated, missing, too long.
            Err(mysql_async::Error::Server(it)) if matches!(it.code, 1062 | 1138 | 1265 | 1048 | 1171 | 1071) => {
                Ok(KeyState::NotUnique)
            }
            Err(error) => Err(failed("making the key")(error)),
        }
    }

    async fn verify(&mut self) -> Result<RowSum, Error> {
        readback::digest(&self.spec, &self.names.fresh, &self.preflight, &self.shape).await
    }

    async fn swap(&mut self, loaded: &RowSum, at: Timestamp) -> Result<(), Error> {
        let (table, fresh, old) = (
            self.names.at(&self.names.table),
            self.names.at(&self.names.fresh),
            self.names.at(&self.names.old),
        );
        let name = self.names.table.clone();
        let there = self.columns(&name).await?.is_some();
        self.drop(format!("DROP TABLE IF EXISTS {old}"), "swapping").await?;
        // Statements about tables end transactions here: what was meant is written first, see `resume`.
        self.set_delivered("swapping", loaded, at).await?;
        let sql = if there {
            format!("RENAME TABLE {table} TO {old}, {fresh} TO {table}")
        } else {
            format!("RENAME TABLE {fresh} TO {table}")
        };
        self.drop(sql, "swapping").await?;
        self.after_swap().await
    }

    async fn abort(&mut self) -> Result<(), Error> {
        self.drop("ROLLBACK", "giving up").await?;
        self.clear(false).await
    }
}
