#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::Mask;

#[test]
fn a_mask_is_read_back() {
    for text in [
        "clear",
        "keep-ends(6,4)",
        "name",
        "address-to-county",
        "null",
        "sql(substr(value, 1, 6))",
    ] {
        assert_eq!(text.parse::<Mask>().map(|it| it.to_string()), Ok(text.to_owned()));
    }
    for text in ["", "keep-ends", "keep-ends(6)", "keep-ends(600,1)", "sql()", "all"] {
        assert!(text.parse::<Mask>().is_err(), "{text}");
    }
}

#[test]
fn some_masks_hide_at_least_as_much_as_others() {
    let ends = |head, tail| Mask::KeepEnds { head, tail };
    let sql = |expr: &str| Mask::Sql { expr: expr.to_owned() };
    for (one, other) in [
        (Mask::Clear, Mask::Clear),
        (Mask::Name, Mask::Clear),
        (sql("value"), Mask::Clear),
        (Mask::Null, Mask::Pseudonym),
        (Mask::Pseudonym, ends(3, 4)),
        (ends(0, 0), ends(3, 4)),
        (sql("value"), sql("value")),
    ] {
        assert!(one.hides_at_least(&other), "{one} hides at least {other}");
    }
    for (one, other) in [
        (Mask::Clear, Mask::Name),
        (Mask::Pseudonym, Mask::Null),
        (ends(4, 0), ends(3, 4)),
        (ends(1, 0), ends(3, 4)),
        (Mask::Name, ends(1, 1)),
        (Mask::YearOfBirth, Mask::AddressToCounty),
        (sql("value"), sql("substr(value, 1, 6)")),
    ] {
        assert!(!one.hides_at_least(&other), "{one} does not hide at least {other}");
    }
}

fn mask() -> impl Strategy<Value = Mask> {
    prop_oneof![
        Just(Mask::Clear),
        (0_u8..4, 0_u8..4).prop_map(|(head, tail)| Mask::KeepEnds { head, tail }),
        Just(Mask::Name),
        Just(Mask::AddressToCounty),
        Just(Mask::YearOfBirth),
        Just(Mask::Pseudonym),
        Just(Mask::Null),
        Just(Mask::Sql {
            expr: "substr(value, 1, 6)".to_owned()
        }),
    ]
}

/// Two values of one length, often with the same ends.
fn two_values() -> impl Strategy<Value = (String, String)> {
    (0_usize..9).prop_flat_map(|n| {
        let value = || prop::collection::vec(prop::sample::select(vec!['张', '欧', '阳', '1', '9', '县']), n);
        (value(), value()).prop_map(|(one, other)| (one.into_iter().collect(), other.into_iter().collect()))
    })
}

fn keyed(key: &[u8], value: &[u8]) -> [u8; 32] {
    let mut out = [0_u8; 32];
    for (at, byte) in key.iter().chain(value).enumerate() {
        out[at % 32] = out[at % 32].wrapping_mul(31) ^ byte;
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Where a mask does not tell two values apart, one that hides at least as much does not either.
    #[test]
    fn a_stricter_mask_tells_nothing_that_the_other_hides(x in mask(), other in mask(), (a, b) in two_values()) {
        let one = other.both(&x);
        prop_assert!(one.hides_at_least(&other), "{} beside {}", one, other);
        let seen = |mask: &Mask, value: &str| mask.apply_text(value, b"key", &keyed);
        let told_apart = one == Mask::Pseudonym || matches!(other, Mask::Sql { .. });
        if !told_apart && seen(&other, &a) == seen(&other, &b) {
            prop_assert_eq!(seen(&one, &a), seen(&one, &b), "{} beside {}: {} and {}", one, other, a, b);
        }
    }

    #[test]
    fn the_order_of_masks_is_a_partial_order(a in mask(), b in mask(), c in mask()) {
        prop_assert!(a.hides_at_least(&a));
        prop_assert!(!(a.hides_at_least(&b) && b.hides_at_least(&a)) || a == b);
        prop_assert!(!(a.hides_at_least(&b) && b.hides_at_least(&c)) || a.hides_at_least(&c));
    }

    #[test]
    fn what_hides_both_hides_at_least_each(a in mask(), b in mask()) {
        let both = a.both(&b);
        prop_assert!(both.hides_at_least(&a) && both.hides_at_least(&b), "{} of {} and {}", both, a, b);
        prop_assert_eq!(both, b.both(&a));
    }
}
