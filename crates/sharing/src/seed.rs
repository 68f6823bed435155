//! The rows a node starts with: the national limits and the calendar of the State Council's notices; and an example of
//! stricter regional limits, which is seeded only where somebody asks for it.
//!
//! Rows that exist are left alone, and days that were taken out stay out, so an operator's change survives every start.

use db::Tx;
use vocab::{Calendar, Role, Timestamp, deadline::Unit};

use crate::{
    Error,
    clock::{Certainty, ClockId, ClockRule},
    store,
};

/// The file of limits, one row a line: clock, region, value, extension, approver, reminder, certainty, basis zh, basis en.
const LIMITS: &str = include_str!("../data/clocks.tsv");

/// Writes the rows that are missing.
///
/// # Errors
/// [`Error::Db`].
pub async fn seed(tx: &Tx, now: Timestamp) -> Result<(), Error> {
    for rule in national() {
        store::calendar::insert_missing_rule(tx, &rule, now).await?;
    }
    for day in Calendar::built_in().rows() {
        store::calendar::insert_missing(tx, day, now).await?;
    }
    Ok(())
}

/// The national limits.
#[must_use]
pub fn national() -> Vec<ClockRule> {
    rows().filter(|it| it.region.is_none()).collect()
}

/// Stricter limits for a division: an example of what a region may do, taken from published county rules, for
/// demonstrations and tests. Write them with [`store::calendar::put_rule`].
#[must_use]
pub fn regional_example(division: &str) -> Vec<ClockRule> {
    let regional = rows().filter(|it| it.region.is_some());
    regional
        .map(|it| ClockRule {
            region: Some(division.to_owned()),
            ..it
        })
        .collect()
}

fn rows() -> impl Iterator<Item = ClockRule> {
    LIMITS.lines().skip(1).filter_map(row)
}

fn row(line: &str) -> Option<ClockRule> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [
        clock,
        region,
        value,
        extension,
        approver,
        remind,
        certainty,
        basis_zh,
        basis_en,
    ] = cells.as_slice()
    else {
        return None;
    };
    Some(ClockRule {
        clock: clock.parse::<ClockId>().ok()?,
        region: (!region.is_empty()).then(|| (*region).to_owned()),
        basis_zh: (*basis_zh).to_owned(),
        basis_en: (*basis_en).to_owned(),
        value: if value.is_empty() {
            None
        } else {
            Some(value.parse().ok()?)
        },
        unit: Unit::WorkingDays,
        extension: extension.parse().ok()?,
        approver: if approver.is_empty() {
            None
        } else {
            Some(approver.parse::<Role>().ok()?)
        },
        remind_before: remind.parse().ok()?,
        certainty: certainty.parse::<Certainty>().ok()?,
    })
}
