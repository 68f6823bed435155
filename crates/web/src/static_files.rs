//! Styles, scripts and pictures of the pages: inside the binary, named by their content, compressed when they were built.
//!
//! The files come from `assets/build.mjs` and are committed under `dist/`, so that cargo needs no node.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// Where the files are mounted.
pub const PREFIX: &str = "/assets/";

/// One embedded file.
struct File {
    /// The name in the source: `main.css`.
    name: &'static str,
    /// The name on the wire: `main-0667346b2fed.css`.
    hashed: &'static str,
    /// Media type.
    kind: &'static str,
    /// The bytes.
    raw: &'static [u8],
    /// The bytes, gzip.
    gzip: &'static [u8],
}

const FILES: &[File] = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/dist/files.rs"));

/// The files under one router.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(file))
}

/// The path of a file by its source name: `main.css` → `/assets/main-0667346b2fed.css`. An unknown name gives the bare
/// prefix, which answers 404.
#[must_use]
pub fn url(name: &str) -> String {
    let hashed = FILES.iter().find(|it| it.name == name).map_or("", |it| it.hashed);
    format!("{PREFIX}{hashed}")
}

/// `GET /assets/{name}`: the file, for ever cacheable because its name changes with its content.
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|it| it.hashed == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let gzip = takes_gzip(&headers);
    let body = if gzip { file.gzip } else { file.raw };
    let mut response = body.into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if gzip {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Does the client take gzip (and not at weight zero)?
fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .any(|it| {
            let mut parts = it.split(';').map(str::trim);
            let named = matches!(parts.next(), Some("gzip" | "*"));
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .and_then(|it| it.parse::<f32>().ok());
            named && weight.is_none_or(|it| it > 0.0)
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[tokio::test]
    async fn answers_raw_gzip_and_nothing() {
        let name = url("main.css").trim_start_matches(PREFIX).to_owned();
        let mut headers = HeaderMap::new();
        let raw = file(Path(name.clone()), headers.clone()).await;
        assert_eq!(raw.status(), StatusCode::OK);
        assert!(!raw.headers().contains_key(header::CONTENT_ENCODING));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br, gzip;q=0.5"));
        let packed = file(Path(name.clone()), headers.clone()).await;
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(
            packed.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip;q=0"));
        assert!(!takes_gzip(&headers));
        assert_eq!(
            file(Path("none.css".to_owned()), headers).await.status(),
            StatusCode::NOT_FOUND
        );
    }

    #[test]
    fn stays_small() {
        let gz = |name: &str| FILES.iter().find(|it| it.name == name).unwrap().gzip.len();
        assert!(gz("main.css") < 20_000, "{}", gz("main.css"));
        assert!(gz("main.js") < 30_000, "{}", gz("main.js"));
    }
}
