#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::{sync::Arc, time::Duration};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use futures::StreamExt;
use tokio::sync::Semaphore;

use super::Rows;
use crate::{Error, LimitKind, Limits, source::pump};

#[tokio::test]
async fn a_reader_that_stalls_holds_nothing_past_the_time_limit() {
    let batch =
        RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]).expect("a batch");
    let (sender, stream) = pump::channel();
    let schema = batch.schema();
    // What holds the source's connection: a task that sends for as long as somebody listens.
    let task = tokio::spawn(async move { while sender.send(batch.clone()).await.is_ok() {} });
    let gate = Arc::new(Semaphore::new(1));
    let permit = Arc::clone(&gate).acquire_owned().await.unwrap();
    let limits = Limits {
        seconds: 1,
        ..Limits::default()
    };
    let mut rows = Rows::new(schema, stream).limited(limits, Some(permit), Arc::default());
    rows.next().await.unwrap().unwrap();
    assert_eq!(gate.available_permits(), 0);
    // Nobody reads on, and nobody lets go.
    let ended = tokio::time::timeout(Duration::from_secs(5), task).await;
    assert!(ended.is_ok(), "the source's task outlives the time limit of its answer");
    assert_eq!(gate.available_permits(), 1, "the place in the engine is still taken");
    let error = rows.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit(LimitKind::Seconds(1))), "{error}");
    assert!(rows.next().await.is_none());
    assert!(!rows.summary().complete);
}
