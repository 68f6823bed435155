//! The dry run of the policy.

use std::sync::Arc;

use axum::{Json, extract::State};
use platform::{
    App,
    flow::{self, DryRun},
    policy::{Deed, Rule},
    vocab::{Action, ActorId, Purpose, SharingMode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{Reader, rule_text};
use crate::{body::Body, problem::Problem, who::Who};

pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(explain))
}

/// Would X be allowed Y on Z?
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DryRunBody {
    /// X: `act_…`; I myself when absent.
    who: Option<String>,
    /// Y: `use-data`, `decide-request`, ….
    action: String,
    /// Z: `res_…`, `req_…`, `agr_…`, `cor_…`, `dsp_…`, `dlv_…`, `src_…`, `org_…`, `act_…`; the platform when absent.
    subject: Option<String>,
    /// For `use-data`.
    purpose: Option<String>,
    /// For `use-data`.
    mode: Option<String>,
    /// For `manage-agreement`: change, suspend, resume or revoke.
    deed: Option<String>,
}

/// A rule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleView {
    id: String,
    zh: String,
    en: String,
    /// The rule as it is written, in Cedar; empty for a reason of the procedure.
    text: String,
}

impl From<&Rule> for RuleView {
    fn from(it: &Rule) -> Self {
        Self {
            id: it.id.clone(),
            zh: it.zh.clone(),
            en: it.en.clone(),
            text: it.text.clone(),
        }
    }
}

/// What would open the door.
#[derive(Serialize, ToSchema)]
pub(crate) struct MissingView {
    role: Option<String>,
    org: Option<String>,
}

/// The answer, with the exact rules.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExplanationView {
    allowed: bool,
    action: String,
    subject: String,
    /// The rules that decide: those that grant, or those that forbid. Where the rules grant it and the thing's state, class
    /// or terms stand in the way, that reason.
    rules: Vec<RuleView>,
    /// Where no rule grants: the rules that speak of this action.
    candidates: Vec<RuleView>,
    missing: Vec<MissingView>,
    sentence: String,
    /// For `use-data`: the rows that would leave; every row when absent.
    rows: Option<String>,
    /// For `use-data`: what is left of the standing rules, in Cedar.
    residuals: Vec<String>,
    /// SHA-256 of the rules that were asked.
    policy_digest: String,
}

/// Would X be allowed Y on Z, and why not?
#[utoipa::path(post, path = "/policy/explain", tag = "policy", request_body = DryRunBody,
    responses((status = 200, body = ExplanationView), (status = "4XX", body = Problem)))]
async fn explain(
    State(app): State<Arc<App>>,
    Who(actor): Who,
    Body(it): Body<DryRunBody>,
) -> Result<Json<ExplanationView>, Problem> {
    let mut reader = Reader::default();
    let who: Option<Option<ActorId>> = reader.maybe("who", it.who.as_deref());
    let action: Option<Action> = reader.read("action", &it.action);
    let purpose: Option<Option<Purpose>> = reader.maybe("purpose", it.purpose.as_deref());
    let mode: Option<Option<SharingMode>> = reader.maybe("mode", it.mode.as_deref());
    let deed = Deed::ALL
        .into_iter()
        .find(|deed| Some(deed.code()) == it.deed.as_deref());
    let run = || {
        Some(DryRun {
            who: who?.unwrap_or(actor.id),
            action: action?,
            subject: it.subject.clone(),
            purpose: purpose?,
            mode: mode?,
            deed,
        })
    };
    let run = reader.done(run())?;
    let found = flow::explain_policy(&app, &actor, &run).await?;
    let answer = found.answer;
    Ok(Json(ExplanationView {
        allowed: answer.allowed,
        action: answer.action.to_string(),
        subject: answer.subject,
        rules: answer.rules.iter().map(RuleView::from).collect(),
        candidates: answer.candidates.iter().map(RuleView::from).collect(),
        missing: answer
            .missing
            .iter()
            .map(|it| MissingView {
                role: it.role.map(|it| it.to_string()),
                org: it.org.map(|it| it.to_string()),
            })
            .collect(),
        sentence: answer.sentence,
        rows: found.row_rule.as_ref().and_then(rule_text),
        residuals: found.residuals,
        policy_digest: answer.policy_digest,
    }))
}
