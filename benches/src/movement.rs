//! What the bench `movement` is made of: ways to move the same rows, in groups in which they are compared.

pub mod data;
pub mod groups;
pub mod node;
pub mod page;
pub mod peers;
pub mod program;
pub mod stage;
pub mod truth;

use std::path::PathBuf;

use serde_json::Value;

use program::Call;
use truth::{Terms, Truth};

use crate::Wish;

/// In how many rounds sides take part.
#[must_use]
pub const fn rounds(wish: Wish) -> usize {
    wish.either(5, 2)
}

/// In how many the peers take part that stand beside the main ones.
#[must_use]
pub const fn fewer_rounds(wish: Wish) -> usize {
    wish.either(3, 1)
}

/// A way to move the rows.
#[derive(Debug)]
pub struct Side {
    /// What it is called in tables; no two sides of a group have the same name.
    pub name: &'static str,
    /// What is run.
    pub how: How,
    /// Where the rows are then.
    pub target: Target,
    /// In how many rounds it takes part, beginning with the first.
    pub rounds: usize,
    /// Is the bench nothing without it? Another one is left out when it does not run.
    pub needed: bool,
    /// What its rounds took.
    pub measured: Vec<Measured>,
    /// The node's own report of its last run; null for a peer.
    pub told: Value,
}

/// What moves the rows.
#[derive(Debug)]
pub enum How {
    /// A delivery of the node, by its identifier.
    Delivery(String),
    /// Programs, one line after the other; in a line each reads what the one before it writes.
    Programs(Vec<Vec<Call>>),
}

/// Where the rows are to be, and which.
#[derive(Debug)]
pub enum Target {
    /// A table of the target database.
    Table {
        /// Its name.
        name: &'static str,
        /// Is it made beforehand, as a bare heap?
        bare: bool,
        /// What was agreed on.
        terms: &'static Terms,
        /// What must be in it.
        truth: Truth,
    },
    /// A Parquet file.
    File {
        /// Its path.
        path: PathBuf,
        /// What must be in it.
        truth: Truth,
    },
}

/// What one round of a side took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measured {
    /// Seconds from the wish until everything was done.
    pub wall: f64,
    /// Processor seconds of the side's own processes.
    pub programs: f64,
    /// Processor seconds of the database servers.
    pub servers: f64,
    /// The most memory in use, MiB: of our process what it had beyond its idle, of peers all of it.
    pub peak_mib: f64,
    /// Seconds of the wall time until the first row could leave: waiting for a worker, looking at both ends, planning.
    pub waited: f64,
}

/// Sides that move the same rows between the same places.
#[derive(Debug)]
pub struct Group {
    /// From where to where.
    pub title: &'static str,
    /// The sides, in the order of a round.
    pub sides: Vec<Side>,
    /// What is compared with what.
    pub pairs: Vec<Pair>,
}

/// Two sides of a group beside each other.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The case's name for programs.
    pub case: &'static str,
    /// Our side.
    pub ours: &'static str,
    /// The other.
    pub peer: &'static str,
    /// How many times the peer's wall time ours may be at most.
    pub goal: Option<f64>,
}

impl Side {
    /// A side without which the bench is nothing, in every round.
    #[must_use]
    pub fn new(name: &'static str, how: How, target: Target) -> Self {
        Self {
            name,
            how,
            target,
            rounds: usize::MAX,
            needed: true,
            measured: Vec::new(),
            told: Value::Null,
        }
    }

    /// The same as one more peer, in so many rounds.
    #[must_use]
    pub fn beside(self, rounds: usize) -> Self {
        Self {
            rounds,
            needed: false,
            ..self
        }
    }

    /// Is it ours?
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self.how, How::Delivery(_))
    }

    /// A figure of every round.
    #[must_use]
    pub fn all(&self, figure: fn(&Measured) -> f64) -> Vec<f64> {
        self.measured.iter().map(figure).collect()
    }
}

impl Measured {
    /// Processor seconds of everything that took part.
    #[must_use]
    pub fn cpu(&self) -> f64 {
        self.programs + self.servers
    }
}

impl Group {
    /// A side by its name; none where it was left out.
    #[must_use]
    pub fn side(&self, name: &str) -> Option<&Side> {
        self.sides.iter().find(|it| it.name == name)
    }
}
