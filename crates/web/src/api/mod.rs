//! REST under `/api/v1`, one file an area.

mod agreements;
mod catalog;
mod clocks;
mod corrections;
pub(crate) mod data;
mod deliveries;
mod describe;
mod disputes;
pub(crate) mod ledger;
mod limits;
mod notices;
mod operations;
mod orgs;
mod people;
mod policy;
mod requests;
mod resources;
pub(crate) mod session;
mod sources;
mod tasks;
mod tokens;
mod wire;

use std::sync::Arc;

use axum::Router;
use platform::App;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(info(
    title = "Jutong",
    description = "Governed exchange of government data: catalogue, request, agreement, data, proof.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Description;

fn areas() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .merge(session::router())
        .merge(people::router())
        .merge(tokens::router())
        .merge(orgs::router())
        .merge(sources::router())
        .merge(resources::router())
        .merge(catalog::router())
        .merge(requests::router())
        .merge(agreements::router())
        .merge(tasks::router())
        .merge(notices::router())
        .merge(corrections::router())
        .merge(disputes::router())
        .merge(policy::router())
        .merge(clocks::router())
        .merge(limits::router())
        .merge(data::router())
        .merge(deliveries::router())
        .merge(ledger::router())
        .merge(operations::router())
}

/// The routes and their description.
pub(crate) fn router() -> (Router<Arc<App>>, utoipa::openapi::OpenApi) {
    let (router, mut description) = OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", areas())
        .split_for_parts();
    describe::complete(&mut description);
    (router, description)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{collections::BTreeSet, fs, path::Path};

    /// The types below a folder of sources that stand in the description under their names.
    fn described(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                names.extend(described(&path));
                continue;
            }
            for after in fs::read_to_string(&path).unwrap().split("ToSchema)]").skip(1) {
                let heading = |line: &str| Some(line.split_once("struct ").or(line.split_once("enum "))?.1.to_owned());
                let name = after.lines().find_map(heading).unwrap_or_default();
                let end = name.find(|it: char| !it.is_alphanumeric()).unwrap_or(name.len());
                names.extend(Some(name[..end].to_owned()).filter(|it| !it.is_empty()));
            }
        }
        names
    }

    #[test]
    fn no_two_types_of_the_description_share_a_name() {
        let names = described(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        for known in ["Problem", "TaskView"] {
            assert!(
                names.iter().any(|it| it == known),
                "the sources are not read: no {known} of {names:?}"
            );
        }
        let mut seen = BTreeSet::new();
        let twice: Vec<_> = names.iter().filter(|it| !seen.insert(*it)).collect();
        assert!(twice.is_empty(), "one would be described as the other: {twice:?}");
    }
}
