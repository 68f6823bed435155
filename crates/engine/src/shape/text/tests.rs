#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;

use super::*;

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

proptest! {
    #[test]
    fn dates_agree_with_the_calendar(day in -719_162_i64..=2_932_896) {
        let (year, month, date) = civil(day);
        let theirs = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Duration::days(day);
        prop_assert_eq!((year, month, date), (i64::from(theirs.year()), i64::from(theirs.month()), i64::from(theirs.day())));
        prop_assert_eq!(days(year, month, date), Some(day));
        prop_assert_eq!(read_date(&text(|out| write_date(day, out))), Some(day));
    }

    #[test]
    fn date_times_read_back(micros in -62_135_596_800_000_000_i64..=253_402_300_799_999_999) {
        prop_assert_eq!(read_date_time(&text(|out| write_date_time(micros, b'T', out))), Some(micros));
    }

    #[test]
    fn decimals_read_back(value in any::<i64>(), scale in 0_u8..=18) {
        let value = i128::from(value);
        prop_assert_eq!(read_decimal(&text(|out| write_decimal(value, scale, out)), scale), Some(value));
    }
}

#[test]
fn what_is_no_value_is_refused() {
    assert_eq!(read_date("2023-02-29"), None);
    assert_eq!(read_date("2024-02-29"), Some(19_782));
    assert_eq!(read_date_time("2024-01-01 24:00:00"), None);
    assert_eq!(
        read_date_time("2024-01-01T08:00:00+08:00"),
        read_date_time("2024-01-01 00:00:00Z")
    );
    assert_eq!(read_decimal("1.005", 2), None);
    assert_eq!(read_decimal("1.500", 2), Some(150));
    assert_eq!(text(|out| write_decimal(-5, 2, out)), "-0.05");
    assert_eq!(text(|out| write_date(-719_162, out)), "0001-01-01");
}
