#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use chrono::Utc;
use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::calendar::shanghai;

fn at(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn days(n: u32) -> Limit {
    Limit {
        n,
        unit: Unit::WorkingDays,
    }
}

fn counted(start: &str, limit: Limit, extensions: &[u32], pauses: &[Pause]) -> Deadline {
    count(at(start), limit, extensions, pauses, Calendar::built_in(), shanghai()).unwrap()
}

fn pause(from: &str, until: Option<&str>) -> Pause {
    Pause {
        from: at(from),
        until: until.map(at),
    }
}

#[test]
fn sentences() {
    let say = |it: Deadline| format!("{}\n{}", it.explain_en(), it.explain_zh());
    expect![[r#"
        10 working days from 1 April 2026, skipped 4-6 April Qingming; ends with 16 April 2026
        自2026年4月1日起10个工作日（当日不计），跳过4月4日至6日清明节；截止2026年4月16日"#]]
    .assert_eq(&say(counted("2026-04-01T09:00:00+08:00", days(10), &[], &[])));
    expect![[r#"
        10 working days from 9 March 2026; ends with 23 March 2026
        自2026年3月9日起10个工作日（当日不计）；截止2026年3月23日"#]]
    .assert_eq(&say(counted("2026-03-09T23:59:59+08:00", days(10), &[], &[])));
    expect![[r#"
        5 working days extended by 5 from 28 September 2026, skipped 1-7 October National Day, counted make-up 10 October; ends with 16 October 2026
        自2026年9月28日起5个工作日（当日不计），延长5个工作日，跳过10月1日至7日国庆节，10月10日调休上班计入；截止2026年10月16日"#]]
    .assert_eq(&say(counted("2026-09-28T09:00:00+08:00", days(5), &[5], &[])));
    let mut consented = counted("2026-09-28T09:00:00+08:00", days(5), &[5], &[]);
    consented.consents.push(Consent {
        n: 5,
        by: Role::Authority,
        on: "2026-09-30".parse().unwrap(),
    });
    expect![[r#"
        5 working days from 28 September 2026, extended by 5 working days with the consent of the sharing authority on 30 September 2026, skipped 1-7 October National Day, counted make-up 10 October; ends with 16 October 2026
        自2026年9月28日起5个工作日（当日不计），2026年9月30日经主管部门同意延长5个工作日，跳过10月1日至7日国庆节，10月10日调休上班计入；截止2026年10月16日"#]]
    .assert_eq(&say(consented));
    let pauses = [pause("2026-03-10T15:00:00+08:00", Some("2026-03-12T09:00:00+08:00"))];
    expect![[r#"
        3 working days from 9 March 2026, skipped 10-12 March (paused); ends with 17 March 2026
        自2026年3月9日起3个工作日（当日不计），跳过3月10日至12日暂停计时；截止2026年3月17日"#]]
    .assert_eq(&say(counted("2026-03-09T09:00:00+08:00", days(3), &[], &pauses)));
    let pauses = [pause("2026-03-10T15:00:00+08:00", None)];
    expect![[r#"
        3 working days from 9 March 2026; paused
        自2026年3月9日起3个工作日（当日不计）；暂停计时中"#]]
    .assert_eq(&say(counted("2026-03-09T09:00:00+08:00", days(3), &[], &pauses)));
    expect![[r#"
        10 working days from 25 December 2026; ends with 8 January 2027; holidays of 2027 unknown
        自2026年12月25日起10个工作日（当日不计）；截止2027年1月8日；2027年节假日安排未录入"#]]
    .assert_eq(&say(counted("2026-12-25T09:00:00+08:00", days(10), &[], &[])));
}

#[test]
fn ends_and_zones() {
    // 16:30 UTC is the next day in China.
    let it = counted("2026-03-09T16:30:00Z", days(1), &[], &[]);
    assert_eq!(
        (it.start_day, it.last_day),
        ("2026-03-10".parse().unwrap(), "2026-03-11".parse().ok())
    );
    assert_eq!(it.due, Some(at("2026-03-12T00:00:00+08:00")));
    assert!(!it.is_overdue(at("2026-03-11T23:59:59+08:00")) && it.is_overdue(at("2026-03-12T00:00:00+08:00")));
    assert_eq!(
        it.working_days_left(at("2026-03-13T09:00:00+08:00"), Calendar::built_in(), shanghai()),
        Some(-2)
    );
    let calendar_days = Limit {
        n: 3,
        unit: Unit::CalendarDays,
    };
    assert_eq!(
        counted("2026-04-01T09:00:00+08:00", calendar_days, &[], &[]).last_day,
        "2026-04-07".parse().ok()
    );
    let hours = Limit {
        n: 24,
        unit: Unit::Hours,
    };
    let pauses = [pause("2026-03-09T12:00:00+08:00", Some("2026-03-10T12:00:00+08:00"))];
    assert_eq!(
        counted("2026-03-09T09:00:00+08:00", hours, &[], &pauses).due,
        Some(at("2026-03-11T09:00:00+08:00"))
    );
    let open = [pause("2026-03-09T12:00:00+08:00", None)];
    assert!(counted("2026-03-09T09:00:00+08:00", hours, &[], &open).is_paused());
    let late = [pause("2026-03-19T12:00:00+08:00", None)];
    assert!(!counted("2026-03-09T09:00:00+08:00", hours, &[], &late).is_paused());
}

#[test]
fn refusals() {
    let count = |limit, pauses: &[Pause]| {
        count(
            at("2026-03-09T09:00:00Z"),
            limit,
            &[],
            pauses,
            Calendar::built_in(),
            shanghai(),
        )
    };
    assert_eq!(count(days(4001), &[]), Err(DeadlineError::TooLong(4001)));
    let reversed = [pause("2026-03-10T15:00:00Z", Some("2026-03-09T15:00:00Z"))];
    assert_eq!(count(days(1), &reversed), Err(DeadlineError::PauseReversed(0)));
}

proptest! {
    #[test]
    fn laws(minutes in 0i64..700_000, n in 0u32..60, more in 0u32..20, from in 0i64..30_000, long in 0i64..20_000) {
        let calendar = Calendar::built_in();
        let start = at("2025-01-01T00:00:00+08:00") + Duration::minutes(minutes);
        for unit in Unit::ALL {
            let limit = Limit { n, unit: *unit };
            let plain = count(start, limit, &[], &[], calendar, shanghai()).unwrap();
            let longer = count(start, limit, &[more], &[], calendar, shanghai()).unwrap();
            prop_assert!(longer.due >= plain.due, "an extension never shortens");
            let from = start + Duration::minutes(from);
            let pauses = [Pause { from, until: Some(from + Duration::minutes(long)) }];
            let paused = count(start, limit, &[], &pauses, calendar, shanghai()).unwrap();
            prop_assert!(paused.due >= plain.due, "a pause never shortens");
            prop_assert!(plain.due.unwrap() >= start);
            for pair in paused.skipped.windows(2) {
                prop_assert!(pair[0].to < pair[1].from, "skipped days are in order, once");
            }
            let _ = (paused.explain_en(), paused.explain_zh());
            if *unit == Unit::WorkingDays {
                let last = plain.last_day.unwrap();
                prop_assert_eq!(calendar.working_days(plain.start_day, last), i64::from(n));
                prop_assert!(n == 0 || calendar.is_working_day(last));
                let off: i64 = plain.skipped.iter().map(|it| (it.to - it.from).num_days() + 1).sum();
                prop_assert_eq!((last - plain.start_day).num_days(), i64::from(n) + off);
            }
        }
    }
}
