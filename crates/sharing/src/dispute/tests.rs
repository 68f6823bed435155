#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::expect;

use super::*;
use crate::{clock::tests::at, seed};

struct Cast {
    raiser: Party,
    other: Party,
    authority: ActorId,
    clocks: Clocks,
}

impl Cast {
    fn new() -> Self {
        let party = || Party {
            org: OrgId::new(),
            actor: ActorId::new(),
        };
        Self {
            raiser: party(),
            other: party(),
            authority: ActorId::new(),
            clocks: Clocks::new(seed::national(), vocab::Calendar::built_in().clone()).unwrap(),
        }
    }

    fn raised(&self, span: Span) -> Dispute {
        let new = NewDispute {
            no: "ZY-2026-000001".to_owned(),
            raiser: self.raiser,
            other: self.other.org,
            division: None,
            subject: "cor_1".to_owned(),
            span,
            claim: "仍有误".to_owned(),
        };
        raise(new, at("2026-03-09T10:00"), &self.clocks).unwrap().0
    }

    fn step(&self, it: &Dispute, event: Event) -> Outcome {
        apply(it.clone(), event, at("2026-03-10T10:00"), &self.clocks)
    }

    fn climb_all(&self, span: Span) -> String {
        let mut it = self.raised(span);
        let mut told = vec![it.state.to_string()];
        loop {
            let climb = Event::Climb {
                by: self.raiser.actor,
                text: "协商未果".to_owned(),
            };
            match self.step(&it, climb) {
                Ok((next, _)) => it = next,
                Err(refused) => {
                    told.push(refused.to_string());
                    break;
                }
            }
            told.push(it.state.to_string());
        }
        let by = Party {
            org: OrgId::new(),
            actor: self.authority,
        };
        let settle = |text: &str| Event::Settle {
            by,
            text: text.to_owned(),
        };
        assert_eq!(self.step(&it, settle(" ")), Err(Refused::NoReasons));
        let (it, commands) = self.step(&it, settle("按甲方意见")).unwrap();
        told.push(format!(
            "{} after {} rungs, {} commands",
            it.state,
            it.rungs.len(),
            commands.len()
        ));
        let clocks: Vec<_> = it.timers.iter().map(|it| it.clock().code()).collect();
        told.push(format!(
            "{}: {} open",
            clocks.join(" "),
            it.timers.iter().filter(|it| it.is_open()).count()
        ));
        let withdraw = Event::Withdraw {
            by: self.raiser.actor,
            text: "x".to_owned(),
        };
        assert!(self.step(&it, withdraw).is_err());
        told.join("\n")
    }
}

#[test]
fn same_level_departments_go_to_their_authority() {
    expect![[r#"
        negotiating
        mediating
        government
        climb cannot happen: the dispute is government
        settled after 3 rungs, 3 commands
        D1 D2 D3: 0 open"#]]
    .assert_eq(&Cast::new().climb_all(Span::SameLevel));
}

#[test]
fn others_go_to_the_common_superior() {
    expect![[r#"
        negotiating
        common-superior
        government
        climb cannot happen: the dispute is government
        settled after 3 rungs, 3 commands
        D1 D2 D3: 0 open"#]]
    .assert_eq(&Cast::new().climb_all(Span::Across));
}

#[test]
fn nobody_settles_alone_on_the_first_rung() {
    let cast = Cast::new();
    let it = cast.raised(Span::SameLevel);
    let settle = |by, text: &str| Event::Settle {
        by,
        text: text.to_owned(),
    };
    for by in [cast.raiser, cast.other] {
        assert_eq!(cast.step(&it, settle(by, "按我方意见")), Err(Refused::NotAgreed));
    }
    let propose = |by, text: &str| Event::Propose {
        by,
        text: text.to_owned(),
    };
    assert_eq!(cast.step(&it, propose(cast.other, " ")), Err(Refused::NoReasons));
    let (it, told) = cast.step(&it, propose(cast.other, "本周更正")).unwrap();
    assert_eq!(it.state, DisputeState::Negotiating);
    assert_eq!(
        told,
        [Command::tell(
            cast.raiser.org,
            Role::DataOfficer,
            Notice::DisputeProposed
        )]
    );
    // Who proposed does not agree with itself; a counter-proposal waits for the other side in its turn.
    assert_eq!(cast.step(&it, settle(cast.other, "")), Err(Refused::NotAgreed));
    let (counter, _) = cast.step(&it, propose(cast.raiser, "三天内更正")).unwrap();
    assert_eq!(cast.step(&counter, settle(cast.raiser, "")), Err(Refused::NotAgreed));
    let (settled, _) = cast.step(&counter, settle(cast.other, "同意")).unwrap();
    assert_eq!(settled.state, DisputeState::Settled);
    let words: Vec<_> = settled.rungs.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(words, ["本周更正", "三天内更正", "三天内更正\n同意"]);
    // What was proposed below does not settle above.
    let climb = Event::Climb {
        by: cast.raiser.actor,
        text: "协商未果".to_owned(),
    };
    let (above, _) = cast.step(&counter, climb).unwrap();
    assert_eq!(above.proposal, None);
    assert_eq!(
        cast.step(&above, propose(cast.other, "再谈")),
        Err(Refused::NotNow {
            thing: "dispute",
            state: "mediating",
            event: "propose"
        })
    );
}

#[test]
fn a_rung_that_lasts_too_long_is_told_to_both_and_escalated_once() {
    let cast = Cast::new();
    let it = cast.raised(Span::SameLevel);
    let due = it.timers[0].due().unwrap();
    let (it, soon) = apply(it, Event::TimePasses, due - chrono::Duration::days(1), &cast.clocks).unwrap();
    assert_eq!(soon.len(), 2, "both departments are reminded: {soon:?}");
    let (it, late) = apply(it, Event::TimePasses, due, &cast.clocks).unwrap();
    assert!(
        late.contains(&Command::Escalate {
            clock: ClockId::D1,
            late: cast.other.org
        }),
        "{late:?}"
    );
    let (_, again) = apply(it, Event::TimePasses, due, &cast.clocks).unwrap();
    assert_eq!(again, []);
}
