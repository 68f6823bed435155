#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::expect;
use proptest::prelude::*;
use vocab::Timestamp;

use super::*;
use crate::{Command, seed};

pub(crate) fn at(text: &str) -> Timestamp {
    vocab::time::parse(&format!("{text}:00+08:00")).unwrap()
}

pub(crate) fn clocks() -> Clocks {
    Clocks::new(seed::national(), Calendar::built_in().clone()).unwrap()
}

fn with_example() -> Clocks {
    let rules = seed::national()
        .into_iter()
        .chain(seed::regional_example("330100"))
        .collect();
    Clocks::new(rules, Calendar::built_in().clone()).unwrap()
}

#[test]
fn the_national_limits() {
    let rows: String = seed::national()
        .iter()
        .map(|it| format!("{} {:?} +{} {}\n", it.clock, it.value, it.extension, it.certainty))
        .collect();
    expect![[r#"
        T1 Some(10) +5 to-confirm
        T2 Some(2) +0 to-confirm
        T3 Some(1) +0 to-confirm
        T4 Some(10) +10 to-confirm
        T5 Some(3) +0 to-confirm
        T6 None +0 to-confirm
        T7 Some(20) +0 to-confirm
        T8 Some(10) +0 to-confirm
        T10 Some(15) +0 to-confirm
        D1 Some(10) +0 to-confirm
        D2 Some(15) +0 to-confirm
        D3 Some(20) +0 to-confirm
    "#]]
    .assert_eq(&rows);
    assert!(
        seed::national()
            .iter()
            .all(|it| !it.basis_zh.is_empty() && !it.basis_en.is_empty())
    );
    assert_eq!(seed::regional_example("330100").len(), 4);
}

#[test]
fn the_nearest_rule_holds() {
    let clocks = with_example();
    let days = |clock, division| clocks.pick(clock, division).and_then(|it| it.value);
    assert_eq!(days(ClockId::T4, None), Some(10));
    assert_eq!(days(ClockId::T4, Some("330106")), Some(5), "a district of the city");
    assert_eq!(
        days(ClockId::T4, Some("330106001000")),
        Some(5),
        "a street of the district"
    );
    assert_eq!(days(ClockId::T4, Some("330200")), Some(10), "another city");
    assert_eq!(days(ClockId::T4, Some("330000")), Some(10), "the province");
    assert_eq!(days(ClockId::T5, Some("330100")), Some(2));
    assert_eq!(days(ClockId::T5, Some("110000")), Some(3));
}

#[test]
fn a_region_may_only_shorten() {
    let refused = |change: fn(&mut ClockRule)| {
        let mut rules = seed::national();
        let mut rule = rules.iter().find(|it| it.clock == ClockId::T4).unwrap().clone();
        rule.region = Some("330100".to_owned());
        change(&mut rule);
        rules.push(rule);
        Clocks::new(rules, Calendar::default())
            .map(drop)
            .map_err(|it| it.to_string())
    };
    assert_eq!(refused(|it| it.value = Some(9)), Ok(()));
    assert_eq!(refused(|_| {}), Ok(()), "as long as the national one");
    expect!["clock T4 in region `330100` is longer than the rule above it; a region may only shorten"]
        .assert_eq(&refused(|it| it.value = Some(11)).unwrap_err());
    assert!(refused(|it| it.value = None).is_err(), "no limit is longer than any");
    assert!(refused(|it| it.extension = 11).is_err());
    assert!(
        refused(|it| it.unit = Unit::CalendarDays).is_err(),
        "another unit cannot be compared"
    );
    assert!(refused(|it| it.region = Some("33".to_owned())).is_err());
    assert!(refused(|it| it.region = None).is_err(), "two national rows");

    // A district below a stricter city is measured by the city.
    let mut rules: Vec<_> = seed::national()
        .into_iter()
        .chain(seed::regional_example("330100"))
        .collect();
    let mut district = rules.iter().find(|it| it.clock == ClockId::T7).unwrap().clone();
    district.region = Some("330106".to_owned());
    district.value = Some(15);
    rules.push(district);
    assert!(matches!(
        Clocks::new(rules, Calendar::default()),
        Err(ClockError::Longer(ClockId::T7, _))
    ));
}

fn show(timer: &Timer) -> String {
    format!(
        "due {:?}, remind {:?}: {}",
        timer.due().map(|it| it.with_timezone(&shanghai()).to_rfc3339()),
        timer.remind_at.map(|it| it.with_timezone(&shanghai()).to_rfc3339()),
        timer.deadline.explain_en()
    )
}

#[test]
fn a_timer_counts_pauses_extends_and_explains_itself() {
    let clocks = clocks();
    let mut timer = clocks
        .start(ClockId::T4, None, at("2026-04-01T10:00"))
        .unwrap()
        .unwrap();
    expect![[r#"due Some("2026-04-17T00:00:00+08:00"), remind Some("2026-04-14T00:00:00+08:00"): 10 working days from 1 April 2026, skipped 4-6 April Qingming; ends with 16 April 2026"#]].assert_eq(&show(&timer));
    clocks.pause(&mut timer, at("2026-04-07T09:00")).unwrap();
    expect!["due None, remind None: 10 working days from 1 April 2026, skipped 4-6 April Qingming; paused"]
        .assert_eq(&show(&timer));
    assert!(!timer.is_overdue(at("2027-01-01T00:00")));
    assert_eq!(timer.next_at(), None);
    clocks.resume(&mut timer, at("2026-04-13T09:00")).unwrap();
    expect![[r#"due Some("2026-04-24T00:00:00+08:00"), remind Some("2026-04-21T00:00:00+08:00"): 10 working days from 1 April 2026, skipped 4-6 April Qingming, 7-13 April (paused); ends with 23 April 2026"#]].assert_eq(&show(&timer));
    clocks.extend(&mut timer, 10, at("2026-04-22T23:00")).unwrap();
    expect![[r#"due Some("2026-05-12T00:00:00+08:00"), remind Some("2026-05-08T00:00:00+08:00"): 10 working days from 1 April 2026, extended by 10 working days with the consent of the sharing authority on 22 April 2026, skipped 4-6 April Qingming, 7-13 April (paused), 1-5 May Labour Day, counted make-up 9 May; ends with 11 May 2026"#]].assert_eq(&show(&timer));
    assert_eq!(
        clocks.start(ClockId::T6, None, at("2026-04-01T10:00")).unwrap(),
        None,
        "no number, no timer"
    );
    let counted_again = timer.clone();
    assert!(!clocks.count_again(&mut timer, at("2026-04-23T09:00")).unwrap());
    assert_eq!(timer, counted_again, "the consent stays told");
}

#[test]
fn a_record_without_reasons_of_the_answer_is_still_read() {
    let by = vocab::ActorId::new();
    let read: Answer = serde_json::from_value(serde_json::json!(["2026-03-12T02:00:00Z", by, true])).unwrap();
    assert_eq!((read.by, read.consent, read.reason.as_str()), (by, true, ""));
}

#[test]
fn each_notice_is_due_once() {
    let clocks = clocks();
    let mut timers = vec![
        clocks
            .start(ClockId::T4, None, at("2026-03-09T10:00"))
            .unwrap()
            .unwrap(),
    ];
    let mut told = Vec::new();
    let mut now = at("2026-03-09T10:00");
    while now < at("2026-04-01T00:00") {
        let notices = due_notices(&timers, now);
        mark(&mut timers, &notices, now);
        told.extend(
            notices
                .iter()
                .map(|it| format!("{:?} {}", it.kind, now.with_timezone(&shanghai()).format("%m-%d %H:%M"))),
        );
        now += chrono::Duration::minutes(30);
    }
    expect!["Soon 03-19 00:00, Overdue 03-24 00:00"].assert_eq(&told.join(", "));
    timers[0].met_at = Some(now);
    timers[0].escalated_at = None;
    assert!(due_notices(&timers, now).is_empty(), "a met timer is silent");
}

#[test]
fn an_edit_of_the_calendar_reaches_a_running_timer() {
    let before = clocks();
    let mut timer = before
        .start(ClockId::T4, None, at("2026-03-09T10:00"))
        .unwrap()
        .unwrap();
    let late = at("2026-03-24T09:00");
    let due = due_notices(std::slice::from_ref(&timer), late);
    mark(std::slice::from_mut(&mut timer), &due, late);
    assert!(timer.escalated_at.is_some());
    let mut calendar = Calendar::built_in().clone();
    calendar.add([vocab::CalendarDay {
        date: "2026-03-20".parse().unwrap(),
        kind: vocab::DayKind::Holiday,
        name_zh: "防汛停工".to_owned(),
        name_en: "Flood".to_owned(),
        basis: "市政府通知".to_owned(),
    }]);
    let after = Clocks::new(seed::national(), calendar).unwrap();
    assert!(after.count_again(&mut timer, late).unwrap());
    assert_eq!(timer.due(), Some(at("2026-03-25T00:00")));
    assert_eq!(
        timer.escalated_at, None,
        "it is not late any more, and is handed up again when it is"
    );
    assert!(!after.count_again(&mut timer, late).unwrap(), "counted once");
    assert!(before.count_again(&mut timer, late).unwrap());
    timer.met_at = Some(late);
    assert!(
        !after.count_again(&mut timer, late).unwrap(),
        "a met timer stays as it was"
    );
}

#[test]
fn a_review_and_an_update_have_their_limits() {
    use crate::clock::catalog;
    use vocab::{ActorId, OrgId, ResourceId};
    let (clocks, id, org) = (clocks(), ResourceId::new(), OrgId::new());
    let say = |it: &catalog::CatalogClock, commands: &[Command]| {
        let told: Vec<String> = commands
            .iter()
            .map(|it| format!("{it:?}").replace(&format!("{org:?}"), "provider"))
            .collect();
        format!("{:?} {}\n", it.timer.deadline.last_day, told.join("; "))
    };
    let (it, commands) = catalog::begin_review(id, org, None, at("2026-03-09T10:00"), &clocks)
        .unwrap()
        .unwrap();
    let mut text = say(&it, &commands);
    for when in ["2026-03-11T08:00", "2026-03-12T00:00", "2026-03-13T00:00"] {
        let (it, commands) = it.clone().time_passes(at(when));
        text += &say(&it, &commands);
    }
    let cause = |reason: &str, on: &str| Cause {
        on: on.parse().unwrap(),
        reason: reason.to_owned(),
        by: ActorId::new(),
    };
    let begin = |cause| {
        catalog::begin_update(
            id.to_string(),
            Some(id),
            org,
            None,
            cause,
            at("2026-03-09T10:00"),
            &clocks,
        )
    };
    assert_eq!(begin(cause(" ", "2026-03-02")), Err(crate::Refused::NoReasons));
    assert_eq!(begin(cause("机构改革", "2026-03-10")), Err(crate::Refused::NotYet));
    let (mut it, commands) = begin(cause("机构改革", "2026-03-02")).unwrap().unwrap();
    text += &say(&it, &commands);
    let (late, commands) = it.clone().time_passes(at("2026-03-17T00:00"));
    text += &say(&late, &commands);
    it.meet(at("2026-03-10T00:00"));
    assert_eq!(it.clone().time_passes(at("2026-03-17T00:00")).1, []);
    expect![[r#"
        Some(2026-03-11) StartTimer { clock: T2, due: 2026-03-11T16:00:00Z }
        Some(2026-03-11) Notify { who: Authority, kind: DueSoon { clock: T2 } }
        Some(2026-03-11) Notify { who: Authority, kind: Overdue { clock: T2 } }
        Some(2026-03-11) Notify { who: Authority, kind: Overdue { clock: T2 } }
        Some(2026-03-16) StartTimer { clock: T1, due: 2026-03-16T16:00:00Z }; Notify { who: Org { org: provider, role: DataOfficer }, kind: LawChanged }
        Some(2026-03-16) Notify { who: Org { org: provider, role: DataOfficer }, kind: Overdue { clock: T1 } }; Escalate { clock: T1, late: provider }
    "#]].assert_eq(&text);
}

#[test]
fn an_update_is_extended_with_consent_within_its_rule() {
    use vocab::{ActorId, OrgId, ResourceId};
    let (clocks, org, now) = (clocks(), OrgId::new(), at("2026-03-09T10:00"));
    let (officer, authority) = (ActorId::new(), ActorId::new());
    let begun = |clock| {
        let cause = Cause {
            on: "2026-03-09".parse().unwrap(),
            reason: "机构改革".to_owned(),
            by: officer,
        };
        let it = match clock {
            ClockId::T1 => begin_update(org.to_string(), None, org, None, cause, now, &clocks),
            _ => begin_review(ResourceId::new(), org, None, now, &clocks),
        };
        it.unwrap().unwrap().0
    };
    let ask = |it: CatalogClock, days, reason: &str| it.ask_extension(officer, days, reason.to_owned(), now);
    let answer = |it: CatalogClock, by, consent, reason: &str| {
        let reason = reason.to_owned();
        let at = at("2026-03-16T10:00");
        let answer = Answer {
            at,
            by,
            consent,
            reason,
        };
        it.answer_extension(answer, &clocks)
    };
    let (update, review) = (begun(ClockId::T1), begun(ClockId::T2));
    let mut told = String::new();
    let mut tell = |outcome: Result<(CatalogClock, Vec<Command>), crate::Refused>| {
        let text = match outcome {
            Ok((it, commands)) => format!("{:?} {}", it.timer.deadline.last_day, commands.len()),
            Err(why) => why.to_string(),
        };
        told.push_str(&text);
        told.push('\n');
    };
    tell(ask(review, 1, "核对"));
    tell(ask(update.clone(), 6, "核对"));
    tell(ask(update.clone(), 0, "核对"));
    tell(ask(update.clone(), 5, " "));
    tell(answer(update.clone(), authority, true, ""));
    let asked = ask(update, 5, "核对").unwrap().0;
    tell(Ok((asked.clone(), vec![])));
    tell(ask(asked.clone(), 2, "核对"));
    tell(answer(asked.clone(), officer, true, ""));
    tell(answer(asked.clone(), authority, false, ""));
    let declined = answer(asked.clone(), authority, false, "理由不充分").unwrap().0;
    tell(ask(declined, 2, "重新核对"));
    let (mut extended, commands) = answer(asked, authority, true, "").unwrap();
    told.push_str(&extended.timer.deadline.explain_en());
    expect![[r#"
        clock T2 can be extended by 0 working days at most
        clock T1 can be extended by 5 working days at most
        clock T1 can be extended by 5 working days at most
        reasons must be given
        no extension was asked
        Some(2026-03-23) 0
        an extension was asked already and is not answered yet
        whoever asked for an extension does not answer it
        reasons must be given
        Some(2026-03-23) 1
        10 working days from 9 March 2026, extended by 5 working days with the consent of the sharing authority on 16 March 2026; ends with 30 March 2026"#]]
    .assert_eq(&told);
    assert_eq!(commands.len(), 2, "the new end, and the department is told");
    assert_eq!(ask(extended.clone(), 1, "再延"), Err(crate::Refused::ExtendedBefore));
    extended = extended.time_passes(at("2026-03-25T08:00")).0;
    assert_eq!(extended.timer.reminded_at, None, "the reminder follows the new end");
    let (extended, commands) = extended.time_passes(at("2026-03-31T00:00"));
    assert!(
        extended.timer.escalated_at.is_some() && commands.len() == 2,
        "{commands:?}"
    );
    let old = serde_json::to_value(&extended).unwrap();
    let mut old = old.as_object().unwrap().clone();
    old.remove("extension");
    assert!(
        serde_json::from_value::<CatalogClock>(old.into()).is_ok(),
        "older records are read"
    );
}

proptest! {
    /// The next instant is exactly when something becomes due: before it nothing, at it something.
    #[test]
    fn next_at_is_when_a_notice_is_due(start in 0i64..500, clock in prop::sample::select(vec![ClockId::T1, ClockId::T3, ClockId::T4, ClockId::T7, ClockId::T8])) {
        let clocks = clocks();
        let begin = at("2025-01-01T09:30") + chrono::Duration::hours(start * 7);
        let mut timers = vec![clocks.start(clock, None, begin).unwrap().unwrap()];
        let mut rounds = 0;
        while let Some(next) = next_at(&timers) {
            prop_assert!(due_notices(&timers, next - chrono::Duration::microseconds(1)).is_empty());
            let notices = due_notices(&timers, next);
            prop_assert_eq!(notices.len(), 1);
            mark(&mut timers, &notices, next);
            rounds += 1;
            prop_assert!(rounds <= 2);
        }
        prop_assert!(timers[0].escalated_at.is_some());
    }
}
