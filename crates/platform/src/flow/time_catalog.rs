//! 目录时限: how long the authority may review (T2). The catalogue knows nothing of it, nor of the time to update (T1,
//! `update_catalog.rs`): the deeds on an entry begin and meet both here.

use catalog::Resource;
use sharing::{CatalogClock, ClockId, Command, Matter, Notice, Who, clock};
use vocab::{ResourceId, Role};

use super::{fit_terms::refused, show_resource::found, tell_notices::tell};
use crate::{App, Change, Error};

/// The limits that run on an entry: its review, its update.
///
/// # Errors
/// When the database fails.
pub async fn list_catalog_clocks(app: &App, id: ResourceId) -> Result<Vec<CatalogClock>, Error> {
    Ok(sharing::store::running_clocks_of(&app.read().await?, &id.to_string()).await?)
}

/// An entry was submitted: the authority is told, and its time to review begins.
pub(crate) async fn begin_review(change: &Change, it: &Resource) -> Result<(), Error> {
    let (tx, now) = (change.db(), change.now());
    let provider = it.content.provider;
    let org = found(catalog::store::org(tx, provider).await)?;
    let division = Some(org.division.as_str()).filter(|it| !it.is_empty());
    let clocks = sharing::store::clocks(tx).await?;
    if let Some((clock, _)) = clock::begin_review(it.id, provider, division, now, &clocks).map_err(refused)? {
        sharing::store::insert_catalog_clock(tx, &clock).await?;
    }
    let told = Command::Notify {
        who: Who::Authority,
        kind: Notice::ResourceSubmitted,
    };
    tell(tx, &matter(it), &[told], now).await
}

/// A review has ended: its clock is met and the department is told. A published version also meets what its department
/// owed because law or duties had changed.
pub(crate) async fn end_review(change: &Change, it: &Resource, kind: Notice) -> Result<(), Error> {
    let mut met = vec![ClockId::T2];
    if kind == Notice::ResourcePublished {
        met.push(ClockId::T1);
        meet(change, &it.content.provider.to_string(), &[ClockId::T1]).await?;
    }
    meet(change, &it.id.to_string(), &met).await?;
    let role = Role::DataOfficer;
    let org = it.content.provider;
    let who = Who::Org { org, role };
    tell(change.db(), &matter(it), &[Command::Notify { who, kind }], change.now()).await
}

/// A submission was taken back: nobody has to review it any more.
pub(crate) async fn stop_review(change: &Change, it: &Resource) -> Result<(), Error> {
    meet(change, &it.id.to_string(), &[ClockId::T2]).await
}

/// An entry left the catalogue: nothing runs on it any more.
pub(crate) async fn stop_clocks(change: &Change, it: &Resource) -> Result<(), Error> {
    meet(change, &it.id.to_string(), ClockId::ALL).await
}

async fn meet(change: &Change, subject: &str, which: &[ClockId]) -> Result<(), Error> {
    for mut it in sharing::store::running_clocks_of(change.db(), subject).await? {
        if which.contains(&it.timer.clock()) {
            it.meet(change.now());
            sharing::store::save_catalog_clock(change.db(), &mut it, change.now()).await?;
        }
    }
    Ok(())
}

fn matter(it: &Resource) -> Matter {
    Matter {
        subject: it.id.to_string(),
        no: String::new(),
        change: format!("{}/{}", it.id, it.revision),
        resource: Some(it.id),
        consumer: None,
        provider: it.content.provider,
        last_days: Vec::new(),
    }
}
