#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::io::Write;

use proptest::prelude::*;

use super::{
    decode::{Decoder, Encoding},
    parse::{Parser, Record, Style},
};

type Read = Vec<Result<(u64, Vec<Option<String>>), (u64, String)>>;

fn read(bytes: &[u8], encoding: Option<Encoding>, style: Style) -> Read {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let Ok(decoder) = Decoder::open(file, encoding) else {
        return Vec::new();
    };
    let mut parser = Parser::new(decoder, style);
    let mut record = Record::default();
    let mut all = Vec::new();
    while parser.next(&mut record).unwrap() {
        all.push(match record.bad.take() {
            Some(reason) => Err((record.line, reason)),
            None => Ok((
                record.line,
                (0..record.len())
                    .map(|at| record.field(at).map(str::to_owned))
                    .collect(),
            )),
        });
        assert!(all.len() <= bytes.len() + 1, "the reader does not end");
    }
    all
}

const PLAIN: Style = Style {
    delimiter: Some(b','),
    quote: Some(b'"'),
    exact: false,
};

fn write(rows: &[Vec<Option<String>>]) -> String {
    let field = |it: &Option<String>| {
        it.as_ref()
            .map_or_else(String::new, |it| format!("\"{}\"", it.replace('"', "\"\"")))
    };
    rows.iter()
        .map(|row| row.iter().map(field).collect::<Vec<_>>().join(",") + "\r\n")
        .collect()
}

fn field() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        1 => Just(None),
        6 => "[ -~\n\r中文𠮷é\"',;]{0,12}".prop_map(Some),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
    (2_usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(field(), width), 1..20))
}

proptest! {
    #[test]
    fn what_is_written_is_read(rows in table()) {
        let text = write(&rows);
        let back = read(text.as_bytes(), Some(Encoding::Utf8), PLAIN);
        let back: Vec<_> = back.into_iter().map(|it| it.unwrap().1).collect();
        prop_assert_eq!(&back, &rows);
        let gb = encoding_rs::GB18030.encode(&text).0;
        let back = read(&gb, Some(Encoding::Gb18030), PLAIN);
        let back: Vec<_> = back.into_iter().map(|it| it.unwrap().1).collect();
        prop_assert_eq!(&back, &rows);
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for encoding in [None, Some(Encoding::Utf8), Some(Encoding::Gb18030), Some(Encoding::Utf16Le)] {
            read(&bytes, encoding, Style { delimiter: None, quote: Some(b'"'), exact: false });
        }
    }

    #[test]
    fn a_bad_row_costs_its_own_line(before in 0_usize..30, after in 0_usize..30) {
        let good = "1,2\n";
        let text = format!("{}\"x\"y,2\n{}", good.repeat(before), good.repeat(after));
        let back = read(text.as_bytes(), None, PLAIN);
        prop_assert_eq!(back.len(), before + after + 1);
        prop_assert_eq!(back[before].clone().unwrap_err().0, before as u64 + 1);
        prop_assert_eq!(back.iter().filter(|it| it.is_ok()).count(), before + after);
    }
}

#[test]
fn big_files_cross_every_buffer() {
    let rows: String = (0..60_000).map(|at| format!("{at:06},\"名字{at}\n𠮷\",x\n")).collect();
    let back = read(rows.as_bytes(), None, PLAIN);
    assert_eq!(back.len(), 60_000);
    let last = back.last().unwrap().clone().unwrap();
    assert_eq!(last.0, 119_999);
    assert_eq!(last.1[1].as_deref(), Some("名字59999\n𠮷"));
}
