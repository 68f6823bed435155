//! The search index: what is published is found, whatever happens between, in every process, drafts by those who write
//! them.

use std::{path::Path, time::Duration};

use testkit::{
    Failure, TestApp, config,
    platform::{
        App,
        catalog::search::{Audience, Index, Query},
        flow,
    },
    story::Shelf,
};

use crate::people;

async fn found(app: &App, text: &str) -> Result<u64, Failure> {
    Ok(flow::search_catalog(app, None, Query::text(text)).await?.total)
}

async fn found_soon(app: &App, text: &str) -> Result<u64, Failure> {
    for _ in 0..100 {
        if found(app, text).await? > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    found(app, text).await
}

async fn shelve(app: &TestApp, name: &str) -> Result<(), Failure> {
    let spec = people::in_file(&app.files, "people.db")?;
    let shelf = Shelf {
        provider: "police",
        spec,
        table: "people",
        name,
        key: &["person_no"],
    };
    app.shelve(shelf).await.map(drop)
}

fn copied(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_is_found_though_the_index_was_locked() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let lock = Index::open(&app.folder().join("node/search"))?;
    lock.clear()?;
    // Another process writes; the publication is a publication all the same.
    shelve(&app, "locked_out").await?;
    assert_eq!(found(&app.app, "locked_out").await?, 0, "the lock was held");
    lock.rollback();
    assert_eq!(found_soon(&app.app, "locked_out").await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_process_follows_with_an_index_of_its_own() -> Result<(), Failure> {
    for app in TestApp::each().await? {
        let elsewhere = tempfile::tempdir()?;
        copied(&app.folder().join("node/keys"), &elsewhere.path().join("node/keys"))?;
        let mut other = config(elsewhere.path(), &app.db_url);
        other.data_dir = elsewhere.path().join("node");
        let other = App::open(other).await?;
        shelve(&app, "seen_elsewhere").await?;
        assert_eq!(
            found(&app.app, "seen_elsewhere").await?,
            1,
            "at once where it was published"
        );
        assert_eq!(found_soon(&other, "seen_elsewhere").await?, 1, "soon everywhere else");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_foreign_index_is_made_again_at_the_start() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    shelve(&app, "kept_in_the_database").await?;
    let index = Index::open(&app.folder().join("node/search"))?;
    // As a kill between a change and its indexing leaves it: behind, without any sign of it but the mark.
    let behind = index.mark()?.ok_or("no mark")?;
    index.clear()?;
    index.commit(Some("999999:ff"))?;
    assert_ne!(index.mark()?, Some(behind), "the index claims a log that is not ours");
    let again = App::open(config(app.folder(), &app.db_url)).await?;
    assert_eq!(found(&again, "kept_in_the_database").await?, 1);
    assert_eq!(flow::rebuild_index(&again).await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_are_found_by_their_department_and_the_authority_alone() -> Result<(), Failure> {
    let app = TestApp::start().await?;
    let spec = people::in_file(&app.files, "people.db")?;
    let officer = app.actor("police.officer")?;
    let source = app.connect("police", &spec).await?;
    let draft = flow::draft_resource(&app.app, &officer, source, "people", "101001".parse()?).await?;
    let question = |text: &str| Query {
        audience: Audience::Authority,
        ..Query::text(text)
    };
    let name = draft.content.name.clone();
    for _ in 0..100 {
        let seen = flow::search_catalog(&app.app, Some(&officer), question(&name)).await?;
        if seen.total > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (who, with, without) in [
        ("police.officer", 1, 0),
        ("operator", 1, 0),
        ("civil.officer", 0, 0),
        ("", 0, 0),
    ] {
        for (drafts, total) in [("true", with), ("false", without)] {
            let line = format!("GET /api/v1/catalog?drafts={drafts}");
            let answer = app.talk(who, &line, "").await?.ok()?;
            assert_eq!(answer.json()?["total"], total, "{who} {drafts}: {}", answer.text);
        }
    }
    let line = "GET /api/v1/catalog?drafts=true";
    let answer = app.talk("police.officer", line, "").await?.ok()?;
    assert_eq!(answer.json()?["items"][0]["published"], false);
    assert_eq!(answer.at("/items/0/id")?, draft.id.to_string());
    Ok(())
}
