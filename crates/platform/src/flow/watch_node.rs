//! How the node is doing: what waits, what runs, what was done.

use chrono::TimeDelta;
use ledger::{Filter, Page, Recorded};
use policy::About;
use sharing::RequestState;
use vocab::{Action, Actor, AgreementState, OrgId, Timestamp};

use super::check_log::{CHECKED, FAILED};
use crate::{App, Error, app::beijing};

/// Figures of the whole node for its operators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodeFigures {
    /// Jobs that wait or run.
    pub jobs_waiting: u64,
    /// Those among them that have failed before.
    pub jobs_failing: u64,
    /// Entries of the ledger.
    pub ledger_entries: u64,
    /// Entries under the last checkpoint.
    pub ledger_published: u64,
    /// Organisations.
    pub orgs: u64,
    /// Resources that everybody sees.
    pub resources: u64,
    /// Requests that are not decided.
    pub requests_open: u64,
    /// Agreements in force.
    pub agreements_active: u64,
    /// Values of sources without a place in their type that became NULL, since the process began.
    pub values_nulled: u64,
    /// Rows of files that could not be read and were left out, since the process began.
    pub rows_set_aside: u64,
    /// Did the last check of the whole ledger find a fault?
    pub ledger_check_failed: bool,
}

/// The state of the platform for one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Whose releases are counted: one organisation's, or everybody's (`None`).
    pub scope: Option<OrgId>,
    /// The node's figures, for those who watch the whole platform.
    pub figures: Option<NodeFigures>,
    /// Receipts since midnight in Beijing.
    pub releases_today: u64,
    /// Receipts in the last seven days.
    pub releases_week: u64,
    /// When the last checkpoint was made.
    pub published_at: Option<Timestamp>,
    /// When the ledger was last read again as a whole.
    pub checked_at: Option<Timestamp>,
    /// Did that check find a fault?
    pub check_failed: bool,
}

/// The state of the platform: all of it, or what concerns the actor's organisation.
///
/// # Errors
/// [`Error::Denied`].
pub async fn watch_node(app: &App, actor: &Actor) -> Result<Overview, Error> {
    let scope = match policy::decide(&app.rules, actor, Action::ReadOperations, &About::Platform) {
        Ok(_) => None,
        Err(_) => {
            policy::decide(&app.rules, actor, Action::ReadOperations, &About::Org(actor.org))?;
            Some(actor.org)
        }
    };
    let figures = if scope.is_none() {
        Some(measure_node(app).await?)
    } else {
        None
    };
    let midnight = beijing(app.now())
        .date_naive()
        .and_time(chrono::NaiveTime::MIN)
        .and_utc()
        - TimeDelta::hours(8);
    let tx = app.read().await?;
    let releases = |from: Timestamp| Filter {
        org: scope,
        from: Some(from),
        ..Filter::default()
    };
    let releases_today = ledger::count_answers(&tx, &releases(midnight)).await?;
    let releases_week = ledger::count_answers(&tx, &releases(app.now() - TimeDelta::days(7))).await?;
    let last = last_check(&tx).await?;
    Ok(Overview {
        scope,
        figures,
        releases_today,
        releases_week,
        published_at: ledger::last_checkpoint(&tx).await?.map(|it| it.at),
        checked_at: last.as_ref().map(|it| it.entry.at),
        check_failed: last.is_some_and(|it| it.entry.kind == FAILED),
    })
}

/// The entry of the last check of the whole ledger.
async fn last_check(tx: &db::Tx) -> Result<Option<Recorded>, Error> {
    let mut checks = Vec::new();
    for kind in [CHECKED, FAILED] {
        let filter = Filter {
            kind: Some(kind.to_owned()),
            ..Filter::default()
        };
        checks.extend(ledger::find(tx, &filter, Page { before: None, limit: 1 }).await?);
    }
    Ok(checks.into_iter().max_by_key(|it| it.index))
}

/// The node's figures, for `/metrics`: counts only, nothing about anybody.
///
/// # Errors
/// When the database fails.
pub async fn measure_node(app: &App) -> Result<NodeFigures, Error> {
    let tx = app.read().await?;
    let (jobs_waiting, jobs_failing) = db::jobs::waiting(&tx).await?;
    let visible = catalog::State::ALL
        .iter()
        .copied()
        .filter(|it| it.is_visible())
        .collect();
    let filter = catalog::store::Filter {
        states: visible,
        ..Default::default()
    };
    let closed = [
        RequestState::Draft,
        RequestState::Granted,
        RequestState::Refused,
        RequestState::Withdrawn,
    ];
    let requests = sharing::store::count_requests(&tx).await?;
    let agreements = sharing::store::count_agreements(&tx).await?;
    let (values_nulled, rows_set_aside) = engine::noticed_ever();
    Ok(NodeFigures {
        values_nulled,
        rows_set_aside,
        jobs_waiting,
        jobs_failing,
        ledger_entries: ledger::size(&tx).await?,
        ledger_published: ledger::last_checkpoint(&tx).await?.map_or(0, |it| it.size),
        orgs: catalog::store::orgs(&tx).await?.len() as u64,
        resources: catalog::store::count(&tx, &filter).await?,
        requests_open: requests
            .iter()
            .filter(|(state, _)| !closed.contains(state))
            .map(|(_, many)| many)
            .sum(),
        agreements_active: agreements
            .iter()
            .filter(|(it, _)| *it == AgreementState::Active)
            .map(|(_, many)| many)
            .sum(),
        ledger_check_failed: last_check(&tx).await?.is_some_and(|it| it.entry.kind == FAILED),
    })
}
