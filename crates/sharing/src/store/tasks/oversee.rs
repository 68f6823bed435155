//! What the catalogue is owed, and where the authority steps in.

use db::Tx;
use vocab::{OrgId, ResourceId, Role, Timestamp};

use super::{MOST, Task, TaskClock, TaskKind};
use crate::{
    CatalogClock, Error,
    clock::{Extension, Timer},
    dispute::DisputeState,
    request::RequestState,
    store::{
        agreement::to_agreement,
        catalog_clock::{self, Owed},
        correction::to_correction,
        dispute::to_dispute,
        request::to_request,
    },
};

/// T1: what a department owes its catalogue, and what the authority is asked about it.
pub(super) async fn update_tasks(
    tx: &Tx,
    org: OrgId,
    roles: &[Role],
    now: Timestamp,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    if roles.contains(&Role::DataOfficer) {
        let owed = catalog_clock::updates(tx, Owed::By(org), MOST).await?;
        tasks.extend(owed.iter().map(|it| of_catalog(TaskKind::UpdateCatalog, it, now)));
    }
    if roles.contains(&Role::Authority) {
        let owed = catalog_clock::updates(tx, Owed::ByAll, MOST).await?;
        let asked = owed
            .iter()
            .filter(|it| it.extension.as_ref().is_some_and(Extension::is_open));
        tasks.extend(asked.map(|it| of_catalog(TaskKind::AnswerExtension, it, now)));
    }
    Ok(())
}

fn of_catalog(kind: TaskKind, it: &CatalogClock, now: Timestamp) -> Task {
    Task {
        kind,
        subject: it.subject.clone(),
        no: String::new(),
        resource: it.resource,
        other: it.provider,
        since: it.timer.started,
        clock: Some(TaskClock::of(&it.timer, now)),
    }
}

/// 督办: everything of others that was handed up and is still open, with who is late. What the authority itself is late
/// with stands among its own tasks.
pub(super) async fn oversee_tasks(tx: &Tx, now: Timestamp, tasks: &mut Vec<Task>) -> Result<(), Error> {
    let handed_up = |table: &str| format!("select body, revision from {table} where escalated order by id limit $1");
    for row in tx.all(&handed_up("sharing_request"), [MOST.into()]).await? {
        let it = to_request(&row)?;
        if it.state == RequestState::Accepted {
            let about = (it.id.to_string(), it.no.as_str(), Some(it.resource), it.provider);
            tasks.extend(oversight(about, &it.timers, now));
        }
    }
    for row in tx.all(&handed_up("agreement"), [MOST.into()]).await? {
        let it = to_agreement(&row)?;
        let late = if it.owes_disposal() { it.consumer } else { it.provider };
        let about = (it.id.to_string(), it.no.as_str(), Some(it.resource), late);
        tasks.extend(oversight(about, &it.timers, now));
    }
    for row in tx.all(&handed_up("correction"), [MOST.into()]).await? {
        let it = to_correction(&row)?;
        let about = (it.id.to_string(), it.no.as_str(), Some(it.resource), it.provider);
        tasks.extend(oversight(about, &it.timers, now));
    }
    for row in tx.all(&handed_up("dispute"), [MOST.into()]).await? {
        let it = to_dispute(&row)?;
        // Above the first rung the authority itself acts.
        if it.state == DisputeState::Negotiating {
            tasks.extend(oversight(
                (it.id.to_string(), it.no.as_str(), None, it.other),
                &it.timers,
                now,
            ));
        }
    }
    for it in catalog_clock::updates(tx, Owed::HandedUp, MOST).await? {
        tasks.push(of_catalog(TaskKind::Oversee, &it, now));
    }
    Ok(())
}

/// The task of stepping in, where an open timer was handed up: subject, number, resource and who is late are given.
fn oversight(about: (String, &str, Option<ResourceId>, OrgId), timers: &[Timer], now: Timestamp) -> Option<Task> {
    let (subject, no, resource, other) = about;
    let handed_up = timers.iter().filter(|it| it.is_open());
    let timer = handed_up
        .filter(|it| it.escalated_at.is_some())
        .min_by_key(|it| it.due())?;
    Some(Task {
        kind: TaskKind::Oversee,
        subject,
        no: no.to_owned(),
        resource,
        other,
        since: timer.escalated_at.unwrap_or(now),
        clock: Some(TaskClock::of(timer, now)),
    })
}
