use expect_test::expect;
use sharing::{DisputeState, RefusalKind, correction::Finding};
use vocab::DisputeId;

use super::*;
use crate::flow::{CorrectionWish, DisputeDeed as Deed};

impl Stage {
    async fn step(&self, who: &Actor, id: DisputeId, deed: Deed, text: &str) -> Result<sharing::Dispute, Error> {
        flow::move_dispute(&self.app, who, id, deed, text.to_owned()).await
    }

    async fn refused_request(&self) -> Request {
        let resource = self.shelf(|_| {}).await;
        let it = self.accepted(resource).await;
        flow::refuse_request(
            &self.app,
            &self.approver,
            it.id,
            RefusalKind::NoBasis,
            "依据不符".to_owned(),
            None,
        )
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn a_refused_request_is_disputed_and_settled_by_both() {
    for stage in Stage::each().await {
        let (app, officer) = (&stage.app, &stage.officer);
        let request = stage.refused_request().await;
        let subject = request.id.to_string();
        let raise = async |who: &Actor, claim: &str| flow::raise_dispute(app, who, &subject, claim.to_owned()).await;
        let before = stage.size().await;
        expect!["denied: no rule grants raise-dispute"].assert_eq(&why(raise(&stage.provider, "不服").await));
        expect!["reason: missing"].assert_eq(&why(raise(officer, " ").await));
        let other = flow::raise_dispute(app, officer, &stage.source.to_string(), "不服".to_owned()).await;
        expect!["subject: unknown-subject"].assert_eq(&why(other));
        assert_eq!(stage.size().await, before, "a refusal leaves no entry");

        let it = raise(officer, "职责有明确依据").await.unwrap();
        assert_eq!((it.state, it.span), (DisputeState::Negotiating, sharing::Span::Across));
        assert!(it.timers[0].is_open(), "the clock of negotiation runs");
        expect!["a dispute over this is open already"].assert_eq(&why(raise(officer, "再来").await));
        let waits = format!(
            "provider: negotiate {0}\napprover: negotiate {0}\nofficer: negotiate {0}",
            it.no
        );
        assert_eq!(stage.tasks().await, waits);

        // The defendant does not settle alone, nor does whoever raised it, nor the authority on this rung.
        for who in [&stage.provider, &stage.approver, officer] {
            let alone = stage.step(who, it.id, Deed::Settle, "按我方意见").await;
            expect!["nobody settles alone: one department proposes, the other agrees"].assert_eq(&why(alone));
        }
        let early = stage.step(&stage.authority, it.id, Deed::Settle, "定了").await;
        expect!["denied: no rule grants answer-dispute"].assert_eq(&why(early));
        stage
            .step(&stage.approver, it.id, Deed::Propose, "补充依据后重新申请")
            .await
            .unwrap();
        let own = stage.step(&stage.provider, it.id, Deed::Settle, "").await;
        expect!["nobody settles alone: one department proposes, the other agrees"].assert_eq(&why(own));
        let settled = stage.step(officer, it.id, Deed::Settle, "").await.unwrap();
        assert_eq!(settled.state, DisputeState::Settled);
        assert!(settled.timers.iter().all(|it| !it.is_open()));
        expect![""].assert_eq(&stage.tasks().await);
        expect!["dispute-raised dispute-settlement-proposed dispute-settled"].assert_eq(&stage.ledger(it.id).await);
        // Settled is over; a new dispute over the same may be raised.
        let over = stage.step(officer, it.id, Deed::Withdraw, "算了").await;
        expect!["withdraw cannot happen: the dispute is settled"].assert_eq(&why(over));
        raise(officer, "对方没有照办").await.unwrap();
        assert_eq!(flow::disputes_over(app, officer, &subject).await.unwrap().len(), 2);
        assert_eq!(flow::disputes_over(app, &stage.system, &subject).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_suspended_agreement_is_disputed_up_to_the_authority() {
    for stage in Stage::each().await {
        let (app, officer, authority) = (&stage.app, &stage.officer, &stage.authority);
        let resource = stage.shelf(|_| {}).await;
        let agreement = stage.agreed(resource).await;
        let subject = agreement.id.to_string();
        let nothing = flow::raise_dispute(app, officer, &subject, "不服".to_owned()).await;
        expect!["dispute cannot happen: the agreement is active"].assert_eq(&why(nothing));
        flow::suspend_agreement(app, &stage.approver, agreement.id, "核查".to_owned())
            .await
            .unwrap();
        let it = flow::raise_dispute(app, officer, &subject, "影响办事".to_owned())
            .await
            .unwrap();
        let up = stage.step(authority, it.id, Deed::Climb, "介入").await;
        expect!["denied: no rule grants answer-dispute"].assert_eq(&why(up));
        let it = stage.step(officer, it.id, Deed::Climb, "协商未果").await.unwrap();
        assert_eq!(it.state, DisputeState::CommonSuperior);
        assert_eq!(stage.tasks().await, format!("authority: mediate {}", it.no));
        let alone = stage.step(officer, it.id, Deed::Settle, "按我方意见").await;
        expect!["denied: mediate-dispute is forbidden by rule `nobody-mediates-the-own-dispute`: Whoever raised a dispute does not mediate it."]
            .assert_eq(&why(alone));
        let alone = stage.step(&stage.approver, it.id, Deed::Settle, "按我方意见").await;
        expect!["denied: no rule grants mediate-dispute"].assert_eq(&why(alone));
        // Too late: the authority is told, in an entry of nobody's.
        app.set_now(it.timers[1].due().unwrap());
        flow::remind_clocks(app).await.unwrap();
        stage.step(authority, it.id, Deed::Climb, "协调未果").await.unwrap();
        let it = stage.step(authority, it.id, Deed::Settle, "三日内恢复").await.unwrap();
        assert_eq!(it.state, DisputeState::Settled);
        expect!["dispute-raised dispute-climbed dispute-time dispute-climbed dispute-settled"]
            .assert_eq(&stage.ledger(it.id).await);
    }
}

#[tokio::test]
async fn the_answer_to_a_correction_is_disputed_in_one_change() {
    for stage in Stage::each().await {
        let (app, officer) = (&stage.app, &stage.officer);
        let resource = stage.shelf(|_| {}).await;
        let wish = CorrectionWish {
            which: "2025年迁入的人员".to_owned(),
            problem: "区划代码是旧的".to_owned(),
            ..CorrectionWish::default()
        };
        let it = flow::ask_correction(app, officer, resource, wish).await.unwrap();
        let before = stage.size().await;
        let early = flow::dispute_correction(app, officer, it.id, "不同意".to_owned()).await;
        expect!["disagree cannot happen: the correction request is asked"].assert_eq(&why(early));
        assert_eq!(stage.size().await, before, "nothing of it stays");
        let text = "数据无误".to_owned();
        flow::answer_correction(app, &stage.provider, it.id, Finding::Right, text)
            .await
            .unwrap();
        let (it, dispute) = flow::dispute_correction(app, officer, it.id, "仍然有误".to_owned())
            .await
            .unwrap();
        assert_eq!(it.state, sharing::CorrectionState::Disputed);
        assert_eq!(dispute.subject, it.id.to_string());
        expect!["correction-asked correction-answered correction-disputed"].assert_eq(&stage.ledger(it.id).await);
        let refused = stage.step(&stage.provider, dispute.id, Deed::Withdraw, "撤").await;
        expect!["denied: no rule grants raise-dispute"].assert_eq(&why(refused));
        stage
            .step(officer, dispute.id, Deed::Withdraw, "已自行核实")
            .await
            .unwrap();
        expect!["dispute-raised dispute-withdrawn"].assert_eq(&stage.ledger(dispute.id).await);
        expect![""].assert_eq(&stage.tasks().await);
    }
}
