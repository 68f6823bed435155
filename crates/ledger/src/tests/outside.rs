//! A log of 70,000 entries; and, when it is at hand, a verifier that nobody here wrote (`aics-tlog` from PyPI).

use std::{fs, path::Path, process::Command, time::Instant};

use db::Db;
use seal::Suite;
use vocab::{AgreementId, OrgId};

use super::{at, keys, plain, receipt};
use crate::{Entry, Log, append_many, publish, verify_consistency, verify_inclusion};

/// Entries of the large log: more than 256 × 256, so that a third tile level stands.
const LARGE: u64 = 70_000;

#[tokio::test]
async fn a_log_of_seventy_thousand_entries() {
    for fresh in db::testing::each().await.unwrap() {
        large_log(&fresh.db).await;
    }
}

async fn large_log(db: &Db) {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let keep = std::env::var_os("JUTONG_TEST_KEEP_LOG");
    let folder = keep.as_ref().map_or(folder, Path::new);
    let (agreement, provider, consumer) = (AgreementId::new(), OrgId::new(), OrgId::new());
    let began = Instant::now();
    for from in (0..LARGE).step_by(5000) {
        let entries: Vec<Entry> = (from..from + 5000)
            .map(|it| {
                if it % 2 == 0 {
                    plain(it)
                } else {
                    receipt(agreement, provider, consumer).entry()
                }
            })
            .collect();
        let tx = db.write().await.unwrap();
        append_many(&tx, &entries).await.unwrap();
        tx.commit().await.unwrap();
    }
    let appended = began.elapsed();
    let first = publish(db, &keys(), folder, at(1)).await.unwrap().unwrap();
    println!(
        "appended {LARGE} in {appended:?}, published in {:?}",
        began.elapsed() - appended
    );
    let old = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let tx = db.write().await.unwrap();
    append_many(&tx, &(0..100).map(plain).collect::<Vec<_>>())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let began = Instant::now();
    let second = publish(db, &keys(), folder, at(2)).await.unwrap().unwrap();
    println!("published 100 more in {:?}", began.elapsed());

    for (suite, old_root, root) in [
        (Suite::International, first.root, second.root),
        (Suite::National, first.sm3_root, second.sm3_root),
    ] {
        let mut log = Log::new(folder, suite, second.size);
        let proof = log.consistency(first.size).unwrap();
        assert!(verify_consistency(
            suite,
            (first.size, &old_root),
            (second.size, &root),
            &proof
        ));
        for index in [0, 12_345, 65_535, 65_536, 69_999, 70_099] {
            let (leaf, proof) = (log.leaf(index).unwrap(), log.inclusion(index).unwrap());
            assert!(proof.len() <= 17);
            assert!(verify_inclusion(suite, &leaf, index, second.size, &proof, &root));
        }
    }
    let tx = db.read().await.unwrap();
    let leaf = crate::get(&tx, 12_345).await.unwrap().unwrap().data;
    outside(folder, &leaf, &old);
}

/// Asks the verifier from outside, when `JUTONG_TEST_AICS_TLOG` says where it is. Keys lie apart from the log: it
/// refuses a key that comes with what it shall verify.
fn outside(folder: &Path, leaf: &str, old: &str) {
    let Some(program) = std::env::var_os("JUTONG_TEST_AICS_TLOG") else {
        println!("SKIPPED: JUTONG_TEST_AICS_TLOG is not set, no verifier from outside looked at this log");
        let required = std::env::var("JUTONG_TEST_REQUIRED").unwrap_or_default();
        assert!(!required.contains("JUTONG_TEST_AICS_TLOG"), "it is required");
        return;
    };
    let desk = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(desk.path().join(name), text).unwrap();
    put("vkey", &format!("{}\n", keys().verifier_keys()[0]));
    put("leaf", leaf);
    put("leaf-forged", &leaf.replace("\"rows\":1000", "\"rows\":1001"));
    put("checkpoint-old", old);
    put("checkpoint-forged", &old.replace("\n70000\n", "\n70001\n"));
    let accepts = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .current_dir(desk.path())
            .args(arguments)
            .args(["--vkey-file", "vkey", "--tiles"])
            .arg(folder);
        let answer = command.output().unwrap();
        println!(
            "aics-tlog {}\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&answer.stdout).trim_end()
        );
        answer.status.success()
    };
    assert!(accepts(&["verify-checkpoint"]));
    assert!(accepts(&["verify-inclusion", "--leaf", "leaf", "--index", "12345"]));
    assert!(accepts(&["verify-consistency", "--old-checkpoint", "checkpoint-old"]));
    assert!(!accepts(&[
        "verify-inclusion",
        "--leaf",
        "leaf-forged",
        "--index",
        "12345"
    ]));
    assert!(!accepts(&["verify-inclusion", "--leaf", "leaf", "--index", "12346"]));
    assert!(!accepts(&["verify-checkpoint", "--note", "checkpoint-forged"]));
    assert!(!accepts(&[
        "verify-consistency",
        "--old-checkpoint",
        "checkpoint-forged"
    ]));
}
