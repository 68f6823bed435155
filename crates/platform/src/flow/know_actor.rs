//! Who stands behind a session's or token's secret.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use staff::{Known, Via};

use crate::{App, Error};

/// How long a recognised actor is remembered without asking the database; what was taken away inside this process is
/// forgotten at once.
const REMEMBERED: Duration = Duration::from_secs(2);
const MOST: usize = 10_000;

/// Actors recognised a moment ago, by the digest of their secret.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<[u8; 32], (Instant, Known)>>);

impl Cache {
    /// After any change of people, sessions or tokens.
    pub(crate) fn forget_all(&self) {
        self.0.lock().clear();
    }
}

/// By what somebody is to be recognised.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// A session cookie's secret.
    Session(&'a str),
    /// A bearer token's secret.
    Token(&'a str),
}

/// Who stands behind a session's or token's secret now; nobody when it opens nothing.
///
/// # Errors
/// When the database fails.
pub async fn know_actor(app: &App, proof: Proof<'_>) -> Result<Option<Known>, Error> {
    let (secret, mark) = match proof {
        Proof::Session(secret) => (secret, "s"),
        Proof::Token(secret) => (secret, "t"),
    };
    let key = seal::sha256(format!("{mark}{secret}").as_bytes());
    let now = app.now();
    if let Some((since, known)) = app.known.0.lock().get(&key)
        && since.elapsed() < REMEMBERED
        && known.expires_at > now
    {
        return Ok(Some(known.clone()));
    }
    let tx = app.read().await?;
    let known = match proof {
        Proof::Session(secret) => staff::store::actor_by_session(&tx, secret, now).await?,
        Proof::Token(secret) => staff::store::actor_by_token(&tx, secret, now).await?,
    };
    drop(tx);
    let Some(known) = known else {
        app.known.0.lock().remove(&key);
        return Ok(None);
    };
    if known.touch_due {
        touch(app, known.via).await?;
    }
    let mut cache = app.known.0.lock();
    if cache.len() >= MOST {
        cache.clear();
    }
    cache.insert(key, (Instant::now(), known.clone()));
    Ok(Some(known))
}

/// Notes the use; a session's idle end moves with it. Not a change anybody must prove, so not in the ledger.
async fn touch(app: &App, via: Via) -> Result<(), Error> {
    let tx = app.db.write().await?;
    match via {
        Via::Session(id) => {
            staff::store::touch_session(&tx, id, app.now()).await?;
        }
        Via::Token(id) => staff::store::touch_token(&tx, id, app.now()).await?,
    }
    Ok(tx.commit().await?)
}
