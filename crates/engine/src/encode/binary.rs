//! Parquet and Arrow IPC.

use std::{io, sync::Arc as Shared};

use arrow::{array::RecordBatch, ipc::writer::StreamWriter};
use parking_lot::Mutex;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::Error;
use crate::shape::Shape;

/// Rows of a Parquet row group at most.
const GROUP_ROWS: usize = 131_072;
/// Bytes a row group may hold in memory before it is closed early.
const GROUP_BYTES: usize = 32 << 20;

/// Where a writer that owns its target leaves bytes until they are taken.
#[derive(Clone, Default)]
struct Tray(Shared<Mutex<Vec<u8>>>);

impl io::Write for Tray {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Tray {
    fn take(&self, out: &mut Vec<u8>) {
        out.append(&mut self.0.lock());
    }
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Format(Box::new(error))
}

pub struct Parquet {
    tray: Tray,
    writer: ArrowWriter<Tray>,
}

impl Parquet {
    pub fn new(shape: &Shape) -> Result<Self, Error> {
        let tray = Tray::default();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by("jutong".to_owned())
            .build();
        let writer = ArrowWriter::try_new(tray.clone(), shape.schema(), Some(properties)).map_err(broken)?;
        Ok(Self { tray, writer })
    }

    pub fn take(&self, out: &mut Vec<u8>) {
        self.tray.take(out);
    }

    pub fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Error> {
        self.writer.write(batch).map_err(broken)?;
        if self.writer.memory_size() > GROUP_BYTES {
            self.writer.flush().map_err(broken)?;
        }
        self.take(out);
        Ok(())
    }

    pub fn end(self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.writer.close().map_err(broken)?;
        self.tray.take(out);
        Ok(())
    }
}

pub struct Arrow {
    tray: Tray,
    writer: StreamWriter<Tray>,
}

impl Arrow {
    pub fn new(shape: &Shape) -> Result<Self, Error> {
        let tray = Tray::default();
        let writer = StreamWriter::try_new(tray.clone(), &shape.schema()).map_err(broken)?;
        Ok(Self { tray, writer })
    }

    pub fn take(&self, out: &mut Vec<u8>) {
        self.tray.take(out);
    }

    pub fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Error> {
        self.writer.write(batch).map_err(broken)?;
        self.take(out);
        Ok(())
    }

    pub fn end(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.writer.finish().map_err(broken)?;
        self.tray.take(out);
        Ok(())
    }
}
