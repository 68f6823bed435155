//! Connections that share the lookups of one database, and statements prepared on each of them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use parking_lot::{Mutex, RwLock};
use tokio_postgres::{Client, Statement};

use crate::{error::Error, source::postgres};

/// No more lanes than this; as many as the machine has cores otherwise.
const MOST: usize = 4;

/// Pipelined connections of one database.
pub(crate) struct Lanes {
    slots: Vec<Slot>,
    next: AtomicUsize,
    numbers: AtomicU64,
}

#[derive(Default)]
struct Slot {
    lane: RwLock<Option<Arc<Lane>>>,
    opening: tokio::sync::Mutex<()>,
}

/// One of them.
pub(super) struct Lane {
    pub client: Client,
    number: u64,
}

impl Slot {
    fn open(&self) -> Option<Arc<Lane>> {
        self.lane.read().as_ref().filter(|it| !it.client.is_closed()).cloned()
    }
}

impl Default for Lanes {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            slots: std::iter::repeat_with(Slot::default)
                .take(cores.clamp(1, MOST))
                .collect(),
            next: AtomicUsize::new(0),
            numbers: AtomicU64::new(0),
        }
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lanes")
    }
}

impl Lanes {
    /// The next lane and its place, opened if it is not.
    pub(super) async fn lane(&self, database: &postgres::Postgres) -> Result<(usize, Arc<Lane>), Error> {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len().max(1);
        let slot = self.slots.get(at).ok_or_else(|| Error::internal("no lane"))?;
        if let Some(lane) = slot.open() {
            return Ok((at, lane));
        }
        let _one = slot.opening.lock().await;
        if let Some(lane) = slot.open() {
            return Ok((at, lane));
        }
        let client = database.dedicated().await?;
        // What is asked differs in values only, and the same plan is good for all; and it is over before a compiled one
        // were ready. Servers before version 12 know neither.
        for wish in ["SET plan_cache_mode = force_generic_plan", "SET jit = off"] {
            let _known = client.batch_execute(wish).await;
        }
        let lane = Arc::new(Lane {
            client,
            number: self.numbers.fetch_add(1, Ordering::Relaxed),
        });
        *slot.lane.write() = Some(Arc::clone(&lane));
        Ok((at, lane))
    }
}

/// One statement on every lane.
#[derive(Default)]
pub(super) struct Prepared([Mutex<Option<(u64, Statement)>>; MOST]);

impl Prepared {
    /// The statement on a lane, prepared if it is not.
    pub async fn on(&self, at: usize, lane: &Lane, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        let slot = self.0.get(at);
        if let Some(slot) = slot
            && let Some((number, statement)) = slot.lock().as_ref()
            && *number == lane.number
        {
            return Ok(statement.clone());
        }
        let statement = lane.client.prepare(sql).await?;
        if let Some(slot) = slot {
            *slot.lock() = Some((lane.number, statement.clone()));
        }
        Ok(statement)
    }
}
