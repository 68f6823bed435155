//! The MariaDB server of a bench: questions through its own client, and its process.

use std::process::Command;

use crate::{Result, address::Address, process};

/// What every session of the client begins with: instants are those of UTC.
const UTC: &str = "--init-command=set time_zone = '+00:00'";

/// A database of the server.
#[derive(Debug, Clone)]
pub struct MariaDb {
    /// Where it is.
    pub address: Address,
    /// The number of the server's process.
    pub pid: u32,
}

impl MariaDb {
    /// The server that `cargo xtask bench` started; none where the machine has no MariaDB.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn of_bench() -> Result<Option<Self>> {
        let Ok(url) = crate::needed("JUTONG_TEST_MYSQL") else {
            return Ok(None);
        };
        let mut it = Self {
            address: Address::parse(&url)?,
            pid: 0,
        };
        let note = it.ask("select @@pid_file")?;
        it.pid = std::fs::read_to_string(note.trim())?.trim().parse()?;
        Ok(Some(it))
    }

    /// Makes a database of the server anew.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn fresh(&self, database: &str) -> Result<Self> {
        self.ask(&format!("drop database if exists {database}"))?;
        self.ask(&format!("create database {database} default character set utf8mb4"))?;
        Ok(Self {
            address: self.address.beside(database),
            pid: self.pid,
        })
    }

    /// The arguments with which the client `mariadb` reaches it.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let port = self.address.port.to_string();
        let all = ["--no-defaults", "--protocol=tcp", "-h", &self.address.host, "-P", &port];
        let rest = ["-u", &self.address.user, "--default-character-set=utf8mb4", UTC];
        let named = std::iter::once(self.address.database.as_str());
        all.into_iter().chain(rest).chain(named).map(str::to_owned).collect()
    }

    /// What a statement answers: rows in lines, fields with tabs between them.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn ask(&self, sql: &str) -> Result<String> {
        let mut command = Command::new("mariadb");
        command
            .args(["--no-defaults", "--local-infile=1"])
            .args(self.arguments().into_iter().skip(1))
            .args(["--batch", "--skip-column-names", "-e", sql]);
        process::output(&mut command)
    }

    /// `10.11.6-MariaDB`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn version(&self) -> Result<String> {
        let text = self.ask("select version()")?;
        let words: Vec<&str> = text.trim().splitn(3, '-').take(2).collect();
        Ok(words.join("-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_told_where_the_server_is() {
        let it = MariaDb {
            address: Address::parse("mysql://root@127.0.0.1:3307/test").unwrap(),
            pid: 0,
        };
        let words = it.arguments().join(" ");
        assert!(
            words.starts_with("--no-defaults --protocol=tcp -h 127.0.0.1 -P 3307 -u root "),
            "{words}"
        );
        assert!(words.ends_with(" test"), "{words}");
    }
}
