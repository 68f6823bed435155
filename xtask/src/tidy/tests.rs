//! Each check is shown a small house with one thing wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::{Expect, expect};

use super::*;
use rust::functions;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree {
        files: files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect(),
    }
}

fn finds(files: &[(&str, &str)], expected: Expect) {
    let found: Vec<String> = check(&tree(files))
        .iter()
        .map(|it| format!("{}: {}", it.place, it.what))
        .collect();
    expected.assert_eq(&found.join("\n"));
}

fn manifest(name: &str, rest: &str) -> String {
    format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{rest}")
}

#[test]
fn an_arrow_that_is_not_in_the_table() {
    let text = manifest(
        "catalog",
        "[dependencies]\nvocab.workspace = true\npolicy.workspace = true\n[dev-dependencies]\ntestkit = { path = \"../testkit\" }\n",
    );
    finds(
        &[("crates/catalog/Cargo.toml", &text)],
        expect!["crates/catalog/Cargo.toml: `catalog` imports `policy`: no such arrow in the house"],
    );
}

#[test]
fn a_guest_away_from_home_also_under_another_name() {
    let text = manifest(
        "sharing",
        "[dependencies]\nquestions = { package = \"datafusion-expr\", version = \"1\" }\n\
         [target.'cfg(unix)'.dependencies]\nrusqlite.workspace = true\n[dev-dependencies]\narrow-flight = \"1\"\n",
    );
    finds(
        &[("crates/sharing/Cargo.toml", &text)],
        expect![[r#"
            crates/sharing/Cargo.toml: `arrow-flight` lives in `wire`, `testkit`, `benches` only (a test of Flight SQL is a client of it), not in `sharing`
            crates/sharing/Cargo.toml: `datafusion-expr` lives in `engine` only, not in `sharing`
            crates/sharing/Cargo.toml: `rusqlite` lives in `engine`, `testkit`, `app`, `benches` only (the demo city, tests and benches make the databases of other departments), not in `sharing`"#]],
    );
    let home = manifest(
        "wire",
        "[dependencies]\narrow-flight.workspace = true\narrow.workspace = true\n",
    );
    finds(&[("crates/wire/Cargo.toml", &home)], expect![""]);
}

#[test]
fn a_crate_nobody_knows_or_without_lints() {
    finds(
        &[
            ("crates/attic/Cargo.toml", &manifest("attic", "")),
            ("crates/db/Cargo.toml", "[package]\nname = \"db\"\n"),
            ("crates/web/Cargo.toml", "[package\n"),
        ],
        expect![[r#"
            crates/attic/Cargo.toml: crate `attic` is not in the table of the house (xtask/src/tidy/house.rs)
            crates/db/Cargo.toml: does not take the workspace's lints (`[lints] workspace = true`)
            crates/web/Cargo.toml: cannot be read: unclosed table, expected `]`"#]],
    );
}

#[test]
fn a_door_that_goes_around_the_corridor() {
    let text = "use platform::{sharing::store::{AgreementFilter, agreements}, staff};\n\
                fn show() { staff::store::person(&tx, id); Engine::new(limits); }\n\
                fn words() { let _ = (staff::store::Filter::default(), bookstore::buy()); }\n\
                #[cfg(test)]\nmod tests {\n    fn fine() { Engine::new(limits); }\n}\n";
    finds(
        &[("crates/web/src/api/x.rs", text), ("crates/platform/src/x.rs", text)],
        expect![[r#"
            crates/web/src/api/x.rs:1: `store::agreements`: a door calls a flow, which asks the policy and writes the ledger
            crates/web/src/api/x.rs:2: `Engine::new`: a door calls a flow, which asks the policy and writes the ledger
            crates/web/src/api/x.rs:2: `store::person`: a door calls a flow, which asks the policy and writes the ledger"#]],
    );
}

#[test]
fn the_table_has_no_circle_and_every_exception_a_reason() {
    for (place, room) in house::ROOMS.iter().enumerate() {
        for import in room.imports {
            let at = house::ROOMS
                .iter()
                .position(|it| it.name == *import)
                .expect("imports name rooms");
            let down = at < place || matches!((*import, room.name), ("testkit", "benches"));
            assert!(down, "`{}` imports `{import}`, which stands above it", room.name);
        }
    }
    for guests in house::GUESTS {
        assert!(
            guests.homes.len() == 1 || !guests.because.is_empty(),
            "{:?} has exceptions without reason",
            guests.names
        );
        for home in guests.homes {
            assert!(house::ROOMS.iter().any(|it| it.name == *home), "`{home}` is no crate");
        }
    }
}

#[test]
fn the_environment_and_the_clock_are_read_in_their_places_only() {
    let reads = "//! x\nfn now() { let a = std::env::var(\"A\"); let b = Utc::now(); }\n\
                 // std::env::var is said in a comment\n#[cfg(test)]\nmod tests {\n fn t() { std::env::var(\"B\"); }\n}\n";
    finds(
        &[
            ("crates/engine/src/x.rs", reads),
            ("crates/app/src/x.rs", reads),
            ("crates/engine/src/x/tests.rs", reads),
        ],
        expect![[r#"
            crates/engine/src/x.rs:2: reads the clock: time is an argument
            crates/engine/src/x.rs:2: reads the environment: only `app` does, and hands it down"#]],
    );
}

#[test]
fn unfinished_work() {
    let code = format!(
        "fn a() {{\n    {}(); // {}: later\n    let s = \"{}\";\n}}\n",
        "todo!",
        concat!("TO", "DO"),
        "todo!()"
    );
    let found = check(&tree(&[
        ("crates/db/src/x.rs", &code),
        ("docs/x.md", concat!("a FIX", "ME here, and a FIX", "MEUP")),
    ]));
    let found: Vec<&str> = found.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(found, ["crates/db/src/x.rs:2", "crates/db/src/x.rs:2", "docs/x.md:1"]);
}

#[test]
fn long_files_and_functions_are_questions_that_can_be_answered() {
    let long = format!(
        "fn short() {{}}\nfn long() {{\n{}}}\n{}",
        "    a();\n".repeat(60),
        "// more\n".repeat(340)
    );
    finds(
        &[("crates/db/src/x.rs", &long)],
        expect![[r#"
            crates/db/src/x.rs: 403 lines: is it two things? (kind `file`; make it smaller, or answer in docs/tidy-answers.toml)
            crates/db/src/x.rs: `long` (line 2) has 62 lines: is it two things? (kind `function long`; make it smaller, or answer in docs/tidy-answers.toml)"#]],
    );
    let answers = "[[answer]]\npath = 'crates/db/src/x.rs'\nkind = 'file'\nreason = 'one table, read from top to bottom'\n\
                   [[answer]]\npath = 'crates/db/src/x.rs'\nkind = 'function long'\nreason = 'because'\n\
                   [[answer]]\npath = 'crates/db/src/y.rs'\nkind = 'file'\nreason = 'one table, read from top to bottom'\n";
    finds(
        &[("crates/db/src/x.rs", &long), ("docs/tidy-answers.toml", answers)],
        expect![[r#"
            docs/tidy-answers.toml: crates/db/src/x.rs: `function long` has no reason worth the name
            docs/tidy-answers.toml: crates/db/src/y.rs: `file` is not asked any more, take the answer out"#]],
    );
    finds(
        &[("docs/tidy-answers.toml", "[[answer]]\npath = 1\n")],
        expect!["docs/tidy-answers.toml: cannot be read: invalid type: integer `1`, expected a string"],
    );
}

#[test]
fn words_for_people_are_a_question() {
    let code = "//! 注释可以\nfn a() { say(\"申请已提交\"); }\n    Draft = \"draft\", \"草稿\", \"Draft\";\n#[cfg(test)]\nmod tests { const A: &str = \"张伟\"; }\n";
    finds(
        &[("crates/web/src/x.rs", code), ("crates/vocab/src/x.rs", code)],
        expect![
            "crates/web/src/x.rs: Chinese text in code (line 2): does it belong into locales/? (kind `text`; make it smaller, or answer in docs/tidy-answers.toml)"
        ],
    );
}

#[test]
fn a_flow_file_is_a_small_family_of_deeds() {
    let many = (1..10).fold(String::new(), |all, n| {
        all + &format!("pub async fn see_person_{n}() {{}}\n")
    });
    finds(
        &[
            (
                "crates/platform/src/flow/sign_in.rs",
                "pub(crate) async fn sign_in(app: &App) {}\nasync fn helper() {}\n",
            ),
            (
                "crates/platform/src/flow/list_people.rs",
                "pub async fn list_people() {}\npub async fn show_person() {}\n",
            ),
            (
                "crates/platform/src/flow/keep_clocks.rs",
                "pub async fn put_clock() {}\npub async fn drop_day() {}\n",
            ),
            ("crates/platform/src/flow/keep_clocks/day.rs", "fn next_day() {}\n"),
            ("crates/platform/src/flow/sign_out.rs", "pub async fn leave() {}\n"),
            ("crates/platform/src/flow/see_person.rs", &many),
            ("crates/platform/src/flow/fit_terms.rs", "pub fn fit_terms() {}\n"),
        ],
        expect![[r#"
            crates/platform/src/flow/fit_terms.rs: no deed in this flow file: is it a helper? (kind `flow`; make it smaller, or answer in docs/tidy-answers.toml)
            crates/platform/src/flow/see_person.rs: 9 deeds in one flow file (see_person_1, see_person_2, see_person_3, see_person_4, see_person_5, see_person_6, see_person_7, see_person_8, see_person_9): is it two families? (kind `flow`; make it smaller, or answer in docs/tidy-answers.toml)
            crates/platform/src/flow/sign_out.rs: none of its deeds (leave) shares a word with its name (kind `flow`; make it smaller, or answer in docs/tidy-answers.toml)"#]],
    );
}

#[test]
fn locales_are_twins() {
    finds(
        &[
            (
                "locales/zh/home.ftl",
                "# 首页 = no key\nhome-title = 首页\n    .hint = 提示\nhome-n = { $n ->\n    [one] = 1\n   *[other] 多\n }\n",
            ),
            (
                "locales/en/home.ftl",
                "home-title = Home\nhome-title = Home\nhome-n = { $n }\nhome-extra = x\n",
            ),
            ("locales/en/only.ftl", "a = b\n"),
            ("locales/fr/home.ftl", "a = b\n"),
        ],
        expect![[r#"
            locales/en/home.ftl: `home-title.hint` is missing
            locales/en/home.ftl:2: `home-title` is there twice
            locales/fr/home.ftl: `fr` is not one of our languages
            locales/zh/home.ftl: `home-extra` is missing
            locales/zh/only.ftl: is missing"#]],
    );
}

#[test]
fn no_place_of_one_machine_and_no_registry() {
    let place = concat!(
        "see `/ro",
        "ot/x` and /ho",
        "me/me/y, not https://example.org/ho",
        "me/ nor ./ro",
        "ot/"
    );
    let host = concat!("https://regi", "stry.example.org/x");
    let lock = format!(
        "{{\"packages\": {{\"node_modules/a\": {{\"resolved\": \"{}//example.org/a.tgz\"}}, \"node_modules/b\": {{\"version\": \"1\"}}}}}}",
        "https:"
    );
    let found = check(&tree(&[
        ("docs/x.md", place),
        ("docs/y.md", host),
        ("assets/package-lock.json", &lock),
    ]));
    let places: Vec<&str> = found.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(
        places,
        ["assets/package-lock.json", "docs/x.md:1", "docs/y.md:1"],
        "{found:?}"
    );
}

#[test]
fn migrations_and_crates_say_why() {
    finds(
        &[
            ("crates/db/migrations/m0009_x.sql", "create table x (id text);"),
            ("crates/db/src/lib.rs", "mod x;\n"),
        ],
        expect![[r#"
            crates/db/migrations/m0009_x.sql: a migration begins with a comment that says why
            crates/db/src/lib.rs: a crate begins with `//!` and what it is for"#]],
    );
}

#[test]
fn code_is_told_from_comments_texts_and_lifetimes() {
    let text = r####"fn a<'x>(it: &'x str) -> char { // fn no() {}
    let raw = r#"fn "no"() {"#; /* fn no() { /* { */ } */
    let quote = '"'; let brace = '{'; let escape = '\''; let unicode = '\u{7b}';
    let text = "say \"{\" and }";
    if it == "x" { 'a' } else { 'b' }
}
trait T { fn without_body(&self, it: [u8; 3]) -> u8; }
fn b() where for<'y> &'y str: Copy {
}
"####;
    let source = Source::new("x.rs", text);
    let found: Vec<String> = functions(&source.code)
        .iter()
        .map(|it| format!("{} {}-{}", it.name, it.first, it.last))
        .collect();
    assert_eq!(found, ["a 1-6", "b 8-9"]);
    let texts: Vec<(usize, &str)> = source.texts.iter().map(|it| (it.0, it.1.as_str())).collect();
    assert_eq!(texts, [(2, "fn \"no\"() {"), (4, "say \\\"{\\\" and }"), (5, "x")]);
    assert_eq!(source.code.lines().count(), text.lines().count());
}
