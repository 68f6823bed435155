#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use proptest::prelude::*;

use super::*;

type Field = Option<Vec<u8>>;

fn row(fields: &[Field]) -> Vec<u8> {
    let mut out = i16::try_from(fields.len()).unwrap().to_be_bytes().to_vec();
    for field in fields {
        match field {
            None => out.extend((-1_i32).to_be_bytes()),
            Some(it) => {
                out.extend(i32::try_from(it.len()).unwrap().to_be_bytes());
                out.extend(it);
            }
        }
    }
    out
}

fn stream(rows: &[Vec<Field>]) -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    out.extend([0; 8]);
    rows.iter().for_each(|it| out.extend(row(it)));
    out.extend((-1_i16).to_be_bytes());
    out
}

fn sum(stream: &[u8], cut: usize, arrays: &[bool]) -> Result<RowSum, Malformed> {
    let mut digest = TupleDigest::new(arrays);
    for piece in stream.chunks(cut.max(1)) {
        digest.update(piece)?;
    }
    digest.end()
}

fn field() -> impl Strategy<Value = Field> {
    prop::option::of(prop::collection::vec(any::<u8>(), 0..40))
}

proptest! {
    #[test]
    fn order_and_cuts_do_not_matter(rows in prop::collection::vec(prop::collection::vec(field(), 3), 0..20), cut in 1_usize..80) {
        let plain = [false; 3];
        let whole = sum(&stream(&rows), usize::MAX, &plain).unwrap();
        prop_assert_eq!(sum(&stream(&rows), cut, &plain).unwrap(), whole);
        let turned: Vec<_> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(sum(&stream(&turned), cut, &plain).unwrap(), whole);
        prop_assert_eq!(whole.rows, rows.len() as u64);
        let each = rows.iter().map(|it| row(it).len() as u64).sum::<u64>();
        prop_assert_eq!(whole.bytes, each);
    }

    #[test]
    fn any_change_is_seen(one in prop::collection::vec(field(), 2), other in prop::collection::vec(field(), 2)) {
        let same = one == other;
        prop_assert_eq!(sum(&stream(&[one]), 7, &[false; 2]) == sum(&stream(&[other]), 7, &[false; 2]), same);
    }

    #[test]
    fn what_is_cut_off_is_no_digest(rows in prop::collection::vec(prop::collection::vec(field(), 2), 1..5), less in 1_usize..30) {
        let stream = stream(&rows);
        let part = &stream[..stream.len().saturating_sub(less)];
        prop_assert_eq!(sum(part, 11, &[false; 2]), Err(Malformed));
    }
}

#[test]
fn null_is_not_empty_and_twice_is_not_once() {
    let of = |rows: &[Vec<Field>]| sum(&stream(rows), 5, &[false]).unwrap();
    assert_ne!(of(&[vec![None]]), of(&[vec![Some(vec![])]]));
    assert_ne!(of(&[vec![None]]), of(&[vec![None], vec![None]]));
    assert_ne!(of(&[]).sum, of(&[vec![None]]).sum);
}

#[test]
fn an_arrays_flag_does_not_count() {
    // {1,5}: dimensions, flag, element type, length, lower bound, then the elements.
    let array = |flag: u8| -> Field {
        let mut value = vec![0, 0, 0, 1, 0, 0, 0, flag, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1];
        value.extend([0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5]);
        Some(value)
    };
    let of = |flag, array_type| sum(&stream(&[vec![array(flag), array(flag)]]), 9, &[array_type; 2]).unwrap();
    assert_eq!(of(0, true), of(1, true));
    assert_ne!(of(0, false), of(1, false));
    assert_eq!(of(0, true), of(0, false), "without the flag it is the plain tuple");
}

#[test]
fn other_streams_are_refused() {
    let good = stream(&[vec![Some(vec![1])]]);
    assert_eq!(
        sum(&good, 3, &[false, false]),
        Err(Malformed),
        "another number of columns"
    );
    assert_eq!(
        sum(b"PGCOPX\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xff", 3, &[false]),
        Err(Malformed)
    );
    assert_eq!(sum(b"1\t2\n", 1, &[false]), Err(Malformed), "text");
    let mut more = good.clone();
    more.extend([0, 0]);
    assert_eq!(
        sum(&more, usize::MAX, &[false]),
        Err(Malformed),
        "something behind the trailer"
    );
    let mut negative = SIGNATURE.to_vec();
    negative.extend([0; 8]);
    negative.extend([0, 1, 0xff, 0xff, 0xff, 0xf0]);
    assert_eq!(
        sum(&negative, usize::MAX, &[false]),
        Err(Malformed),
        "a length below NULL's"
    );
}
