//! The index in its folder.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
    directory::{MmapDirectory, error::LockError},
    query::AllQuery,
    schema::Value,
};
use vocab::ResourceId;

use super::{
    Error, Facet, FacetCount, Hit, Hits, Query, SearchDoc,
    collect::{Found, Gather},
    highlight,
    query::{Asked, Codes},
    schema::{self, Fields},
    table::Tables,
};

/// Memory of the writer while it writes, in bytes: the least the index allows.
const WRITER_BYTES: usize = 15_000_000;
/// How often, and how many times, a busy writer's lock is asked for again.
const PATIENCE: (Duration, u32) = (Duration::from_millis(20), 250);
/// Most results that can be skipped and wanted.
const OFFSET_MAX: usize = 10_000;
const LIMIT_MAX: usize = 200;

/// The search index. Shared behind an `Arc`; searches run side by side.
pub struct Index {
    fields: Fields,
    index: tantivy::Index,
    reader: IndexReader,
    writer: Mutex<Option<IndexWriter>>,
    tables: Tables,
    folder: PathBuf,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index in a folder, or makes an empty one: when there is none, when it is of another format, or when it
    /// cannot be read. [`Index::is_empty`] then tells the caller to fill it from the database.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be made; [`Error::Index`].
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let folder = dir.join(schema::FORMAT);
        std::fs::create_dir_all(&folder)?;
        let fields = Fields::new();
        let index = match open(&folder, &fields) {
            Ok(index) => index,
            Err(error) => {
                tracing::warn!(%error, "search index is made anew");
                std::fs::remove_dir_all(&folder)?;
                std::fs::create_dir_all(&folder)?;
                open(&folder, &fields)?
            }
        };
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::OnCommitWithDelay)
            .doc_store_cache_num_blocks(8)
            .try_into()?;
        Ok(Self {
            fields,
            index,
            reader,
            writer: Mutex::new(None),
            tables: Tables::default(),
            folder,
        })
    }

    /// How many resources it holds, hidden ones included.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds resources, or replaces what it has of them. Seen after [`Index::commit`].
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Index`].
    pub fn upsert(&self, docs: &[SearchDoc]) -> Result<(), Error> {
        self.written(|writer| {
            for doc in docs {
                writer.delete_term(Term::from_field_text(self.fields.id, &doc.id.to_string()));
                writer.add_document(self.fields.document(doc)?)?;
            }
            Ok(())
        })
    }

    /// Takes resources out. Seen after [`Index::commit`].
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Index`].
    pub fn remove(&self, ids: &[ResourceId]) -> Result<(), Error> {
        self.written(|writer| {
            for id in ids {
                writer.delete_term(Term::from_field_text(self.fields.id, &id.to_string()));
            }
            Ok(())
        })
    }

    /// Takes everything out; the first step of making it anew. Seen after [`Index::commit`].
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Index`].
    pub fn clear(&self) -> Result<(), Error> {
        self.written(|writer| {
            writer.delete_query(Box::new(AllQuery))?;
            Ok(())
        })
    }

    /// Makes what was written last and seen, waits for merges, and gives the writer's memory and lock back. The mark,
    /// the caller's note of how far the index follows, lasts with it or not at all; without one the index has none.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Index`]; what was written is gone then.
    pub fn commit(&self, mark: Option<&str>) -> Result<(), Error> {
        let mut guard = self.lock();
        if mark.is_some() {
            self.writer(&mut guard)?;
        }
        // Taken out: when something fails, what was written goes with it.
        if let Some(mut writer) = guard.take() {
            let mut prepared = writer.prepare_commit()?;
            if let Some(mark) = mark {
                prepared.set_payload(mark);
            }
            prepared.commit()?;
            writer.wait_merging_threads()?;
        }
        self.reader.reload()?;
        Ok(())
    }

    /// Forgets what was written since the last commit, and gives the writer's memory and lock back.
    pub fn rollback(&self) {
        drop(self.lock().take());
    }

    /// The mark of the last commit, whichever process made it.
    ///
    /// # Errors
    /// [`Error::Index`] when the folder cannot be read.
    pub fn mark(&self) -> Result<Option<String>, Error> {
        Ok(self.index.load_metas()?.payload)
    }

    /// Searches. Any text is fine; an empty one gives everything, newest first.
    ///
    /// # Errors
    /// [`Error::Index`] when the files cannot be read.
    pub fn search(&self, query: &Query) -> Result<Hits, Error> {
        let asked = Asked::new(&query.text);
        if asked.is_nothing() {
            return Ok(Hits {
                total: 0,
                hits: Vec::new(),
                facets: Facets::new(),
                relaxed: false,
            });
        }
        let searcher = self.reader.searcher();
        let (offset, limit) = (query.offset.min(OFFSET_MAX), query.limit.min(LIMIT_MAX));
        let gather = Gather {
            query,
            ranked: !asked.is_everything(),
            keep: offset + limit,
            tables: self.tables.of(&searcher)?,
        };
        let mut found = searcher.search(&*asked.strict(&self.fields, Codes::Whole), &gather)?;
        if found.is_nothing() && asked.has_code() {
            found = searcher.search(&*asked.strict(&self.fields, Codes::InParts), &gather)?;
        }
        // nothing anywhere, whatever is chosen: ask for less
        let relaxed = gather.ranked && found.is_nothing();
        if relaxed {
            found = searcher.search(&*asked.relaxed(&self.fields), &gather)?;
        }
        let mut hits = Vec::new();
        for (score, address) in found.best.iter().skip(offset) {
            let stored: TantivyDocument = searcher.doc(*address)?;
            let text = stored
                .get_first(self.fields.doc)
                .and_then(|it| it.as_str())
                .unwrap_or_default();
            let doc: SearchDoc = serde_json::from_str(text).map_err(|error| Error::Index(Box::new(error)))?;
            let marks = highlight::marks(&doc, &asked);
            hits.push(Hit {
                doc,
                score: *score,
                marks,
            });
        }
        Ok(Hits {
            total: found.total,
            hits,
            relaxed: relaxed && found.total > 0,
            facets: counted(found),
        })
    }

    /// Writes; when that fails, nothing of it stays behind for the next commit.
    fn written(&self, work: impl FnOnce(&IndexWriter) -> Result<(), Error>) -> Result<(), Error> {
        let mut guard = self.lock();
        let done = self.writer(&mut guard).and_then(|writer| work(writer));
        if done.is_err() {
            *guard = None;
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, Option<IndexWriter>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer<'a>(&self, guard: &'a mut MutexGuard<'_, Option<IndexWriter>>) -> Result<&'a mut IndexWriter, Error> {
        if guard.is_none() {
            **guard = Some(self.wait_for_writer()?);
        }
        guard.as_mut().ok_or(Error::Busy)
    }

    fn wait_for_writer(&self) -> Result<IndexWriter, Error> {
        let (pause, times) = PATIENCE;
        for _ in 0..times {
            match self.index.writer_with_num_threads(1, WRITER_BYTES) {
                Err(TantivyError::LockFailure(LockError::LockBusy, _)) => std::thread::sleep(pause),
                other => return Ok(other?),
            }
        }
        Err(Error::Busy)
    }
}

type Facets = BTreeMap<Facet, Vec<FacetCount>>;

fn counted(found: Found) -> Facets {
    Facet::ALL
        .into_iter()
        .zip(found.facets)
        .map(|(facet, counts)| {
            let mut counts: Vec<FacetCount> = counts
                .into_iter()
                .map(|(value, count)| FacetCount { value, count })
                .collect();
            counts.sort_by(|one, two| two.count.cmp(&one.count).then_with(|| one.value.cmp(&two.value)));
            (facet, counts)
        })
        .collect()
}

fn open(folder: &Path, fields: &Fields) -> Result<tantivy::Index, TantivyError> {
    let directory = MmapDirectory::open(folder)?;
    tantivy::Index::open_or_create(directory, fields.schema.clone())
}
