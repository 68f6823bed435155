//! Files: CSV, JSON lines, XLSX, Parquet.
//!
//! Chunks are parts (Arrow IPC) in a hidden folder beside the file, each with its checkpoint document; a part counts when
//! its document is there. At the end all parts are encoded into `<file>.part`, which is synced, read back, and renamed.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use arrow::{
    array::RecordBatch,
    ipc::{reader::StreamReader, writer::StreamWriter},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vocab::{DeliveryId, SinkSpec, SourceKind, SourceSpec, Timestamp};

use super::{BadRow, ChunkDone, Error, KeyState, Options, Preflight, Target, fit, readback};
use crate::{
    digest::RowSum,
    encode::{self, Encoder, Format},
    shape::{Cells, Shape},
    source,
};

pub struct Files {
    place: Place,
    preflight: Preflight,
    replace: bool,
    open: Option<Part>,
    _lock: Lock,
}

/// The right to write the file: one run at a time, also of other processes.
struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes it at once.
    fn take(target: &Path) -> Result<Self, Error> {
        let path = beside(target, |it| format!(".{it}.jutong.lock"));
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => return Err(Error::Busy(file_name(target))),
                Err(fs::TryLockError::Error(error)) => return Err(error.into()),
            }
            // Whoever held it before may have removed it between the two steps: then another file stands there, or none.
            if same_file(&file, &path) {
                return Ok(Self { path, file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(one), Ok(other)) = (file.metadata(), path.metadata()) else {
        return false;
    };
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn same_file(_: &File, path: &Path) -> bool {
    path.exists()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|it| it.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The file and what lies beside it while it is made.
#[derive(Clone)]
struct Place {
    kind: SourceKind,
    path: PathBuf,
    parts: PathBuf,
    shape: Shape,
    run: String,
    delivery: Option<DeliveryId>,
}

struct Part {
    writer: StreamWriter<BufWriter<File>>,
    bad: Vec<BadRow>,
    no: u64,
}

/// Which run made the file; lies beside it.
#[derive(Serialize, Deserialize)]
struct Delivered {
    run: String,
    #[serde(default)]
    delivery: Option<DeliveryId>,
    rows: u64,
    digest: String,
    at: String,
}

fn ipc(error: arrow::error::ArrowError) -> Error {
    Error::Encode(encode::Error::Format(Box::new(error)))
}

/// The path with its file name changed.
fn beside(path: &Path, change: impl FnOnce(&str) -> String) -> PathBuf {
    let name = path
        .file_name()
        .map(|it| it.to_string_lossy().into_owned())
        .unwrap_or_default();
    path.with_file_name(change(&name))
}

/// Writes a file so that it is there wholly or not at all, also after a power cut.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = beside(path, |it| format!("{it}.tmp"));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|it| !it.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

impl Files {
    pub async fn open(spec: &SinkSpec, shape: &Shape, run: &str, options: Options) -> Result<Self, Error> {
        let path = PathBuf::from(source::option(&spec.target, "path")?);
        let lock = Lock::take(&path)?;
        let mark: String = hex::encode(seal::sha256(run.as_bytes())).chars().take(16).collect();
        let parts = beside(&path, |it| format!(".{it}.{mark}.parts"));
        Ok(Self {
            place: Place {
                kind: spec.target.kind,
                path,
                parts,
                shape: shape.clone(),
                run: run.to_owned(),
                delivery: options.delivery,
            },
            preflight: fit::preflight(spec, shape),
            replace: options.replace,
            open: None,
            _lock: lock,
        })
    }
}

impl Place {
    fn part(&self, no: u64) -> PathBuf {
        self.parts.join(format!("{no:08}.arrows"))
    }

    fn document(&self, no: u64) -> PathBuf {
        self.parts.join(format!("{no:08}.json"))
    }

    fn sidecar(&self) -> PathBuf {
        beside(&self.path, |it| format!(".{it}.jutong"))
    }

    fn whole(&self) -> PathBuf {
        beside(&self.path, |it| format!("{it}.part"))
    }

    fn bad_rows(&self) -> PathBuf {
        beside(&self.path, |it| format!("{it}.{}.quarantine.jsonl", self.run))
    }

    fn delivered(&self) -> Option<Delivered> {
        serde_json::from_slice(&fs::read(self.sidecar()).ok()?).ok()
    }

    fn done(&self) -> Vec<ChunkDone> {
        let Ok(folder) = fs::read_dir(&self.parts) else {
            return Vec::new();
        };
        let documents = folder.filter_map(Result::ok).map(|it| it.path());
        let documents = documents.filter(|it| it.extension().is_some_and(|it| it == "json"));
        let mut done: Vec<ChunkDone> = documents
            .filter_map(|it| serde_json::from_slice(&fs::read(it).ok()?).ok())
            .collect();
        done.retain(|it| self.part(it.no).exists());
        done.sort_by_key(|it| it.no);
        done
    }

    fn assemble(&self) -> Result<(), Error> {
        let (format, options) = match self.kind {
            SourceKind::Csv => (Format::Csv, encode::Options::default()),
            SourceKind::Xlsx => (Format::Xlsx, encode::Options::default()),
            SourceKind::Parquet => (Format::Parquet, encode::Options::default()),
            _ => (
                Format::NdJson,
                encode::Options {
                    documents_as_text: true,
                    ..encode::Options::default()
                },
            ),
        };
        let mut file = BufWriter::new(File::create(self.whole())?);
        let mut encoder = Encoder::new(self.shape.clone(), format, options)?;
        let mut out = Vec::new();
        encoder.begin(&mut out)?;
        let mut bad = Vec::new();
        for done in self.done() {
            let reader = StreamReader::try_new(BufReader::new(File::open(self.part(done.no))?), None).map_err(ipc)?;
            for batch in reader {
                encoder.rows(&batch.map_err(ipc)?, &mut out)?;
                file.write_all(&out)?;
                out.clear();
            }
            if done.quarantined > 0 {
                bad.extend(fs::read(self.parts.join(format!("{:08}.bad", done.no)))?);
            }
        }
        encoder.end(&mut out)?;
        file.write_all(&out)?;
        file.into_inner().map_err(|it| Error::Io(it.into_error()))?.sync_all()?;
        if !bad.is_empty() {
            write_whole(&self.bad_rows(), &bad)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Target for Files {
    async fn resume(&mut self) -> Result<(Vec<ChunkDone>, bool), Error> {
        let delivered = self.place.delivered();
        if delivered.as_ref().is_some_and(|it| it.run == self.place.run)
            && self.place.path.exists()
            && !self.place.whole().exists()
        {
            let _ = fs::remove_dir_all(&self.place.parts);
            return Ok((Vec::new(), true));
        }
        // A file is this delivery's own when this delivery made it; what another one made is a stranger's file.
        let own = delivered.is_some_and(|it| it.delivery == self.place.delivery);
        if !own && !self.replace && self.place.path.exists() {
            return Err(Error::Occupied {
                target: file_name(&self.place.path),
                differences: "a file".to_owned(),
            });
        }
        fs::create_dir_all(&self.place.parts)?;
        Ok((self.place.done(), false))
    }

    async fn restart(&mut self) -> Result<(), Error> {
        self.open = None;
        if self.place.parts.exists() {
            fs::remove_dir_all(&self.place.parts)?;
        }
        fs::create_dir_all(&self.place.parts)?;
        Ok(())
    }

    async fn begin(&mut self, chunk: u64) -> Result<(), Error> {
        let file = BufWriter::new(File::create(self.place.part(chunk))?);
        let writer = StreamWriter::try_new(file, &self.place.shape.schema()).map_err(ipc)?;
        self.open = Some(Part {
            writer,
            bad: Vec::new(),
            no: chunk,
        });
        Ok(())
    }

    async fn insert(&mut self, batch: &RecordBatch, _cells: &[Cells]) -> Result<(), Error> {
        let part = self.open.as_mut().ok_or(Error::Turn("no chunk is open"))?;
        part.writer.write(batch).map_err(ipc)
    }

    async fn quarantine(&mut self, bad: &[BadRow], _at: Timestamp) -> Result<(), Error> {
        let part = self.open.as_mut().ok_or(Error::Turn("no chunk is open"))?;
        part.bad.extend_from_slice(bad);
        Ok(())
    }

    async fn commit(&mut self, done: &ChunkDone, _at: Timestamp) -> Result<(), Error> {
        let part = self.open.take().ok_or(Error::Turn("no chunk is open"))?;
        let file = part.writer.into_inner().map_err(ipc)?;
        file.into_inner().map_err(|it| Error::Io(it.into_error()))?.sync_all()?;
        if !part.bad.is_empty() {
            let mut lines = Vec::new();
            for row in &part.bad {
                serde_json::to_writer(&mut lines, row).map_err(crate::Error::internal)?;
                lines.push(b'\n');
            }
            write_whole(&self.place.parts.join(format!("{:08}.bad", part.no)), &lines)?;
        }
        let body = serde_json::to_vec(done).map_err(crate::Error::internal)?;
        write_whole(&self.place.document(done.no), &body)?;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        if let Some(part) = self.open.take() {
            fs::remove_file(self.place.part(part.no))?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<KeyState, Error> {
        let place = self.place.clone();
        tokio::task::spawn_blocking(move || place.assemble())
            .await
            .map_err(crate::Error::internal)??;
        Ok(KeyState::None)
    }

    async fn verify(&mut self) -> Result<RowSum, Error> {
        let spec = SourceSpec::new(self.place.kind).with("path", self.place.whole().to_string_lossy());
        let table = file_name(&self.place.path);
        readback::digest(&readback::written(&spec), &table, &self.preflight, &self.place.shape).await
    }

    async fn swap(&mut self, loaded: &RowSum, at: Timestamp) -> Result<(), Error> {
        let delivered = Delivered {
            run: self.place.run.clone(),
            delivery: self.place.delivery,
            rows: loaded.rows,
            digest: loaded.to_hex(),
            at: vocab::time::to_text(at),
        };
        let body = serde_json::to_vec(&delivered).map_err(crate::Error::internal)?;
        // Known before it is done: with `<file>.part` still there, the run was not swapped in (see `resume`).
        write_whole(&self.place.sidecar(), &body)?;
        fs::rename(self.place.whole(), &self.place.path)?;
        sync_folder(&self.place.path)?;
        let _ = fs::remove_dir_all(&self.place.parts);
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), Error> {
        self.open = None;
        let _ = fs::remove_file(self.place.whole());
        match fs::remove_dir_all(&self.place.parts) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
