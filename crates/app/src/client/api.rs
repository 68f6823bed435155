//! The connection: addresses, credentials, and the server's refusals as failures with their exit codes.

use reqwest::{Method, Response, StatusCode, header};
use serde_json::Value;

use super::credentials::{Credentials, Proof};
use crate::{
    config::Secret,
    exit::{Exit, Failure, chain},
};

/// Where the API begins.
const ROOT: &str = "/api/v1";

/// A node and who asks it.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// `http://host:port`, no slash at the end.
    server: String,
    proof: Option<Proof>,
    /// Print the server's JSON?
    pub(crate) as_json: bool,
}

impl Client {
    /// The node and the credentials: of the flags, else of the last sign-in.
    pub(crate) fn new(server: Option<&str>, token: Option<Secret>, as_json: bool) -> Result<Self, Failure> {
        let stored = Credentials::read()?;
        let server = match server {
            Some(it) => plain(it)?,
            None => stored.current.clone().ok_or_else(|| {
                Failure::usage("no node is known: sign in with `jutong login URL`, or say --server URL (JUTONG_SERVER)")
            })?,
        };
        let proof = token.map(Proof::Token).or_else(|| stored.proof(&server));
        Self::with(server, proof, as_json)
    }

    /// A node with given credentials.
    pub(crate) fn with(server: String, proof: Option<Proof>, as_json: bool) -> Result<Self, Failure> {
        // Installed once in a process; a second time it is there already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .user_agent(concat!("jutong/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(std::time::Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::because("the client cannot start", &error))?;
        Ok(Self {
            http,
            server,
            proof,
            as_json,
        })
    }

    /// The node's address.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Tells of a file that was written: as JSON on standard output, else in words on standard error.
    pub(crate) fn wrote(&self, path: &std::path::Path, bytes: u64) -> Result<(), Failure> {
        use std::io::Write as _;
        if self.as_json {
            return Ok(crate::out::json(
                &serde_json::json!({ "file": path.display().to_string(), "bytes": bytes }),
            )?);
        }
        Ok(writeln!(std::io::stderr(), "{bytes} bytes in {}", path.display())?)
    }

    /// `GET`, answered with JSON.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        json(self.send(Method::GET, path, query, None, None).await?).await
    }

    /// `POST` (or another method) with a JSON body, answered with JSON or nothing.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        json(self.send(method, path, &[], body, None).await?).await
    }

    /// `POST` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Sends a request; a refusal is a failure. `path` begins after `/api/v1`, or with `//` at the server's root.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
        accept: Option<&str>,
    ) -> Result<Response, Failure> {
        let url = match path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.server),
            None => format!("{}{ROOT}{path}", self.server),
        };
        let mut request = self
            .http
            .request(method, url)
            .header(header::ACCEPT, accept.unwrap_or("application/json"));
        if !query.is_empty() {
            request = request.query(query);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request = match &self.proof {
            Some(Proof::Token(it)) => request.bearer_auth(it.expose()),
            Some(Proof::Session(it)) => request.header(header::COOKIE, format!("jt-session={}", it.expose())),
            None => request,
        };
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refused(response).await)
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let reason = chain(&error.without_url());
        Failure::new(
            Exit::Unreachable,
            format!("{} cannot be reached: {reason}", self.server),
        )
    }

    /// A refusal (RFC 9457) as a sentence with its faults.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        let Ok(problem) = serde_json::from_str::<Value>(&text) else {
            let first: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
            return Failure::new(exit_of(status, ""), format!("the server answered {status}: {first}"));
        };
        let code = problem
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let mut failure = Failure::new(exit_of(status, &code), sentence(&problem));
        if code == "sign-in" {
            failure.text += &format!("\nsign in with `jutong login {}`", self.server);
        }
        if code == "change-password" {
            failure.text += "\nchange it with `jutong password`";
        }
        failure.json = Some(problem);
        failure
    }
}

/// The sentence of a problem, its rule and its faults.
fn sentence(problem: &Value) -> String {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut out = text(problem, "detail");
    if let Some(rule) = problem.get("rule").and_then(Value::as_str).filter(|it| !it.is_empty()) {
        out += &format!("\n  rule: {rule}");
    }
    for fault in problem.get("faults").and_then(Value::as_array).into_iter().flatten() {
        out += &format!(
            "\n  {}: {} ({})",
            text(fault, "field"),
            text(fault, "detail"),
            text(fault, "code")
        );
    }
    out
}

/// Which exit code a refusal has.
pub(crate) fn exit_of(status: StatusCode, code: &str) -> Exit {
    match status {
        StatusCode::UNAUTHORIZED => Exit::NotSignedIn,
        StatusCode::TOO_MANY_REQUESTS => Exit::Quota,
        StatusCode::FORBIDDEN if code == "change-password" => Exit::NotSignedIn,
        StatusCode::FORBIDDEN => Exit::Denied,
        StatusCode::NOT_FOUND => Exit::NotFound,
        StatusCode::CONFLICT => Exit::Conflict,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_ACCEPTABLE => Exit::Faults,
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT if code.is_empty() => Exit::Unreachable,
        _ => Exit::Failed,
    }
}

/// JSON of an answer; `null` when it has no body.
pub(crate) async fn json(response: Response) -> Result<Value, Failure> {
    let bytes = response.bytes().await.map_err(|error| {
        Failure::new(
            Exit::Unreachable,
            format!("the answer broke off: {}", chain(&error.without_url())),
        )
    })?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|error| Failure::because("the answer is no JSON", &error))
}

/// `http://host:port` without a slash at the end; the scheme may be left out.
pub(crate) fn plain(url: &str) -> Result<String, Failure> {
    let url = url.trim().trim_end_matches('/');
    let full = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    match reqwest::Url::parse(&full) {
        Ok(it) if matches!(it.scheme(), "http" | "https") && it.host().is_some() => Ok(full),
        _ => Err(Failure::usage(format!(
            "`{url}` is no address of a node; write http://host:port"
        ))),
    }
}

/// One part of a path, so that nothing in it is read as more than that.
pub(crate) fn part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'~' => out.push(char::from(byte)),
            b'.' if text.bytes().any(|it| it != b'.') => out.push('.'),
            other => out += &format!("%{other:02X}"),
        }
    }
    out
}
