#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use expect_test::expect;
use vocab::{
    Mask, SourceId,
    profile::{ColumnInfo, TableInfo},
};

use super::*;
use crate::Error;

fn column(name: &str, comment: &str, data_type: DataType, guess: Option<(Meaning, u64)>) -> ColumnProfile {
    ColumnProfile {
        column: ColumnInfo {
            name: name.to_owned(),
            comment: (!comment.is_empty()).then(|| comment.to_owned()),
            source_type: "varchar(32)".to_owned(),
            data_type,
            nullable: name != "id",
            key: name == "id",
            plain: true,
            indexed: name == "id",
        },
        rows: 1000,
        nulls: 10,
        empties: 0,
        distinct: 990,
        distinct_exact: true,
        range: None,
        lengths: Some((1, 18)),
        leading_zeros: u64::from(name == "station_no") * 12,
        guesses: guess
            .map(|(meaning, fitting)| Guess {
                meaning,
                fitting,
                looked_at: 990,
                evidence: format!("test of {meaning}"),
            })
            .into_iter()
            .collect(),
    }
}

fn drafted() -> Draft {
    let columns = vec![
        column("id", "", DataType::Integer, None),
        column(
            "id_card",
            "公民身份号码",
            DataType::Integer,
            Some((Meaning::CitizenId, 989)),
        ),
        column("phone", "", DataType::Text, Some((Meaning::Phone, 600))),
        column("邮编", "", DataType::Integer, Some((Meaning::Postcode, 990))),
        column("station_no", "", DataType::Integer, None),
        column("PHONE", "", DataType::Text, None),
        column(
            "income",
            "",
            DataType::Decimal {
                precision: 14,
                scale: 2,
            },
            None,
        ),
    ];
    let profile = TableProfile {
        table: TableInfo {
            name: "public.person".to_owned(),
            comment: Some("人口基本信息".to_owned()),
            rows_estimate: Some(1000),
            columns: columns.iter().map(|it| it.column.clone()).collect(),
        },
        rows_read: 1000,
        complete: true,
        columns,
    };
    draft_from_profile(
        &profile,
        DraftContext {
            provider: OrgId::new(),
            provider_name: "滨海市公安局".to_owned(),
            provider_code: "91350100M000100Y43".to_owned(),
            category: "101001".parse().unwrap(),
            mount: Mount {
                source: SourceId::new(),
                table: "public.person".to_owned(),
            },
            kind: SourceKind::Postgres,
        },
    )
}

#[test]
fn every_guess_shows_its_evidence() {
    let draft = drafted();
    let mut lines = String::new();
    for item in &draft.content.items {
        lines += &format!(
            "{} [{}] {} {}\n",
            item.name, item.data_type, item.sensitivity, item.mask
        );
        for it in &item.evidence {
            lines += &format!(
                "    {}: {} → {} because {} ({}) {}/{}\n",
                it.what.code(),
                it.before,
                it.after,
                it.why.code(),
                it.from,
                it.fitting,
                it.looked_at
            );
        }
    }
    expect![[r#"
        id [integer] none clear
            key: false → true because source-declares (primary key) 0/0
            nullable: true → false because source-declares (not null) 0/0
        id_card [text] sensitive keep-ends(6,4)
            title: "id_card" → "公民身份号码" because source-comment (公民身份号码) 0/0
            meaning: null → "citizen-id" because values-fit (test of citizen-id) 989/990
            sensitivity: "none" → "sensitive" because follows-meaning (citizen-id) 989/990
            mask: {"mask":"clear"} → {"mask":"keep-ends","head":6,"tail":4} because follows-meaning (citizen-id) 989/990
            data-type: {"type":"integer"} → {"type":"text"} because code-not-number (test of citizen-id) 989/990
            length: null → 18 because longest-value (varchar(32)) 990/1000
        phone [text] personal keep-ends(3,4)
            meaning: null → "phone" because some-values-fit (test of phone) 600/990
            sensitivity: "none" → "personal" because follows-meaning (phone) 600/990
            mask: {"mask":"clear"} → {"mask":"keep-ends","head":3,"tail":4} because follows-meaning (phone) 600/990
            length: null → 18 because longest-value (varchar(32)) 990/1000
        邮编 [text] none clear
            meaning: null → "postcode" because values-fit (test of postcode) 990/990
            data-type: {"type":"integer"} → {"type":"text"} because code-not-number (test of postcode) 990/990
            length: null → 18 because longest-value (varchar(32)) 990/1000
        station_no [text] none clear
            data-type: {"type":"integer"} → {"type":"text"} because code-not-number (leading zeros) 12/990
            length: null → 18 because longest-value (varchar(32)) 990/1000
        PHONE_2 [text] none clear
            length: null → 18 because longest-value (varchar(32)) 990/1000
        income [decimal(14,2)] none clear
    "#]]
    .assert_eq(&lines);
    assert_eq!(draft.content.name, "人口基本信息");
    assert_eq!(draft.content.name_en, "person");
    assert_eq!(draft.content.secrecy, Secrecy::Undeclared);
    assert_eq!(
        draft.content.sharing.class,
        SharingClass::Conditional,
        "personal information starts conditional"
    );
}

#[test]
fn a_guess_is_undone_with_what_followed() {
    let mut content = drafted().content;
    content.undo("id_card", Attribute::Meaning).unwrap();
    let item = content.item("id_card").unwrap();
    assert_eq!(
        (item.meaning, item.sensitivity, &item.mask),
        (None, Sensitivity::None, &Mask::Clear)
    );
    assert_eq!(
        item.data_type,
        DataType::Text,
        "a code stays text until that guess is undone too"
    );
    content.undo("id_card", Attribute::DataType).unwrap();
    assert_eq!(content.item("id_card").unwrap().data_type, DataType::Integer);
    assert!(matches!(
        content.undo("id_card", Attribute::DataType),
        Err(Error::NoGuess(_))
    ));
    assert!(matches!(
        content.undo("nobody", Attribute::DataType),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn a_draft_wants_words_and_the_declaration() {
    let mut content = drafted().content;
    content.tighten_items();
    let blocking: Vec<&str> = crate::check(&content)
        .iter()
        .filter(|it| crate::blocks(it))
        .map(|it| it.problem.code())
        .collect();
    expect!["summary-missing, secrecy-undeclared, condition-missing"].assert_eq(&blocking.join(", "));
}

/// A table without a declared key, read whole.
fn keyless(columns: Vec<ColumnProfile>) -> Draft {
    let mut columns = columns;
    for it in &mut columns {
        it.column.key = false;
        it.column.nullable = true;
    }
    let profile = TableProfile {
        table: TableInfo {
            name: "list.csv".to_owned(),
            comment: None,
            rows_estimate: None,
            columns: columns.iter().map(|it| it.column.clone()).collect(),
        },
        rows_read: 1000,
        complete: true,
        columns,
    };
    let mount = Mount {
        source: SourceId::new(),
        table: "list.csv".to_owned(),
    };
    draft_from_profile(
        &profile,
        DraftContext {
            provider: OrgId::new(),
            provider_name: "滨海市公安局".to_owned(),
            provider_code: "91350100M000100Y43".to_owned(),
            category: "101001".parse().unwrap(),
            mount,
            kind: SourceKind::Csv,
        },
    )
}

fn whole(mut column: ColumnProfile) -> ColumnProfile {
    (column.nulls, column.distinct) = (0, column.rows);
    column
}

#[test]
fn a_weak_guess_is_taken_by_caution() {
    let weak = column("memo", "", DataType::Text, Some((Meaning::CitizenId, 250)));
    let draft = keyless(vec![weak]);
    assert_eq!(draft.content.name, "list", "a file is named without its extension");
    let item = &draft.content.items[0];
    assert_eq!(item.sensitivity, Sensitivity::Sensitive);
    assert_eq!(item.mask, Mask::KeepEnds { head: 6, tail: 4 });
    let meaning = item.evidence.iter().find(|it| it.what == Attribute::Meaning).unwrap();
    assert_eq!(
        (meaning.why, meaning.fitting, meaning.looked_at),
        (Why::SomeValuesFit, 250, 990)
    );
    assert_eq!(draft.content.sharing.class, SharingClass::Conditional);
}

#[test]
fn a_key_is_guessed_where_every_value_is_there_and_different() {
    let key = |columns: Vec<ColumnProfile>| -> Vec<String> {
        let draft = keyless(columns);
        draft.content.key().map(str::to_owned).collect()
    };
    let plain = |name: &str| column(name, "", DataType::Text, None);
    assert_eq!(
        key(vec![plain("a"), plain("b")]),
        Vec::<String>::new(),
        "NULLs and doubles"
    );
    assert_eq!(key(vec![plain("a"), whole(plain("b")), whole(plain("c"))]), ["b"]);
    let coded = column("c", "", DataType::Text, Some((Meaning::CreditCode, 1000)));
    assert_eq!(key(vec![whole(plain("b")), whole(coded)]), ["c"], "a code first");
    let phone = column("p", "", DataType::Text, Some((Meaning::Phone, 1000)));
    assert_eq!(key(vec![whole(phone)]), Vec::<String>::new(), "a phone names nobody");
    let mut estimated = whole(plain("e"));
    estimated.distinct_exact = false;
    assert_eq!(key(vec![estimated]), Vec::<String>::new());

    let mut content = keyless(vec![whole(plain("b"))]).content;
    let evidence = content.items[0].evidence.iter().find(|it| it.what == Attribute::Key);
    assert_eq!(
        evidence.map(|it| (it.why, it.looked_at)),
        Some((Why::AllDistinct, 1000))
    );
    assert!(!content.items[0].nullable);
    content.undo("b", Attribute::Key).unwrap();
    assert_eq!(content.key().count(), 0);
}

#[test]
fn what_was_set_by_hand_is_not_undone() {
    let mut content = drafted().content;
    let item = content.items.iter_mut().find(|it| it.name == "id_card").unwrap();
    item.mask = Mask::Null;
    content.undo("id_card", Attribute::Meaning).unwrap();
    let item = content.item("id_card").unwrap();
    assert_eq!(item.meaning, None);
    assert_eq!(
        item.sensitivity,
        Sensitivity::None,
        "as it was guessed, so it goes back"
    );
    assert_eq!(item.mask, Mask::Null, "the officer's own");
    assert!(item.evidence.iter().all(|it| it.what != Attribute::Mask));
}
