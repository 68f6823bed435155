//! A department drafts a catalogue entry; from a table of its source the draft fills itself.

use catalog::{
    Category, Content, Draft, DraftContext, Format, Mount, Opening, Resource, Secrecy, Sharing, draft_from_profile,
};
use db::Tx;
use policy::About;
use serde_json::json;
use vocab::{
    Action, Actor, Classification, Openness, ResourceFormat, RowRule, SharingClass, SharingMode, SourceId, UpdateCycle,
};

use super::{connect_source::own_source, profile_source::profile_source};
use crate::{App, Change, Error, Event};

/// Rows read for a draft; enough to tell codes from numbers, few enough to be quick.
const SAMPLE: u64 = 100_000;

/// Drafts an entry from a table: profiles it, guesses with evidence, keeps the draft.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], the source's errors.
pub async fn draft_resource(
    app: &App,
    actor: &Actor,
    source: SourceId,
    table: &str,
    category: Category,
) -> Result<Resource, Error> {
    let draft = propose_resource(app, actor, source, table, category).await?;
    keep_proposed(app, actor, draft.content.clone(), &draft.content).await
}

/// What a draft from a table would be; nothing is kept.
///
/// # Errors
/// As [`draft_resource`].
pub async fn propose_resource(
    app: &App,
    actor: &Actor,
    source: SourceId,
    table: &str,
    category: Category,
) -> Result<Draft, Error> {
    let profile = profile_source(app, actor, source, table, SAMPLE, |_| {}).await?;
    let source = own_source(app, actor, source).await?;
    let org = catalog::store::org(&app.read().await?, actor.org).await?;
    let context = DraftContext {
        provider: org.id,
        provider_name: org.name.clone(),
        provider_code: org.code.clone(),
        category,
        mount: Mount {
            source: source.id,
            table: table.to_owned(),
        },
        kind: source.spec.kind,
    };
    Ok(draft_from_profile(&profile, context))
}

/// An entry stands on a source of its own provider: nobody puts another department's rows on the shelf.
///
/// # Errors
/// [`Error::Faults`] for a source of others, which looks like one that is not there.
pub(crate) async fn own_mount(tx: &Tx, content: &Content) -> Result<(), Error> {
    let Some(mount) = &content.mount else {
        return Ok(());
    };
    match catalog::store::source(tx, mount.source).await {
        Ok(it) if it.org == content.provider => Ok(()),
        Ok(_) | Err(catalog::Error::NotFound { .. }) => Err(Error::fault(
            "mount.source",
            "mount-foreign",
            "the provider has no such source",
        )),
        Err(other) => Err(other.into()),
    }
}

/// An empty entry of the actor's department, to be written by hand.
///
/// # Errors
/// When the database fails.
pub async fn blank_entry(app: &App, actor: &Actor, category: Category) -> Result<Content, Error> {
    let org = catalog::store::org(&app.read().await?, actor.org).await?;
    Ok(Content {
        category,
        name: String::new(),
        name_en: String::new(),
        national_code: None,
        local_code: None,
        provider: org.id,
        provider_name: org.name,
        provider_code: org.code,
        summary: String::new(),
        summary_en: String::new(),
        format: Format {
            group: ResourceFormat::Database,
            name: String::new(),
        },
        items: Vec::new(),
        sharing: Sharing::unconditional(),
        modes: vec![SharingMode::Interface],
        opening: Opening {
            openness: Openness::Closed,
            condition: String::new(),
        },
        update_cycle: UpdateCycle::Irregular,
        related: Vec::new(),
        keywords: Vec::new(),
        theme: None,
        mount: None,
        classification: Classification::General,
        secrecy: Secrecy::Undeclared,
        row_scope: RowRule::All,
        no_key_reason: String::new(),
        change_note: String::new(),
        left_out: Vec::new(),
    })
}

/// Keeps a draft that somebody wrote. What is not theirs to write stays out of it: the provider's name and code are the
/// organisation's, there is no national code yet, no evidence, and nobody has declared anything.
///
/// # Errors
/// [`Error::Denied`]; [`Error::Faults`] for a source of another department.
pub async fn keep_draft(app: &App, actor: &Actor, content: Content) -> Result<Resource, Error> {
    keep(app, actor, content, None).await
}

/// Keeps a draft that somebody wrote over a proposal, with the proposal's evidence.
///
/// # Errors
/// As [`keep_draft`].
pub async fn keep_proposed(app: &App, actor: &Actor, content: Content, proposed: &Content) -> Result<Resource, Error> {
    keep(app, actor, content, Some(proposed)).await
}

async fn keep(app: &App, actor: &Actor, mut content: Content, proposed: Option<&Content>) -> Result<Resource, Error> {
    let about = About::Resource {
        id: None,
        owner: content.provider,
        class: SharingClass::Conditional,
        state: "draft".to_owned(),
        submitted_by: None,
    };
    let permit = policy::decide(&app.rules, actor, Action::EditResource, &about)?;
    content.keep_evidence(proposed);
    content.secrecy = Secrecy::Undeclared;
    content.national_code = None;
    let change = Change::begin(app, permit).await?;
    own_mount(change.db(), &content).await?;
    let org = catalog::store::org(change.db(), content.provider).await?;
    (content.provider_name, content.provider_code) = (org.name, org.code);
    let resource = Resource::draft(content, actor.id, change.now());
    catalog::store::insert_resource(change.db(), &resource).await?;
    let body = json!({ "name": resource.content.name, "items": resource.content.items.len() });
    change
        .commit(&Event::new(
            Action::EditResource,
            "resource-drafted",
            resource.id,
            &body,
        ))
        .await?;
    Ok(resource)
}
