//! What waits for somebody: every deed of theirs with its clock, the most urgent first.

use std::collections::BTreeMap;

use catalog::State;
use db::Tx;
use sharing::{TaskKind, store::TaskClock};
use vocab::{Actor, OrgId, ResourceId, Role, Timestamp, calendar::Calendar};

use super::Named;
use crate::{App, Error};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// With a request, agreement, correction or dispute.
    Sharing(TaskKind),
    /// Review a resource.
    Review,
}

/// Something that waits for somebody.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What is to be done.
    pub deed: Deed,
    /// With what: the identifier's text (`req_…`, `agr_…`, `cor_…`, `dsp_…`, `res_…`, `org_…`).
    pub subject: String,
    /// Its human number; empty where it has none.
    pub no: String,
    /// The resource's name; empty where there is none.
    pub title: Named,
    /// The other side's name; who is late, where the authority steps in.
    pub other: Named,
    /// Since when.
    pub since: Timestamp,
    /// Its clock.
    pub clock: Option<TaskClock>,
    /// Working days left on the clock; negative when it is late.
    pub left: i64,
}

/// What waits for the actor, the most urgent first.
///
/// # Errors
/// When the database fails.
pub async fn list_tasks(app: &App, actor: &Actor) -> Result<Vec<Waiting>, Error> {
    let tx = app.read().await?;
    let calendar = Calendar::new(sharing::store::days(&tx, None).await?);
    let mut names = Names::new(&tx);
    let mut all = Vec::new();
    for task in sharing::store::tasks_for(&tx, actor.org, &actor.roles, app.now()).await? {
        all.push(Waiting {
            deed: Deed::Sharing(task.kind),
            title: match task.resource {
                Some(id) => names.resource(id).await?,
                None => Named::default(),
            },
            other: names.org(task.other).await?,
            left: left(app, &calendar, task.clock.as_ref()),
            subject: task.subject,
            no: task.no,
            since: task.since,
            clock: task.clock,
        });
    }
    if actor.is(Role::Authority) {
        reviews(app, &calendar, &mut names, &mut all).await?;
    }
    all.sort_by_key(|it| {
        let due = it.clock.as_ref().and_then(|it| it.due);
        (due.unwrap_or(Timestamp::MAX_UTC), it.since)
    });
    Ok(all)
}

/// Working days left on a clock; negative when it is late.
fn left(app: &App, calendar: &Calendar, clock: Option<&TaskClock>) -> i64 {
    let last = clock.and_then(|it| it.last_day);
    last.map_or(0, |last| calendar.working_days(app.today(), last))
}

async fn reviews(app: &App, calendar: &Calendar, names: &mut Names<'_>, all: &mut Vec<Waiting>) -> Result<(), Error> {
    let tx = names.tx;
    let running = sharing::store::running_reviews(tx).await?;
    let filter = catalog::store::Filter {
        states: vec![State::InReview, State::ChangeInReview],
        ..Default::default()
    };
    let page = catalog::store::Page {
        after: None,
        limit: 200,
    };
    for it in catalog::store::list(tx, &filter, page).await?.all {
        let timer = running.iter().find(|clock| clock.resource == Some(it.id));
        let clock = timer.map(|clock| TaskClock::of(&clock.timer, app.now()));
        all.push(Waiting {
            deed: Deed::Review,
            subject: it.id.to_string(),
            no: String::new(),
            other: names.org(it.content.provider).await?,
            title: Named::from(it.content),
            since: it.updated_at,
            left: left(app, calendar, clock.as_ref()),
            clock,
        });
    }
    Ok(())
}

/// Names that were looked up already.
pub(crate) struct Names<'a> {
    tx: &'a Tx,
    orgs: BTreeMap<OrgId, Named>,
    resources: BTreeMap<ResourceId, Named>,
}

impl<'a> Names<'a> {
    pub(crate) const fn new(tx: &'a Tx) -> Self {
        Self {
            tx,
            orgs: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    pub(crate) async fn org(&mut self, id: OrgId) -> Result<Named, Error> {
        if !self.orgs.contains_key(&id) {
            let name = match catalog::store::org(self.tx, id).await {
                Ok(org) => Named::from(&org),
                Err(catalog::Error::NotFound { .. }) => Named::default(),
                Err(other) => return Err(other.into()),
            };
            self.orgs.insert(id, name);
        }
        Ok(self.orgs.get(&id).cloned().unwrap_or_default())
    }

    pub(crate) async fn resource(&mut self, id: ResourceId) -> Result<Named, Error> {
        if !self.resources.contains_key(&id) {
            let name = match catalog::store::resource(self.tx, id).await {
                Ok(it) => Named::from(it.content),
                Err(catalog::Error::NotFound { .. }) => Named::default(),
                Err(other) => return Err(other.into()),
            };
            self.resources.insert(id, name);
        }
        Ok(self.resources.get(&id).cloned().unwrap_or_default())
    }
}
