//! A delivery: a standing order to copy the rows of an agreement into the consumer's own table or file.

use serde::{Deserialize, Serialize};
use vocab::{ActorId, AgreementId, DeliveryId, OrgId, SinkSpec, Timestamp};

use crate::{Refresh, Unfit, codes};

codes! {
    /// Where a delivery stands.
    DeliveryState: "delivery state" {
        /// Runs when asked or due.
        Active = "active",
        /// Does not run until it is taken up again.
        Paused = "paused",
        /// Over for ever: given up, or its agreement ended.
        Ended = "ended",
    }
}

impl DeliveryState {
    /// The whole life of a delivery.
    ///
    /// # Errors
    /// [`Unfit`] for any other step.
    pub const fn to(self, to: Self) -> Result<Self, Unfit> {
        match (self, to) {
            (Self::Active, Self::Paused)
            | (Self::Paused, Self::Active)
            | (Self::Active | Self::Paused, Self::Ended) => Ok(to),
            (from, to) => Err(Unfit {
                thing: "delivery",
                state: from.code(),
                step: to.code(),
            }),
        }
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Identifier.
    pub id: DeliveryId,
    /// Under which agreement; its terms decide items, rows and masks of every run.
    pub agreement: AgreementId,
    /// Whose delivery.
    pub consumer: OrgId,
    /// The name people gave it, unique for a consumer.
    pub name: String,
    /// Where the rows go. Its secret is never stored here.
    pub sink: SinkSpec,
    /// The target's secret as the vault sealed it; opaque. Gone when the delivery has ended and nothing is left to take back.
    pub sealed_secret: Option<String>,
    /// What a run brings. Kept under the name it had when there was no choice.
    #[serde(rename = "mode")]
    pub refresh: Refresh,
    /// May a table that no delivery made be replaced?
    pub replace: bool,
    /// Rows that may be put into quarantine before a run fails.
    pub error_limit: u64,
    /// Where it stands.
    pub state: DeliveryState,
    /// Who made it.
    pub created_by: ActorId,
    /// When.
    pub created_at: Timestamp,
}

impl Delivery {
    /// The same in another state.
    ///
    /// # Errors
    /// [`Unfit`], see [`DeliveryState::to`].
    pub fn to(mut self, state: DeliveryState) -> Result<Self, Unfit> {
        self.state = self.state.to(state)?;
        Ok(self)
    }
}
