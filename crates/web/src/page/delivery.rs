//! Deliveries into the consumer's own tables and files.

use askama::Template;
use vocab::{SourceKind, Timestamp};

use super::{Choice, Errors, Link, Pager, Tag, Ui, form::form, source::TestView};

/// A delivery in a list.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// The resource's title.
    pub title: String,
    /// Where to, without secrets.
    pub target: String,
    /// What its runs bring: `full`, `changes` (`refresh-{code}` in the locale).
    pub refresh: &'static str,
    /// State of the last run.
    pub state: Option<Tag>,
    /// When the last run began.
    pub last: Option<Timestamp>,
    /// Rows of the last run.
    pub rows: u64,
}

/// `GET /deliveries`.
#[derive(Debug, Clone, Template)]
#[template(path = "deliveries.html")]
pub struct DeliveriesPage {
    /// Frame.
    pub ui: Ui,
    /// The deliveries.
    pub rows: Vec<DeliveryRow>,
    /// Pages.
    pub pager: Pager,
}

form! {
    /// `POST /deliveries`; buttons `do=test|save|run`. The secret is read raw (`secret`).
    DeliveryForm {
        /// The agreement.
        agreement: one "agreement",
        /// Name.
        name: one "name",
        /// Kind of target.
        kind: one "kind",
        /// Host.
        host: one "host",
        /// Port.
        port: one "port",
        /// Database.
        database: one "database",
        /// User.
        user: one "user",
        /// Path of a file.
        path: one "path",
        /// Table.
        table: one "table",
        /// What its runs bring.
        refresh: one "refresh",
    }
}

/// `GET /deliveries/new?agreement=` (choose a kind), `GET /deliveries/new?agreement=&kind=`.
#[derive(Debug, Clone, Template)]
#[template(path = "delivery_form.html")]
pub struct DeliveryFormPage {
    /// Frame.
    pub ui: Ui,
    /// Agreements that allow it.
    pub agreements: Vec<Choice>,
    /// The kind, once chosen.
    pub kind: Option<SourceKind>,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
    /// What runs may bring.
    pub refreshes: Vec<Choice>,
    /// What was typed.
    pub form: DeliveryForm,
    /// The outcome of a test.
    pub test: Option<TestView>,
    /// What was wrong.
    pub errors: Errors,
}

/// A run in a list.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Identifier.
    pub id: String,
    /// State.
    pub state: Tag,
    /// Began.
    pub at: Timestamp,
    /// Seconds it took, or has taken.
    pub seconds: u64,
    /// Rows.
    pub rows: u64,
}

/// `GET /deliveries/{id}`; `POST /deliveries/{id}/run`, `POST /deliveries/{id}/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "delivery.html")]
pub struct DeliveryPage {
    /// Frame.
    pub ui: Ui,
    /// The delivery.
    pub it: DeliveryRow,
    /// The agreement.
    pub agreement: Link,
    /// Runs, newest first.
    pub runs: Vec<RunRow>,
    /// May the reader run or remove it?
    pub can_manage: bool,
}

/// How far a run is.
#[derive(Debug, Clone)]
pub struct Live {
    /// Phase: `queued`, `planning`, `copying`, `reconciling`, `done`, `failed`, `cancelled` (`phase-{code}` in the locale).
    pub phase: String,
    /// Percent, when the end is known.
    pub percent: Option<u8>,
    /// Rows written.
    pub rows: u64,
    /// Rows expected, when counted.
    pub expected: Option<u64>,
    /// Rows a second.
    pub rate: u64,
    /// Chunks done.
    pub chunks_done: u64,
    /// Chunks in all.
    pub chunks: u64,
    /// Seconds since it began.
    pub seconds: u64,
    /// Does it run still?
    pub running: bool,
    /// Which path the rows take and why, once it is decided.
    pub path: Option<String>,
    /// What the run brings and why, where changes are wished for.
    pub refreshed: Option<String>,
    /// Why it failed.
    pub failed: Option<String>,
}

impl Live {
    /// The look of the phase.
    #[must_use]
    pub fn tag_class(&self) -> &'static str {
        match self.phase.as_str() {
            "done" => "good",
            "failed" => "bad",
            "cancelled" => "warn",
            _ => "info",
        }
    }
}

/// What was compared at the end.
#[derive(Debug, Clone)]
pub struct Report {
    /// Rows in the governed source.
    pub source_rows: u64,
    /// Rows in the target.
    pub target_rows: u64,
    /// Bytes of both sides, as the digest counts them; none in reports of before they were kept.
    pub bytes: Option<(u64, u64)>,
    /// Digest over the rows that were sent.
    pub source_digest: String,
    /// Digest over the rows read back.
    pub target_digest: String,
    /// How both digests are made.
    pub algorithm: &'static str,
    /// Both equal.
    pub equal: bool,
    /// The receipt in the ledger.
    pub receipt: Option<u64>,
    /// Where it went.
    pub target: String,
    /// Rows inserted, updated, deleted and unchanged, where only changes were brought.
    pub changed: Option<(u64, u64, u64, u64)>,
    /// When the rows were read: `one-moment`, `each-chunk` (`reading-{code}` in the locale).
    pub reading: Option<String>,
    /// For the provider alone: values that became NULL, and rows that were left out.
    pub noticed: Option<(u64, u64)>,
}

/// `GET /deliveries/{id}/runs/{run}`; `POST …/cancel`. `as_live()` refreshes itself every second while it runs.
#[derive(Debug, Clone, Template)]
#[template(path = "run.html", blocks = ["live"])]
pub struct RunPage {
    /// Frame.
    pub ui: Ui,
    /// The delivery.
    pub delivery: Link,
    /// This page's address: `/deliveries/{id}/runs/{run}`.
    pub href: String,
    /// Began.
    pub at: Timestamp,
    /// How far it is.
    pub live: Live,
    /// The report, once finished.
    pub report: Option<Report>,
    /// May the reader cancel it?
    pub can_cancel: bool,
}
