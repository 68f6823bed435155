//! Who works here: people, passwords, sessions, tokens. The wall keeps credentials out of every other crate.
//!
//! Invariants: a password leaves this room as nothing, and stays in it only as an Argon2id hash; session and token
//! secrets are handed out once and kept as digests; an unknown name and a wrong password get the same answer at the
//! same cost; system, security and audit administrator are three separate people; every limit is a row of
//! `staff_limit` with its legal basis.
//!
//! Signing in has three steps, so that the slow hash runs neither on an async thread nor inside a write transaction:
//! [`store::attempt`] (looks), [`Attempt::check`] (blocking, pure), [`store::admit`] (writes; commit it also when it
//! refuses, since it counts the failure).

mod actor;
mod limits;
mod password;
mod person;
mod secret;
mod session;
mod sign_in;
mod token;

pub mod store;

pub use actor::Known;
pub use limits::{Limit, LimitName, Limits, Stricter};
pub use password::{PasswordHash, Weakness, generate_password};
pub use person::{BadLogin, Login, NewPerson, Person, Post, State, separate};
pub use secret::Secret;
pub use session::Session;
pub use sign_in::{Attempt, Checked, Outcome, Refused, SignedIn};
pub use token::{NewToken, Token};
pub use vocab::Via;

use vocab::Role;

/// Why this room refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such person, session or token.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The sign-in name belongs to someone.
    #[error("the sign-in name `{0}` is taken")]
    LoginTaken(Login),
    /// One person would hold two of the three administrations (三权分立, GB/T 22239-2019 level 3).
    #[error(
        "system, security and audit administrator must be three separate people, and each holds the post in one organisation only"
    )]
    Separation,
    /// The person has no such role in that organisation.
    #[error("the person does not hold the role {0} in this organisation")]
    NotHeld(Role),
    /// The person has no role at all in that organisation.
    #[error("the person has no role in this organisation")]
    NoPost,
    /// A token must have a name and at least one role.
    #[error("a token needs a name and at least one role")]
    EmptyToken,
    /// A token's end is not in the future, or further away than allowed.
    #[error("a token must expire within {max_days} days and not in the past")]
    TokenLifetime {
        /// The longest life allowed now, days.
        max_days: u64,
    },
    /// A password is too weak; every reason at once.
    #[error("the password is too weak: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Weak(Vec<Weakness>),
    /// A limit would become looser than the national value.
    #[error("the limit `{name}` may only be stricter than {national}")]
    Looser {
        /// Which limit.
        name: LimitName,
        /// Its national value.
        national: u64,
    },
    /// Hashing or randomness failed.
    #[error("a credential could not be made")]
    Seal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database failed.
    #[error("the staff database failed")]
    Db(#[from] db::Error),
}
