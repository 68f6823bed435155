//! What can go wrong when data is asked, and how much of it may be told.

/// Why a source could not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// An option is missing or has no sense.
    Options,
    /// The host name is unknown.
    Dns,
    /// Nobody listens at the address, or the way there is closed.
    Refused,
    /// User or password are wrong.
    Auth,
    /// The secure channel could not be made.
    Tls,
    /// The user may not do this.
    Permission,
    /// The database does not exist.
    DatabaseMissing,
    /// The table or sheet does not exist.
    TableMissing,
    /// A column does not exist.
    ColumnMissing,
    /// The file does not exist.
    FileMissing,
    /// No answer in time.
    Timeout,
    /// The bytes are not what the kind of source promises.
    Format,
    /// The connection broke.
    Lost,
    /// The source refused for a reason of its own.
    Other,
}

impl Cause {
    /// The stable code for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Options => "options",
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Auth => "auth",
            Self::Tls => "tls",
            Self::Permission => "permission",
            Self::DatabaseMissing => "database-missing",
            Self::TableMissing => "table-missing",
            Self::ColumnMissing => "column-missing",
            Self::FileMissing => "file-missing",
            Self::Timeout => "timeout",
            Self::Format => "format",
            Self::Lost => "lost",
            Self::Other => "other",
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// Memory of one question, in bytes.
    Memory(usize),
    /// Rows of one answer.
    Rows(u64),
    /// Seconds of one question.
    Seconds(u64),
    /// Questions at the same time.
    Concurrent(usize),
    /// Rows of a file that could not be read.
    BadRows(u64),
}

impl std::fmt::Display for LimitKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory(it) => write!(f, "memory limit of {it} bytes"),
            Self::Rows(it) => write!(f, "row limit of {it}"),
            Self::Seconds(it) => write!(f, "time limit of {it} s"),
            Self::Concurrent(it) => write!(f, "limit of {it} questions at the same time"),
            Self::BadRows(it) => write!(f, "limit of {it} unreadable rows"),
        }
    }
}

/// What went wrong. None of the texts ever holds a value of a row.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The asker's fault: wrong SQL, an unknown item, a value that does not convert. Safe to show.
    #[error("{0}")]
    Question(String),
    /// The source could not answer. Safe to show to its owner.
    #[error("source failed ({cause}): {detail}")]
    Source {
        /// Why, for machines.
        cause: Cause,
        /// Why, in words, without secrets and without values.
        detail: String,
    },
    /// A limit was reached.
    #[error("{0} reached")]
    Limit(LimitKind),
    /// The asker went away, or asked to stop.
    #[error("the question was cancelled")]
    Cancelled,
    /// Our fault. Logged, never shown.
    #[error("the engine failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A source's error with its cause.
    pub fn source(cause: Cause, detail: impl Into<String>) -> Self {
        Self::Source {
            cause,
            detail: detail.into(),
        }
    }

    /// An asker's error.
    pub fn question(detail: impl Into<String>) -> Self {
        Self::Question(detail.into())
    }

    /// An error of ours.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// The same for a consumer of `table`: the cause stays, the words go, because they may name what was not granted. The
    /// operator finds them in the log.
    #[must_use]
    pub(crate) fn veiled(self, table: &str) -> Self {
        let (cause, detail) = match self {
            Self::Source { cause, detail } => (cause, detail),
            Self::Question(detail) => (Cause::Other, detail),
            other => return other,
        };
        tracing::warn!(
            table,
            cause = cause.code(),
            detail,
            "a source could not answer a consumer"
        );
        Self::source(cause, format!("table `{table}` cannot be read at present"))
    }

    /// The cause, where a source failed.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Source { cause, .. } => Some(*cause),
            _ => None,
        }
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        crate::sanitize::arrow(error)
    }
}

impl From<datafusion::error::DataFusionError> for Error {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        crate::sanitize::running(error)
    }
}
