//! What the types cannot say in the description of the interface: how one is recognised, that refusals are
//! `application/problem+json`, in which formats rows come, and a name of its own for every operation.

use platform::engine::encode::Format;
use utoipa::openapi::{
    Content, Header, ObjectBuilder, OpenApi, RefOr, Response, Type,
    path::{Operation, PathItem},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use crate::who::COOKIE;

/// Operations for everybody.
const OPEN: [(&str, &str); 4] = [
    ("post", "/api/v1/session"),
    ("get", "/api/v1/catalog"),
    ("get", "/api/v1/catalog/{id}"),
    ("get", "/api/v1/ledger/keys"),
];
/// Operations that answer with rows.
const ROWS: [(&str, &str); 2] = [("get", "/api/v1/data/{agreement}"), ("post", "/api/v1/sql")];
const PROBLEM: &str = "application/problem+json";

/// Completes the description.
pub(super) fn complete(api: &mut OpenApi) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of `POST /api/v1/tokens`, for programs."))
        .build();
    let cookie = ApiKeyValue::with_description(COOKIE, "The session of `POST /api/v1/session`, for people.");
    let components = api.components.get_or_insert_default();
    let schemes = &mut components.security_schemes;
    schemes.insert("bearer".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    schemes.insert(
        "session".to_owned(),
        RefOr::T(SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
    );
    let none: [String; 0] = [];
    api.security = Some(vec![
        SecurityRequirement::new("bearer", none.clone()),
        SecurityRequirement::new("session", none),
    ]);
    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            describe(method, path, operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", item.get.as_mut()),
        ("put", item.put.as_mut()),
        ("post", item.post.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, it)| Some((method, it?)))
}

fn describe(method: &str, path: &str, it: &mut Operation) {
    it.operation_id = Some(name(method, path));
    if OPEN.contains(&(method, path)) {
        it.security = Some(Vec::new());
    }
    for (status, response) in &mut it.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with(['4', '5'])
            && let Some(body) = response.content.shift_remove("application/json")
        {
            response.content.insert(PROBLEM.to_owned(), body);
        }
        if status == "200" && ROWS.contains(&(method, path)) {
            rows(response, method == "get");
        }
    }
}

/// `get /api/v1/data/{agreement}` → `get_data_agreement`.
fn name(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api/v1").split(['/', '-', '{', '}']);
    let words = words.filter(|it| !it.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn rows(response: &mut Response, paged: bool) {
    for format in Format::ALL {
        let kind = match format {
            Format::Json => Type::Array,
            _ => Type::String,
        };
        let schema = ObjectBuilder::new().schema_type(kind);
        let media = format.media_type().split(';').next().unwrap_or_default().to_owned();
        response.content.insert(media, RefOr::T(Content::new(Some(schema))));
    }
    if !paged {
        return;
    }
    for (name, kind, text) in [
        (
            "Jutong-Count",
            Type::Integer,
            "Rows that meet the conditions, when `count=true` asks.",
        ),
        (
            "Link",
            Type::String,
            "`<?…>; rel=\"next\"`: the next page, when `limit` cut the answer.",
        ),
    ] {
        let mut header = Header::new(ObjectBuilder::new().schema_type(kind));
        header.description = Some(text.to_owned());
        response.headers.insert(name.to_owned(), RefOr::T(header));
    }
}
