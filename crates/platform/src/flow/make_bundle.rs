//! Evidence for people outside: entries with their proofs in one file that is checked offline.

use chrono::{DateTime, TimeDelta};
use ledger::{Fault, Filter, Page, Trust, Verified, bundle};
use vocab::{Actor, AgreementId, ReleaseId, Timestamp};

use super::{
    list_entries::{narrowed, scope},
    publish_log::publish_log,
};
use crate::{App, Error};

/// The most entries of one bundle.
const MOST: u64 = 1000;
/// A release ends at most so long after it began.
const LONGEST_RELEASE: TimeDelta = TimeDelta::days(2);

/// Which entries a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Entries by their numbers.
    Entries(Vec<u64>),
    /// Everything done to one subject: an identifier.
    Subject(String),
    /// Everything that names an identifier.
    Mentions(String),
    /// The receipts of one release.
    Release(ReleaseId),
    /// Everything about one agreement: how it came about, its changes, every release under it.
    Agreement(AgreementId),
}

/// Makes an evidence bundle of entries the actor may read; publishes first when a checkpoint is still missing.
///
/// # Errors
/// [`Error::Denied`]; [`Error::NotFound`] when there is no such entry (or not for this reader); [`Error::Faults`] for
/// more than 1000 entries.
pub async fn make_bundle(app: &App, actor: &Actor, evidence: &Evidence) -> Result<Vec<u8>, Error> {
    let indices = indices(app, actor, evidence).await?;
    match make(app, &indices).await {
        Err(Error::Ledger(ledger::Error::NotPublished { .. } | ledger::Error::Tile(_))) => {
            publish_log(app).await?;
            make(app, &indices).await
        }
        other => other,
    }
}

/// Checks a bundle with nothing but its bytes and this node's own keys.
///
/// # Errors
/// [`Error::Internal`] when the work was interrupted; that the bundle proves nothing is the inner [`Fault`].
pub async fn verify_bundle(app: &App, bytes: Vec<u8>) -> Result<Result<Verified, Fault>, Error> {
    let keys = app.log.verifier_keys().into_iter().cloned().collect();
    let trust = Trust {
        keys,
        ..Trust::default()
    };
    let work = move || ledger::verify(&bytes, &trust);
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

async fn make(app: &App, indices: &[u64]) -> Result<Vec<u8>, Error> {
    let tx = app.read().await?;
    Ok(bundle::make(&tx, &app.log, &app.log_dir(), indices).await?.to_bytes())
}

async fn indices(app: &App, actor: &Actor, evidence: &Evidence) -> Result<Vec<u64>, Error> {
    let scope = scope(app, actor)?;
    let filter = match evidence {
        Evidence::Entries(wished) => return by_number(app, scope, wished).await,
        Evidence::Subject(it) => Filter {
            subject: Some(it.clone()),
            ..Filter::default()
        },
        Evidence::Mentions(it) => Filter {
            mentions: Some(it.clone()),
            ..Filter::default()
        },
        Evidence::Agreement(it) => Filter {
            mentions: Some(it.to_string()),
            ..Filter::default()
        },
        Evidence::Release(it) => {
            let from = born(*it);
            let to = from.map(|it| it + LONGEST_RELEASE);
            Filter {
                text: Some(format!("\"{it}\"")),
                from,
                to,
                ..Filter::default()
            }
        }
    };
    let page = Page {
        before: None,
        limit: MOST,
    };
    let tx = app.read().await?;
    let filter = narrowed(filter, scope)?;
    let found = ledger::find(&tx, &filter, page).await?;
    if found.len() as u64 == MOST && ledger::count(&tx, &filter).await? > MOST {
        return Err(too_many());
    }
    sorted(found.iter().map(|it| it.index).collect())
}

async fn by_number(app: &App, org: Option<vocab::OrgId>, wished: &[u64]) -> Result<Vec<u64>, Error> {
    if wished.len() as u64 > MOST {
        return Err(too_many());
    }
    let tx = app.read().await?;
    for index in wished {
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
        if found.first().is_none_or(|it| it.index != *index) {
            return Err(Error::NotFound("entry"));
        }
    }
    sorted(wished.to_vec())
}

fn sorted(mut all: Vec<u64>) -> Result<Vec<u64>, Error> {
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        Err(Error::NotFound("entry"))
    } else {
        Ok(all)
    }
}

fn too_many() -> Error {
    Error::fault("entries", "too-many", format!("a bundle holds at most {MOST} entries"))
}

/// When a release began: its identifier begins with milliseconds since 1970 (RFC 9562 §5.7), less a minute for clocks
/// that differ.
fn born(id: ReleaseId) -> Option<Timestamp> {
    let text = id.to_string();
    let millis = i64::from_str_radix(text.split_once('_')?.1.get(..12)?, 16).ok()?;
    Some(DateTime::from_timestamp_millis(millis)? - TimeDelta::minutes(1))
}
