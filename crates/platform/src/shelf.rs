//! The search index follows the ledger.
//!
//! Every change of a resource is an entry of the ledger, written in the change's own transaction. The index keeps, in
//! the same commit as its documents, the place in the log up to which it has followed; so whatever happens between a
//! change and its indexing (a kill, a lock, a full disk), the next look finds the entry again. Every process looks at
//! its start, after each change of its own, and every other second: processes on different machines, each with a folder
//! of its own, all come up to date.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use catalog::{
    State,
    search::{self, Index, SearchDoc},
    store::{Filter, Page},
};
use db::{Db, Tx};
use tokio::sync::Mutex;
use vocab::{OrgId, ResourceId};

use crate::Error;

/// How often a process looks for what others changed.
const PACE: Duration = Duration::from_secs(2);
/// How long a change waits for the index; then it is answered, and the index follows later.
const PATIENCE: Duration = Duration::from_secs(2);
/// Resources indexed in one go.
const STEP: u64 = 1000;
/// After so many entries that concern nothing here the mark is moved all the same, so that a start has little to read.
const FAR: u64 = 100_000;
/// The kinds of entries, by their beginnings, after which the index has something to do.
const KINDS: [&str; 4] = ["resource-", "guess-undone", "declared-not-secret", "org-changed"];

/// Keeps one folder's index in step with the database.
pub(crate) struct Shelf {
    db: Db,
    index: Arc<Index>,
    seen: Mutex<Seen>,
    whole: AtomicBool,
}

/// How far this process has looked since a mark: what it need not read again.
#[derive(Debug, Default)]
struct Seen {
    mark: String,
    size: u64,
}

/// A place in the log, and the leaf before it: a log that was replaced by another is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    size: u64,
    leaf: String,
}

impl Mark {
    async fn at(tx: &Tx, size: u64) -> Result<Self, Error> {
        let leaf = match size.checked_sub(1) {
            Some(last) => ledger::since::leaf(tx, last).await?.unwrap_or_default(),
            None => String::new(),
        };
        Ok(Self { size, leaf })
    }

    fn text(&self) -> String {
        format!("{}:{}", self.size, self.leaf)
    }

    fn read(text: &str) -> Option<Self> {
        let (size, leaf) = text.split_once(':')?;
        Some(Self {
            size: size.parse().ok()?,
            leaf: leaf.to_owned(),
        })
    }
}

impl Shelf {
    /// Begins to follow in the background, until the last handle is dropped.
    pub(crate) fn start(db: Db, index: Arc<Index>) -> Arc<Self> {
        let shelf = Arc::new(Self {
            db,
            whole: AtomicBool::new(!index.is_empty()),
            index,
            seen: Mutex::default(),
        });
        tokio::spawn(keep(Arc::downgrade(&shelf)));
        shelf
    }

    /// Brings the index up to date.
    ///
    /// # Errors
    /// When database or index fail; the index is as it was then, and the next look begins where this one did.
    pub(crate) async fn follow(self: &Arc<Self>) -> Result<(), Error> {
        let shelf = Arc::clone(self);
        // A task of its own: a caller who goes away does not stop it half-way.
        tokio::spawn(async move { shelf.step().await })
            .await
            .map_err(Error::internal)?
    }

    /// Brings the index up to date after a change, if it can be done soon. A change is a change, whatever becomes of
    /// the index.
    pub(crate) async fn follow_soon(self: &Arc<Self>) {
        match tokio::time::timeout(PATIENCE, self.follow()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => complain(&error),
            Err(_) => tracing::info!("the search index is busy and follows later"),
        }
    }

    /// Makes the whole index again; how many resources it holds then.
    ///
    /// # Errors
    /// When database or index fail; the index is as it was then.
    pub(crate) async fn rebuild(self: &Arc<Self>) -> Result<u64, Error> {
        let shelf = Arc::clone(self);
        tokio::spawn(async move {
            let _alone = shelf.seen.lock().await;
            shelf.all().await
        })
        .await
        .map_err(Error::internal)?
    }

    async fn step(&self) -> Result<(), Error> {
        let mut seen = self.seen.lock().await;
        let text = self.index.mark().map_err(catalog::Error::from)?.unwrap_or_default();
        let tx = self.db.read().await?;
        let size = ledger::size(&tx).await?;
        let Some(mark) = known(&tx, &text, size).await? else {
            drop(tx);
            return self.all().await.map(drop);
        };
        // Made by this process or by another that shares the folder.
        self.whole.store(true, Ordering::Relaxed);
        let from = if seen.mark == text { seen.size } else { mark.size };
        let changed = ledger::since::subjects(&tx, from, size, &KINDS).await?;
        if changed.is_empty() && size - mark.size < FAR {
            *seen = Seen { mark: text, size };
            return Ok(());
        }
        let (mut docs, mut gone) = (Vec::new(), Vec::new());
        for id in resources(&tx, &changed).await? {
            match document(&tx, id).await? {
                Some(doc) => docs.push(doc),
                None => gone.push(id),
            }
        }
        let mark = Mark::at(&tx, size).await?.text();
        drop(tx);
        self.written(move |index| {
            index.upsert(&docs)?;
            index.remove(&gone)?;
            index.commit(Some(&mark))
        })
        .await
    }

    async fn all(&self) -> Result<u64, Error> {
        // What is made again is searched as it was until it is done; what never was holds nothing.
        let was_empty = self.index.is_empty();
        self.whole.fetch_and(!was_empty, Ordering::Relaxed);
        let done = self.fill().await;
        match done {
            Ok(_) => self.whole.store(true, Ordering::Relaxed),
            Err(_) => self.index.rollback(),
        }
        done
    }

    /// Is everything found that is there? Not while a new index is being made.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }

    async fn fill(&self) -> Result<u64, Error> {
        let tx = self.db.read().await?;
        let mark = Mark::at(&tx, ledger::size(&tx).await?).await?.text();
        drop(tx);
        self.written(|index| index.clear()).await?;
        let mut many = 0;
        let mut after = None;
        loop {
            let tx = self.db.read().await?;
            let versions = catalog::store::visible_after(&tx, after, STEP).await?;
            let Some(last) = versions.last() else { break };
            after = Some(last.resource);
            let tree = catalog::store::tree(&tx).await?;
            drop(tx);
            let docs = versions.iter().filter_map(|it| {
                let org = tree.get(it.content.provider)?;
                Some(SearchDoc::new(it.resource, &it.content, org, it.at, true))
            });
            many += self.add(docs.collect()).await?;
        }
        let mut page = Page {
            after: None,
            limit: STEP,
        };
        loop {
            let tx = self.db.read().await?;
            let drafts = catalog::store::list(&tx, &drafts(), page).await?;
            let tree = catalog::store::tree(&tx).await?;
            drop(tx);
            let docs = drafts.all.iter().filter_map(|it| {
                let org = tree.get(it.content.provider)?;
                Some(SearchDoc::new(it.id, &it.content, org, it.updated_at, false))
            });
            many += self.add(docs.collect()).await?;
            page.after = drafts.next;
            if page.after.is_none() {
                break;
            }
        }
        self.written(move |index| index.commit(Some(&mark))).await?;
        Ok(many)
    }

    async fn add(&self, docs: Vec<SearchDoc>) -> Result<u64, Error> {
        let many = docs.len() as u64;
        self.written(move |index| index.upsert(&docs)).await?;
        Ok(many)
    }

    /// Works on the index where waiting for files and locks stops nobody.
    async fn written(
        &self,
        work: impl FnOnce(&Index) -> Result<(), search::Error> + Send + 'static,
    ) -> Result<(), Error> {
        let index = Arc::clone(&self.index);
        let done = tokio::task::spawn_blocking(move || work(&index))
            .await
            .map_err(Error::internal)?;
        Ok(done.map_err(catalog::Error::from)?)
    }
}

/// The mark as a place in this log; none in an index without one, or of another log.
async fn known(tx: &Tx, text: &str, size: u64) -> Result<Option<Mark>, Error> {
    let Some(mark) = Mark::read(text).filter(|it| it.size <= size) else {
        return Ok(None);
    };
    let here = Mark::at(tx, mark.size).await?;
    Ok((here == mark).then_some(mark))
}

/// What departments are writing and nobody sees yet.
fn drafts() -> Filter {
    Filter {
        states: vec![State::Draft, State::InReview],
        ..Filter::default()
    }
}

/// Looks every other second. A trouble that lasts is told once.
async fn keep(shelf: Weak<Shelf>) {
    let mut well = true;
    loop {
        tokio::time::sleep(PACE).await;
        let Some(shelf) = shelf.upgrade() else { return };
        let done = shelf.follow().await;
        if let Err(error) = &done
            && well
        {
            complain(error);
        }
        well = done.is_ok();
    }
}

fn complain(error: &Error) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "the search index could not follow and tries again"
    );
}

/// The resources that changed subjects stand for: themselves, or all of an organisation.
async fn resources(tx: &Tx, changed: &[String]) -> Result<Vec<ResourceId>, Error> {
    let mut all = Vec::new();
    for subject in changed {
        if let Ok(id) = subject.parse::<ResourceId>() {
            all.push(id);
        } else if let Ok(id) = subject.parse::<OrgId>() {
            let filter = Filter {
                providers: vec![id],
                ..Filter::default()
            };
            let mut after = None;
            loop {
                let listing = catalog::store::list(tx, &filter, Page { after, limit: STEP }).await?;
                all.extend(listing.all.iter().map(|it| it.id));
                after = listing.next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// What is indexed of a resource: the version in force, or what its department is writing; nothing once withdrawn.
async fn document(tx: &Tx, id: ResourceId) -> Result<Option<SearchDoc>, Error> {
    let it = match catalog::store::resource(tx, id).await {
        Ok(it) => it,
        Err(catalog::Error::NotFound { .. }) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let (content, at, visible) = match it.state {
        State::Withdrawn => return Ok(None),
        state if state.is_visible() => {
            let version = catalog::store::published(tx, id).await?;
            (version.content, version.at, true)
        }
        _ => (it.content, it.updated_at, false),
    };
    let org = catalog::store::org(tx, content.provider).await?;
    Ok(Some(SearchDoc::new(id, &content, &org, at, visible)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let mark = Mark {
            size: 12,
            leaf: "00ff".to_owned(),
        };
        assert_eq!(Mark::read(&mark.text()), Some(mark));
        for text in ["", "12", "x:00", ":"] {
            assert_eq!(Mark::read(text), None, "{text}");
        }
    }
}
