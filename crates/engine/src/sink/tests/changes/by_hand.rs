//! What people do to a delivered table by hand, before a run and between its steps.

use super::*;
use crate::shape::build::Building;

#[tokio::test]
async fn a_value_that_cannot_be_read_is_not_taken_for_none() {
    let shape = Shape::new(
        &[
            ("k", DataType::Text),
            ("n", DataType::Integer),
            ("d", DataType::Date),
            ("b", DataType::Boolean),
        ],
        &["k"],
    );
    let mut builder = Builder::new(&shape);
    for key in ["a", "b"] {
        builder.columns[0].text(key).unwrap();
        builder.columns.iter_mut().skip(1).for_each(Building::null);
        builder.row();
    }
    let rows = [builder.batch().unwrap()];
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更难读", folder.path()) {
        let kind = spec.target.kind;
        copy(&spec, &shape, rows.to_vec(), "run_1").await;
        let odd = match kind {
            SourceKind::Postgres => "d = 'infinity'",
            SourceKind::Mysql => "b = 5",
            _ => "n = 'word'",
        };
        let by_hand = format!("UPDATE \"{}\" SET {odd} WHERE k = 'a'", spec.table);
        let mut changes = open(&spec, &shape, "run_2").await;
        let compared = changes.compare(stream(rows.to_vec()), size(2, 100), quiet).await;
        let compared = compared.unwrap();
        execute(&spec.target, &by_hand).await;
        let part = changes.part(&compared).await;
        assert!(matches!(part, Err(Error::Whole(Whole::TargetChanged))), "{kind}");
        let verified = changes.verify().await;
        assert!(
            matches!(verified, Err(Error::Whole(Whole::TargetChanged))),
            "{kind}: {verified:?}"
        );
        drop(changes);
        let told = bring(&spec, &shape, &rows, "run_2", size(2, 100)).await;
        assert!(
            matches!(told, Err(Error::Whole(Whole::TargetChanged))),
            "{kind}: {told:?}"
        );
        copy(&spec, &shape, rows.to_vec(), "run_2").await;
        let told = bring(&spec, &shape, &rows, "run_3", size(2, 100)).await.unwrap();
        assert_eq!(told, [0; 3], "{kind}: a copy mends it");
        clean(&spec).await;
    }
}

#[tokio::test]
async fn columns_of_another_type_are_another_table() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更异型", folder.path()) {
        let (kind, table) = (spec.target.kind, &spec.table);
        copy(&spec, &small(), rows_of(&numbered(50)), "run_1").await;
        let by_hand = match kind {
            SourceKind::Postgres => format!("ALTER TABLE \"{table}\" ALTER COLUMN n TYPE date USING NULL"),
            SourceKind::Mysql => format!("ALTER TABLE \"{table}\" MODIFY n varchar(3)"),
            _ => format!(
                "DROP TABLE \"{table}\"; CREATE TABLE \"{table}\" (k TEXT, n TEXT, t TEXT); \
                 CREATE UNIQUE INDEX by_hand ON \"{table}\" (k)"
            ),
        };
        execute(&spec.target, &by_hand).await;
        let last = rows_of(&edited(&numbered(50)));
        let told = bring(&spec, &small(), &last, "run_2", size(50, 100)).await;
        assert!(matches!(told, Err(Error::Whole(Whole::OtherTable))), "{kind}: {told:?}");
        clean(&spec).await;
    }
}

/// `a` and `A` are one key in a table that somebody has made so: one of them would put the other out of it.
#[tokio::test]
async fn a_key_that_tells_less_apart_loses_nothing() {
    let row = |key: &str, n: i64| (key.to_owned(), (n, Some("行".to_owned())));
    let first = Table::from([row("a", 1), row("b", 2)]);
    let mut last = first.clone();
    last.extend([row("A", 3)]);
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更粗键", folder.path()) {
        let (kind, table) = (spec.target.kind, &spec.table);
        let by_hand = match kind {
            SourceKind::Postgres => continue, // keys are of the database's collation, which tells all bytes apart
            SourceKind::Mysql => format!(
                "ALTER TABLE \"{table}\" MODIFY k varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL"
            ),
            _ => format!(
                "ALTER TABLE \"{table}\" RENAME TO older; \
                 CREATE TABLE \"{table}\" (k TEXT COLLATE NOCASE, n INTEGER, t TEXT); \
                 INSERT INTO \"{table}\" SELECT k, n, t FROM older; DROP TABLE older; \
                 CREATE UNIQUE INDEX by_hand ON \"{table}\" (k)"
            ),
        };
        copy(&spec, &small(), rows_of(&first), "run_1").await;
        execute(&spec.target, &by_hand).await;
        let told = bring(&spec, &small(), &rows_of(&last), "run_2", size(3, 100)).await;
        assert!(
            matches!(told, Err(Error::Whole(Whole::NoKey | Whole::OtherTable))),
            "{kind}: {told:?}"
        );
        assert_eq!(
            read_back(&spec, &small()).await.unwrap(),
            sum_of(&small(), &rows_of(&first)),
            "{kind}: untouched"
        );
        clean(&spec).await;
    }
}

#[tokio::test]
async fn nothing_is_replaced_or_passed_over_that_was_not_seen() {
    let first = numbered(50);
    let (mut more, mut fewer) = (first.clone(), first.clone());
    more.insert("zz".to_owned(), (7, None));
    fewer.remove("00007");
    let mut stands = first.clone();
    stands.insert("zz".to_owned(), (1, Some("别".to_owned())));
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更暗合", folder.path()) {
        let (kind, table) = (spec.target.kind, &spec.table);
        copy(&spec, &small(), rows_of(&first), "run_1").await;
        let come = format!("INSERT INTO \"{table}\" (k, n, t) VALUES ('zz', 1, '别')");
        let go = format!("DELETE FROM \"{table}\" WHERE k = '00007'");
        let mut stands = stands.clone();
        for (last, by_hand) in [(&more, &come), (&fewer, &go)] {
            let rows = rows_of(last);
            let mut changes = open(&spec, &small(), "run_2").await;
            let compared = changes.compare(stream(rows.clone()), size(50, 100), quiet).await;
            let mut compared = compared.unwrap();
            let part = changes.part(&compared).await.unwrap();
            execute(&spec.target, by_hand).await;
            let told = changes.bring(&mut compared, part, stream(rows), at).await;
            if by_hand == &come {
                assert!(matches!(told, Err(Error::Refused(_))), "{kind}: {told:?}");
            } else {
                stands.remove("00007");
                let changed = matches!(told, Err(Error::Whole(Whole::TargetChanged)));
                assert!(changed, "{kind}: {told:?}");
            }
            drop(changes);
            assert_eq!(
                read_back(&spec, &small()).await.unwrap(),
                sum_of(&small(), &rows_of(&stands)),
                "{kind}: the part left no trace"
            );
        }
        clean(&spec).await;
    }
}

#[tokio::test]
async fn what_a_trigger_of_the_table_refuses_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更触发", folder.path()) {
        let (kind, table, own) = (spec.target.kind, &spec.table, std::process::id());
        let (first, mut last) = (numbered(50), numbered(50));
        last.insert("zz".to_owned(), (7, None));
        copy(&spec, &small(), rows_of(&first), "run_1").await;
        let head = format!("CREATE TRIGGER no_{own} BEFORE INSERT ON \"{table}\" FOR EACH ROW");
        let by_hand = match kind {
            SourceKind::Postgres => format!(
                "CREATE FUNCTION no_{own}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
                 {head} EXECUTE FUNCTION no_{own}()"
            ),
            SourceKind::Mysql => format!("{head} SIGNAL SQLSTATE '45000'"),
            _ => format!("{head} BEGIN SELECT RAISE(ABORT, 'no'); END"),
        };
        execute(&spec.target, &by_hand).await;
        let told = bring(&spec, &small(), &rows_of(&last), "run_2", size(50, 100)).await;
        assert!(matches!(told, Err(Error::Refused(_))), "{kind}: {told:?}");
        clean(&spec).await;
        if kind == SourceKind::Postgres {
            execute(&spec.target, &format!("DROP FUNCTION no_{own}()")).await;
        }
    }
}

#[tokio::test]
async fn what_is_looked_at_when_a_part_ends_is_refused_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = targets("变更后查", folder.path());
    all.retain(|it| it.target.kind == SourceKind::Postgres);
    for spec in all {
        let (table, own) = (&spec.table, std::process::id());
        let (first, mut last) = (numbered(50), numbered(50));
        last.insert("zz".to_owned(), (7, None));
        copy(&spec, &small(), rows_of(&first), "run_1").await;
        let late =
            format!("ALTER TABLE \"{table}\" ADD CONSTRAINT late_{own} UNIQUE (n) DEFERRABLE INITIALLY DEFERRED");
        execute(&spec.target, &late).await;
        let told = bring(&spec, &small(), &rows_of(&last), "run_2", size(50, 100)).await;
        assert!(matches!(told, Err(Error::Refused(_))), "{told:?}");
        let stands = read_back(&spec, &small()).await.unwrap();
        assert_eq!(stands, sum_of(&small(), &rows_of(&first)));
        clean(&spec).await;
    }
}

#[tokio::test]
async fn an_estimate_of_long_ago_does_not_make_everything_differ() {
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更旧估", folder.path()) {
        let kind = spec.target.kind;
        let (first, last) = (numbered(2000), edited(&numbered(2000)));
        copy(&spec, &small(), rows_of(&first), "run_1").await;
        // 240 rows differ: four parts where every bucket holds a row, and twice as many where it holds two.
        let told = bring(&spec, &small(), &rows_of(&last), "run_2", size(10, 60)).await;
        assert_eq!(told.unwrap(), expected(&first, &last), "{kind}");
        clean(&spec).await;
    }
}

/// Rows from one key on; every one after the first of all is bad for every kind of target.
fn bad_rows(shape: &Shape, kind: SourceKind, keys: std::ops::Range<i64>) -> RecordBatch {
    let mut builder = Builder::new(shape);
    for key in keys {
        let (nan, nul) = (kind != SourceKind::Postgres, kind == SourceKind::Postgres);
        builder.columns[0].int(key).unwrap();
        builder.columns[1]
            .double(if nan && key > 0 { f64::NAN } else { 1.5 })
            .unwrap();
        builder.columns[2]
            .text(if nul && key > 0 { "nul\0nul" } else { "好" })
            .unwrap();
        builder.row();
    }
    builder.batch().unwrap()
}

fn holding() -> Shape {
    Shape::new(
        &[("k", DataType::Integer), ("f", DataType::Double), ("t", DataType::Text)],
        &["k"],
    )
}

#[tokio::test]
async fn too_many_bad_rows_end_a_part_before_all_were_tried() {
    let shape = holding();
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更早停", folder.path()) {
        let kind = spec.target.kind;
        copy(&spec, &shape, vec![bad_rows(&shape, kind, 0..1)], "run_1").await;
        let rows = [0..1, 1..3, 3..5].map(|it| bad_rows(&shape, kind, it));
        let few = Options {
            error_limit: 1,
            ..Options::default()
        };
        let mut changes = open_with(&spec, &shape, "run_2", few).await;
        let compared = changes.compare(stream(rows.to_vec()), size(5, 100), quiet).await;
        let told = one_part(&mut changes, &mut compared.unwrap(), &rows).await;
        assert!(matches!(told, Err(Error::TooManyBad(2))), "{kind}: {told:?}");
        drop(changes);
        clean(&spec).await;
    }
}

#[tokio::test]
async fn a_run_that_is_given_up_leaves_its_parts_and_what_is_in_quarantine() {
    let shape = holding();
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更放弃", folder.path()) {
        let (kind, table) = (spec.target.kind, &spec.table);
        // Other tests empty the quarantine of runs of their names.
        let run = format!("run_given_up_{}", std::process::id());
        copy(&spec, &shape, vec![bad_rows(&shape, kind, 0..1)], "run_1").await;
        let rows = [bad_rows(&shape, kind, 0..3)];
        let mut changes = open(&spec, &shape, &run).await;
        let compared = changes.compare(stream(rows.to_vec()), size(3, 100), quiet).await;
        let done = one_part(&mut changes, &mut compared.unwrap(), &rows).await.unwrap();
        assert_eq!(done.quarantined, 2, "{kind}");
        drop(changes);
        let changes = open(&spec, &shape, &run).await;
        assert_eq!(changes.parts(), [done], "{kind}");
        changes.abort().await.unwrap();
        // The name is free, so the stage is gone.
        execute(&spec.target, &format!("CREATE TABLE \"{table}__new\" (k integer)")).await;
        assert_eq!(aside(&spec, &run, "0 = 0").await, 2, "{kind}");
        clean(&spec).await;
    }
}

/// How many rows a run has in quarantine, of those that a condition means.
async fn aside(spec: &SinkSpec, run: &str, which: &str) -> u64 {
    let table = format!("{}_kept", spec.table);
    let make = format!(
        "CREATE TABLE \"{table}\" AS SELECT row_key AS k FROM jutong_quarantine WHERE run = '{run}' AND {which}"
    );
    execute(&spec.target, &make).await;
    let drop = format!("DROP TABLE \"{table}\"");
    let mut kept = spec.clone();
    kept.table = table;
    let of = Shape::new(&[("k", DataType::Text)], &[]);
    let rows = read_back(&kept, &of).await.unwrap().rows;
    execute(&spec.target, &drop).await;
    rows
}

/// Three rows, two of them bad, brought by a start of a run that is killed before its end.
async fn killed_after_a_part(spec: &SinkSpec, shape: &Shape, run: &str) -> (Vec<RecordBatch>, Changes, Compared) {
    let kind = spec.target.kind;
    let rows = vec![bad_rows(shape, kind, 0..3)];
    let mut changes = open(spec, shape, run).await;
    let compared = changes.compare(stream(rows.clone()), size(3, 100), quiet).await;
    let mut compared = compared.unwrap();
    let done = one_part(&mut changes, &mut compared, &rows).await.unwrap();
    assert_eq!(done.quarantined, 2, "{kind}");
    (rows, changes, compared)
}

#[tokio::test]
async fn a_copy_that_is_given_up_leaves_what_is_in_quarantine_of_parts() {
    let (shape, parts) = (holding(), format!("chunk >= {}", crate::sink::quarantine::PARTS));
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更后抄", folder.path()) {
        let kind = spec.target.kind;
        let run = format!("run_copied_{}", std::process::id());
        copy(&spec, &shape, vec![bad_rows(&shape, kind, 0..1)], "run_1").await;
        let (rows, changes, _) = killed_after_a_part(&spec, &shape, &run).await;
        drop(changes);
        let mut changes = open(&spec, &shape, &run).await;
        let compared = changes.compare(stream(rows.clone()), size(3, 100), quiet).await;
        drop((changes, compared.unwrap()));
        assert_eq!(aside(&spec, &run, &parts).await, 2, "{kind}: compared anew");
        let mut sink = copying(&spec, &shape, &run).await;
        sink.load_chunk(0, stream(rows.clone()), at(), quiet).await.unwrap();
        assert_eq!(sink.totals().quarantined, 2, "{kind}");
        sink.abort().await.unwrap();
        assert_eq!(aside(&spec, &run, &parts).await, 2, "{kind}: the parts stand");
        copy(&spec, &shape, rows, &run).await;
        assert_eq!(
            (aside(&spec, &run, &parts).await, aside(&spec, &run, "0 = 0").await),
            (0, 2),
            "{kind}: the copy stands"
        );
        clean(&spec).await;
    }
}

#[tokio::test]
async fn a_run_that_goes_on_has_each_row_in_quarantine_once_in_the_end() {
    let shape = holding();
    let folder = tempfile::tempdir().unwrap();
    for spec in targets("变更再隔", folder.path()) {
        let kind = spec.target.kind;
        let run = format!("run_again_{}", std::process::id());
        copy(&spec, &shape, vec![bad_rows(&shape, kind, 0..1)], "run_1").await;
        drop(killed_after_a_part(&spec, &shape, &run).await);
        let (_, mut changes, compared) = killed_after_a_part(&spec, &shape, &run).await;
        changes.seal(&compared.standing(), at()).await.unwrap();
        drop(changes);
        assert_eq!(aside(&spec, &run, "0 = 0").await, 2, "{kind}");
        clean(&spec).await;
    }
}
