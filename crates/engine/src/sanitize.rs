//! Errors of the query engine made safe: the kind of the mistake stays, values of rows go.
//!
//! The words of a failed cast or division quote the value that failed, and a value may belong to a row or an item that
//! the asker must not see. Planning errors come before any row is read and keep their words.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::error::{Error, LimitKind};

const CONVERT: &str = "a value could not be converted to the type that was asked for";
const COMPUTE: &str = "a value could not be computed";
const DIVIDE: &str = "division by zero";

/// An error while rows were flowing.
pub(crate) fn running(error: DataFusionError) -> Error {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(inner) => match inner.downcast::<DataFusionError>() {
                Ok(nested) => running(*nested),
                Err(other) => Error::Internal(other),
            },
        },
        DataFusionError::ArrowError(inner, _) => arrow(*inner),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => running(*inner),
        DataFusionError::Shared(inner) => shared(&inner),
        DataFusionError::Collection(mut all) if !all.is_empty() => running(all.swap_remove(0)),
        DataFusionError::ResourcesExhausted(_) => Error::Limit(LimitKind::Memory(0)),
        DataFusionError::Execution(_) => Error::question(COMPUTE),
        DataFusionError::NotImplemented(_) | DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => {
            Error::question(COMPUTE)
        }
        other => Error::internal(other),
    }
}

fn shared(error: &DataFusionError) -> Error {
    match error {
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::DivideByZero => Error::question(DIVIDE),
            _ => Error::question(CONVERT),
        },
        DataFusionError::ResourcesExhausted(_) => Error::Limit(LimitKind::Memory(0)),
        DataFusionError::Shared(inner) => shared(inner),
        DataFusionError::Context(_, inner) => shared(inner),
        DataFusionError::External(inner) => match inner.downcast_ref::<Error>() {
            Some(Error::Question(text)) => Error::Question(text.clone()),
            Some(Error::Limit(kind)) => Error::Limit(*kind),
            Some(Error::Source { cause, detail }) => Error::source(*cause, detail.clone()),
            _ => Error::question(COMPUTE),
        },
        _ => Error::question(COMPUTE),
    }
}

/// An error of an Arrow kernel.
pub(crate) fn arrow(error: ArrowError) -> Error {
    match error {
        ArrowError::DivideByZero => Error::question(DIVIDE),
        ArrowError::CastError(_) | ArrowError::ParseError(_) => Error::question(CONVERT),
        ArrowError::ArithmeticOverflow(_) | ArrowError::ComputeError(_) | ArrowError::InvalidArgumentError(_) => {
            Error::question(COMPUTE)
        }
        ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(other) => match other.downcast::<DataFusionError>() {
                Ok(nested) => running(*nested),
                Err(other) => Error::Internal(other),
            },
        },
        other => Error::internal(other),
    }
}

/// An error while a question was planned, before any row was read: its words are about names and types.
pub(crate) fn planning(error: DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::SQL(inner, _) => Error::Question(inner.to_string()),
        DataFusionError::Plan(text) | DataFusionError::NotImplemented(text) => Error::Question(text.clone()),
        DataFusionError::SchemaError(inner, _) => Error::Question(inner.to_string()),
        DataFusionError::ResourcesExhausted(_) => Error::Limit(LimitKind::Memory(0)),
        DataFusionError::External(_) => running(error),
        DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => running(error),
        _ => Error::internal(error),
    }
}
