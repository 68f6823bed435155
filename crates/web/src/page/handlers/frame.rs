//! What every handler needs: who reads, in which language, the frame of the page, the answer after a deed, and refusals
//! as pages.
//!
//! A handler returns [`Page`]: `?` turns any refusal into a [`Problem`], and [`dress`] shows that as a page in the
//! reader's language. After a deed it returns [`done`]: a redirect with a word that the next page shows once.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use platform::{App, flow, staff::Known, vocab::Actor};

use crate::{
    locale::{self, Lang},
    page::{Errors, Fields, Flash, Tone, Ui, answer_with, failure::FailurePage, ui, wants_part, why},
    problem::Problem,
    who::{Member, Visitor, cookie},
};

/// What a handler gives: a page, a redirect, or a refusal that becomes a page.
pub(crate) type Page = Result<Response, Problem>;

/// The cookie of the word that the next page shows: `good.saved`.
const FLASH: &str = "jt-flash";

/// What a request says about its page.
#[derive(Debug, Clone)]
struct Asked {
    lang: Lang,
    /// Path and query, without `lang`.
    path: String,
    flash: Option<(Tone, String)>,
    part: bool,
}

impl Asked {
    fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        Self {
            lang: Lang::of_request(uri.query(), headers),
            path: without(uri, &["lang"]),
            flash: cookie(headers, FLASH).and_then(flash_of),
            part: wants_part(headers),
        }
    }
}

/// Path and query of an address without some of its parameters.
pub(crate) fn without(uri: &Uri, names: &[&str]) -> String {
    let kept: Vec<&str> = uri
        .query()
        .into_iter()
        .flat_map(|it| it.split('&'))
        .filter(|it| !it.is_empty() && !names.contains(&it.split('=').next().unwrap_or_default()))
        .collect();
    if kept.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{}", uri.path(), kept.join("&"))
    }
}

/// Somebody who reads a page, signed in or not.
pub(crate) struct Guest {
    /// The node.
    pub app: Arc<App>,
    /// Who they are, when they are signed in.
    pub known: Option<Known>,
    /// Only the part that changes is wanted.
    pub part: bool,
    asked: Asked,
}

/// Somebody who is signed in; everybody else is sent to the sign-in page.
pub(crate) struct Reader {
    /// The node.
    pub app: Arc<App>,
    /// Who they are.
    pub known: Known,
    /// Only the part that changes is wanted.
    pub part: bool,
    asked: Asked,
}

impl Guest {
    /// The frame of a page in a part of the navigation.
    pub(crate) async fn ui(&self, section: &'static str) -> Ui {
        frame(&self.app, &self.asked, self.known.as_ref(), section).await
    }

    /// Who acts, when they are signed in.
    pub(crate) fn actor(&self) -> Option<&Actor> {
        self.known.as_ref().map(|it| &it.actor)
    }
}

impl Reader {
    /// The frame of a page in a part of the navigation.
    pub(crate) async fn ui(&self, section: &'static str) -> Ui {
        frame(&self.app, &self.asked, Some(&self.known), section).await
    }

    /// Who acts.
    pub(crate) const fn actor(&self) -> &Actor {
        &self.known.actor
    }
}

impl FromRequestParts<Arc<App>> for Guest {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let Visitor(known) = Visitor::from_request_parts(parts, app).await?;
        let asked = Asked::of(&parts.uri, &parts.headers);
        Ok(Self {
            app: app.clone(),
            known,
            part: asked.part,
            asked,
        })
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Member(known) = Member::from_request_parts(parts, app).await?;
        let asked = Asked::of(&parts.uri, &parts.headers);
        Ok(Self {
            app: app.clone(),
            known,
            part: asked.part,
            asked,
        })
    }
}

async fn frame(app: &App, asked: &Asked, known: Option<&Known>, section: &'static str) -> Ui {
    let flash = asked.flash.iter().map(|(tone, word)| Flash {
        tone: *tone,
        text: locale::t(asked.lang, &format!("done-{word}"), &[]),
    });
    Ui {
        lang: asked.lang,
        path: asked.path.clone(),
        who: match known {
            Some(known) => Some(who(app, asked.lang, &known.actor).await),
            None => None,
        },
        section,
        flash: flash.collect(),
        now: app.now(),
        node: app.config().node.clone(),
    }
}

/// A frame that cannot be filled is still a frame: the reason is logged.
async fn who(app: &App, lang: Lang, actor: &Actor) -> ui::Who {
    let greeting = flow::greet_reader(app, actor).await.inspect_err(|error| {
        tracing::error!(
            error = error as &dyn std::error::Error,
            "the frame of a page lacks its figures"
        );
    });
    let it = greeting.unwrap_or_default();
    let own = |it: &flow::Named| lang.name(&it.zh, &it.en).to_owned();
    ui::Who {
        name: own(&it.name),
        org: own(&it.org),
        several: it.several,
        may: it.may,
        tasks: it.tasks,
        notices: it.notices,
    }
}

/// The query of an address, as fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asks(pub Fields);

impl<S: Sync> FromRequestParts<S> for Asks {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(Fields(
            form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        )))
    }
}

/// A posted form. The names and values that a browser sends, at most 2 MiB.
impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|it| match it.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
                status => Problem::new(status, "unreadable", "the form cannot be read"),
            })?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

/// An identifier of an address; one that cannot be read belongs to nothing.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found("this"))
}

/// To another page (303: a GET follows whatever came before).
pub(crate) fn go(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // An address that is no header value was made of something strange: home is always there.
    let to = HeaderValue::from_str(&percent(to)).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// To another page that says what was done: the key is `done-{word}` in the locale.
pub(crate) fn done(to: &str, word: &str) -> Response {
    told(to, Tone::Good, word)
}

/// As [`done`], in another tone.
pub(crate) fn told(to: &str, tone: Tone, word: &str) -> Response {
    let mut response = go(to);
    let value = format!(
        "{FLASH}={}.{word}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
        tone.class()
    );
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn flash_of(text: &str) -> Option<(Tone, String)> {
    let (tone, word) = text.split_once('.')?;
    let tone = [Tone::Good, Tone::Info, Tone::Warn, Tone::Bad]
        .into_iter()
        .find(|it| it.class() == tone)?;
    locale::find(Lang::Zh, &format!("done-{word}"), &[])?;
    Some((tone, word.to_owned()))
}

/// An address with everything outside ASCII (and blanks) escaped; escapes that are there stay.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte))
        } else {
            out.push_str(&format!("%{byte:02X}"))
        }
    }
    out
}

/// A query value, escaped.
pub(crate) fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Everything a refusal says, in the reader's words, by field. `name` turns the field's path into its name in the form.
pub(crate) fn errors(ui: &Ui, problem: &Problem, name: impl Fn(&str) -> String) -> Errors {
    let mut errors = Errors::default();
    for fault in &problem.faults {
        errors.add(name(&fault.field), why::fault(ui, fault));
    }
    if problem.faults.is_empty() {
        errors.add(name(""), why::problem(ui, problem));
    }
    errors
}

/// Can the sender of a form put this right in the form?
pub(crate) const fn correctable(problem: &Problem) -> bool {
    matches!(problem.status, 409 | 422 | 502)
}

/// Refusals of pages as pages, the language kept when it was chosen, and the word of the last deed shown once.
pub(crate) async fn dress(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let outside = ["/api/", "/assets/", "/healthz", "/metrics", "/openapi.json"]
        .iter()
        .any(|it| path.starts_with(it));
    if outside {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut looked = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let html = is_html(response.headers());
    if let Some(problem) = refusal(&response) {
        response = failure(&app, &mut looked, problem).await;
    } else if html && !wants_part(&looked.headers) && cookie(&looked.headers, FLASH).is_some() {
        let gone = format!("{FLASH}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        append(&mut response, &gone);
    }
    let chosen = looked
        .uri
        .query()
        .into_iter()
        .flat_map(|it| it.split('&'))
        .find_map(|it| it.strip_prefix("lang="));
    if let Some(lang) = chosen.and_then(Lang::named) {
        append(&mut response, &lang.cookie());
    }
    response
}

fn append(response: &mut Response, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it.as_bytes().starts_with(b"text/html"))
}

/// What a refusing answer says: ours, or the framework's own (no such address, no such method, unreadable).
fn refusal(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    if is_html(response.headers()) || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Problem::not_found("this page"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::method(),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
        it if it.is_server_error() => Problem::new(it, "internal", "the platform failed, not you"),
        it => Problem::new(it, "unreadable", "what was sent cannot be read"),
    })
}

async fn failure(app: &Arc<App>, parts: &mut Parts, problem: Problem) -> Response {
    let Ok(guest) = Guest::from_request_parts(parts, app).await;
    let ui = guest.ui("").await;
    let page = FailurePage {
        told: why::problem(&ui, &problem),
        status: problem.status,
        code: problem.code.to_owned(),
        rule: problem.rule.clone(),
        ui,
    };
    answer_with(problem.status(), &page)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_switch_of_language_keeps_the_rest() {
        let uri: Uri = "/search?q=a%20b&lang=en&page=2".parse().unwrap();
        assert_eq!(without(&uri, &["lang"]), "/search?q=a%20b&page=2");
        assert_eq!(without(&"/search?lang=en".parse().unwrap(), &["lang"]), "/search");
    }

    #[test]
    fn only_known_words_are_flashed() {
        assert_eq!(flash_of("good.saved"), Some((Tone::Good, "saved".to_owned())));
        assert_eq!(flash_of("good.<b>"), None);
        assert_eq!(flash_of("saved"), None);
    }

    #[test]
    fn a_redirect_is_a_header() {
        let response = done("/sources/src_1/profile?table=人口", "saved");
        assert_eq!(
            response.headers()[header::LOCATION],
            "/sources/src_1/profile?table=%E4%BA%BA%E5%8F%A3"
        );
        assert!(
            response.headers()[header::SET_COOKIE]
                .to_str()
                .unwrap()
                .starts_with("jt-flash=good.saved;")
        );
    }
}
