//! What a deed is about, in the rooms' words, and how Cedar is told.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use serde::{Deserialize, Serialize};
use vocab::{
    Actor, ActorId, AgreementId, AgreementState, CorrectionId, DeliveryId, DisputeId, OrgId, Purpose, RequestId,
    ResourceId, SharingClass, SharingMode, SourceId, Terms, Timestamp,
};

use crate::rules::Rules;

pub(crate) const SEE_ROW: &str = "see-row";

/// What a deed is about. Things that do not exist yet have no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The platform itself.
    Platform,
    /// An organisation.
    Org(OrgId),
    /// A person or service account.
    Person {
        /// Who.
        id: ActorId,
        /// Its organisation.
        org: OrgId,
    },
    /// A connected source.
    Source {
        /// Which.
        id: Option<SourceId>,
        /// Whose.
        owner: OrgId,
    },
    /// A resource of the catalogue.
    Resource {
        /// Which.
        id: Option<ResourceId>,
        /// Whose.
        owner: OrgId,
        /// 共享类型.
        class: SharingClass,
        /// The state's code.
        state: String,
        /// Who submitted it for review.
        submitted_by: Option<ActorId>,
    },
    /// A sharing request.
    Request {
        /// Which.
        id: Option<RequestId>,
        /// Who asks.
        consumer: OrgId,
        /// Who is asked.
        provider: OrgId,
        /// 共享类型 of the resource.
        class: SharingClass,
        /// Who submitted it.
        submitted_by: Option<ActorId>,
    },
    /// An agreement, and what is to be done with it.
    Agreement {
        /// What is known of it.
        facts: AgreementFacts,
        /// What is to be done, for [`vocab::Action::ManageAgreement`].
        deed: Option<Deed>,
    },
    /// Use of data under an agreement, for [`vocab::Action::UseData`].
    Use {
        /// What is known of the agreement.
        facts: AgreementFacts,
        /// The use.
        usage: Use,
    },
    /// A correction request.
    Correction {
        /// Which.
        id: Option<CorrectionId>,
        /// Who asks.
        consumer: OrgId,
        /// Who is asked.
        provider: OrgId,
        /// Which person asked.
        submitted_by: Option<ActorId>,
    },
    /// A dispute.
    Dispute {
        /// Which.
        id: Option<DisputeId>,
        /// Which department raised it.
        raiser: OrgId,
        /// Against which.
        other: OrgId,
        /// Which person raised it.
        submitted_by: Option<ActorId>,
    },
    /// A delivery.
    Delivery {
        /// Which.
        id: Option<DeliveryId>,
        /// Whose: the consumer's.
        owner: OrgId,
    },
}

/// What is to be done with an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Change the terms.
    Change,
    /// Suspend.
    Suspend,
    /// Resume.
    Resume,
    /// Revoke.
    Revoke,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Change, Self::Suspend, Self::Resume, Self::Revoke];

    /// The machine code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke => "revoke",
        }
    }
}

/// What the rules may know of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementFacts {
    /// Which.
    pub id: AgreementId,
    /// Who uses.
    pub consumer: OrgId,
    /// Who provides.
    pub provider: OrgId,
    /// Its state.
    pub state: AgreementState,
    /// For what.
    pub purpose: Purpose,
    /// How.
    pub modes: Vec<SharingMode>,
    /// From this instant.
    pub valid_from: Timestamp,
    /// Before this instant.
    pub valid_until: Timestamp,
    /// Releases a day.
    pub quota_per_day: Option<u64>,
}

impl AgreementFacts {
    /// The facts of an agreement with these terms.
    #[must_use]
    pub fn of(terms: &Terms, state: AgreementState) -> Self {
        Self {
            id: terms.agreement,
            consumer: terms.consumer,
            provider: terms.provider,
            state,
            purpose: terms.purpose,
            modes: terms.modes.clone(),
            valid_from: terms.valid_from,
            valid_until: terms.valid_until,
            quota_per_day: terms.quota_per_day,
        }
    }

    fn attrs(&self) -> Result<Attrs, Unaskable> {
        let mut attrs = between(self.consumer, self.provider)?;
        attrs.extend([
            ("state".to_owned(), text(self.state)),
            ("purpose".to_owned(), text(self.purpose)),
            (
                "modes".to_owned(),
                RestrictedExpression::new_set(self.modes.iter().map(text)),
            ),
            ("valid_from".to_owned(), long(self.valid_from.timestamp_micros())),
            ("valid_until".to_owned(), long(self.valid_until.timestamp_micros())),
        ]);
        attrs.extend(self.quota_per_day.map(|quota| ("quota".to_owned(), count(quota))));
        Ok(attrs)
    }
}

/// A use of data that is wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The stated purpose.
    pub purpose: Purpose,
    /// The mode of supply.
    pub mode: SharingMode,
    /// When.
    pub now: Timestamp,
    /// Releases under this agreement so far on this day.
    pub used_today: u64,
    /// 行政区划代码 of the consumer, for standing row rules by region.
    pub division: Option<String>,
}

/// A question that Cedar can be asked.
pub(crate) struct Question {
    pub principal: EntityUid,
    pub resource: EntityUid,
    pub entities: Entities,
    pub context: Context,
}

/// The question cannot be put into Cedar's words.
#[derive(Debug)]
pub(crate) struct Unaskable;

type Attrs = HashMap<String, RestrictedExpression>;

pub(crate) fn uid(kind: &str, id: &str) -> Result<EntityUid, Unaskable> {
    let kind: EntityTypeName = kind.parse().map_err(|_| Unaskable)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn org(id: OrgId) -> Result<RestrictedExpression, Unaskable> {
    Ok(RestrictedExpression::new_entity_uid(uid("Org", &id.to_string())?))
}

fn text(it: impl ToString) -> RestrictedExpression {
    RestrictedExpression::new_string(it.to_string())
}

fn long(it: i64) -> RestrictedExpression {
    RestrictedExpression::new_long(it)
}

fn count(it: u64) -> RestrictedExpression {
    long(i64::try_from(it).unwrap_or(i64::MAX))
}

fn owned(owner: OrgId) -> Result<Attrs, Unaskable> {
    Ok(Attrs::from([("owner".to_owned(), org(owner)?)]))
}

fn between(consumer: OrgId, provider: OrgId) -> Result<Attrs, Unaskable> {
    Ok(Attrs::from([
        ("consumer".to_owned(), org(consumer)?),
        ("provider".to_owned(), org(provider)?),
    ]))
}

/// The actor with its roles, as Cedar sees it.
pub(crate) fn actor_entity(actor: &Actor) -> Result<Entity, Unaskable> {
    let roles = actor
        .roles
        .iter()
        .map(|it| uid("Role", it.code()))
        .collect::<Result<HashSet<_>, _>>()?;
    let attrs = HashMap::from([("org".to_owned(), org(actor.org)?)]);
    Entity::new(uid("Actor", &actor.id.to_string())?, attrs, roles).map_err(|_| Unaskable)
}

/// The context of standing row rules.
pub(crate) fn seeing(terms: &Terms, usage: &Use) -> Result<Context, Unaskable> {
    let mut pairs = vec![
        ("purpose".to_owned(), text(usage.purpose)),
        ("mode".to_owned(), text(usage.mode)),
        ("consumer".to_owned(), org(terms.consumer)?),
        ("provider".to_owned(), org(terms.provider)?),
    ];
    pairs.extend(usage.division.as_ref().map(|it| ("division".to_owned(), text(it))));
    Context::from_pairs(pairs).map_err(|_| Unaskable)
}

impl About {
    /// Kind and id, for people and the ledger: `request req_…`, `resource new`.
    #[must_use]
    pub fn subject(&self) -> String {
        let (kind, id) = self.kind_and_id();
        if matches!(self, Self::Platform) {
            "platform".to_owned()
        } else {
            format!("{} {id}", kind.to_lowercase())
        }
    }

    /// The organisations that play a part.
    pub(crate) fn orgs(&self) -> Vec<OrgId> {
        match self {
            Self::Platform => vec![],
            Self::Org(org) | Self::Person { org, .. } => vec![*org],
            Self::Source { owner, .. } | Self::Resource { owner, .. } | Self::Delivery { owner, .. } => vec![*owner],
            Self::Request { consumer, provider, .. } | Self::Correction { consumer, provider, .. } => {
                vec![*consumer, *provider]
            }
            Self::Dispute { raiser, other, .. } => vec![*raiser, *other],
            Self::Agreement { facts, .. } | Self::Use { facts, .. } => vec![facts.consumer, facts.provider],
        }
    }

    fn kind_and_id(&self) -> (&'static str, String) {
        fn or_new(id: Option<impl ToString>) -> String {
            id.map_or_else(|| "new".to_owned(), |it| it.to_string())
        }
        match self {
            Self::Platform => ("Platform", "this".to_owned()),
            Self::Org(id) => ("Org", id.to_string()),
            Self::Person { id, .. } => ("Actor", id.to_string()),
            Self::Source { id, .. } => ("Source", or_new(*id)),
            Self::Resource { id, .. } => ("Resource", or_new(*id)),
            Self::Request { id, .. } => ("Request", or_new(*id)),
            Self::Agreement { facts, .. } | Self::Use { facts, .. } => ("Agreement", facts.id.to_string()),
            Self::Correction { id, .. } => ("Correction", or_new(*id)),
            Self::Dispute { id, .. } => ("Dispute", or_new(*id)),
            Self::Delivery { id, .. } => ("Delivery", or_new(*id)),
        }
    }

    fn attrs(&self) -> Result<Attrs, Unaskable> {
        let mut attrs = match self {
            Self::Platform | Self::Org(_) => Attrs::new(),
            Self::Person { org: it, .. } => Attrs::from([("org".to_owned(), org(*it)?)]),
            Self::Source { owner, .. } | Self::Delivery { owner, .. } => owned(*owner)?,
            Self::Resource {
                owner, class, state, ..
            } => {
                let mut attrs = owned(*owner)?;
                attrs.insert("class".to_owned(), text(class));
                attrs.insert("state".to_owned(), text(state));
                attrs
            }
            Self::Request {
                consumer,
                provider,
                class,
                ..
            } => {
                let mut attrs = between(*consumer, *provider)?;
                attrs.insert("class".to_owned(), text(class));
                attrs
            }
            Self::Correction { consumer, provider, .. } => between(*consumer, *provider)?,
            Self::Dispute { raiser, other, .. } => {
                Attrs::from([("raiser".to_owned(), org(*raiser)?), ("other".to_owned(), org(*other)?)])
            }
            Self::Agreement { facts, .. } | Self::Use { facts, .. } => facts.attrs()?,
        };
        if let Self::Resource {
            submitted_by: Some(by), ..
        }
        | Self::Request {
            submitted_by: Some(by), ..
        }
        | Self::Correction {
            submitted_by: Some(by), ..
        }
        | Self::Dispute {
            submitted_by: Some(by), ..
        } = self
        {
            let by = RestrictedExpression::new_entity_uid(uid("Actor", &by.to_string())?);
            attrs.insert("submitted_by".to_owned(), by);
        }
        Ok(attrs)
    }

    fn context(&self) -> Result<Context, Unaskable> {
        let pairs = match self {
            Self::Use { usage, .. } => vec![
                ("purpose".to_owned(), text(usage.purpose)),
                ("mode".to_owned(), text(usage.mode)),
                ("now".to_owned(), long(usage.now.timestamp_micros())),
                ("used_today".to_owned(), count(usage.used_today)),
            ],
            Self::Agreement { deed: Some(deed), .. } => vec![("deed".to_owned(), text(deed.code()))],
            _ => vec![],
        };
        Context::from_pairs(pairs).map_err(|_| Unaskable)
    }

    /// The question "may this actor do something about this?" in Cedar's words.
    pub(crate) fn question(&self, rules: &Rules, actor: &Actor) -> Result<Question, Unaskable> {
        let (kind, id) = self.kind_and_id();
        let resource = uid(kind, &id)?;
        let who = actor_entity(actor)?;
        let principal = who.uid();
        let mut all = vec![who];
        if resource != principal {
            let parents = HashSet::new();
            all.push(Entity::new(resource.clone(), self.attrs()?, parents).map_err(|_| Unaskable)?);
        }
        let entities = Entities::from_entities(all, Some(rules.schema())).map_err(|_| Unaskable)?;
        Ok(Question {
            principal,
            resource,
            entities,
            context: self.context()?,
        })
    }
}
