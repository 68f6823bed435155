//! The terms of a grant, never wider than what was asked.

use serde::{Deserialize, Serialize};
use vocab::{GrantedItem, RowRule, SharingMode, Timestamp};

use super::Application;
use crate::refused::Refused;

/// The terms of a grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The items, with the masks they leave under.
    pub items: Vec<GrantedItem>,
    /// The rows. In a decision: what the provider adds to the applicant's rule; in a finished grant: both together.
    pub rows: RowRule,
    /// How.
    pub modes: Vec<SharingMode>,
    /// Releases a day; `None` is without limit.
    pub quota_per_day: Option<u64>,
    /// Use from this instant.
    pub from: Timestamp,
    /// Use until this instant.
    pub until: Timestamp,
}

impl Grant {
    /// Exactly what was asked.
    #[must_use]
    pub fn as_asked(asked: &Application) -> Self {
        Self {
            items: asked.items.clone(),
            rows: asked.rows.clone(),
            modes: asked.modes.clone(),
            quota_per_day: asked.quota_per_day,
            from: asked.from,
            until: asked.until,
        }
    }

    /// This grant within an application: its rows AND the applicant's. A mask is the asked one or one that hides at least
    /// as much ([`vocab::Mask::hides_at_least`]).
    ///
    /// # Errors
    /// [`Refused::Wider`] names everything that goes beyond what was asked.
    pub fn within(self, asked: &Application) -> Result<Self, Refused> {
        let mut wider = Vec::new();
        for item in &self.items {
            match asked.items.iter().find(|it| it.item == item.item) {
                None => wider.push(format!("item {}", item.item)),
                Some(it) if !item.mask.hides_at_least(&it.mask) => wider.push(format!("mask of {}", item.item)),
                Some(_) => {}
            }
        }
        wider.extend(
            self.modes
                .iter()
                .filter(|it| !asked.modes.contains(it))
                .map(|it| format!("mode {it}")),
        );
        if self.from < asked.from || self.until > asked.until {
            wider.push("period".to_owned());
        }
        match (self.quota_per_day, asked.quota_per_day) {
            (None, Some(_)) => wider.push("quota".to_owned()),
            (Some(given), Some(wished)) if given > wished => wider.push("quota".to_owned()),
            _ => {}
        }
        if !wider.is_empty() {
            return Err(Refused::Wider(wider));
        }
        Ok(Self {
            rows: RowRule::and([asked.rows.clone(), self.rows]),
            ..self
        })
    }
}
