//! Answers that end at the same moment share an entry of the ledger; each has its receipt in it.

use testkit::{
    Failure, TestApp,
    platform::{
        flow,
        ledger::{Outcome, Receipt},
    },
    story::Deal,
};

use crate::{
    doors, people,
    proof::{entries, known, receipts},
};

#[tokio::test]
async fn answers_of_one_moment_share_an_entry_and_keep_their_receipts() -> Result<(), Failure> {
    const ANSWERS: usize = 200;
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let agreement = app.agree(resource, &Deal::default()).await?;
        let asks = (0..ANSWERS).map(|no| {
            let line = format!("GET /api/v1/data/{agreement}/records/000{}", no % 2 + 1);
            let app = &app;
            async move { app.talk("civil.officer", &line, "").await?.ok() }
        });
        let answers = futures::future::try_join_all(asks).await?;
        let told = receipts(&app, agreement).await?;
        assert_eq!(told.len(), ANSWERS);
        let written = entries(&app, agreement).await?;
        let shared = written.iter().find(|it| Receipt::all_of(it).len() > 1);
        let shared = shared.ok_or("of two hundred answers at once no two shared an entry")?;
        let mut handles: Vec<(&str, &str)> = Vec::new();
        for it in &answers {
            let (release, index) = (it.header("jutong-receipt"), it.header("jutong-receipt-index"));
            known(&app, agreement, release, index).await?;
            handles.push((release, index));
        }
        handles.sort_unstable();
        handles.dedup();
        assert_eq!(handles.len(), ANSWERS, "each answer its own release");

        // Its page shows all of them, its bundle proves it, and a release finds it.
        let session = [("cookie", &*doors::session(&app, "auditor").await?)];
        let page = app
            .talk_with("", &format!("GET /ledger/{}", shared.index), "", &session)
            .await?
            .ok()?;
        for it in Receipt::all_of(shared) {
            assert!(page.text.contains(&it.release.to_string()), "{}", page.text);
        }
        let auditor = app.actor("auditor")?;
        let last = Receipt::all_of(shared).pop().ok_or("no receipt")?;
        let bundle = flow::make_bundle(&app.app, &auditor, &flow::Evidence::Release(last.release)).await?;
        let proved = flow::verify_bundle(&app.app, bundle).await??;
        assert!(proved.entries.iter().any(|it| Receipt::all_of(it).contains(&last)));

        // A claim is about one release, which is named.
        let open = format!("POST /api/v1/ledger/{}/open", shared.index);
        let key = |no: usize| {
            answers
                .get(no)
                .map(|it| it.header("jutong-receipt").to_owned())
                .unwrap_or_default()
        };
        let own = Receipt::all_of(shared)
            .iter()
            .map(|it| it.release.to_string())
            .collect::<Vec<_>>();
        let no = (0..ANSWERS)
            .find(|no| own.contains(&key(*no)))
            .ok_or("no answer of this entry")?;
        let right = format!("lookup person_no 000{}", no % 2 + 1);
        let wrong = format!("lookup person_no 000{}", (no + 1) % 2 + 1);
        for (question, release, is) in [(&right, key(no), true), (&wrong, key(no), false)] {
            let body = serde_json::json!({ "query": question, "release": release }).to_string();
            let told = app.talk("civil.officer", &open, &body).await?.ok()?;
            assert_eq!(told.at("/query")?, is.to_string().as_str(), "{question}");
        }
        let body = serde_json::json!({ "query": right }).to_string();
        let unnamed = app.talk("civil.officer", &open, &body).await?;
        assert_eq!(unnamed.status, 422, "{}", unnamed.text);
        let figures = flow::watch_node(&app.app, &app.actor("operator")?).await?;
        assert_eq!(figures.releases_today, ANSWERS as u64);
        println!("{} entries for {ANSWERS} answers", written.len());
    }
    Ok(())
}

/// Others write into the ledger between the answers, and the day's quota ends in the middle of a batch: whoever got an
/// answer has a receipt where the handle says, and nobody got one too many.
#[tokio::test]
async fn handles_are_right_while_others_write_and_the_quota_ends() -> Result<(), Failure> {
    const QUOTA: usize = 100;
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let deal = Deal {
            quota: QUOTA as u64,
            ..Deal::default()
        };
        let agreement = app.agree(resource, &deal).await?;
        let (mut handles, mut refused) = (Vec::new(), 0);
        for _ in 0..8 {
            let asks = (0..20).map(|no| {
                let line = format!("GET /api/v1/data/{agreement}/records/000{}", no % 2 + 1);
                let app = &app;
                async move { app.talk("civil.officer", &line, "").await }
            });
            let (answers, session) = tokio::join!(futures::future::try_join_all(asks), doors::session(&app, "auditor"));
            session?;
            for it in answers? {
                match it.status.as_u16() {
                    200 => handles.push((
                        it.header("jutong-receipt").to_owned(),
                        it.header("jutong-receipt-index").to_owned(),
                    )),
                    429 => refused += 1,
                    other => return Err(format!("{other}: {}", it.text).into()),
                }
            }
        }
        assert_eq!((handles.len(), refused), (QUOTA, 60));
        for (release, index) in &handles {
            known(&app, agreement, release, index).await?;
        }
        let complete = receipts(&app, agreement).await?;
        let complete = complete.iter().filter(|it| it.outcome == Outcome::Complete);
        assert_eq!(complete.count(), QUOTA);
    }
    Ok(())
}
