//! Signing in and out, and asking for passwords.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use reqwest::{Method, header};
use serde_json::json;

use super::{
    ClientArgs,
    api::{Client, plain},
    credentials::{Credentials, Proof},
};
use crate::{
    config::Secret,
    exit::{Exit, Failure},
    out,
};

/// Sign in to a node and remember it.
#[derive(Debug, clap::Args)]
pub(crate) struct LoginArgs {
    /// The node, http://host:port.
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// Sign-in name; asked for when absent.
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// Read the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
}

/// Signs in with a token (given by flag or environment) or with name and password (asked, piped, or `JUTONG_PASSWORD`).
pub(crate) async fn login(it: &LoginArgs, args: &ClientArgs, as_json: bool) -> Result<(), Failure> {
    let mut stored = Credentials::read()?;
    let server = match it.url.as_deref().or(args.server.as_deref()) {
        Some(url) => plain(url)?,
        None => stored
            .current
            .clone()
            .ok_or_else(|| Failure::usage("say which node: `jutong login http://host:port`"))?,
    };
    let proof = match (&args.token, &it.user) {
        (Some(token), None) => Proof::Token(Secret::new(token.clone())),
        _ => Proof::Session(session(it, &server).await?),
    };
    let client = Client::with(server.clone(), Some(proof.clone()), as_json)?;
    let me = client.get("/me", &[]).await?;
    stored.keep(&server, &proof)?;
    if as_json {
        return Ok(out::json(&me)?);
    }
    let text = |name: &str| me.get(name).map(super::show::text).unwrap_or_default();
    out::line(&format!(
        "signed in to {server} as {} ({}), roles: {}",
        text("login"),
        text("name"),
        text("roles")
    ))?;
    if me.get("must_change_password").and_then(serde_json::Value::as_bool) == Some(true) {
        out::line("the password was chosen by somebody else: change it with `jutong password`")?;
    }
    Ok(())
}

/// The secret of a new session.
async fn session(it: &LoginArgs, server: &str) -> Result<Secret, Failure> {
    let user = match &it.user {
        Some(user) => user.clone(),
        None => line("sign-in name: ")?,
    };
    let password = match std::env::var("JUTONG_PASSWORD") {
        Ok(password) if !it.password_stdin => password,
        _ => secret("password: ")?.expose().to_owned(),
    };
    let client = Client::with(server.to_owned(), None, false)?;
    let body = json!({ "login": user, "password": password });
    let response = client.send(Method::POST, "/session", &[], Some(&body), None).await?;
    session_of(&response).ok_or_else(|| Failure::new(Exit::Failed, "the server opened no session"))
}

/// Ends the session on the server and forgets it here.
pub(crate) async fn logout(args: &ClientArgs, as_json: bool) -> Result<(), Failure> {
    let mut stored = Credentials::read()?;
    let server = match args.server.as_deref() {
        Some(url) => Some(plain(url)?),
        None => stored.current.clone(),
    };
    let Some(server) = server else {
        return if as_json {
            Ok(out::json(&json!({ "server": null, "signed_out": false }))?)
        } else {
            Ok(out::line("not signed in anywhere")?)
        };
    };
    if let Some(proof @ Proof::Session(_)) = stored.proof(&server) {
        let client = Client::with(server.clone(), Some(proof), false)?;
        match client.call(Method::DELETE, "/session", None).await {
            Ok(_) => {}
            // The session has ended already, or its server: forget it all the same.
            Err(it) if matches!(it.exit, Exit::NotSignedIn | Exit::Unreachable) => {}
            Err(other) => return Err(other),
        }
    }
    stored.forget(&server)?;
    if as_json {
        return Ok(out::json(&json!({ "server": server, "signed_out": true }))?);
    }
    Ok(out::line(&format!("signed out of {server}"))?)
}

/// Changes the own password; a session goes on with the new secret that the answer brings.
pub(crate) async fn password(client: &Client) -> Result<(), Failure> {
    let (old, new) = (secret("present password: ")?, secret("new password: ")?);
    if std::io::stdin().is_terminal() && secret("new password again: ")? != new {
        return Err(Failure::usage("the two new passwords differ"));
    }
    let body = json!({ "old": old.expose(), "new": new.expose() });
    let response = client
        .send(Method::POST, "/me/password", &[], Some(&body), None)
        .await?;
    let mut stored = Credentials::read()?;
    if let (Some(Proof::Session(_)), Some(secret)) = (stored.proof(client.server()), session_of(&response)) {
        stored.keep(client.server(), &Proof::Session(secret))?;
    }
    if client.as_json {
        return Ok(out::json(&json!({ "changed": true }))?);
    }
    Ok(out::line("the password is changed")?)
}

/// The session's secret that an answer brings.
fn session_of(response: &reqwest::Response) -> Option<Secret> {
    let cookies = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|it| it.to_str().ok());
    let mut secrets = cookies.filter_map(|it| it.split(';').next()?.strip_prefix("jt-session="));
    secrets
        .next()
        .filter(|it| !it.is_empty())
        .map(|it| Secret::new(it.to_owned()))
}

/// A line that is asked for.
fn line(prompt: &str) -> Result<String, Failure> {
    let mut err = std::io::stderr();
    if std::io::stdin().is_terminal() {
        write!(err, "{prompt}")?;
        err.flush()?;
    }
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text)?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() {
        Err(Failure::usage(format!("{prompt}nothing was given")))
    } else {
        Ok(text)
    }
}

/// A line that is asked for and not shown while it is typed.
pub(crate) fn secret(prompt: &str) -> Result<Secret, Failure> {
    if !std::io::stdin().is_terminal() {
        return line(prompt).map(Secret::new);
    }
    let echo = |how: &str| std::process::Command::new("stty").arg(how).status();
    echo("-echo")?;
    let text = line(prompt);
    echo("echo")?;
    writeln!(std::io::stderr())?;
    text.map(Secret::new)
}
