//! Memory of questions: each has its own limit, and all of them together have one.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use datafusion::{
    common::Result,
    error::DataFusionError,
    execution::memory_pool::{GreedyMemoryPool, MemoryLimit, MemoryPool, MemoryReservation},
};

/// What all questions of an engine may use together.
#[derive(Debug)]
pub(crate) struct Whole {
    limit: usize,
    used: AtomicUsize,
}

impl Whole {
    /// Bytes for all questions.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            used: AtomicUsize::new(0),
        }
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|it| *it <= self.limit)
        });
        let full = |_| DataFusionError::ResourcesExhausted("the memory of all questions is used".to_owned());
        taken.map(drop).map_err(full)
    }

    fn give_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What one question may use, of what all may.
#[derive(Debug)]
pub(super) struct Part {
    own: GreedyMemoryPool,
    whole: Arc<Whole>,
}

impl Part {
    pub fn new(limit: usize, whole: &Arc<Whole>) -> Self {
        Self {
            own: GreedyMemoryPool::new(limit),
            whole: Arc::clone(whole),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part of {} bytes", self.whole.limit)
    }
}

impl MemoryPool for Part {
    fn name(&self) -> &str {
        "part"
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        self.whole.used.fetch_add(additional, Ordering::Relaxed);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own.shrink(reservation, shrink);
        self.whole.give_back(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.whole.take(additional)?;
        self.own
            .try_grow(reservation, additional)
            .inspect_err(|_| self.whole.give_back(additional))
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.own.memory_limit()
    }
}
