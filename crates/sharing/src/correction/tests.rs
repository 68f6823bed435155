#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::{Expect, expect};

use super::*;
use crate::{
    clock::tests::{at, clocks},
    request::tests::short,
};

pub(crate) fn new(asker: Party, provider: OrgId) -> NewCorrection {
    NewCorrection {
        no: "JH-2026-000001".to_owned(),
        asker,
        provider,
        division: None,
        resource: ResourceId::new(),
        item: Some("地址".to_owned()),
        which: "2026年3月变更登记的记录".to_owned(),
        problem: "地址仍为变更前".to_owned(),
        evidence: "营业执照复印件".to_owned(),
    }
}

fn play(story: &str, expected: Expect) {
    let asker = Party {
        org: OrgId::new(),
        actor: ActorId::new(),
    };
    let provider = OrgId::new();
    let (mut it, commands) = ask(new(asker, provider), at("2026-03-09T10:00"), &clocks()).unwrap();
    let shown = |commands: &[Command]| {
        commands
            .iter()
            .map(|it| short(it, asker.org, provider))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let mut told = format!("ask: {} [{}]\n", it.state, shown(&commands));
    for line in story.split(", ") {
        let (day, word) = line.split_once(' ').unwrap();
        let answer = |by, text: &str| Event::Answer {
            by,
            finding: Finding::Corrected,
            text: text.to_owned(),
        };
        let event = match word {
            "answer" => answer(ActorId::new(), "已更正"),
            "answer-silently" => answer(ActorId::new(), ""),
            "answer-own" => answer(asker.actor, "已更正"),
            "confirm" => Event::Confirm,
            "disagree" => Event::Disagree {
                reason: "仍有误".to_owned(),
            },
            "withdraw" => Event::Withdraw { reason: String::new() },
            _ => Event::TimePasses,
        };
        let text = match apply(it.clone(), event, at(&format!("2026-{day}T10:00"))) {
            Ok((next, commands)) => {
                it = next;
                format!("{} [{}]", it.state, shown(&commands))
            }
            Err(refused) => format!("refused, {refused}"),
        };
        told.push_str(&format!("{line}: {text}\n"));
    }
    expected.assert_eq(&told);
}

#[test]
fn a_correction_is_answered_and_confirmed() {
    play(
        "03-10 confirm, 03-10 answer-own, 03-10 answer-silently, 03-10 answer, 03-11 answer, 03-11 confirm, 03-12 withdraw",
        expect![[r#"
            ask: asked [start T8 until 03-24; tell provider data-officer: CorrectionAsked]
            03-10 confirm: refused, confirm cannot happen: the correction request is asked
            03-10 answer-own: refused, the applicant neither checks nor decides the own request
            03-10 answer-silently: refused, reasons must be given
            03-10 answer: answered [stop T8; tell consumer data-officer: CorrectionAnswered]
            03-11 answer: refused, answer cannot happen: the correction request is answered
            03-11 confirm: closed [tell provider data-officer: CorrectionClosed]
            03-12 withdraw: refused, withdraw cannot happen: the correction request is closed
        "#]],
    );
}

#[test]
fn a_late_answer_is_escalated_and_may_be_disputed() {
    play(
        "03-18 time, 03-19 time, 03-24 time, 03-25 answer, 03-26 disagree, 03-27 time",
        expect![[r#"
            ask: asked [start T8 until 03-24; tell provider data-officer: CorrectionAsked]
            03-18 time: asked []
            03-19 time: asked [tell provider data-officer: T8 due soon]
            03-24 time: asked [tell provider data-officer: T8 overdue; escalate T8, late is provider]
            03-25 answer: answered [stop T8; tell consumer data-officer: CorrectionAnswered]
            03-26 disagree: disputed [tell provider data-officer: CorrectionDisputed]
            03-27 time: disputed []
        "#]],
    );
}

#[test]
fn it_says_which_rows_and_what_is_wrong() {
    let asker = Party {
        org: OrgId::new(),
        actor: ActorId::new(),
    };
    let empty = NewCorrection {
        which: String::new(),
        ..new(asker, OrgId::new())
    };
    assert_eq!(
        ask(empty, at("2026-03-09T10:00"), &clocks()),
        Err(Refused::NothingNamed)
    );
}
