use chrono::NaiveDate;
use expect_test::expect;

use super::*;
use crate::flow::AgreementWish;

#[tokio::test]
async fn the_terms_change_within_what_was_asked_and_use_ends_with_proof() {
    for stage in Stage::each().await {
        let (app, approver, officer) = (&stage.app, &stage.approver, &stage.officer);
        let resource = stage.shelf(|_| {}).await;
        let it = stage.agreed(resource).await;
        assert!(it.provided_at.is_some(), "the platform serves it at once");
        expect![""].assert_eq(&stage.tasks().await);

        let item = |name: &str, mask| GrantedItem {
            item: name.to_owned(),
            mask,
        };
        let wish = AgreementWish {
            items: Some(vec![item("id", Mask::Clear), item("name", Mask::Name)]),
            rows: Some("area = '330200'".parse().unwrap()),
            modes: Some(vec![SharingMode::Interface]),
            quota_per_day: Some(Some(50)),
            until: None,
        };
        let before = stage.size().await;
        let refused = flow::change_agreement(app, approver, it.id, wish.clone(), " ".to_owned()).await;
        expect!["reason: missing"].assert_eq(&why(refused));
        let wider = AgreementWish {
            items: Some(vec![item("data_level", Mask::Clear)]),
            modes: Some(vec![SharingMode::File]),
            quota_per_day: Some(None),
            until: Some(it.terms().valid_until + TimeDelta::days(1)),
            ..AgreementWish::default()
        };
        let refused = flow::change_agreement(app, approver, it.id, wider, "扩大".to_owned()).await;
        expect!["items: wider, modes: wider, until: wider, quota: wider"].assert_eq(&why(refused));
        let refused = flow::change_agreement(app, officer, it.id, wish.clone(), "自改".to_owned()).await;
        expect!["denied: no rule grants manage-agreement"].assert_eq(&why(refused));
        assert_eq!(stage.size().await, before, "a refusal leaves no entry");

        let changed = flow::change_agreement(app, approver, it.id, wish, "收窄范围".to_owned())
            .await
            .unwrap();
        let terms = changed.terms();
        assert_eq!((terms.version, changed.history.len()), (2, 1));
        assert_eq!(terms.items, [item("id", Mask::Clear), item("name", Mask::Name)]);
        assert_eq!(terms.modes, [SharingMode::Interface]);
        assert_eq!(terms.quota_per_day, Some(50));
        assert_eq!(terms.rows.to_string(), "area = '330200'");

        let stopped = flow::suspend_agreement(app, approver, it.id, "核查".to_owned())
            .await
            .unwrap();
        assert_eq!(stopped.state, vocab::AgreementState::Suspended);
        let refused = flow::suspend_agreement(app, approver, it.id, "再停".to_owned()).await;
        expect!["suspend cannot happen: the agreement is suspended"].assert_eq(&why(refused));
        flow::resume_agreement(app, approver, it.id, "核查完成".to_owned())
            .await
            .unwrap();
        flow::revoke_agreement(app, approver, it.id, "职责调整".to_owned())
            .await
            .unwrap();
        let waits = format!("officer: prove-disposal {}", it.no);
        assert_eq!(stage.tasks().await, waits);

        let on = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        let prove = async |how: &str, on| {
            flow::prove_disposal(app, officer, it.id, how.to_owned(), on, "已全部删除".to_owned()).await
        };
        expect!["statement: missing"].assert_eq(&why(prove(" ", on).await));
        expect!["statement: missing"].assert_eq(&why(prove("删除", on.succ_opt().unwrap()).await));
        let closed = prove("删除", on).await.unwrap();
        assert_eq!(closed.state, vocab::AgreementState::Closed);
        expect![""].assert_eq(&stage.tasks().await);
        expect![
            "agreement-made agreement-changed agreement-suspended agreement-resumed agreement-revoked disposal-proved"
        ]
        .assert_eq(&stage.ledger(it.id).await);
    }
}

#[tokio::test]
async fn data_that_the_platform_does_not_serve_is_noted_as_provided() {
    for stage in Stage::each().await {
        let (app, approver) = (&stage.app, &stage.approver);
        let resource = stage.shelf(|_| {}).await;
        // The source falls silent: the provider has to hand the data over in another way.
        std::fs::remove_file(stage.folder.path().join("source.db")).unwrap();
        flow::test_source(app, &stage.provider, stage.source).await.ok();
        let it = stage.agreed(resource).await;
        assert_eq!(it.provided_at, None);
        let waits = format!("provider: provide-data {0}\napprover: provide-data {0}", it.no);
        assert_eq!(stage.tasks().await, waits);
        let refused = flow::provide_agreement(app, &stage.officer, it.id).await;
        assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
        let provided = flow::provide_agreement(app, approver, it.id).await.unwrap();
        assert_eq!(provided.provided_at, Some(at()));
        assert!(provided.timers.iter().all(|it| !it.is_open()), "T7 is met");
        expect![""].assert_eq(&stage.tasks().await);
        expect!["agreement-made data-provided"].assert_eq(&stage.ledger(it.id).await);
    }
}
