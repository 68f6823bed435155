//! A party of a release proves what its receipt only commits to.

use ledger::{
    Receipt,
    receipt::{COMMITTED, UNKNOWN, commitment},
};
use policy::About;
use serde_json::json;
use vocab::{Action, Actor, ReleaseId};

use super::{list_entries::show_entry, open_data::receipt_key};
use crate::{App, Change, Error, Event};

/// What somebody says a receipt commits to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// Of which release; needed where several answers share the entry.
    pub release: Option<ReleaseId>,
    /// The question as it was asked (`docs/receipts.md` says in which words).
    pub question: Option<String>,
    /// The digest of what left, lower-case hex.
    pub digest: Option<String>,
}

/// Is it so? `None` for what was not claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// The question.
    pub question: Option<bool>,
    /// The digest.
    pub digest: Option<bool>,
}

/// Compares what a party of a release claims with what its receipt commits to. Only the provider's and the consumer's
/// people who read the ledger may, and each look leaves an entry of its own: whoever guesses is seen.
///
/// # Errors
/// [`Error::Denied`]; [`Error::NotFound`] for entries that are no receipt of the actor's organisation; [`Error::Faults`]
/// when nothing is claimed, or no release is named where several share the entry.
pub async fn open_receipt(app: &App, actor: &Actor, index: u64, claim: &Claim) -> Result<Confirmed, Error> {
    if claim.question.is_none() && claim.digest.is_none() {
        return Err(Error::fault(
            "query",
            "missing",
            "say the question, the digest, or both",
        ));
    }
    let permit = policy::decide(&app.rules, actor, Action::ReadLedger, &About::Org(actor.org))?;
    let mut receipts = show_entry(app, actor, index).await?.receipts;
    receipts.retain(|it| [it.provider, it.consumer].contains(&actor.org));
    if receipts.len() > 1 && claim.release.is_none() {
        // One look is about one answer, and the entry that it leaves says which.
        let detail = "several answers share this entry: name the release";
        return Err(Error::fault("release", "missing", detail));
    }
    let named = receipts
        .iter()
        .find(|it| claim.release.is_none_or(|release| release == it.release));
    let receipt = named.ok_or(Error::NotFound("receipt"))?;
    let confirmed = confirm(app, receipt, claim);
    let change = Change::begin(app, permit).await?;
    let body = json!({ "index": index, "agreement": receipt.agreement, "question": confirmed.question,
        "digest": confirmed.digest });
    change
        .commit(&Event::new(
            Action::ReadLedger,
            "receipt-opened",
            receipt.release,
            &body,
        ))
        .await?;
    Ok(confirmed)
}

fn confirm(app: &App, receipt: &Receipt, claim: &Claim) -> Confirmed {
    let key = receipt_key(app, receipt.agreement);
    let is = |committed: &str, claimed: &str| seal::ct_eq(committed.as_bytes(), claimed.as_bytes());
    let question = |it: &String| is(&receipt.query, &commitment(&key, it));
    let digest = |it: &String| match receipt.algorithm.as_str() {
        UNKNOWN => false,
        algorithm if algorithm.starts_with(COMMITTED) => is(&receipt.digest, &commitment(&key, it)),
        _ => is(&receipt.digest, it),
    };
    Confirmed {
        question: claim.question.as_ref().map(question),
        digest: claim.digest.as_ref().map(digest),
    }
}
