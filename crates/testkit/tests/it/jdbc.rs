//! A driver that nobody here wrote: Apache Arrow's JDBC driver for Flight SQL, as a reporting tool would use it.

use std::process::Command;

use testkit::{Failure, TestApp, servers::skipped, story::Deal};

use crate::people::{self, PEOPLE};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_java_program_asks_over_flight_sql() -> Result<(), Failure> {
    let Some(driver) = std::env::var_os("JUTONG_TEST_JDBC").filter(|it| !it.is_empty()) else {
        skipped("JUTONG_TEST_JDBC", "no JDBC driver asked over Flight SQL");
        return Ok(());
    };
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let agreement = app.agree(resource, &Deal::default()).await?;
        let table = app.table_of("civil.officer", agreement).await?;
        let member = app.people.get("civil.officer").ok_or("nobody")?;
        let mut program = Command::new("java");
        program
            .args(["--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp"])
            .arg(&driver)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/Jdbc.java"))
            .args([
                &app.flight.to_string(),
                "civil.officer",
                &member.token,
                &table,
                PEOPLE[0].0,
            ]);
        let told = tokio::task::spawn_blocking(move || program.output()).await??;
        let errors = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "{errors}");
        let told = String::from_utf8(told.stdout)?;
        let of = |name: &str| {
            let lines = told.lines().filter_map(|it| it.split_once('='));
            lines
                .filter(|it| it.0 == name)
                .map(|it| it.1.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("tables"), [table], "{told}{errors}");
        assert_eq!(of("columns").concat().split(',').count(), 5, "{told}");
        let first = format!("{}|{}", PEOPLE[0].0, PEOPLE[0].1.unwrap_or_default());
        assert_eq!(
            of("row"),
            [first],
            "leading zeros and characters beyond the basic plane: {errors}"
        );
        assert_eq!(of("count"), [PEOPLE.len().to_string()]);
        assert_eq!(
            (of("write").concat(), of("stranger").concat()),
            ("refused".to_owned(), "refused".to_owned()),
            "{errors}"
        );
    }
    Ok(())
}
