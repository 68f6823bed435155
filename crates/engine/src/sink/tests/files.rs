use super::*;

fn spec(kind: SourceKind, folder: &std::path::Path) -> SinkSpec {
    let path = folder.join(format!("居民.{kind}"));
    SinkSpec {
        target: SourceSpec::new(kind).with("path", path.to_string_lossy()),
        table: String::new(),
    }
}

#[tokio::test]
async fn files_are_whole_or_not_there() {
    for kind in [
        SourceKind::Csv,
        SourceKind::JsonLines,
        SourceKind::Parquet,
        SourceKind::Xlsx,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(kind, folder.path());
        let totals = deliver(&spec, "run_1").await;
        assert_eq!(totals.source, expected(100), "{kind}");
        if kind != SourceKind::Xlsx {
            assert_eq!(totals.loaded, totals.source, "{kind}");
        }
        assert_eq!(read_back(&spec, &shape()).await.unwrap(), totals.loaded, "{kind}");
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), if kind == SourceKind::Xlsx { 3 } else { 2 }, "{left:?}");
        // The next run replaces it; given up, it leaves it.
        let mut next = Sink::open(&spec, shape(), "run_2", Options::default()).await.unwrap();
        next.load_chunk(0, stream(vec![batch(0, 3)]), at(), quiet)
            .await
            .unwrap();
        next.finish().await.unwrap();
        next.abort().await.unwrap();
        assert_eq!(read_back(&spec, &shape()).await.unwrap(), totals.loaded);
        deliver_stream(&spec, "run_3").await;
    }
}

#[tokio::test]
async fn a_strangers_file_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(SourceKind::Csv, folder.path());
    std::fs::write(spec.target.option("path").unwrap(), "mine").unwrap();
    let refused = Sink::open(&spec, shape(), "run_1", Options::default()).await;
    assert!(matches!(refused, Err(Error::Occupied { .. })));
    let allowed = Options {
        replace: true,
        ..Options::default()
    };
    Sink::open(&spec, shape(), "run_1", allowed).await.unwrap();
}

#[tokio::test]
async fn cells_that_a_workbook_cannot_hold_are_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(SourceKind::Xlsx, folder.path());
    let shape = Shape::new(&[("a", DataType::Text), ("d", DataType::Date)], &["a"]);
    let mut builder = Builder::new(&shape);
    for text in ["001", "bell\u{7}", "", &"长".repeat(40_000)] {
        builder.columns[0].text(text).unwrap();
        builder.columns[1].text("1899-12-31").unwrap();
        builder.row();
    }
    let mut sink = Sink::open(&spec, shape, "run_1", Options::default()).await.unwrap();
    sink.load_chunk(0, stream(vec![builder.batch().unwrap()]), at(), quiet)
        .await
        .unwrap();
    assert_eq!((sink.totals().quarantined, sink.totals().loaded.rows), (2, 2));
    sink.finish().await.unwrap();
    assert_eq!(sink.verify().await.unwrap(), sink.totals().loaded);
    let path = format!("{}.run_1.quarantine.jsonl", spec.target.option("path").unwrap());
    let bad: Vec<BadRow> = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(
        bad.iter()
            .map(|it| (it.ordinal, it.reason.as_str()))
            .collect::<Vec<_>>(),
        [(1, "control-character"), (3, "too-long")]
    );
}

#[tokio::test]
async fn a_file_is_one_runs_and_one_deliverys() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(SourceKind::Csv, folder.path());
    let of = |delivery| Options {
        delivery: Some(delivery),
        ..Options::default()
    };
    let (one, other) = (vocab::DeliveryId::new(), vocab::DeliveryId::new());
    let mut sink = Sink::open(&spec, shape(), "run_1", of(one)).await.unwrap();
    let beside = Sink::open(&spec, shape(), "run_2", of(one)).await;
    assert!(matches!(beside, Err(Error::Busy(_))), "{beside:?}");
    sink.load_chunk(0, stream(vec![batch(0, 5)]), at(), quiet)
        .await
        .unwrap();
    sink.finish().await.unwrap();
    sink.swap(at()).await.unwrap();
    drop(sink);
    let refused = Sink::open(&spec, shape(), "run_3", of(other)).await;
    assert!(matches!(refused, Err(Error::Occupied { .. })), "{refused:?}");
    Sink::open(&spec, shape(), "run_4", of(one)).await.unwrap();
    assert_eq!(read_back(&spec, &shape()).await.unwrap(), expected(5));
}

/// Texts that a lenient reader sets aside, cuts or takes for something else.
fn rare(shape: &Shape, rows: &[[Option<&str>; 4]]) -> RecordBatch {
    let mut builder = Builder::new(shape);
    for row in rows {
        for (column, it) in builder.columns.iter_mut().zip(row) {
            match it {
                Some(it) => column.text(it).unwrap(),
                None => column.null(),
            }
        }
        builder.row();
    }
    builder.batch().unwrap()
}

async fn exact(spec: &SinkSpec, shape: &Shape, rows: RecordBatch) {
    let kind = spec.target.kind;
    let count = rows.num_rows() as u64;
    let mut sink = Sink::open(spec, shape.clone(), "run_1", Options::default())
        .await
        .unwrap();
    sink.load_chunk(0, stream(vec![rows]), at(), quiet).await.unwrap();
    sink.finish().await.unwrap();
    let totals = sink.totals();
    assert_eq!((totals.quarantined, totals.loaded.rows), (0, count), "{kind}");
    assert_eq!(sink.verify().await.unwrap(), totals.loaded, "{kind}");
    sink.swap(at()).await.unwrap();
    assert_eq!(read_back(spec, shape).await.unwrap(), totals.loaded, "{kind}");
}

#[tokio::test]
async fn legal_data_is_equal_in_every_file() {
    let long = "长".repeat(1 << 20);
    let rows = [
        [
            Some("a;b;c;d;e"),
            Some("9999-12-31"),
            Some("{\"a\":\"\\u0000\"}"),
            Some("00"),
        ],
        [Some("\u{feff}mark"), Some("0001-01-01"), Some(" [1, 2] "), Some("")],
        [Some("lost \u{fffd} byte"), None, Some("\"\\\\u0000\""), None],
        [Some("nul \0 and \\u0000"), Some("2026-02-28"), Some("null"), Some("ff")],
        [Some(""), None, None, None],
        [None, None, None, None],
        [Some("\r"), None, Some("1e400"), None],
        [Some(" \t "), None, Some("true"), None],
        [Some("GB 中文 \u{20bb7}"), None, Some("\"是\""), None],
        [Some(&long), None, None, None],
    ];
    let shape = Shape::new(
        &[
            ("a", DataType::Text),
            ("d", DataType::Date),
            ("j", DataType::Json),
            ("b", DataType::Bytes),
        ],
        &["a"],
    );
    for kind in [SourceKind::Csv, SourceKind::JsonLines, SourceKind::Parquet] {
        let folder = tempfile::tempdir().unwrap();
        exact(&spec(kind, folder.path()), &shape, rare(&shape, &rows)).await;
        // A file of one column, with an empty line for NULL.
        let one = Shape::new(&[("唯一;的", DataType::Text)], &[]);
        let folder = tempfile::tempdir().unwrap();
        exact(&spec(kind, folder.path()), &one, rare(&one, &rows)).await;
        let folder = tempfile::tempdir().unwrap();
        exact(
            &spec(kind, folder.path()),
            &one,
            rare(&one, &[[None, None, None, None]; 3]),
        )
        .await;
    }
}

#[tokio::test]
async fn a_workbook_says_what_it_cannot_hold() {
    let shape = Shape::new(
        &[("a", DataType::Text), ("d", DataType::Date), ("b", DataType::Bytes)],
        &["a"],
    );
    let rows = [
        [Some("max_x"), Some("1900-01-01"), Some(""), None],
        [Some("_x0041_"), None, None, None],
        [Some("late"), None, None, None],
    ];
    let mut rows = rare(&shape, &rows);
    // A day past 9999 has no text of four digits.
    let days = arrow::array::Date32Array::from(vec![Some(-25_567), None, Some(2_932_897)]);
    let columns = vec![
        rows.column(0).clone(),
        std::sync::Arc::new(days),
        rows.column(2).clone(),
    ];
    rows = RecordBatch::try_new(shape.schema(), columns).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(SourceKind::Xlsx, folder.path());
    let mut sink = Sink::open(&spec, shape, "run_1", Options::default()).await.unwrap();
    sink.load_chunk(0, stream(vec![rows]), at(), quiet).await.unwrap();
    assert_eq!((sink.totals().quarantined, sink.totals().loaded.rows), (2, 1));
    sink.finish().await.unwrap();
    assert_eq!(sink.verify().await.unwrap(), sink.totals().loaded);
}
