//! A small table of people on the shelf of the police, for tests that are not about size.

use std::path::Path;

use testkit::{Failure, TestApp, servers::Database, story::Shelf};

use platform::vocab::{ResourceId, SourceKind, SourceSpec};
use testkit::platform;

/// Rows: number with leading zeros, name with characters beyond the basic plane, phone, division, a secret note.
pub const PEOPLE: &[(&str, Option<&str>, &str, &str, &str)] = &[
    ("0001", Some("𠮷田一郎"), "13800000001", "330102", "甲"),
    ("0002", Some("张三"), "13800000002", "330102", "乙"),
    ("0003", None, "13800000003", "330106", "丙"),
    ("0004", Some("欧阳娜娜"), "13800000004", "330106", "丁"),
    ("0005", Some("阿依古丽·买买提"), "13800000005", "440106", "戊"),
];

const CREATE: &str = "create table people (person_no varchar(20) primary key, name varchar(100), phone varchar(20) not null, \
                      division_code varchar(6) not null, note varchar(20) not null)";

fn inserts() -> String {
    let quoted = |it: Option<&str>| it.map_or_else(|| "null".to_owned(), |it| format!("'{it}'"));
    let rows = PEOPLE
        .iter()
        .map(|(no, name, phone, division, note)| format!("('{no}',{},'{phone}','{division}','{note}')", quoted(*name)));
    format!("insert into people values {}", rows.collect::<Vec<_>>().join(","))
}

/// The people in an SQLite file among the node's files.
pub fn in_file(files: &Path, name: &str) -> Result<SourceSpec, Failure> {
    let path = files.join(name);
    let link = rusqlite::Connection::open(&path)?;
    link.execute_batch(&format!("{CREATE};{}", inserts()))?;
    Ok(SourceSpec::new(SourceKind::Sqlite).with("path", path.display().to_string()))
}

/// The people in a server's database.
pub async fn in_server(database: &Database) -> Result<SourceSpec, Failure> {
    database.run(CREATE).await?;
    database.run(&inserts()).await?;
    Ok(database.spec.clone())
}

/// The people in an SQLite file, published.
pub async fn shelved(app: &TestApp) -> Result<ResourceId, Failure> {
    let spec = in_file(&app.files, "people.db")?;
    app.shelve(Shelf {
        provider: "police",
        spec,
        table: "people",
        name: "people",
        key: &["person_no"],
    })
    .await
}
