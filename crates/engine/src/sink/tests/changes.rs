//! Changes brought into a table of every database at hand: afterwards it is what the source is, whatever stood there before.

mod by_hand;

use std::{collections::BTreeMap, task::Poll, time::Duration};

use proptest::prelude::*;

use super::{
    databases::{execute, targets},
    *,
};

/// Rows by their keys.
type Table = BTreeMap<String, (i64, Option<String>)>;

fn small() -> Shape {
    Shape::new(
        &[("k", DataType::Text), ("n", DataType::Integer), ("t", DataType::Text)],
        &["k"],
    )
}

fn rows_of(table: &Table) -> Vec<RecordBatch> {
    let all: Vec<_> = table.iter().collect();
    let batch = |some: &[(&String, &(i64, Option<String>))]| {
        let mut builder = Builder::new(&small());
        for (k, (n, t)) in some {
            builder.columns[0].text(k).unwrap();
            builder.columns[1].int(*n).unwrap();
            match t {
                Some(it) => builder.columns[2].text(it).unwrap(),
                None => builder.columns[2].null(),
            }
            builder.row();
        }
        builder.batch().unwrap()
    };
    all.chunks(7).map(batch).collect()
}

fn sum_of(shape: &Shape, batches: &[RecordBatch]) -> RowSum {
    let mut digest = crate::digest::RowDigest::of(shape.clone());
    batches.iter().for_each(|it| digest.update(it).unwrap());
    digest.sum()
}

fn size(rows: usize, part_rows: u64) -> Size {
    Size {
        rows: Some(rows as u64),
        part_rows,
    }
}

/// Servers need a moment to see that a client has gone.
async fn open_with(spec: &SinkSpec, shape: &Shape, run: &str, options: Options) -> Changes {
    for _ in 0..100 {
        match Changes::open(spec, shape.clone(), run, options).await {
            Err(Error::Busy(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the table stays locked");
}

async fn open(spec: &SinkSpec, shape: &Shape, run: &str) -> Changes {
    open_with(spec, shape, run, Options::default()).await
}

/// A full copy that has not begun yet.
async fn copying(spec: &SinkSpec, shape: &Shape, run: &str) -> Sink {
    for _ in 0..100 {
        match Sink::open(spec, shape.clone(), run, Options::default()).await {
            Err(Error::Busy(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the table stays locked");
}

/// A full copy, as the first run of every delivery.
async fn copy(spec: &SinkSpec, shape: &Shape, batches: Vec<RecordBatch>, run: &str) -> KeyState {
    let mut sink = copying(spec, shape, run).await;
    sink.load_chunk(0, stream(batches), at(), quiet).await.unwrap();
    let key = sink.finish().await.unwrap();
    sink.swap(at()).await.unwrap();
    key
}

/// Everything that a run of changes does; inserted, updated, deleted.
async fn bring(
    spec: &SinkSpec,
    shape: &Shape,
    batches: &[RecordBatch],
    run: &str,
    size: Size,
) -> Result<[u64; 3], Error> {
    let mut changes = open(spec, shape, run).await;
    changes.base().map_err(Error::Whole)?;
    let compared = parts(&mut changes, shape, batches, size).await?;
    changes.seal(&compared.standing(), at()).await?;
    Ok(counts(&changes))
}

async fn parts(changes: &mut Changes, shape: &Shape, batches: &[RecordBatch], size: Size) -> Result<Compared, Error> {
    let mut compared = changes.compare(stream(batches.to_vec()), size, quiet).await?;
    while compared.more() {
        one_part(changes, &mut compared, batches).await?;
    }
    assert_eq!(changes.verify().await?, compared.standing());
    assert_eq!(sum_of(shape, batches), compared.source());
    Ok(compared)
}

async fn one_part(changes: &mut Changes, compared: &mut Compared, batches: &[RecordBatch]) -> Result<PartDone, Error> {
    let part = changes.part(compared).await?;
    changes.bring(compared, part, stream(batches.to_vec()), at).await
}

fn counts(changes: &Changes) -> [u64; 3] {
    let all = changes.parts().iter();
    all.fold([0; 3], |[inserted, updated, deleted], it| {
        [inserted + it.inserted, updated + it.updated, deleted + it.deleted]
    })
}

/// What has to be written so that `there` becomes `wanted`.
fn expected(there: &Table, wanted: &Table) -> [u64; 3] {
    let inserted = wanted.keys().filter(|it| !there.contains_key(*it)).count();
    let updated = wanted
        .iter()
        .filter(|(k, row)| there.get(*k).is_some_and(|it| it != *row));
    let deleted = there.keys().filter(|it| !wanted.contains_key(*it)).count();
    [inserted as u64, updated.count() as u64, deleted as u64]
}

/// Makes the table by hand what is wanted.
async fn by_hand(spec: &SinkSpec, wanted: &Table) {
    let table = &spec.table;
    let mut sql = format!("DELETE FROM \"{table}\";");
    for (k, (n, t)) in wanted {
        let t = t.as_ref().map_or_else(|| "NULL".to_owned(), |it| format!("'{it}'"));
        sql += &format!("INSERT INTO \"{table}\" (k, n, t) VALUES ('{k}', {n}, {t});");
    }
    execute(&spec.target, &sql).await;
}

async fn clean(spec: &SinkSpec) {
    let table = &spec.table;
    let own = ["checkpoint", "delivered", "quarantine"]
        .map(|it| format!("DELETE FROM jutong_{it} WHERE target = '{table}';"));
    let drop = format!("DROP TABLE IF EXISTS \"{table}\"; DROP TABLE IF EXISTS \"{table}__new\";");
    execute(&spec.target, &(drop + &own.concat())).await;
}

fn some_table() -> impl Strategy<Value = Table> {
    prop::collection::btree_map("[a-c甲]{1,2}", (-1_i64..2, prop::option::of("[xy𠮷]{0,1}")), 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]
    #[test]
    fn whatever_stood_there_the_target_becomes_the_source(
        first in some_table(), hand in prop::option::of(some_table()), last in some_table(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            for spec in targets("变更随机", folder.path()) {
                let kind = spec.target.kind;
                copy(&spec, &small(), rows_of(&first), "run_1").await;
                if let Some(hand) = &hand {
                    by_hand(&spec, hand).await;
                }
                let stood = hand.as_ref().unwrap_or(&first);
                let told = bring(&spec, &small(), &rows_of(&last), "run_2", size(last.len(), 100)).await.unwrap();
                assert_eq!(told, expected(stood, &last), "{kind}");
                let there = read_back(&spec, &small()).await.unwrap();
                assert_eq!(there, sum_of(&small(), &rows_of(&last)), "{kind}");
                let again = bring(&spec, &small(), &rows_of(&last), "run_3", size(last.len(), 100)).await.unwrap();
                assert_eq!(again, [0; 3], "{kind}: nothing has changed, nothing is written");
                clean(&spec).await;
            }
        });
    }
}

fn numbered(rows: i64) -> Table {
    (0..rows)
        .map(|no| (format!("{no:05}"), (no, Some(format!("行{no}")))))
        .collect()
}

/// Every tenth row deleted, changed or new: 12 of 100 differ.
fn edited(table: &Table) -> Table {
    let mut edited = table.clone();
    edited.retain(|_, (n, _)| *n % 25 != 3);
    for (n, t) in edited.values_mut().filter(|(n, _)| *n % 25 == 7) {
        *t = Some(format!("改{n}"));
    }
    for (key, (n, _)) in table.iter().filter(|(_, (n, _))| *n % 25 == 11) {
        edited.insert(format!("{key}新"), (*n, None));
    }
    edited
}

/// Lets work go on until it has waited so many times, and drops it then; what it came to, where it ended before.
async fn killed<T>(work: impl Future<Output = T>, mut waits: u64) -> Option<T> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(it) => Poll::Ready(Some(it)),
        Poll::Pending if waits == 0 => Poll::Ready(None),
        Poll::Pending => {
            waits -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_run_that_is_killed_anywhere_goes_on_with_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更中断", folder.path()) {
        let kind = spec.target.kind;
        let (first, last) = (numbered(500), edited(&numbered(500)));
        copy(&spec, &small(), rows_of(&first), "run_1").await;
        let rows = rows_of(&last);
        let (mut seed, mut kills) = (u64::from(std::process::id()), 0);
        let told = std::cell::Cell::new([0; 3]);
        loop {
            let work = async {
                let mut changes = open(&spec, &small(), "run_2").await;
                if !changes.sealed() {
                    let compared = parts(&mut changes, &small(), &rows, size(500, 20)).await.unwrap();
                    told.set(counts(&changes));
                    changes.seal(&compared.standing(), at()).await.unwrap();
                }
            };
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if killed(work, (seed >> 33) % 20 + kills * 6).await.is_some() {
                break;
            }
            kills += 1;
            assert!(kills < 150, "{kind}: it does not end");
        }
        assert!(kills > 0, "{kind}: nothing was killed");
        assert_eq!(told.get(), expected(&first, &last), "{kind} after {kills} kills");
        assert_eq!(
            read_back(&spec, &small()).await.unwrap(),
            sum_of(&small(), &rows),
            "{kind}"
        );
        assert!(open(&spec, &small(), "run_2").await.sealed(), "{kind}");
        clean(&spec).await;
    }
}

#[tokio::test]
async fn every_type_is_compared_exactly_and_found_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更类型", folder.path()) {
        let kind = spec.target.kind;
        copy(&spec, &shape(), vec![batch(0, 40)], "run_1").await;
        let rows = [batch(1, 20), batch(21, 20)];
        let told = bring(&spec, &shape(), &rows, "run_2", size(40, 100)).await.unwrap();
        assert_eq!(told, [1, 0, 1], "{kind}: one row came, one went, 39 are the same");
        assert_eq!(
            read_back(&spec, &shape()).await.unwrap(),
            sum_of(&shape(), &rows),
            "{kind}"
        );
        clean(&spec).await;
    }
}

#[tokio::test]
async fn a_key_of_several_columns_and_types() {
    let decimal = DataType::Decimal {
        precision: 10,
        scale: 2,
    };
    let shape = Shape::new(
        &[
            ("v", DataType::Text),
            ("a", DataType::Integer),
            ("b", decimal),
            ("c", DataType::Date),
            ("d", DataType::Instant),
        ],
        &["a", "b", "c", "d"],
    );
    let rows = |from: i64, word: &str| {
        let mut builder = Builder::new(&shape);
        for no in from..from + 30 {
            let changed = no % 10 == 4;
            let cells = [
                if changed { word } else { "同" }.to_owned(),
                (no % 3).to_string(),
                format!("{}.5", no % 5),
                "1969-12-31".to_owned(),
                format!("2026-11-22 08:00:{:02}Z", no % 60),
            ];
            for (column, it) in builder.columns.iter_mut().zip(&cells) {
                column.text(it).unwrap();
            }
            builder.row();
        }
        builder.batch().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更复键", folder.path()) {
        let kind = spec.target.kind;
        assert_eq!(
            copy(&spec, &shape, vec![rows(0, "旧")], "run_1").await,
            KeyState::Made,
            "{kind}"
        );
        // 0 and 1 go, 30 and 31 come, and of 2 to 29 the rows 4, 14 and 24 are others.
        let told = bring(&spec, &shape, &[rows(2, "新")], "run_2", size(30, 100))
            .await
            .unwrap();
        assert_eq!(told, [2, 3, 2], "{kind}");
        clean(&spec).await;
    }
}

#[tokio::test]
async fn rows_that_the_target_cannot_hold_go_into_quarantine_and_leave_the_table() {
    let shape = Shape::new(
        &[("k", DataType::Text), ("f", DataType::Double), ("t", DataType::Text)],
        &["k"],
    );
    let rows = |kind: SourceKind, bad: &[&str], changed: &str| {
        let mut builder = Builder::new(&shape);
        let keys: Vec<String> = (0..20).map(|no| format!("{no:02}")).collect();
        let new = bad
            .iter()
            .filter(|it| !keys.iter().any(|key| key == *it))
            .map(|it| (*it).to_owned());
        for key in keys.iter().cloned().chain(new) {
            let bad = bad.contains(&key.as_str());
            let nan = bad && kind != SourceKind::Postgres;
            builder.columns[0].text(&key).unwrap();
            builder.columns[1].double(if nan { f64::NAN } else { 1.5 }).unwrap();
            builder.columns[2]
                .text(if bad {
                    "nul\0nul"
                } else if key == changed {
                    "新"
                } else {
                    "旧"
                })
                .unwrap();
            builder.row();
        }
        builder.batch().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更坏行", folder.path()) {
        let kind = spec.target.kind;
        copy(&spec, &shape, vec![rows(kind, &[], "")], "run_1").await;
        let now = rows(kind, &["03", "99"], "05");
        let few = Options {
            error_limit: 1,
            ..Options::default()
        };
        let mut changes = open_with(&spec, &shape, "run_2", few).await;
        let compared = changes.compare(stream(vec![now.clone()]), size(20, 100), quiet).await;
        let refused = one_part(&mut changes, &mut compared.unwrap(), std::slice::from_ref(&now)).await;
        assert!(matches!(refused, Err(Error::TooManyBad(2))), "{kind}: {refused:?}");
        drop(changes);
        let untouched = read_back(&spec, &shape).await.unwrap();
        assert_eq!(untouched, sum_of(&shape, &[rows(kind, &[], "")]), "{kind}");
        for (run, expected) in [("run_2", [0, 1, 1]), ("run_3", [0, 0, 0])] {
            let mut changes = open(&spec, &shape, run).await;
            let compared = changes.compare(stream(vec![now.clone()]), size(20, 100), quiet).await;
            let mut compared = compared.unwrap();
            one_part(&mut changes, &mut compared, std::slice::from_ref(&now))
                .await
                .unwrap();
            assert!(!compared.more());
            assert_eq!((counts(&changes), compared.aside().rows), (expected, 2), "{kind} {run}");
            assert_eq!(
                (compared.source().rows, compared.standing().rows),
                (21, 19),
                "{kind} {run}"
            );
            assert_eq!(changes.verify().await.unwrap(), compared.standing(), "{kind} {run}");
            changes.seal(&compared.standing(), at()).await.unwrap();
        }
        clean(&spec).await;
    }
}

#[tokio::test]
async fn where_changes_cannot_be_brought_it_is_said_why() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更不能", folder.path()) {
        let kind = spec.target.kind;
        let why =
            async |rows: &[RecordBatch], run: &str, size: Size| match bring(&spec, &small(), rows, run, size).await {
                Err(Error::Whole(why)) => why,
                other => panic!("{kind}: {other:?}"),
            };
        let (first, fits) = (numbered(300), size(300, 1000));
        let rows = rows_of(&first);
        assert_eq!(why(&rows, "run_0", fits).await, Whole::First, "{kind}");
        copy(&spec, &small(), rows.clone(), "run_1").await;

        let mut twice = rows.clone();
        twice.push(rows[0].slice(0, 1));
        assert_eq!(why(&twice, "run_2", fits).await, Whole::KeyRepeats, "{kind}");
        let mut builder = Builder::new(&small());
        builder.columns.iter_mut().for_each(crate::shape::build::Building::null);
        builder.row();
        let mut without = rows.clone();
        without.push(builder.batch().unwrap());
        assert_eq!(why(&without, "run_2", fits).await, Whole::KeyMissing, "{kind}");
        let other: Table = first
            .iter()
            .map(|(key, (n, t))| (key.clone(), (n + 1, t.clone())))
            .collect();
        assert_eq!(
            why(&rows_of(&other), "run_2", size(300, 50)).await,
            Whole::MostlyChanged,
            "{kind}"
        );
        assert_eq!(
            read_back(&spec, &small()).await.unwrap(),
            sum_of(&small(), &rows),
            "{kind}: untouched"
        );

        let mut changes = open(&spec, &small(), "run_2").await;
        let compared = changes.compare(stream(rows_of(&edited(&first))), fits, quiet).await;
        execute(
            &spec.target,
            &format!("DELETE FROM \"{}\" WHERE k = '00000'", spec.table),
        )
        .await;
        let brought = one_part(&mut changes, &mut compared.unwrap(), &rows_of(&edited(&first))).await;
        assert!(
            matches!(brought, Err(Error::Whole(Whole::TargetChanged))),
            "{kind}: {brought:?}"
        );
        drop(changes);

        execute(
            &spec.target,
            &format!("ALTER TABLE \"{}\" ADD COLUMN more integer", spec.table),
        )
        .await;
        assert_eq!(why(&rows, "run_2", fits).await, Whole::OtherTable, "{kind}");
        assert_eq!(
            copy(&spec, &small(), twice.clone(), "run_3").await,
            KeyState::NotUnique,
            "{kind}"
        );
        assert_eq!(why(&rows, "run_4", fits).await, Whole::NoKey, "{kind}");
        clean(&spec).await;
    }
}

#[tokio::test]
async fn what_a_rule_of_the_table_refuses_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更规则", folder.path()) {
        let kind = spec.target.kind;
        let first = numbered(50);
        copy(&spec, &small(), rows_of(&first), "run_1").await;
        let index = format!(
            "CREATE UNIQUE INDEX only_{} ON \"{}\" (n)",
            std::process::id(),
            spec.table
        );
        execute(&spec.target, &index).await;
        let mut last = first.clone();
        last.insert("zz".to_owned(), (7, None));
        let told = bring(&spec, &small(), &rows_of(&last), "run_2", size(50, 100)).await;
        match kind {
            // A row would meet another by any unique key there.
            SourceKind::Mysql => assert!(matches!(told, Err(Error::Whole(Whole::NoKey))), "{told:?}"),
            _ => assert!(matches!(told, Err(Error::Refused(_))), "{kind}: {told:?}"),
        }
        assert_eq!(
            read_back(&spec, &small()).await.unwrap(),
            sum_of(&small(), &rows_of(&first)),
            "{kind}"
        );
        clean(&spec).await;
    }
}
