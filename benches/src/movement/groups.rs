//! The groups of the bench: which sides there are, and what is compared with what.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    Group, How, Pair, Side, Target, fewer_rounds, peers,
    program::Call,
    stage::Stage,
    truth::{MASKED, MASKED_IN_SQL, TABLE, Terms, Truth, WHOLE},
};
use crate::{Result, Wish, postgres::Postgres};

/// What ours is called where a group has one side of ours.
pub const OURS: &str = "Jutong";
/// The base of everything that goes from PostgreSQL into PostgreSQL.
pub const PIPE: &str = "psql pipe, binary";

const MASKS: &str = "Jutong, three masks and a row rule";
const MASKS_IN_SQL: &str = "Jutong, three masks in SQL and a row rule";
const KEYED: &str = "Jutong, with the key";
const KEYED_PIPE: &str = "psql pipe, then the key";
const ADBC: &str = "ADBC";
const SLING: &str = "sling";
const PGCOPYDB: &str = "pgcopydb, 2 jobs";
const LINES: &str = "mariadb and psql, lines";
const COPY_CSV: &str = "psql \\copy";
const DUCKDB: &str = "DuckDB";

/// Peers that are in fewer rounds than the rest.
struct Fewer<'a> {
    stage: &'a mut Stage,
    folder: &'a Path,
    rounds: usize,
    versions: &'a mut Vec<String>,
}

impl Fewer<'_> {
    /// One more side, where its program can be had.
    fn add(
        &mut self,
        sides: &mut Vec<Side>,
        name: &'static str,
        target: Target,
        had: Result<(Vec<Call>, Vec<String>)>,
    ) {
        match had {
            Ok((line, versions)) => {
                self.versions.extend(versions);
                sides.push(Side::new(name, How::Programs(vec![line]), target).beside(self.rounds));
            }
            Err(error) => self.stage.leave_out(name, &error.to_string()),
        }
    }

    fn all(&mut self, sides: &mut Vec<Side>, truth: &Truth) {
        let (source, target) = (self.stage.source.clone(), self.stage.target.clone());
        let made = |name| table(name, false, &WHOLE, truth);
        let had = peers::adbc(&source, &target, "person_adbc");
        self.add(sides, ADBC, made("person_adbc"), had);
        let had = peers::pgcopydb(&source, &target, self.folder);
        self.add(sides, PGCOPYDB, table(TABLE, true, &WHOLE, truth), had);
        let had = peers::sling(&source, &target, "person_sling", self.folder);
        self.add(sides, SLING, made("person_sling"), had);
    }
}

/// A table of the target database as a side's target.
fn table(name: &'static str, bare: bool, terms: &'static Terms, truth: &Truth) -> Target {
    Target::Table {
        name,
        bare,
        terms,
        truth: truth.clone(),
    }
}

/// The target database as a delivery is told, and the table there.
fn sink(target: &Postgres, table: &str) -> Result<Value> {
    Ok(json!({ "kind": "postgres", "options": target.address()?.options(), "table": table }))
}

/// A delivery of an entry under these terms into a table of the target database.
fn ours(
    stage: &Stage,
    resource: &str,
    (side, name): (&'static str, &'static str),
    terms: &'static Terms,
    truth: &Truth,
) -> Result<Side> {
    let agreement = stage.node.agreement(resource, terms)?;
    let delivery = stage.node.delivery(&agreement, side, &sink(&stage.target, name)?)?;
    Ok(Side::new(
        side,
        How::Delivery(delivery),
        table(name, false, terms, truth),
    ))
}

/// From PostgreSQL into PostgreSQL: the whole table, masked, with its key, and with other tools.
///
/// # Errors
/// When a server or the node refuses.
pub fn postgres(stage: &mut Stage, wish: Wish, folder: &Path, versions: &mut Vec<String>) -> Result<Group> {
    let node = &stage.node;
    let source = node.source("人口库", "postgres", &stage.source.address()?.options())?;
    let plain = node.resource(&source, "public.person", "人口基本信息", false)?;
    let keyed = node.resource(&source, "public.person", "人口基本信息（带主键）", true)?;
    let whole = Truth::of_source(&stage.source, &WHOLE)?;
    let masked = Truth::of_source(&stage.source, &MASKED)?;
    let masked_in_sql = Truth::of_source(&stage.source, &MASKED_IN_SQL)?;
    let pipe = |name| peers::binary_pipe(&stage.source, &stage.target, name);
    let key = peers::psql(&stage.target, "alter table person_keyed_pipe add primary key (id)");
    let mut sides = vec![
        Side::new(
            PIPE,
            How::Programs(vec![pipe("person_pipe")]),
            table("person_pipe", true, &WHOLE, &whole),
        ),
        ours(stage, &plain, (OURS, "people"), &WHOLE, &whole)?,
        ours(stage, &plain, (MASKS, "people_masked"), &MASKED, &masked)?,
        ours(
            stage,
            &plain,
            (MASKS_IN_SQL, "people_masked_in_sql"),
            &MASKED_IN_SQL,
            &masked_in_sql,
        )?,
        Side::new(
            KEYED_PIPE,
            How::Programs(vec![pipe("person_keyed_pipe"), vec![key]]),
            table("person_keyed_pipe", true, &WHOLE, &whole),
        ),
        ours(stage, &keyed, (KEYED, "people_keyed"), &WHOLE, &whole)?,
    ];
    let mut fewer = Fewer {
        stage,
        folder,
        rounds: fewer_rounds(wish),
        versions,
    };
    fewer.all(&mut sides, &whole);
    Ok(Group {
        title: "PostgreSQL into PostgreSQL",
        sides,
        pairs: vec![
            pair("pg-pg", OURS, PIPE, Some(1.0)),
            pair("pg-pg-masked", MASKS, PIPE, Some(1.3)),
            pair("pg-pg-masked-in-sql", MASKS_IN_SQL, PIPE, Some(1.3)),
            pair("pg-pg-key", KEYED, KEYED_PIPE, None),
            pair("pg-pg", OURS, ADBC, None),
            pair("pg-pg", OURS, PGCOPYDB, None),
            pair("pg-pg", OURS, SLING, None),
        ],
    })
}

/// From a CSV file into PostgreSQL.
///
/// # Errors
/// When a server or the node refuses.
pub fn csv(stage: &Stage) -> Result<Group> {
    let file = super::data::csv(&stage.source, &stage.node.bureaus())?;
    let options = json!({ "path": file.display().to_string() });
    let source = stage.node.source("人口文件", "csv", &options)?;
    let entry = stage
        .node
        .resource(&source, "people.csv", "人口基本信息（文件）", false)?;
    let truth = Truth::of_source(&stage.source, &WHOLE)?;
    let line = peers::csv(&file, &stage.target, "person_csv");
    Ok(Group {
        title: "A CSV file into PostgreSQL",
        sides: vec![
            Side::new(
                COPY_CSV,
                How::Programs(vec![line]),
                table("person_csv", true, &WHOLE, &truth),
            ),
            Side {
                name: OURS,
                ..ours(stage, &entry, ("Jutong from CSV", "people_csv"), &WHOLE, &truth)?
            },
        ],
        pairs: vec![pair("csv-pg", OURS, COPY_CSV, Some(1.1))],
    })
}

/// From MariaDB into PostgreSQL; no group where there is no MariaDB.
///
/// # Errors
/// When a server or the node refuses.
pub fn mariadb(stage: &Stage) -> Result<Option<Group>> {
    let Some(server) = &stage.mariadb else {
        return Ok(None);
    };
    let source = stage
        .node
        .source("人口库 MariaDB", "mysql", &server.address.options())?;
    let entry = stage.node.resource(&source, TABLE, "人口基本信息（MariaDB）", false)?;
    let truth = Truth::of_source(&stage.source, &WHOLE)?;
    let line = peers::line_pipe(server, &stage.target, "person_lines");
    Ok(Some(Group {
        title: "MariaDB into PostgreSQL",
        sides: vec![
            Side::new(
                LINES,
                How::Programs(vec![line]),
                table("person_lines", true, &WHOLE, &truth),
            ),
            Side {
                name: OURS,
                ..ours(stage, &entry, ("Jutong from MariaDB", "people_mariadb"), &WHOLE, &truth)?
            },
        ],
        pairs: vec![pair("mariadb-pg", OURS, LINES, Some(1.3))],
    }))
}

/// From PostgreSQL into a Parquet file; no group without DuckDB, which also reads the files for the check.
///
/// # Errors
/// When a server or the node refuses.
pub fn parquet(stage: &Stage) -> Result<Option<Group>> {
    let Some(duckdb) = &stage.duckdb else {
        return Ok(None);
    };
    let options = stage.source.address()?.options();
    let source = stage.node.source("人口库（导出）", "postgres", &options)?;
    let entry = stage
        .node
        .resource(&source, "public.person", "人口基本信息（导出）", false)?;
    let agreement = stage.node.agreement(&entry, &WHOLE)?;
    let (ours, theirs) = (
        stage.node.out().join("people.parquet"),
        stage.node.out().join("duckdb.parquet"),
    );
    let sink = json!({ "kind": "parquet", "options": { "path": ours.display().to_string() } });
    let delivery = stage.node.delivery(&agreement, "Jutong into Parquet", &sink)?;
    let truth = duckdb.of_source()?;
    let file = |path| Target::File {
        path,
        truth: truth.clone(),
    };
    Ok(Some(Group {
        title: "PostgreSQL into a Parquet file",
        sides: vec![
            Side::new(DUCKDB, How::Programs(vec![duckdb.copy(&theirs)]), file(theirs)),
            Side::new(OURS, How::Delivery(delivery), file(ours)),
        ],
        pairs: vec![pair("pg-parquet", OURS, DUCKDB, Some(1.0))],
    }))
}

const fn pair(case: &'static str, ours: &'static str, peer: &'static str, goal: Option<f64>) -> Pair {
    Pair { case, ours, peer, goal }
}
