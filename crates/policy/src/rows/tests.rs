#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(
    clippy::manual_try_fold,
    reason = "three-valued logic does not stop at the first unknown"
)]

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{Authorizer, Decision, Entities, Entity, Request, RestrictedExpression};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use vocab::{OrgId, RowRule, Value, rule::Compare};

use super::*;
use crate::{
    mandate,
    tests::{actor, terms, usage},
};

const LOCAL: &[(&str, &str)] = &[(
    "local.cedar",
    r#"
    @id("own-region") @zh("只看本地区。") @en("Own region only.")
    forbid (principal, action == Action::"see-row", resource)
    when { context has division && resource has region && !(resource.region == context.division) };

    @id("no-abroad") @zh("不含港澳台。") @en("Not Hong Kong, Macao, Taiwan.")
    forbid (principal, action == Action::"see-row", resource)
    when { resource has region && (resource.region like "81*" || ["820000", "710000"].contains(resource.region)) };

    @id("statistics-general-only") @zh("统计只用一般数据。") @en("Statistics see general data only.")
    forbid (principal, action == Action::"see-row", resource)
    when { context.purpose == "statistics" && (if resource has level then 1 < resource.level else true) };
    "#,
)];

fn all_items() -> RowItems {
    RowItems {
        region: Some("xzqhdm".to_owned()),
        level: Some("grade".to_owned()),
        sealed: Some("is_sealed".to_owned()),
    }
}

/// SQL's three-valued logic over one row: absent items are NULL.
pub(crate) fn holds(rule: &RowRule, row: &BTreeMap<String, Value>) -> Option<bool> {
    let of = |item: &String| row.get(item).cloned().unwrap_or(Value::Null);
    match rule {
        RowRule::All => Some(true),
        RowRule::Nothing => Some(false),
        RowRule::And { of } => of
            .iter()
            .map(|it| holds(it, row))
            .fold(Some(true), |a, b| match (a, b) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
        RowRule::Or { of } => of
            .iter()
            .map(|it| holds(it, row))
            .fold(Some(false), |a, b| match (a, b) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
        RowRule::Not { of } => holds(of, row).map(|it| !it),
        RowRule::Compare { item, op, value } => {
            let order = match (of(item), value) {
                (Value::Int(a), Value::Int(b)) => a.cmp(b),
                (Value::Text(a), Value::Text(b)) => a.cmp(b),
                (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
                _ => return None,
            };
            Some(match op {
                Compare::Eq => order.is_eq(),
                Compare::Ne => order.is_ne(),
                Compare::Lt => order.is_lt(),
                Compare::Le => order.is_le(),
                Compare::Gt => order.is_gt(),
                Compare::Ge => order.is_ge(),
            })
        }
        RowRule::In { item, values } => match of(item) {
            Value::Null => None,
            it => Some(values.contains(&it)),
        },
        RowRule::StartsWith { item, prefix } => match of(item) {
            Value::Text(it) => Some(it.starts_with(prefix.as_str())),
            _ => None,
        },
        RowRule::IsNull { item } => Some(of(item) == Value::Null),
    }
}

fn check(purpose: vocab::Purpose, division: Option<&str>, items: &RowItems, expected: Expect) {
    let rules = Rules::with_local(LOCAL).unwrap();
    let consumer = OrgId::new();
    let mut terms = terms(OrgId::new(), consumer);
    terms.purpose = purpose;
    let mut usage = usage();
    usage.purpose = purpose;
    usage.division = division.map(str::to_owned);
    let it = standing(&rules, &actor(consumer, &[vocab::Role::Service]), &terms, &usage, items);
    let text = match it {
        Ok(it) => it.rule.to_string(),
        Err(closed) => format!("{closed:?}"),
    };
    expected.assert_eq(&text);
}

#[test]
fn a_table_without_such_items_keeps_all_rows() {
    check(
        vocab::Purpose::Service,
        Some("330100"),
        &RowItems::default(),
        expect!["TRUE"],
    );
}

#[test]
fn the_residual_speaks_of_the_tables_own_items() {
    check(
        vocab::Purpose::Service,
        Some("330100"),
        &all_items(),
        expect![
            "NOT (grade IS NOT NULL AND NOT grade < 3) AND NOT (xzqhdm IS NOT NULL AND (xzqhdm LIKE '81%' OR xzqhdm IN ('710000', '820000'))) AND NOT (xzqhdm IS NOT NULL AND NOT xzqhdm = '330100') AND NOT (is_sealed IS NOT NULL AND is_sealed = TRUE)"
        ],
    );
}

#[test]
fn only_sealed_rows_matter_where_only_that_is_known() {
    let items = RowItems {
        sealed: Some("is_sealed".to_owned()),
        ..RowItems::default()
    };
    check(
        vocab::Purpose::Service,
        None,
        &items,
        expect!["NOT (is_sealed IS NOT NULL AND is_sealed = TRUE)"],
    );
}

#[test]
fn a_rule_that_closes_every_row_closes_the_table() {
    // Statistics, and the table has no level: the local rule says "true" for every row.
    check(vocab::Purpose::Statistics, None, &RowItems::default(), expect!["FALSE"]);
}

#[test]
fn what_cannot_be_said_as_a_row_rule_denies() {
    let local = [(
        "local.cedar",
        r#"@id("strange") @zh("怪") @en("Strange.")
           forbid (principal, action == Action::"see-row", resource)
           when { resource has level && resource.level * 2 > 3 };"#,
    )];
    let rules = Rules::with_local(&local).unwrap();
    let consumer = OrgId::new();
    let denial = mandate(
        &rules,
        &actor(consumer, &[vocab::Role::Service]),
        &terms(OrgId::new(), consumer),
        vocab::AgreementState::Active,
        &usage(),
        &all_items(),
    )
    .unwrap_err();
    expect!["use-data is denied: rules strange cannot be evaluated"].assert_eq(&denial.to_string());
}

#[test]
fn unknown_words_are_unreadable() {
    for text in [
        r#"{"Value": 1}"#,
        r#"{"in": {"left": {"Var": "resource"}, "right": {"Value": {"__entity": {"type": "Row", "id": "x"}}}}}"#,
        r#"{"==": {"left": {"Value": 1}, "right": {"Value": 1}}}"#,
        r#"{".": {"left": {"Var": "principal"}, "attr": "sealed"}}"#,
        r#"{".": {"left": {"Var": "resource"}, "attr": "owner"}}"#,
        r#"{"like": {"left": {".": {"left": {"Var": "resource"}, "attr": "region"}}, "pattern": ["Wildcard", {"Literal": "1"}]}}"#,
        r#"{"error": []}"#,
        r#"{}"#,
        r#"[]"#,
    ] {
        assert_eq!(
            truth(&serde_json::from_str(text).unwrap(), &all_items()),
            Err(Unreadable),
            "{text}"
        );
    }
}

fn any_row() -> impl Strategy<Value = (Option<String>, Option<i64>, Option<bool>)> {
    let regions = prop::sample::select(vec!["330100", "330106", "810000", "820000", "710000", ""]);
    (
        proptest::option::of(regions.prop_map(str::to_owned)),
        proptest::option::of(0i64..5),
        any::<Option<bool>>(),
    )
}

proptest! {
    /// The translated rule and Cedar's full evaluation of the same row say the same.
    #[test]
    fn translation_agrees_with_cedar(row in any_row(), statistics: bool, division in any::<bool>()) {
        let rules = Rules::with_local(LOCAL).unwrap();
        let consumer = OrgId::new();
        let who = actor(consumer, &[vocab::Role::Service]);
        let terms = terms(OrgId::new(), consumer);
        let mut usage = usage();
        usage.division = division.then(|| "330100".to_owned());
        if statistics { usage.purpose = vocab::Purpose::Statistics; }
        let by_rule = match standing(&rules, &who, &terms, &usage, &all_items()) {
            Ok(it) => {
                let mut values = BTreeMap::new();
                if let Some(it) = &row.0 { values.insert("xzqhdm".to_owned(), Value::Text(it.clone())); }
                if let Some(it) = row.1 { values.insert("grade".to_owned(), Value::Int(it)); }
                if let Some(it) = row.2 { values.insert("is_sealed".to_owned(), Value::Bool(it)); }
                holds(&it.rule, &values) == Some(true)
            }
            Err(_) => false,
        };

        let mut attrs = HashMap::new();
        if let Some(it) = row.0 { attrs.insert("region".to_owned(), RestrictedExpression::new_string(it)); }
        if let Some(it) = row.1 { attrs.insert("level".to_owned(), RestrictedExpression::new_long(it)); }
        if let Some(it) = row.2 { attrs.insert("sealed".to_owned(), RestrictedExpression::new_bool(it)); }
        let id = uid("Row", "1").unwrap();
        let entity = Entity::new(id.clone(), attrs, HashSet::new()).unwrap();
        let principal = actor_entity(&who).unwrap();
        let request = Request::new(
            principal.uid(), uid("Action", SEE_ROW).unwrap(), id, seeing(&terms, &usage).unwrap(), Some(rules.schema()),
        ).unwrap();
        let entities = Entities::from_entities([principal, entity], Some(rules.schema())).unwrap();
        let full = Authorizer::new().is_authorized(&request, rules.rows(), &entities).decision() == Decision::Allow;
        prop_assert_eq!(by_rule, full);
    }

    /// A mandate's rows are among the agreement's rows.
    #[test]
    fn a_mandate_is_never_wider_than_the_terms(row in any_row(), limit in 0i64..5, prefix in "[0-9]{0,3}") {
        let rules = Rules::embedded().unwrap();
        let consumer = OrgId::new();
        let mut terms = terms(OrgId::new(), consumer);
        terms.rows = RowRule::Or { of: vec![
            RowRule::Compare { item: "grade".to_owned(), op: Compare::Le, value: Value::Int(limit) },
            RowRule::StartsWith { item: "xzqhdm".to_owned(), prefix },
        ]};
        let it = mandate(&rules, &actor(consumer, &[vocab::Role::DataOfficer]), &terms,
            vocab::AgreementState::Active, &usage(), &all_items()).unwrap();
        prop_assert_eq!(it.terms(), &terms);
        let mut values = BTreeMap::new();
        if let Some(it) = row.0 { values.insert("xzqhdm".to_owned(), Value::Text(it)); }
        if let Some(it) = row.1 { values.insert("grade".to_owned(), Value::Int(it)); }
        if let Some(it) = row.2 { values.insert("is_sealed".to_owned(), Value::Bool(it)); }
        if holds(it.row_rule(), &values) == Some(true) {
            prop_assert_eq!(holds(&terms.rows, &values), Some(true));
            prop_assert!(row.2 != Some(true) && row.1.unwrap_or(0) < 3);
        }
    }
}
