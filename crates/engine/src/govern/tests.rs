#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, Date32Array, Decimal128Array, Int64Array, StringArray},
    util::display::array_value_to_string,
};
use datafusion::logical_expr::{Expr, cast, col, lit};
use vocab::{
    AgreementId, DataType, GovernedItem, GovernedTable, Mask, ResourceId, RowRule, SourceKind, SourceSpec, Value,
    rule::Compare,
};

use super::{Governed, mask::Masker, push};
use crate::{Limits, source};

fn item(name: &str, data_type: DataType, mask: Mask) -> GovernedItem {
    GovernedItem {
        name: name.into(),
        column: format!("{name}_col"),
        data_type,
        mask,
        key: false,
    }
}

fn masked(mask: Mask, data_type: DataType, values: ArrayRef) -> Vec<String> {
    let masker = Masker::new(&item("x", data_type, mask), &[9; 32]).unwrap();
    let out = masker.apply(&values).unwrap();
    (0..out.len())
        .map(|at| {
            if out.is_null(at) {
                "∅".to_owned()
            } else {
                array_value_to_string(&out, at).unwrap()
            }
        })
        .collect()
}

#[test]
fn masks_on_columns() {
    let texts =
        || -> ArrayRef { Arc::new(StringArray::from(vec![Some("张三丰"), Some("欧阳修"), None, Some("")])) };
    assert_eq!(masked(Mask::Name, DataType::Text, texts()), ["张**", "欧阳*", "∅", ""]);
    assert_eq!(
        masked(Mask::KeepEnds { head: 1, tail: 1 }, DataType::Text, texts()),
        ["张*丰", "欧*修", "∅", ""]
    );
    assert_eq!(masked(Mask::Null, DataType::Text, texts()), ["∅"; 4]);
    assert_eq!(
        masked(
            Mask::Sql {
                expr: "value || '!'".into()
            },
            DataType::Text,
            texts()
        ),
        ["张三丰!", "欧阳修!", "∅", "!"]
    );
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(12345), None]));
    assert_eq!(
        masked(Mask::KeepEnds { head: 1, tail: 1 }, DataType::Integer, numbers),
        ["1***5", "∅"]
    );
    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(7305), None]));
    assert_eq!(masked(Mask::YearOfBirth, DataType::Date, days), ["1990", "∅"]);
    let money = Decimal128Array::from(vec![Some(12345)])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let decimal = DataType::Decimal {
        precision: 10,
        scale: 2,
    };
    assert_eq!(
        masked(
            Mask::Sql {
                expr: "round(value)".into()
            },
            decimal,
            Arc::new(money.clone())
        ),
        ["123"]
    );
    let pseudonyms = masked(Mask::Pseudonym, decimal, Arc::new(money));
    let key = seal::hmac_sm3(&[9; 32], b"x");
    assert_eq!(pseudonyms, [hex::encode(seal::hmac_sm3(&key, b"123.45"))]);
}

#[test]
fn masks_that_make_no_sense_are_refused() {
    let refused = |mask, key: &[u8]| Masker::new(&item("x", DataType::Text, mask), key).is_err();
    assert!(refused(Mask::Pseudonym, &[]));
    assert!(refused(
        Mask::Sql {
            expr: "nonsense(value)".into()
        },
        &[]
    ));
    assert!(refused(
        Mask::Sql {
            expr: "other_column".into()
        },
        &[]
    ));
}

fn governed() -> Governed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, "id_col,name_col,secret_col\n1,a,b\n").unwrap();
    let spec = SourceSpec::new(SourceKind::Csv).with("path", path.to_string_lossy());
    let source = source::open(&spec, &Limits::default()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let info = runtime.block_on(source.table("x.csv")).unwrap();
    let table = GovernedTable {
        agreement: AgreementId::new(),
        resource: ResourceId::new(),
        name: "t".into(),
        source: spec,
        table: "x.csv".into(),
        items: vec![
            item("id", DataType::Integer, Mask::Clear),
            item("name", DataType::Text, Mask::Name),
        ],
        hidden: vec![item("secret", DataType::Text, Mask::Clear)],
        rows: RowRule::Compare {
            item: "secret".into(),
            op: Compare::Eq,
            value: Value::Text("b".into()),
        },
        pseudonym_key: Vec::new(),
    };
    Governed::new(table, source, info).unwrap()
}

#[test]
fn only_leak_proof_conditions_are_told_to_the_source() {
    let it = governed();
    let told = |expr: Expr| push::rule(&it, &expr).is_some();
    let id = || col("id");
    assert!(told(id().eq(lit(5_i64))));
    assert!(told(id().gt(lit(5_i64)).and(id().is_not_null())));
    assert!(told(id().in_list(vec![lit(1_i64), lit(2_i64)], true)));
    assert!(told(id().between(lit(1_i64), lit(9_i64))));
    // Masked items, hidden items, casts, arithmetic, functions, columns with columns, NULLs, other types.
    assert!(!told(col("name").eq(lit("张三"))));
    assert!(!told(col("secret").eq(lit("b"))));
    assert!(!told(col("secret_col").eq(lit("b"))));
    assert!(!told(cast(id(), arrow::datatypes::DataType::Utf8).eq(lit("5"))));
    assert!(!told((lit(10_i64) / id()).eq(lit(5_i64))));
    assert!(!told(id().eq(id())));
    assert!(!told(id().eq(lit(5_i32))));
    assert!(!told(id().eq(lit(datafusion::scalar::ScalarValue::Int64(None)))));
    assert!(!told(id().eq(lit(5_i64)).or((lit(10_i64) / id()).eq(lit(5_i64)))));
}

#[test]
fn rules_that_do_not_fit_are_refused() {
    let it = governed();
    let with = |rows: RowRule| {
        let table = GovernedTable {
            rows,
            ..it.table.clone()
        };
        Governed::new(table, Arc::clone(&it.source), it.info.clone())
    };
    let compare = |item: &str, value: Value| RowRule::Compare {
        item: item.into(),
        op: Compare::Eq,
        value,
    };
    assert!(with(compare("nobody", Value::Int(1))).is_err());
    assert!(with(compare("id", Value::Text("x".into()))).is_err());
    assert!(with(compare("id", Value::Null)).is_err());
    assert!(
        with(RowRule::StartsWith {
            item: "id".into(),
            prefix: "1".into()
        })
        .is_err()
    );
    assert!(with(RowRule::Nothing).is_ok());
}
