//! How rows travel: deliveries of governed rows into a consumer's own table or file, their runs, plans and proofs.
//!
//! A [`Delivery`] is a standing order under an agreement; a [`Run`] is one copy of it: planned in chunks ([`plan`]),
//! loaded chunk by chunk, reconciled ([`Reconciliation`]) and swapped in; or, where the delivery wishes for it and the target
//! allows it ([`Refresh`]), what has changed since the last one, written into the table as it stands. This room decides and remembers; the engine
//! moves the rows, the corridor calls both. Invariants: a delivery has at most one run that has not ended (the database
//! refuses a second); a run is *done* only with a reconciliation that is equal; nothing here holds a row or an open
//! secret.

pub mod delivery;
pub mod plan;
pub mod reconcile;
pub mod refresh;
pub mod run;
pub mod store;

pub use delivery::{Delivery, DeliveryState};
pub use plan::{Chunk, Pages, Plan, Way};
pub use reconcile::{Count, Difference, Reconciliation};
pub use refresh::{Changed, Refresh, Refreshed};
pub use run::{Discarded, Event, Failure, Noticed, Path, Phase, Progress, Reading, Report, Run, RunState, Taken};

use vocab::{DeliveryId, RunId};

/// Why the room refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The consumer has a delivery of this name already.
    #[error("a delivery named `{0}` exists already")]
    NameTaken(String),
    /// The delivery has a run that has not ended.
    #[error("delivery {0} has a run under way")]
    RunUnderWay(DeliveryId),
    /// No such delivery.
    #[error("there is no delivery {0}")]
    NoDelivery(DeliveryId),
    /// No such run.
    #[error("there is no run {0}")]
    NoRun(RunId),
    /// The step is not possible in this state.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The database failed.
    #[error("the exchange's database failed")]
    Db(#[from] db::Error),
}

/// A step that a state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {thing} that is {state} cannot {step}")]
pub struct Unfit {
    /// `delivery` or `run`.
    pub thing: &'static str,
    /// Its state's code.
    pub state: &'static str,
    /// The step's code.
    pub step: &'static str,
}

/// A closed list whose codes are stored and sent.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident: $what:literal { $($(#[$each:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$each])* #[serde(rename = $code)] $variant,)+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The machine code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownCode;
            fn from_str(text: &str) -> Result<Self, $crate::UnknownCode> {
                Self::ALL.iter().copied().find(|it| it.code() == text).ok_or($crate::UnknownCode($what))
            }
        }
    };
}
pub(crate) use codes;

/// A text that is none of a list's codes; names the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown {0}")]
pub struct UnknownCode(pub &'static str);

#[cfg(test)]
mod tests;
