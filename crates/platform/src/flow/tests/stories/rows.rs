use engine::Select;

use super::*;
use crate::flow::{Door, Question, count_and_page};

/// Only what lies in the region of the one who uses it.
const OWN_REGION: &str = r#"@id("own-region") @zh("只提供使用部门所在地区的行。") @en("Rows of the consumer's own region only.")
forbid (principal, action == Action::"see-row", resource)
when { context has division && resource has region && !(resource.region == context.division) };"#;

impl Stage {
    async fn rows(&self, agreement: &Agreement) -> u64 {
        let question = Question {
            agreement: agreement.id,
            purpose: None,
            select: Select {
                limit: Some(1),
                ..Select::default()
            },
        };
        let asked = count_and_page(&self.app, &self.officer, Door::Rest, &question, true).await;
        asked.unwrap().0.unwrap()
    }
}

/// The table with what its columns mean; nothing of it is granted but the three of the application.
fn marked(content: &mut Content) {
    use vocab::profile::Meaning;
    for (name, meaning) in [
        ("area", Meaning::DivisionCode),
        ("data_level", Meaning::Grade),
        ("is_sealed", Meaning::Sealed),
    ] {
        let item = content.items.iter_mut().find(|it| it.name == name).unwrap();
        item.meaning = Some(meaning);
    }
}

fn unmarked(content: &mut Content) {
    for item in &mut content.items {
        item.meaning = None;
    }
}

#[tokio::test]
async fn sealed_rows_and_rows_of_core_data_stay() {
    for stage in Stage::each().await {
        let plain = stage.shelf(unmarked).await;
        let plain = stage.agreed(plain).await;
        assert_eq!(stage.rows(&plain).await, 4, "nothing says what the columns mean");
        let marks = stage.shelf(marked).await;
        let marks = stage.agreed(marks).await;
        assert_eq!(stage.rows(&marks).await, 2, "neither the core row nor the sealed one");
    }
}

#[tokio::test]
async fn a_mark_of_another_type_is_not_published() {
    for stage in Stage::each().await {
        let (app, provider) = (&stage.app, &stage.provider);
        let draft = flow::draft_resource(app, provider, stage.source, "people", "101001".parse().unwrap())
            .await
            .unwrap();
        let mut content = draft.content.clone();
        unmarked(&mut content);
        for name in ["name", "id"] {
            let item = content.items.iter_mut().find(|it| it.name == name).unwrap();
            item.meaning = Some(vocab::profile::Meaning::Sealed);
        }
        let found: Vec<_> = catalog::check::check(&content)
            .into_iter()
            .map(|it| it.message_key())
            .filter(|it| it.starts_with("finding-row-mark"))
            .collect();
        assert_eq!(
            found,
            [
                "finding-row-mark-type",
                "finding-row-mark-type",
                "finding-row-mark-twice"
            ]
        );
    }
}

#[tokio::test]
async fn a_local_rule_by_region_means_the_consumers_region() {
    for stage in Stage::each_under(&[("city.cedar", OWN_REGION)]).await {
        let resource = stage.shelf(marked).await;
        let agreement = stage.agreed(resource).await;
        // The node stands in 330100, the consumer in 330200: of its rows only the one that is neither core nor sealed.
        assert_eq!(stage.rows(&agreement).await, 1);
    }
}

#[tokio::test]
async fn a_local_rule_that_permits_keeps_the_node_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("node.db").display());
    let config = Config {
        local_rules: vec![("city.cedar".to_owned(), OWN_REGION.replace("forbid", "permit"))],
        ..Config::delivered("云州市", url, folder.path().join("node"))
    };
    let refused = App::open_still(config, at()).await.map(drop);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "city.cedar: the local rule `own-region` permits something; local rules only forbid"
    );
}
