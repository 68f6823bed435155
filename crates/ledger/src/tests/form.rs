//! Texts: canonical JSON, entries, notes, keys, checkpoints, receipts.

use expect_test::expect;
use proptest::prelude::*;
use serde_json::json;
use vocab::{ActorId, AgreementId, OrgId, ReleaseId};

use super::{at, keys, plain, receipt};
use crate::{
    Entry, Error, KeyKind, Note, NoteError, Outcome, Prepared, Receipt, Recorded, Statement, VerifierKey,
    receipt::{commitment, share, written},
    to_canonical,
};

#[test]
fn canonical_json_is_rfc_8785() {
    // §3.2.3: members in the order of UTF-16 units, so that U+1F600 (a surrogate) stands before U+FB33.
    let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
    assert_eq!(
        to_canonical(&value),
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
    );
    let value = json!({"b": [null, true, -1, {"y": "\"\\\u{8}\u{1f}/", "x": 18_446_744_073_709_551_615_u64}], "a": {}});
    assert_eq!(
        to_canonical(&value),
        r#"{"a":{},"b":[null,true,-1,{"x":18446744073709551615,"y":"\"\\\b\u001f/"}]}"#
    );
}

#[test]
fn an_entry_is_these_bytes() {
    let data = plain(7).data(42).unwrap();
    expect![[r#"{"actor":null,"at":"2026-09-21T14:13:27.000000Z","body":{"a":"目录\n😀","z":7},"idx":42,"kind":"request.submitted","subject":"thing 7","v":1}"#]]
        .assert_eq(&data);
    assert_eq!(Recorded::parse(&data).unwrap().entry, plain(7));
    for changed in [
        data.replace("\"v\":1", "\"v\":2"),
        data.replace(",\"v\"", ", \"v\""),
        data.replace("{\"actor", "{\"a\":1,\"actor"),
        data.replace(":42", ":042"),
    ] {
        assert_eq!(Recorded::parse(&changed), None, "{changed}");
    }
    let large = Entry {
        body: json!("x".repeat(65_500)),
        ..plain(0)
    };
    assert!(matches!(large.data(0), Err(Error::TooLarge(_))));
}

#[test]
fn an_entry_is_found_by_what_it_names() {
    let (org, agreement, actor) = (OrgId::new(), AgreementId::new(), ActorId::new());
    let entry = Entry {
        at: at(0),
        kind: "x".to_owned(),
        actor: Some(actor),
        subject: agreement.to_string(),
        body: json!({"parties": [{"id": org}, {"id": org}], "by": actor, "note": format!("see {org}"), "of": agreement}),
    };
    let mut expected = vec![agreement.to_string(), org.to_string()];
    expected.sort();
    assert_eq!(entry.mentions(), expected);
}

#[test]
fn a_note_as_go_signs_it() {
    // The example of golang.org/x/mod/sumdb/note.
    let key: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        .parse()
        .unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
                \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note: Note = text.parse().unwrap();
    note.check(&key).unwrap();
    assert_eq!(note.to_string(), text);
    let altered: Note = text.replace("answer", "Answer").parse().unwrap();
    assert_eq!(
        altered.check(&key),
        Err(NoteError::Signature("PeterNeumann+c74f20a3".to_owned()))
    );
    assert_eq!(
        note.check(keys().verifier_keys()[0]),
        Err(NoteError::NotSigned(keys().verifier_keys()[0].short()))
    );
    let mut twice = note.clone();
    twice.signatures.push(note.signatures[0].clone());
    assert!(twice.check(&key).is_err());
}

#[test]
fn keys_have_a_text() {
    for key in keys().verifier_keys().into_iter().chain([keys().shadow_key()]) {
        assert_eq!(&key.to_string().parse::<VerifierKey>().unwrap(), key);
    }
    expect!["node.example/log+2a6115da+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"]
        .assert_eq(&keys().verifier_keys()[0].to_string());
    for bad in [
        "",
        "a+b",
        "a+00000000+AQ==",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
    }
    assert_eq!(
        keys().verifier_keys().map(VerifierKey::kind),
        [KeyKind::Ed25519, KeyKind::Sm2]
    );
    assert!(
        crate::LogKeys::new(
            "a b",
            seal::SigningKey::generate(seal::Suite::International).unwrap(),
            seal::SigningKey::generate(seal::Suite::National).unwrap()
        )
        .is_err()
    );
}

#[test]
fn a_checkpoint_is_three_lines() {
    let text = "node.example/log\n70000\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let statement: Statement = text.parse().unwrap();
    assert_eq!(
        (statement.size, statement.root, statement.to_string().as_str()),
        (70_000, [0; 32], text)
    );
    for bad in [
        text.replace("70000", "070000"),
        text.replace("70000", "-1"),
        text.replace("AA=", "A="),
        text.trim_end().to_owned(),
        format!("{text}more\n"),
    ] {
        assert!(bad.parse::<Statement>().is_err(), "{bad}");
    }
}

#[test]
fn a_receipt_comes_back_from_its_entry() {
    let receipt = receipt(AgreementId::new(), OrgId::new(), OrgId::new());
    let recorded = Recorded::parse(&receipt.entry().data(3).unwrap()).unwrap();
    assert_eq!(Receipt::all_of(&recorded), [receipt]);
    assert_eq!(
        Receipt::all_of(&Recorded::parse(&plain(0).data(0).unwrap()).unwrap()),
        []
    );
    assert_ne!(
        commitment(&[1; 32], "110101199003070011"),
        commitment(&[2; 32], "110101199003070011")
    );
}

proptest! {
    #[test]
    fn whatever_an_entry_holds_it_comes_back(kind in ".{0,20}", subject in ".{0,40}", key in ".{0,9}", text in ".{0,60}", number in any::<i64>()) {
        let entry = Entry { at: at(1), kind, actor: None, subject, body: json!({key: [text, number, null]}) };
        let data = entry.data(9).unwrap();
        prop_assert_eq!(Recorded::parse(&data).unwrap().entry, entry);
    }

    #[test]
    fn nothing_thrown_at_the_parsers_panics(text in "(.|\n){0,300}", line in "\u{2014} [a-z]{0,9} [A-Za-z0-9+/=]{0,90}\n?") {
        let _ = text.parse::<Note>();
        let _ = format!("{text}\n\n{line}").parse::<Note>();
        let _ = text.parse::<Statement>();
        let _ = text.parse::<VerifierKey>();
        let _ = Recorded::parse(&text);
    }
}

/// The receipts of written entries, each where `share` says it stands.
fn shared(receipts: &[Receipt]) -> (usize, Vec<Option<Receipt>>) {
    let receipts: Vec<&Receipt> = receipts.iter().collect();
    let entries = share(&receipts);
    let documents = entries
        .iter()
        .map(|(it, places)| (Prepared::new(it).unwrap(), places.clone()));
    assert_eq!(written(&receipts).unwrap(), documents.collect::<Vec<_>>());
    let mut found = vec![None; receipts.len()];
    for (index, (entry, places)) in (0..).zip(&entries) {
        let read = Receipt::all_of(&Recorded::parse(&entry.data(index).unwrap()).unwrap());
        assert_eq!(read.len(), places.len());
        for (place, receipt) in places.iter().zip(read) {
            assert_eq!(found[*place].replace(receipt), None, "a receipt twice");
        }
    }
    (entries.len(), found)
}

#[test]
fn like_receipts_share_entries() {
    let first = receipt(AgreementId::new(), OrgId::new(), OrgId::new());
    let another = |it: &Receipt| Receipt {
        release: ReleaseId::new(),
        // As long as they come: so many of them fit into an entry.
        query: commitment(&[7; 32], "q"),
        digest: commitment(&[7; 32], "d"),
        rows: u64::MAX,
        bytes: Some(u64::MAX),
        ended: at(9),
        ..it.clone()
    };
    let all: Vec<Receipt> = std::iter::repeat_with(|| another(&first)).take(1000).collect();
    let (entries, found) = shared(&all);
    assert_eq!(found, all.iter().cloned().map(Some).collect::<Vec<_>>());
    assert_eq!(entries, 16, "64 in each");
    let [(entry, _)] = &share(&all.iter().take(2).collect::<Vec<_>>())[..] else {
        panic!("two entries")
    };
    assert_eq!(
        (entry.at, entry.kind.as_str(), &entry.subject),
        (at(9), "release", &first.agreement.to_string())
    );

    // Whatever else differs keeps them apart, and a receipt alone has the plain form.
    let unlike = [
        Receipt {
            agreement_version: 2,
            ..another(&first)
        },
        Receipt {
            outcome: Outcome::Limited,
            ..another(&first)
        },
        Receipt {
            algorithm: "sha256".to_owned(),
            ..another(&first)
        },
        Receipt {
            resource_versions: vec![4],
            ..another(&first)
        },
        Receipt {
            actor: ActorId::new(),
            ..another(&first)
        },
        Receipt {
            policy: String::new(),
            ..another(&first)
        },
        receipt(AgreementId::new(), OrgId::new(), OrgId::new()),
    ];
    for other in unlike {
        assert_eq!(
            shared(&[first.clone(), other.clone()]),
            (2, vec![Some(first.clone()), Some(other)])
        );
    }
    assert_eq!(share(&[&first]), [(first.entry(), vec![0])]);
}

#[test]
fn answers_that_say_what_is_common_are_no_receipts() {
    let one = receipt(AgreementId::new(), OrgId::new(), OrgId::new());
    let two = Receipt {
        release: ReleaseId::new(),
        ..one.clone()
    };
    let mut entry = share(&[&one, &two]).remove(0).0;
    let read = |entry: &Entry| Receipt::all_of(&Recorded::parse(&entry.data(0).unwrap()).unwrap());
    assert_eq!(read(&entry).len(), 2);
    entry.body["answers"][1]["consumer"] = json!(OrgId::new());
    assert_eq!(read(&entry), []);
}

proptest! {
    /// What is written down before its number is known is the canonical JSON of the whole.
    #[test]
    fn an_entry_is_the_canonical_json_of_its_members(
        index in any::<u64>(), inner in any::<u64>(), text in "\\PC{0,40}|[\u{0}-\u{7f}]{0,9}|,\"idx\":18446744073709551615",
    ) {
        let entry = Entry {
            kind: text.clone(),
            subject: text.clone(),
            body: json!({"idx": inner, "zz": {"idx": u64::MAX, "a": text}, "idx2": [1, {"idx": u64::MAX}], text.clone(): null}),
            ..plain(1)
        };
        let whole = json!({
            "v": 1, "idx": index, "at": vocab::time::to_text(entry.at), "kind": entry.kind, "actor": null,
            "subject": entry.subject, "body": entry.body,
        });
        prop_assert_eq!(entry.data(index).unwrap(), to_canonical(&whole));
    }
}

#[test]
fn an_outcome_is_read_as_it_is_written() {
    use Outcome::{Broken, Cancelled, Complete, Limited, RefusedQuota, RefusedTerms, Revoked, Unknown};
    for it in [
        Complete,
        Broken,
        Cancelled,
        Limited,
        Revoked,
        Unknown,
        RefusedQuota,
        RefusedTerms,
    ] {
        let text = json!(it.code());
        assert_eq!(serde_json::to_value(it).unwrap(), text);
        assert_eq!(serde_json::from_value::<Outcome>(text).unwrap(), it);
    }
}
