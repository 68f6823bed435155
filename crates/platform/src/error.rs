//! Why a deed was refused or failed. Each room's reasons stay its own; the door turns them into answers in one file.

use vocab::Action;

/// Why a deed was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The policy does not allow it.
    #[error(transparent)]
    Denied(policy::Denial),
    /// The people room.
    #[error(transparent)]
    Staff(#[from] staff::Error),
    /// Signing in was refused.
    #[error(transparent)]
    SignIn(staff::Refused),
    /// The catalogue.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
    /// Sharing.
    #[error(transparent)]
    Sharing(#[from] sharing::Error),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// Deliveries.
    #[error(transparent)]
    Exchange(#[from] exchange::Error),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// Keys.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// The policy engine itself.
    #[error(transparent)]
    Policy(#[from] policy::Error),
    /// The database.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// What was sent does not fit; every fault at once.
    #[error("{} fault(s) in what was sent", .0.len())]
    Faults(Vec<Fault>),
    /// A thing is not there, or not for this actor: the two look the same.
    #[error("this {0} does not exist")]
    NotFound(&'static str),
    /// The thing's state does not allow it now.
    #[error("{0}")]
    State(String),
    /// The published entry of the catalogue no longer lets it go: 不予共享. An agreement that was made before does not help.
    #[error("`{what}` is not shared: {legal_basis}")]
    Withheld {
        /// The resource's or item's name.
        what: String,
        /// The law that forbids it, as the entry names it.
        legal_basis: String,
    },
    /// The day's quota of the agreement is used up.
    #[error("the agreement's quota for today is used up")]
    OverQuota,
    /// Too many people sign in at this moment.
    #[error("too many people sign in at this moment; try again")]
    Busy,
    /// The receipt could not be written, so nothing was released.
    #[error("the receipt could not be written, so nothing was released")]
    NoReceipt,
    /// The event is another deed than the permit allows: a mistake in this program.
    #[error("permit for {permit}, event for {event}")]
    Mismatch {
        /// What was allowed.
        permit: Action,
        /// What was done.
        event: Action,
    },
    /// Anything else that is our fault.
    #[error("the platform failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, as a path: `items[2].mask`.
    pub field: String,
    /// A stable code; the locale has its sentence under `fault-<code>`.
    pub code: &'static str,
    /// The sentence in English.
    pub detail: String,
    /// The item, part or number that the sentence of the code speaks of, where it speaks of one.
    pub about: String,
}

impl Fault {
    /// A fault of a field.
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.into(),
            about: String::new(),
        }
    }

    /// The same, with what it speaks of.
    #[must_use]
    pub fn about(mut self, what: impl Into<String>) -> Self {
        self.about = what.into();
        self
    }
}

impl From<policy::Denial> for Error {
    fn from(it: policy::Denial) -> Self {
        crate::counts::denied();
        Self::Denied(it)
    }
}

impl From<staff::Refused> for Error {
    fn from(it: staff::Refused) -> Self {
        crate::counts::sign_in_failed();
        Self::SignIn(it)
    }
}

impl Error {
    /// Our fault.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// Did the database end a deadlock at this one's cost? The same once more succeeds.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        match self {
            Self::Db(it)
            | Self::Ledger(ledger::Error::Db(it))
            | Self::Sharing(sharing::Error::Db(it))
            | Self::Exchange(exchange::Error::Db(it))
            | Self::Catalog(catalog::Error::Db(it)) => it.is_crossed(),
            _ => false,
        }
    }

    /// Is it a refusal, which stays one when it is asked again at once? A failure may pass.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Denied(_)
                | Self::NotFound(_)
                | Self::State(_)
                | Self::Withheld { .. }
                | Self::Catalog(catalog::Error::NotFound { .. })
        )
    }

    /// One fault of a field.
    pub fn fault(field: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Faults(vec![Fault::new(field, code, detail)])
    }
}
