//! Publishing: step by step equals at once, a crash anywhere is repaired, a rewritten past is refused.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use db::Db;
use seal::{SigningKey, Suite};

use super::{at, keys, plain};
use crate::{
    Checkpoint, Error, KeyKind, Log, LogKeys, Note, SignatureLine, Statement, VerifierKey, append_many, check, cosign,
    last_checkpoint, publish,
    publish::{Place, publish_with},
    tree::Edge,
    verify_consistency, verify_inclusion,
};

pub(crate) async fn grow(db: &Db, from: u64, to: u64) {
    let tx = db.write().await.unwrap();
    append_many(&tx, &(from..to).map(plain).collect::<Vec<_>>())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Every file but partial tiles (their history depends on when was published) and the lock.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, base: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                walk(&path, base, all);
            } else {
                all.insert(
                    path.strip_prefix(base).unwrap().display().to_string(),
                    fs::read(path).unwrap(),
                );
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(folder, folder, &mut all);
    all.retain(|path, _| !path.contains(".p/") && path != ".lock");
    all
}

/// Everything an outsider can check about a folder.
fn check_folder(folder: &Path, checkpoint: &Checkpoint) {
    let note: Note = fs::read_to_string(folder.join("checkpoint")).unwrap().parse().unwrap();
    for key in keys().verifier_keys() {
        note.check(key).unwrap();
    }
    let shadow: Note = fs::read_to_string(folder.join("sm3/checkpoint"))
        .unwrap()
        .parse()
        .unwrap();
    shadow.check(keys().shadow_key()).unwrap();
    for (suite, note) in [(Suite::International, note), (Suite::National, shadow)] {
        let statement: Statement = note.text.parse().unwrap();
        assert_eq!(statement.size, checkpoint.size);
        let mut log = Log::new(folder, suite, statement.size);
        assert_eq!(log.root().unwrap(), statement.root);
        let last = statement.size - 1;
        for index in [0, last / 3, last / 2, last] {
            let (leaf, proof) = (log.leaf(index).unwrap(), log.inclusion(index).unwrap());
            assert!(verify_inclusion(
                suite,
                &leaf,
                index,
                statement.size,
                &proof,
                &statement.root
            ));
            let mut old = Edge::empty(suite);
            (0..=index).for_each(|it| old.push(log.leaf(it).unwrap(), |_, _, _| {}));
            let proof = log.consistency(index + 1).unwrap();
            assert!(verify_consistency(
                suite,
                (index + 1, &old.root()),
                (statement.size, &statement.root),
                &proof
            ));
        }
        assert!(log.inclusion(statement.size).is_err());
    }
}

#[tokio::test]
async fn step_by_step_equals_at_once() {
    for fresh in db::testing::each().await.unwrap() {
        let (once, steps) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(publish(&fresh.db, &keys(), steps.path(), at(0)).await.unwrap(), None);
        let mut before = None;
        for (from, to) in [(0, 1), (1, 3), (3, 256), (256, 257), (257, 600), (600, 3000)] {
            grow(&fresh.db, from, to).await;
            let checkpoint = publish(&fresh.db, &keys(), steps.path(), at(1)).await.unwrap().unwrap();
            assert_eq!(checkpoint.size, to);
            assert_eq!(
                publish(&fresh.db, &keys(), steps.path(), at(2)).await.unwrap().unwrap(),
                checkpoint,
                "again changes nothing"
            );
            check_folder(steps.path(), &checkpoint);
            if let Some((size, root)) = before {
                let proof = Log::new(steps.path(), Suite::International, to)
                    .consistency(size)
                    .unwrap();
                assert!(verify_consistency(
                    Suite::International,
                    (size, &root),
                    (to, &checkpoint.root),
                    &proof
                ));
            }
            before = Some((checkpoint.size, checkpoint.root));
        }
        publish(&fresh.db, &keys(), once.path(), at(9)).await.unwrap().unwrap();
        assert!(files(once.path()) == files(steps.path()));
        assert!(
            !steps.path().join("tile/0/000.p").exists(),
            "partial tiles go when the full one is there"
        );
        assert_eq!(check(&fresh.db).await.unwrap(), 3000);
    }
}

#[tokio::test]
async fn a_crash_anywhere_is_repaired_by_the_next_publish() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let mut size = 0;
        let mut roots: Vec<(u64, seal::Hash)> = Vec::new();
        for place in [
            Place::TilesWritten,
            Place::BeforeRecord,
            Place::AfterRecord,
            Place::ShadowServed,
            Place::Served,
        ] {
            for added in [1, 100, 5000] {
                grow(&fresh.db, size, size + added).await;
                size += added;
                let mut stop = |here| if here == place { Err(Error::Interrupted) } else { Ok(()) };
                let stopped = publish_with(&fresh.db, &keys(), folder.path(), at(1), &mut stop).await;
                assert!(matches!(stopped, Err(Error::Interrupted)), "{place:?}");
                // A file that a crash left half written.
                fs::write(folder.path().join("checkpoint.new"), "half").unwrap();
                if place == Place::TilesWritten {
                    grow(&fresh.db, size, size + 3).await;
                    size += 3;
                }
                let checkpoint = publish(&fresh.db, &keys(), folder.path(), at(2))
                    .await
                    .unwrap()
                    .unwrap();
                assert_eq!(checkpoint.size, size);
                check_folder(folder.path(), &checkpoint);
                for (old, root) in &roots {
                    let proof = Log::new(folder.path(), Suite::International, size)
                        .consistency(*old)
                        .unwrap();
                    assert!(verify_consistency(
                        Suite::International,
                        (*old, root),
                        (size, &checkpoint.root),
                        &proof
                    ));
                }
                roots.push((size, checkpoint.root));
            }
        }
    }
}

#[tokio::test]
async fn a_lost_or_damaged_folder_is_made_again() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        grow(&fresh.db, 0, 700).await;
        let checkpoint = publish(&fresh.db, &keys(), folder.path(), at(1))
            .await
            .unwrap()
            .unwrap();
        let whole = files(folder.path());
        for damage in [
            "checkpoint",
            "tile/1/000.p/2",
            "tile/0/002.p/188",
            "sm3/tile/0/002.p/188",
        ] {
            fs::remove_file(folder.path().join(damage)).unwrap();
            assert_eq!(
                publish(&fresh.db, &keys(), folder.path(), at(2))
                    .await
                    .unwrap()
                    .unwrap(),
                checkpoint
            );
            assert!(
                files(folder.path()) == whole && folder.path().join(damage).exists(),
                "{damage}"
            );
        }
        fs::write(folder.path().join("tile/0/002.p/188"), [7; 188 * 32]).unwrap();
        publish(&fresh.db, &keys(), folder.path(), at(2)).await.unwrap();
        check_folder(folder.path(), &checkpoint);
        fs::remove_dir_all(folder.path()).unwrap();
        publish(&fresh.db, &keys(), folder.path(), at(2)).await.unwrap();
        assert!(files(folder.path()) == whole);
    }
}

#[tokio::test]
async fn a_rewritten_past_is_refused_and_nothing_is_published() {
    let rewrites = [
        "update ledger_entry set data = replace(data, 'thing 299', 'thing 9') where idx = 299",
        "update ledger_entry set leaf = '00' || substr(leaf, 3) where idx = 290",
        "delete from ledger_entry where idx = 280",
        "update ledger_head set size = 200",
        "delete from ledger_checkpoint",
        "update ledger_checkpoint set root = '00' || substr(root, 3)",
    ];
    for rewrite in rewrites {
        for fresh in db::testing::each().await.unwrap() {
            let folder = tempfile::tempdir().unwrap();
            grow(&fresh.db, 0, 300).await;
            publish(&fresh.db, &keys(), folder.path(), at(1))
                .await
                .unwrap()
                .unwrap();
            let whole = files(folder.path());
            let tx = fresh.db.write().await.unwrap();
            assert!(tx.run(rewrite, []).await.unwrap() > 0, "{rewrite}");
            tx.commit().await.unwrap();
            if !rewrite.contains("size = 200") {
                grow(&fresh.db, 300, 310).await;
            }
            let refused = publish(&fresh.db, &keys(), folder.path(), at(2)).await;
            assert!(matches!(refused, Err(Error::Rewritten(_))), "{rewrite}: {refused:?}");
            assert!(files(folder.path()) == whole, "{rewrite}");
        }
    }
    // Far in the past: publishing looks at what is new, the full check finds it.
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        grow(&fresh.db, 0, 1000).await;
        publish(&fresh.db, &keys(), folder.path(), at(1))
            .await
            .unwrap()
            .unwrap();
        let tx = fresh.db.write().await.unwrap();
        let forged = plain(77_777).data(5).unwrap();
        let leaf = hex::encode(crate::tree::leaf_hash(Suite::International, forged.as_bytes()));
        tx.run(
            "update ledger_entry set data = $1, leaf = $2 where idx = 5",
            [forged.into(), leaf.into()],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(check(&fresh.db).await, Err(Error::Rewritten(_))));
        let other = tempfile::tempdir().unwrap();
        assert!(
            matches!(
                publish(&fresh.db, &keys(), other.path(), at(2)).await,
                Err(Error::Rewritten(_))
            ),
            "a new folder reads all"
        );
        assert!(!other.path().join("tile").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_beside_appenders_and_publishers_raises_no_alarm() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        grow(&fresh.db, 0, 3).await;
        let grows = async {
            for number in 3..150 {
                grow(&fresh.db, number, number + 1).await;
                publish(&fresh.db, &keys(), folder.path(), at(1)).await.unwrap();
            }
        };
        let checks = async {
            let mut many = 0;
            let mut size = 0;
            while size < 150 {
                size = check(&fresh.db).await.unwrap();
                many += 1;
            }
            many
        };
        let ((), many) = tokio::join!(grows, checks);
        println!("{many} checks beside 147 publications");
        assert!(many > 1);
    }
}

#[tokio::test]
async fn a_folder_of_another_log_is_refused() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        grow(&fresh.db, 0, 3).await;
        publish(&fresh.db, &keys(), folder.path(), at(1))
            .await
            .unwrap()
            .unwrap();
        let other = LogKeys::open_or_create(folder.path(), "other.example/log").unwrap();
        assert!(matches!(
            publish(&fresh.db, &other, folder.path(), at(1)).await,
            Err(Error::Rewritten(_))
        ));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn publishers_and_appenders_at_the_same_time() {
    for fresh in db::testing::each().await.unwrap() {
        let (shared, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut workers = Vec::new();
        for worker in 0..3_u64 {
            let db = fresh.db.clone();
            workers.push(tokio::spawn(async move {
                for round in 0..20 {
                    grow(&db, worker * 1000 + round * 7, worker * 1000 + (round + 1) * 7).await;
                }
            }));
        }
        for folder in [shared.path(), shared.path(), own.path()] {
            let (db, folder) = (fresh.db.clone(), folder.to_owned());
            workers.push(tokio::spawn(async move {
                for round in 0..8 {
                    publish(&db, &keys(), &folder, at(round)).await.unwrap();
                }
            }));
        }
        for worker in workers {
            worker.await.unwrap();
        }
        for folder in [shared.path(), own.path()] {
            let checkpoint = publish(&fresh.db, &keys(), folder, at(99)).await.unwrap().unwrap();
            assert_eq!(checkpoint.size, 420);
            check_folder(folder, &checkpoint);
        }
        assert!(files(shared.path()) == files(own.path()));
        assert_eq!(check(&fresh.db).await.unwrap(), 420);
    }
}

/// The process that [`killed_at_any_moment`] kills; alone it does nothing.
#[tokio::test]
async fn grows_and_publishes_until_killed() {
    let (Ok(url), Ok(folder)) = (
        std::env::var("JUTONG_TEST_CHILD_URL"),
        std::env::var("JUTONG_TEST_CHILD_FOLDER"),
    ) else {
        return;
    };
    let db = Db::open(&url).await.unwrap();
    for round in 0..100_000_u64 {
        let tx = db.write().await.unwrap();
        append_many(&tx, &(0..1 + round * 37 % 150).map(plain).collect::<Vec<_>>())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let it = publish(&db, &keys(), folder.as_ref(), at(3)).await.unwrap().unwrap();
        println!("\npublished {} {}", it.size, hex::encode(it.root));
    }
}

#[tokio::test]
async fn killed_at_any_moment() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let mut told: Vec<(u64, seal::Hash)> = Vec::new();
        for round in 0..8_u64 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "tests::publish::grows_and_publishes_until_killed",
                    "--nocapture",
                ])
                .env("JUTONG_TEST_CHILD_URL", &fresh.url)
                .env("JUTONG_TEST_CHILD_FOLDER", folder.path())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let listener = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
            tokio::time::sleep(Duration::from_millis(300 + round * 97)).await;
            child.kill().unwrap();
            child.wait().unwrap();
            for line in listener.join().unwrap() {
                let Some((size, root)) = line.strip_prefix("published ").and_then(|it| it.split_once(' ')) else {
                    continue;
                };
                told.push((size.parse().unwrap(), hex::decode(root).unwrap().try_into().unwrap()));
            }
            let Some(checkpoint) = publish(&fresh.db, &keys(), folder.path(), at(4)).await.unwrap() else {
                continue;
            };
            assert_eq!(check(&fresh.db).await.unwrap(), checkpoint.size);
            let mut log = Log::new(folder.path(), Suite::International, checkpoint.size);
            assert_eq!(log.root().unwrap(), checkpoint.root);
            for (size, root) in &told {
                let proof = log.consistency(*size).unwrap();
                assert!(verify_consistency(
                    Suite::International,
                    (*size, root),
                    (checkpoint.size, &checkpoint.root),
                    &proof
                ));
            }
        }
        assert!(!told.is_empty(), "the child never published");
        println!("{} checkpoints told before a kill, none contradicted", told.len());
    }
}

#[tokio::test]
async fn witnesses_have_their_place() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        grow(&fresh.db, 0, 5).await;
        let checkpoint = publish(&fresh.db, &keys(), folder.path(), at(1))
            .await
            .unwrap()
            .unwrap();
        let secret = SigningKey::from_bytes(Suite::International, &[9; 32]).unwrap();
        let witness = VerifierKey::new(
            "witness.example/w1",
            KeyKind::Cosignature,
            secret.verifying_key().unwrap(),
        )
        .unwrap();
        let line = cosigned(&checkpoint.note, &secret, &witness, 1_790_000_123);
        let tx = fresh.db.write().await.unwrap();
        let forged = SignatureLine {
            signature: vec![0; 72],
            ..line.clone()
        };
        assert!(matches!(
            cosign(&tx, 5, &forged.to_string(), &witness).await,
            Err(Error::Note(_))
        ));
        assert!(cosign(&tx, 6, &line.to_string(), &witness).await.is_err());
        cosign(&tx, 5, &line.to_string(), &witness).await.unwrap();
        cosign(&tx, 5, &format!("{line}\n"), &witness).await.unwrap();
        tx.commit().await.unwrap();
        publish(&fresh.db, &keys(), folder.path(), at(2)).await.unwrap();
        let note: Note = fs::read_to_string(folder.path().join("checkpoint"))
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(
            (note.signatures.len(), note.check_cosignature(&witness)),
            (3, Ok(1_790_000_123))
        );
        let tx = fresh.db.read().await.unwrap();
        assert_eq!(last_checkpoint(&tx).await.unwrap().unwrap().cosignatures, [line]);
    }
}

pub(crate) fn cosigned(note: &Note, secret: &SigningKey, witness: &VerifierKey, time: u64) -> SignatureLine {
    let message = format!("cosignature/v1\ntime {time}\n{}", note.text);
    let mut line = SignatureLine::sign(&message, secret, witness).unwrap();
    line.signature = [&time.to_be_bytes()[..], &line.signature].concat();
    line
}
