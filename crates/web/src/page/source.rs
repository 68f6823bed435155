//! Sources: connected databases and files of one's department.

use askama::Template;
use vocab::{SourceKind, Timestamp, profile::Meaning};

use super::{Choice, Errors, Link, Tag, Ui, form::form};

/// A source in a list.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: SourceKind,
    /// Where it is, without secrets: `db.example:5432/people`.
    pub place: String,
    /// Last test: reachable or not.
    pub state: Tag,
    /// When it was tested.
    pub tested: Option<Timestamp>,
    /// Resources that are mounted on it.
    pub resources: u64,
}

/// `GET /sources`.
#[derive(Debug, Clone, Template)]
#[template(path = "sources.html")]
pub struct SourcesPage {
    /// Frame.
    pub ui: Ui,
    /// The sources.
    pub rows: Vec<SourceRow>,
}

form! {
    /// `POST /sources` or `POST /sources/{id}`; buttons `do=test|save`. The secret is read raw (`secret`; empty keeps it).
    SourceForm {
        /// Name.
        name: one "name",
        /// Kind.
        kind: one "kind",
        /// Host.
        host: one "host",
        /// Port.
        port: one "port",
        /// Database.
        database: one "database",
        /// User.
        user: one "user",
        /// TLS mode.
        sslmode: one "sslmode",
        /// Path of a file.
        path: one "path",
        /// Delimiter of a CSV.
        delimiter: one "delimiter",
        /// Encoding of a CSV; empty detects it.
        encoding: one "encoding",
        /// Sheet of a workbook.
        sheet: one "sheet",
    }
}

/// The outcome of a connection test.
#[derive(Debug, Clone)]
pub struct TestView {
    /// Reachable?
    pub good: bool,
    /// What was found, or what failed (never a secret).
    pub text: String,
    /// Milliseconds.
    pub took_ms: u64,
}

/// `GET /sources/new` (choose a kind), `GET /sources/new?kind=postgres`, `GET /sources/{id}/edit`.
#[derive(Debug, Clone, Template)]
#[template(path = "source_form.html")]
pub struct SourceFormPage {
    /// Frame.
    pub ui: Ui,
    /// The source, when it exists already.
    pub id: Option<String>,
    /// The kind, once chosen.
    pub kind: Option<SourceKind>,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
    /// What was typed.
    pub form: SourceForm,
    /// A secret is stored already.
    pub has_secret: bool,
    /// The outcome of a test.
    pub test: Option<TestView>,
    /// What was wrong.
    pub errors: Errors,
}

/// A table of a source.
#[derive(Debug, Clone)]
pub struct TableRow {
    /// Name.
    pub name: String,
    /// Comment.
    pub comment: String,
    /// The source's estimate of its rows.
    pub rows: Option<u64>,
    /// How many columns.
    pub columns: usize,
    /// The resource made of it.
    pub resource: Option<Link>,
}

/// `GET /sources/{id}`; `POST /sources/{id}/test`, `POST /sources/{id}/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "source.html")]
pub struct SourcePage {
    /// Frame.
    pub ui: Ui,
    /// The source.
    pub it: SourceRow,
    /// The outcome of a test.
    pub test: Option<TestView>,
    /// Its tables.
    pub tables: Vec<TableRow>,
}

/// Work in progress.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Percent, when the end is known.
    pub percent: Option<u8>,
    /// Rows read so far.
    pub rows: u64,
}

/// A guess with its evidence.
#[derive(Debug, Clone)]
pub struct GuessRow {
    /// What it seems to be.
    pub meaning: Meaning,
    /// Values that fit.
    pub fitting: u64,
    /// Values looked at.
    pub looked_at: u64,
    /// Which test.
    pub evidence: String,
}

/// The profile of a column.
#[derive(Debug, Clone)]
pub struct ColumnRow {
    /// Name.
    pub name: String,
    /// Comment.
    pub comment: String,
    /// Type in the source.
    pub source_type: String,
    /// Type here.
    pub data_type: String,
    /// NULL and empty values, out of the rows read.
    pub missing: u64,
    /// Distinct values.
    pub distinct: u64,
    /// Is that exact?
    pub distinct_exact: bool,
    /// Smallest and largest.
    pub range: Option<(String, String)>,
    /// Shortest and longest, in characters.
    pub lengths: Option<(u32, u32)>,
    /// All-digit values with a leading zero.
    pub leading_zeros: u64,
    /// Guesses, best first.
    pub guesses: Vec<GuessRow>,
}

/// `GET /sources/{id}/profile?table=`; `POST /sources/{id}/profile` (`table`) starts one. `as_live()` refreshes itself.
#[derive(Debug, Clone, Template)]
#[template(path = "profile.html", blocks = ["live"])]
pub struct ProfilePage {
    /// Frame.
    pub ui: Ui,
    /// The source: text and address `/sources/{id}`.
    pub source: Link,
    /// The source's identifier.
    pub source_id: String,
    /// The table.
    pub table: String,
    /// Set while it runs.
    pub progress: Option<Progress>,
    /// What failed, if it did.
    pub failed: Option<String>,
    /// Rows that were read.
    pub rows_read: u64,
    /// Was that the whole table?
    pub complete: bool,
    /// The columns.
    pub columns: Vec<ColumnRow>,
}
