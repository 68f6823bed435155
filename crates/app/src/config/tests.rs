#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use expect_test::{Expect, expect};

use super::*;

fn refused(text: &str, environment: &[(&str, &str)], expected: Expect) {
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let error = match Config::read("jutong.toml", text, &environment) {
        Ok(config) => config.check().expect_err("it must be refused"),
        Err(error) => error,
    };
    expected.assert_eq(&error.to_string());
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    refused(
        "node = \"A\"\nlisen = \"x\"\n",
        &[],
        expect![
            "jutong.toml:2: unknown field `lisen`, expected one of `node`, `division`, `local_code`, `listen`, `https`, `flight_listen`, `flight_certificate`, `flight_key`, `data_dir`, `database`, `ledger`, `files`, `policy`, `engine`, `work`, `log`"
        ],
    );
    refused(
        "[engine]\n\nrows = \"many\"\n",
        &[],
        expect![[r#"jutong.toml:3: invalid type: string "many", expected u64"#]],
    );
    refused(
        "[engine\nrows = 1\n",
        &[],
        expect!["jutong.toml:1: unclosed table, expected `]`"],
    );
    refused(
        "[motor]\nrows = 1\n",
        &[],
        expect![
            "jutong.toml:1: unknown field `motor`, expected one of `node`, `division`, `local_code`, `listen`, `https`, `flight_listen`, `flight_certificate`, `flight_key`, `data_dir`, `database`, `ledger`, `files`, `policy`, `engine`, `work`, `log`"
        ],
    );
    refused(
        "[log]\nformat = \"xml\"\n",
        &[],
        expect!["jutong.toml:2: unknown variant `xml`, expected `text` or `json`"],
    );
    refused(
        "",
        &[("JUTONG_ENGINE_ROWS", "lots")],
        expect!["environment JUTONG_ENGINE_ROWS: `lots` is no whole number"],
    );
    refused(
        "",
        &[("JUTONG_ENGINE_ROWS", "-1")],
        expect!["environment JUTONG_ENGINE_ROWS: invalid value: integer `-1`, expected u64"],
    );
}

#[test]
fn what_cannot_work_is_told_at_once() {
    let text = "node = \"\"\nlisten = \"here\"\nflight_listen = \"there\"\ndivision = \"53\"\n[database]\nurl = \"mysql://u:hidden@h/d\"\n\
                [ledger]\norigin = \"https://a b\"\n[engine]\nmemory_mib = 1\nthreads = 0\n[log]\nfilter = \"a=b=c\"\n\
                [files]\nroots = [\"data/files\"]\nprivate = { X = [\"/x\"] }\n";
    refused(
        text,
        &[],
        expect![[r#"
        the configuration cannot work:
          listen: `here` is no address; write host:port, as in 127.0.0.1:8080
          flight_listen: `there` is no address; write host:port, or "" for no Flight SQL
          database.url: must begin with sqlite: or postgres://, or be empty for a file in data_dir
          division: `53` is no division code; write six digits, as in "530100"
          ledger.origin: `https://a b` is no log name; write a name without scheme, spaces and +, as in jutong.example.gov.cn/log
          node: is empty; write the name people know this node by
          files.private: `X` must be a unified social credit code with at least one folder
          files: data/files lies in data_dir, which is the node's alone; choose a folder beside it
          engine.memory_mib: less than 16 MiB answers nothing; write 16 or more
          engine: rows, seconds, concurrent and threads must each be at least 1
          log.filter: `a=b=c` is no filter; write a level (info) or target=level pairs (info,platform=debug)"#]],
    );
}

#[test]
fn a_secret_is_not_printed() {
    let config = Config::read("f", "[database]\nurl = \"postgres://u:hidden@h/d\"\n", &[]).unwrap();
    assert_eq!(config.database_url(), "postgres://u:hidden@h/d");
    assert!(!format!("{config:?}").contains("hidden"));
}

#[test]
fn the_environment_goes_before_the_file() {
    let environment = [
        ("JUTONG_ENGINE_ROWS".to_owned(), "7".to_owned()),
        ("JUTONG_FILES_ROOTS".to_owned(), "/a:/b".to_owned()),
        (
            "JUTONG_FILES_PRIVATE".to_owned(),
            "11330100002000015Q=/p:/q; 1133010000200002XY=/r".to_owned(),
        ),
    ];
    let config = Config::read("f", "[engine]\nrows = 5\nseconds = 9\n", &environment).unwrap();
    assert_eq!(
        (config.engine.rows, config.engine.seconds, config.files.roots.len()),
        (7, 9, 2)
    );
    let private: Vec<_> = config
        .files
        .private
        .iter()
        .map(|(code, it)| (code.as_str(), it.len()))
        .collect();
    assert_eq!(private, [("11330100002000015Q", 2), ("1133010000200002XY", 1)]);
}

#[test]
fn every_option_is_known_to_file_and_structs_with_its_default() {
    let mut text = String::new();
    for line in template(&[]).lines() {
        // Options are `#key = value`, sentences `# …`.
        text += match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest,
            _ => line,
        };
        text.push('\n');
    }
    let all = Config::read("f", &text, &[]).unwrap();
    all.check().unwrap();
    assert_eq!(
        format!("{all:?}"),
        format!("{:?}", Config::default()),
        "the written defaults are the real ones"
    );
    assert_eq!(text.matches(" = ").count(), OPTIONS.len());
}

#[test]
fn what_init_sets_is_read_back() {
    let given = [
        ("node", "Yun\"zhou".to_owned()),
        ("ledger.origin", "a.example/log".to_owned()),
    ];
    let config = Config::read("f", &template(&given), &[]).unwrap();
    assert_eq!(
        (config.node.as_str(), config.ledger.origin.as_str()),
        ("Yun\"zhou", "a.example/log")
    );
}

#[test]
fn a_pattern_of_local_codes_is_read_or_refused() {
    refused(
        "local_code = \"{division}-{number}\"\n",
        &[],
        expect![[r#"
            the configuration cannot work:
              local_code: `{number}` is no field of a code pattern; write a pattern as in "{division}-{category}-{seq:4}""#]],
    );
    let config = Config::read("jutong.toml", "local_code = \"{division}-{seq:4}\"\n", &[]).expect("read");
    assert!(config.check().is_ok());
    assert!(config.platform().local_codes.is_some());
    assert!(Config::default().platform().local_codes.is_none());
}

#[test]
fn local_rules_are_read_and_checked_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let load = |rules: Option<&str>| {
        let file = folder.path().join("jutong.toml");
        std::fs::write(&file, "[policy]\nlocal = [\"city.cedar\"]\n").unwrap();
        let rules_file = folder.path().join("city.cedar");
        let _ = std::fs::remove_file(&rules_file);
        if let Some(text) = rules {
            std::fs::write(&rules_file, text).unwrap();
        }
        Config::load(Some(&file), &[], &Overrides::default())
            .map_err(|it| it.to_string().replace(&format!("{}/", folder.path().display()), ""))
    };
    let good = "// 本市规定\n\n@id(\"no-weekend\")\n@zh(\"不得以文件方式提供。\")\n@en(\"Nothing leaves as a file.\")\nforbid (principal, action == Action::\"use-data\", resource) when { context.mode == \"file\" };\n";
    let config = load(Some(good)).unwrap();
    assert_eq!(config.platform().local_rules.len(), 1);
    assert!(
        load(None)
            .unwrap_err()
            .starts_with("policy.local: city.cedar: cannot be read")
    );
    let permit = good.replace("forbid", "permit");
    assert_eq!(
        load(Some(&permit)).unwrap_err(),
        "policy.local: city.cedar: the local rule `no-weekend` permits something; local rules only forbid"
    );
    let unreadable = format!("{good}\nforbid (principal, action, resource) when {{ nonsense }};\n");
    assert!(
        load(Some(&unreadable))
            .unwrap_err()
            .starts_with("policy.local: city.cedar:8: the rule that begins here cannot be read")
    );
    let unnamed = format!("{good}\nforbid (principal, action, resource);\n");
    assert_eq!(
        load(Some(&unnamed)).unwrap_err(),
        "policy.local: city.cedar:8: this rule has no @id"
    );
    let misfit = good.replace("context.mode", "context.moon");
    assert!(
        load(Some(&misfit))
            .unwrap_err()
            .starts_with("policy.local: city.cedar: the rule `no-weekend` does not fit")
    );
    let taken = good.replace("no-weekend", "three-administrators");
    assert_eq!(
        load(Some(&taken)).unwrap_err(),
        "policy.local: city.cedar: a rule is called `three-administrators` like another"
    );
}

#[test]
fn the_reference_page_tells_every_option_as_it_is() {
    let page = include_str!("../../../../docs/configuration.md");
    let rows: Vec<&str> = page.lines().filter(|it| it.starts_with("| `")).collect();
    let wanted: Vec<String> = OPTIONS
        .iter()
        .map(|it| format!("| `{}` | `{}` | {} |", it.path, it.default, it.about))
        .collect();
    assert_eq!(rows, wanted);
}
