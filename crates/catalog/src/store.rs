//! The catalogue's part of the database: plain functions on the caller's transaction.
//!
//! Every write of a thing that exists names the revision it has seen: [`Error::Stale`] tells that somebody else was
//! faster, and the thing in the caller's hand carries its new revision after success.

mod org;
mod resource;
mod source;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod version;

pub use org::{insert_org, org, org_by_code, orgs, tree, update_org};
pub use resource::{
    Filter, Listing, Page, StateCount, count, counts_by_state, delete_resource, insert_resource, list, resource,
    resource_by_code, resources_of_source, update_resource,
};
pub use source::{delete_source, insert_source, source, sources, update_source};
pub use version::{publish, published, version, versions, visible_after};

use crate::Error;

/// Names a broken unique rule: SQLite tells `table.column`, PostgreSQL the constraint.
fn taken(error: db::Error, rules: &[(&str, &str, &'static str)]) -> Error {
    if let db::Error::Unique(what) = &error {
        for (constraint, column, name) in rules {
            if what.contains(constraint) || what.contains(column) {
                return Error::Taken(name);
            }
        }
    }
    Error::Db(error)
}

fn in_use(error: db::Error, what: &'static str) -> Error {
    if matches!(error, db::Error::Rule(_)) {
        Error::InUse(what)
    } else {
        Error::Db(error)
    }
}

fn missing(kind: &'static str, id: impl std::fmt::Display) -> Error {
    Error::NotFound {
        kind,
        id: id.to_string(),
    }
}

fn stale(kind: &'static str, id: impl std::fmt::Display) -> Error {
    Error::Stale {
        kind,
        id: id.to_string(),
    }
}
