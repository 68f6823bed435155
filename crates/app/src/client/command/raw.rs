//! `jutong api`: any call of the REST interface, for what has no command of its own.

use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::{
    client::Client,
    exit::{Exit, Failure},
    out,
};

/// Call any address of the REST interface.
#[derive(Debug, clap::Args)]
pub(crate) struct ApiArgs {
    /// GET, POST, PUT, PATCH or DELETE.
    #[arg(value_parser = method)]
    method: Method,
    /// The address after /api/v1, with its query: /resources?limit=5.
    path: String,
    /// The body: JSON text, @FILE, or @- for standard input.
    #[arg(short, long, value_name = "JSON|@FILE")]
    data: Option<String>,
}

fn method(text: &str) -> Result<Method, String> {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let upper = text.to_ascii_uppercase();
    let found = known.contains(&upper.as_str()).then(|| upper.parse().ok()).flatten();
    found.ok_or_else(|| format!("write one of {}", known.join(", ")))
}

/// Calls and prints the answer as it is.
pub(crate) async fn run(it: ApiArgs, client: &Client) -> Result<(), Failure> {
    let body = it.data.as_deref().map(body).transpose()?;
    if !it.path.starts_with('/') {
        return Err(Failure::usage(format!(
            "`{}`: write the address after /api/v1, as in /resources",
            it.path
        )));
    }
    let response = client.send(it.method, &it.path, &[], body.as_ref(), None).await?;
    let bytes = response
        .bytes()
        .await
        .map_err(|error| Failure::because("the answer broke off", &error.without_url()))?;
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) => out::json(&value)?,
        Err(_) => out::bytes(&bytes)?,
    }
    Ok(())
}

/// JSON of an argument: its text, `@FILE`, or `@-`.
pub(crate) fn body(text: &str) -> Result<Value, Failure> {
    let (name, text) = match text.strip_prefix('@') {
        None => ("the body".to_owned(), text.to_owned()),
        Some("-") => (
            "standard input".to_owned(),
            std::io::read_to_string(std::io::stdin().lock())?,
        ),
        Some(path) => {
            let read = std::fs::read_to_string(Path::new(path));
            (
                path.to_owned(),
                read.map_err(|error| Failure::new(Exit::Usage, format!("{path}: cannot be read: {error}")))?,
            )
        }
    };
    serde_json::from_str(&text).map_err(|error| Failure::usage(format!("{name} is no JSON: {error}")))
}
