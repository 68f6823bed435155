//! Parquet files. Option: `path`. Columns of nested types (lists, maps, structs) are not shown.

use std::{path::PathBuf, sync::Arc};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use async_trait::async_trait;
use parquet::{
    arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    file::metadata::{ParquetMetaData, RowGroupMetaData},
};
use vocab::{
    DataType, SourceSpec,
    profile::{ColumnInfo, TableInfo},
};

use super::{BATCH_ROWS, Scan, Source, Wanted, Wire, file, pump};
use crate::{
    error::{Cause, Error},
    rows::{Batches, Notes},
    shape::{Column, Shape, build::FULL_BYTES, text},
};

/// A Parquet file.
#[derive(Debug, Clone)]
pub(crate) struct Parquet {
    path: PathBuf,
}

type Builder = ParquetRecordBatchReaderBuilder<std::fs::File>;

impl Parquet {
    /// Reads the options.
    pub fn open(spec: &SourceSpec) -> Result<Self, Error> {
        Ok(Self {
            path: file::path(spec)?,
        })
    }

    fn builder(&self) -> Result<Builder, Error> {
        let file = file::read(&self.path)?;
        caught(|| Builder::try_new(file).map_err(|_| damaged()))
    }

    fn info(&self, name: &str) -> Result<TableInfo, Error> {
        let builder = self.builder()?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
        let mut columns = Vec::new();
        for field in builder.schema().fields() {
            let one = arrow::datatypes::Schema::new(vec![Arc::clone(field)]);
            let Ok(shape) = Shape::of(&one, &[]) else { continue };
            let Some(column) = shape.columns.first() else { continue };
            columns.push(ColumnInfo {
                name: field.name().clone(),
                comment: None,
                source_type: field.data_type().to_string(),
                data_type: column.data_type,
                nullable: field.is_nullable(),
                key: false,
                plain: true,
                indexed: false,
            });
        }
        Ok(TableInfo {
            name: name.to_owned(),
            comment: None,
            rows_estimate: rows,
            columns,
        })
    }

    fn run(&self, scan: &Scan, sender: &pump::Sender) -> Result<(), Error> {
        let builder = self.builder()?;
        let schema = Arc::clone(builder.schema());
        let mut roots = Vec::new();
        for wanted in &scan.columns {
            roots.push(
                schema.index_of(&wanted.column).map_err(|_| {
                    Error::source(Cause::ColumnMissing, format!("there is no column `{}`", wanted.column))
                })?,
            );
        }
        let projection = ProjectionMask::roots(builder.parquet_schema(), roots);
        let limit = scan.limit.and_then(|it| usize::try_from(it).ok());
        let rows = batch_rows(builder.metadata(), &projection);
        let builder = builder.with_projection(projection).with_batch_size(rows);
        let builder = match limit {
            Some(limit) => builder.with_limit(limit),
            None => builder,
        };
        let mut reader = builder.build().map_err(|_| damaged())?;
        while let Some(batch) = caught(|| Ok(reader.next()))? {
            let batch = convert(&batch.map_err(|_| damaged())?, &scan.columns, &scan.notes)?;
            sender.blocking_send(batch)?;
        }
        Ok(())
    }
}

/// Rows whose values are about [`FULL_BYTES`] in the widest row group, as far as the file tells.
fn batch_rows(file: &ParquetMetaData, projection: &ProjectionMask) -> usize {
    let size = |group: &RowGroupMetaData| {
        let columns = group.columns().iter().enumerate();
        let read = columns.filter(|(at, _)| projection.leaf_included(*at));
        // Without its dictionary a column can be much longer than it is stored.
        let bytes = read.map(|(_, it)| {
            let plain = it.unencoded_byte_array_data_bytes().unwrap_or(0);
            plain.max(it.uncompressed_size())
        });
        bytes.sum::<i64>().max(0) / group.num_rows().max(1)
    };
    let widest = file.row_groups().iter().map(size).max().unwrap_or(0).max(1);
    usize::try_from(widest).map_or(1, |it| (FULL_BYTES / it).clamp(1, BATCH_ROWS))
}

fn damaged() -> Error {
    Error::source(Cause::Format, "the file is not a sound Parquet file")
}

/// The reader panics on some damaged files; that is an error of the file.
fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| Err(damaged()))
}

fn convert(batch: &RecordBatch, wanted: &[Wanted], notes: &Notes) -> Result<RecordBatch, Error> {
    let mut arrays = Vec::new();
    for it in wanted {
        let array = batch.column_by_name(&it.column).ok_or_else(damaged)?;
        arrays.push(column(array, it, batch, notes)?);
    }
    let shape = Shape {
        columns: wanted
            .iter()
            .map(|it| Column {
                name: it.column.clone(),
                data_type: it.data_type,
                key: false,
            })
            .collect(),
    };
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(shape.schema(), arrays, &options).map_err(Error::internal)
}

/// One column as its wanted type; a value without a place there becomes NULL and is counted.
fn column(array: &ArrayRef, wanted: &Wanted, batch: &RecordBatch, notes: &Notes) -> Result<ArrayRef, Error> {
    let at = batch.schema().index_of(&wanted.column).map_err(Error::internal)?;
    let one = batch.project(&[at]).map_err(Error::internal)?;
    let given = Shape::of(&one.schema(), &[]).map_err(|_| damaged())?;
    let direct = Shape {
        columns: vec![Column {
            name: wanted.column.clone(),
            data_type: wanted.data_type,
            key: false,
        }],
    };
    if let Ok(same) = direct.canonical(&one) {
        return Ok(Arc::clone(same.column(0)));
    }
    let cells = given.cells(&one).map_err(|_| damaged())?;
    let cells = cells.first().ok_or_else(damaged)?;
    let wire = Wire {
        name: wanted.column.clone(),
        data_type: wanted.data_type,
        text: true,
    };
    let mut filling = pump::Filling::new(std::slice::from_ref(&wire));
    let mut out = Vec::new();
    for row in 0..array.len() {
        out.clear();
        text::write(
            cells,
            row,
            if wanted.data_type == DataType::Text { "Z" } else { "" },
            &mut out,
        );
        pump::text(&mut filling, 0, (!cells.is_null(row)).then_some(&out), notes);
        filling.builder.row();
    }
    let built = filling.builder.batch().map_err(Error::internal)?;
    Ok(Arc::clone(built.column(0)))
}

#[async_trait]
impl Source for Parquet {
    async fn version(&self) -> Result<String, Error> {
        let this = self.clone();
        let version = tokio::task::spawn_blocking(move || {
            let builder = this.builder()?;
            Ok::<_, Error>(builder.metadata().file_metadata().version())
        });
        Ok(format!("Parquet {}", version.await.map_err(Error::internal)??))
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        Ok(vec![self.table(&file::name(&self.path)).await?])
    }

    async fn table(&self, name: &str) -> Result<TableInfo, Error> {
        let (this, name) = (self.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || this.info(&name))
            .await
            .map_err(Error::internal)?
    }

    async fn scan(&self, _: &TableInfo, scan: Scan) -> Result<Batches, Error> {
        let this = self.clone();
        Ok(pump::blocking(move |sender| this.run(&scan, sender)))
    }
}
