//! The PostgreSQL server of a bench: questions through `psql`, and its processes.

use std::process::Command;

use crate::{Result, address::Address, process};

/// A server by its URL.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// `postgres://user@host:port/database`.
    pub url: String,
    /// The number of its first process, whose children serve the connections.
    pub pid: u32,
}

impl Postgres {
    /// The server that `cargo xtask bench` started.
    ///
    /// # Errors
    /// When there is none, or it does not answer.
    pub fn of_bench() -> Result<Self> {
        let url = crate::needed("JUTONG_TEST_POSTGRES")?;
        let mut it = Self { url, pid: 0 };
        let helper = it.ask("select pid from pg_stat_activity where backend_type = 'checkpointer'")?;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", helper.trim()))?;
        it.pid = process::Stat::parse(&stat)
            .ok_or("a process of PostgreSQL cannot be read")?
            .parent;
        Ok(it)
    }

    /// The database that the demo city makes for one of its bureaus beside the one that the URL names.
    #[must_use]
    pub fn of_bureau(&self, bureau: &str) -> Self {
        Self {
            url: format!("{}_{bureau}", self.url),
            pid: self.pid,
        }
    }

    /// Makes a database of the server anew.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn fresh(&self, database: &str) -> Result<Self> {
        self.ask(&format!("drop database if exists {database} with (force)"))?;
        self.ask(&format!(
            "create database {database} encoding 'UTF8' template template0"
        ))?;
        Ok(Self {
            url: self.address()?.beside(database).url(),
            pid: self.pid,
        })
    }

    /// Where it is.
    ///
    /// # Errors
    /// When its URL is none.
    pub fn address(&self) -> Result<Address> {
        Address::parse(&self.url)
    }

    /// What a statement answers: rows in lines, fields with `|` between them.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn ask(&self, sql: &str) -> Result<String> {
        let mut command = Command::new("psql");
        command.args([&self.url, "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-qAtc", sql]);
        process::output(&mut command)
    }

    /// `15.8`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn version(&self) -> Result<String> {
        let text = self.ask("show server_version")?;
        Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
    }
}
