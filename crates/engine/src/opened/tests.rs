#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
//! Pages are the whole stream: with rows that are equal, missing values, masks, keys that are granted in part.

use std::collections::BTreeMap;

use vocab::{GovernedTable, Mask, SourceKind, SourceSpec};

use super::*;
use crate::{
    select::Sort,
    shape::{Shape, text},
    testing::{open_wide, sqlite},
};

/// A small generator: the same rows at every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

const KEYLESS: &str =
    "(region text, no integer, name text, amount numeric(12,2), rate double precision, born date, photo BYTES)";
const KEYED: &str = "(region text not null, no integer not null, name text, amount numeric(12,2), rate double precision, \
                     born date, photo BYTES, primary key (region, no))";

/// Rows with few different values, so that many are equal.
fn inserts(table: &str, keyed: bool, kind: SourceKind) -> String {
    let mut chance = Chance(7);
    let bytes = |hex: &str| match kind {
        SourceKind::Postgres => format!("'\\x{hex}'::bytea"),
        _ => format!("X'{hex}'"),
    };
    let rows: Vec<String> = (0..61)
        .map(|row: u64| {
            let region = if keyed {
                ["'甲'", "'乙'", "'丙'"][usize::try_from(row % 3).unwrap()]
            } else {
                chance.pick(&["'甲'", "'𠮷'", "null", "''"])
            };
            let no = if keyed {
                (row / 3).to_string()
            } else {
                chance.pick(&["1", "2", "null"]).to_owned()
            };
            let photo = match chance.below(3) {
                0 => "null".to_owned(),
                1 => bytes("00ff"),
                _ => bytes("00fe01"),
            };
            format!(
                "({region}, {no}, {}, {}, {}, {}, {photo})",
                chance.pick(&["'张三'", "'李四·阿里'", "'王五'", "null"]),
                chance.pick(&["1.50", "-2.25", "null"]),
                chance.pick(&["0.1", "-0.0", "1e300", "null"]),
                chance.pick(&["'2026-01-01'", "'1899-12-31'", "null"]),
            )
        })
        .collect();
    format!("insert into {table} values {}", rows.join(", "))
}

async fn postgres(folder: &str) -> Option<SourceSpec> {
    let url = std::env::var("JUTONG_TEST_POSTGRES").ok().filter(|it| !it.is_empty());
    let Some(url) = url else {
        eprintln!("SKIPPED: JUTONG_TEST_POSTGRES is not set, pages are tested on SQLite alone");
        return None;
    };
    let rest = url.split_once("://").unwrap().1;
    let (login, rest) = rest.rsplit_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let (host, port) = address.split_once(':').unwrap_or((address, "5432"));
    let (user, secret) = login.split_once(':').unwrap_or((login, ""));
    let mut spec = SourceSpec::new(SourceKind::Postgres)
        .with("host", host)
        .with("port", port)
        .with("database", database)
        .with("user", user);
    spec.secret = (!secret.is_empty()).then(|| secret.to_owned());
    let client = crate::source::postgres::Postgres::open(&spec)
        .unwrap()
        .writer()
        .await
        .unwrap();
    client
        .batch_execute("SET default_transaction_read_only = off")
        .await
        .unwrap();
    let mut all = String::new();
    for (name, columns, keyed) in [("keyless", KEYLESS, false), ("keyed", KEYED, true)] {
        let table = format!("{folder}_{name}");
        let columns = columns.replace("BYTES", "bytea");
        all += &format!("drop table if exists {table}; create table {table} {columns};");
        all += &inserts(&table, keyed, SourceKind::Postgres);
        all.push(';');
    }
    client.batch_execute(&all).await.unwrap();
    Some(spec)
}

fn texts(batch: &RecordBatch, names: &[String]) -> Vec<String> {
    let shape = Shape::of(&batch.schema(), &[]).unwrap();
    let cells = shape.cells(batch).unwrap();
    (0..batch.num_rows())
        .map(|row| {
            let mut out = Vec::new();
            for (column, cells) in shape.columns.iter().zip(&cells) {
                if names.is_empty() || names.contains(&column.name) {
                    if cells.is_null(row) {
                        out.extend_from_slice(b"<null>");
                    } else {
                        text::write(cells, row, "Z", &mut out);
                    }
                    out.push(b'|');
                }
            }
            String::from_utf8(out).unwrap()
        })
        .collect()
}

/// The pages of a question, one after another, each as a `Link` header would ask for it.
async fn pages(opened: &Opened, table: &str, question: &Select) -> Vec<RecordBatch> {
    let mut all = Vec::new();
    let mut question = question.clone();
    loop {
        let page = opened.page(table, &question).await.unwrap();
        assert!(page.rows.num_rows() as u64 <= question.limit.unwrap());
        assert!(page.rows.num_rows() > 0 || page.next.is_none());
        all.push(page.rows);
        assert!(all.len() < 1000, "pages without end: {question:?}");
        match page.next {
            None => return all,
            // Through its text, as a cursor travels.
            next => question.after = serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap(),
        }
    }
}

async fn check(engine: &Engine, table: GovernedTable, seed: u64) {
    let opened = engine.open(vec![table]).await.unwrap();
    let described = opened.tables().remove(0);
    let names: Vec<String> = described.schema.fields().iter().map(|it| it.name().clone()).collect();
    let whole = opened
        .read(&described.name)
        .await
        .unwrap()
        .collect_all()
        .await
        .unwrap()
        .0;
    let whole: Vec<String> = whole.iter().flat_map(|it| texts(it, &[])).collect();
    let mut chance = Chance(seed);
    for round in 0..7 {
        let mut sort: Vec<Sort> = Vec::new();
        for _ in 0..round % 3 {
            let item = names[usize::try_from(chance.below(names.len() as u64)).unwrap()].clone();
            if !sort.iter().any(|it| it.item == item) {
                sort.push(Sort {
                    item,
                    descending: chance.below(2) == 1,
                });
            }
        }
        let limit = [1, 2, 3, 7, 25, 60, 61][usize::try_from(chance.below(7)).unwrap()];
        let question = Select {
            sort: sort.clone(),
            limit: Some(limit),
            ..Select::default()
        };
        let paged = pages(&opened, &described.name, &question).await;
        let rows: Vec<String> = paged.iter().flat_map(|it| texts(it, &[])).collect();
        let count = |all: &[String]| {
            let mut counted = BTreeMap::new();
            for it in all {
                *counted.entry(it.clone()).or_insert(0) += 1;
            }
            counted
        };
        assert_eq!(count(&rows), count(&whole), "{question:?}");
        // And in the order that was asked for.
        let steps: Vec<String> = sort.iter().map(|it| it.item.clone()).collect();
        let sorted = Select {
            sort,
            ..Select::default()
        };
        let sorted = opened.select_columnar(&described.name, &sorted).await.unwrap();
        let sorted = sorted.collect_all().await.unwrap().0;
        let expected: Vec<String> = sorted.iter().flat_map(|it| texts(it, &steps)).collect();
        let given: Vec<String> = paged.iter().flat_map(|it| texts(it, &steps)).collect();
        if !steps.is_empty() {
            assert_eq!(given, expected, "{question:?}");
        }
    }
}

/// The same table granted in ways that leave rows equal: without the key, with a part of it, with it masked.
fn grants(wide: &GovernedTable) -> Vec<GovernedTable> {
    let without = |names: &[&str]| {
        let mut table = wide.clone();
        table.items.retain(|it| !names.contains(&it.name.as_str()));
        table
    };
    let masked = |name: &str, mask: Mask| {
        let mut table = wide.clone();
        for item in &mut table.items {
            if item.name == name {
                item.mask = mask.clone();
            }
        }
        table
    };
    vec![
        wide.clone(),
        without(&["region", "no"]),
        without(&["no"]),
        without(&["region", "no", "amount", "rate", "photo"]),
        masked("region", Mask::KeepEnds { head: 0, tail: 0 }),
        masked("no", Mask::Null),
        masked("name", Mask::Name),
        masked("name", Mask::Pseudonym),
    ]
}

#[tokio::test]
async fn pages_are_the_whole_stream_whatever_is_equal() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Limits::default());
    let mark = format!("pages_{}", std::process::id());
    let file = [("keyless", KEYLESS, false), ("keyed", KEYED, true)].map(|(name, columns, keyed)| {
        let table = format!("{mark}_{name}");
        let columns = columns.replace("BYTES", "blob");
        format!(
            "create table {table} {columns}; {};",
            inserts(&table, keyed, SourceKind::Sqlite)
        )
    });
    let mut sources = vec![sqlite(&folder.path().join("pages.db"), &file.concat()).unwrap()];
    sources.extend(postgres(&mark).await);
    for source in &sources {
        for name in ["keyless", "keyed"] {
            let table = format!("{mark}_{name}");
            let wide = open_wide(&engine, source, &table, name).await.unwrap();
            for (at, table) in grants(&wide).into_iter().enumerate() {
                check(&engine, table, at as u64 + 1).await;
            }
        }
    }
    if let Some(spec) = sources.get(1) {
        let client = crate::source::postgres::Postgres::open(spec)
            .unwrap()
            .writer()
            .await
            .unwrap();
        client
            .batch_execute("SET default_transaction_read_only = off")
            .await
            .unwrap();
        let drop = format!("drop table {mark}_keyless; drop table {mark}_keyed");
        client.batch_execute(&drop).await.unwrap();
    }
}

#[tokio::test]
async fn a_page_of_no_rows_has_none_and_a_page_of_large_rows_is_short() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Limits::default());
    let statements = "create table t (id integer primary key, filler text);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 60)
        insert into t select i, hex(zeroblob(500000)) from n";
    let source = sqlite(&folder.path().join("large.db"), statements).unwrap();
    let opened = engine
        .open(vec![open_wide(&engine, &source, "t", "t").await.unwrap()])
        .await
        .unwrap();
    let ask = |limit| Select {
        limit: Some(limit),
        ..Select::default()
    };
    let none = opened.page("t", &ask(0)).await.unwrap();
    assert_eq!((none.rows.num_rows(), none.rows.num_columns()), (0, 2));
    let first = opened.page("t", &ask(60)).await.unwrap();
    assert!(
        (1..60).contains(&first.rows.num_rows()),
        "{} rows of 1 MB",
        first.rows.num_rows()
    );
    let rows: usize = pages(&opened, "t", &ask(60))
        .await
        .iter()
        .map(RecordBatch::num_rows)
        .sum();
    assert_eq!(rows, 60);
}
