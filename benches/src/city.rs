//! Our side: the real binary, serving the demo city or an empty node.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    Result,
    http::Client,
    load::Door,
    needed,
    process::{Program, free_port},
};

/// How often somebody looks whether a server answers.
const LOOK: Duration = Duration::from_millis(20);

/// The binary under measurement.
///
/// # Errors
/// When `JUTONG` does not name it.
pub fn binary() -> Result<String> {
    needed("JUTONG")
}

/// A demo city that serves.
#[derive(Debug)]
pub struct City {
    /// Its process.
    pub program: Program,
    /// Where its pages and REST are.
    pub port: u16,
    arguments: Vec<String>,
    folder: PathBuf,
}

/// An agreement under which one item is masked and every row leaves.
#[derive(Debug, Clone)]
pub struct OneMask {
    /// Its identifier.
    pub agreement: String,
    /// The items in the order of an answer; the first is the key.
    pub items: Vec<String>,
    /// Where its records are asked by key.
    pub door: Door,
}

/// The masked item of [`OneMask`].
pub const MASKED: &str = "phone";

/// Its mask: first three and last four characters stay.
pub const MASK: &str = "keep-ends(3,4)";

impl City {
    /// Makes a city in `folder` and serves it.
    ///
    /// # Errors
    /// When the binary ends or does not answer.
    pub fn make(folder: &Path, people: u32, enterprises: u32, postgres: Option<&str>) -> Result<Self> {
        let (port, flight) = (free_port()?, free_port()?);
        let dir = folder.join("city");
        let mut arguments = vec!["demo".to_owned(), "--dir".to_owned(), dir.display().to_string()];
        for (name, value) in [
            ("--listen", format!("127.0.0.1:{port}")),
            ("--flight-listen", format!("127.0.0.1:{flight}")),
            ("--people", people.to_string()),
            ("--enterprises", enterprises.to_string()),
        ] {
            arguments.extend([name.to_owned(), value]);
        }
        if let Some(url) = postgres {
            arguments.extend(["--postgres".to_owned(), url.to_owned()]);
        }
        let program = Program::start("jutong", Command::new(binary()?).args(&arguments), folder)?;
        let mut it = Self {
            program,
            port,
            arguments,
            folder: folder.to_owned(),
        };
        it.wait()?;
        Ok(it)
    }

    /// Ends the process; the city stays in its folder.
    pub fn stop(&mut self) {
        self.program.stop();
    }

    /// Starts the process anew on the city as it was left; how long until it answered. What making a city, and whatever
    /// went before, left in memory is gone.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart(&mut self) -> Result<Duration> {
        self.program.stop();
        let began = Instant::now();
        let mut command = Command::new(binary()?);
        self.program = Program::start("jutong", command.args(&self.arguments), &self.folder)?;
        self.wait()?;
        Ok(began.elapsed())
    }

    /// Waits until every entry of the catalogue is found, ten minutes at most; how long it took.
    ///
    /// # Errors
    /// When it does not come to that.
    pub fn until_whole(&self) -> Result<Duration> {
        let began = Instant::now();
        let mut client = Client::connect(self.port)?;
        while began.elapsed() < Duration::from_secs(600) {
            let found = client.get("/api/v1/catalog?limit=1", "")?;
            let found: Value = serde_json::from_slice(&found.body)?;
            if found.get("complete") == Some(&Value::Bool(true)) {
                return Ok(began.elapsed());
            }
            std::thread::sleep(LOOK);
        }
        Err("the search index of the node is not whole within ten minutes".into())
    }

    fn wait(&mut self) -> Result {
        let (card, port) = (self.card_path(), self.port);
        self.program
            .wait(LOOK, || card.exists() && answers(port, "/healthz"))
            .map(drop)
    }

    fn card_path(&self) -> PathBuf {
        self.folder.join("city/demo.json")
    }

    /// The node's own database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("city/node/jutong.db")
    }

    /// The folder of the search index.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.folder.join("city/node/search")
    }

    /// What `demo.json` tells.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn card(&self) -> Result<Value> {
        Ok(serde_json::from_str(&std::fs::read_to_string(self.card_path())?)?)
    }

    /// Somebody's bearer token.
    ///
    /// # Errors
    /// When the city knows nobody of that name.
    pub fn token(&self, user: &str) -> Result<String> {
        let card = self.card()?;
        let accounts = card.get("accounts").and_then(Value::as_array);
        let found = accounts.into_iter().flatten().find(|it| text(it, "/user") == user);
        match found.map(|it| text(it, "/token")) {
            Some(token) if !token.is_empty() => Ok(token),
            _ => Err(format!("the city has no token of `{user}`").into()),
        }
    }

    /// Asks for the register of people, has it granted with one mask and no row rule, all through REST.
    ///
    /// # Errors
    /// When a step is refused.
    pub fn one_mask(&self, consumer: &str) -> Result<OneMask> {
        let mut client = Client::connect(self.port)?;
        let token = self.token(consumer)?;
        let resource = text(&self.card()?, "/ready/resource");
        let shown = client.get(&format!("/api/v1/catalog/{resource}"), &token)?;
        let shown: Value = serde_json::from_slice(&shown.body)?;
        let items = shown.pointer("/content/items").and_then(Value::as_array);
        let items: Vec<String> = items.into_iter().flatten().map(|it| text(it, "/name")).collect();
        if !items.iter().any(|it| it == MASKED) {
            return Err(format!("the register of people has no `{MASKED}`").into());
        }
        let masks = items.iter().map(|item| {
            let mask = if item == MASKED { MASK } else { "clear" };
            json!({ "item": item, "mask": mask })
        });
        let masks: Vec<Value> = masks.collect();
        let until = (chrono::Utc::now() + chrono::TimeDelta::days(300))
            .date_naive()
            .to_string();
        let wish = json!({
            "resource": resource,
            "application": {
                "basis": "law", "basis_text": "《政务数据共享条例》第二十条", "scenario": "参保资格核验", "purpose": "service",
                "items": masks, "modes": ["interface"], "until": until,
            },
            "warrant": { "truthful": true, "lawful": true, "necessary": true },
        });
        let asked = client.post("/api/v1/requests", &token, &wish)?;
        let request = format!("/api/v1/requests/{}", text(&asked, "/id"));
        let said = json!({ "opinion": "材料齐全" });
        client.post(&format!("{request}/accept"), &self.token("data.operator")?, &said)?;
        let grant = json!({ "items": masks, "opinion": "同意" });
        let granted = client.post(&format!("{request}/grant"), &self.token("police.approver")?, &grant)?;
        let agreement = text(&granted, "/agreement");
        Ok(OneMask {
            door: Door {
                port: self.port,
                path: format!("/api/v1/data/{agreement}/records/"),
                token,
            },
            agreement,
            items,
        })
    }

    /// How many releases under an agreement have their receipt in the ledger.
    ///
    /// # Errors
    /// When the node's database cannot be read.
    pub fn receipts(&self, agreement: &str) -> Result<u64> {
        let sql = "select coalesce(sum(coalesce(json_array_length(data, '$.body.answers'), 1)), 0) \
                   from ledger_entry where subject = ?1 and kind = 'release'";
        let many: i64 = self.look()?.query_row(sql, [agreement], |row| row.get(0))?;
        Ok(u64::try_from(many)?)
    }

    /// Waits until every entry of the ledger is published and signed, two minutes at most: until then, what a round of
    /// load has caused is not over.
    ///
    /// # Errors
    /// When it does not come to that.
    pub fn settle(&self) -> Result {
        let began = Instant::now();
        let sql = "select size - coalesce((select max(size) from ledger_checkpoint), 0) from ledger_head";
        while began.elapsed() < Duration::from_secs(120) {
            let behind: i64 = self.look()?.query_row(sql, [], |row| row.get(0))?;
            if behind <= 0 {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("the log of the node is not published within two minutes".into())
    }

    fn look(&self) -> Result<Connection> {
        Ok(Connection::open_with_flags(
            self.database(),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?)
    }
}

/// Does a server say 200 there? One that does not listen, or not yet answer, does not.
#[must_use]
pub fn answers(port: u16, path: &str) -> bool {
    Client::connect(port)
        .and_then(|mut it| it.get(path, ""))
        .is_ok_and(|it| it.status == 200)
}

/// The text at a place of a JSON document; empty where there is none.
#[must_use]
pub fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// Founds an empty node in a folder by `jutong init`; its configuration file.
///
/// # Errors
/// When the binary refuses.
pub fn found(folder: &Path) -> Result<PathBuf> {
    let mut command = Command::new(binary()?);
    command.arg("init").arg(folder).args([
        "--org-name",
        "云州市数据局",
        "--org-code",
        "11330100002000004A",
        "--division",
        "330100",
        "--origin",
        "bench.example/log",
    ]);
    crate::process::output(&mut command)?;
    Ok(folder.join("jutong.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_in_documents() {
        let it = json!({ "a": { "b": "c" }, "n": 1 });
        assert_eq!(text(&it, "/a/b"), "c");
        assert_eq!(text(&it, "/n"), "");
        assert!(!answers(1, "/"));
    }
}
