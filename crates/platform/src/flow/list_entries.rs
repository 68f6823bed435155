//! Reading the ledger: auditor and authority all of it, an organisation what names it.

use ledger::{Filter, Log, Page, Receipt, Recorded};
use policy::About;
use seal::{Hash, Suite};
use vocab::{Action, Actor, ActorId, OrgId};

use super::publish_log::publish_log;
use crate::{App, Error};

/// A part of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries {
    /// Newest first.
    pub all: Vec<Recorded>,
    /// Where the next part begins (entries with a smaller number); `None` at the end.
    pub next: Option<u64>,
    /// Entries in the whole ledger.
    pub size: u64,
    /// Entries under the last checkpoint.
    pub published: u64,
    /// The last signed checkpoint as it is served.
    pub checkpoint: Option<String>,
}

/// An entry and how it is proved.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownEntry {
    /// The entry.
    pub recorded: Recorded,
    /// Its leaf hash in the SHA-256 tree.
    pub leaf: Hash,
    /// The receipts that it holds: none, one, or those of several answers that ended at the same moment.
    pub receipts: Vec<Receipt>,
    /// The proof; not there before the next checkpoint.
    pub proof: Option<Inclusion>,
}

/// That an entry is in the published log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Entries under the checkpoint.
    pub size: u64,
    /// Root of the SHA-256 tree.
    pub root: Hash,
    /// The inclusion proof, RFC 6962 §2.1.1, leaf side first.
    pub path: Vec<Hash>,
    /// The signed checkpoint as it is served.
    pub checkpoint: String,
}

/// Entries, newest first, at most `page.limit`. What is not the reader's to see is left out.
///
/// # Errors
/// [`Error::Denied`] for those who read no ledger; [`Error::Faults`] when an organisation's reader asks for another
/// organisation and for something else that is named at once.
pub async fn list_entries(app: &App, actor: &Actor, filter: Filter, page: Page) -> Result<Entries, Error> {
    let filter = narrowed(filter, scope(app, actor)?)?;
    let limit = page.limit.clamp(1, 500);
    let tx = app.read().await?;
    let mut all = ledger::find(
        &tx,
        &filter,
        Page {
            before: page.before,
            limit: limit + 1,
        },
    )
    .await?;
    let more = all.len() as u64 > limit;
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = ledger::last_checkpoint(&tx).await?;
    Ok(Entries {
        next: all.last().filter(|_| more).map(|it| it.index),
        size: ledger::size(&tx).await?,
        published: last.as_ref().map_or(0, |it| it.size),
        checkpoint: last.map(|it| it.served().to_string()),
        all,
    })
}

/// One entry with its proof.
///
/// # Errors
/// [`Error::Denied`]; [`Error::NotFound`] also for what is not the reader's to see.
pub async fn show_entry(app: &App, actor: &Actor, index: u64) -> Result<ShownEntry, Error> {
    let org = scope(app, actor)?;
    let tx = app.read().await?;
    let page = Page {
        before: Some(index.saturating_add(1)),
        limit: 1,
    };
    let found = ledger::find(
        &tx,
        &Filter {
            org,
            ..Filter::default()
        },
        page,
    )
    .await?;
    let recorded = found
        .into_iter()
        .find(|it| it.index == index)
        .ok_or(Error::NotFound("entry"))?;
    drop(tx);
    let proof = match inclusion(app, index).await {
        Err(Error::Ledger(ledger::Error::Tile(_))) => {
            // Another process publishes into another folder; ours is brought up to it.
            publish_log(app).await?;
            inclusion(app, index).await?
        }
        other => other?,
    };
    // RFC 6962 §2.1: a leaf is hashed behind a zero byte.
    let leaf = Suite::International.digest(&[&[0], recorded.data.as_bytes()].concat());
    let receipts = Receipt::all_of(&recorded);
    Ok(ShownEntry {
        recorded,
        leaf,
        receipts,
        proof,
    })
}

/// Who signs in with a name, for those who read the ledger; nobody when there is no such name.
///
/// # Errors
/// [`Error::Denied`].
pub async fn find_actor(app: &App, actor: &Actor, login: &str) -> Result<Option<ActorId>, Error> {
    scope(app, actor)?;
    let Ok(login) = login.parse() else { return Ok(None) };
    match staff::store::person_by_login(&app.read().await?, &login).await {
        Ok(person) => Ok(Some(person.id)),
        Err(staff::Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

async fn inclusion(app: &App, index: u64) -> Result<Option<Inclusion>, Error> {
    let last = ledger::last_checkpoint(&app.read().await?).await?;
    let Some(last) = last.filter(|it| index < it.size) else {
        return Ok(None);
    };
    let folder = app.log_dir();
    let (size, root, checkpoint) = (last.size, last.root, last.served().to_string());
    let work = move || Log::new(&folder, Suite::International, size).inclusion(index);
    let path = tokio::task::spawn_blocking(work).await.map_err(Error::internal)??;
    Ok(Some(Inclusion {
        size,
        root,
        path,
        checkpoint,
    }))
}

/// Does the actor read the whole ledger? The entries of the published log are for those who do.
#[must_use]
pub fn reads_whole_ledger(app: &App, actor: &Actor) -> bool {
    policy::decide(&app.rules, actor, Action::ReadLedger, &About::Platform).is_ok()
}

/// What the actor may read: everything (`None`) or what names their organisation.
pub(crate) fn scope(app: &App, actor: &Actor) -> Result<Option<OrgId>, Error> {
    if reads_whole_ledger(app, actor) {
        return Ok(None);
    }
    policy::decide(&app.rules, actor, Action::ReadLedger, &About::Org(actor.org))?;
    Ok(Some(actor.org))
}

/// The filter, no wider than the scope.
pub(crate) fn narrowed(filter: Filter, scope: Option<OrgId>) -> Result<Filter, Error> {
    let Some(own) = scope else { return Ok(filter) };
    let other = filter.org.filter(|it| *it != own).map(|it| it.to_string());
    match (other, &filter.mentions) {
        (None, _) => Ok(Filter {
            org: Some(own),
            ..filter
        }),
        (Some(other), None) => Ok(Filter {
            org: Some(own),
            mentions: Some(other),
            ..filter
        }),
        (Some(_), Some(_)) => Err(Error::fault(
            "mentions",
            "too-many",
            "ask for another organisation or for something named, not for both",
        )),
    }
}
