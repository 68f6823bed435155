//! Limits and calendar as data: everybody reads them, the authority and the system administrator keep them.

use chrono::NaiveDate;
use policy::{About, Permit};
use serde_json::json;
use sharing::{ClockId, ClockRule};
use vocab::{Action, Actor, CalendarDay};

use super::{fit_terms::there, remind_clocks::put_recount};
use crate::{App, Change, Error, Event};

/// Every limit with its legal basis: national ones first, then by region.
///
/// # Errors
/// When the database fails.
pub async fn list_clocks(app: &App) -> Result<Vec<ClockRule>, Error> {
    Ok(sharing::store::rules(&app.read().await?).await?)
}

/// The days of the calendar that are not what their weekday says, of one year or all.
///
/// # Errors
/// When the database fails.
pub async fn list_days(app: &App, year: Option<i32>) -> Result<Vec<CalendarDay>, Error> {
    Ok(sharing::store::days(&app.read().await?, year).await?)
}

/// Writes a limit. A region may only be stricter than the rule above it. Clocks that run keep the rule they began under.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Faults`] without a legal basis; [`Error::Sharing`] for a region that is longer.
pub async fn put_clock(app: &App, actor: &Actor, rule: ClockRule) -> Result<ClockRule, Error> {
    let permit = permit(app, actor)?;
    if rule.basis_zh.trim().is_empty() {
        return Err(Error::fault("basis_zh", "missing", "a limit names its legal basis"));
    }
    let change = Change::begin(app, permit).await?;
    sharing::store::put_rule(change.db(), &rule, change.now()).await?;
    change
        .commit(&Event::new(Action::ManageClocks, "clock-put", rule.clock, &rule))
        .await?;
    Ok(rule)
}

/// Takes a regional limit away; the rule above it holds again.
///
/// # Errors
/// [`Error::Denied`], [`Error::NotFound`].
pub async fn drop_clock(app: &App, actor: &Actor, clock: ClockId, region: &str) -> Result<(), Error> {
    let change = Change::begin(app, permit(app, actor)?).await?;
    there(sharing::store::drop_rule(change.db(), clock, region).await, "clock")?;
    change
        .commit(&Event::new(
            Action::ManageClocks,
            "clock-dropped",
            clock,
            &json!({ "region": region }),
        ))
        .await?;
    Ok(())
}

/// Writes a day of the calendar. Clocks that run are counted again within a minute.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Faults`] without the notice that says so.
pub async fn put_day(app: &App, actor: &Actor, day: CalendarDay) -> Result<CalendarDay, Error> {
    let permit = permit(app, actor)?;
    if day.basis.trim().is_empty() {
        return Err(Error::fault("basis", "missing", "a day names the notice that says so"));
    }
    let change = Change::begin(app, permit).await?;
    sharing::store::put_day(change.db(), &day, change.now()).await?;
    put_recount(change.db(), change.now()).await?;
    change
        .commit(&Event::new(Action::ManageClocks, "day-put", day.date, &day))
        .await?;
    Ok(day)
}

/// Takes a day's row away: its weekday decides again, also after the next start. Clocks that run are counted again within
/// a minute.
///
/// # Errors
/// [`Error::Denied`], [`Error::NotFound`].
pub async fn drop_day(app: &App, actor: &Actor, day: NaiveDate) -> Result<(), Error> {
    let change = Change::begin(app, permit(app, actor)?).await?;
    there(sharing::store::drop_day(change.db(), day, change.now()).await, "day")?;
    put_recount(change.db(), change.now()).await?;
    change
        .commit(&Event::new(Action::ManageClocks, "day-dropped", day, &json!({})))
        .await?;
    Ok(())
}

fn permit(app: &App, actor: &Actor) -> Result<Permit, Error> {
    Ok(policy::decide(
        &app.rules,
        actor,
        Action::ManageClocks,
        &About::Platform,
    )?)
}
