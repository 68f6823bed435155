#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod bundle;
mod form;
mod outside;
mod publish;
mod store;
mod tree;

use seal::{SigningKey, Suite};
use serde_json::json;
use vocab::{ActorId, AgreementId, OrgId, Purpose, ReleaseId, ResourceId, Timestamp};

use crate::{Entry, LogKeys, Outcome, Receipt};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

pub(crate) fn keys() -> LogKeys {
    let international = SigningKey::from_bytes(Suite::International, &[1; 32]).unwrap();
    let national = SigningKey::from_bytes(Suite::National, &[2; 32]).unwrap();
    LogKeys::new("node.example/log", international, national).unwrap()
}

pub(crate) fn plain(number: u64) -> Entry {
    Entry {
        at: at(i64::try_from(number).unwrap()),
        kind: "request.submitted".to_owned(),
        actor: None,
        subject: format!("thing {number}"),
        body: json!({"z": number, "a": "目录\n\u{1f600}"}),
    }
}

pub(crate) fn receipt(agreement: AgreementId, provider: OrgId, consumer: OrgId) -> Receipt {
    Receipt {
        release: ReleaseId::new(),
        agreement,
        agreement_version: 1,
        resources: vec![ResourceId::new()],
        resource_versions: vec![3],
        provider,
        consumer,
        actor: ActorId::new(),
        purpose: Purpose::Service,
        door: "rest".to_owned(),
        query: hex::encode(seal::sm3(b"q")),
        policy: hex::encode(seal::sm3(b"p")),
        rows: 1000,
        bytes: Some(123_456),
        algorithm: "sm3".to_owned(),
        digest: hex::encode(seal::sm3(b"rows")),
        started: at(0),
        ended: at(1),
        outcome: Outcome::Complete,
    }
}
