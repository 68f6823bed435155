//! Stopping a server: it notices that nobody listens any more only when it answers, and holds its locks until then.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::{CancelToken, Client};

use super::tls::Connector;

/// Stands beside a connection and is dropped with it: what is under way on it then is ended on the server too.
pub(crate) struct Brake {
    token: CancelToken,
    tls: Connector,
    under_way: AtomicBool,
}

impl Brake {
    pub(super) fn new(client: &Client, tls: Connector) -> Self {
        Self {
            token: client.cancel_token(),
            tls,
            under_way: AtomicBool::new(false),
        }
    }

    /// Something begins that may take long.
    pub fn begins(&self) {
        self.under_way.store(true, Ordering::Relaxed);
    }

    /// It is over.
    pub fn ends(&self) {
        self.under_way.store(false, Ordering::Relaxed);
    }

    /// Does something that may take long.
    pub async fn on<T>(&self, work: impl Future<Output = T>) -> T {
        self.begins();
        let done = work.await;
        self.ends();
        done
    }
}

impl Drop for Brake {
    fn drop(&mut self) {
        if self.under_way.load(Ordering::Relaxed)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (token, tls) = (self.token.clone(), self.tls.clone());
            runtime.spawn(async move {
                let _ = token.cancel_query(tls).await;
            });
        }
    }
}
