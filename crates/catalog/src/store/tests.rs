#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use vocab::{ActorId, SharingClass, SourceKind, SourceSpec};

use super::{
    testing::{at, complete, org as an_org},
    *,
};
use crate::{Error, Resource, Source, State, TestResult, diff};

#[tokio::test]
async fn organisations_are_kept() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let mut city = an_org("滨海市人民政府", None);
        let mut police = an_org("滨海市公安局", Some(city.id));
        insert_org(&tx, &city).await.unwrap();
        insert_org(&tx, &police).await.unwrap();
        assert_eq!(org(&tx, police.id).await.unwrap(), police);
        assert_eq!(org_by_code(&tx, &police.code).await.unwrap().unwrap().id, police.id);
        assert_eq!(orgs(&tx).await.unwrap().len(), 2);

        let mut old = police.clone();
        police.short_name = "市公安局".to_owned();
        update_org(&tx, &mut police).await.unwrap();
        assert_eq!(police.revision, 2);
        assert!(matches!(
            update_org(&tx, &mut old).await,
            Err(Error::Stale {
                kind: "organisation",
                ..
            })
        ));
        city.parent = Some(police.id);
        assert!(matches!(update_org(&tx, &mut city).await, Err(Error::Loop)));
        tx.commit().await.unwrap();

        let tx = fresh.db.write().await.unwrap();
        let mut twin = an_org("冒名单位", None);
        twin.code = police.code.clone();
        assert!(matches!(
            insert_org(&tx, &twin).await,
            Err(Error::Taken("the code of the organisation"))
        ));
        drop(tx);
        let tx = fresh.db.read().await.unwrap();
        assert!(matches!(
            org(&tx, twin.id).await,
            Err(Error::NotFound {
                kind: "organisation",
                ..
            })
        ));
    }
}

#[tokio::test]
async fn sources_keep_no_open_secret() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let police = an_org("滨海市公安局", None);
        insert_org(&tx, &police).await.unwrap();
        let mut spec = SourceSpec::new(SourceKind::Postgres)
            .with("host", "db.police")
            .with("user", "share");
        spec.secret = Some("open".to_owned());
        let mut it = Source::new(police.id, "人口库", spec, Some("sealed:abc".to_owned()), at(0));
        insert_source(&tx, &it).await.unwrap();
        let read = source(&tx, it.id).await.unwrap();
        assert_eq!(read, it);
        assert_eq!(
            (read.spec.secret.as_deref(), read.sealed_secret.as_deref()),
            (None, Some("sealed:abc"))
        );
        assert!(!format!("{read:?}").contains("sealed:abc"));

        it.tested(TestResult {
            at: at(1),
            tables: 3,
            took_ms: 12,
            server: "PostgreSQL 17".to_owned(),
            fault: None,
        });
        update_source(&tx, &mut it).await.unwrap();
        assert_eq!(sources(&tx, Some(police.id)).await.unwrap(), [it.clone()]);
        assert!(matches!(
            update_source(&tx, &mut read.clone()).await,
            Err(Error::Stale { .. })
        ));

        let mut content = complete(&police);
        content.mount.as_mut().unwrap().source = it.id;
        insert_resource(&tx, &Resource::draft(content, ActorId::new(), at(2)))
            .await
            .unwrap();
        assert_eq!(resources_of_source(&tx, it.id).await.unwrap().len(), 1);
        assert!(matches!(delete_source(&tx, it.id).await, Err(Error::InUse(_))));
        tx.commit().await.unwrap();

        let tx = fresh.db.write().await.unwrap();
        let twin = Source::new(police.id, "人口库", SourceSpec::new(SourceKind::Csv), None, at(3));
        assert!(matches!(
            insert_source(&tx, &twin).await,
            Err(Error::Taken("the name of the source"))
        ));
    }
}

#[tokio::test]
async fn a_resource_lives_through_versions() {
    for fresh in db::testing::each().await.unwrap() {
        let by = ActorId::new();
        let tx = fresh.db.write().await.unwrap();
        let police = an_org("滨海市公安局", None);
        insert_org(&tx, &police).await.unwrap();
        let source = Source::new(police.id, "人口库", SourceSpec::new(SourceKind::Csv), None, at(0));
        insert_source(&tx, &source).await.unwrap();
        let mut content = complete(&police);
        content.mount.as_mut().unwrap().source = source.id;
        let mut it = Resource::draft(content, by, at(0));
        insert_resource(&tx, &it).await.unwrap();
        assert_eq!(resource(&tx, it.id).await.unwrap(), it);
        assert!(matches!(published(&tx, it.id).await, Err(Error::NotFound { .. })));

        it.submit(by, at(1)).unwrap();
        update_resource(&tx, &mut it).await.unwrap();
        let first = publish(&tx, &mut it, None, by, at(2)).await.unwrap();
        assert_eq!(first.content.national_code.as_deref(), Some("101001/000001"));
        assert_eq!(published(&tx, it.id).await.unwrap(), first);
        assert_eq!(resource_by_code(&tx, "101001/000001").await.unwrap().unwrap(), it);

        let mut next = it.content.clone();
        next.summary = "含常住人口。".to_owned();
        it.edit(next, at(3)).unwrap();
        update_resource(&tx, &mut it).await.unwrap();
        assert_eq!(
            published(&tx, it.id).await.unwrap(),
            first,
            "the published version stays in force"
        );
        it.submit(by, at(4)).unwrap();
        publish(&tx, &mut it, None, by, at(5)).await.unwrap();
        let all = versions(&tx, it.id).await.unwrap();
        assert_eq!(all.iter().map(|it| it.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(diff(&all[1].content, &all[0].content).fields[0].path, "summary");
        assert_eq!(version(&tx, it.id, 1).await.unwrap(), first);
        assert_eq!(visible_after(&tx, None, 10).await.unwrap(), [all[0].clone()]);
        assert!(visible_after(&tx, Some(it.id), 10).await.unwrap().is_empty());
        assert!(matches!(delete_resource(&tx, &it).await, Err(Error::InUse(_))));

        it.withdraw(at(6)).unwrap();
        update_resource(&tx, &mut it).await.unwrap();
        assert!(matches!(published(&tx, it.id).await, Err(Error::NotFound { .. })));
        assert!(visible_after(&tx, None, 10).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn lists_are_filtered_paged_and_counted() {
    for fresh in db::testing::each().await.unwrap() {
        let by = ActorId::new();
        let tx = fresh.db.write().await.unwrap();
        let (police, civil) = (an_org("滨海市公安局", None), an_org("滨海市民政局", None));
        insert_org(&tx, &police).await.unwrap();
        insert_org(&tx, &civil).await.unwrap();
        for number in 0..25u32 {
            let provider = if number % 5 == 0 { &civil } else { &police };
            let mut content = complete(provider);
            content.mount = None;
            content.theme = (number % 2 == 0).then(|| "社会保障".to_owned());
            content.local_code = Some(format!("L{number}"));
            if number == 3 {
                content.sharing = crate::Sharing::withheld("某法第三条");
            }
            insert_resource(&tx, &Resource::draft(content, by, at(i64::from(number))))
                .await
                .unwrap();
        }
        let mut seen = Vec::new();
        let mut page = Page { after: None, limit: 10 };
        loop {
            let part = list(&tx, &Filter::default(), page).await.unwrap();
            seen.extend(part.all.iter().map(|it| it.id));
            let Some(next) = part.next else { break };
            page.after = Some(next);
        }
        assert_eq!(seen.len(), 25);
        assert!(seen.windows(2).all(|it| it[0] > it[1]), "newest first, none twice");

        let civil_only = Filter {
            providers: vec![civil.id],
            ..Filter::default()
        };
        assert_eq!(count(&tx, &civil_only).await.unwrap(), 5);
        let themed = Filter {
            theme: Some("社会保障".to_owned()),
            states: vec![State::Draft, State::Published],
            ..Filter::default()
        };
        assert_eq!(count(&tx, &themed).await.unwrap(), 13);
        let withheld = Filter {
            class: Some(SharingClass::Withheld),
            ..Filter::default()
        };
        assert_eq!(list(&tx, &withheld, Page::default()).await.unwrap().all.len(), 1);
        assert_eq!(
            counts_by_state(&tx, &Filter::default()).await.unwrap(),
            [StateCount {
                state: State::Draft,
                count: 25
            }]
        );

        let one = list(&tx, &civil_only, Page::default()).await.unwrap().all.remove(0);
        let mut twin = one.clone();
        delete_resource(&tx, &one).await.unwrap();
        assert!(matches!(
            update_resource(&tx, &mut twin).await,
            Err(Error::NotFound { .. })
        ));
    }
}

#[tokio::test]
async fn the_slower_writer_is_told() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let police = an_org("滨海市公安局", None);
        insert_org(&tx, &police).await.unwrap();
        let mut content = complete(&police);
        content.mount = None;
        let mut mine = Resource::draft(content, ActorId::new(), at(0));
        insert_resource(&tx, &mine).await.unwrap();
        let mut yours = mine.clone();
        mine.content.summary = "甲".to_owned();
        update_resource(&tx, &mut mine).await.unwrap();
        yours.content.summary = "乙".to_owned();
        assert!(matches!(
            update_resource(&tx, &mut yours).await,
            Err(Error::Stale { kind: "resource", .. })
        ));
        assert_eq!(resource(&tx, mine.id).await.unwrap().content.summary, "甲");
    }
}

#[tokio::test]
async fn codes_go_round_those_that_are_taken() {
    for fresh in db::testing::each().await.unwrap() {
        let by = ActorId::new();
        let tx = fresh.db.write().await.unwrap();
        let police = an_org("滨海市公安局", None);
        insert_org(&tx, &police).await.unwrap();
        let entry = |national: Option<&str>, local: Option<&str>| {
            let mut content = complete(&police);
            content.mount = None;
            content.national_code = national.map(str::to_owned);
            content.local_code = local.map(str::to_owned);
            Resource::draft(content, by, at(0))
        };
        let imported = entry(Some("101001/000001"), Some("330100-0001"));
        insert_resource(&tx, &imported).await.unwrap();
        let mut it = entry(None, None);
        it.submit(by, at(1)).unwrap();
        insert_resource(&tx, &it).await.unwrap();
        let pattern = "{division}-{seq:4}".parse().unwrap();
        let version = publish(&tx, &mut it, Some(&pattern), by, at(2)).await.unwrap();
        assert_eq!(version.content.national_code.as_deref(), Some("101001/000002"));
        assert_eq!(version.content.local_code.as_deref(), Some("330100-0002"));
        assert_eq!(resource(&tx, it.id).await.unwrap().submitted_by, Some(by));

        let mut own = entry(None, Some("旧码-7"));
        own.submit(by, at(3)).unwrap();
        insert_resource(&tx, &own).await.unwrap();
        let version = publish(&tx, &mut own, Some(&pattern), by, at(4)).await.unwrap();
        assert_eq!(
            version.content.local_code.as_deref(),
            Some("旧码-7"),
            "the own code stays"
        );
    }
}
