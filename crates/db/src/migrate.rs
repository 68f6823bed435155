//! The one migration history. Each step is a file of plain SQL that both databases read; forward only.
//!
//! A step that has landed is never edited: the next change is a new file and a new line here.

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, TransactionTrait};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};

use crate::Error;

/// The steps, in order: a name and its file.
const STEPS: &[(&str, &str)] = &[
    ("m0001_jobs", include_str!("../migrations/m0001_jobs.sql")),
    ("m0002_staff", include_str!("../migrations/m0002_staff.sql")),
    ("m0003_ledger", include_str!("../migrations/m0003_ledger.sql")),
    ("m0004_catalog", include_str!("../migrations/m0004_catalog.sql")),
    ("m0005_sharing", include_str!("../migrations/m0005_sharing.sql")),
    ("m0006_exchange", include_str!("../migrations/m0006_exchange.sql")),
    ("m0008_submitters", include_str!("../migrations/m0008_submitters.sql")),
    ("m0009_notices", include_str!("../migrations/m0009_notices.sql")),
    (
        "m0010_disputes_and_last_seen",
        include_str!("../migrations/m0010_disputes_and_last_seen.sql"),
    ),
    ("m0011_owed", include_str!("../migrations/m0011_owed.sql")),
    (
        "m0012_agreement_names",
        include_str!("../migrations/m0012_agreement_names.sql"),
    ),
    ("m0013_answers", include_str!("../migrations/m0013_answers.sql")),
];

struct Step(&'static str, &'static str);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.1).await.map(drop)
    }
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS
            .iter()
            .map(|(name, sql)| Box::new(Step(name, sql)) as Box<dyn MigrationTrait>)
            .collect()
    }
}

/// Processes that start at the same time bring the tables up one after the other: on PostgreSQL they stand in the queue
/// of an advisory lock, which ends with its transaction however the process ends.
const QUEUE: i64 = 0x6a75_746f_6e67;

pub(crate) async fn up(connection: &DatabaseConnection) -> Result<(), Error> {
    if connection.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(Migrator::up(connection, None).await?);
    }
    let turn = connection.begin().await?;
    turn.execute_unprepared(&format!("select pg_advisory_xact_lock({QUEUE})"))
        .await?;
    Migrator::up(connection, None).await?;
    Ok(turn.commit().await?)
}
