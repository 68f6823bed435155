//! What every answer carries and every request must pass: security headers, and no writes from other sites.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use platform::App;

use crate::problem::Problem;

const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Adds the security headers, and `no-store` to whatever does not say otherwise.
pub(crate) fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Marks every cookie of an answer `Secure` where people come over https: the node says so, or the proxy before it does.
/// Whoever lies about it can only keep the own cookies from plain HTTP.
pub(crate) async fn secure_cookies(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let secure = app.config().https || over_https(request.headers());
    let mut response = next.run(request).await;
    if secure {
        mark_secure(response.headers_mut());
    }
    response
}

fn over_https(headers: &HeaderMap) -> bool {
    let told = headers.get("x-forwarded-proto").and_then(|it| it.to_str().ok());
    told.and_then(|it| it.split(',').next())
        .is_some_and(|it| it.trim().eq_ignore_ascii_case("https"))
}

fn mark_secure(headers: &mut HeaderMap) {
    let marked: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|it| HeaderValue::from_bytes(&[it.as_bytes(), b"; Secure"].concat()).ok())
        .collect();
    headers.remove(header::SET_COOKIE);
    for it in marked {
        headers.append(header::SET_COOKIE, it);
    }
}

/// Refuses a write that a browser says (or does not deny) comes from another site, unless it carries a bearer token,
/// which a foreign page cannot add (OWASP ASVS 5.0 §3.5: origin checks instead of token fields).
pub(crate) async fn same_site(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || request.headers().contains_key(header::AUTHORIZATION) || from_here(request.headers()) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::FORBIDDEN,
        "other-site",
        "this request came from another site and was not carried out",
    )
    .into_response()
}

/// `Sec-Fetch-Site` where the browser sends it, else `Origin` against `Host`; neither means no browser.
fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|it| it.to_str().ok());
    if let Some(site) = text(&HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(&header::ORIGIN), text(&header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, it)| it == host),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn here(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        from_here(&headers)
    }

    #[test]
    fn cookies_are_secure_where_the_proxy_says_https() {
        let told = |value: &str| {
            over_https(&HeaderMap::from_iter([(
                HeaderName::from_static("x-forwarded-proto"),
                value.parse().unwrap(),
            )]))
        };
        assert!(told("https") && told("HTTPS, http"));
        assert!(!told("http") && !told("http, https") && !over_https(&HeaderMap::new()));
        let mut headers = HeaderMap::new();
        for it in ["a=1; HttpOnly", "b=2"] {
            headers.append(header::SET_COOKIE, it.parse().unwrap());
        }
        mark_secure(&mut headers);
        let all: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(all, ["a=1; HttpOnly; Secure", "b=2; Secure"]);
    }

    #[test]
    fn writes_are_taken_from_our_own_pages_and_from_programs_only() {
        assert!(here(&[("host", "a:8080")]), "no browser");
        assert!(here(&[("host", "a:8080"), ("origin", "http://a:8080")]));
        assert!(here(&[("host", "a:8080"), ("sec-fetch-site", "same-origin")]));
        assert!(!here(&[("host", "a:8080"), ("origin", "http://evil:8080")]));
        assert!(!here(&[("host", "a:8080"), ("origin", "null")]));
        assert!(!here(&[("host", "a:8080"), ("sec-fetch-site", "cross-site")]));
        assert!(!here(&[
            ("host", "a:8080"),
            ("sec-fetch-site", "same-site"),
            ("origin", "http://a:8080")
        ]));
    }
}
