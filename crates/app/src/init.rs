//! `jutong init`: a folder, a configuration, and a founded node.

use std::path::{Path, PathBuf};

use platform::{
    catalog::Organisation,
    vocab::{
        Level, OrgId, OrgKind,
        codes::{CreditCode, DivisionCode, DivisionLevel},
    },
};
use serde_json::json;

use crate::{
    config::{self, Config, FILE_NAME, Overrides},
    exit::{Exit, Failure},
    out, serve,
};

/// Make a node: folder, commented configuration, keys, first organisation and the three administrators.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// Folder of the node; made when absent. A configuration that is there already is kept and used.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Full name of the organisation that runs the node.
    #[arg(long, value_name = "NAME")]
    org_name: String,
    /// Its unified social credit code (GB 32100), 18 characters.
    #[arg(long, value_name = "CODE")]
    org_code: CreditCode,
    /// Its division (GB/T 2260), six digits; the level follows from it.
    #[arg(long, value_name = "CODE")]
    division: DivisionCode,
    /// Its name in English.
    #[arg(long, value_name = "NAME", default_value = "")]
    org_name_en: String,
    /// Its short name.
    #[arg(long, value_name = "NAME", default_value = "")]
    org_short_name: String,
    /// Name of the node; the organisation's name when absent.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Name of the transparency log, without scheme, the same for ever: jutong.example.gov.cn/log.
    #[arg(long, value_name = "NAME")]
    origin: String,
    /// Database of the node: sqlite:PATH or postgres://…; an SQLite file in the folder when absent.
    #[arg(long, value_name = "URL", env = "JUTONG_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Address of pages and REST.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

/// Makes the node and tells the first passwords, once.
pub(crate) async fn run(args: &InitArgs, environment: &[(String, String)], as_json: bool) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.dir)?;
    let path = args.dir.join(FILE_NAME);
    let is_new = !path.exists();
    if is_new {
        write_private(&path, &config::template(&given(args)))?;
    }
    let config = Config::load(Some(&path), environment, &Overrides::default())?;
    let app = serve::open(&config).await?;
    let founders = match platform::flow::found_node(&app, organisation(args, app.now())).await {
        Ok(it) => it,
        Err(error @ platform::Error::State(_)) => {
            return Err(Failure::new(Exit::Conflict, format!("{error}; nothing was changed")));
        }
        Err(error) => return Err(Failure::because("the node cannot be founded", &error)),
    };
    let accounts: Vec<_> = founders
        .iter()
        .map(|it| json!({ "role": it.role.code(), "login": it.login.as_str(), "password": it.password.expose_text() }))
        .collect();
    if as_json {
        out::json(&json!({ "config": path, "config_is_new": is_new, "administrators": accounts }))?;
        return Ok(());
    }
    let what = if is_new { "written" } else { "kept as it was" };
    let mut text = format!(
        "configuration  {} ({what})\ndata           {}\n\nThe three administrators. Their passwords are shown this once and must be changed at the first sign-in:\n",
        path.display(),
        config.data_dir.display()
    );
    for it in &founders {
        text += &format!(
            "  {:<16}{:<12}{}\n",
            it.role.code(),
            it.login.as_str(),
            it.password.expose_text().unwrap_or_default()
        );
    }
    text += &format!(
        "\nNext:\n  jutong --config {0} doctor\n  jutong --config {0} serve",
        path.display()
    );
    out::line(&text)?;
    Ok(())
}

fn given(args: &InitArgs) -> Vec<(&'static str, String)> {
    let division: String = args.division.to_string().chars().take(6).collect();
    let mut given = vec![
        ("node", args.node.clone().unwrap_or_else(|| args.org_name.clone())),
        ("division", division),
        ("ledger.origin", args.origin.clone()),
    ];
    given.extend(args.database_url.clone().map(|it| ("database.url", it)));
    given.extend(args.listen.clone().map(|it| ("listen", it)));
    given
}

fn organisation(args: &InitArgs, now: platform::vocab::Timestamp) -> Organisation {
    Organisation {
        id: OrgId::new(),
        revision: 1,
        code: args.org_code.to_string(),
        name: args.org_name.clone(),
        name_en: args.org_name_en.clone(),
        short_name: args.org_short_name.clone(),
        parent: None,
        level: level(args.division.level()),
        division: args.division.to_string(),
        kind: OrgKind::Authority,
        created_at: now,
    }
}

const fn level(of: DivisionLevel) -> Level {
    match of {
        DivisionLevel::Country => Level::Nation,
        DivisionLevel::Province => Level::Province,
        DivisionLevel::City => Level::City,
        DivisionLevel::County => Level::County,
        DivisionLevel::Township | DivisionLevel::Village => Level::Township,
    }
}

/// A file that only its owner reads: it may hold the database's password.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
