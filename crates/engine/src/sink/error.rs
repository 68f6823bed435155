//! What can go wrong at a target.

use super::Whole;
use crate::shape::Misfit;

/// Why a target could not take rows. No text holds a value of a row.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The target could not be opened or read.
    #[error(transparent)]
    Target(#[from] crate::Error),
    /// The target's database failed; its code and what was being done.
    #[error("the target failed while {doing} ({code})")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// SQLSTATE or error number.
        code: String,
        /// The driver's error; its text may hold values and is never shown.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The target refused rows for what is in them; the driver then finds the row.
    #[error("rows were refused ({0})")]
    Refused(String),
    /// Another run writes the same table now.
    #[error("another run is writing `{0}`")]
    Busy(String),
    /// The table or file is there and was not made by a delivery (a file: not by this one).
    #[error(
        "`{target}` exists and was not made by this delivery ({differences}); allow it to be replaced, or choose another name"
    )]
    Occupied {
        /// Table or file.
        target: String,
        /// Names that are missing or too many, or what stands there.
        differences: String,
    },
    /// More rows were put into quarantine than the run allows.
    #[error("{0} rows were put into quarantine, more than allowed")]
    TooManyBad(u64),
    /// Reading the source again gave other rows than a chunk that was loaded before: start anew with [`super::Sink::restart`].
    #[error("the source changed under chunk {0}")]
    SourceChanged(u64),
    /// Only what has changed cannot be brought: everything has to be copied.
    #[error("everything has to be copied ({0})")]
    Whole(Whole),
    /// The rows of the source broke off.
    #[error("the source's rows broke off")]
    Rows(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Rows did not have the shape they declared.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The format of the file could not hold the rows.
    #[error(transparent)]
    Encode(#[from] crate::encode::Error),
    /// A file could not be written.
    #[error("a file could not be written ({})", .0.kind())]
    Io(#[from] std::io::Error),
    /// A step was asked for out of turn.
    #[error("{0}")]
    Turn(&'static str),
}
