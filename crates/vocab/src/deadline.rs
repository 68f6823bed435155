//! Deadlines that explain themselves: a limit counted from an instant over a calendar, with pauses and extensions.
//!
//! Rules of counting (行政许可法 Art. 82; 民法典 Art. 201-203): the day of receipt does not count; a limit in days ends
//! with the last moment of its last day; a limit in calendar days that would end on a day off ends on the next working day;
//! days touched by a pause do not count. How long a limit is, and what extends it, is data of its caller.

use chrono::{Days, Duration, FixedOffset, NaiveDate, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Role, Timestamp,
    calendar::{Calendar, DayOff, local_day},
    class::list,
};

mod explain;

list! {
    /// In what a limit is counted.
    Unit: "unit" {
        /// 工作日.
        WorkingDays = "working-days", "个工作日", "working days";
        /// 自然日.
        CalendarDays = "calendar-days", "日", "days";
        /// 小时.
        Hours = "hours", "小时", "hours";
    }
}

/// A limit: 10 working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limit {
    /// How many.
    pub n: u32,
    /// Of what.
    pub unit: Unit,
}

/// A time in which the clock stands still (supplement asked, hearing, expert review).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pause {
    /// From this instant.
    pub from: Timestamp,
    /// Until this instant; `None` while it lasts.
    pub until: Option<Timestamp>,
}

/// Consent to more time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// How much more, in the limit's unit.
    pub n: u32,
    /// Who consented.
    pub by: Role,
    /// On which day, in the node's zone.
    pub on: NaiveDate,
}

/// Days that did not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Why.
    #[serde(flatten)]
    pub why: DayOff,
}

/// When a limit ends, and how that was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The instant that started the clock.
    pub start: Timestamp,
    /// Its day in the node's zone; it does not count.
    pub start_day: NaiveDate,
    /// The limit, extensions not included.
    pub limit: Limit,
    /// What extensions added, in the limit's unit.
    pub extended: u32,
    /// Who consented to that; the caller knows, counting does not ask.
    #[serde(default)]
    pub consents: Vec<Consent>,
    /// The first instant that is too late; `None` while a pause lasts.
    pub due: Option<Timestamp>,
    /// The last day on which it is in time; `None` while a pause lasts.
    pub last_day: Option<NaiveDate>,
    /// Days that did not count, in order, neighbours of one reason joined.
    pub skipped: Vec<Skipped>,
    /// Weekend days that did count because they are make-up working days.
    pub made_up: Vec<NaiveDate>,
    /// Years whose holidays the calendar does not know: the result may be off, say so.
    pub uncovered_years: Vec<i32>,
}

/// A deadline that cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// More than 4000 days or 96,000 hours.
    #[error("a limit of {0} is out of range")]
    TooLong(u64),
    /// A pause ends before it begins.
    #[error("pause {0} ends before it begins")]
    PauseReversed(usize),
    /// The end lies beyond the calendar.
    #[error("the end of the limit lies beyond the calendar")]
    BeyondCalendar,
}

/// The most days that are counted, a guard against wrong rows.
const MOST_DAYS: u64 = 4000;

/// Counts a limit.
///
/// `extensions` are added to the limit in its unit. `zone` decides which day an instant belongs to.
///
/// # Errors
/// [`DeadlineError`] for limits that are absurdly long, reversed pauses and dates out of range.
pub fn count(
    start: Timestamp,
    limit: Limit,
    extensions: &[u32],
    pauses: &[Pause],
    calendar: &Calendar,
    zone: FixedOffset,
) -> Result<Deadline, DeadlineError> {
    if let Some(place) = pauses
        .iter()
        .position(|it| it.until.is_some_and(|until| until < it.from))
    {
        return Err(DeadlineError::PauseReversed(place));
    }
    let extended = extensions.iter().map(|it| u64::from(*it)).sum::<u64>();
    let total = extended + u64::from(limit.n);
    let most = if limit.unit == Unit::Hours {
        MOST_DAYS * 24
    } else {
        MOST_DAYS
    };
    if total > most {
        return Err(DeadlineError::TooLong(total));
    }
    let mut found = Deadline {
        start,
        start_day: local_day(start, zone),
        limit,
        extended: u32::try_from(extended).unwrap_or(u32::MAX),
        consents: Vec::new(),
        due: None,
        last_day: None,
        skipped: Vec::new(),
        made_up: Vec::new(),
        uncovered_years: Vec::new(),
    };
    if limit.unit == Unit::Hours {
        found.count_hours(total, pauses, zone)?;
    } else {
        found.count_days(total, pauses, calendar, zone)?;
    }
    Ok(found)
}

impl Deadline {
    fn count_hours(&mut self, hours: u64, pauses: &[Pause], zone: FixedOffset) -> Result<(), DeadlineError> {
        let hours = i64::try_from(hours).unwrap_or(i64::MAX);
        let mut left = Duration::try_hours(hours).ok_or(DeadlineError::BeyondCalendar)?;
        let mut at = self.start;
        let mut pauses: Vec<&Pause> = pauses.iter().collect();
        pauses.sort_by_key(|it| it.from);
        for pause in pauses {
            if pause.until.is_some_and(|until| until <= at) {
                continue;
            }
            let running = (pause.from - at).max(Duration::zero());
            if running >= left {
                break;
            }
            left -= running;
            let from = local_day(at.max(pause.from), zone);
            let Some(until) = pause.until else {
                self.skip(from, DayOff::Paused);
                return Ok(());
            };
            for day in from.iter_days().take_while(|it| *it <= local_day(until, zone)) {
                self.skip(day, DayOff::Paused);
            }
            at = until;
        }
        let due = at.checked_add_signed(left).ok_or(DeadlineError::BeyondCalendar)?;
        self.due = Some(due);
        self.last_day = Some(local_day(due, zone));
        Ok(())
    }

    fn count_days(
        &mut self,
        days: u64,
        pauses: &[Pause],
        calendar: &Calendar,
        zone: FixedOffset,
    ) -> Result<(), DeadlineError> {
        let pauses: Vec<(NaiveDate, Option<NaiveDate>)> = pauses
            .iter()
            .map(|it| (local_day(it.from, zone), it.until.map(|until| local_day(until, zone))))
            .collect();
        let working = self.limit.unit == Unit::WorkingDays;
        let mut day = self.start_day;
        let mut counted = 0;
        while counted < days || !working && days > 0 && calendar.day_off(day).is_some() {
            day = day
                .checked_add_days(Days::new(1))
                .ok_or(DeadlineError::BeyondCalendar)?;
            if (day - self.start_day).num_days() > i64::try_from(MOST_DAYS * 4).unwrap_or(i64::MAX) {
                return Err(DeadlineError::BeyondCalendar);
            }
            self.note_year(day, calendar);
            match pauses
                .iter()
                .find(|(from, until)| *from <= day && until.is_none_or(|until| day <= until))
            {
                Some((_, None)) => {
                    self.skip(day, DayOff::Paused);
                    return Ok(());
                }
                Some(_) => {
                    self.skip(day, DayOff::Paused);
                    continue;
                }
                None => {}
            }
            match calendar.day_off(day) {
                Some(why) if working || counted >= days => self.skip(day, why),
                _ => {
                    counted += 1;
                    if working && calendar.row(day).is_some() {
                        self.made_up.push(day);
                    }
                }
            }
        }
        self.last_day = Some(day);
        let end = day
            .checked_add_days(Days::new(1))
            .ok_or(DeadlineError::BeyondCalendar)?;
        let midnight = zone.from_local_datetime(&end.and_time(NaiveTime::MIN)).single();
        self.due = Some(
            midnight
                .ok_or(DeadlineError::BeyondCalendar)?
                .with_timezone(&chrono::Utc),
        );
        Ok(())
    }

    fn note_year(&mut self, day: NaiveDate, calendar: &Calendar) {
        let year = chrono::Datelike::year(&day);
        if !calendar.covers(day) && self.uncovered_years.last() != Some(&year) {
            self.uncovered_years.push(year);
        }
    }

    fn skip(&mut self, day: NaiveDate, why: DayOff) {
        if let Some(last) = self
            .skipped
            .last_mut()
            .filter(|it| it.why == why && it.to.succ_opt() == Some(day))
        {
            last.to = day;
        } else if self.skipped.last().is_none_or(|it| it.to < day) {
            self.skipped.push(Skipped {
                from: day,
                to: day,
                why,
            });
        }
    }

    /// Is the clock standing still?
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.due.is_none()
    }

    /// Is it too late at this instant? Never while paused.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| now >= due)
    }

    /// Working days from the day of `now` to the last day: 0 on the last day, negative when overdue, `None` while paused.
    #[must_use]
    pub fn working_days_left(&self, now: Timestamp, calendar: &Calendar, zone: FixedOffset) -> Option<i64> {
        self.last_day
            .map(|last| calendar.working_days(local_day(now, zone), last))
    }
}

#[cfg(test)]
mod tests;
