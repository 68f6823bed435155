//! Evidence bundles: what they prove, and why a changed one proves nothing.

use std::sync::OnceLock;

use proptest::prelude::*;
use seal::{SigningKey, Suite};
use vocab::{AgreementId, OrgId};

use super::{
    at, keys, plain,
    publish::{cosigned, grow},
    receipt,
};
use crate::{
    Error, Fault, KeyKind, LogKeys, Receipt, Trust, VerifierKey, append, append_many,
    bundle::{Bundle, make},
    cosign, publish, verify,
};

struct Made {
    bundle: Bundle,
    receipt: Receipt,
    witness: VerifierKey,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let work = async {
            let fresh = db::testing::sqlite().await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            let receipt = receipt(AgreementId::new(), OrgId::new(), OrgId::new());
            grow(&fresh.db, 0, 300).await;
            let tx = fresh.db.write().await.unwrap();
            append(&tx, &receipt.entry()).await.unwrap();
            append_many(&tx, &[plain(1), plain(2)]).await.unwrap();
            tx.commit().await.unwrap();
            let checkpoint = publish(&fresh.db, &keys(), folder.path(), at(1))
                .await
                .unwrap()
                .unwrap();
            let secret = SigningKey::from_bytes(Suite::International, &[9; 32]).unwrap();
            let witness = VerifierKey::new("w.example", KeyKind::Cosignature, secret.verifying_key().unwrap()).unwrap();
            let tx = fresh.db.write().await.unwrap();
            cosign(
                &tx,
                303,
                &cosigned(&checkpoint.note, &secret, &witness, 77).to_string(),
                &witness,
            )
            .await
            .unwrap();
            let bundle = make(&tx, &keys(), folder.path(), &[300, 0]).await.unwrap();
            assert!(make(&tx, &keys(), folder.path(), &[303]).await.is_err());
            Made {
                bundle,
                receipt,
                witness,
            }
        };
        std::thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(work)
        })
        .join()
        .unwrap()
    })
}

#[tokio::test]
async fn nothing_is_signed_but_what_was_published() {
    for fresh in db::testing::each().await.unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let receipt = receipt(AgreementId::new(), OrgId::new(), OrgId::new());
        let tx = fresh.db.write().await.unwrap();
        append_many(&tx, &[plain(0), receipt.entry(), plain(2)]).await.unwrap();
        tx.commit().await.unwrap();
        publish(&fresh.db, &keys(), folder.path(), at(1))
            .await
            .unwrap()
            .unwrap();
        let tx = fresh.db.write().await.unwrap();
        let bundle = make(&tx, &keys(), folder.path(), &[0, 1, 2]).await.unwrap();
        let alone = Trust {
            keys: keys().verifier_keys().map(Clone::clone).to_vec(),
            ..Trust::default()
        };
        assert_eq!(verify(&bundle.to_bytes(), &alone).unwrap().entries.len(), 3);
        // Altered with its recorded hash, so that only the published leaf tells.
        let forged = receipt
            .entry()
            .data(1)
            .unwrap()
            .replace("\"rows\":1000", "\"rows\":1001");
        let leaf = hex::encode(crate::tree::leaf_hash(Suite::International, forged.as_bytes()));
        tx.run(
            "update ledger_entry set data = $1, leaf = $2 where idx = 1",
            [forged.into(), leaf.into()],
        )
        .await
        .unwrap();
        let refused = make(&tx, &keys(), folder.path(), &[0, 1]).await;
        assert!(matches!(refused, Err(Error::Rewritten(_))), "{refused:?}");
        assert!(make(&tx, &keys(), folder.path(), &[0, 2]).await.is_ok());
    }
}

#[test]
fn a_bundle_without_entries_proves_nothing() {
    assert_eq!(fault(|it| it.entries.clear()), Fault::Empty);
}

fn trust() -> Trust {
    Trust {
        keys: keys().verifier_keys().map(Clone::clone).to_vec(),
        witnesses: vec![made().witness.clone()],
        quorum: 1,
    }
}

fn fault(change: impl FnOnce(&mut Bundle)) -> Fault {
    let mut bundle = made().bundle.clone();
    change(&mut bundle);
    verify(&bundle.to_bytes(), &trust()).unwrap_err()
}

#[test]
fn a_bundle_proves_its_entries() {
    let verified = verify(&made().bundle.to_bytes(), &trust()).unwrap();
    assert_eq!((verified.origin.as_str(), verified.size), ("node.example/log", 303));
    assert_eq!(verified.suites, Suite::ALL);
    assert_eq!(verified.witnesses, [("w.example".to_owned(), 77)]);
    assert_eq!(Receipt::all_of(&verified.entries[0]), [made().receipt.clone()]);
    assert_eq!(verified.entries[1].entry, plain(0));
    for key in keys().verifier_keys() {
        let alone = Trust {
            keys: vec![key.clone()],
            ..Trust::default()
        };
        assert_eq!(
            verify(&made().bundle.to_bytes(), &alone).unwrap().suites,
            [key.suite()],
            "each suite stands by itself"
        );
    }
    let embedded = Trust {
        keys: made().bundle.verifier_keys().unwrap(),
        ..Trust::default()
    };
    assert!(verify(&made().bundle.to_bytes(), &embedded).is_ok());
}

#[test]
fn each_fault_has_its_words() {
    let say = |fault: Fault| fault.to_string();
    assert_eq!(
        say(fault(
            |it| it.entries[0].data = it.entries[0].data.replace("\"rows\":1000", "\"rows\":1")
        )),
        "entry 300 was altered: neither its proof nor its signature fits it"
    );
    assert_eq!(fault(|it| it.entries[0].index = 299), Fault::Proof(300 - 1, "SHA-256"));
    assert_eq!(
        fault(|it| it.entries[0].proof[3] = it.entries[0].proof[2].clone()),
        Fault::Proof(300, "SHA-256")
    );
    assert_eq!(fault(|it| it.entries[1].sm3_proof.truncate(2)), Fault::Proof(0, "SM3"));
    let wrong = fault(|it| it.entries[1].attestations[1].signature = it.entries[0].attestations[1].signature.clone());
    assert_eq!(wrong, Fault::EntrySignature(0, keys().verifier_keys()[1].short()));
    assert!(matches!(
        fault(|it| it.entries[1].attestations.clear()),
        Fault::EntrySignature(0, _)
    ));
    assert_eq!(
        fault(|it| it.checkpoint = it.checkpoint.replace("\n303\n", "\n304\n")),
        Fault::CheckpointSignature(keys().verifier_keys()[0].short())
    );
    assert_eq!(
        fault(|it| it.checkpoint = it.checkpoint.replace("node.example/log\n303", "other.example\n303")),
        Fault::UnknownKey("other.example".to_owned())
    );
    let line = |it: &Bundle, n: usize| it.checkpoint.lines().nth(n).unwrap().to_owned() + "\n";
    assert!(
        matches!(
            fault(|it| it.checkpoint = it.checkpoint.replace(&line(it, 5), "")),
            Fault::NotSigned(_)
        ),
        "without the SM2 line"
    );
    assert_eq!(
        fault(|it| it.checkpoint = it.checkpoint.replace(&line(it, 6), "")),
        Fault::Witnesses { have: 0, need: 1 }
    );
    assert_eq!(fault(|it| it.sm3_checkpoint = it.checkpoint.clone()), Fault::Apart);
    assert!(matches!(fault(|it| it.form = "x".to_owned()), Fault::Malformed(_)));
    assert!(matches!(fault(|it| it.keys[0].push('x')), Fault::Malformed(_)));
    assert!(matches!(verify(b"{}", &trust()), Err(Fault::Malformed(_))));
    assert!(matches!(verify(b"", &trust()), Err(Fault::Malformed(_))));
}

#[test]
fn a_forger_with_keys_of_his_own_gets_nowhere() {
    let forger = LogKeys::new(
        "node.example/log",
        SigningKey::from_bytes(Suite::International, &[5; 32]).unwrap(),
        SigningKey::from_bytes(Suite::National, &[6; 32]).unwrap(),
    )
    .unwrap();
    let only = Trust {
        keys: forger.verifier_keys().map(Clone::clone).to_vec(),
        ..Trust::default()
    };
    assert!(matches!(
        verify(&made().bundle.to_bytes(), &only),
        Err(Fault::NotSigned(_))
    ));
    assert!(matches!(
        verify(&made().bundle.to_bytes(), &Trust::default()),
        Err(Fault::UnknownKey(_))
    ));
    // The witness counts once, and a log's key is no witness.
    let twice = Trust {
        witnesses: vec![made().witness.clone(), made().witness.clone()],
        quorum: 2,
        ..trust()
    };
    assert_eq!(
        verify(&made().bundle.to_bytes(), &twice),
        Err(Fault::Witnesses { have: 1, need: 2 })
    );
}

#[test]
fn a_cut_bundle_proves_nothing() {
    let bytes = made().bundle.to_bytes();
    for end in (0..bytes.len() - 2).step_by(37) {
        assert!(verify(&bytes[..end], &trust()).is_err(), "cut at {end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn one_changed_byte_is_noticed_or_means_the_same(at in any::<prop::sample::Index>(), byte in any::<u8>(), national in any::<bool>()) {
        let mut bytes = made().bundle.to_bytes();
        let mut trust = trust();
        if !national {
            trust.keys.truncate(1);
        }
        let before = verify(&bytes, &trust).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(after) = verify(&bytes, &trust) {
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verify(&bytes, &Trust::default()).is_err());
    }
}
