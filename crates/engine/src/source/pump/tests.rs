#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use futures::StreamExt;
use vocab::DataType;

use super::{Filling, blocking, channel};
use crate::{Cause, Rows, rows::Notes, source::Wire};

fn batch() -> RecordBatch {
    RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]).unwrap()
}

#[tokio::test]
async fn a_reader_that_panics_is_no_end() {
    let stream = blocking(|sender| {
        sender.blocking_send(batch())?;
        panic!("the reader is broken");
    });
    let mut rows = Rows::new(batch().schema(), stream);
    assert_eq!(rows.next().await.unwrap().unwrap().num_rows(), 2);
    let error = rows.next().await.expect("a panic is not the end").unwrap_err();
    assert_eq!(error.cause(), Some(Cause::Lost));
    assert!(rows.next().await.is_none());
    assert!(!rows.summary().complete, "part of a table passed for the whole");

    let (sender, stream) = channel();
    let task = tokio::spawn(async move {
        sender.send(batch()).await.unwrap();
        panic!("the reader is broken");
    });
    let failed = Rows::new(batch().schema(), stream).collect_all().await.unwrap_err();
    assert_eq!(failed.cause(), Some(Cause::Lost));
    assert!(task.await.is_err());
}

#[tokio::test]
async fn a_reader_that_ends_is_complete() {
    let stream = blocking(|sender| sender.blocking_send(batch()));
    let (batches, summary) = Rows::new(batch().schema(), stream).collect_all().await.unwrap();
    assert_eq!((batches.len(), summary.complete), (1, true));
}

#[test]
fn a_batch_is_full_by_its_bytes_too() {
    let wire = |data_type| Wire {
        name: "a".to_owned(),
        data_type,
        text: true,
    };
    let notes = Notes::default();
    let mut wide = Filling::new(&[wire(DataType::Bytes), wire(DataType::Text)]);
    let (hex, text) = ("00".repeat(300_000), "x".repeat(100_000));
    let mut rows = 0;
    let full = loop {
        super::text(&mut wide, 0, Some(hex.as_bytes()), &notes);
        super::text(&mut wide, 1, Some(text.as_bytes()), &notes);
        rows += 1;
        if let Some(it) = wide.row().unwrap() {
            break it;
        }
        assert!(rows < 20, "{rows} rows of 400 kB make no full batch");
    };
    assert_eq!((full.num_rows(), rows), (11, 11));

    let mut narrow = Filling::new(&[wire(DataType::Text)]);
    let full = std::iter::repeat_with(|| {
        super::text(&mut narrow, 0, Some(b"x"), &notes);
        narrow.row().unwrap()
    });
    assert_eq!(full.flatten().next().unwrap().num_rows(), 8192);
}
