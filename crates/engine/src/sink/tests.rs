#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
mod changes;
mod databases;
mod files;

use std::convert::Infallible;

use vocab::{DataType, SinkSpec, SourceKind, SourceSpec, Timestamp};

use super::*;
use crate::shape::build::Builder;

pub fn at() -> Timestamp {
    chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap()
}

pub fn shape() -> Shape {
    Shape::new(
        &[
            ("代码", DataType::Text),
            ("姓名", DataType::Text),
            ("数", DataType::Integer),
            (
                "金额",
                DataType::Decimal {
                    precision: 14,
                    scale: 2,
                },
            ),
            (
                "宽",
                DataType::Decimal {
                    precision: 38,
                    scale: 10,
                },
            ),
            ("率", DataType::Double),
            ("真", DataType::Boolean),
            ("日", DataType::Date),
            ("时", DataType::DateTime),
            ("刻", DataType::Instant),
            ("文", DataType::Json),
            ("字节", DataType::Bytes),
        ],
        &["代码"],
    )
}

/// Rows that others lose: leading zeros, 4-byte characters, NULL and '', first and last days, the widest decimals.
pub fn batch(from: i64, rows: i64) -> RecordBatch {
    let mut builder = Builder::new(&shape());
    for no in from..from + rows {
        let odd = no % 2 == 1;
        let name = ["𠮷野家", "", "O'Neil \\ \"x\"\t,;", "换\n行\r", " 前后 "][no.unsigned_abs() as usize % 5];
        let texts = [
            Some(format!("{no:06}")),
            (no % 7 != 0).then(|| name.to_owned()),
            Some(if odd { i64::MIN + no } else { i64::MAX - no }.to_string()),
            Some(if odd { "-0.05".to_owned() } else { format!("{no}.10") }),
            Some(
                if odd {
                    "-9999999999999999999999999999.9999999999"
                } else {
                    "10000.0001000000"
                }
                .to_owned(),
            ),
            Some(if odd {
                "0.1".to_owned()
            } else {
                "-1.7976931348623157e308".to_owned()
            }),
            (no % 3 != 0).then(|| odd.to_string()),
            Some(if odd { "0001-01-01" } else { "9999-12-31" }.to_owned()),
            Some(
                if odd {
                    "0001-01-01 00:00:00.000001"
                } else {
                    "9999-12-31 23:59:59.999999"
                }
                .to_owned(),
            ),
            Some(
                if odd {
                    "1969-12-31 23:59:59.5Z"
                } else {
                    "2026-11-22 08:00:00Z"
                }
                .to_owned(),
            ),
            Some(format!("{{\"编号\": {no}, \"名\": \"𠮷\\\\\"}}")),
            (no % 3 != 1).then(|| "00ff5c0a".to_owned()),
        ];
        for (column, it) in builder.columns.iter_mut().zip(&texts) {
            match it {
                Some(it) => column.text(it).unwrap(),
                None => column.null(),
            }
        }
        builder.row();
    }
    builder.batch().unwrap()
}

pub fn stream(batches: Vec<RecordBatch>) -> impl Stream<Item = Result<RecordBatch, Infallible>> + Send {
    futures::stream::iter(batches.into_iter().map(Ok))
}

pub fn quiet(_: RowSum) {}

/// Loads two chunks, with a fresh start between them as after a crash.
pub async fn deliver(spec: &SinkSpec, run: &str) -> Totals {
    let mut sink = Sink::open(spec, shape(), run, Options::default()).await.unwrap();
    assert!(sink.done().is_empty() && !sink.swapped());
    sink.load_chunk(0, stream(vec![batch(0, 10), batch(10, 30)]), at(), quiet)
        .await
        .unwrap();
    // The second chunk breaks off in the middle: nothing of it may stay.
    let broken = futures::stream::iter([Ok(batch(40, 5)), Err(std::io::Error::other("line cut"))]);
    let error = sink.load_chunk(1, broken, at(), quiet).await.unwrap_err();
    assert!(matches!(error, Error::Rows(_)));
    drop(sink);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;

    let mut sink = Sink::open(spec, shape(), run, Options::default()).await.unwrap();
    assert_eq!(sink.done().keys().copied().collect::<Vec<_>>(), vec![0]);
    // A chunk that stands is not read again.
    let never = futures::stream::iter([Err::<RecordBatch, _>(std::io::Error::other("must not be read"))]);
    sink.load_chunk(0, never, at(), quiet).await.unwrap();
    sink.load_chunk(1, stream(vec![batch(40, 60)]), at(), quiet)
        .await
        .unwrap();
    let totals = sink.totals();
    assert_eq!((totals.chunks, totals.source.rows), (2, 100));
    assert_eq!(totals.quarantined > 0, spec.target.kind == SourceKind::Xlsx);
    sink.finish().await.unwrap();
    assert_eq!(sink.verify().await.unwrap(), totals.loaded);
    sink.swap(at()).await.unwrap();
    drop(sink);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let again = Sink::open(spec, shape(), run, Options::default()).await.unwrap();
    assert!(again.swapped());
    totals
}

/// The digest without any target: what every path must come to.
pub fn expected(rows: i64) -> RowSum {
    let mut digest = crate::digest::RowDigest::of(shape());
    digest.update(&batch(0, rows)).unwrap();
    digest.sum()
}

/// A stream without chunks: cut, broken off, resumed, and refused when the source changed meanwhile.
pub async fn deliver_stream(spec: &SinkSpec, run: &str) {
    let options = Options::default();
    let mut sink = Sink::open(spec, shape(), run, options).await.unwrap();
    let broken = futures::stream::iter([Ok(batch(0, 25)), Err(std::io::Error::other("line cut"))]);
    sink.load_stream(broken, 10, at, quiet).await.unwrap_err();
    drop(sink);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let mut sink = Sink::open(spec, shape(), run, options).await.unwrap();
    assert_eq!(sink.done().len(), 2);
    let changed = sink.load_stream(stream(vec![batch(1, 30)]), 10, at, quiet).await;
    assert!(matches!(changed, Err(Error::SourceChanged(0))));
    let fewer = sink.load_stream(stream(vec![batch(0, 10)]), 10, at, quiet).await;
    assert!(matches!(fewer, Err(Error::SourceChanged(1))));
    let totals = sink
        .load_stream(stream(vec![batch(0, 7), batch(7, 33)]), 10, at, quiet)
        .await
        .unwrap();
    assert_eq!((totals.chunks, totals.source), (4, expected(40)));
    sink.finish().await.unwrap();
    assert_eq!(sink.verify().await.unwrap(), totals.loaded);
    sink.restart().await.unwrap();
    let totals = sink
        .load_stream(stream(vec![batch(0, 5)]), 10, at, quiet)
        .await
        .unwrap();
    assert_eq!(totals.source.rows, 5);
    sink.abort().await.unwrap();
}

#[test]
fn names_are_kept_apart() {
    let long = "法定代表人身份证件类型名称及其号码的校验结果说明"; // 24 characters, 72 bytes
    let shape = Shape::new(
        &[(long, DataType::Text), ("a", DataType::Text), ("A", DataType::Text)],
        &[],
    );
    let spec = |kind| SinkSpec {
        target: SourceSpec::new(kind),
        table: "t".to_owned(),
    };
    let names = |kind| {
        let preflight = fit::preflight(&spec(kind), &shape);
        preflight.columns.into_iter().map(|it| it.column).collect::<Vec<_>>()
    };
    let postgres = names(SourceKind::Postgres);
    assert!(postgres[0].len() <= 63 && long.starts_with(&postgres[0]));
    assert_eq!(&postgres[1..], ["a", "A"]);
    assert_eq!(names(SourceKind::Mysql), [long, "a", "A_2"]);
}

#[test]
fn numerics_have_their_wire_form() {
    let shape = Shape::new(
        &[(
            "n",
            DataType::Decimal {
                precision: 20,
                scale: 3,
            },
        )],
        &[],
    );
    for (text, groups) in [
        ("0.000", vec![0, 0, 0, 3]),
        ("12345.678", vec![3, 1, 0, 3, 1, 2345, 6780]),
        ("-10000.000", vec![1, 1, 0x4000, 3, 1]),
        ("0.001", vec![1, -1, 0, 3, 10]),
    ] {
        let mut builder = Builder::new(&shape);
        builder.columns[0].text(text).unwrap();
        builder.row();
        let batch = builder.batch().unwrap();
        let bytes = pgcopy::tuples(&shape.cells(&batch).unwrap(), 1);
        let body = &bytes[19 + 2 + 4..bytes.len() - 2];
        let read: Vec<i16> = body.chunks(2).map(|it| i16::from_be_bytes([it[0], it[1]])).collect();
        assert_eq!(read, groups, "{text}");
    }
}
