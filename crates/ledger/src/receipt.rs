//! Receipts: that rows were released, to whom, for what, how many and with which digest. Never the rows.
//!
//! One entry holds one receipt; or, where many answers end at the same moment, those that differ in nothing but the
//! members of [`OWN`]: these stand in `answers`, one object for each, and everything else once ([`written`]).

mod shared;

use seal::Suite;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vocab::{ActorId, AgreementId, OrgId, Purpose, ReleaseId, ResourceId, Timestamp};

use crate::{Entry, Recorded};

pub(crate) use shared::answers;
#[cfg(test)]
pub(crate) use shared::share;
pub use shared::written;

/// The kind of a receipt's entry.
pub const KIND: &str = "release";
/// The kind of the entry with which a large release begins.
pub const OPENED: &str = "release-opened";

/// What each answer has of its own.
pub const OWN: [&str; 7] = ["release", "query", "rows", "bytes", "digest", "started", "ended"];
/// The member with the answers of an entry that holds several.
const ANSWERS: &str = "answers";
/// The most answers of one entry: a third of what an entry may be long.
const MOST: usize = 64;

/// Stands before the algorithm of a digest that is only committed to: `hmac-sm3/sha256`.
pub const COMMITTED: &str = "hmac-sm3/";
/// The algorithm of a digest that nobody knows: the receipt of [`Outcome::Unknown`] has none.
pub const UNKNOWN: &str = "unknown";

/// How a release ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every row left.
    Complete,
    /// It broke off on our side or the source's; `rows` tells how many had left.
    Broken,
    /// The receiver went away or cancelled; `rows` tells how many had left.
    Cancelled,
    /// A limit of time, memory or size ended it.
    Limited,
    /// The right to it ended while rows were on their way: the agreement was revoked, suspended, changed or used up, or who
    /// asked lost the token, session, role or account; `rows` tells how many had left.
    Revoked,
    /// The node stopped before it could write down how many rows had left: at least `rows`, at most every one.
    Unknown,
    /// Nothing left: the day's quota was used up.
    RefusedQuota,
    /// Nothing left: the agreement does not allow it (purpose, mode, time, state).
    RefusedTerms,
}

impl Outcome {
    /// A stable code, as it stands in a receipt.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Broken => "broken",
            Self::Cancelled => "cancelled",
            Self::Limited => "limited",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
            Self::RefusedQuota => "refused-quota",
            Self::RefusedTerms => "refused-terms",
        }
    }
}

/// A receipt. One answer that draws on several agreements leaves one receipt for each, with the same release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The release.
    pub release: ReleaseId,
    /// Under which agreement.
    pub agreement: AgreementId,
    /// Its version.
    pub agreement_version: u32,
    /// Of which resources.
    pub resources: Vec<ResourceId>,
    /// Which published version of each, in the same order.
    pub resource_versions: Vec<u32>,
    /// Who provided.
    pub provider: OrgId,
    /// Who received.
    pub consumer: OrgId,
    /// Who asked, for the consumer.
    pub actor: ActorId,
    /// For what.
    pub purpose: Purpose,
    /// Through which door: `rest`, `sql`, `flight`, `delivery`, `page`, `preview`.
    pub door: String,
    /// [`commitment`] to the question as it was asked. Questions hold personal identifiers, so a plain digest could be
    /// guessed.
    pub query: String,
    /// Digest of the rules, masks and row rule that were in force, hex.
    pub policy: String,
    /// Rows that left; under [`Outcome::Unknown`] only the least, and no count to be summed.
    pub rows: u64,
    /// Bytes that left, where the door counts them.
    pub bytes: Option<u64>,
    /// The algorithm of `digest`: `sm3`, `sha256`, with the name of the row encoding when there is one; with
    /// [`COMMITTED`] before it, `digest` is a [`commitment`] to that digest; [`UNKNOWN`] when there is none.
    pub algorithm: String,
    /// Digest of what left, hex; or a commitment to it, where so little left that it could be guessed.
    pub digest: String,
    /// When it began.
    #[serde(with = "instant")]
    pub started: Timestamp,
    /// When it ended.
    #[serde(with = "instant")]
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
}

impl Receipt {
    /// The ledger entry of this receipt; its subject is the agreement, its time the end of the release.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry {
            at: self.ended,
            kind: KIND.to_owned(),
            actor: Some(self.actor),
            subject: self.agreement.to_string(),
            body: serde_json::to_value(self).unwrap_or_default(),
        }
    }

    /// The entry with which a large release begins, before its first row leaves.
    #[must_use]
    pub fn opened(&self) -> Entry {
        Entry {
            kind: OPENED.to_owned(),
            ..self.entry()
        }
    }

    /// Reads the receipts of an entry; none in other entries.
    #[must_use]
    pub fn all_of(recorded: &Recorded) -> Vec<Self> {
        if recorded.entry.kind != KIND {
            return Vec::new();
        }
        let read = |it: Value| serde_json::from_value(it).ok();
        let Value::Object(body) = &recorded.entry.body else {
            return Vec::new();
        };
        let Some(answers) = body.get(ANSWERS) else {
            return read(recorded.entry.body.clone()).into_iter().collect();
        };
        let mut common = body.clone();
        common.remove(ANSWERS);
        let whole = |own: &Value| {
            let own = own
                .as_object()
                .filter(|it| it.keys().all(|it| OWN.contains(&it.as_str())))?;
            let mut all = common.clone();
            all.extend(own.clone());
            read(Value::Object(all))
        };
        let answers = answers.as_array().map_or(&[][..], Vec::as_slice);
        answers.iter().map(whole).collect::<Option<_>>().unwrap_or_default()
    }

    /// Do both differ in nothing but the members of [`OWN`]?
    fn is_like(&self, other: &Self) -> bool {
        let common = |it: &Self| {
            (
                (it.agreement, it.agreement_version, it.provider, it.consumer, it.actor),
                (it.purpose, it.outcome),
            )
        };
        common(self) == common(other)
            && [&self.door, &self.policy, &self.algorithm] == [&other.door, &other.policy, &other.algorithm]
            && self.resources == other.resources
            && self.resource_versions == other.resource_versions
    }
}

/// A commitment to a personal identifier or to a text that may hold one, for entries that must be linkable to it later
/// but name it to nobody: HMAC-SM3 under a secret salt of 32 bytes. Who knows salt and text can prove the link; once the
/// salt is deleted, nobody can.
#[must_use]
pub fn commitment(salt: &[u8; 32], identifier: &str) -> String {
    commitment_under(&seal::Hmac::new(Suite::National, salt), identifier)
}

/// The same under an HMAC-SM3 that has taken the salt and nothing else: for many under one salt.
#[must_use]
pub fn commitment_under(salted: &seal::Hmac, identifier: &str) -> String {
    let mut mac = salted.clone();
    mac.update(identifier);
    let mut text = String::with_capacity(80);
    text.push_str("hmac-sm3:");
    text.push_str(&seal::hex(&mac.finish()));
    text
}

mod instant {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use vocab::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&vocab::time::to_text(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        vocab::time::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
