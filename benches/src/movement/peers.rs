//! The peers: PostgreSQL's and MariaDB's own programs, and what people use to move tables. What is not part of the
//! databases is left out where it cannot be had.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    program::Call,
    truth::{TABLE, Truth},
};
use crate::{Result, mariadb::MariaDb, peers::Python, postgres::Postgres, process};

/// `psql` with one command.
#[must_use]
pub fn psql(database: &Postgres, command: &str) -> Call {
    let options = ["--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-qc", command];
    Call::new("psql", &[database.url.as_str()])
        .and(options.map(str::to_owned))
        .with("PGTZ", "UTC")
}

/// The machine's own pipe: one `psql` reads as binary tuples, another writes them.
#[must_use]
pub fn binary_pipe(source: &Postgres, target: &Postgres, table: &str) -> Vec<Call> {
    vec![
        psql(source, &format!("copy {TABLE} to stdout with (format binary)")),
        psql(target, &format!("copy {table} from stdin with (format binary)")),
    ]
}

/// MariaDB's own client writes lines as it reads them, `psql` takes them.
#[must_use]
pub fn line_pipe(source: &MariaDb, target: &Postgres, table: &str) -> Vec<Call> {
    let read = ["--batch", "--quick", "--skip-column-names", "-e"].map(str::to_owned);
    let read = Call::new("mariadb", &[])
        .and(source.arguments())
        .and(read)
        .and([format!("select * from {TABLE}")]);
    vec![
        read,
        psql(target, &format!("copy {table} from stdin with (null 'NULL')")),
    ]
}

/// `psql` reads a CSV file.
#[must_use]
pub fn csv(file: &Path, target: &Postgres, table: &str) -> Vec<Call> {
    let from = file.display();
    vec![psql(
        target,
        &format!("\\copy {table} from '{from}' with (format csv, header)"),
    )]
}

/// ADBC: Arrow's own driver reads batches and ingests them into a table that it makes.
///
/// # Errors
/// When it cannot be had.
pub fn adbc(source: &Postgres, target: &Postgres, table: &str) -> Result<(Vec<Call>, Vec<String>)> {
    let python = Python::with("adbc")?;
    let script = python.folder.join("ingest.py").display().to_string();
    let call = Call::new(python.program(), &[&script])
        .with("BENCH_SOURCE", source.url.as_str())
        .with("BENCH_TARGET", target.url.as_str())
        .with("BENCH_TABLE", table);
    Ok((vec![call], python.versions(&["adbc-driver-postgresql", "pyarrow"])))
}

/// sling, the program that its wheel carries, with its notes in `folder`.
///
/// # Errors
/// When it cannot be had.
pub fn sling(source: &Postgres, target: &Postgres, table: &str, folder: &Path) -> Result<(Vec<Call>, Vec<String>)> {
    let python = Python::with("sling")?;
    let find =
        "import glob, sysconfig; print(*glob.glob(sysconfig.get_path('purelib') + '/sling_linux_*/bin/sling-*'))";
    let found = process::output(Command::new(python.program()).args(["-c", find]))?;
    let found = found.trim();
    if found.is_empty() {
        return Err("the wheel of sling holds no program for this machine".into());
    }
    let home = folder.join("sling").display().to_string();
    std::fs::create_dir_all(&home)?;
    let plain = |it: &Postgres| format!("{}?sslmode=disable", it.url);
    let (from, to) = (plain(source), plain(target));
    let (stream, object) = (format!("public.{TABLE}"), format!("public.{table}"));
    let call = Call::new(found, &["run", "--src-conn", &from, "--src-stream", &stream])
        .and(["--tgt-conn", &to, "--tgt-object", &object, "--mode", "full-refresh"].map(str::to_owned))
        .with("HOME", home.as_str())
        .with("SLING_HOME_DIR", home.as_str())
        .with("SLING_DISABLE_TELEMETRY", "TRUE");
    Ok((vec![call], vec![found_version(&python)]))
}

fn found_version(python: &Python) -> String {
    let all = python.versions(&["sling-linux-amd64"]);
    all.concat().replace("sling-linux-amd64", "sling")
}

/// pgcopydb with two jobs, with its notes in `folder`. It knows no other name for the table: the target's is the source's.
///
/// # Errors
/// When the machine does not have it.
pub fn pgcopydb(source: &Postgres, target: &Postgres, folder: &Path) -> Result<(Vec<Call>, Vec<String>)> {
    let version = process::output(Command::new("pgcopydb").arg("--version"))?;
    let version = version.lines().find_map(|it| it.strip_prefix("pgcopydb version "));
    let notes = folder.join("pgcopydb").display().to_string();
    let call = Call::new("pgcopydb", &["copy", "table-data", "--source", &source.url]).and(
        [
            "--target",
            &target.url,
            "--dir",
            &notes,
            "--table-jobs",
            "2",
            "--restart",
        ]
        .map(str::to_owned),
    );
    Ok((vec![call], vec![format!("pgcopydb {}", version.unwrap_or_default())]))
}

/// DuckDB with its reader of PostgreSQL.
#[derive(Debug, Clone)]
pub struct DuckDb {
    /// What it is.
    pub versions: Vec<String>,
    python: PathBuf,
    script: String,
    source: String,
}

impl DuckDb {
    /// Installs it.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn with(source: &Postgres) -> Result<Self> {
        let python = Python::with("duckdb")?;
        Ok(Self {
            versions: python.versions(&["duckdb"]),
            python: python.program(),
            script: python.folder.join("parquet.py").display().to_string(),
            source: source.url.clone(),
        })
    }

    /// Writes the table as a Parquet file.
    #[must_use]
    pub fn copy(&self, file: &Path) -> Vec<Call> {
        vec![self.call("copy").with("BENCH_FILE", file.display().to_string())]
    }

    /// What stands in a Parquet file.
    ///
    /// # Errors
    /// When it is no such file, or not of these columns.
    pub fn of_file(&self, file: &Path) -> Result<Truth> {
        seen(&self.call("digest").with("BENCH_FILE", file.display().to_string()))
    }

    /// What stands in the source.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn of_source(&self) -> Result<Truth> {
        seen(&self.call("digest").with("BENCH_FILE", ""))
    }

    fn call(&self, what: &str) -> Call {
        Call::new(&self.python, &[&self.script, what]).with("BENCH_SOURCE", self.source.as_str())
    }
}

fn seen(call: &Call) -> Result<Truth> {
    Ok(Truth {
        sum: process::output(&mut call.command())?.trim().to_owned(),
        pseudonyms: String::new(),
    })
}
