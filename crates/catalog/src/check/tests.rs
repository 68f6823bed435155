#![allow(clippy::unwrap_used)]

use expect_test::{Expect, expect};
use vocab::{Classification, DataType};

use super::*;
use crate::store::testing::{complete, org};

fn shown(content: &Content, expected: &Expect) {
    let lines: Vec<String> = check(content)
        .iter()
        .map(|it| {
            let args: Vec<String> = it.args.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!(
                "{} {}{}{}",
                if blocks(it) { "✗" } else { "·" },
                it.path,
                args.concat(),
                format_args!(" → {}", it.message_key())
            )
        })
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_complete_entry_has_no_finding() {
    shown(&complete(&org("滨海市公安局", None)), &expect![[""]]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let mut content = complete(&org("滨海市公安局", None));
    content.name = "名".repeat(129);
    content.summary = " ".to_owned();
    content.name_en.clear();
    content.secrecy = Secrecy::Undeclared;
    content.provider_code = "91350100M000100Y44".to_owned();
    content.sharing = Sharing::conditional("");
    content.modes.clear();
    content.opening.openness = Openness::Conditional;
    content.keywords.clear();
    content.mount = None;
    content.national_code = Some("101001/000001".to_owned());
    content.related = vec!["101001/000001".to_owned()];
    let mut twice = content.items[0].clone();
    twice.name = twice.name.to_uppercase();
    twice.sharing = Sharing::withheld("");
    twice.nullable = true;
    twice.classification = Classification::Core;
    twice.data_type = DataType::Decimal { precision: 2, scale: 4 };
    content.items.push(twice);
    content.items.push(Item::new("", DataType::Text));
    shown(
        &content,
        &expect![[r#"
        ✗ name found=129 max=128 → finding-name-too-long
        ✗ summary → finding-summary-missing
        · name_en → finding-english-name-missing
        ✗ secrecy → finding-secrecy-undeclared
        ✗ provider_code found=91350100M000100Y44 → finding-provider-code-invalid
        · keywords → finding-keywords-missing
        · mount → finding-not-mounted
        ✗ related[0] → finding-related-to-itself
        ✗ sharing.condition → finding-condition-missing
        ✗ modes → finding-mode-missing
        ✗ opening.condition → finding-opening-condition-missing
        ✗ items[0].sharing.class item=id_card → finding-item-looser-than-resource
        ✗ items[1].sharing.class item=姓名 → finding-item-looser-than-resource
        ✗ items[2].sharing.class item=birth_date → finding-item-looser-than-resource
        ✗ items[3].data_type found=decimal(2,4) item=ID_CARD → finding-item-type-invalid
        ✗ items[3].sharing.legal_basis item=ID_CARD → finding-legal-basis-missing
        ✗ items[3].classification item=ID_CARD → finding-item-graded-higher
        ✗ items[3].nullable item=ID_CARD → finding-key-nullable
        ✗ items[3].name found=0 item=ID_CARD → finding-item-name-twice
        ✗ items[4].name → finding-item-name-missing
        · items[4].title item= → finding-item-title-missing
        ✗ items[4].sharing.class item= → finding-item-looser-than-resource"#]],
    );
}

#[test]
fn a_withheld_resource_names_its_law() {
    let mut content = complete(&org("滨海市公安局", None));
    content.sharing = Sharing::withheld("");
    content.items.clear();
    shown(
        &content,
        &expect![[r#"
        ✗ sharing.legal_basis → finding-legal-basis-missing
        ✗ items → finding-items-missing"#]],
    );
}

#[test]
fn codes_are_unique() {
    let codes: std::collections::BTreeSet<&str> = Problem::ALL.iter().map(|it| it.code()).collect();
    assert_eq!(codes.len(), Problem::ALL.len());
}
