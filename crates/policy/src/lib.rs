//! May this actor do this, for this purpose? The only maker of a [`Permit`] and of a [`Mandate`].
//!
//! The rules are Cedar policies in `policies/*.cedar`: a `forbid` always wins over a `permit`, what nobody permits is
//! denied, and a rule that fails to evaluate denies. Every rule has an `@id` and says in Chinese and English what it
//! means, so that a refusal can name it.
//!
//! Invariants: a [`Permit`] is made by [`decide`] and by nothing else; a [`Mandate`] is made by [`mandate`] and is
//! never wider than the agreement's terms; the order of the rules does not matter; one more `forbid` never opens a door.

mod about;
mod decide;
mod explain;
mod mandate;
mod matrix;
mod rows;
mod rules;

#[cfg(test)]
mod tests;

pub use about::{About, AgreementFacts, Deed, Use};
pub use decide::{Because, Denial, Missing, Permit, decide};
pub use explain::{Explanation, UseExplanation, explain, explain_use};
pub use mandate::{Mandate, mandate};
pub use matrix::matrix;
pub use rows::RowItems;
pub use rules::{Effect, Rule, Rules};

/// Why a set of rules cannot be used. Nothing is decided with it then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The schema cannot be read.
    #[error("the schema of the rules cannot be read: {0}")]
    Schema(String),
    /// A file of rules cannot be read.
    #[error("{file}:{line}: the rule that begins here cannot be read: {why}")]
    Syntax {
        /// The file.
        file: String,
        /// The line on which the first unreadable rule begins.
        line: usize,
        /// What the parser says.
        why: String,
    },
    /// A rule has no `@id`, `@zh` or `@en`.
    #[error("{file}:{line}: this rule has no @{annotation}")]
    Unnamed {
        /// The file.
        file: String,
        /// The line on which the rule begins.
        line: usize,
        /// The annotation.
        annotation: &'static str,
    },
    /// Two rules have one name.
    #[error("{file}: a rule is called `{id}` like another")]
    Twice {
        /// The file of the second.
        file: String,
        /// The name.
        id: String,
    },
    /// A local rule is not a `forbid`: a region may only make things stricter.
    #[error("{file}: the local rule `{id}` permits something; local rules only forbid")]
    Widens {
        /// The file.
        file: String,
        /// The rule.
        id: String,
    },
    /// A rule does not fit the schema.
    #[error("{file}: the rule `{id}` does not fit the words of the rules: {why}")]
    Invalid {
        /// The file.
        file: String,
        /// The rule.
        id: String,
        /// What the validator says.
        why: String,
    },
}
