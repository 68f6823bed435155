//! The places that rows are moved between, and a round of a side on them.

use std::{path::Path, time::Duration};

use super::{Group, How, Measured, Side, Target, data, node::Node, peers::DuckDb, program, truth::Truth};
use crate::{Result, Wish, mariadb::MariaDb, postgres::Postgres, process, say};

/// Nobody's round is to meet a checkpoint or a vacuum that another's rows have called for, or to pay for new files of the
/// log while another finds old ones.
const SETTINGS: [&str; 4] = [
    "autovacuum = off",
    "checkpoint_timeout = '1h'",
    "max_wal_size = '8GB'",
    "min_wal_size = '4GB'",
];

/// The places.
#[derive(Debug)]
pub struct Stage {
    /// The database with the table.
    pub source: Postgres,
    /// The database that rows are moved into.
    pub target: Postgres,
    /// The same table in MariaDB, where there is one.
    pub mariadb: Option<MariaDb>,
    /// Our node.
    pub node: Node,
    /// DuckDB, where it can be had: it reads Parquet files for everybody.
    pub duckdb: Option<DuckDb>,
    /// What is not compared, for the page.
    pub left_out: Vec<String>,
}

impl Stage {
    /// Makes the databases and the node; `folder` holds the node and its files.
    ///
    /// # Errors
    /// When a server refuses.
    pub fn make(folder: &Path, rows: u32) -> Result<Self> {
        let server = Postgres::of_bench()?;
        for setting in SETTINGS {
            server.ask(&format!("alter system set {setting}"))?;
        }
        server.ask("select pg_reload_conf()")?;
        let (source, target) = (server.fresh("bench_source")?, server.fresh("bench_target")?);
        say(&format!("making a table of {rows} people"));
        data::fill(&source, rows)?;
        data::shape(&target)?;
        let mut stage = Self {
            node: Node::make(folder)?,
            source,
            target,
            mariadb: None,
            duckdb: None,
            left_out: Vec::new(),
        };
        match MariaDb::of_bench()? {
            Some(server) => {
                say("making the same table in MariaDB");
                stage.mariadb = Some(data::mariadb(&stage.source, &server, folder)?);
            }
            None => stage.leave_out("the case mariadb-pg", "this machine has no MariaDB"),
        }
        match DuckDb::with(&stage.source) {
            Ok(it) => stage.duckdb = Some(it),
            Err(error) => stage.leave_out("the case pg-parquet, beside DuckDB", &error.to_string()),
        }
        Ok(stage)
    }

    /// Says loudly that something is not compared; the reason may name places of this machine and is not for the page.
    pub fn leave_out(&mut self, what: &str, why: &str) {
        say(&format!("LEFT OUT: {what}: {why}"));
        self.left_out.push(what.to_owned());
    }

    /// Plays a group: once without a stopwatch, then its rounds, side after side.
    ///
    /// # Errors
    /// When a side fails or leaves anything but the true rows; a peer that does not even run once is left out.
    pub fn play(&mut self, group: &mut Group, wish: Wish) -> Result {
        say(group.title);
        self.node
            .rest(wish.either(Duration::from_secs(5), Duration::from_secs(2)))?;
        let mut ready = Vec::new();
        for mut side in group.sides.drain(..) {
            match self.round(&mut side) {
                Ok(_) => ready.push(side),
                Err(error) if side.needed => return Err(error),
                Err(error) => {
                    self.clear(&side.target, false)?;
                    self.leave_out(side.name, &error.to_string());
                }
            }
        }
        group.sides = ready;
        for number in 1..=super::rounds(wish) {
            for side in group.sides.iter_mut().filter(|it| number <= it.rounds) {
                let it = self.round(side)?;
                say(&format!(
                    "round {number}: {}: {:.2} s, CPU {:.2} s and {:.2} s of servers, memory {:.0} MiB",
                    side.name, it.wall, it.programs, it.servers, it.peak_mib
                ));
                side.measured.push(it);
            }
        }
        Ok(())
    }

    /// One round of a side: on a clean target, with nothing left to be written by whoever went before; checked.
    fn round(&self, side: &mut Side) -> Result<Measured> {
        self.clear(&side.target, true)?;
        self.target.ask("checkpoint")?;
        let it = self.timed(side).map_err(|it| format!("{}: {it}", side.name))?;
        self.check(side)?;
        self.clear(&side.target, false)?;
        Ok(it)
    }

    fn timed(&self, side: &mut Side) -> Result<Measured> {
        let before = self.server_seconds();
        let mut it = match &side.how {
            How::Delivery(id) => {
                let ran = self.node.run(id)?;
                side.told = ran.told;
                Measured {
                    wall: ran.wall,
                    programs: ran.cpu,
                    servers: 0.0,
                    peak_mib: ran.beyond_idle_mib,
                    waited: ran.waited,
                }
            }
            How::Programs(lines) => {
                let took = program::run(lines)?;
                Measured {
                    wall: took.wall,
                    programs: took.cpu,
                    servers: 0.0,
                    peak_mib: took.peak_mib,
                    waited: 0.0,
                }
            }
        };
        it.servers = self.server_seconds() - before;
        Ok(it)
    }

    /// Processor seconds of PostgreSQL and of MariaDB.
    fn server_seconds(&self) -> f64 {
        let mariadb = self.mariadb.as_ref().map_or(0.0, |it| process::seconds(it.pid));
        process::seconds(self.target.pid) + mariadb
    }

    /// Does the target hold the true rows, all of them and as they are to be seen?
    fn check(&self, side: &Side) -> Result {
        let (found, truth) = match &side.target {
            Target::Table { name, terms, truth, .. } => (Truth::of_target(&self.target, name, terms)?, truth),
            Target::File { path, truth } => {
                let reader = self.duckdb.as_ref().ok_or("nobody is here to read a Parquet file")?;
                (reader.of_file(path)?, truth)
            }
        };
        if found == *truth {
            return Ok(());
        }
        let name = side.name;
        Err(format!("{name}: the target holds {found:?}, not {truth:?}: these are no figures").into())
    }

    /// Takes away what a round has left. For a side that needs a bare heap, `ready` makes it.
    fn clear(&self, target: &Target, ready: bool) -> Result {
        match target {
            Target::Table { name, bare, .. } => {
                self.target.ask(&format!("drop table if exists {name}"))?;
                if *bare && ready {
                    self.target
                        .ask(&format!("create table {name} (like {})", data::SHAPE))?;
                }
                Ok(())
            }
            Target::File { path, .. } => match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
        }
    }
}
