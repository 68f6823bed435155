//! A driver that nobody here wrote: ADBC for Flight SQL from Python, as an analyst would use it.

use std::process::Command;

use serde_json::{Value, json};
use testkit::{Failure, TestApp, servers::skipped, story::Deal};

use crate::people::{self, PEOPLE};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_program_asks_over_flight_sql() -> Result<(), Failure> {
    let Some(python) = std::env::var_os("JUTONG_TEST_PYTHON").filter(|it| !it.is_empty()) else {
        skipped("JUTONG_TEST_PYTHON", "no ADBC driver asked over Flight SQL");
        return Ok(());
    };
    for app in TestApp::each().await? {
        let resource = people::shelved(&app).await?;
        let agreement = app.agree(resource, &Deal::default()).await?;
        let table = app.table_of("civil.officer", agreement).await?;
        let member = app.people.get("civil.officer").ok_or("nobody")?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/adbc.py");
        let mut program = Command::new(&python);
        program.arg(script).args([
            &app.flight.to_string(),
            "civil.officer",
            &member.token,
            &table,
            PEOPLE[0].0,
        ]);
        let told = tokio::task::spawn_blocking(move || program.output()).await??;
        let errors = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "{errors}");
        let told: Value = serde_json::from_slice(&told.stdout)?;
        assert_eq!(told["tables"], json!([table]));
        let names: Vec<&String> = told["schema"].as_object().ok_or("no schema")?.keys().collect();
        assert_eq!(names.len(), 5, "{told}");
        assert_eq!(
            told["rows"],
            json!([{ "person_no": PEOPLE[0].0, "name": PEOPLE[0].1 }]),
            "leading zeros and characters beyond the basic plane"
        );
        assert_eq!(told["count"], json!(PEOPLE.len()));
        assert_eq!(
            (&told["write"], &told["stranger"]),
            (&json!("refused"), &json!("refused"))
        );
    }
    Ok(())
}
