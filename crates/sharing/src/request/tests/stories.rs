//! Stories of requests, told as `DAY event`, and the laws no order of events breaks.

use expect_test::expect;
use vocab::{Value, rule::Compare};

use super::*;

#[test]
fn conditional_data_is_asked_checked_and_granted() {
    play(
        SharingClass::Conditional,
        "03-09 submit, 03-10 accept-own, 03-10 accept, 03-12 grant-own, 03-12 grant-less, 03-13 withdraw, 03-13 grant",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-10 accept-own: refused, the applicant neither checks nor decides the own request
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
            03-12 grant-own: refused, the applicant neither checks nor decides the own request
            03-12 grant-less: granted [stop T4; make agreement on 1 items; tell consumer data-officer: RequestGranted; tell provider data-officer: RequestGranted]
            03-13 withdraw: refused, withdraw cannot happen: the request is granted
            03-13 grant: refused, grant cannot happen: the request is granted
        "#]],
    );
}

#[test]
fn whoever_submits_or_supplements_has_a_hand_in_it_as_the_drafter_has() {
    play(
        SharingClass::Conditional,
        "03-09 submit-as-colleague, 03-10 accept-as-colleague, 03-10 accept-own, 03-10 accept",
        expect![[r#"
            03-09 submit-as-colleague: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-10 accept-as-colleague: refused, the applicant neither checks nor decides the own request
            03-10 accept-own: refused, the applicant neither checks nor decides the own request
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
        "#]],
    );
    play(
        SharingClass::Conditional,
        "03-09 submit, 03-09 ask, 03-10 supplement-as-colleague, 03-10 accept-as-colleague, 03-10 accept",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-09 ask: supplement-asked [stop T5; pause T4; tell consumer data-officer: SupplementAsked]
            03-10 supplement-as-colleague: supplemented [start T5 until 03-14; start T4 until 03-25; tell authority: RequestSupplemented]
            03-10 accept-as-colleague: refused, the applicant neither checks nor decides the own request
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
        "#]],
    );
}

#[test]
fn a_withdrawal_names_who_withdrew() {
    let cast = cast();
    let (clocks, now) = (clocks(), at("2026-03-09T10:00"));
    let it = draft(&cast, SharingClass::Conditional);
    let (it, _) = apply(it, event(&cast, "submit-as-colleague"), now, &clocks).unwrap();
    assert_eq!((it.submitter(), it.applicant.actor), (cast.colleague, cast.applicant));
    let (it, _) = apply(it, event(&cast, "withdraw"), now, &clocks).unwrap();
    let by: Vec<_> = it.opinions.iter().map(|it| (it.event.as_str(), it.by)).collect();
    assert_eq!(by, [("withdraw", cast.colleague)]);
}

#[test]
fn unconditional_data_is_granted_at_once_after_the_check() {
    play(
        SharingClass::Unconditional,
        "03-09 submit, 03-09 time, 03-09 accept",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T3 until 03-11; tell authority: RequestSubmitted]
            03-09 time: submitted []
            03-09 accept: granted [stop T5; stop T3; make agreement on 2 items; tell consumer data-officer: RequestGranted; tell provider data-officer: RequestGranted]
        "#]],
    );
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    play(
        SharingClass::Conditional,
        "03-09 edit-empty, 03-09 submit-unwarranted, 03-09 edit, 03-09 submit-unwarranted, 03-09 submit",
        expect![[r#"
            03-09 edit-empty: draft []
            03-09 submit-unwarranted: refused, the application lacks basis, scenario, items, modes, period, quota, warrant
            03-09 edit: draft []
            03-09 submit-unwarranted: refused, the application lacks warrant
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
        "#]],
    );
}

#[test]
fn a_supplement_is_asked_once_and_whole() {
    play(
        SharingClass::Unconditional,
        "03-09 submit, 03-09 ask-nothing, 03-09 ask, 03-09 ask, 03-20 time, 03-23 supplement-badly, 03-23 supplement, 03-23 ask, 03-23 accept",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T3 until 03-11; tell authority: RequestSubmitted]
            03-09 ask-nothing: refused, name everything that is missing
            03-09 ask: supplement-asked [stop T5; pause T3; tell consumer data-officer: SupplementAsked]
            03-09 ask: refused, a supplement was asked before; the law allows to ask once, for everything
            03-20 time: supplement-asked []
            03-23 supplement-badly: refused, the application lacks scenario
            03-23 supplement: supplemented [start T5 until 03-27; start T3 until 03-25; tell authority: RequestSupplemented]
            03-23 ask: refused, a supplement was asked before; the law allows to ask once, for everything
            03-23 accept: granted [stop T5; stop T3; make agreement on 2 items; tell consumer data-officer: RequestGranted; tell provider data-officer: RequestGranted]
        "#]],
    );
}

#[test]
fn a_refusal_has_reasons_and_names_the_law() {
    play(
        SharingClass::Withheld,
        "03-09 submit, 03-10 accept, 03-11 grant, 03-11 refuse-silently, 03-11 refuse-withheld, 03-11 refuse-by-law, 03-12 refuse",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
            03-11 grant: refused, the resource is catalogued as not shareable and cannot be granted
            03-11 refuse-silently: refused, reasons must be given
            03-11 refuse-withheld: refused, a refusal as not shareable must name the law, regulation or State Council decision
            03-11 refuse-by-law: refused [stop T4; tell consumer data-officer: RequestRefused]
            03-12 refuse: refused, refuse cannot happen: the request is refused
        "#]],
    );
}

#[test]
fn a_grant_is_never_wider_than_asked() {
    play(
        SharingClass::Conditional,
        "03-09 submit, 03-10 accept, 03-11 grant-more, 03-11 grant-nothing, 03-11 grant",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
            03-11 grant-more: refused, the terms are wider than asked: mask of 姓名, item 身份证号, mode file, period, quota
            03-11 grant-nothing: refused, the application lacks items
            03-11 grant: granted [stop T4; make agreement on 2 items; tell consumer data-officer: RequestGranted; tell provider data-officer: RequestGranted]
        "#]],
    );
}

#[test]
fn the_limit_is_extended_once_with_consent_and_then_escalated() {
    play(
        SharingClass::Conditional,
        "03-09 submit, 03-09 give-time, 03-10 accept, 03-11 give-time, 03-11 ask-too-much-time, 03-11 ask-time, 03-11 ask-time, 03-12 give-own-time, 03-12 give-time, 03-12 give-time, 03-13 ask-time, 04-03 time, 04-07 time, 04-10 time, 04-13 time, 04-14 time, 04-15 refuse",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-09 give-time: refused, answer-extension cannot happen: the request is submitted
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
            03-11 give-time: refused, no extension was asked
            03-11 ask-too-much-time: refused, clock T4 can be extended by 10 working days at most
            03-11 ask-time: accepted [tell authority: ExtensionAsked]
            03-11 ask-time: refused, an extension was asked already and is not answered yet
            03-12 give-own-time: refused, whoever asked for an extension does not answer it
            03-12 give-time: accepted [start T4 until 04-08; tell consumer data-officer: ExtensionConsented; tell provider approver: ExtensionConsented]
            03-12 give-time: refused, no extension was asked
            03-13 ask-time: refused, the limit was extended before
            04-03 time: accepted [tell provider approver: T4 due soon]
            04-07 time: accepted []
            04-10 time: accepted [tell provider approver: T4 overdue; escalate T4, late is provider; tell consumer data-officer: T4 overdue]
            04-13 time: accepted []
            04-14 time: accepted []
            04-15 refuse: refused [stop T4; tell consumer data-officer: RequestRefused]
        "#]],
    );
}

#[test]
fn an_extension_may_be_declined_and_asked_anew_and_the_old_end_stands() {
    play(
        SharingClass::Conditional,
        "03-09 submit, 03-10 accept, 03-11 ask-time, 03-12 give-no-time-silently, 03-12 give-no-time, 03-13 ask-time, 03-23 time, 03-25 time",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
            03-11 ask-time: accepted [tell authority: ExtensionAsked]
            03-12 give-no-time-silently: refused, reasons must be given
            03-12 give-no-time: accepted [tell provider approver: ExtensionDeclined]
            03-13 ask-time: accepted [tell authority: ExtensionAsked]
            03-23 time: accepted [tell provider approver: T4 due soon]
            03-25 time: accepted [tell provider approver: T4 overdue; escalate T4, late is provider; tell consumer data-officer: T4 overdue]
        "#]],
    );
}

#[test]
fn an_applicant_withdraws_while_it_is_open() {
    play(
        SharingClass::Conditional,
        "03-09 submit, 03-10 accept, 03-11 withdraw, 03-11 submit, 03-11 time",
        expect![[r#"
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-10 accept: accepted [stop T5; tell provider approver: RequestAccepted; tell consumer data-officer: RequestAccepted]
            03-11 withdraw: withdrawn [stop T4; tell provider approver: RequestWithdrawn]
            03-11 submit: refused, submit cannot happen: the request is withdrawn
            03-11 time: withdrawn []
        "#]],
    );
}

#[test]
fn what_cannot_happen_is_refused() {
    play(
        SharingClass::Conditional,
        "03-09 accept, 03-09 grant, 03-09 time, 03-09 submit, 03-09 submit, 03-09 grant, 03-09 supplement",
        expect![[r#"
            03-09 accept: refused, accept cannot happen: the request is draft
            03-09 grant: refused, grant cannot happen: the request is draft
            03-09 time: draft []
            03-09 submit: submitted [start T5 until 03-13; start T4 until 03-24; tell authority: RequestSubmitted]
            03-09 submit: refused, submit cannot happen: the request is submitted
            03-09 grant: refused, grant cannot happen: the request is submitted
            03-09 supplement: refused, supplement cannot happen: the request is submitted
        "#]],
    );
}

#[test]
fn a_provider_adds_rows_and_never_takes_the_applicants_away() {
    let asked = application();
    let more = RowRule::Compare {
        item: "年份".to_owned(),
        op: Compare::Ge,
        value: Value::Int(2020),
    };
    let grant = Grant {
        rows: more,
        ..Grant::as_asked(&asked)
    }
    .within(&asked)
    .unwrap();
    expect!["区划 LIKE '3301%' AND 年份 >= 2020"].assert_eq(&grant.rows.to_string());
    let same = Grant::as_asked(&asked).within(&asked).unwrap();
    assert_eq!(same.rows, asked.rows);
}

#[test]
fn a_request_survives_its_document() {
    let cast = cast();
    let clocks = clocks();
    let (request, _) = apply(
        draft(&cast, SharingClass::Conditional),
        event(&cast, "submit"),
        at("2026-03-09T10:00"),
        &clocks,
    )
    .unwrap();
    let (request, _) = apply(request, event(&cast, "ask"), at("2026-03-09T11:00"), &clocks).unwrap();
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
}

proptest::proptest! {
    /// Whatever happens in whatever order: one supplement, one extension, no grant of withheld data, no grant wider
    /// than asked, no clock left running after the end.
    #[test]
    fn no_order_of_events_breaks_the_law(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "edit", "submit", "accept", "accept", "ask", "supplement", "ask-time", "give-time", "give-no-time", "grant",
            "grant-less", "grant-more", "refuse", "refuse-by-law", "withdraw", "time",
        ]), 0..14),
        class in proptest::sample::select(SharingClass::ALL),
    ) {
        let cast = cast();
        let clocks = clocks();
        let mut request = draft(&cast, class);
        let (mut supplements, mut extensions) = (0, 0);
        for (day, word) in words.iter().enumerate() {
            let now = at("2026-03-09T10:00") + chrono::Duration::days(i64::try_from(day).unwrap());
            let Ok((next, commands)) = apply(request.clone(), event(&cast, word), now, &clocks) else { continue };
            supplements += usize::from(next.state == RequestState::SupplementAsked && *word == "ask");
            extensions += usize::from(*word == "give-time");
            let made = commands.iter().any(|it| matches!(it, Command::MakeAgreement { .. }));
            proptest::prop_assert_eq!(made, next.state == RequestState::Granted && request.state != RequestState::Granted);
            request = next;
        }
        proptest::prop_assert!(supplements <= 1 && extensions <= 1);
        if let Some(Decision::Granted { grant, .. }) = &request.decision {
            proptest::prop_assert!(class != SharingClass::Withheld);
            proptest::prop_assert!(grant.clone().within(&request.application).is_ok());
        }
        let over = matches!(request.state, RequestState::Granted | RequestState::Refused | RequestState::Withdrawn);
        proptest::prop_assert!(!over || request.timers.iter().all(|it| !it.is_open()));
    }
}

proptest::proptest! {
    /// A grant stands under the asked mask or one that hides at least as much, never under another.
    #[test]
    fn no_mask_of_a_grant_is_weaker_than_asked(
        asked in proptest::sample::select(masks()),
        granted in proptest::sample::select(masks()),
    ) {
        let mut application = application();
        application.items[0].mask = asked.clone();
        let mut grant = Grant::as_asked(&application);
        grant.items[0].mask = granted.clone();
        let within = grant.within(&application);
        proptest::prop_assert_eq!(within.is_ok(), granted.hides_at_least(&asked), "{} where {} was asked", granted, asked);
    }
}

fn masks() -> Vec<Mask> {
    let ends = |head, tail| Mask::KeepEnds { head, tail };
    let sql = |expr: &str| Mask::Sql { expr: expr.to_owned() };
    vec![
        Mask::Clear,
        ends(0, 0),
        ends(1, 0),
        ends(3, 4),
        Mask::Name,
        Mask::AddressToCounty,
        Mask::YearOfBirth,
        Mask::Pseudonym,
        Mask::Null,
        sql("value"),
        sql("substr(value, 1, 6)"),
    ]
}
