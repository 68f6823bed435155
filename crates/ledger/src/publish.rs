//! Publishing: what was appended becomes tiles, then a recorded checkpoint, then a served one.
//!
//! The database is the truth, the folder is made from it. The order of steps makes a crash anywhere harmless: (1)
//! tiles and bundles, synced; (2) the signed checkpoint in the database, in a compare-and-set on the last published
//! size; (3) the notes in the folder. A publisher starts from what the folder's own note says, so it repairs what an
//! earlier one left. Tiles are a function of the entries alone, so two publishers can only write the same bytes.

use std::path::{Path, PathBuf};

use db::Db;
use seal::{Hash, Suite};
use vocab::Timestamp;

use crate::{
    Checkpoint, Error, LogKeys, Note, Statement, disk, proof, store, tile,
    tree::{self, Edge, TILE},
};

/// Entries taken in one step.
const STEP: u64 = 8 * TILE as u64;
/// How often a lost race with another publisher is run again.
const RACES: usize = 100;

/// Where a publisher stands; tests stop it at each place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    TilesWritten,
    BeforeRecord,
    AfterRecord,
    ShadowServed,
    Served,
}

/// Publishes everything that is appended; `None` while there is nothing. Safe with several processes, on one folder or
/// on folders of their own; doing it again changes nothing.
///
/// # Errors
/// [`Error::Rewritten`] when the database contradicts what was published: then nothing is changed. [`Error::Db`],
/// [`Error::Io`], [`Error::Seal`].
pub async fn publish(db: &Db, keys: &LogKeys, folder: &Path, now: Timestamp) -> Result<Option<Checkpoint>, Error> {
    publish_with(db, keys, folder, now, &mut |_| Ok(())).await
}

pub(crate) async fn publish_with(
    db: &Db,
    keys: &LogKeys,
    folder: &Path,
    now: Timestamp,
    at: &mut (dyn FnMut(Place) -> Result<(), Error> + Send),
) -> Result<Option<Checkpoint>, Error> {
    let path = folder.to_owned();
    let _held = blocking(move || Ok(disk::hold(&path)?)).await?;
    for _ in 0..RACES {
        let tx = db.read().await?;
        let last = store::last_checkpoint(&tx).await?;
        let size = store::size(&tx).await?;
        drop(tx);
        let known = last.as_ref().map_or(0, |it| it.size);
        if size < known {
            return Err(Error::Rewritten(format!(
                "{known} entries were published, the database has {size}"
            )));
        }
        if size == 0 {
            return Ok(None);
        }
        let build = resume(db, keys, folder, known).await?;
        let (build, _) = extend(db, build, size, at).await?;
        let checkpoint = match last {
            Some(it) if it.size == size => it,
            _ => {
                let new = keys.checkpoint(size, build.main.root(), build.shadow.root(), now)?;
                at(Place::BeforeRecord)?;
                let tx = db.write().await?;
                if !store::record(&tx, known, &new).await? {
                    continue;
                }
                tx.commit().await?;
                at(Place::AfterRecord)?;
                new
            }
        };
        serve(folder, &checkpoint, build.replaced, at).await?;
        return Ok(Some(checkpoint));
    }
    Err(Error::Interrupted)
}

/// Re-reads the whole database and compares it with every checkpoint ever published; how many entries it has. For the
/// auditor's button and the nightly job: [`publish`] itself looks only at what is new.
///
/// # Errors
/// [`Error::Rewritten`] says where they part.
pub async fn check(db: &Db) -> Result<u64, Error> {
    let tx = db.read().await?;
    // In this order: under READ COMMITTED a checkpoint that is published between the two reads would otherwise be larger
    // than the size that was read before it, and look like a ledger that shrank.
    let last = store::last_checkpoint(&tx).await?;
    let size = store::size(&tx).await?;
    drop(tx);
    let known = last.map_or(0, |it| it.size);
    if size < known {
        return Err(Error::Rewritten(format!(
            "{known} entries were published, the database has {size}"
        )));
    }
    extend(db, Build::empty(None), size, &mut |_| Ok(())).await?;
    Ok(size)
}

/// Both trees while they grow, and what is to be written.
struct Build {
    /// Where files go; `None` only compares.
    folder: Option<PathBuf>,
    main: Edge,
    shadow: Edge,
    bundle: Vec<u8>,
    files: Vec<(String, Vec<u8>)>,
    /// Folders of partial tiles that full ones replace, dropped once the checkpoint is served.
    replaced: Vec<String>,
}

impl Build {
    fn empty(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            main: Edge::empty(Suite::International),
            shadow: Edge::empty(Suite::National),
            bundle: Vec::new(),
            files: Vec::new(),
            replaced: Vec::new(),
        }
    }

    fn push(&mut self, data: &str, leaf: &Hash) -> Result<(), Error> {
        let index = self.main.size();
        if tree::leaf_hash(Suite::International, data.as_bytes()) != *leaf {
            return Err(Error::Rewritten(format!(
                "entry {index} does not have its recorded hash"
            )));
        }
        let (files, replaced, writing) = (&mut self.files, &mut self.replaced, self.folder.is_some());
        let mut full = |prefix: &str, level: usize, number: u64, hashes: &[Hash]| {
            if writing {
                let path = format!("{prefix}{}", tile::tile_path(level, number, TILE));
                replaced.push(format!("{path}.p"));
                files.push((path, hashes.concat()));
            }
        };
        self.main
            .push(*leaf, |level, number, hashes| full("", level, number, hashes));
        let shadow = tree::leaf_hash(Suite::National, data.as_bytes());
        self.shadow
            .push(shadow, |level, number, hashes| full("sm3/", level, number, hashes));
        if writing {
            tile::push_entry(&mut self.bundle, data.as_bytes());
            if self.main.size().is_multiple_of(TILE as u64) {
                let path = tile::entries_path(index / TILE as u64, TILE);
                self.replaced.push(format!("{path}.p"));
                self.files.push((path, std::mem::take(&mut self.bundle)));
            }
        }
        Ok(())
    }

    /// The unfinished tiles and the unfinished bundle of this size.
    fn push_partial(&mut self) {
        for (prefix, edge) in [("", &self.main), ("sm3/", &self.shadow)] {
            for (level, row) in edge.rows().iter().enumerate().filter(|(_, row)| !row.is_empty()) {
                let number = (edge.size() >> (8 * level)) / TILE as u64;
                self.files.push((
                    format!("{prefix}{}", tile::tile_path(level, number, row.len())),
                    row.concat(),
                ));
            }
        }
        let width = tree::partial_width(self.main.size(), 0);
        if width > 0 {
            self.files.push((
                tile::entries_path(self.main.size() / TILE as u64, width),
                self.bundle.clone(),
            ));
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        if let Some(folder) = &self.folder {
            disk::write_all(folder, &self.files)?;
        }
        self.files.clear();
        Ok(())
    }
}

/// Where the folder stands, compared with the database up to the last published size.
async fn resume(db: &Db, keys: &LogKeys, folder: &Path, known: u64) -> Result<Build, Error> {
    let (path, origin) = (folder.to_owned(), keys.origin().to_owned());
    let served = blocking(move || served(&path, &origin)).await?;
    let mut start = Build::empty(None);
    if let Some(statement) = served {
        let tx = db.read().await?;
        let recorded = store::checkpoint_at(&tx, statement.size).await?;
        drop(tx);
        let Some(recorded) = recorded.filter(|it| it.root == statement.root) else {
            return Err(Error::Rewritten(format!(
                "the folder holds a checkpoint of {} entries that the database does not know",
                statement.size
            )));
        };
        let path = folder.to_owned();
        let edges = blocking(move || edges(&path, &recorded)).await?;
        if let Some((main, shadow)) = edges {
            (start.main, start.shadow) = (main, shadow);
        }
    }
    let from = start.main.size();
    let mut build = Build {
        folder: Some(folder.to_owned()),
        main: start.main.clone(),
        shadow: start.shadow.clone(),
        ..Build::empty(None)
    };
    // Look before writing: what was published must be in the database, unchanged.
    extend(db, start, known, &mut |_| Ok(())).await?;
    // The unfinished bundle is written again as a whole, so its beginning is needed, and compared.
    let begin = from - from % TILE as u64;
    let tx = db.read().await?;
    let before = store::leaves(&tx, begin, from).await?;
    drop(tx);
    for (index, (data, leaf)) in (begin..).zip(&before) {
        let place = usize::try_from(index - begin).unwrap_or(usize::MAX);
        let published = build.main.rows().first().and_then(|row| row.get(place));
        if published != Some(leaf) || tree::leaf_hash(Suite::International, data.as_bytes()) != *leaf {
            return Err(Error::Rewritten(format!(
                "entry {index} is not the one that was published"
            )));
        }
        tile::push_entry(&mut build.bundle, data.as_bytes());
    }
    Ok(build)
}

/// What the folder's note says; `None` without a note that can be read.
fn served(folder: &Path, origin: &str) -> Result<Option<Statement>, Error> {
    let Some(bytes) = disk::read(folder, "checkpoint")? else {
        return Ok(None);
    };
    let note = String::from_utf8(bytes).ok().and_then(|it| it.parse::<Note>().ok());
    let statement = note.and_then(|it| it.text.parse::<Statement>().ok());
    match statement {
        Some(it) if it.origin != origin => Err(Error::Rewritten(format!(
            "the folder holds the log `{}`, this node's is `{origin}`",
            it.origin
        ))),
        other => Ok(other),
    }
}

/// The right edges of both trees from the folder's tiles; `None` when a tile is missing or the root is not the
/// checkpoint's (then everything is built again from the database).
fn edges(folder: &Path, at: &Checkpoint) -> Result<Option<(Edge, Edge)>, Error> {
    let read = |folder: &Path, suite: Suite, root: &Hash| -> Result<Option<Edge>, Error> {
        let mut rows = Vec::new();
        for level in 0..tree::levels(at.size) {
            let width = tree::partial_width(at.size, level);
            let number = (at.size >> (8 * level)) / TILE as u64;
            match proof::read_tile(folder, level, number, width) {
                _ if width == 0 => rows.push(Vec::new()),
                Ok(Some(row)) => rows.push(row),
                Ok(None) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Edge::from_rows(suite, at.size, rows).filter(|it| it.root() == *root))
    };
    let main = read(folder, Suite::International, &at.root)?;
    let shadow = read(&folder.join("sm3"), Suite::National, &at.sm3_root)?;
    Ok(main.zip(shadow))
}

/// Grows the trees to a size from the database, comparing the roots with every checkpoint on the way.
async fn extend(
    db: &Db,
    mut build: Build,
    size: u64,
    at: &mut (dyn FnMut(Place) -> Result<(), Error> + Send),
) -> Result<(Build, u64), Error> {
    while build.main.size() < size {
        let from = build.main.size();
        let to = size.min(from + STEP - from % TILE as u64);
        let tx = db.read().await?;
        let entries = store::leaves(&tx, from, to).await?;
        let known = store::roots(&tx, from, to).await?;
        drop(tx);
        build = blocking(move || {
            let mut known = known.into_iter().peekable();
            for (data, leaf) in &entries {
                build.push(data, leaf)?;
                let now = build.main.size();
                if let Some((_, root, sm3_root)) = known.next_if(|(size, ..)| *size == now)
                    && (build.main.root() != root || build.shadow.root() != sm3_root)
                {
                    return Err(Error::Rewritten(format!(
                        "an entry before {now} was altered after it was published"
                    )));
                }
            }
            if build.folder.is_some() && to == size {
                build.push_partial();
            }
            build.flush()?;
            Ok(build)
        })
        .await?;
        if build.folder.is_some() {
            at(Place::TilesWritten)?;
        }
    }
    Ok((build, size))
}

/// Puts the notes into the folder, the SM3 tree's first, and tidies up.
async fn serve(
    folder: &Path,
    checkpoint: &Checkpoint,
    replaced: Vec<String>,
    at: &mut (dyn FnMut(Place) -> Result<(), Error> + Send),
) -> Result<(), Error> {
    let put = |name: &str, note: String| {
        let (folder, file) = (folder.to_owned(), (name.to_owned(), note.into_bytes()));
        blocking(move || Ok(disk::write_all(&folder, &[file])?))
    };
    put("sm3/checkpoint", checkpoint.sm3_note.to_string()).await?;
    at(Place::ShadowServed)?;
    put("checkpoint", checkpoint.served().to_string()).await?;
    at(Place::Served)?;
    let folder = folder.to_owned();
    blocking(move || Ok(replaced.iter().try_for_each(|it| disk::drop_folder(&folder, it))?)).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Interrupted)?
}
