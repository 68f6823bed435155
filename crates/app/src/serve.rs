//! `serve` and `work`: the processes that stay.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use platform::{App, Work};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    config::{Config, address},
    exit::Failure,
};

/// How long answers under way may take once the process was told to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long their closing receipts may take after that.
const RECEIPTS: Duration = Duration::from_secs(10);

/// Told once, heard by everybody.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when it is time to stop.
    pub(crate) async fn wait(mut self) {
        // A sender that is gone means the process ends anyway.
        drop(self.0.wait_for(|it| *it).await);
    }

    /// Stops on SIGTERM and SIGINT; a second signal ends the process at once.
    pub(crate) fn on_signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (tell, heard) = watch::channel(false);
        tokio::spawn(async move {
            for told in [true, false] {
                tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
                if !told {
                    std::process::exit(130);
                }
                tracing::info!("stopping: answers under way are finished first");
                // Nobody listens any more: then everybody has stopped.
                let _ = tell.send(true);
            }
        });
        Ok(Self(heard))
    }
}

/// What a serving process opens.
#[derive(Debug)]
pub(crate) struct Doors {
    /// Pages and REST.
    pub(crate) web: TcpListener,
    /// Arrow Flight SQL, unless it is off.
    pub(crate) flight: Option<TcpListener>,
    /// Its certificate and key, when it speaks TLS.
    pub(crate) tls: Option<wire::Tls>,
    /// The worker in the same process, with its pause in milliseconds.
    pub(crate) work: Option<u64>,
}

impl Doors {
    /// Takes the addresses; fails before anything else happens when one is taken.
    pub(crate) async fn open(web: SocketAddr, flight: Option<SocketAddr>, work: Option<u64>) -> Result<Self, Failure> {
        let flight = match flight {
            Some(at) => Some(bind(at, "flight_listen").await?),
            None => None,
        };
        Ok(Self {
            web: bind(web, "listen").await?,
            flight,
            tls: None,
            work,
        })
    }
}

async fn bind(at: SocketAddr, option: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(at).await.map_err(|error| {
        let tried = format!("{option}: cannot listen on {at} (is another process there? `jutong doctor` looks)");
        Failure::because(&tried, &error)
    })
}

/// `jutong serve`.
pub(crate) async fn serve(config: &Config) -> Result<(), Failure> {
    let web = address(&config.listen).ok_or_else(|| Failure::usage("listen: no address"))?;
    let work = config.work.in_serve.then_some(config.work.idle_ms);
    let mut doors = Doors::open(web, address(&config.flight_listen), work).await?;
    doors.tls = tls(config)?;
    let app = open(config).await?;
    run(app, doors, Stop::on_signals()?).await
}

/// Certificate and key of the Flight door.
fn tls(config: &Config) -> Result<Option<wire::Tls>, Failure> {
    if config.flight_certificate.as_os_str().is_empty() {
        return Ok(None);
    }
    let read = |option: &str, path: &std::path::Path| {
        std::fs::read(path)
            .map_err(|error| Failure::because(&format!("{option}: {} cannot be read", path.display()), &error))
    };
    Ok(Some(wire::Tls {
        certificate: read("flight_certificate", &config.flight_certificate)?,
        key: read("flight_key", &config.flight_key)?,
    }))
}

/// `jutong work`.
pub(crate) async fn work(config: &Config) -> Result<(), Failure> {
    let app = open(config).await?;
    let stop = Stop::on_signals()?;
    tracing::info!(node = %config.node, "working");
    worker(config.work.idle_ms).run(app, stop.wait()).await;
    Ok(())
}

/// Opens the node.
pub(crate) async fn open(config: &Config) -> Result<Arc<App>, Failure> {
    App::open(config.platform())
        .await
        .map_err(|error| Failure::because("the node cannot be opened (`jutong doctor` looks why)", &error))
}

/// Opens every door and the worker, until `stop` or until one of them falls shut.
pub(crate) async fn run(app: Arc<App>, doors: Doors, stop: Stop) -> Result<(), Failure> {
    let at = doors.web.local_addr()?;
    let flight_at = doors.flight.as_ref().map(TcpListener::local_addr).transpose()?;
    tracing::info!(
        node = %app.config().node,
        flight = flight_at.map(tracing::field::display),
        flight_tls = doors.tls.is_some(),
        work = doors.work.is_some(),
        "serving on http://{at}"
    );
    let web = web::serve(app.clone(), doors.web, stop.clone().wait());
    let flight = async {
        match doors.flight {
            Some(listener) => wire::serve_on(app.clone(), listener, doors.tls, stop.clone().wait()).await,
            None => {
                stop.clone().wait().await;
                Ok(())
            }
        }
    };
    let work = async {
        match doors.work {
            Some(idle) => worker(idle).run(app.clone(), stop.clone().wait()).await,
            None => stop.clone().wait().await,
        }
    };
    let doors = async {
        tokio::try_join!(
            async {
                web.await
                    .map_err(|error| Failure::because("pages and REST stopped", &error))
            },
            async {
                flight
                    .await
                    .map_err(|error| Failure::because("Flight SQL stopped", &error))
            },
            async {
                work.await;
                Ok(())
            },
        )
    };
    let late = async {
        stop.clone().wait().await;
        tokio::time::sleep(PATIENCE).await;
    };
    let done = tokio::select! {
        done = doors => done.map(drop),
        () = late => {
            tracing::warn!("some answers were not finished in {} s and are cut off", PATIENCE.as_secs());
            Ok(())
        }
    };
    // What is cut off, or was left a moment ago, has its closing receipt before the process ends.
    if tokio::time::timeout(RECEIPTS, app.finish()).await.is_err() {
        tracing::error!("closing receipts are missing; they are written at the next start");
    }
    done
}

/// A worker under a name that no other process has.
fn worker(idle_ms: u64) -> Work {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let born = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |it| it.as_millis());
    let name = format!("{}-{}-{born}", host.trim(), std::process::id());
    Work {
        name,
        idle: Duration::from_millis(idle_ms),
    }
}
