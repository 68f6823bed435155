//! The rows that are moved: made in PostgreSQL by the bench itself, and the same rows as a CSV file and in MariaDB.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::truth::TABLE;
use crate::{Result, mariadb::MariaDb, postgres::Postgres, process, root};

/// The table without rows in the target database: what bare heaps are made like.
pub const SHAPE: &str = "person_shape";

/// What makes and fills the table.
const PERSON: &str = include_str!("../../movement/person.sql");

/// The table of MariaDB.
const PERSON_MARIADB: &str = include_str!("../../movement/person.mariadb.sql");

/// The columns as MariaDB reads them: true and false are numbers there, an instant is a time of UTC.
const LINES: &str = "id, id_card, name, gender, birth_date, region_code, address, phone, income, married::int, extra, created_at, \
                     updated_at at time zone 'UTC'";

/// Makes the table of so many people, at rest: vacuumed and analysed.
///
/// # Errors
/// When the server refuses.
pub fn fill(source: &Postgres, rows: u32) -> Result {
    let mut command = psql(source);
    command
        .args(["-v", "ON_ERROR_STOP=1", "-v", &format!("rows={rows}"), "-qf"])
        .arg(root().join("benches/movement/person.sql"));
    process::output(&mut command)?;
    source.ask(&format!("vacuum (freeze, analyze) {TABLE}")).map(drop)
}

/// Makes the table's shape in the target database.
///
/// # Errors
/// When the server refuses.
pub fn shape(target: &Postgres) -> Result {
    target.ask(&ddl()?).map(drop)
}

/// The first statement of `person.sql`, under the shape's name.
fn ddl() -> Result<String> {
    let columns = PERSON
        .split_once("create table person (")
        .and_then(|it| it.1.split_once("\n);"))
        .ok_or("benches/movement/person.sql does not begin with its table")?;
    Ok(format!("create table {SHAPE} ({}\n)", columns.0))
}

/// Writes the table as a CSV file in UTF-8, with the names of its columns in the first line.
///
/// # Errors
/// When the server refuses, or the file cannot be written.
pub fn csv(source: &Postgres, folder: &Path) -> Result<PathBuf> {
    let file = folder.join("people.csv");
    copy(
        source,
        &format!("copy {TABLE} to stdout with (format csv, header)"),
        &file,
    )?;
    Ok(file)
}

/// Makes the same table in MariaDB; `folder` holds the lines for a while.
///
/// # Errors
/// When one of the servers refuses.
pub fn mariadb(source: &Postgres, server: &MariaDb, folder: &Path) -> Result<MariaDb> {
    let database = server.fresh("bench")?;
    // As much memory as the rows need, as PostgreSQL's source has it in the page cache.
    database.ask("set global innodb_buffer_pool_size = 1073741824")?;
    database.ask(PERSON_MARIADB)?;
    let file = folder.join("people.tsv");
    copy(source, &format!("copy (select {LINES} from {TABLE}) to stdout"), &file)?;
    let path = file.display();
    let loaded = database.ask(&format!(
        "load data local infile '{path}' into table {TABLE} character set utf8mb4; analyze table {TABLE}"
    ));
    std::fs::remove_file(&file)?;
    loaded?;
    Ok(database)
}

/// What a statement writes, into a file; instants in UTC.
fn copy(source: &Postgres, sql: &str, file: &Path) -> Result {
    let mut command = psql(source);
    command
        .args(["-v", "ON_ERROR_STOP=1", "-qc", sql])
        .env("PGTZ", "UTC")
        .stdin(Stdio::null())
        .stdout(File::create(file)?);
    let out = command
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .map_err(|it| format!("psql does not start: {it}"))?;
    if out.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&out.stderr).into_owned();
    Err(format!("psql ended with {}\n{}", out.status, words.trim()).into())
}

fn psql(database: &Postgres) -> Command {
    let mut command = Command::new("psql");
    command.args([database.url.as_str(), "--no-psqlrc"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_the_table_without_its_rows() {
        let ddl = ddl().unwrap();
        assert!(ddl.starts_with("create table person_shape (\n    id  "), "{ddl}");
        assert!(ddl.ends_with("updated_at  timestamptz  not null\n)"), "{ddl}");
    }

    #[test]
    fn every_column_is_read_by_mariadb() {
        let columns = PERSON_MARIADB.lines().filter(|it| it.starts_with("    "));
        let names: Vec<&str> = columns.filter_map(|it| it.split_whitespace().next()).collect();
        assert_eq!(names.len(), LINES.split(", ").count());
        for (name, read) in names.into_iter().zip(LINES.split(", ")) {
            assert!(read.starts_with(name), "{name} from {read}");
        }
    }
}
