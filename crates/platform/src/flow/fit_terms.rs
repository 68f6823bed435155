//! Do wishes fit the catalogue? What is asked, granted or changed is laid beside the published entry.

use std::collections::BTreeSet;

use catalog::{Content, Version};
use db::Tx;
use policy::RowItems;
use sharing::{Application, Grant, Refused, request::Party};
use vocab::{
    GovernedTable, GrantedItem, Mask, RowRule, SharingClass, SharingMode, SourceSpec, Timestamp, profile::Meaning,
};

use super::open_data::{granted, hidden, source_spec, unique_name};
use crate::{App, Error, error::Fault};

/// What a provider grants. What is left out is as it was asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GrantWish {
    /// The items. A mask that is named is the provider's explicit decision; one that is not is the asked mask or the
    /// catalogue's default, whichever is stricter.
    pub items: Option<Vec<(String, Option<Mask>)>>,
    /// Rows, in addition to the rule that was asked for.
    pub rows: RowRule,
    /// How.
    pub modes: Option<Vec<SharingMode>>,
    /// Releases a day.
    pub quota_per_day: Option<u64>,
    /// Use from this instant.
    pub from: Option<Timestamp>,
    /// Use until this instant.
    pub until: Option<Timestamp>,
}

/// The published entry of a resource.
pub(crate) async fn entry(tx: &Tx, id: vocab::ResourceId) -> Result<Version, Error> {
    super::show_resource::found(catalog::store::published(tx, id).await)
}

/// An application laid beside the entry: its class is the strictest of the resource and the items, the rows lie within
/// the entry's row scope, and what nobody will look at gets no weaker masks than the catalogue's.
///
/// # Errors
/// [`Error::Faults`] with everything that does not fit.
pub(crate) fn fit_application(content: &Content, mut asked: Application) -> Result<(Application, SharingClass), Error> {
    let mut faults = Vec::new();
    not_withheld(content, &mut faults);
    fit_items(content, asked.items.iter().map(|it| it.item.as_str()), &mut faults);
    fit_modes(content, &asked.modes, &mut faults);
    fit_rows(content, &asked.rows, false, &mut faults);
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    let items = asked.items.iter().filter_map(|it| content.item(&it.item));
    let class = items.map(|it| it.sharing.class).fold(content.sharing.class, Ord::max);
    asked.rows = RowRule::and([content.row_scope.clone(), asked.rows]);
    if class == SharingClass::Unconditional {
        for wish in &mut asked.items {
            wish.mask = stricter(content, wish);
        }
    }
    Ok((asked, class))
}

/// The grant that a provider wishes, and the items whose masks the provider made weaker than the catalogue's.
///
/// # Errors
/// [`Error::Faults`] with everything that does not fit the entry. Whether it is within what was asked is the machine's
/// question.
pub(crate) fn fit_grant(
    content: &Content,
    asked: &Application,
    wish: GrantWish,
) -> Result<(Grant, Vec<String>), Error> {
    let mut faults = Vec::new();
    let items = match wish.items {
        None => asked
            .items
            .iter()
            .map(|it| GrantedItem {
                item: it.item.clone(),
                mask: stricter(content, it),
            })
            .collect(),
        Some(items) => chosen(content, asked, items),
    };
    let grant = Grant {
        items,
        rows: wish.rows,
        modes: wish.modes.unwrap_or_else(|| asked.modes.clone()),
        quota_per_day: wish.quota_per_day.or(asked.quota_per_day),
        from: wish.from.unwrap_or(asked.from),
        until: wish.until.unwrap_or(asked.until),
    };
    not_withheld(content, &mut faults);
    fit_items(content, grant.items.iter().map(|it| it.item.as_str()), &mut faults);
    fit_modes(content, &grant.modes, &mut faults);
    fit_rows(content, &grant.rows, true, &mut faults);
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    let loosened = loosened(content, &grant.items);
    Ok((grant, loosened))
}

fn chosen(content: &Content, asked: &Application, items: Vec<(String, Option<Mask>)>) -> Vec<GrantedItem> {
    let with_mask = |(item, mask): (String, Option<Mask>)| {
        let wished = asked.items.iter().find(|it| it.item == item);
        let mask = mask.unwrap_or_else(|| match wished {
            Some(wished) => stricter(content, wished),
            None => content.item(&item).map_or(Mask::Null, |it| it.mask.clone()),
        });
        GrantedItem { item, mask }
    };
    items.into_iter().map(with_mask).collect()
}

/// The items that leave under a weaker mask than the catalogue's.
pub(crate) fn loosened(content: &Content, items: &[GrantedItem]) -> Vec<String> {
    let weaker = items.iter().filter(|it| {
        content
            .item(&it.item)
            .is_some_and(|item| !it.mask.hides_at_least(&item.mask))
    });
    weaker.map(|it| it.item.clone()).collect()
}

/// What hides at least as much as the wished mask and as the catalogue's: the stricter of the two where one is.
#[must_use]
pub fn stricter(content: &Content, wish: &GrantedItem) -> Mask {
    match content.item(&wish.item) {
        Some(item) => wish.mask.both(&item.mask),
        None => wish.mask.clone(),
    }
}

pub(crate) fn not_withheld(content: &Content, faults: &mut Vec<Fault>) {
    if content.sharing.class == SharingClass::Withheld {
        faults.push(
            Fault::new(
                "resource",
                "withheld",
                format!("not shared by law: {}", content.sharing.legal_basis),
            )
            .about(content.name.clone()),
        );
    }
}

fn fit_items<'a>(content: &Content, names: impl Iterator<Item = &'a str>, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for (at, name) in names.enumerate() {
        let field = format!("items[{at}].item");
        match content.item(name) {
            None => {
                faults.push(Fault::new(field, "unknown-item", format!("the resource has no item `{name}`")).about(name))
            }
            Some(it) if it.sharing.class == SharingClass::Withheld => {
                let detail = format!("`{name}` is not shared by law: {}", it.sharing.legal_basis);
                faults.push(Fault::new(field, "withheld", detail).about(name));
            }
            Some(_) if !seen.insert(name) => {
                faults.push(Fault::new(field, "twice", format!("`{name}` is named twice")).about(name))
            }
            Some(_) => {}
        }
    }
}

fn fit_modes(content: &Content, modes: &[SharingMode], faults: &mut Vec<Fault>) {
    for (at, mode) in modes.iter().enumerate().filter(|(_, it)| !content.modes.contains(it)) {
        faults.push(Fault::new(
            format!("modes[{at}]"),
            "unknown-mode",
            format!("the resource is not shared as {mode}"),
        ));
    }
}

/// A rule may look at any item that is shared; the provider's also at others.
fn fit_rows(content: &Content, rule: &RowRule, of_provider: bool, faults: &mut Vec<Fault>) {
    for name in rule.items() {
        match content.item(name) {
            None => faults
                .push(Fault::new("rows", "unknown-item", format!("the resource has no item `{name}`")).about(name)),
            Some(it) if !of_provider && it.sharing.class == SharingClass::Withheld => {
                faults.push(
                    Fault::new(
                        "rows",
                        "withheld",
                        format!("`{name}` is not shared, so rows cannot be chosen by it"),
                    )
                    .about(name),
                );
            }
            Some(_) => {}
        }
    }
}

/// A governed table that no agreement opens yet: to try terms, and for the provider's own eyes.
pub(crate) fn trial_table(
    app: &App,
    version: &Version,
    source: SourceSpec,
    items: &[GrantedItem],
    rows: &RowRule,
) -> Result<GovernedTable, Error> {
    let content = &version.content;
    let mount = content.mount.as_ref().ok_or(Error::NotFound("mount"))?;
    let agreement = vocab::AgreementId::new();
    let granted = granted(content, items.iter().map(|it| (it.item.as_str(), &it.mask)))?;
    Ok(GovernedTable {
        agreement,
        resource: version.resource,
        name: unique_name(content, &[]),
        source,
        table: mount.table.clone(),
        hidden: hidden(content, rows, &granted)?,
        items: granted,
        rows: rows.clone(),
        pseudonym_key: app.vault.derive("pseudonym", &agreement.to_string()).to_vec(),
    })
}

/// Can the engine carry these terms out? A rule or mask that does not fit its column is told now, not to the consumer
/// later. A source that does not answer is no fault of the terms.
///
/// # Errors
/// [`Error::Faults`].
pub(crate) async fn try_terms(
    app: &App,
    version: &Version,
    items: &[GrantedItem],
    rows: &RowRule,
) -> Result<(), Error> {
    if version.content.mount.is_none() {
        return Ok(());
    }
    let source = source_spec(app, &app.read().await?, &version.content).await?;
    let table = trial_table(app, version, source, items, rows)?;
    match app.engine.open_for_owner(vec![table]).await {
        Err(engine::Error::Question(why)) => Err(unfit_terms(why)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What the engine says about a rule or mask is a fault of the form.
pub(crate) fn unfit_terms(why: String) -> Error {
    Error::Faults(vec![Fault::new("rows", "unfit-terms", why.clone()).about(why)])
}

/// Which items the standing row rules speak of, by their meaning. The catalogue lets no grade be published that is no
/// integer, and no sealed mark that is not true or false.
pub(crate) fn row_items(content: &Content) -> RowItems {
    let named = |meaning| {
        let found = content.items.iter().find(|it| it.meaning == Some(meaning));
        found.map(|it| it.name.clone())
    };
    RowItems {
        region: named(Meaning::DivisionCode),
        level: named(Meaning::Grade),
        sealed: named(Meaning::Sealed),
    }
}

/// The actor's side.
pub(crate) const fn party(actor: &vocab::Actor) -> Party {
    Party {
        org: actor.org,
        actor: actor.id,
    }
}

/// A machine's refusal; what can be mended by typing is told by field.
pub(crate) fn refused(why: Refused) -> Error {
    let one = |field: &str, code| Error::fault(field, code, why.to_string());
    match &why {
        Refused::Incomplete(lacks) => {
            let fault =
                |it: &sharing::Lack| Fault::new(field_of(*it), "missing", format!("{} is missing or wrong", it.en()));
            Error::Faults(lacks.iter().map(fault).collect())
        }
        Refused::Wider(parts) => {
            let fault = |it: &String| {
                let name = it.rsplit_once(' ').map_or("", |it| it.1);
                Fault::new(wide_field(it), "wider", format!("wider than asked: {it}")).about(name)
            };
            Error::Faults(parts.iter().map(fault).collect())
        }
        Refused::NothingNamed => one("missing", "missing"),
        Refused::NoReasons => one("reason", "missing"),
        Refused::NoLaw => one("law", "law-missing"),
        Refused::TooLong { most, .. } => Error::Faults(vec![
            Fault::new("days", "too-many-days", why.to_string()).about(most.to_string()),
        ]),
        Refused::NoProof => one("statement", "missing"),
        _ => Error::Sharing(why.into()),
    }
}

const fn field_of(lack: sharing::Lack) -> &'static str {
    use sharing::Lack as L;
    match lack {
        L::Basis => "basis",
        L::Scenario => "scenario",
        L::Items => "items",
        L::Modes => "modes",
        L::Period => "until",
        L::Quota => "quota",
        L::Warrant => "warrant",
    }
}

fn wide_field(part: &str) -> &'static str {
    match part.split(' ').next() {
        Some("item" | "mask") => "items",
        Some("mode") => "modes",
        Some("period") => "until",
        _ => "quota",
    }
}

/// A thing of the sharing room, or nothing there.
pub(crate) fn there<T>(it: Result<T, sharing::Error>, what: &'static str) -> Result<T, Error> {
    match it {
        Err(sharing::Error::NotFound(_)) => Err(Error::NotFound(what)),
        other => Ok(other?),
    }
}
