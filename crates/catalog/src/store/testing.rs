//! Things for tests.
#![allow(clippy::unwrap_used)]

use vocab::{
    ActorId, Classification, DataType, Level, Mask, Openness, OrgId, OrgKind, ResourceFormat, RowRule, Sensitivity,
    SharingMode, SourceId, Timestamp, UpdateCycle, codes::CreditCode,
};

use crate::Organisation;
use crate::resource::{Content, Format, Item, Mount, Opening, Secrecy, Sharing};

/// Seconds after a fixed instant.
pub(crate) fn at(seconds: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
}

/// An organisation with a valid code of its own.
pub(crate) fn org(name: &str, parent: Option<OrgId>) -> Organisation {
    let id = OrgId::new();
    let digits: String = id.to_string().bytes().map(|it| char::from(b'0' + it % 10)).collect();
    let code = CreditCode::with_check("11", "330100", &digits[digits.len() - 8..])
        .unwrap()
        .to_string();
    Organisation {
        id,
        revision: 1,
        code,
        name: name.to_owned(),
        name_en: String::new(),
        short_name: String::new(),
        parent,
        level: Level::City,
        division: "330100".to_owned(),
        kind: OrgKind::Department,
        created_at: at(0),
    }
}

/// An entry without findings, not mounted in the database's sense until a source is there.
pub(crate) fn complete(provider: &Organisation) -> Content {
    let mut id = Item::new("id_card", DataType::Text);
    id.title = "公民身份号码".to_owned();
    id.length = Some(18);
    id.key = true;
    id.nullable = false;
    id.sensitivity = Sensitivity::Sensitive;
    id.mask = Mask::KeepEnds { head: 6, tail: 4 };
    let mut name = Item::new("姓名", DataType::Text);
    name.mask = Mask::Name;
    name.sensitivity = Sensitivity::Personal;
    let born = Item::new("birth_date", DataType::Date);
    Content {
        category: "101001".parse().unwrap(),
        name: "人口基本信息".to_owned(),
        name_en: "Population register".to_owned(),
        national_code: None,
        local_code: None,
        provider: provider.id,
        provider_name: provider.name.clone(),
        provider_code: provider.code.clone(),
        summary: "本市户籍人口的基本登记信息。".to_owned(),
        summary_en: String::new(),
        format: Format {
            group: ResourceFormat::Database,
            name: "postgresql".to_owned(),
        },
        items: vec![id, name, born],
        sharing: Sharing::unconditional(),
        modes: vec![SharingMode::Interface],
        opening: Opening {
            openness: Openness::Closed,
            condition: String::new(),
        },
        update_cycle: UpdateCycle::Monthly,
        related: Vec::new(),
        keywords: vec!["户籍".to_owned()],
        theme: Some("公共服务".to_owned()),
        mount: Some(Mount {
            source: SourceId::new(),
            table: "person".to_owned(),
        }),
        classification: Classification::General,
        secrecy: Secrecy::NotSecret {
            declared_by: ActorId::new(),
            at: at(0),
        },
        row_scope: RowRule::All,
        no_key_reason: String::new(),
        change_note: String::new(),
        left_out: Vec::new(),
    }
}
