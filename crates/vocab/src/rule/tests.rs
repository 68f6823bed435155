#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::manual_try_fold)]
use proptest::prelude::*;

use super::*;

fn rule(text: &str) -> RowRule {
    text.parse().unwrap_or_else(|it| panic!("{text}: {it}"))
}

#[test]
fn reads_and_writes() {
    for (text, written) in [
        (
            "division_code like '3301%' and year>=2020 AND status IN ('1','2') AND NOT closed_on IS NULL",
            "division_code LIKE '3301%' AND year >= 2020 AND status IN ('1', '2') AND closed_on IS NOT NULL",
        ),
        ("a = 1 OR b = 2 AND c = 3", "a = 1 OR (b = 2 AND c = 3)"),
        ("(a = 1 OR b = 2) AND c != -3", "(a = 1 OR b = 2) AND c <> -3"),
        (
            "区划代码 = '330106' and \"select all\" <> 'it''s'",
            "区划代码 = '330106' AND \"select all\" <> 'it''s'",
        ),
        ("amount < 12.30", "amount < '12.30'"),
        (
            "flag = true or not (x = false and y = 1)",
            "flag = TRUE OR NOT (x = FALSE AND y = 1)",
        ),
        ("\"and\" = 1 and \"1st\" = 2", "\"and\" = 1 AND \"1st\" = 2"),
        ("code like 'A\\_\\%\\\\%'", "code LIKE 'A\\_\\%\\\\%'"),
        (
            "a not in (1) and b not like '𠮷%' and c is not null",
            "a NOT IN (1) AND b NOT LIKE '𠮷%' AND c IS NOT NULL",
        ),
        ("TRUE", "TRUE"),
        ("((false))", "FALSE"),
        ("n = 99999999999999999999", "n = '99999999999999999999'"),
    ] {
        assert_eq!(rule(text).to_string(), written);
        assert_eq!(rule(written), rule(text));
    }
    assert_eq!(
        rule("code like 'A\\_%'"),
        RowRule::StartsWith {
            item: "code".into(),
            prefix: "A_".into()
        }
    );
    assert_eq!(
        rule("b = 1 and (a = 2 or a = 3)")
            .items()
            .into_iter()
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[test]
fn faults_say_where() {
    for (text, at) in [
        ("", 1),
        ("a", 2),
        ("a =", 4),
        ("a = null", 5),
        ("a = 1 b = 2", 7),
        ("(a = 1", 7),
        ("姓名 = '张", 8),
        ("a like '%x'", 8),
        ("a like 'x'", 8),
        ("a like 'x_y%'", 8),
        ("a = 1; drop table x", 6),
        ("a in (1 2)", 9),
        ("a = 1.2.3", 5),
        ("and = 1", 1),
        ("a not = 1", 7),
    ] {
        let at_found = match text.parse::<RowRule>().unwrap_err() {
            RuleError::Expected { at, .. } | RuleError::Pattern { at } | RuleError::Deep { at } => at,
            RuleError::Long => 0,
        };
        assert_eq!(at_found, at, "{text}");
    }
    let deep = format!("{}a = 1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(matches!(deep.parse::<RowRule>(), Err(RuleError::Deep { .. })));
    assert_eq!("x".repeat(70_000).parse::<RowRule>(), Err(RuleError::Long));
}

#[test]
fn simplifies() {
    for (text, simple) in [
        ("TRUE AND a = 1", "a = 1"),
        ("a = 1 AND FALSE", "FALSE"),
        ("a = 1 AND (b = 2 AND a = 1)", "a = 1 AND b = 2"),
        ("NOT NOT a = 1", "a = 1"),
        ("NOT (TRUE OR a = 1)", "FALSE"),
        ("a IN () OR b IN (3)", "b = 3"),
    ] {
        assert_eq!(rule(text).simplify().to_string(), simple);
    }
    assert_eq!(RowRule::and([]), RowRule::All);
    assert_eq!(RowRule::or([]), RowRule::Nothing);
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        "\\PC{0,8}".prop_map(Value::Text)
    ]
}

fn any_rule() -> impl Strategy<Value = RowRule> {
    let item = || prop_oneof!["[a-z区划]{1,6}", "\\PC{1,6}", Just("not".to_owned())];
    let op = prop_oneof![
        Just(Compare::Eq),
        Just(Compare::Ne),
        Just(Compare::Lt),
        Just(Compare::Le),
        Just(Compare::Gt),
        Just(Compare::Ge)
    ];
    let leaf = prop_oneof![
        Just(RowRule::All),
        Just(RowRule::Nothing),
        (item(), op, value()).prop_map(|(item, op, value)| RowRule::Compare { item, op, value }),
        (item(), proptest::collection::vec(value(), 0..4)).prop_map(|(item, values)| RowRule::In { item, values }),
        (item(), "\\PC{0,6}").prop_map(|(item, prefix)| RowRule::StartsWith { item, prefix }),
        item().prop_map(|item| RowRule::IsNull { item }),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|of| RowRule::And { of }),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|of| RowRule::Or { of }),
            inner.prop_map(|of| RowRule::Not { of: Box::new(of) }),
        ]
    })
}

/// Three-valued truth over rows that give every item the same small value or NULL.
fn truth(rule: &RowRule, row: Option<i64>) -> Option<bool> {
    match rule {
        RowRule::All => Some(true),
        RowRule::Nothing => Some(false),
        RowRule::And { of } => of
            .iter()
            .map(|it| truth(it, row))
            .fold(Some(true), |a, b| match (a, b) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
        RowRule::Or { of } => of
            .iter()
            .map(|it| truth(it, row))
            .fold(Some(false), |a, b| match (a, b) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
        RowRule::Not { of } => truth(of, row).map(|it| !it),
        RowRule::Compare { op, value, .. } => {
            let (row, value) = (row?, if let Value::Int(value) = value { *value } else { 7 });
            Some(match op {
                Compare::Eq => row == value,
                Compare::Ne => row != value,
                Compare::Lt => row < value,
                Compare::Le => row <= value,
                Compare::Gt => row > value,
                Compare::Ge => row >= value,
            })
        }
        RowRule::In { values, .. } if values.is_empty() => Some(false),
        RowRule::In { values, .. } => {
            let row = row?;
            Some(
                values
                    .iter()
                    .any(|it| row == if let Value::Int(value) = it { *value } else { 7 }),
            )
        }
        RowRule::StartsWith { prefix, .. } => row.map(|it| it.to_string().starts_with(prefix.as_str())),
        RowRule::IsNull { .. } => Some(row.is_none()),
    }
}

proptest! {
    #[test]
    fn text_form_is_faithful(rule in any_rule()) {
        let text = rule.to_string();
        prop_assert_eq!(text.parse::<RowRule>().unwrap_or_else(|it| panic!("{text}: {it}")), rule);
    }

    #[test]
    fn json_is_faithful(rule in any_rule()) {
        let text = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<RowRule>(&text).unwrap(), rule);
    }

    #[test]
    fn simplify_keeps_the_rows(rule in any_rule(), row in proptest::option::of(0i64..9)) {
        let simple = rule.clone().simplify();
        prop_assert_eq!(truth(&simple, row), truth(&rule, row), "{} | {}", rule, simple);
        prop_assert_eq!(simple.clone().simplify(), simple.clone());
        prop_assert!(simple.items().is_subset(&rule.items()));
    }

    #[test]
    fn no_text_panics(text in "(\\PC|[()'\"=<>%\\\\]|AND|OR|NOT|IN|LIKE| ){0,60}") {
        if let Ok(rule) = text.parse::<RowRule>() {
            prop_assert_eq!(rule.to_string().parse::<RowRule>().unwrap(), rule);
        }
    }
}
