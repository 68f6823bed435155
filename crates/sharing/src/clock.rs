//! Clocks: limits as rows with their legal basis, and timers that run under them.
//!
//! A national rule and, for some divisions, a regional one that may only be shorter (国家规定为上限，地方可以更短).
//! A timer keeps the rule under which it began: a change of the row is for new timers only.

use chrono::{Days, FixedOffset, NaiveDate, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};
use vocab::{
    Calendar, Consent, Limit, Pause, Role, Timestamp,
    calendar::{local_day, shanghai},
    deadline::{self, DeadlineError, Unit},
};

mod catalog;
mod extension;
mod timer;

pub use catalog::{CatalogClock, Cause, begin_review, begin_update};
pub use extension::{Answer, Extension};
pub use timer::{DueKind, DueNotice, Timer, due_notices};
pub(crate) use timer::{is_escalated, last_days, mark, meet, next_at};

vocab::list! {
    /// The limits of the regulation.
    ClockId: "clock" {
        /// Catalogue update after a change of law or duties.
        T1 = "T1", "目录更新", "Catalogue update";
        /// Review and publication of an updated entry.
        T2 = "T2", "目录审核发布", "Catalogue review and publication";
        /// Answer to an application for unconditional data.
        T3 = "T3", "无条件共享答复", "Answer, unconditional data";
        /// Answer to an application for conditional data.
        T4 = "T4", "有条件共享答复", "Answer, conditional data";
        /// Conformity check; what is missing is told once, whole.
        T5 = "T5", "合规性审查", "Conformity check";
        /// Reasons of a refusal.
        T6 = "T6", "说明理由", "Reasons of a refusal";
        /// Data provided after agreement.
        T7 = "T7", "数据提供", "Data provided";
        /// Correction request verified and answered.
        T8 = "T8", "校核反馈", "Correction answered";
        /// Disposal of obtained data after the end of an agreement.
        T10 = "T10", "数据销毁", "Disposal of obtained data";
        /// Negotiation of a dispute between two departments.
        D1 = "D1", "争议协商", "Dispute negotiated";
        /// Mediation of a dispute, by the authority of the level or the common superior one.
        D2 = "D2", "争议协调", "Dispute mediated";
        /// Decision of the government on a dispute.
        D3 = "D3", "争议决定", "Dispute decided by the government";
    }
}

vocab::list! {
    /// How sure a row is, so that people know what to check.
    Certainty: "certainty" {
        /// Read in the text of the rule.
        Verified = "verified", "已核对原文", "Verified against the text";
        /// From practice; to be checked by the authority before use.
        ToConfirm = "to-confirm", "待主管部门确认", "To be confirmed by the authority";
    }
}

/// A limit as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRule {
    /// Which limit.
    pub clock: ClockId,
    /// 行政区划代码 of the region, or none for the national rule.
    pub region: Option<String>,
    /// Legal basis, Chinese.
    pub basis_zh: String,
    /// Legal basis, English.
    pub basis_en: String,
    /// How long; `None` where the rule has no number (no timer runs then).
    pub value: Option<u32>,
    /// In what.
    pub unit: Unit,
    /// By how much it may be extended, in `unit`; 0 is not at all.
    pub extension: u32,
    /// Who consents to an extension; without anybody there is none.
    pub approver: Option<Role>,
    /// A reminder is due so many working days before the end.
    pub remind_before: u32,
    /// How sure this row is.
    pub certainty: Certainty,
}

/// Rows of limits that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Two rows for one limit and region.
    #[error("clock {0} has two rows for region `{1}`")]
    Twice(ClockId, String),
    /// A regional row without a national one.
    #[error("clock {0} has no national row")]
    NoNational(ClockId),
    /// A regional row that is longer than the rule above it.
    #[error("clock {0} in region `{1}` is longer than the rule above it; a region may only shorten")]
    Longer(ClockId, String),
    /// A region that is no division code.
    #[error("`{0}` is not a division code")]
    Region(String),
}

/// The limits in force, the calendar they count with, and the zone whose days they mean.
#[derive(Debug, Clone)]
pub struct Clocks {
    rules: Vec<ClockRule>,
    calendar: Calendar,
    zone: FixedOffset,
}

impl Clocks {
    /// Checks that every region only shortens. Days are those of China Standard Time.
    ///
    /// # Errors
    /// [`ClockError`].
    pub fn new(rules: Vec<ClockRule>, calendar: Calendar) -> Result<Self, ClockError> {
        for (at, rule) in rules.iter().enumerate() {
            let region = rule.region.clone().unwrap_or_default();
            if rule.region.is_some() && (region.len() < 6 || !region.chars().all(|it| it.is_ascii_digit())) {
                return Err(ClockError::Region(region));
            }
            if rules
                .iter()
                .take(at)
                .any(|it| it.clock == rule.clock && it.region == rule.region)
            {
                return Err(ClockError::Twice(rule.clock, region));
            }
            if !rules.iter().any(|it| it.clock == rule.clock && it.region.is_none()) {
                return Err(ClockError::NoNational(rule.clock));
            }
            let above = rules
                .iter()
                .filter(|it| it.clock == rule.clock && it.region != rule.region);
            for above in above.filter(|it| covers(it.region.as_deref(), &region)) {
                if !rule.is_within(above) {
                    return Err(ClockError::Longer(rule.clock, region));
                }
            }
        }
        Ok(Self {
            rules,
            calendar,
            zone: shanghai(),
        })
    }

    /// The rule that holds in a division: the regional one nearest to it, else the national one.
    #[must_use]
    pub fn pick(&self, clock: ClockId, division: Option<&str>) -> Option<&ClockRule> {
        self.rules
            .iter()
            .filter(|it| it.clock == clock)
            .filter(|it| it.region.is_none() || division.is_some_and(|division| covers(it.region.as_deref(), division)))
            .max_by_key(|it| it.region.as_deref().map_or(0, |region| prefix(region).len()))
    }

    /// Every row.
    #[must_use]
    pub fn rules(&self) -> &[ClockRule] {
        &self.rules
    }

    /// The calendar.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Starts a timer; `None` where the rule has no number.
    ///
    /// # Errors
    /// [`DeadlineError`] for absurd rows.
    pub fn start(
        &self,
        clock: ClockId,
        division: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Timer>, DeadlineError> {
        let Some(rule) = self.pick(clock, division) else {
            return Ok(None);
        };
        let Some(n) = rule.value else { return Ok(None) };
        let limit = Limit { n, unit: rule.unit };
        let deadline = deadline::count(now, limit, &[], &[], &self.calendar, self.zone)?;
        let mut timer = Timer {
            rule: rule.clone(),
            started: now,
            extensions: vec![],
            pauses: vec![],
            deadline,
            remind_at: None,
            met_at: None,
            reminded_at: None,
            escalated_at: None,
        };
        timer.remind_at = self.remind_at(&timer);
        Ok(Some(timer))
    }

    /// Counts an open timer again with the calendar in force: days of the calendar may change while it runs. What was told
    /// too early is told again in time. True when its end has moved.
    ///
    /// # Errors
    /// [`DeadlineError`] for absurd rows.
    pub fn count_again(&self, timer: &mut Timer, now: Timestamp) -> Result<bool, DeadlineError> {
        if !timer.is_open() {
            return Ok(false);
        }
        let was = timer.deadline.clone();
        self.recount(timer)?;
        if timer.due().is_some_and(|due| now < due) {
            timer.escalated_at = None;
        }
        if timer.remind_at.is_some_and(|it| now < it) {
            timer.reminded_at = None;
        }
        Ok(timer.deadline != was)
    }

    /// Counts a timer again after a pause or an extension.
    fn recount(&self, timer: &mut Timer) -> Result<(), DeadlineError> {
        let limit = timer.deadline.limit;
        let mut deadline = deadline::count(
            timer.started,
            limit,
            &timer.extensions,
            &timer.pauses,
            &self.calendar,
            self.zone,
        )?;
        deadline.consents = std::mem::take(&mut timer.deadline.consents);
        timer.deadline = deadline;
        timer.remind_at = self.remind_at(timer);
        Ok(())
    }

    /// The beginning of the day that lies `remind_before` working days before the last one, not before the start.
    fn remind_at(&self, timer: &Timer) -> Option<Timestamp> {
        let last = timer.deadline.last_day?;
        let wanted = i64::from(timer.rule.remind_before);
        let mut day: NaiveDate = last;
        while day > timer.deadline.start_day && self.calendar.working_days(day, last) < wanted {
            day = day.checked_sub_days(Days::new(1))?;
        }
        let midnight = self.zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).single()?;
        Some(midnight.with_timezone(&chrono::Utc).max(timer.started))
    }

    /// The timer stands still from now on.
    ///
    /// # Errors
    /// [`DeadlineError`] for absurd rows.
    pub fn pause(&self, timer: &mut Timer, now: Timestamp) -> Result<(), DeadlineError> {
        if timer.is_open() && !timer.deadline.is_paused() {
            timer.pauses.push(Pause { from: now, until: None });
            self.recount(timer)?;
        }
        Ok(())
    }

    /// The timer goes on.
    ///
    /// # Errors
    /// [`DeadlineError`] for absurd rows.
    pub fn resume(&self, timer: &mut Timer, now: Timestamp) -> Result<(), DeadlineError> {
        if let Some(pause) = timer.pauses.last_mut().filter(|it| it.until.is_none()) {
            pause.until = Some(now);
            self.recount(timer)?;
        }
        Ok(())
    }

    /// The timer gets more time, in the unit of its limit, with the consent that its rule asks for; an extended limit can
    /// be reminded of and escalated anew. Nothing where the rule names nobody who could consent.
    ///
    /// # Errors
    /// [`DeadlineError`] for absurd rows.
    pub fn extend(&self, timer: &mut Timer, n: u32, now: Timestamp) -> Result<(), DeadlineError> {
        let Some(by) = timer.rule.approver else { return Ok(()) };
        let on = local_day(now, self.zone);
        timer.deadline.consents.push(Consent { n, by, on });
        timer.extensions.push(n);
        timer.reminded_at = None;
        timer.escalated_at = None;
        self.recount(timer)
    }
}

impl ClockRule {
    /// By how much the limit may be extended at most, in its unit: nothing where nobody is named who consents.
    #[must_use]
    pub const fn most_extension(&self) -> u32 {
        if self.approver.is_some() { self.extension } else { 0 }
    }

    /// Is this rule at least as strict as the one above it?
    fn is_within(&self, above: &Self) -> bool {
        let shorter = match (self.value, above.value) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(mine), Some(theirs)) => self.unit == above.unit && mine <= theirs,
        };
        // An extension the national rule does not give cannot be given by a region.
        shorter && self.extension <= above.extension
    }
}

/// Does a region's rule hold for a division? The national rule holds for all.
fn covers(region: Option<&str>, division: &str) -> bool {
    region.is_none_or(|region| division.starts_with(prefix(region)))
}

/// 330000 → 33, 330100 → 3301, 330106 → 330106, 330106001000 → 330106001: the digits that a region's parts share.
fn prefix(region: &str) -> &str {
    let mut kept = region;
    while kept.len() > 6 {
        match kept.strip_suffix("000") {
            Some(shorter) => kept = shorter,
            None => return kept,
        }
    }
    while kept.len() > 2 {
        match kept.strip_suffix("00") {
            Some(shorter) => kept = shorter,
            None => return kept,
        }
    }
    kept
}

#[cfg(test)]
pub(crate) mod tests;
