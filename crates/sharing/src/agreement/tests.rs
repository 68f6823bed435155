#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::{Expect, expect};
use vocab::{Calendar, SharingClass};

use super::*;
use crate::{
    clock::tests::at,
    request::tests::{Cast, application, cast, draft, short},
    seed,
};

fn with_example() -> Clocks {
    let rules = seed::national()
        .into_iter()
        .chain(seed::regional_example("330100"))
        .collect();
    Clocks::new(rules, Calendar::built_in().clone()).unwrap()
}

pub(crate) fn made(cast: &Cast, clocks: &Clocks) -> Agreement {
    let mut request = draft(cast, SharingClass::Conditional);
    request.division = Some("330106".to_owned());
    let grant = Grant::as_asked(&application());
    Agreement::make(
        &request,
        &grant,
        "SQ-2026-000001".to_owned(),
        at("2026-04-01T10:00"),
        clocks,
    )
    .unwrap()
    .0
}

fn event(word: &str) -> Event {
    let by = ActorId::new();
    let reason = "安全检查".to_owned();
    let prove = |how: &str, on: &str| Event::ProveDisposal {
        by,
        how: how.to_owned(),
        on: on.parse().unwrap(),
        statement: "已全部删除，未留副本".to_owned(),
    };
    match word {
        "provided" => Event::Provided,
        "change" => {
            let mut grant = Grant::as_asked(&application());
            grant.quota_per_day = Some(10);
            Event::Change {
                by,
                grant: Box::new(grant),
                reason,
            }
        }
        "change-silently" => Event::Change {
            by,
            grant: Box::new(Grant::as_asked(&application())),
            reason: String::new(),
        },
        "change-to-nothing" => {
            let mut grant = Grant::as_asked(&application());
            grant.items.clear();
            Event::Change {
                by,
                grant: Box::new(grant),
                reason,
            }
        }
        "suspend" => Event::Suspend { by, reason },
        "resume" => Event::Resume { by, reason },
        "revoke" => Event::Revoke { by, reason },
        "revoke-silently" => Event::Revoke {
            by,
            reason: String::new(),
        },
        "expire" => Event::Expire,
        "demand" => Event::DemandDisposal { by: Some(by) },
        "prove" => prove("删除库表并覆写", "2026-04-20"),
        "prove-nothing" => prove(" ", "2026-04-20"),
        "prove-early" => prove("删除", "2099-01-01"),
        "time" => Event::TimePasses,
        other => panic!("no such event {other}"),
    }
}

fn play(story: &str, expected: Expect) {
    let cast = cast();
    let clocks = with_example();
    let mut it = made(&cast, &clocks);
    let mut told = String::new();
    for line in story.split(", ") {
        let (day, word) = line.split_once(' ').unwrap();
        let day = if day.len() == 5 {
            format!("2026-{day}")
        } else {
            day.to_owned()
        };
        let text = match apply(it.clone(), event(word), at(&format!("{day}T10:00")), &clocks) {
            Ok((next, commands)) => {
                it = next;
                let commands: Vec<_> = commands
                    .iter()
                    .map(|it| short(it, cast.consumer, cast.provider))
                    .collect();
                format!("{} v{} [{}]", it.state, it.terms().version, commands.join("; "))
            }
            Err(refused) => format!("refused, {refused}"),
        };
        told.push_str(&format!("{line}: {text}\n"));
    }
    expected.assert_eq(&told);
}

#[test]
fn data_is_provided_in_time_changed_suspended_and_resumed() {
    play(
        "04-02 provided, 04-03 change-silently, 04-03 change-to-nothing, 04-03 change, 04-07 suspend, 04-07 provided, 04-08 change, 04-08 resume, 04-08 resume",
        expect![[r#"
            04-02 provided: active v1 [stop T7; tell consumer data-officer: DataProvided]
            04-03 change-silently: refused, reasons must be given
            04-03 change-to-nothing: refused, the application lacks items
            04-03 change: active v2 [tell consumer data-officer: AgreementChanged]
            04-07 suspend: suspended v2 [tell consumer data-officer: AgreementSuspended]
            04-07 provided: refused, provided cannot happen: the agreement is suspended
            04-08 change: suspended v3 [tell consumer data-officer: AgreementChanged]
            04-08 resume: active v3 [tell consumer data-officer: AgreementResumed]
            04-08 resume: refused, resume cannot happen: the agreement is active
        "#]],
    );
}

#[test]
fn provision_is_reminded_of_and_escalated() {
    play(
        "04-02 time, 04-14 time, 04-16 time, 04-17 time, 04-18 provided",
        expect![[r#"
            04-02 time: active v1 []
            04-14 time: active v1 [tell provider data-officer: T7 due soon]
            04-16 time: active v1 []
            04-17 time: active v1 [tell provider data-officer: T7 overdue; escalate T7, late is provider]
            04-18 provided: active v1 [stop T7; tell consumer data-officer: DataProvided]
        "#]],
    );
}

#[test]
fn revoked_data_is_disposed_of_with_proof() {
    play(
        "04-08 revoke-silently, 04-08 prove, 04-08 revoke, 04-08 resume, 04-08 demand, 04-08 demand, 04-20 time, 04-20 prove-nothing, 04-20 prove-early, 04-20 prove, 04-21 prove, 04-21 time",
        expect![[r#"
            04-08 revoke-silently: refused, reasons must be given
            04-08 prove: refused, prove-disposal cannot happen: the agreement is active
            04-08 revoke: revoked v1 [stop T7; tell consumer data-officer: AgreementRevoked; tell provider data-officer: AgreementRevoked]
            04-08 resume: refused, resume cannot happen: the agreement is revoked
            04-08 demand: disposal-due v1 [start T10 until 04-23; tell consumer data-officer: DisposalDemanded]
            04-08 demand: refused, demand-disposal cannot happen: the agreement is disposal-due
            04-20 time: disposal-due v1 [tell consumer data-officer: T10 due soon]
            04-20 prove-nothing: refused, a proof of disposal says how, when and by whom
            04-20 prove-early: refused, a proof of disposal says how, when and by whom
            04-20 prove: closed v1 [stop T10; tell provider data-officer: DisposalProved; tell authority: DisposalProved]
            04-21 prove: refused, prove-disposal cannot happen: the agreement is closed
            04-21 time: closed v1 []
        "#]],
    );
}

#[test]
fn the_term_ends_by_itself_and_disposal_is_demanded() {
    play(
        "04-02 provided, 04-02 expire, 2027-03-31 time, 2027-04-01 time, 2027-05-01 time, 2027-05-02 time",
        expect![[r#"
            04-02 provided: active v1 [stop T7; tell consumer data-officer: DataProvided]
            04-02 expire: refused, the term has not ended yet
            2027-03-31 time: active v1 []
            2027-04-01 time: disposal-due v1 [tell consumer data-officer: AgreementExpired; tell provider data-officer: AgreementExpired; start T10 until 04-16; tell consumer data-officer: DisposalDemanded]
            2027-05-01 time: disposal-due v1 [tell consumer data-officer: T10 overdue; escalate T10, late is consumer]
            2027-05-02 time: disposal-due v1 []
        "#]],
    );
}

#[test]
fn a_suspended_clock_stands_still() {
    let clocks = with_example();
    let it = made(&cast(), &clocks);
    let before = it.timers[0].due().unwrap();
    let (it, _) = apply(it, event("suspend"), at("2026-04-02T10:00"), &clocks).unwrap();
    assert_eq!(it.timers[0].due(), None);
    assert_eq!(it.next_at(), Some(it.terms().valid_until), "only the term runs on");
    let (it, _) = apply(it, event("resume"), at("2026-04-10T10:00"), &clocks).unwrap();
    assert!(it.timers[0].due().unwrap() > before);
}

#[test]
fn former_terms_are_kept() {
    let clocks = with_example();
    let it = made(&cast(), &clocks);
    let first = it.terms().clone();
    let (it, _) = apply(it, event("change"), at("2026-04-03T10:00"), &clocks).unwrap();
    assert_eq!((it.terms().version, it.terms().quota_per_day), (2, Some(10)));
    assert_eq!(it.history.len(), 1);
    assert_eq!(it.history[0].terms, first);
    let text = serde_json::to_string(&it).unwrap();
    assert_eq!(serde_json::from_str::<Agreement>(&text).unwrap(), it);
}
