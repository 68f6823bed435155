//! What the ledger keeps of a release, and when a release is refused or ended: handles, commitments, revocation, openings
//! that a killed process left.

use std::time::Duration;

use arrow_flight::sql::client::FlightSqlServiceClient;
use futures::StreamExt;
use testkit::{
    Failure, PASSWORD, TestApp, config,
    platform::{
        self, App,
        catalog::Content,
        flow::{self, Claim, Door, Proof, Question},
        ledger::{Filter, Outcome, Page, Receipt, Recorded},
        release::Release,
        vocab::{Actor, AgreementId, ResourceId, SharingClass, Via},
    },
    story::Deal,
};

use crate::{doors, people, refusals::Again as _};

/// The entries that name an agreement, newest first.
pub async fn entries(app: &TestApp, agreement: AgreementId) -> Result<Vec<Recorded>, Failure> {
    let filter = Filter {
        subject: Some(agreement.to_string()),
        ..Filter::default()
    };
    let page = Page {
        before: None,
        limit: 500,
    };
    Ok(flow::list_entries(&app.app, &app.actor("auditor")?, filter, page)
        .await?
        .all)
}

pub async fn receipts(app: &TestApp, agreement: AgreementId) -> Result<Vec<Receipt>, Failure> {
    Ok(entries(app, agreement)
        .await?
        .iter()
        .flat_map(Receipt::all_of)
        .collect())
}

/// The closing receipt of the one release that is not complete, once it is there.
async fn ended(app: &TestApp, agreement: AgreementId) -> Result<Receipt, Failure> {
    for _ in 0..100 {
        let found = receipts(app, agreement).await?;
        if let Some(it) = found.into_iter().find(|it| it.outcome != Outcome::Complete) {
            return Ok(it);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("no closing receipt within ten seconds".into())
}

async fn republish(app: &TestApp, id: ResourceId, change: impl FnOnce(&mut Content)) -> Result<(), Failure> {
    let officer = app.actor("police.officer")?;
    let now = flow::own_resource(&app.app, &officer, id).await?;
    let mut content = now.content.clone();
    change(&mut content);
    flow::edit_resource(&app.app, &officer, id, now.revision, content).await?;
    flow::declare_not_secret(&app.app, &officer, id).await?;
    flow::submit_resource(&app.app, &officer, id).await?;
    flow::publish_resource(&app.app, &app.actor("operator")?, id).await?;
    Ok(())
}

#[tokio::test]
async fn what_is_withheld_since_the_agreement_stays() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let agreement = app.agree(resource, &Deal::default()).await?;
        let line = format!("GET /api/v1/data/{agreement}");
        let all = app.talk("civil.officer", &line, "").await?.ok()?;
        assert_eq!(all.json()?.as_array().map(Vec::len), Some(5));

        // A narrower scope of rows holds for agreements that were made before it.
        republish(&app, resource, |it| {
            it.row_scope = "division_code LIKE '3301%'".parse().unwrap();
        })
        .await?;
        let fewer = app.talk("civil.officer", &line, "").await?.ok()?;
        assert_eq!(fewer.json()?.as_array().map(Vec::len), Some(4), "{}", fewer.text);
        let outside = app.talk("civil.officer", &format!("{line}/records/0005"), "").await?;
        assert_eq!(outside.status, 404);

        let law = "《中华人民共和国居民身份证法》第十九条";
        republish(&app, resource, |it| {
            let phone = it.items.iter_mut().find(|it| it.name == "phone").unwrap();
            phone.sharing.class = SharingClass::Withheld;
            law.clone_into(&mut phone.sharing.legal_basis);
        })
        .await?;
        let before = entries(&app, agreement).await?.len();
        let refused = app.talk("civil.officer", &line, "").await?;
        assert_eq!(
            (refused.status.as_u16(), refused.at("/code")?.as_str()),
            (403, "withheld")
        );
        assert!(
            refused.text.contains("phone") && refused.text.contains(law),
            "{}",
            refused.text
        );

        republish(&app, resource, |it| {
            it.sharing.class = SharingClass::Withheld;
            law.clone_into(&mut it.sharing.legal_basis);
            it.tighten_items();
        })
        .await?;
        let sql = format!("{{\"sql\":\"select * from people\",\"agreements\":[\"{agreement}\"]}}");
        for (line, body) in [
            (line.as_str(), ""),
            (&format!("{line}/records/0001"), ""),
            ("POST /api/v1/sql", sql.as_str()),
        ] {
            let refused = app.talk("civil.officer", line, body).await?;
            assert_eq!(refused.status, 403, "{line}: {}", refused.text);
            assert_eq!(refused.at("/code")?, "withheld", "{line}");
        }
        assert_eq!(
            entries(&app, agreement).await?.len(),
            before,
            "a refusal leaves no entry"
        );
    }
    Ok(())
}

/// The handle that came with an answer is the one of a receipt in the ledger.
pub async fn known(app: &TestApp, agreement: AgreementId, release: &str, index: &str) -> Result<Receipt, Failure> {
    let index: u64 = index.parse()?;
    let found = entries(app, agreement).await?;
    let entry = found.iter().find(|it| it.index == index).ok_or("no such entry")?;
    let mut receipts = Receipt::all_of(entry).into_iter();
    let own = receipts.find(|it| it.release.to_string() == release);
    Ok(own.ok_or("no receipt of this release in its entry")?)
}

#[tokio::test]
async fn every_answer_brings_the_handle_of_its_receipt() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let agreement = app.agree(resource, &Deal::default()).await?;
        let line = format!("GET /api/v1/data/{agreement}");
        let sql = "{\"sql\":\"select name from people where person_no = '0002'\"}";
        let mut seen = Vec::new();
        for (line, body) in [
            (line.clone(), ""),
            (format!("{line}?limit=2"), ""),
            (format!("{line}/records/0001"), ""),
            (format!("{line}/records/9999"), ""),
            ("POST /api/v1/sql".to_owned(), sql),
        ] {
            let answer = app.talk("civil.officer", &line, body).await?;
            let (release, index) = (answer.header("jutong-receipt"), answer.header("jutong-receipt-index"));
            known(&app, agreement, release, index).await?;
            seen.push(release.to_owned());
        }
        let counted = app
            .talk("civil.officer", &format!("{line}?limit=2&count=true"), "")
            .await?;
        // Rows and their count are one answer.
        assert_eq!(counted.headers.get_all("jutong-receipt").iter().count(), 1);

        let channel = tonic::transport::Channel::from_shared(format!("http://{}", app.flight))?
            .connect()
            .await?;
        let mut client = FlightSqlServiceClient::new(channel);
        let member = app.people.get("civil.officer").ok_or("nobody")?;
        client.handshake("civil.officer", &member.token).await?;
        let info = client
            .execute("select name from people where person_no = '0001'".to_owned(), None)
            .await?;
        let ticket = info
            .endpoint
            .into_iter()
            .next()
            .and_then(|it| it.ticket)
            .ok_or("no ticket")?;
        let rows = client.do_get(ticket).await?;
        let text = |name: &str| {
            rows.headers()
                .get(name)
                .and_then(|it| it.to_str().ok())
                .unwrap_or_default()
        };
        let receipt = known(&app, agreement, text("jutong-receipt"), text("jutong-receipt-index")).await?;
        assert_eq!(receipt.door, "flight");

        let page = app
            .talk_with(
                "",
                &format!("GET /agreements/{agreement}/data"),
                "",
                &[("cookie", &doors::session(&app, "civil.officer").await?)],
            )
            .await?
            .ok()?;
        let newest = entries(&app, agreement).await?.first().ok_or("no entry")?.index;
        assert!(
            page.text.contains(&format!("href=\"/ledger/{newest}\"")),
            "{}",
            page.text
        );
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5, "each answer its own");
    }
    Ok(())
}

#[tokio::test]
async fn receipts_only_commit_to_what_could_be_guessed() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let agreement = app.agree(resource, &Deal::default()).await?;
        let answer = app
            .talk(
                "civil.officer",
                &format!("GET /api/v1/data/{agreement}/records/0001"),
                "",
            )
            .await?
            .ok()?;
        let index = answer.header("jutong-receipt-index").to_owned();
        let receipt = known(&app, agreement, answer.header("jutong-receipt"), &index).await?;
        let digest = hex(&answer.bytes);
        for plain in [hex(b"lookup person_no 0001"), hex(b"0001"), digest.clone()] {
            assert!(receipt.query != plain && receipt.digest != plain, "{receipt:?}");
        }
        assert_eq!(receipt.algorithm, "hmac-sm3/sha256");
        assert!(receipt.query.starts_with("hmac-sm3:") && receipt.digest.starts_with("hmac-sm3:"));
        assert_eq!(receipt.resource_versions, [1]);

        // The same question under another agreement looks another.
        let other = app.shelve_again("people-2.db").await?;
        let other = app.agree(other, &Deal::default()).await?;
        app.talk("civil.officer", &format!("GET /api/v1/data/{other}/records/0001"), "")
            .await?
            .ok()?;
        let second = receipts(&app, other).await?.into_iter().next().ok_or("no receipt")?;
        assert!(second.query != receipt.query && second.digest != receipt.digest);

        // The parties prove it, others do not, and each look is an entry.
        let open = format!("POST /api/v1/ledger/{index}/open");
        let right = format!("{{\"query\":\"lookup person_no 0001\",\"digest\":\"{digest}\"}}");
        for who in ["civil.officer", "police.officer"] {
            let told = app.talk(who, &open, &right).await?.ok()?;
            assert_eq!(told.text, "{\"query\":true,\"digest\":true}", "{who}");
            let told = app
                .talk(who, &open, "{\"query\":\"lookup person_no 0002\"}")
                .await?
                .ok()?;
            assert_eq!(told.at("/query")?, "false", "{who}");
        }
        for (who, status) in [("auditor", 403), ("operator", 404), ("", 401)] {
            let told = app.talk(who, &open, &right).await?;
            assert!(
                [status, 403, 404].contains(&told.status.as_u16()) && !told.status.is_success(),
                "{who}: {} {}",
                told.status,
                told.text
            );
        }
        let looks = Filter {
            kind: Some("receipt-opened".to_owned()),
            ..Filter::default()
        };
        let page = Page {
            before: None,
            limit: 50,
        };
        let looks = flow::list_entries(&app.app, &app.actor("auditor")?, looks, page)
            .await?
            .all;
        assert_eq!(looks.len(), 4);

        let claim = Claim::default();
        let index: u64 = index.parse()?;
        let empty = flow::open_receipt(&app.app, &app.actor("civil.officer")?, index, &claim).await;
        assert!(empty.is_err());
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    testkit::platform::seal::sha256(bytes)
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect()
}

/// An answer of 400,000 rows that somebody reads slowly.
async fn slow(app: &TestApp) -> Result<(AgreementId, Release), Failure> {
    let agreement = doors::open(app, doors::numbered(app, 400_000)?, "numbered").await?;
    let release = ask(app, agreement, &app.actor("civil.officer")?).await?;
    Ok((agreement, release))
}

/// All rows of an agreement.
async fn ask(app: &TestApp, agreement: AgreementId, actor: &Actor) -> Result<Release, Failure> {
    let question = Question {
        agreement,
        purpose: None,
        select: platform::engine::Select::default(),
    };
    Ok(flow::query_data(&app.app, actor, Door::Rest, &question).await?)
}

/// One more batch: the stream goes on. How many rows it has.
async fn more(release: &mut Release) -> Result<u64, Failure> {
    Ok(release.next().await.ok_or("no rows")??.num_rows() as u64)
}

/// Reads slowly until a refusal ends the stream; how many rows came until then.
async fn until_refused(release: &mut Release) -> Result<u64, Failure> {
    let (began, mut rows) = (std::time::Instant::now(), 0);
    loop {
        assert!(began.elapsed() < Duration::from_secs(20), "the stream goes on");
        tokio::time::sleep(Duration::from_millis(200)).await;
        match release.next().await.ok_or("the stream ended by itself")? {
            Ok(batch) => rows += batch.num_rows() as u64,
            Err(error) => {
                println!("refused after {:?} and {rows} rows: {error}", began.elapsed());
                return Ok(rows);
            }
        }
    }
}

#[tokio::test]
async fn an_open_stream_ends_when_the_agreement_does() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let (agreement, mut release) = slow(&app).await?;
        let mut handed_out = more(&mut release).await?;
        // Decided again, it goes on.
        tokio::time::sleep(Duration::from_millis(3500)).await;
        handed_out += more(&mut release).await?;
        flow::revoke_agreement(&app.app, &app.actor("police.approver")?, agreement, "停用".to_owned()).await?;
        handed_out += until_refused(&mut release).await?;
        let receipt = ended(&app, agreement).await?;
        assert_eq!((receipt.outcome, receipt.rows), (Outcome::Revoked, handed_out));
    }
    Ok(())
}

/// Who stands behind a secret, as a door knows them.
async fn recognised(app: &TestApp, proof: Proof<'_>) -> Result<Actor, Failure> {
    let known = flow::know_actor(&app.app, proof).await?;
    Ok(known.ok_or("the secret opens nothing")?.actor)
}

/// One person reads three streams, by a token and in two sessions; each ends with its own right and no other.
#[tokio::test]
async fn an_open_stream_ends_when_the_right_of_who_asked_does() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let officer = app.actor("civil.officer")?;
        let member = app.people.get("civil.officer").ok_or("nobody")?;
        let program = recognised(&app, Proof::Token(&member.token)).await?;
        let elsewhere = flow::sign_in(&app.app, "civil.officer", PASSWORD, "elsewhere").await?;
        let elsewhere = recognised(&app, Proof::Session(elsewhere.secret.expose())).await?;
        let (Some(Via::Token(token)), Some(Via::Session(session))) = (program.via, officer.via) else {
            return Err("recognised by nothing".into());
        };
        let (agreement, mut first) = slow(&app).await?;
        let mut second = ask(&app, agreement, &program).await?;
        let mut third = ask(&app, agreement, &elsewhere).await?;

        let mut handed_out = [0; 3];
        handed_out[0] += more(&mut second).await?;
        flow::revoke_token(&app.app, &officer, token).await?;
        handed_out[0] += until_refused(&mut second).await?;
        handed_out[1] += more(&mut first).await?;
        flow::end_session(&app.app, &officer, session).await?;
        handed_out[1] += until_refused(&mut first).await?;
        handed_out[2] += more(&mut third).await?;
        flow::set_posts(&app.app, &app.actor("sysadmin")?, officer.id, &[]).await?;
        handed_out[2] += until_refused(&mut third).await?;

        let mut told = Vec::new();
        for _ in 0..100 {
            told = receipts(&app, agreement).await?;
            if told.len() == 3 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let told: Vec<_> = told.iter().rev().map(|it| (it.outcome, it.rows)).collect();
        assert_eq!(told, handed_out.map(|rows| (Outcome::Revoked, rows)), "oldest first");
    }
    Ok(())
}

#[tokio::test]
async fn a_receipt_counts_what_was_handed_out() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let (agreement, mut release) = slow(&app).await?;
        let first = more(&mut release).await?;
        drop(release);
        let receipt = ended(&app, agreement).await?;
        assert_eq!((receipt.outcome, receipt.rows), (Outcome::Cancelled, first));
    }
    Ok(())
}

#[tokio::test]
async fn a_node_that_stops_closes_what_is_open() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let (agreement, mut release) = slow(&app).await?;
        let first = more(&mut release).await?;
        app.app.finish().await;
        // On disk already: nothing is waited for.
        let receipt = receipts(&app, agreement)
            .await?
            .into_iter()
            .next()
            .ok_or("no closing receipt")?;
        assert_eq!((receipt.outcome, receipt.rows), (Outcome::Broken, first));
        assert!(
            matches!(release.next().await, Some(Err(_))),
            "no row leaves after its receipt"
        );
        assert_eq!(receipts(&app, agreement).await?.len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn what_a_killed_process_left_open_is_closed_at_the_next_start() -> Result<(), Failure> {
    let mut left_open = Vec::new();
    for app in TestApp::each().await? {
        let (agreement, mut release) = slow(&app).await?;
        release.next().await.ok_or("no rows")??;
        // As if the process were gone: nobody writes the receipt any more until the others have looked.
        left_open.push(release);
        let start = async |later: i64| -> Result<(), Failure> {
            let now = app.app.now() + chrono::TimeDelta::seconds(later);
            App::open_still(config(app.folder(), &app.db_url), now).await?;
            Ok(())
        };
        start(0).await?;
        assert!(
            receipts(&app, agreement).await?.is_empty(),
            "it may still be on its way"
        );
        start(3600).await?;
        start(7200).await?;
        let found = receipts(&app, agreement).await?;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].outcome, found[0].algorithm.as_str()),
            (Outcome::Unknown, "unknown")
        );
        let opened: Vec<_> = entries(&app, agreement)
            .await?
            .into_iter()
            .filter(|it| it.entry.kind == "release-opened")
            .collect();
        assert_eq!(opened.len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_joined_question_over_one_used_up_quota_costs_nothing() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let large = people::shelved(&app).await?;
        let large = app.agree(large, &Deal::default()).await?;
        let small = app.shelve_again("people-2.db").await?;
        let small = app
            .agree(
                small,
                &Deal {
                    quota: 1,
                    ..Deal::default()
                },
            )
            .await?;
        let names = (
            app.table_of("civil.officer", large).await?,
            app.table_of("civil.officer", small).await?,
        );
        let sql = format!(
            "{{\"sql\":\"select a.name from {} a join {} b on a.person_no = b.person_no\"}}",
            names.0, names.1
        );
        app.talk("civil.officer", "POST /api/v1/sql", &sql).await?.ok()?;
        let used = async || -> Result<u64, Failure> {
            let usage = flow::agreement_usage(&app.app, &app.actor("civil.officer")?, large, "2000-01-01").await?;
            Ok(usage.iter().map(|it| it.1).sum())
        };
        assert_eq!(used().await?, 1);
        for _ in 0..3 {
            let refused = app.talk("civil.officer", "POST /api/v1/sql", &sql).await?;
            assert!(!refused.status.is_success(), "{}", refused.text);
        }
        assert_eq!(used().await?, 1, "refused questions use up nothing");
    }
    Ok(())
}

#[tokio::test]
async fn entries_of_the_log_are_for_those_who_read_it_all() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    flow::publish_log_now(&app.app, &app.actor("auditor")?).await?;
    let size = flow::list_entries(
        &app.app,
        &app.actor("auditor")?,
        Filter::default(),
        Page { before: None, limit: 1 },
    )
    .await?
    .published;
    assert!(size < 256);
    let (entries, tile) = (
        format!("GET /log/tile/entries/000.p/{size}"),
        format!("GET /log/tile/0/000.p/{size}"),
    );
    // The sharing authority reads the whole ledger by the same rule as the auditor.
    for who in ["auditor", "operator"] {
        let file = app.talk(who, &entries, "").await?.ok()?;
        assert_eq!(file.header("cache-control"), "private, no-store", "{who}");
        assert!(file.headers.get("access-control-allow-origin").is_none(), "{who}");
        assert!(
            file.headers
                .get("cross-origin-resource-policy")
                .is_none_or(|it| it != "cross-origin")
        );
    }
    for who in ["", "civil.officer", "sysadmin"] {
        assert_eq!(app.talk(who, &entries, "").await?.status, 403, "{who}");
        let hashes = app.talk(who, &tile, "").await?.ok()?;
        assert!(hashes.header("cache-control").contains("immutable"));
    }
    Ok(())
}
