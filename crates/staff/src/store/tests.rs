#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::Duration;
use db::{Tx, testing::Fresh};
use expect_test::expect;
use vocab::{OrgId, Role};

mod people;
mod sessions;
mod sign_in;
mod tokens;

use super::*;
use crate::{
    Error, LimitName, Limits, NewPerson, NewToken, Outcome, PasswordHash, Person, Post, Refused, SignedIn, State, Via,
};

const PASSWORD: &str = "Rain-on-7-roofs";

fn at(minutes: i64) -> Timestamp {
    vocab::time::parse("2026-03-09T09:00:00Z").unwrap() + Duration::minutes(minutes)
}

fn new_person(login: &str, org: OrgId, roles: &[Role]) -> NewPerson {
    NewPerson {
        login: login.parse().unwrap(),
        name_zh: "张伟".to_owned(),
        name_en: "Zhang Wei".to_owned(),
        org,
        posts: roles.iter().map(|role| Post { org, role: *role }).collect(),
    }
}

fn hashed(password: &str, login: &str, limits: &Limits) -> PasswordHash {
    PasswordHash::new(password, &login.parse().unwrap(), limits).unwrap()
}

/// A person with the password of these tests, which need not be changed.
async fn hired(tx: &Tx, login: &str, org: OrgId, roles: &[Role]) -> Person {
    let hash = hashed(PASSWORD, login, &limits(tx).await.unwrap());
    insert(tx, &new_person(login, org, roles), Some(&hash), true, at(0))
        .await
        .unwrap()
}

async fn signs_in(fresh: &Fresh, login: &str, password: &str, now: Timestamp) -> Outcome {
    let looking = fresh.db.read().await.unwrap();
    let begun = attempt(&looking, login).await.unwrap();
    drop(looking);
    let checked = begun.check(password);
    let tx = fresh.db.write().await.unwrap();
    let outcome = admit(&tx, checked, now, "10.0.0.7").await.unwrap();
    tx.commit().await.unwrap();
    outcome
}

fn into_session(outcome: Outcome) -> SignedIn {
    match outcome {
        Outcome::SignedIn(it) => *it,
        other => panic!("refused: {other:?}"),
    }
}

fn short(outcome: &Outcome) -> String {
    match outcome {
        Outcome::SignedIn(it) => format!("signed in, must change: {}", it.must_change_password),
        Outcome::Refused(why) => why.to_string(),
        Outcome::LockBegan { until, .. } => Refused::Locked { until: *until }.to_string(),
    }
}
