use expect_test::expect;
use vocab::Action;

use super::*;
use crate::flow::{DryRun, NewDelivery, explain_policy};

impl Stage {
    /// What the dry run says: the sentence, and the rule in both languages.
    async fn asked_of(&self, tester: &Actor, who: &Actor, action: Action, subject: impl ToString) -> String {
        self.asked_deed(tester, who, action, subject, None).await
    }

    async fn asked_deed(
        &self,
        tester: &Actor,
        who: &Actor,
        action: Action,
        subject: impl ToString,
        deed: Option<policy::Deed>,
    ) -> String {
        let run = DryRun {
            who: who.id,
            action,
            subject: Some(subject.to_string()),
            purpose: None,
            mode: None,
            deed,
        };
        let found = explain_policy(&self.app, tester, &run).await.unwrap().answer;
        let rules: Vec<_> = found
            .rules
            .iter()
            .map(|it| format!("{} | {} | {}", it.id, it.zh, it.en))
            .collect();
        let allowed = if found.allowed { "yes" } else { "no" };
        format!("{allowed}: {}", rules.join("; "))
    }
}

#[tokio::test]
async fn what_the_machines_refuse_is_not_called_allowed() {
    for stage in Stage::each().await {
        let (app, officer, approver, provider) = (&stage.app, &stage.officer, &stage.approver, &stage.provider);
        let withheld = stage
            .shelf(|it| {
                "不予共享的人员".clone_into(&mut it.name);
                it.sharing = Sharing::withheld("未成年人保护法第一百零三条");
                it.modes = Vec::new();
            })
            .await;
        expect!["no: resource-withheld | 该资源不予共享 · 未成年人保护法第一百零三条 | The resource is not shared by law · 未成年人保护法第一百零三条"]
            .assert_eq(&stage.asked_of(officer, officer, Action::RequestData, withheld).await);
        let refused = flow::request_data(app, officer, withheld, stage.application(), Warrant::WHOLE).await;
        assert!(why(refused).contains("resource: withheld"), "as the deed itself");

        let resource = stage.shelf(|_| {}).await;
        expect!["yes: department-requests-data | 数据管理员以本部门名义申请共享。 | A data officer requests data for the own department."]
            .assert_eq(&stage.asked_of(officer, officer, Action::RequestData, resource).await);
        let draft = flow::draft_request(app, officer, resource, stage.application())
            .await
            .unwrap();
        expect!["no: not-in-this-state | 当前状态不允许此操作 · 草稿 | Its state does not allow this now · Draft: refuse cannot happen: the request is draft"]
            .assert_eq(&stage.asked_of(officer, approver, Action::DecideRequest, draft.id).await);
        expect!["no: not-in-this-state | 当前状态不允许此操作 · 草稿 | Its state does not allow this now · Draft: accept cannot happen: the request is draft"]
            .assert_eq(&stage.asked_of(officer, &stage.authority, Action::CheckRequest, draft.id).await);
        let both = staff::Post {
            org: officer.org,
            role: Role::Authority,
        };
        let posts = vec![
            both,
            staff::Post {
                org: officer.org,
                role: Role::DataOfficer,
            },
        ];
        flow::set_posts(app, &stage.system, stage.colleague.id, &posts)
            .await
            .unwrap();
        let submitted = flow::submit_request(app, &stage.colleague, draft.id, Warrant::WHOLE)
            .await
            .unwrap();
        expect!["no: nobody-decides-the-own-request | 申请人不得审查或者决定自己提出的申请。 | Whoever submitted a request neither checks nor decides it."]
            .assert_eq(&stage.asked_of(officer, &stage.colleague, Action::CheckRequest, submitted.id).await);
        expect!["yes: authority-checks-requests | 主管部门对申请作合规性审查。 | The sharing authority checks the conformity of requests."]
            .assert_eq(&stage.asked_of(officer, &stage.authority, Action::CheckRequest, submitted.id).await);
        expect![
            "no: not-in-this-state | 当前状态不允许此操作 · 已发布 | Its state does not allow this now · Published"
        ]
        .assert_eq(
            &stage
                .asked_of(provider, &stage.authority, Action::ReviewResource, resource)
                .await,
        );
    }
}

#[tokio::test]
async fn agreements_disputes_and_deliveries_are_asked_as_they_are() {
    for stage in Stage::each().await {
        let (app, officer, approver) = (&stage.app, &stage.officer, &stage.approver);
        let resource = stage.shelf(|_| {}).await;
        let agreement = stage.agreed(resource).await;
        let manage = async |deed| {
            let (action, id) = (Action::ManageAgreement, agreement.id);
            stage.asked_deed(approver, approver, action, id, Some(deed)).await
        };
        expect!["no: not-in-this-state | 当前状态不允许此操作 · 有效 | Its state does not allow this now · Active: resume cannot happen: the agreement is active"]
            .assert_eq(&manage(policy::Deed::Resume).await);
        assert!(manage(policy::Deed::Suspend).await.starts_with("yes"));
        assert!(manage(policy::Deed::Change).await.starts_with("yes"));
        let use_it = async || stage.asked_of(officer, officer, Action::UseData, agreement.id).await;
        assert!(use_it().await.starts_with("yes: consumer-uses-data"));

        let target = vocab::SourceSpec::new(vocab::SourceKind::Sqlite)
            .with("path", stage.folder.path().join("target.db").display().to_string());
        let new = NewDelivery {
            agreement: agreement.id,
            name: "copy".to_owned(),
            sink: vocab::SinkSpec {
                target,
                table: "copy".to_owned(),
            },
            refresh: exchange::Refresh::Full,
            replace: false,
            error_limit: 0,
        };
        let delivery = flow::create_delivery(app, officer, new).await.unwrap();
        let deliver = async || {
            stage
                .asked_of(officer, officer, Action::ManageDelivery, delivery.id)
                .await
        };
        assert!(deliver().await.starts_with("yes: department-manages-own-deliveries"));
        flow::end_delivery(app, officer, delivery.id).await.unwrap();
        expect!["no: not-in-this-state | 当前状态不允许此操作 · 已结束 | Its state does not allow this now · Ended"]
            .assert_eq(&deliver().await);

        let raise = async || {
            stage
                .asked_of(officer, officer, Action::RaiseDispute, agreement.id)
                .await
        };
        expect!["no: not-in-this-state | 当前状态不允许此操作 · 有效 | Its state does not allow this now · Active: dispute cannot happen: the agreement is active"]
            .assert_eq(&raise().await);
        flow::suspend_agreement(app, approver, agreement.id, "核查".to_owned())
            .await
            .unwrap();
        assert!(use_it().await.starts_with("no: agreement-is-active"));
        assert!(raise().await.starts_with("yes: department-raises-disputes"));
        let subject = agreement.id.to_string();
        let dispute = flow::raise_dispute(app, officer, &subject, "影响办事".to_owned())
            .await
            .unwrap();
        let mediate = stage
            .asked_of(officer, &stage.authority, Action::MediateDispute, dispute.id)
            .await;
        expect!["no: not-in-this-state | 当前状态不允许此操作 · 部门协商 | Its state does not allow this now · Departments negotiate"]
            .assert_eq(&mediate);
        let negotiate = stage
            .asked_of(officer, approver, Action::AnswerDispute, dispute.id)
            .await;
        assert!(negotiate.starts_with("yes: parties-negotiate-disputes"), "{negotiate}");
    }
}

#[tokio::test]
async fn a_gone_item_a_withdrawn_resource_and_a_disabled_person_are_told() {
    for stage in Stage::each().await {
        let (app, officer, provider) = (&stage.app, &stage.officer, &stage.provider);
        let resource = stage.shelf(|_| {}).await;
        let agreement = stage.agreed(resource).await;
        let use_it = async || stage.asked_of(officer, officer, Action::UseData, agreement.id).await;
        let own = flow::own_resource(app, provider, resource).await.unwrap();
        let mut content = own.content.clone();
        content.items.retain(|it| it.name != "name");
        flow::edit_resource(app, provider, resource, own.revision, content)
            .await
            .unwrap();
        flow::declare_not_secret(app, provider, resource).await.unwrap();
        flow::submit_resource(app, provider, resource).await.unwrap();
        flow::publish_resource(app, &stage.authority, resource).await.unwrap();
        expect!["no: terms-do-not-fit | 条款与现行目录不符 | The terms do not fit the catalogue as it is now · the resource no longer has the item `name`; the agreement must be changed"]
            .assert_eq(&use_it().await);
        flow::disable_person(app, &stage.system, officer.id).await.unwrap();
        expect!["no: person-disabled | 该人员已停用 | The person is switched off"].assert_eq(
            &stage
                .asked_of(&stage.approver, officer, Action::UseData, agreement.id)
                .await,
        );
    }
}
