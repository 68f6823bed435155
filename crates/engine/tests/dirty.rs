//! Dirty files: each gives a clear error or sets its bad rows aside with their line numbers, and none brings the engine
//! down.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use engine::{Engine, Error, Limits};
use vocab::{DataType, SourceKind, SourceSpec};

/// What a file must lead to.
enum Want {
    /// The file cannot be read: a part of the reason.
    Error(&'static str),
    /// Rows that are read, and the lines that are set aside with a part of the reason.
    Rows(u64, &'static [(u64, &'static str)]),
}
use Want::{Error as Fails, Rows};

struct Case {
    name: &'static str,
    kind: SourceKind,
    bytes: Vec<u8>,
    options: &'static [(&'static str, &'static str)],
    types: &'static [(&'static str, DataType)],
    want: Want,
}

fn csv(name: &'static str, bytes: impl AsRef<[u8]>, want: Want) -> Case {
    Case {
        name,
        kind: SourceKind::Csv,
        bytes: bytes.as_ref().to_vec(),
        options: &[],
        types: &[],
        want,
    }
}

impl Case {
    fn with(mut self, options: &'static [(&'static str, &'static str)]) -> Self {
        self.options = options;
        self
    }
    fn typed(mut self, types: &'static [(&'static str, DataType)]) -> Self {
        self.types = types;
        self
    }
    fn of(mut self, kind: SourceKind) -> Self {
        self.kind = kind;
        self
    }
}

const INT: &[(&str, DataType)] = &[("a", DataType::Integer)];
const DAY: &[(&str, DataType)] = &[("a", DataType::Date)];
const MONEY: &[(&str, DataType)] = &[("a", DataType::Decimal { precision: 6, scale: 2 })];
const TRUTH: &[(&str, DataType)] = &[("a", DataType::Boolean)];
const MOMENT: &[(&str, DataType)] = &[("a", DataType::Instant)];
const JSON: &[(&str, DataType)] = &[("a", DataType::Json)];

fn gb(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let mark: u16 = 0xFEFF;
    std::iter::once(mark)
        .chain(text.encode_utf16())
        .flat_map(|it| if little { it.to_le_bytes() } else { it.to_be_bytes() })
        .collect()
}

fn quotes() -> Vec<Case> {
    vec![
        csv("sound", "a,b\n1,2\n", Rows(1, &[])),
        csv(
            "text after a quote",
            "a,b\n\"1\"x,2\n3,4\n",
            Rows(1, &[(2, "closing quote")]),
        ),
        csv("quote never closed", "a,b\n1,\"2\n3,4\n", Rows(1, &[(2, "not closed")])),
        csv(
            "quote never closed at the end",
            "a,b\n1,2\n3,\"",
            Rows(1, &[(3, "not closed")]),
        ),
        csv(
            "quote never closed in a long file",
            format!("a,b\n\"x,2\n{}", "1,2\n".repeat(400_000)),
            Rows(400_000, &[(2, "not closed")]),
        ),
        csv("quote never closed in the header", "a,\"b\n1,2\n", Fails("not closed")),
        csv("quote inside a plain field", "a,b\n5\" pipe,2\n", Rows(1, &[])),
        csv("doubled quotes", "a,b\n\"say \"\"hi\"\"\",2\n", Rows(1, &[])),
        csv(
            "line ends inside quotes",
            "a,b\n\"1\n2\",3\n4\n",
            Rows(1, &[(4, "1 fields")]),
        ),
        csv("only a quote", "a\n\"\n", Rows(0, &[(2, "not closed")])),
        csv("other quote", "a,b\n'1,1',2\n", Rows(1, &[])).with(&[("quote", "'")]),
        csv("no quote", "a,b\n\"1,2\n", Rows(1, &[])).with(&[("quote", "none")]),
        csv("delimiter is the quote", "a,b\n", Fails("same character")).with(&[("quote", ","), ("delimiter", ",")]),
        csv("delimiter of two characters", "a,b\n", Fails("one ASCII character")).with(&[("delimiter", "||")]),
        csv("delimiter that is no ASCII", "a,b\n", Fails("one ASCII character")).with(&[("delimiter", "，")]),
    ]
}

fn rows() -> Vec<Case> {
    vec![
        csv("short row", "a,b,c\n1,2,3\n1,2\n", Rows(1, &[(3, "2 fields")])),
        csv("long row", "a,b\n1,2\n1,2,3\n4,5\n", Rows(2, &[(3, "3 fields")])),
        csv("blank lines", "a,b\n\n1,2\n\n\n3,4\n\n", Rows(2, &[])),
        csv("no line end at the end", "a,b\n1,2", Rows(1, &[])),
        csv("carriage returns only", "a,b\r1,2\r3,4\r", Rows(2, &[])),
        csv("mixed line ends", "a,b\r\n1,2\n3,4\r5,6\r\n", Rows(3, &[])),
        csv(
            "one long row",
            format!("a,b\n{},2\n3,4\n", "x".repeat(2 << 20)),
            Rows(1, &[(2, "longer than 1 MiB")]),
        ),
        csv("nul", b"a,b\n1,\x002\n3,4\n", Rows(1, &[(2, "NUL")])),
        csv("tabs found", "a\tb\n1\t2\n", Rows(1, &[])),
        csv("semicolons found", "a;b\n1,5;2\n", Rows(1, &[])),
        csv("header only", "a,b\n", Rows(0, &[])),
        csv("no header", "1,2\n3,4\n", Rows(2, &[])).with(&[("header", "false")]),
        csv(
            "many bad rows",
            format!("a,b\n{}", "1\n".repeat(50)),
            Rows(0, &[(2, "1 fields"), (51, "1 fields")]),
        ),
        csv("bad header option", "a\n", Fails("`header`")).with(&[("header", "perhaps")]),
    ]
}

fn heads() -> Vec<Case> {
    vec![
        csv("empty", "", Fails("empty")),
        csv("only a mark", b"\xEF\xBB\xBF", Fails("empty")),
        csv("only blank lines", "\n\n\n", Fails("empty")),
        csv("name twice", "a,b,a\n1,2,3\n", Fails("`a` twice")),
        csv("name twice after trimming", "a, a\n1,2\n", Fails("`a` twice")),
        csv("empty name", "a,,c\n1,2,3\n", Rows(1, &[])),
        csv("control character in a name", "a\x07,b\n1,2\n", Fails("no text")),
        csv("nul in the header", b"a\x00,b\n1,2\n", Fails("NUL")),
    ]
}

fn bytes() -> Vec<Case> {
    let cut = gb("名,值\n张三,");
    let mut bad_gb = gb("名,值\n张三,1\n");
    bad_gb.extend_from_slice(b"\xff\xff,2\n");
    bad_gb.extend(gb("李四,3\n"));
    vec![
        csv(
            "invalid byte in UTF-8",
            b"a,b\n\xE4\xB8\xAD,1\n\xE4\xB8,2\n\xE6\x96\x87,3\n",
            Rows(2, &[(3, "UTF-8")]),
        )
        .with(&[("encoding", "utf-8")]),
        csv("GB 18030 found", gb("名,值\n张三,欧阳修在杭州\n"), Rows(1, &[])),
        csv("GB 18030 said to be UTF-8", gb("名,b\n张三,2\n"), Fails("UTF-8")).with(&[("encoding", "utf-8")]),
        csv("bad bytes in GB 18030", bad_gb, Rows(2, &[(3, "GB 18030")])).with(&[("encoding", "gb18030")]),
        csv(
            "cut inside a character",
            cut.get(..cut.len() - 2).unwrap(),
            Rows(0, &[(2, "GB 18030")]),
        )
        .with(&[("encoding", "gb18030")]),
        csv("UTF-16, little end first", utf16("a,b\n𠮷,2\n", true), Rows(1, &[])),
        csv("UTF-16, big end first", utf16("a,b\n中,2\n", false), Rows(1, &[])),
        csv(
            "UTF-16 cut in half",
            utf16("a,b\n1,2\n3,中", true).split_last().unwrap().1,
            Rows(1, &[(3, "UTF-16LE")]),
        ),
        csv("UTF-8 with a mark", "\u{FEFF}a,b\n1,2\n", Rows(1, &[])),
        csv(
            "a mark inside the file",
            "a,b\n1,2\n\u{FEFF}3,4\n5,6\n",
            Rows(2, &[(3, "byte order mark")]),
        ),
        csv("unknown encoding", "a\n", Fails("`encoding`")).with(&[("encoding", "ebcdic")]),
        csv("a ZIP archive", b"PK\x03\x04rest of it", Fails("ZIP")),
        csv("gzip", b"\x1f\x8b\x08\x00", Fails("gzip")),
        csv("an old workbook", b"\xD0\xCF\x11\xE0\xA1\xB1", Fails("old Excel")),
        csv("a database", b"SQLite format 3\0....", Fails("SQLite")),
        csv("a PDF", b"%PDF-1.7 ...", Fails("PDF")),
        csv("binary", vec![0_u8; 4096], Fails("binary")),
        csv("4-byte characters", "a,b\n𠮷野家,2\n", Rows(1, &[])),
    ]
}

fn types() -> Vec<Case> {
    vec![
        csv(
            "no integer",
            "a\n1\nx\n007\n1.0\n\n99999999999999999999\n",
            Rows(2, &[(3, "no integer"), (5, "no integer"), (7, "no integer")]),
        )
        .typed(INT),
        csv(
            "no date",
            "a\n2026-02-29\n2024-02-29\n2026/1/5\n2026年1月5日\n20260105\n26-1-5\n0000-00-00\n",
            Rows(4, &[(2, "no date"), (7, "no date"), (8, "no date")]),
        )
        .typed(DAY),
        csv(
            "no decimal",
            "a\n1.005\n1.50\n99999.00\n1,0\n-3\n1e3\n",
            Rows(
                2,
                &[(2, "no decimal"), (4, "no decimal"), (5, "2 fields"), (7, "no decimal")],
            ),
        )
        .typed(MONEY)
        .with(&[("delimiter", ",")]),
        csv(
            "no truth",
            "a\n是\nno\nperhaps\n2\n",
            Rows(2, &[(4, "no boolean"), (5, "no boolean")]),
        )
        .typed(TRUTH),
        csv(
            "no instant",
            "a\n2026-01-01T08:00:00+08:00\n2026-01-01 08:00:00\n2026-01-01T25:00:00Z\n",
            Rows(1, &[(3, "no instant"), (4, "no instant")]),
        )
        .typed(MOMENT),
        csv("no JSON", "a\n\"{\"\"x\"\":1}\"\n{x\n", Rows(1, &[(3, "no json")])).typed(JSON),
        csv("column that is not there", "b\n1\n", Fails("no column `a`")).typed(INT),
    ]
}

fn json() -> Vec<Case> {
    let jsonl = |name, bytes: &[u8], want| csv(name, bytes, want).of(SourceKind::JsonLines);
    vec![
        jsonl(
            "sound lines",
            b"{\"a\":\"1\",\"b\":007e}\n{\"a\":1}\n",
            Rows(1, &[(1, "not a JSON object")]),
        ),
        jsonl("digits stay", b"{\"a\":12345678901234567890123.10}\n", Rows(1, &[])),
        jsonl(
            "bad line",
            b"{\"a\":1}\n{\"a\":\n{\"a\":2}\n",
            Rows(2, &[(2, "not a JSON object")]),
        ),
        jsonl("an array", b"{\"a\":1}\n[1,2]\n", Rows(1, &[(2, "not a JSON object")])),
        jsonl("bad bytes", b"{\"a\":1}\n{\"a\":\"\xff\"}\n", Rows(1, &[(2, "UTF-8")])),
        jsonl(
            "member twice",
            b"{\"a\":1,\"a\":2}\n{\"a\":3}\n",
            Rows(1, &[(1, "twice")]),
        ),
        jsonl(
            "nul character",
            b"{\"a\":\"x\\u0000\"}\n{\"a\":3}\n",
            Rows(1, &[(1, "NUL")]),
        ),
        jsonl(
            "two objects in a line",
            b"{\"a\":1}{\"a\":2}\n{\"a\":3}\n",
            Rows(1, &[(1, "not a JSON object")]),
        ),
        jsonl("nothing but noise", b"hello\nworld\n", Fails("no line")),
        jsonl("empty JSON lines", b"", Fails("empty")),
        jsonl(
            "deep",
            [
                b"{\"a\":1}\n{\"a\":".as_slice(),
                &b"[".repeat(5000),
                &b"]".repeat(5000),
                b"}\n",
            ]
            .concat()
            .leak(),
            Rows(2, &[]),
        ),
        jsonl(
            "member of a type",
            b"{\"a\":\"x\"}\n{\"a\":5}\n",
            Rows(1, &[(1, "no integer")]),
        )
        .typed(INT),
    ]
}

fn workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "a").unwrap();
    sheet.write_string(0, 1, "b").unwrap();
    sheet.write_number(1, 0, 7.0).unwrap();
    sheet.write_string(1, 1, "007").unwrap();
    sheet.write_string(2, 0, "x").unwrap();
    book.save_to_buffer().unwrap()
}

fn parquet() -> Vec<u8> {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    let column: ArrayRef = std::sync::Arc::new(Int64Array::from((0..1000).collect::<Vec<_>>()));
    let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
    let mut out = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

/// A central directory that promises to unpack to 12 GiB.
fn bomb() -> Vec<u8> {
    let mut bytes = workbook();
    let entry = b"PK\x01\x02";
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(4).position(|it| it == entry) {
        at += found;
        bytes[at + 24..at + 28].copy_from_slice(&0xF000_0000_u32.to_le_bytes());
        at += 4;
    }
    bytes
}

/// A workbook of ZIP parts that are stored as they are.
fn workbook_of(sheet: &str) -> Vec<u8> {
    let parts = [
        (
            "[Content_Types].xml",
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let mut common = Vec::new();
        for part in [20_u16, 0, 0, 0, 33] {
            common.extend(part.to_le_bytes());
        }
        for part in [crc.sum(), text.len() as u32, text.len() as u32] {
            common.extend(part.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        let at = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0\x04\0\x04\0");
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// Two cells at the far corners of a sheet: held as a rectangle they are sixteen thousand million.
fn corners() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "a").unwrap();
    sheet.write_string(1_048_575, 16_383, "far").unwrap();
    book.save_to_buffer().unwrap()
}

/// Rows that go backwards.
fn backwards() -> Vec<u8> {
    workbook_of(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="5"><c r="A5"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row></sheetData></worksheet>"#,
    )
}

/// A workbook with a part from which more comes than its directory says.
fn liar() -> Vec<u8> {
    let mut bytes = workbook();
    let entry = b"PK\x01\x02";
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(4).position(|it| it == entry) {
        at += found;
        bytes[at + 24..at + 28].copy_from_slice(&1_u32.to_le_bytes());
        at += 4;
    }
    bytes
}

fn binaries() -> Vec<Case> {
    let xlsx = |name, bytes: &[u8], want| csv(name, bytes, want).of(SourceKind::Xlsx);
    let pq = |name, bytes: &[u8], want| csv(name, bytes, want).of(SourceKind::Parquet);
    let sqlite = |name, bytes: &[u8], want| csv(name, bytes, want).of(SourceKind::Sqlite);
    let (book, file) = (workbook(), parquet());
    let mut broken = file.clone();
    broken[4..200].fill(0xFF);
    let mut scrambled = book.clone();
    for byte in scrambled.iter_mut().skip(60).step_by(7) {
        *byte ^= 0x55;
    }
    vec![
        xlsx("sound workbook", &book, Rows(2, &[])),
        xlsx(
            "workbook with a value of another type",
            &book,
            Rows(1, &[(3, "no integer")]),
        )
        .typed(INT),
        xlsx("no ZIP", b"a,b\n1,2\n", Fails("not an Excel workbook")),
        xlsx("empty workbook file", b"", Fails("empty")),
        xlsx("truncated workbook", &book[..book.len() / 2], Fails("not a sound")),
        xlsx("scrambled workbook", &scrambled, Fails("not a sound")),
        xlsx(
            "a ZIP that is no workbook",
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            Fails("not a sound"),
        ),
        xlsx("ZIP bomb", &bomb(), Fails("1 GiB")),
        xlsx(
            "a ZIP whose parts are longer than it says",
            &liar(),
            Fails("not a sound"),
        ),
        xlsx("cells at the far corners", &corners(), Rows(1, &[])),
        xlsx("rows that go backwards", &backwards(), Fails("not a sound")),
        xlsx("header beyond the sheet", &book, Fails("no header")).with(&[("header_row", "9")]),
        xlsx("header row of no sense", &book, Fails("`header_row`")).with(&[("header_row", "zero")]),
        pq("sound Parquet", &file, Rows(1000, &[])),
        pq(
            "truncated Parquet",
            &file[..file.len() - 10],
            Fails("not a sound Parquet"),
        ),
        pq("text as Parquet", b"a,b\n1,2\n", Fails("not a sound Parquet")),
        pq("empty Parquet", b"", Fails("not a sound Parquet")),
        pq("only the magic", b"PAR1PAR1", Fails("not a sound Parquet")),
        pq("broken pages", &broken, Fails("not a sound Parquet")),
        sqlite(
            "text as SQLite",
            b"this is no database at all, whatever its name may say...."
                .repeat(20)
                .leak(),
            Fails("not a sound SQLite"),
        ),
    ]
}

async fn read(case: &Case, path: &std::path::Path) -> Result<(u64, engine::Report), Error> {
    std::fs::write(path, &case.bytes).unwrap();
    let mut spec = SourceSpec::new(case.kind).with("path", path.to_string_lossy());
    for (name, value) in case.options {
        spec = spec.with(name, *value);
    }
    let engine = Engine::new(Limits::default());
    let table = match engine.tables(&spec).await?.into_iter().next() {
        Some(it) => it,
        None => return Err(Error::source(engine::Cause::Format, "there is no table")),
    };
    let columns: Vec<_> = if case.types.is_empty() {
        table.columns.iter().map(|it| (it.name.clone(), it.data_type)).collect()
    } else {
        case.types
            .iter()
            .map(|(name, data_type)| ((*name).to_owned(), *data_type))
            .collect()
    };
    let profile = if case.types.is_empty() {
        engine.profile(&spec, &table.name, None, |_| ()).await?.rows_read
    } else {
        0
    };
    let report = engine.check(&spec, &table.name, &columns).await?;
    Ok((if case.types.is_empty() { profile } else { report.rows }, report))
}

#[tokio::test]
async fn dirty_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut cases = quotes();
    cases.extend(rows());
    cases.extend(heads());
    cases.extend(bytes());
    cases.extend(types());
    cases.extend(json());
    cases.extend(binaries());
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let path = folder.path().join(format!("{number}.dat"));
        let outcome = read(case, &path).await;
        let fits = match (&case.want, &outcome) {
            (Fails(part), Err(error)) => error.to_string().contains(part) && !matches!(error, Error::Internal(_)),
            (Rows(rows, lines), Ok((read, report))) => {
                read == rows
                    && lines
                        .iter()
                        .all(|(line, part)| report.bad.iter().any(|it| it.line == *line && it.reason.contains(part)))
                    && (lines.len() as u64 == report.quarantined || case.name == "many bad rows")
            }
            _ => false,
        };
        if !fits {
            wrong.push(format!("{}: {outcome:?}", case.name));
        }
    }
    println!("dirty-file suite: {} inputs, {} wrong", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 60, "{}", cases.len());
}

#[tokio::test]
async fn too_many_bad_rows_end_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.csv");
    std::fs::write(&path, format!("a,b\n{}", "1\n".repeat(500))).unwrap();
    let spec = SourceSpec::new(SourceKind::Csv).with("path", path.to_string_lossy());
    let engine = Engine::new(Limits {
        bad_rows: 100,
        ..Limits::default()
    });
    let failed = engine.profile(&spec, "bad.csv", None, |_| ()).await.unwrap_err();
    assert_eq!(failed.to_string(), "limit of 100 unreadable rows reached");
}

#[tokio::test]
async fn missing_files_are_named_so() {
    let engine = Engine::new(Limits::default());
    for kind in [
        SourceKind::Csv,
        SourceKind::Xlsx,
        SourceKind::JsonLines,
        SourceKind::Parquet,
        SourceKind::Sqlite,
    ] {
        let spec = SourceSpec::new(kind).with("path", "/nowhere/at/all");
        let error = engine.test(&spec).await.unwrap_err();
        assert_eq!(error.cause(), Some(engine::Cause::FileMissing), "{kind}: {error}");
        let folder = SourceSpec::new(kind).with("path", std::env::temp_dir().to_string_lossy());
        assert!(engine.test(&folder).await.is_err(), "{kind}");
        assert_eq!(
            engine.test(&SourceSpec::new(kind)).await.unwrap_err().cause(),
            Some(engine::Cause::Options)
        );
    }
}
