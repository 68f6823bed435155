#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use vocab::SharingClass;

use super::*;
use crate::{
    clock::tests::{at, clocks},
    request::{
        self, Event, Warrant,
        tests::{cast, draft},
    },
    store,
};

#[test]
fn every_kind_has_its_own_code() {
    let codes: BTreeSet<&str> = Notice::ALL.iter().map(|it| it.code()).collect();
    assert_eq!(codes.len(), Notice::ALL.len());
    for kind in Notice::ALL {
        let written = serde_json::to_value(kind).unwrap();
        assert_eq!(
            written["notice"],
            kind.code(),
            "the document and the column say the same"
        );
    }
}

#[tokio::test]
async fn a_notice_is_told_once_to_those_whom_it_concerns() {
    for fresh in db::testing::each().await.unwrap() {
        let (cast, now) = (cast(), at("2026-03-09T10:00"));
        let warrant = Warrant::WHOLE;
        let (it, commands) = request::apply(
            draft(&cast, SharingClass::Conditional),
            Event::Submit {
                by: cast.applicant,
                warrant,
            },
            now,
            &clocks(),
        )
        .unwrap();
        let tx = fresh.db.write().await.unwrap();
        for _ in 0..2 {
            for it in notices(&Matter::from(&it), &commands, now) {
                store::insert_notice(&tx, &it).await.unwrap();
            }
        }
        let authority = [Who::Authority.audience()];
        let told = store::notices_to(&tx, &authority, true, None, 10).await.unwrap();
        assert_eq!(told.len(), 1, "written twice, told once");
        assert_eq!(
            (told[0].kind, told[0].other, told[0].no.as_str()),
            (Notice::RequestSubmitted, Some(cast.consumer), "GX-2026-000001")
        );
        let provider = Who::Org {
            org: cast.provider,
            role: Role::Approver,
        };
        let stranger = [provider.audience()];
        assert!(
            store::notices_to(&tx, &stranger, false, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
        let refused = store::read_notice(&tx, told[0].id, &stranger, cast.approver, now).await;
        assert!(matches!(refused, Err(crate::Error::NotFound(_))), "{refused:?}");
        assert_eq!(store::count_unread(&tx, &authority).await.unwrap(), 1);
        let read = store::read_notice(&tx, told[0].id, &authority, cast.checker, now)
            .await
            .unwrap();
        assert_eq!(read.read, Some((now, cast.checker)));
        let again = store::read_notice(&tx, told[0].id, &authority, cast.approver, at("2026-03-10T10:00"))
            .await
            .unwrap();
        assert_eq!(again.read, read.read, "the first reader stays");
        assert_eq!(store::count_unread(&tx, &authority).await.unwrap(), 0);
        assert!(
            store::notices_to(&tx, &authority, true, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            store::read_all_notices(&tx, &authority, cast.checker, now)
                .await
                .unwrap(),
            0
        );
    }
}

#[test]
fn an_escalation_names_who_is_late_and_until_when_it_was() {
    let (cast, clocks) = (cast(), clocks());
    let step = |it, event, when: &str| request::apply(it, event, at(when), &clocks).unwrap();
    let warrant = Warrant::WHOLE;
    let (it, _) = step(
        draft(&cast, SharingClass::Conditional),
        Event::Submit {
            by: cast.applicant,
            warrant,
        },
        "2026-03-09T10:00",
    );
    let accept = Event::Accept {
        by: cast.checker,
        opinion: String::new(),
    };
    let (it, _) = step(it, accept, "2026-03-10T10:00");
    let (it, commands) = step(it, Event::TimePasses, "2026-03-25T10:00");
    let told: Vec<String> = notices(&Matter::from(&it), &commands, at("2026-03-25T10:00"))
        .iter()
        .map(|told| {
            let other = match told.other {
                Some(org) if org == cast.provider => "provider",
                Some(org) if org == cast.consumer => "consumer",
                _ => "nobody",
            };
            let to = told
                .to
                .audience()
                .replace(&cast.provider.to_string(), "provider")
                .replace(&cast.consumer.to_string(), "consumer");
            format!("{to}: {} of {other}, last day {:?}", told.kind.code(), told.last_day)
        })
        .collect();
    assert_eq!(
        told,
        [
            "provider/approver: overdue of consumer, last day Some(2026-03-23)",
            "authority: escalated of provider, last day Some(2026-03-23)",
            "consumer/data-officer: overdue of provider, last day Some(2026-03-23)",
        ]
    );
}
