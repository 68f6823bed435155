//! A write in progress.

use db::Tx;
use policy::Permit;
use serde::Serialize;
use vocab::Timestamp;

use crate::{App, Error, Event};

/// A write in progress.
///
/// Invariant: none begins without a permit, none commits without a ledger entry of the same action. Dropped, it leaves
/// no trace.
pub struct Change {
    permit: Permit,
    tx: Tx,
    now: Timestamp,
}

impl Change {
    /// Begins; on SQLite this waits for other writers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(app: &App, permit: Permit) -> Result<Self, Error> {
        Ok(Self {
            permit,
            tx: app.db.write().await?,
            now: app.now(),
        })
    }

    /// The transaction, for the rooms' stores.
    #[must_use]
    pub const fn db(&self) -> &Tx {
        &self.tx
    }

    /// The instant of this change.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Work to do after the commit and not without it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn later(
        &self,
        kind: &str,
        body: &impl Serialize,
        unique_key: Option<&str>,
        due: Timestamp,
    ) -> Result<(), Error> {
        let body = serde_json::to_string(body).map_err(Error::internal)?;
        db::jobs::put(&self.tx, kind, &body, unique_key, due, self.now).await?;
        Ok(())
    }

    /// Writes the event into the ledger and makes everything last, both or neither.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when the event is another deed than the permit allows; the database's and ledger's errors.
    pub async fn commit(self, event: &Event) -> Result<u64, Error> {
        if event.action != self.permit.action() {
            return Err(Error::Mismatch {
                permit: self.permit.action(),
                event: event.action,
            });
        }
        let actor = self.permit.actor();
        let mut body = event.body.clone();
        if let Some(members) = body.as_object_mut() {
            // The organisation finds in the ledger what its own people did.
            members
                .entry("acting_for")
                .or_insert_with(|| actor.org.to_string().into());
        }
        let entry = ledger::Entry {
            at: self.now,
            kind: event.kind.to_owned(),
            actor: Some(actor.id),
            subject: event.subject.clone(),
            body,
        };
        let logged = ledger::append(&self.tx, &entry).await?;
        self.tx.commit().await?;
        Ok(logged.index)
    }
}
