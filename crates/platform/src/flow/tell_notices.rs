//! Notices: what people are told, written in the change that caused it, and read by those to whom it was told.

use db::Tx;
use sharing::{Command, Matter, Told, Who};
use vocab::{Actor, NoticeId, Timestamp};

use super::{Named, fit_terms::there, list_tasks::Names};
use crate::{App, Error};

/// A notice with the names its words need.
#[derive(Debug, Clone)]
pub struct ShownNotice {
    /// The notice.
    pub told: Told,
    /// The resource's name; empty where there is none.
    pub title: Named,
    /// The other side's name; empty where there is none.
    pub other: Named,
}

/// Notices, the newest first.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    /// This part of them.
    pub all: Vec<ShownNotice>,
    /// Where the next part begins, when there is one.
    pub next: Option<NoticeId>,
    /// How many nobody has read, in all.
    pub unread: u64,
}

/// Writes the notices among a machine's commands, within the transaction of the change itself. Each is written once.
pub(crate) async fn tell(tx: &Tx, matter: &Matter, commands: &[Command], now: Timestamp) -> Result<(), Error> {
    for it in sharing::notice::notices(matter, commands, now) {
        sharing::store::insert_notice(tx, &it).await?;
    }
    Ok(())
}

/// What was told to the actor: in each of their roles for the organisation they act for, and in person.
///
/// # Errors
/// When the database fails.
pub async fn list_notices(
    app: &App,
    actor: &Actor,
    unread: bool,
    before: Option<NoticeId>,
    limit: u64,
) -> Result<Notices, Error> {
    let limit = limit.clamp(1, 200);
    let audiences = Who::audiences(actor);
    let tx = app.read().await?;
    let mut found = sharing::store::notices_to(&tx, &audiences, unread, before, limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let next = found.last().filter(|_| more).map(|it| it.id);
    let mut names = Names::new(&tx);
    let mut all = Vec::with_capacity(found.len());
    for told in found {
        all.push(named(&mut names, told).await?);
    }
    let unread = sharing::store::count_unread(&tx, &audiences).await?;
    Ok(Notices { all, next, unread })
}

async fn named(names: &mut Names<'_>, told: Told) -> Result<ShownNotice, Error> {
    let title = match told.resource {
        Some(id) => names.resource(id).await?,
        None => Named::default(),
    };
    let other = match told.other {
        Some(id) => names.org(id).await?,
        None => Named::default(),
    };
    Ok(ShownNotice { told, title, other })
}

/// Marks a notice as read. Reading is no deed: the ledger keeps what was told, in the entry of the deed.
///
/// # Errors
/// [`Error::NotFound`], also for a notice to others.
pub async fn read_notice(app: &App, actor: &Actor, id: NoticeId) -> Result<ShownNotice, Error> {
    let tx = app.db.write().await?;
    let read = sharing::store::read_notice(&tx, id, &Who::audiences(actor), actor.id, app.now()).await;
    let told = there(read, "notice")?;
    let shown = named(&mut Names::new(&tx), told).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Marks everything that was told to the actor as read; how many notices were not.
///
/// # Errors
/// When the database fails.
pub async fn read_all_notices(app: &App, actor: &Actor) -> Result<u64, Error> {
    let tx = app.db.write().await?;
    let many = sharing::store::read_all_notices(&tx, &Who::audiences(actor), actor.id, app.now()).await?;
    tx.commit().await?;
    Ok(many)
}
