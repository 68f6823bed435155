use expect_test::expect;
use sharing::{RefusalKind, RequestState, correction::Finding};

use super::*;
use crate::flow::CorrectionWish;

#[tokio::test]
async fn a_refusal_has_reasons_and_ends_the_request() {
    for stage in Stage::each().await {
        let (app, approver) = (&stage.app, &stage.approver);
        let resource = stage.shelf(|_| {}).await;
        let it = stage.accepted(resource).await;
        let waits = format!("approver: decide-request {}", it.no);
        assert_eq!(stage.tasks().await, waits);
        let before = stage.size().await;
        let refuse = async |who: &Actor, kind, reasons: &str, law: Option<&str>| {
            flow::refuse_request(app, who, it.id, kind, reasons.to_owned(), law.map(str::to_owned)).await
        };
        expect!["reason: missing"].assert_eq(&why(refuse(approver, RefusalKind::NoBasis, " ", None).await));
        expect!["law: law-missing"].assert_eq(&why(refuse(approver, RefusalKind::Withheld, "涉密", None).await));
        expect!["denied: decide-request is forbidden by rule `nobody-decides-the-own-request`: Whoever submitted a request neither checks nor decides it."].assert_eq(&why(refuse(
            &stage.officer,
            RefusalKind::Other,
            "x",
            None,
        )
        .await));
        assert_eq!(stage.size().await, before, "a refusal of the deed leaves no entry");
        let refused = refuse(approver, RefusalKind::NoBasis, "依据与职责不符", None)
            .await
            .unwrap();
        assert_eq!(refused.state, RequestState::Refused);
        assert!(refused.timers.iter().all(|it| !it.is_open()));
        expect![""].assert_eq(&stage.tasks().await);
        expect!["request-submitted request-accepted request-refused"].assert_eq(&stage.ledger(it.id).await);
        expect!["refuse cannot happen: the request is refused"].assert_eq(&why(refuse(
            approver,
            RefusalKind::Other,
            "又",
            None,
        )
        .await));
    }
}

#[tokio::test]
async fn whoever_submits_neither_checks_nor_decides_and_a_withdrawal_names_who_withdrew() {
    for stage in Stage::each().await {
        let (app, officer, colleague) = (&stage.app, &stage.officer, &stage.colleague);
        let resource = stage.shelf(|_| {}).await;
        let draft = flow::draft_request(app, officer, resource, stage.application())
            .await
            .unwrap();
        let it = flow::submit_request(app, colleague, draft.id, Warrant::WHOLE)
            .await
            .unwrap();
        assert_eq!((it.applicant.actor, it.submitted_by), (officer.id, Some(colleague.id)));
        // The colleague holds the authority's role as well: not for the own submission.
        let both = Actor {
            roles: vec![Role::DataOfficer, Role::Authority],
            ..colleague.clone()
        };
        let refused = flow::accept_request(app, &both, it.id, "自审".to_owned()).await;
        expect!["denied: check-request is forbidden by rule `nobody-decides-the-own-request`: Whoever submitted a request neither checks nor decides it."]
            .assert_eq(&why(refused));
        // Nor does the drafter, of whom the machine knows.
        let drafter = Actor {
            roles: vec![Role::DataOfficer, Role::Authority],
            ..officer.clone()
        };
        let refused = flow::accept_request(app, &drafter, it.id, "自审".to_owned()).await;
        expect!["the applicant neither checks nor decides the own request"].assert_eq(&why(refused));
        let it = flow::withdraw_request(app, colleague, it.id, "不再需要".to_owned())
            .await
            .unwrap();
        let said: Vec<_> = it.opinions.iter().map(|it| (it.event.as_str(), it.by)).collect();
        assert_eq!(said, [("withdraw", colleague.id)]);
        expect!["request-drafted request-submitted request-withdrawn"].assert_eq(&stage.ledger(it.id).await);
    }
}

#[tokio::test]
async fn corrections_are_answered_closed_and_withdrawn() {
    for stage in Stage::each().await {
        let (app, officer, provider) = (&stage.app, &stage.officer, &stage.provider);
        let resource = stage.shelf(|_| {}).await;
        let wish = || CorrectionWish {
            item: Some("area".to_owned()),
            which: "2025年迁入的人员".to_owned(),
            problem: "区划代码是旧的".to_owned(),
            evidence: String::new(),
        };
        let unknown = CorrectionWish {
            item: Some("colour".to_owned()),
            ..wish()
        };
        expect!["item: unknown-item"].assert_eq(&why(flow::ask_correction(app, officer, resource, unknown).await));
        let empty = CorrectionWish {
            which: String::new(),
            ..wish()
        };
        expect!["missing: missing"].assert_eq(&why(flow::ask_correction(app, officer, resource, empty).await));
        let it = flow::ask_correction(app, officer, resource, wish()).await.unwrap();
        let waits = format!(
            "provider: answer-correction {0}\napprover: answer-correction {0}",
            it.no
        );
        assert_eq!(stage.tasks().await, waits);
        let answer = async |who: &Actor, text: &str| {
            flow::answer_correction(app, who, it.id, Finding::Corrected, text.to_owned()).await
        };
        expect!["denied: answer-correction is forbidden by rule `nobody-answers-the-own-correction`: Whoever asked for a correction does not answer it."]
            .assert_eq(&why(answer(officer, "改了").await));
        expect!["reason: missing"].assert_eq(&why(answer(provider, " ").await));
        answer(provider, "已更正").await.unwrap();
        assert_eq!(stage.tasks().await, format!("officer: confirm-correction {}", it.no));
        let refused = flow::close_correction(app, provider, it.id).await;
        expect!["denied: no rule grants request-correction"].assert_eq(&why(refused));
        flow::close_correction(app, officer, it.id).await.unwrap();
        expect![""].assert_eq(&stage.tasks().await);
        expect!["correction-asked correction-answered correction-closed"].assert_eq(&stage.ledger(it.id).await);

        let it = flow::ask_correction(app, officer, resource, wish()).await.unwrap();
        flow::withdraw_correction(app, officer, it.id, "看错了".to_owned())
            .await
            .unwrap();
        expect!["correction-asked correction-withdrawn"].assert_eq(&stage.ledger(it.id).await);
        expect![""].assert_eq(&stage.tasks().await);
    }
}
