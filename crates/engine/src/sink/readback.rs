//! Reading back what was delivered, through the same readers that sources use, into a digest.

use std::sync::Arc;

use futures::StreamExt;
use vocab::{RowRule, SinkSpec, SourceKind, SourceSpec};

use super::{Error, Preflight, fit};
use crate::{
    Limits,
    digest::{RowDigest, RowSum},
    rows::{Batches, Notes},
    shape::Shape,
    source::{self, Scan, Wanted},
};

/// The digest of the rows that stand in a delivered table or file now.
///
/// # Errors
/// [`Error::Target`] when it cannot be read, [`Error::Misfit`] when it holds other types.
pub async fn read_back(spec: &SinkSpec, shape: &Shape) -> Result<RowSum, Error> {
    let preflight = fit::preflight(spec, shape);
    digest(&written(&spec.target), &spec.table, &preflight, shape).await
}

/// How a target is read as it was written: nothing of a file's form is guessed.
pub(super) fn written(target: &SourceSpec) -> SourceSpec {
    let path = target.option("path").unwrap_or_default();
    let file = SourceSpec::new(target.kind).with("path", path);
    match target.kind {
        SourceKind::Csv => [
            ("delimiter", ","),
            ("quote", "\""),
            ("encoding", "utf-8"),
            ("header", "true"),
            ("exact", "true"),
        ]
        .into_iter()
        .fold(file, |it, (name, value)| it.with(name, value)),
        SourceKind::JsonLines => file.with("exact", "true"),
        _ => target.clone(),
    }
}

/// The digest of a table of a target, column names as the preflight has them, under the shape's types.
pub(super) async fn digest(
    spec: &SourceSpec,
    table: &str,
    preflight: &Preflight,
    shape: &Shape,
) -> Result<RowSum, Error> {
    let (mut rows, _) = rows(spec, table, preflight).await?;
    let mut digest = RowDigest::of(shape.clone());
    while let Some(batch) = rows.next().await {
        digest.update(&batch?)?;
    }
    Ok(digest.sum())
}

/// The rows of a table of a target, as they stand now, and what is noticed about them while they come.
pub(super) async fn rows(
    spec: &SourceSpec,
    table: &str,
    preflight: &Preflight,
) -> Result<(Batches, Arc<Notes>), Error> {
    let source = source::open(spec, &Limits::none())?;
    let info = match source.table(table).await {
        Ok(info) => info,
        // A file has one table, whatever its name.
        Err(error) => match source.tables().await?.into_iter().next() {
            Some(info) if spec.option("path").is_some() && spec.kind != SourceKind::Sqlite => info,
            _ => return Err(error.into()),
        },
    };
    let columns = preflight.columns.iter().map(|it| Wanted {
        column: it.column.clone(),
        data_type: it.data_type,
    });
    let notes = Arc::new(Notes::default());
    let scan = Scan {
        table: info.name.clone(),
        columns: columns.collect(),
        filter: RowRule::All,
        limit: None,
        notes: Arc::clone(&notes),
    };
    let rows = source.scan(&info, scan).await?;
    // The pool of connections lives as long as the rows.
    let alive = move |batch| {
        let _ = &source;
        batch
    };
    Ok((rows.map(alive).boxed(), notes))
}
