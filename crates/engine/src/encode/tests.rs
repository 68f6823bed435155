#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::{io::Cursor, sync::Arc};

use expect_test::expect;
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use vocab::DataType;

use super::*;
use crate::{digest::RowDigest, shape::build::Builder};

fn shape() -> Shape {
    Shape::new(
        &[
            ("代码", DataType::Text),
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
                    scale: 3,
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
        &[],
    )
}

fn batch() -> RecordBatch {
    let rows: [[Option<&str>; 11]; 4] = [
        [
            Some("007"),
            Some("-9223372036854775808"),
            Some("12.30"),
            Some("12345678901234567890123456789012345.678"),
            Some("0.1"),
            Some("true"),
            Some("0001-01-01"),
            Some("9999-12-31 23:59:59.999999"),
            Some("2026-11-22 08:00:00Z"),
            Some("{\"a\": [1,\n 2]}"),
            Some("00ff"),
        ],
        [Some(""), None, None, None, None, None, None, None, None, None, None],
        [None; 11],
        [
            Some("𠮷 \"a\",\r\n=1"),
            Some("9007199254740993"),
            Some("-0.05"),
            Some("0.001"),
            Some("NaN"),
            Some("false"),
            Some("9999-12-31"),
            Some("1969-12-31 23:59:59.000001"),
            Some("0001-01-01 00:00:00Z"),
            Some("broken"),
            Some(""),
        ],
    ];
    let mut builder = Builder::new(&shape());
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

async fn encoded(format: Format, options: Options) -> Vec<u8> {
    let batch = batch();
    let parts = [batch.slice(0, 1), batch.slice(1, 3)];
    let stream = futures::stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>));
    let pieces: Vec<Bytes> = encode(&batch.schema(), stream, format, options)
        .try_collect()
        .await
        .unwrap();
    pieces.concat()
}

fn sum(batches: &[RecordBatch]) -> crate::digest::RowSum {
    let mut digest = RowDigest::of(shape());
    for it in batches {
        digest.update(it).unwrap();
    }
    digest.sum()
}

#[tokio::test]
async fn json_keeps_codes_and_digits() {
    let json = String::from_utf8(encoded(Format::Json, Options::default()).await).unwrap();
    expect![[r#"
        [{"代码":"007","数":-9223372036854775808,"金额":12.30,"宽":"12345678901234567890123456789012345.678","率":0.1,"真":true,"日":"0001-01-01","时":"9999-12-31T23:59:59.999999","刻":"2026-11-22T08:00:00Z","文":{"a": [1,  2]},"字节":"00ff"},
        {"代码":"","数":null,"金额":null,"宽":null,"率":null,"真":null,"日":null,"时":null,"刻":null,"文":null,"字节":null},
        {"代码":null,"数":null,"金额":null,"宽":null,"率":null,"真":null,"日":null,"时":null,"刻":null,"文":null,"字节":null},
        {"代码":"𠮷 \"a\",\r\n=1","数":9007199254740993,"金额":-0.05,"宽":"0.001","率":"NaN","真":false,"日":"9999-12-31","时":"1969-12-31T23:59:59.000001","刻":"0001-01-01T00:00:00Z","文":"broken","字节":""}]
    "#]].assert_eq(&json);
    let parsed: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(parsed.len(), 4);
    let lines = encoded(Format::NdJson, Options::default()).await;
    let lines: Vec<serde_json::Value> = std::str::from_utf8(&lines)
        .unwrap()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines, parsed);
}

#[tokio::test]
async fn csv_tells_null_from_empty() {
    let csv = String::from_utf8(encoded(Format::Csv, Options::default()).await).unwrap();
    expect![[r#"
        代码,数,金额,宽,率,真,日,时,刻,文,字节
        007,-9223372036854775808,12.30,12345678901234567890123456789012345.678,0.1,true,0001-01-01,9999-12-31 23:59:59.999999,2026-11-22 08:00:00Z,"{""a"": [1,
         2]}",00ff
        "",,,,,,,,,,
        ,,,,,,,,,,
        "𠮷 ""a"",
        =1",9007199254740993,-0.05,0.001,NaN,false,9999-12-31,1969-12-31 23:59:59.000001,0001-01-01 00:00:00Z,broken,""
    "#]]
    .assert_eq(&csv.replace("\r\n", "\n"));
    let guarded = encoded(
        Format::Csv,
        Options {
            bom: true,
            guard_formulas: true,
            ..Options::default()
        },
    )
    .await;
    assert!(guarded.starts_with(b"\xef\xbb\xbf"));
    let mut reader = ::csv::Reader::from_reader(Cursor::new(guarded));
    assert_eq!(
        reader.records().map(|it| it.unwrap().len()).collect::<Vec<_>>(),
        vec![11; 4]
    );
}

#[tokio::test]
async fn columnar_formats_read_back_to_the_same_digest() {
    let expected = sum(&[batch()]);
    let parquet = Bytes::from(encoded(Format::Parquet, Options::default()).await);
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet)
        .unwrap()
        .build()
        .unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(sum(&batches), expected);
    assert_eq!(Shape::of(&batches[0].schema(), &[]).unwrap(), shape());

    let arrow = encoded(Format::ArrowStream, Options::default()).await;
    let reader = arrow::ipc::reader::StreamReader::try_new(Cursor::new(arrow), None).unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!((batches.len(), sum(&batches)), (2, expected));
}

#[tokio::test]
async fn a_workbook_keeps_leading_zeros() {
    use calamine::{Data, Reader, Xlsx};
    let bytes = encoded(
        Format::Xlsx,
        Options {
            guard_formulas: true,
            ..Options::default()
        },
    )
    .await;
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    assert_eq!(sheet.get_value((0, 0)), Some(&Data::String("代码".to_owned())));
    assert_eq!(sheet.get_value((1, 0)), Some(&Data::String("007".to_owned())));
    assert_eq!(
        sheet.get_value((1, 1)),
        Some(&Data::String("-9223372036854775808".to_owned()))
    );
    assert_eq!(sheet.get_value((1, 2)), Some(&Data::Float(12.3)));
    assert_eq!(sheet.get_value((1, 6)), Some(&Data::String("0001-01-01".to_owned())));
    assert!(matches!(sheet.get_value((4, 6)), Some(Data::DateTime(_))));
}

/// Characters that programs lose, texts that spreadsheets run, numbers and days that they cannot hold.
const RARE: [&str; 9] = [
    "𠮷野家",
    "阿依古丽·买买提",
    "㑇\u{2ebf0}\u{30000}",
    "é e\u{301}",
    "=cmd|'/c calc'!A1",
    "+86 13800000001",
    "@SUM(1)",
    "\u{feff}标\u{fffd}",
    "\u{202e}反\u{200d}",
];

fn rare() -> (Shape, RecordBatch) {
    let wide = DataType::Decimal {
        precision: 38,
        scale: 0,
    };
    let shape = Shape::new(&[("名", DataType::Text), ("宽", wide), ("日", DataType::Date)], &[]);
    let days = ["1899-12-31", "1900-02-28", "1900-03-01"];
    let mut builder = Builder::new(&shape);
    for (at, text) in RARE.iter().enumerate() {
        builder.columns[0].text(text).unwrap();
        builder.columns[1]
            .text("99999999999999999999999999999999999999")
            .unwrap();
        builder.columns[2].text(days[at % 3]).unwrap();
        builder.row();
    }
    let batch = builder.batch().unwrap();
    (shape, batch)
}

async fn rare_as(format: Format) -> Vec<u8> {
    let (_, batch) = rare();
    let stream = futures::stream::iter([Ok::<_, std::io::Error>(batch.clone())]);
    let pieces: Vec<Bytes> = encode(&batch.schema(), stream, format, Options::default())
        .try_collect()
        .await
        .unwrap();
    pieces.concat()
}

#[tokio::test]
async fn rare_texts_leave_as_they_are() {
    let json: Vec<serde_json::Value> = serde_json::from_slice(&rare_as(Format::Json).await).unwrap();
    let names: Vec<_> = json.iter().map(|it| it["名"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, RARE);
    assert_eq!(json[0]["宽"], "99999999999999999999999999999999999999");
    let mut csv = ::csv::Reader::from_reader(Cursor::new(rare_as(Format::Csv).await));
    let rows: Vec<::csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let names: Vec<_> = rows.iter().map(|it| it[0].to_owned()).collect();
    assert_eq!(names, RARE, "CSV is the data: nothing is put before a formula unasked");
    assert_eq!(&rows[0][1], "99999999999999999999999999999999999999");
}

#[tokio::test]
async fn a_workbook_runs_no_text_and_keeps_days_and_digits() {
    use calamine::{Data, Reader, Xlsx};
    let mut book = Xlsx::new(Cursor::new(rare_as(Format::Xlsx).await)).unwrap();
    assert!(
        book.worksheet_formula("Sheet1").unwrap().is_empty(),
        "no cell is a formula"
    );
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    for (row, text) in (1..).zip(RARE) {
        assert_eq!(sheet.get_value((row, 0)), Some(&Data::String(text.to_owned())));
        let digits = "99999999999999999999999999999999999999".to_owned();
        assert_eq!(sheet.get_value((row, 1)), Some(&Data::String(digits)));
    }
    assert_eq!(sheet.get_value((1, 2)), Some(&Data::String("1899-12-31".to_owned())));
    assert_eq!(sheet.get_value((2, 2)), Some(&Data::String("1900-02-28".to_owned())));
    let Some(Data::DateTime(day)) = sheet.get_value((3, 2)) else {
        panic!("{:?}", sheet.get_value((3, 2)))
    };
    assert!(
        (day.as_f64() - 61.0).abs() < f64::EPSILON,
        "1900-03-01 is Excel's day 61"
    );
}

#[tokio::test]
async fn a_broken_stream_never_looks_whole() {
    let batch = batch();
    let parts = vec![Ok(batch.clone()), Err(std::io::Error::other("gone"))];
    let mut out = Vec::new();
    let stream = encode(
        &batch.schema(),
        futures::stream::iter(parts),
        Format::Json,
        Options::default(),
    );
    let mut stream = Box::pin(stream);
    let mut failed = false;
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => out.extend_from_slice(&piece),
            Err(error) => failed = matches!(error, Error::Rows(_)),
        }
    }
    assert!(failed && serde_json::from_slice::<serde_json::Value>(&out).is_err());
    let schema = Arc::new(arrow::datatypes::Schema::empty());
    let none = futures::stream::iter(Vec::<Result<RecordBatch, std::io::Error>>::new());
    let pieces: Vec<Bytes> = encode(&schema, none, Format::Json, Options::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(pieces.concat(), b"[]\n");
}

#[test]
fn accept_headers() {
    assert_eq!(
        Format::accept("text/html, text/csv;q=0.5, application/vnd.apache.parquet;q=0.9"),
        Some(Format::Parquet)
    );
    assert_eq!(Format::accept("*/*"), Some(Format::Json));
    assert_eq!(Format::accept("text/csv; header=present"), Some(Format::Csv));
    assert_eq!(Format::accept("image/png, text/csv;q=0"), None);
    assert_eq!(Format::accept("application/json;q=0"), None);
    assert_eq!(Format::accept("application/json;q=0, */*"), Some(Format::NdJson));
    assert_eq!(Format::accept("*/*;q=0.1, application/json; Q=0"), Some(Format::NdJson));
    assert_eq!(Format::accept("text/*, application/json;q=0.9"), Some(Format::Csv));
    assert_eq!(
        Format::accept("text/*;q=0.2, text/csv;q=0, */*;q=0.1"),
        Some(Format::Json)
    );
    assert_eq!(Format::accept("text/csv, application/json"), Some(Format::Csv));
    assert_eq!(Format::accept(""), Some(Format::Json));
    assert_eq!(Format::accept("image/*"), None);
    for format in Format::ALL {
        assert_eq!(Format::named(format.media_type()), Some(format));
    }
}
