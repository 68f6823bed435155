#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::expect;
use vocab::{AgreementId, AgreementState, CalendarDay, DayKind, OrgId, RequestId, Role, SharingClass};

use super::*;
use crate::{
    Agreement, ClockId, Request, RequestState, agreement,
    clock::tests::{at, clocks as plain_clocks},
    correction, dispute,
    request::{
        self, Event, Grant, Party, Warrant,
        tests::{Cast, application, cast, draft},
    },
    seed,
};

async fn put_request(tx: &Tx, cast: &Cast, class: SharingClass) -> Request {
    let mut it = draft(cast, class);
    it.no = next_number(tx, Series::Request, it.created_at).await.unwrap();
    insert_request(tx, &it).await.unwrap();
    it
}

pub(super) async fn put_agreement(tx: &Tx, cast: &Cast) -> Agreement {
    let request = put_request(tx, cast, SharingClass::Conditional).await;
    let now = at("2026-04-01T10:00");
    let no = next_number(tx, Series::Agreement, now).await.unwrap();
    let (it, _) = Agreement::make(&request, &Grant::as_asked(&application()), no, now, &plain_clocks()).unwrap();
    insert_agreement(tx, &it).await.unwrap();
    it
}

#[tokio::test]
async fn a_request_is_kept_found_and_saved_once() {
    for fresh in db::testing::each().await.unwrap() {
        let cast = cast();
        let tx = fresh.db.write().await.unwrap();
        let it = put_request(&tx, &cast, SharingClass::Conditional).await;
        assert_eq!(it.no, "GX-2026-000001");
        tx.commit().await.unwrap();

        let tx = fresh.db.write().await.unwrap();
        assert_eq!(request(&tx, it.id).await.unwrap(), it);
        assert_eq!(request_by_no(&tx, &it.no).await.unwrap().id, it.id);
        assert!(matches!(request(&tx, RequestId::new()).await, Err(Error::NotFound(_))));

        let now = at("2026-03-09T10:00");
        let (mut first, _) = request::apply(
            it.clone(),
            Event::Submit {
                by: cast.applicant,
                warrant: Warrant::WHOLE,
            },
            now,
            &plain_clocks(),
        )
        .unwrap();
        let mut second = first.clone();
        save_request(&tx, &mut first, now).await.unwrap();
        assert_eq!(first.revision, 1);
        assert!(matches!(
            save_request(&tx, &mut second, now).await,
            Err(Error::Stale(_))
        ));
        assert_eq!(request(&tx, it.id).await.unwrap(), first);

        let other = put_request(&tx, &cast, SharingClass::Conditional).await;
        let mine = RequestFilter {
            party: Some(cast.provider),
            ..RequestFilter::default()
        };
        let newest_first: Vec<_> = requests(&tx, mine, 0, 10)
            .await
            .unwrap()
            .iter()
            .map(|it| it.id)
            .collect();
        assert_eq!(newest_first, [other.id, it.id]);
        assert_eq!(requests(&tx, mine, 1, 1).await.unwrap().len(), 1);
        let submitted = RequestFilter {
            state: Some(RequestState::Submitted),
            consumer: Some(cast.consumer),
            ..mine
        };
        assert_eq!(requests(&tx, submitted, 0, 10).await.unwrap().len(), 1);
        let nobodys = RequestFilter {
            provider: Some(OrgId::new()),
            ..RequestFilter::default()
        };
        assert!(requests(&tx, nobodys, 0, 10).await.unwrap().is_empty());
        assert_eq!(
            count_requests(&tx).await.unwrap(),
            [(RequestState::Draft, 1), (RequestState::Submitted, 1)]
        );
    }
}

#[tokio::test]
async fn numbers_have_no_gaps_and_start_anew_each_year() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let mut all = Vec::new();
        for when in ["2026-01-01T00:30", "2026-12-31T23:59", "2027-01-01T00:00"] {
            all.push(next_number(&tx, Series::Request, at(when)).await.unwrap());
        }
        all.push(
            next_number(&tx, Series::Agreement, at("2027-01-01T00:00"))
                .await
                .unwrap(),
        );
        expect!["GX-2026-000001 GX-2026-000002 GX-2027-000001 SQ-2027-000001"].assert_eq(&all.join(" "));
    }
}

#[tokio::test]
async fn one_request_has_one_agreement() {
    for fresh in db::testing::each().await.unwrap() {
        let cast = cast();
        let tx = fresh.db.write().await.unwrap();
        let it = put_agreement(&tx, &cast).await;
        tx.commit().await.unwrap();

        let tx = fresh.db.write().await.unwrap();
        assert_eq!(agreement(&tx, it.id).await.unwrap(), it);
        assert_eq!(agreement_of(&tx, it.request).await.unwrap().unwrap().id, it.id);
        assert_eq!(agreement_of(&tx, RequestId::new()).await.unwrap(), None);
        let now = at("2026-04-02T10:00");
        let (mut next, _) = agreement::apply(it.clone(), agreement::Event::Provided, now, &plain_clocks()).unwrap();
        save_agreement(&tx, &mut next, now).await.unwrap();
        assert_eq!(agreement(&tx, it.id).await.unwrap(), next);
        let filter = AgreementFilter {
            consumer: Some(cast.consumer),
            state: Some(AgreementState::Active),
            ..Default::default()
        };
        assert_eq!(agreements(&tx, filter, 0, 10).await.unwrap().len(), 1);
        assert_eq!(count_agreements(&tx).await.unwrap(), [(AgreementState::Active, 1)]);

        let mut second = it;
        second.id = AgreementId::new();
        second.no = "SQ-2026-000099".to_owned();
        assert!(matches!(
            insert_agreement(&tx, &second).await,
            Err(Error::AgreedAlready)
        ));
    }
}

#[tokio::test]
async fn limits_and_days_are_rows() {
    for fresh in db::testing::each().await.unwrap() {
        let now = at("2026-03-09T10:00");
        let tx = fresh.db.write().await.unwrap();
        seed::seed(&tx, now).await.unwrap();
        seed::seed(&tx, now).await.unwrap();
        assert_eq!(rules(&tx).await.unwrap(), seed::national());
        assert_eq!(
            days(&tx, Some(2026)).await.unwrap().len() + days(&tx, Some(2025)).await.unwrap().len(),
            72
        );

        for rule in seed::regional_example("330100") {
            put_rule(&tx, &rule, now).await.unwrap();
        }
        assert_eq!(
            clocks(&tx)
                .await
                .unwrap()
                .pick(ClockId::T4, Some("330106"))
                .unwrap()
                .value,
            Some(5)
        );
        let mut longer = seed::regional_example("330100").remove(0);
        longer.value = Some(30);
        assert!(matches!(put_rule(&tx, &longer, now).await, Err(Error::Clock(_))));
        let mut national = seed::national().remove(3);
        national.value = Some(3);
        assert!(
            matches!(put_rule(&tx, &national, now).await, Err(Error::Clock(_))),
            "the region would be longer"
        );
        drop_rule(&tx, ClockId::T4, "330100").await.unwrap();
        assert!(drop_rule(&tx, ClockId::T4, "").await.is_err(), "national rows stay");
        put_rule(&tx, &national, now).await.unwrap();
        seed::seed(&tx, now).await.unwrap();
        assert_eq!(
            clocks(&tx).await.unwrap().pick(ClockId::T4, None).unwrap().value,
            Some(3),
            "a change survives"
        );

        let mut day = CalendarDay {
            date: "2027-01-01".parse().unwrap(),
            kind: DayKind::Holiday,
            name_zh: "元旦".to_owned(),
            name_en: "New Year's Day".to_owned(),
            basis: "国务院办公厅通知".to_owned(),
        };
        put_day(&tx, &day, now).await.unwrap();
        day.basis = "更正通知".to_owned();
        put_day(&tx, &day, now).await.unwrap();
        assert_eq!(days(&tx, Some(2027)).await.unwrap(), [day.clone()]);
        assert!(!clocks(&tx).await.unwrap().calendar().is_working_day(day.date));
        drop_day(&tx, day.date, now).await.unwrap();
        assert!(drop_day(&tx, day.date, now).await.is_err());

        let spring = seed_day(&tx, "2026-02-17").await;
        drop_day(&tx, spring.date, now).await.unwrap();
        seed::seed(&tx, now).await.unwrap();
        assert!(
            !days(&tx, Some(2026)).await.unwrap().contains(&spring),
            "a start does not bring back what was taken out"
        );
        put_day(&tx, &spring, now).await.unwrap();
        seed::seed(&tx, now).await.unwrap();
        assert!(
            days(&tx, Some(2026)).await.unwrap().contains(&spring),
            "put back, it stays"
        );
    }
}

async fn seed_day(tx: &Tx, day: &str) -> CalendarDay {
    let all = days(tx, Some(2026)).await.unwrap();
    all.into_iter().find(|it| it.date.to_string() == day).unwrap()
}

#[tokio::test]
async fn a_limit_of_the_catalogue_runs_once() {
    use crate::clock::begin_review as begin;
    for fresh in db::testing::each().await.unwrap() {
        let (cast, now, id) = (cast(), at("2026-03-09T10:00"), vocab::ResourceId::new());
        let new = || begin(id, cast.provider, None, now, &plain_clocks()).unwrap().unwrap().0;
        let tx = fresh.db.write().await.unwrap();
        let mut it = new();
        insert_catalog_clock(&tx, &it).await.unwrap();
        assert_eq!(running_clocks_of(&tx, &id.to_string()).await.unwrap(), [it.clone()]);
        assert_eq!(running_reviews(&tx).await.unwrap().len(), 1);
        it.meet(now);
        save_catalog_clock(&tx, &mut it, now).await.unwrap();
        assert_eq!(running_clocks_of(&tx, &id.to_string()).await.unwrap(), []);
        insert_catalog_clock(&tx, &new()).await.unwrap();
        tx.commit().await.unwrap();
        let tx = fresh.db.write().await.unwrap();
        let twice = insert_catalog_clock(&tx, &new()).await;
        assert!(matches!(twice, Err(Error::RunsAlready)), "{twice:?}");
    }
}

#[tokio::test]
async fn what_was_handed_up_waits_for_the_authority() {
    for fresh in db::testing::each().await.unwrap() {
        let (cast, clocks) = (cast(), plain_clocks());
        let tx = fresh.db.write().await.unwrap();
        let mut it = put_request(&tx, &cast, SharingClass::Conditional).await;
        let accept = Event::Accept {
            by: cast.checker,
            opinion: String::new(),
        };
        let warrant = Warrant::WHOLE;
        for (event, when) in [
            (
                Event::Submit {
                    by: cast.applicant,
                    warrant,
                },
                "2026-03-09T10:00",
            ),
            (accept, "2026-03-10T10:00"),
            (Event::TimePasses, "2026-03-24T00:00"),
        ] {
            it = request::apply(it, event, at(when), &clocks).unwrap().0;
        }
        save_request(&tx, &mut it, at("2026-03-24T00:00")).await.unwrap();
        let later = at("2026-03-25T10:00");
        let seen = async |org, role| {
            let all = tasks_for(&tx, org, &[role], later).await.unwrap();
            all.iter()
                .map(|it| format!("{} escalated: {}", it.kind, it.clock.as_ref().unwrap().escalated))
                .collect::<Vec<_>>()
        };
        assert_eq!(seen(OrgId::new(), Role::Authority).await, ["oversee escalated: true"]);
        assert_eq!(
            seen(cast.provider, Role::Approver).await,
            ["decide-request escalated: true"]
        );
        let refuse = Event::Refuse {
            by: cast.approver,
            kind: request::RefusalKind::NotHeld,
            reasons: "不掌握".to_owned(),
            law: None,
        };
        it = request::apply(it, refuse, later, &clocks).unwrap().0;
        save_request(&tx, &mut it, later).await.unwrap();
        assert_eq!(seen(OrgId::new(), Role::Authority).await, [""; 0]);
    }
}

#[tokio::test]
async fn tasks_wait_for_those_who_must_act() {
    for fresh in db::testing::each().await.unwrap() {
        let cast = cast();
        let clocks = plain_clocks();
        let now = at("2026-03-09T10:00");
        let tx = fresh.db.write().await.unwrap();
        put_request(&tx, &cast, SharingClass::Conditional).await;
        let submit = |it| {
            request::apply(
                it,
                Event::Submit {
                    by: cast.applicant,
                    warrant: Warrant::WHOLE,
                },
                now,
                &clocks,
            )
            .unwrap()
            .0
        };

        let mut submitted = submit(put_request(&tx, &cast, SharingClass::Unconditional).await);
        save_request(&tx, &mut submitted, now).await.unwrap();

        let accepted = submit(put_request(&tx, &cast, SharingClass::Conditional).await);
        let (accepted, _) = request::apply(
            accepted,
            Event::Accept {
                by: cast.checker,
                opinion: String::new(),
            },
            now,
            &clocks,
        )
        .unwrap();
        let wish = Event::AskExtension {
            by: cast.approver,
            days: 5,
            reason: "核对".to_owned(),
        };
        let (mut accepted, _) = request::apply(accepted, wish, now, &clocks).unwrap();
        save_request(&tx, &mut accepted, now).await.unwrap();

        let asked = submit(put_request(&tx, &cast, SharingClass::Conditional).await);
        let ask = Event::AskSupplement {
            by: cast.checker,
            missing: vec!["依据".to_owned()],
        };
        let (mut asked, _) = request::apply(asked, ask, now, &clocks).unwrap();
        save_request(&tx, &mut asked, now).await.unwrap();

        let active = put_agreement(&tx, &cast).await;
        let revoked = put_agreement(&tx, &cast).await;
        let (mut revoked, _) = agreement::apply(
            revoked,
            agreement::Event::Revoke {
                by: cast.approver,
                reason: "停".to_owned(),
            },
            at("2026-04-02T10:00"),
            &clocks,
        )
        .unwrap();
        save_agreement(&tx, &mut revoked, now).await.unwrap();

        let asker = Party {
            org: cast.consumer,
            actor: cast.applicant,
        };
        let mut new = correction::tests::new(asker, cast.provider);
        new.no = next_number(&tx, Series::Correction, now).await.unwrap();
        let (correction, _) = correction::ask(new, now, &clocks).unwrap();
        insert_correction(&tx, &correction).await.unwrap();
        let no = next_number(&tx, Series::Dispute, now).await.unwrap();
        let new = dispute::NewDispute {
            no,
            raiser: asker,
            other: cast.provider,
            division: None,
            subject: correction.id.to_string(),
            span: dispute::Span::SameLevel,
            claim: "异议".to_owned(),
        };
        let (dispute, _) = dispute::raise(new, now, &clocks).unwrap();
        insert_dispute(&tx, &dispute).await.unwrap();
        let due = dispute.timers[0].due().unwrap();
        assert_eq!(due_disputes(&tx, due, None, 9).await.unwrap(), [dispute.id]);
        assert_eq!(due_disputes(&tx, now, None, 9).await.unwrap(), []);
        assert_eq!(
            disputes_over(&tx, &dispute.subject).await.unwrap(),
            std::slice::from_ref(&dispute)
        );
        assert_eq!(super::correction(&tx, correction.id).await.unwrap(), correction);
        assert_eq!(super::dispute(&tx, dispute.id).await.unwrap(), dispute);
        assert_eq!(corrections(&tx, Some(cast.provider), 0, 9).await.unwrap().len(), 1);
        assert_eq!(disputes(&tx, Some(OrgId::new()), 0, 9).await.unwrap().len(), 0);

        let later = at("2026-03-11T10:00");
        let mut told = String::new();
        for (who, org, role) in [
            ("authority", OrgId::new(), Role::Authority),
            ("provider approver", cast.provider, Role::Approver),
            ("provider officer", cast.provider, Role::DataOfficer),
            ("consumer officer", cast.consumer, Role::DataOfficer),
            ("consumer approver", cast.consumer, Role::Approver),
            ("stranger", OrgId::new(), Role::DataOfficer),
        ] {
            told.push_str(who);
            for task in tasks_for(&tx, org, &[role], later).await.unwrap() {
                let clock = task.clock.map(|it| {
                    format!(
                        " {} until {:?}{}",
                        it.clock,
                        it.last_day,
                        if it.overdue { " overdue" } else { "" }
                    )
                });
                told.push_str(&format!("\n  {} {}{}", task.kind, task.no, clock.unwrap_or_default()));
            }
            told.push('\n');
        }
        expect![[r#"
            authority
              check-request GX-2026-000002 T3 until Some(2026-03-10) overdue
              answer-extension GX-2026-000003 T4 until Some(2026-03-23)
            provider approver
              decide-request GX-2026-000003 T4 until Some(2026-03-23)
              answer-correction JH-2026-000001 T8 until Some(2026-03-23)
              negotiate ZY-2026-000001 D1 until Some(2026-03-23)
              provide-data SQ-2026-000001 T7 until Some(2026-04-30)
            provider officer
              answer-correction JH-2026-000001 T8 until Some(2026-03-23)
              negotiate ZY-2026-000001 D1 until Some(2026-03-23)
              provide-data SQ-2026-000001 T7 until Some(2026-04-30)
            consumer officer
              negotiate ZY-2026-000001 D1 until Some(2026-03-23)
              finish-draft GX-2026-000001
              finish-draft GX-2026-000005
              finish-draft GX-2026-000006
              supplement GX-2026-000004
              prove-disposal SQ-2026-000002
            consumer approver
              negotiate ZY-2026-000001 D1 until Some(2026-03-23)
            stranger
        "#]]
        .assert_eq(&told);

        let all_due = at("2027-12-31T00:00");
        assert_eq!(due_requests(&tx, all_due, None, 9).await.unwrap().len(), 2);
        assert_eq!(
            due_requests(&tx, at("2026-03-09T09:00"), None, 9).await.unwrap().len(),
            0
        );
        assert_eq!(
            due_agreements(&tx, all_due, None, 9).await.unwrap(),
            [active.id, revoked.id]
        );
        assert_eq!(due_corrections(&tx, all_due, None, 9).await.unwrap(), [correction.id]);
    }
}

#[tokio::test]
async fn a_name_is_given_once_and_is_one_agreements() {
    for fresh in db::testing::each().await.unwrap() {
        let cast = cast();
        let tx = fresh.db.write().await.unwrap();
        let (one, other) = (put_agreement(&tx, &cast).await, put_agreement(&tx, &cast).await);
        assert!(agreement_names(&tx, one.consumer).await.unwrap().is_empty());
        name_agreement(&tx, one.id, "people").await.unwrap();
        name_agreement(&tx, one.id, "later").await.unwrap();
        name_agreement(&tx, other.id, "people_2").await.unwrap();
        let names = agreement_names(&tx, one.consumer).await.unwrap();
        let expected = [(one.id, "people".to_owned()), (other.id, "people_2".to_owned())];
        assert_eq!(names, expected.into());
        let third = put_agreement(&tx, &cast).await;
        assert!(name_agreement(&tx, third.id, "people").await.is_err());
    }
}
