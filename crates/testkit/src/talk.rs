//! Conversations over HTTP.

use std::{collections::BTreeMap, fmt::Write as _, sync::Once};

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::{Failure, TestApp};

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its body.
    pub bytes: Vec<u8>,
    /// Its body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn json(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.text).map_err(|error| format!("{error} in: {} {}", self.status, self.text).into())
    }

    /// A text in the body by JSON pointer.
    ///
    /// # Errors
    /// When there is none.
    pub fn at(&self, pointer: &str) -> Result<String, Failure> {
        let json = self.json()?;
        let found = json
            .pointer(pointer)
            .ok_or_else(|| format!("no {pointer} in {}", self.text))?;
        Ok(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
    }

    /// A header's text, empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default()
    }

    /// The same answer when its status is a success.
    ///
    /// # Errors
    /// With the whole answer otherwise.
    pub fn ok(self) -> Result<Self, Failure> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(format!("{} {}", self.status, self.text).into())
        }
    }
}

/// An HTTP client that follows nobody and keeps no cookies.
///
/// # Errors
/// When it cannot be made.
pub fn client() -> Result<reqwest::Client, Failure> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

impl TestApp {
    /// `talk("civil.officer", "GET /api/v1/me", "")`: one request of somebody (nobody for ``), JSON in, text out.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn talk(&self, who: &str, line: &str, body: &str) -> Result<Answer, Failure> {
        self.talk_with(who, line, body, &[]).await
    }

    /// The same with headers.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn talk_with(
        &self,
        who: &str,
        line: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let (method, path) = line.split_once(' ').ok_or("`METHOD /path`")?;
        let mut request = client()?.request(Method::from_bytes(method.as_bytes())?, format!("{}{path}", self.base));
        if let Some(member) = self.people.get(who) {
            request = request.bearer_auth(&member.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await?.to_vec();
        Ok(Answer {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        })
    }

    /// A conversation that is written down.
    #[must_use]
    pub fn conversation(&self) -> Conversation<'_> {
        Conversation {
            app: self,
            names: BTreeMap::new(),
            text: String::new(),
        }
    }
}

/// What was said, written down with every identifier under a short name, so that two runs read the same.
pub struct Conversation<'a> {
    app: &'a TestApp,
    names: BTreeMap<String, String>,
    text: String,
}

impl Conversation<'_> {
    /// Calls an identifier or another text by a name.
    pub fn call(&mut self, text: impl std::fmt::Display, name: &str) {
        self.names.insert(text.to_string(), format!("‹{name}›"));
    }

    /// Somebody says something; it and the answer are written down.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn say(&mut self, who: &str, line: &str, body: &str) -> Result<Answer, Failure> {
        self.say_with(who, line, body, &[]).await
    }

    /// The same with headers.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn say_with(
        &mut self,
        who: &str,
        line: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let answer = self.app.talk_with(who, line, body, headers).await?;
        let speaker = if who.is_empty() { "nobody" } else { who };
        let said = if body.is_empty() {
            String::new()
        } else {
            format!(" {body}")
        };
        let text = answer.text.trim_end();
        writeln!(
            self.text,
            "{speaker}: {line}{said}\n  {} {text}",
            answer.status.as_u16()
        )?;
        Ok(answer)
    }

    /// What was said.
    #[must_use]
    pub fn text(&self) -> String {
        self.names
            .iter()
            .fold(self.text.clone(), |text, (long, short)| text.replace(long, short))
    }
}
