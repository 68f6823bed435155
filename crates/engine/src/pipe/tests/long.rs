//! A table of many parts: killed, changed, altered and refused on its way.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// A table of many pages.
pub(super) async fn long_table(spec: &SourceSpec, schema: &str) -> GovernedTable {
    let made = format!(
        "CREATE TABLE {schema}.long (id bigint PRIMARY KEY, area char(4), name text, extra jsonb);
         INSERT INTO {schema}.long SELECT i, CASE WHEN i % 3 = 0 THEN '3301' ELSE '3302' END, '张' || i, \
           jsonb_build_object('no', i, 'text', repeat('x', 200)) FROM generate_series(1, 4000) i;
         ANALYZE {schema}.long"
    );
    execute(spec, &made).await;
    let engine = Engine::new(Limits::default());
    let mut table = open_wide(&engine, spec, &format!("{schema}.long"), "t").await.unwrap();
    table.rows = "area = '3302'".parse().unwrap();
    table.items.iter_mut().find(|it| it.name == "name").unwrap().mask = Mask::Name;
    table
}

#[tokio::test]
async fn a_killed_copy_goes_on_with_nothing_twice_and_nothing_lost() {
    let Some(spec) = server("pipe_kill").await else { return };
    let table = long_table(&spec, "pipe_kill").await;
    let way = Way::of(table, "pipe_kill.copy").await;
    assert!(way.parts.len() > 100, "{}", way.parts.len());
    let pipe = way.pipe().await;
    assert_eq!(pipe.rows_estimate(), None, "it would tell of rows that the rule hides");
    let (mut killed_at, mut rounds) = (0, 0);
    for more in [3, 7, 5] {
        let mut sink = way.sink(&pipe, "run_1").await;
        assert!(sink.done().len() as u64 >= killed_at);
        let (seen, wanted) = (AtomicU64::new(0), sink.done().len() as u64 + more);
        let progress = |_: RowSum, chunks: u64| seen.store(chunks, Ordering::Relaxed);
        let until = async {
            while seen.load(Ordering::Relaxed) < wanted {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            () = until => rounds += 1,
            ended = sink.pipe(&pipe, &way.parts, &at, &progress) => { ended.unwrap(); }
        }
        killed_at = seen.load(Ordering::Relaxed);
    }
    assert!(rounds > 0, "never killed in time");
    let mut sink = way.sink(&pipe, "run_1").await;
    assert!(sink.done().len() as u64 >= 15);
    let totals = sink.pipe(&pipe, &way.parts, &at, &quiet).await.unwrap();
    assert_eq!(totals.source.rows, 4000 - 4000 / 3);
    finish(&mut sink, totals).await;
    drop(sink);
    assert_eq!(way.delivered().await, way.columnar().await);
    let again = way.sink(&pipe, "run_1").await;
    assert!(again.swapped());
    let left = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'pipe_kill' AND tablename LIKE '%\\_\\_new'";
    assert_eq!(asked(&spec, left).await, "0");
}

#[tokio::test]
async fn a_source_that_changed_meanwhile_is_read_anew() {
    let Some(spec) = server("pipe_anew").await else { return };
    let table = long_table(&spec, "pipe_anew").await;
    let way = Way::of(table, "pipe_anew.copy").await;
    let pipe = way.pipe().await;
    let mut sink = way.sink(&pipe, "run_1").await;
    let some: Vec<Part> = way.parts.iter().take(5).cloned().collect();
    sink.pipe(&pipe, &some, &at, &quiet).await.unwrap();
    // The row leaves its page: it would be missing where it was and come twice where it goes.
    execute(
        &spec,
        "UPDATE pipe_anew.long SET extra = extra || '{\"more\": 1}' WHERE id = 2",
    )
    .await;
    let changed = sink.pipe(&pipe, &way.parts, &at, &quiet).await;
    assert!(matches!(changed, Err(sink::Error::SourceChanged(0))), "{changed:?}");
    sink.restart().await.unwrap();
    let totals = sink.pipe(&pipe, &way.parts, &at, &quiet).await.unwrap();
    finish(&mut sink, totals).await;
    drop(sink);
    assert_eq!(way.delivered().await, way.columnar().await);
}

#[tokio::test]
async fn all_parts_are_of_one_moment() {
    let Some(spec) = server("pipe_moment").await else {
        return;
    };
    let table = long_table(&spec, "pipe_moment").await;
    let way = Way::of(table, "pipe_moment.copy").await;
    let pipe = way.pipe().await;
    let before = way.columnar().await;
    let mut moment = pipe.moment(way.parts.len()).await.unwrap();
    assert_eq!(moment.lines.len(), 2);
    execute(
        &spec,
        "DELETE FROM pipe_moment.long WHERE id % 2 = 0; UPDATE pipe_moment.long SET name = '李'; \
         INSERT INTO pipe_moment.long VALUES (9999, '3302', '王', NULL)",
    )
    .await;
    let mut rows = 0;
    for (no, part) in way.parts.iter().enumerate() {
        let line = &mut moment.lines[no % 2];
        rows += line
            .digest(&pipe.sql(part).unwrap(), &pipe.arrays(), pipe.flight())
            .await
            .unwrap()
            .rows;
    }
    assert_eq!(rows, before.rows);
    // Nobody changes the table's form meanwhile.
    let client = Postgres::open(&spec).unwrap().dedicated().await.unwrap();
    client
        .batch_execute("SET default_transaction_read_only = off; SET lock_timeout = '200ms'")
        .await
        .unwrap();
    let altered = client
        .batch_execute("ALTER TABLE pipe_moment.long DROP COLUMN extra")
        .await;
    assert_eq!(altered.unwrap_err().code().unwrap().code(), "55P03");
    drop(moment);
    // Who waits for the table to change it gets it when a line ends: no other line begins then.
    let reader = Postgres::open(&spec).unwrap();
    let first = reader.line().await.unwrap();
    assert_eq!(reader.begin(&first, "pipe_moment.long").await.unwrap(), Hold::Locked);
    let snapshot = first.snapshot().await.unwrap().unwrap();
    let waits = tokio::spawn({
        let spec = spec.clone();
        async move { execute(&spec, "ALTER TABLE pipe_moment.long DROP COLUMN extra").await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let late = reader.line_at(&snapshot, "pipe_moment.long", Hold::Locked).await;
    assert!(late.is_err(), "it would read the table after the change");
    drop(first);
    waits.await.unwrap();
    // A form that changed before is seen.
    execute(&spec, "ALTER TABLE pipe_moment.long ALTER COLUMN name TYPE varchar(90)").await;
    assert!(pipe.moment(1).await.is_err());
}

#[tokio::test]
async fn views_and_keys_are_cut_by_ranges() {
    let Some(spec) = server("pipe_view").await else { return };
    let mut table = long_table(&spec, "pipe_view").await;
    execute(
        &spec,
        "CREATE VIEW pipe_view.seen AS SELECT * FROM pipe_view.long WHERE id > 10",
    )
    .await;
    table.table = "pipe_view.seen".to_owned();
    let sink = SinkSpec {
        target: spec.clone(),
        table: "pipe_view.copy".to_owned(),
    };
    let opened = Engine::new(Limits::default()).open(vec![table]).await.unwrap();
    let described = opened.tables().remove(0);
    let shape = Shape::of(&described.schema, &described.key).unwrap();
    let pipe = opened.pipe("t").await.unwrap().unwrap();
    assert_eq!(pipe.pages(), None);
    let part = |no: u64, bounds: &str| Part {
        no,
        bounds: bounds.parse().unwrap(),
        pages: None,
    };
    let parts = vec![
        part(0, "id < 1000 OR id IS NULL"),
        part(1, "id >= 1000 AND id < 3000"),
        part(2, "id >= 3000"),
    ];
    let mut way = Way {
        opened,
        shape,
        sink,
        parts,
    };
    way.go("run_1").await;
    assert_eq!(way.delivered().await, way.columnar().await);
    way.parts = vec![part(0, "area = '3302'")];
    assert!(
        way.pipe().await.sql(&way.parts[0]).is_err(),
        "only unmasked numbers cut"
    );
}

#[tokio::test]
async fn what_the_target_refuses_is_told() {
    let Some(spec) = server("pipe_bad").await else { return };
    let table = long_table(&spec, "pipe_bad").await;
    let way = Way::of(table, "pipe_bad.copy").await;
    let pipe = way.pipe().await;
    let mut sink = way.sink(&pipe, "run_1").await;
    execute(&spec, "ALTER TABLE pipe_bad.copy__new ADD CHECK (id <> 3998)").await;
    let refused = sink.pipe(&pipe, &way.parts, &at, &quiet).await;
    assert!(matches!(refused, Err(sink::Error::Refused(_))), "{refused:?}");
    assert!(!sink.done().is_empty(), "what was loaded before stands");
    sink.abort().await.unwrap();
    let rows = "SELECT count(*)::text FROM pipe_bad.jutong_checkpoint";
    assert_eq!(asked(&spec, rows).await, "0");
}
