//! Our side: a node in which one department shares the table and another has it delivered, all of it through REST.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::DateTime;
use serde_json::{Value, json};

use super::truth::Terms;
use crate::{
    Result,
    city::{City, text},
    http::Client,
    process,
};

/// How often somebody asks whether a run has ended.
const LOOK: Duration = Duration::from_millis(25);

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Who shares, who decides, and who has the rows delivered.
const PROVIDER: &str = "police.officer";
const APPROVER: &str = "police.approver";
const CONSUMER: &str = "civil.officer";
const AUTHORITY: &str = "data.operator";

/// The columns with their types in the catalogue: what they are in PostgreSQL, whatever a draft takes them for.
const ITEMS: [(&str, &str); 13] = [
    ("id", "integer"),
    ("id_card", "text"),
    ("name", "text"),
    ("gender", "integer"),
    ("birth_date", "date"),
    ("region_code", "text"),
    ("address", "text"),
    ("phone", "text"),
    ("income", "decimal"),
    ("married", "boolean"),
    ("extra", "json"),
    ("created_at", "date-time"),
    ("updated_at", "instant"),
];

/// The node.
#[derive(Debug)]
pub struct Node {
    city: City,
    folder: PathBuf,
    idle_mib: f64,
}

/// What a run took, and what the node reports of it.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Seconds from the wish until the run is told as done.
    pub wall: f64,
    /// Of them the seconds until the release was opened: waiting for a worker, looking at both ends, planning.
    pub waited: f64,
    /// Processor seconds of the node, signing and publishing of its log included.
    pub cpu: f64,
    /// The most memory in use beyond the idle process's, MiB.
    pub beyond_idle_mib: f64,
    /// The run as REST tells it.
    pub told: Value,
}

impl Node {
    /// Makes a node in `folder`: the demo city with few people.
    ///
    /// # Errors
    /// When the binary ends or does not answer.
    pub fn make(folder: &Path) -> Result<Self> {
        Ok(Self {
            city: City::make(folder, 500, 200, None)?,
            folder: folder.join("city"),
            idle_mib: 0.0,
        })
    }

    /// The folder in which departments have files that they share.
    #[must_use]
    pub fn bureaus(&self) -> PathBuf {
        self.folder.join("bureaus")
    }

    /// The folder for files that are delivered.
    #[must_use]
    pub fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    /// Starts the process anew and lets it come to rest for so long; what it has in memory then is its idle.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn rest(&mut self, pause: Duration) -> Result {
        self.city.restart()?;
        self.city.settle()?;
        std::thread::sleep(pause);
        self.idle_mib = process::rss_mib(self.city.program.pid());
        Ok(())
    }

    /// What the process had in memory when it rested last, MiB.
    #[must_use]
    pub const fn idle_mib(&self) -> f64 {
        self.idle_mib
    }

    /// Connects a source; its identifier.
    ///
    /// # Errors
    /// When REST refuses.
    pub fn source(&self, name: &str, kind: &str, options: &Value) -> Result<String> {
        let body = json!({ "name": name, "kind": kind, "options": options });
        Ok(text(&self.post(PROVIDER, "/sources", &body)?, "/id"))
    }

    /// From a table of a source to a published entry of the catalogue, with `id` as its key or without a key; its
    /// identifier.
    ///
    /// # Errors
    /// When a step is refused.
    pub fn resource(&self, source: &str, table: &str, name: &str, key: bool) -> Result<String> {
        let body = json!({ "source": source, "table": table, "category": "101001" });
        let mut draft = self.post(PROVIDER, "/resources", &body)?;
        let id = text(&draft, "/id");
        let path = format!("/resources/{id}");
        if let Some(content) = draft.get_mut("content") {
            describe(content, name, key);
        }
        let entry = json!({ "revision": draft.get("revision"), "content": draft.get("content") });
        self.client()?.put(&whole(&path), &self.city.token(PROVIDER)?, &entry)?;
        self.post(PROVIDER, &format!("{path}/declare-not-secret"), &json!({}))?;
        self.post(PROVIDER, &format!("{path}/submit"), &json!({}))?;
        self.post(AUTHORITY, &format!("{path}/publish"), &json!({}))?;
        Ok(id)
    }

    /// Asks for every item of an entry, has the request accepted, and granted under these terms; the agreement's
    /// identifier.
    ///
    /// # Errors
    /// When a step is refused.
    pub fn agreement(&self, resource: &str, terms: &Terms) -> Result<String> {
        let item = |name: &str, mask: String| json!({ "item": name, "mask": mask });
        let asked: Vec<Value> = ITEMS.iter().map(|it| item(it.0, "clear".to_owned())).collect();
        let until = (chrono::Utc::now() + chrono::TimeDelta::days(300)).date_naive();
        let wish = json!({
            "resource": resource,
            "application": {
                "basis": "law", "basis_text": "《政务数据共享条例》第二十条", "scenario": "社会救助核对", "purpose": "service",
                "items": asked, "modes": ["batch", "file"], "until": until.to_string(),
            },
            "warrant": { "truthful": true, "lawful": true, "necessary": true },
        });
        let request = format!("/requests/{}", text(&self.post(CONSUMER, "/requests", &wish)?, "/id"));
        let said = json!({ "opinion": "材料齐全" });
        self.post(AUTHORITY, &format!("{request}/accept"), &said)?;
        let masked = |name: &str| {
            let mask = terms.masks.iter().find(|it| it.0 == name);
            item(name, mask.map_or_else(|| "clear".to_owned(), |it| it.1.code()))
        };
        let granted: Vec<Value> = ITEMS.iter().map(|it| masked(it.0)).collect();
        let mut grant = json!({ "items": granted, "opinion": "同意" });
        if let Some(grant) = grant.as_object_mut()
            && !terms.rows.is_empty()
        {
            grant.insert("rows".to_owned(), json!(terms.rows));
        }
        let granted = self.post(APPROVER, &format!("{request}/grant"), &grant)?;
        Ok(text(&granted, "/agreement"))
    }

    /// Defines a delivery; its identifier.
    ///
    /// # Errors
    /// When REST refuses.
    pub fn delivery(&self, agreement: &str, name: &str, sink: &Value) -> Result<String> {
        let body = json!({ "agreement": agreement, "name": name, "sink": sink, "replace": true });
        Ok(text(&self.post(CONSUMER, "/deliveries", &body)?, "/id"))
    }

    /// Runs a delivery to its end.
    ///
    /// # Errors
    /// When the run does not end well, or the node proves nothing of it.
    pub fn run(&self, delivery: &str) -> Result<Ran> {
        let token = self.city.token(CONSUMER)?;
        let pid = self.city.program.pid();
        let mut client = self.client()?;
        let before = process::seconds(pid);
        process::forget_peak(pid)?;
        let began = Instant::now();
        let asked = self.post(CONSUMER, &format!("/deliveries/{delivery}/runs"), &json!({}))?;
        let path = whole(&format!("/runs/{}", text(&asked, "/id")));
        let told = loop {
            let answer = client.get(&path, &token)?;
            let run: Value = serde_json::from_slice(&answer.body)?;
            match text(&run, "/state").as_str() {
                "done" => break run,
                "queued" | "running" | "verifying" if began.elapsed() < PATIENCE => std::thread::sleep(LOOK),
                state => return Err(format!("the run is {state}: {}", failure(&run)).into()),
            }
        };
        let wall = began.elapsed().as_secs_f64();
        let peak = process::peak_mib(pid).ok_or("the node is gone")?;
        // Signing and publishing the log of the run belongs to it.
        self.city.settle()?;
        let cpu = process::seconds(pid) - before;
        proven(&told)?;
        Ok(Ran {
            wall,
            waited: seconds_between(&told, "/queued_at", "/started_at")?,
            cpu,
            beyond_idle_mib: peak - self.idle_mib,
            told,
        })
    }

    fn client(&self) -> Result<Client> {
        Client::connect(self.city.port)
    }

    /// Each step on a connection of its own.
    fn post(&self, who: &str, path: &str, body: &Value) -> Result<Value> {
        self.client()?.post(&whole(path), &self.city.token(who)?, body)
    }
}

fn whole(path: &str) -> String {
    format!("/api/v1{path}")
}

/// Writes what a draft cannot see into the entry, and what it guessed otherwise.
fn describe(content: &mut Value, name: &str, key: bool) {
    let sharing = json!({ "class": "conditional", "condition": "用于政务服务", "legal_basis": "" });
    let fields = [
        ("name", json!(name)),
        ("name_en", json!("People")),
        ("summary", json!("人口基本信息，供测量用")),
        ("sharing", sharing.clone()),
        ("modes", json!(["interface", "batch", "file"])),
        ("no_key_reason", json!(if key { "" } else { "整表交换" })),
    ];
    let Some(content) = content.as_object_mut() else { return };
    content.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    for item in content
        .get_mut("items")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let column = text(item, "/column");
        let Some((_, data_type)) = ITEMS.iter().find(|it| it.0 == column) else {
            continue;
        };
        let is_key = key && column == "id";
        let fields = [
            ("name", json!(column)),
            ("data_type", type_of(data_type)),
            ("meaning", Value::Null),
            ("mask", json!({ "mask": "clear" })),
            ("sharing", sharing.clone()),
            ("key", json!(is_key)),
        ];
        if let Some(item) = item.as_object_mut() {
            item.extend(fields.map(|(name, value)| (name.to_owned(), value)));
            if is_key {
                item.insert("nullable".to_owned(), json!(false));
            }
        }
    }
}

fn type_of(name: &str) -> Value {
    if name == "decimal" {
        json!({ "type": name, "precision": 14, "scale": 2 })
    } else {
        json!({ "type": name })
    }
}

fn failure(run: &Value) -> String {
    format!("{} {}", text(run, "/failure/code"), text(run, "/failure/detail"))
}

/// Both sides were digested and found equal, and the closing receipt is in the ledger.
fn proven(run: &Value) -> Result {
    let equal = run.pointer("/reconciliation/equal") == Some(&Value::Bool(true));
    let digests = ["/reconciliation/source/digest", "/reconciliation/target/digest"].map(|it| text(run, it));
    let receipt = run.get("receipt").and_then(Value::as_u64);
    if equal && digests.iter().all(|it| !it.is_empty()) && receipt.is_some() {
        return Ok(());
    }
    Err(format!("the run is done, but without digests or receipt: {run}").into())
}

fn seconds_between(run: &Value, from: &str, to: &str) -> Result<f64> {
    let at = |pointer: &str| DateTime::parse_from_rfc3339(&text(run, pointer));
    Ok((at(to)? - at(from)?).as_seconds_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_described() {
        let mut content = json!({
            "name": "person", "items": [{ "column": "id", "key": true, "nullable": true, "data_type": { "type": "text" } },
                                        { "column": "income" }, { "column": "other", "key": false }],
        });
        describe(&mut content, "人口", false);
        assert_eq!(text(&content, "/items/0/data_type/type"), "integer");
        assert_eq!(content.pointer("/items/0/key"), Some(&json!(false)));
        assert_eq!(content.pointer("/items/1/data_type/scale"), Some(&json!(2)));
        assert_eq!(
            content.pointer("/items/2"),
            Some(&json!({ "column": "other", "key": false }))
        );
        assert_eq!(text(&content, "/no_key_reason"), "整表交换");
        describe(&mut content, "人口", true);
        assert_eq!(content.pointer("/items/0/key"), Some(&json!(true)));
        assert_eq!(content.pointer("/items/0/nullable"), Some(&json!(false)));
        assert_eq!(text(&content, "/no_key_reason"), "");
    }

    #[test]
    fn a_run_without_proof_is_no_run() {
        let mut run = json!({
            "queued_at": "2026-03-09T08:00:00Z", "started_at": "2026-03-09T08:00:00.250Z", "receipt": 7,
            "reconciliation": { "equal": true, "source": { "digest": "a" }, "target": { "digest": "a" } },
        });
        proven(&run).unwrap();
        let waited = seconds_between(&run, "/queued_at", "/started_at").unwrap();
        assert!((waited - 0.25).abs() < 1e-9);
        if let Some(run) = run.as_object_mut() {
            run.remove("receipt");
        }
        assert!(proven(&run).is_err() && seconds_between(&run, "/queued_at", "/ended_at").is_err());
    }
}
