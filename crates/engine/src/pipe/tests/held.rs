//! What others do to a table meanwhile, and what is held in a server while nobody waits for it any more.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio_postgres::Client;

use super::{long::long_table, *};

/// Somebody else, who may write.
async fn other(spec: &SourceSpec, sql: &str) -> Client {
    let client = Postgres::open(spec).unwrap().writer().await.unwrap();
    client
        .batch_execute("SET default_transaction_read_only = off")
        .await
        .unwrap();
    client.batch_execute(sql).await.unwrap();
    client
}

/// Processes that wait for a lock to do something like this.
async fn waiting(spec: &SourceSpec, like: &str) -> String {
    let sql = format!(
        "SELECT pid::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '{like}' AND pid <> pg_backend_pid()"
    );
    asked(spec, &sql).await
}

/// Comes there one within five seconds, or does none wait any more?
async fn comes(spec: &SourceSpec, like: &str, one: bool) -> bool {
    for _ in 0..50 {
        if waiting(spec, like).await.is_empty() != one {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test]
async fn a_change_that_is_waited_for_is_never_missed() {
    let Some(spec) = server("pipe_locked").await else {
        return;
    };
    let table = long_table(&spec, "pipe_locked").await;
    let way = Way::of(table, "pipe_locked.copy").await;
    let pipe = way.pipe().await;
    // Every row is written anew: a moment from before sees none of them.
    let change = "BEGIN; ALTER TABLE pipe_locked.long ALTER COLUMN name TYPE text USING name || ''";
    let changer = other(&spec, change).await;
    let like = "%LOCK TABLE \"pipe_locked\".\"long\"%";
    let stops = async {
        assert!(comes(&spec, like, true).await, "nobody waits for the table");
        let pid = waiting(&spec, like).await;
        asked(&spec, &format!("SELECT pg_cancel_backend({pid})::text")).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        changer.batch_execute("COMMIT").await.unwrap();
    };
    let (moment, ()) = tokio::join!(pipe.moment(1), stops);
    assert!(moment.is_err(), "its moment would be one before the change");
    assert_eq!(way.go("run_1").await.source.rows, 4000 - 4000 / 3);
}

#[tokio::test]
async fn what_is_locked_by_reading_it_passes_too() {
    let Some(spec) = server("pipe_read").await else { return };
    let mut table = long_table(&spec, "pipe_read").await;
    execute(
        &spec,
        "CREATE MATERIALIZED VIEW pipe_read.seen AS SELECT * FROM pipe_read.long",
    )
    .await;
    table.table = "pipe_read.seen".to_owned();
    let way = Way::of(table, "pipe_read.copy").await;
    let reader = Postgres::open(&spec).unwrap();
    let line = reader.line().await.unwrap();
    assert_eq!(reader.begin(&line, "pipe_read.seen").await.unwrap(), Hold::Read);
    drop(line);
    way.go("run_1").await;
    assert_eq!(way.delivered().await, way.columnar().await);
}

#[tokio::test]
async fn who_waits_for_a_lock_no_longer_does_so_nowhere() {
    let Some(spec) = server("pipe_gone").await else { return };
    let table = long_table(&spec, "pipe_gone").await;
    let way = Way::of(table, "pipe_gone.copy").await;
    let pipe = way.pipe().await;
    let _holder = other(&spec, "BEGIN; LOCK TABLE pipe_gone.long IN ACCESS EXCLUSIVE MODE").await;
    let like = "%LOCK TABLE \"pipe_gone\".\"long\"%";
    tokio::select! {
        _ = pipe.moment(1) => panic!("the table is locked"),
        came = comes(&spec, like, true) => assert!(came),
    }
    assert!(comes(&spec, like, false).await, "it waits in the server yet");
}

#[tokio::test]
async fn a_key_that_nobody_waits_for_is_not_made() {
    let Some(spec) = server("pipe_key").await else { return };
    let table = long_table(&spec, "pipe_key").await;
    let way = Way::of(table, "pipe_key.copy").await;
    let pipe = way.pipe().await;
    let mut sink = way.sink(&pipe, "run_1").await;
    sink.pipe(&pipe, &way.parts, &at, &quiet).await.unwrap();
    let _holder = other(&spec, "BEGIN; LOCK TABLE pipe_key.copy__new IN SHARE MODE").await;
    let like = "ALTER TABLE \"pipe_key\"%";
    tokio::select! {
        _ = sink.finish() => panic!("the table is locked"),
        came = comes(&spec, like, true) => assert!(came),
    }
    drop(sink);
    assert!(comes(&spec, like, false).await, "the key is being made yet");
}

/// Runs statements while this very thread waits for them.
fn meanwhile(spec: &SourceSpec, sql: &str) {
    std::thread::scope(|scope| {
        let ran = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(execute(spec, sql));
        });
        ran.join().unwrap();
    });
}

#[tokio::test]
async fn a_part_that_is_attached_meanwhile_is_noticed() {
    let Some(spec) = server("pipe_parts").await else { return };
    let rows = |table: &str, from: u32| {
        format!(
            "ALTER TABLE pipe_parts.{table} SET (fillfactor = 10);
             INSERT INTO pipe_parts.{table} SELECT i, '张' || i FROM generate_series({from}, {from} + 1999) i;"
        )
    };
    let made = [
        "CREATE TABLE pipe_parts.ranged (id int, name text) PARTITION BY RANGE (id);
         CREATE TABLE pipe_parts.first PARTITION OF pipe_parts.ranged FOR VALUES FROM (0) TO (2000);
         CREATE TABLE pipe_parts.second (id int, name text);
         CREATE TABLE pipe_parts.parent (id int, name text);
         CREATE TABLE pipe_parts.child (id int, name text);"
            .to_owned(),
        rows("first", 0),
        rows("second", 2000),
        rows("parent", 0),
        rows("child", 2000),
    ];
    execute(&spec, &made.concat()).await;
    let attach = "ALTER TABLE pipe_parts.ranged ATTACH PARTITION pipe_parts.second FOR VALUES FROM (2000) TO (4000)";
    let inherit = "ALTER TABLE pipe_parts.child INHERIT pipe_parts.parent";
    for (name, sql) in [("ranged", attach), ("parent", inherit)] {
        let engine = Engine::new(Limits::default());
        let table = format!("pipe_parts.{name}");
        let table = open_wide(&engine, &spec, &table, "t").await.unwrap();
        let way = Way::of(table, &format!("pipe_parts.copy_{name}")).await;
        assert!(way.parts.len() > 50, "{}", way.parts.len());
        let pipe = way.pipe().await;
        assert!(pipe.rows_estimate().is_some(), "every row leaves");
        let mut sink = way.sink(&pipe, "run_1").await;
        let attached = AtomicBool::new(false);
        let progress = |_: RowSum, chunks: u64| {
            if chunks >= 5 && !attached.swap(true, Ordering::Relaxed) {
                meanwhile(&spec, sql);
            }
        };
        let piped = sink.pipe(&pipe, &way.parts, &at, &progress).await;
        assert!(matches!(piped, Err(sink::Error::SourceChanged(_))), "{name}: {piped:?}");
        sink.restart().await.unwrap();
        let totals = sink.pipe(&pipe, &way.parts, &at, &quiet).await.unwrap();
        assert_eq!(totals.source.rows, 4000);
        finish(&mut sink, totals).await;
        drop(sink);
        assert_eq!(way.delivered().await, way.columnar().await);
    }
}

#[tokio::test]
async fn a_target_with_few_connections_is_filled_by_fewer_lanes() {
    let Some(spec) = server("pipe_few").await else { return };
    let table = long_table(&spec, "pipe_few").await;
    execute(&spec, "DROP ROLE IF EXISTS pipe_few_writer").await;
    execute(
        &spec,
        "CREATE ROLE pipe_few_writer LOGIN PASSWORD 'few' CONNECTION LIMIT 3; \
         GRANT USAGE, CREATE ON SCHEMA pipe_few TO pipe_few_writer",
    )
    .await;
    let mut way = Way::of(table.clone(), "pipe_few.copy").await;
    way.sink.target = spec.clone().with("user", "pipe_few_writer");
    way.sink.target.secret = Some("few".to_owned());
    let limits = Limits {
        threads: 6,
        ..Limits::default()
    };
    way.opened = Engine::new(limits).open(vec![table]).await.unwrap();
    let pipe = way.pipe().await;
    assert_eq!(pipe.lanes(way.parts.len()), 6);
    // Its own connection and two lanes.
    let mut sink = way.sink(&pipe, "run_1").await;
    let totals = sink.pipe(&pipe, &way.parts, &at, &quiet).await.unwrap();
    // Until the server knows that they are gone.
    tokio::time::sleep(Duration::from_millis(500)).await;
    finish(&mut sink, totals).await;
    drop(sink);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(way.delivered().await, way.columnar().await);
    execute(&spec, "DROP SCHEMA pipe_few CASCADE; DROP ROLE pipe_few_writer").await;
}
