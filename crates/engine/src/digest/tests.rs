#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringArray, StringViewArray};
use proptest::prelude::*;
use vocab::DataType;

use super::*;
use crate::shape::build::Builder;

type Row = (Option<String>, Option<String>, Option<i64>);

fn shape() -> Shape {
    Shape::new(
        &[("a", DataType::Text), ("b", DataType::Text), ("n", DataType::Integer)],
        &[],
    )
}

fn sum(rows: &[Row]) -> RowSum {
    let mut builder = Builder::new(&shape());
    for (a, b, n) in rows {
        for (at, it) in [a, b].into_iter().enumerate() {
            match it {
                Some(it) => builder.columns[at].text(it).unwrap(),
                None => builder.columns[at].null(),
            }
        }
        match n {
            Some(it) => builder.columns[2].int(*it).unwrap(),
            None => builder.columns[2].null(),
        }
        builder.row();
    }
    let mut digest = RowDigest::of(shape());
    digest.update(&builder.batch().unwrap()).unwrap();
    digest.sum()
}

fn some_row() -> impl Strategy<Value = Row> {
    (
        prop::option::of(".{0,6}"),
        prop::option::of("[ab]{0,3}"),
        prop::option::of(any::<i64>()),
    )
}

proptest! {
    #[test]
    fn order_does_not_matter_and_parts_add_up(rows in prop::collection::vec(some_row(), 0..40), cut in 0_usize..40) {
        let whole = sum(&rows);
        let mut turned = rows.clone();
        turned.reverse();
        prop_assert_eq!(sum(&turned), whole);
        let (left, right) = rows.split_at(cut.min(rows.len()));
        let mut parts = sum(left);
        parts.merge(&sum(right));
        prop_assert_eq!(parts, whole);
        parts.take_away(&sum(left));
        prop_assert_eq!(parts, sum(right), "what was added can be taken away");
    }

    #[test]
    fn another_multiset_is_another_sum(rows in prop::collection::vec(some_row(), 1..10), again in 0_usize..10) {
        let whole = sum(&rows);
        let mut more = rows.clone();
        more.push(rows[again % rows.len()].clone());
        prop_assert_ne!(sum(&more).sum, whole.sum);
        let mut fewer = rows.clone();
        fewer.pop();
        prop_assert_ne!(sum(&fewer).sum, whole.sum);
    }
}

#[test]
fn null_empty_and_neighbours_differ() {
    let text = |it: &str| Some(it.to_owned());
    let rows: [Row; 6] = [
        (None, None, None),
        (text(""), None, None),
        (None, text(""), None),
        (text("ab"), text(""), None),
        (text("a"), text("b"), None),
        (text(""), text("ab"), None),
    ];
    for (at, one) in rows.iter().enumerate() {
        for other in &rows[at + 1..] {
            assert_ne!(sum(std::slice::from_ref(one)).sum, sum(std::slice::from_ref(other)).sum);
        }
    }
    // A row twice is not the neutral element, as it would be under XOR.
    assert_ne!(sum(&[rows[0].clone(), rows[0].clone()]).sum, Sum256::default());
}

#[test]
fn the_arrow_type_on_the_way_does_not_matter() {
    let shape = Shape::new(&[("a", DataType::Text), ("n", DataType::Integer)], &[]);
    let batch = |a: ArrayRef, n: ArrayRef| RecordBatch::try_from_iter([("a", a), ("n", n)]).unwrap();
    let one = batch(
        Arc::new(StringArray::from(vec!["007", "𠮷"])),
        Arc::new(Int32Array::from(vec![7, -1])),
    );
    let two = batch(
        Arc::new(StringViewArray::from(vec!["007", "𠮷"])),
        Arc::new(arrow::array::Int64Array::from(vec![7, -1])),
    );
    let sums = [one, two].map(|it| {
        let mut digest = RowDigest::of(shape.clone());
        digest.update(&it).unwrap();
        digest.sum()
    });
    assert_eq!(sums[0], sums[1]);
}

#[test]
fn zero_and_nan_have_one_form() {
    assert_eq!(double(-0.0), double(0.0));
    assert_eq!(double(f64::NAN), double(-f64::NAN));
    assert_ne!(double(1.0), double(-1.0));
}

#[test]
fn the_sum_is_known_and_reads_back() {
    // SHA-256 of 00 00 00, three NULLs: computed with `printf '\0\0\0' | sha256sum`.
    let one = sum(&[(None, None, None)]);
    assert_eq!(
        one.to_hex(),
        "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"
    );
    assert_eq!(one.to_hex().parse::<Sum256>().unwrap(), one.sum);
    let mut twice = Sum256::from_bytes(&[0xff; 32]);
    twice.add(
        &"0000000000000000000000000000000000000000000000000000000000000002"
            .parse()
            .unwrap(),
    );
    assert_eq!(
        twice.to_string(),
        "0000000000000000000000000000000000000000000000000000000000000001"
    );
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<RowSum>(&json).unwrap(), one);
    let row = [
        RowDigest::of(shape()).with(Suite::National),
        RowDigest::of(shape()).salted(b"salt"),
    ]
    .map(|mut it| {
        let mut builder = Builder::new(&shape());
        builder.columns.iter_mut().for_each(crate::shape::build::Building::null);
        builder.row();
        it.update(&builder.batch().unwrap()).unwrap();
        it.sum()
    });
    assert!(row[0].sum != one.sum && row[1].sum != one.sum && row[0].sum != row[1].sum);
}
