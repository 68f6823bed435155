//! The laws of deciding, over generated questions.

use proptest::prelude::*;
use vocab::{Action, Actor, ActorId, AgreementState, OrgId, Role, SharingClass};

use super::{actor, request, terms, usage};
use crate::{About, AgreementFacts, Rules, decide};

/// Every policy of the house as one text each, for shuffling.
fn pieces(rules: &Rules) -> Vec<String> {
    rules.all().map(|it| it.text.clone()).collect()
}

fn answer(rules: &Rules, who: &Actor, action: Action, about: &About) -> Result<Vec<String>, String> {
    decide(rules, who, action, about)
        .map(|it| it.rules().to_vec())
        .map_err(|it| it.to_string())
}

fn any_question() -> impl Strategy<Value = (Actor, Action, About)> {
    let orgs: Vec<OrgId> = (0..3).map(|_| OrgId::new()).collect();
    let (of, all) = (orgs.clone(), Role::ALL);
    let roles = proptest::collection::vec(prop::sample::select(all), 0..3);
    let who = (prop::sample::select(orgs), roles).prop_map(|(org, roles)| actor(org, &roles));
    (who, prop::sample::select(Action::ALL), 0usize..9, any::<bool>()).prop_map(move |(who, action, kind, own)| {
        let (provider, consumer) = (of[0], of[1]);
        let submitted_by = own.then_some(who.id);
        let about = match kind {
            0 => About::Platform,
            1 => About::Org(provider),
            2 => About::Person {
                id: if own { who.id } else { ActorId::new() },
                org: who.org,
            },
            3 => About::Source {
                id: None,
                owner: provider,
            },
            4 => About::Resource {
                id: None,
                owner: provider,
                class: SharingClass::Conditional,
                state: "draft".to_owned(),
                submitted_by,
            },
            5 => request(provider, consumer, submitted_by),
            6 => About::Use {
                facts: AgreementFacts::of(&terms(provider, consumer), AgreementState::Active),
                usage: usage(),
            },
            7 => About::Correction {
                id: None,
                consumer,
                provider,
                submitted_by,
            },
            _ => About::Delivery {
                id: None,
                owner: consumer,
            },
        };
        (who, action, about)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_rules_does_not_matter(
        question in any_question(),
        order in Just(pieces(&Rules::embedded().unwrap())).prop_shuffle(),
    ) {
        let house = Rules::embedded().unwrap();
        let shuffled = Rules::of(&[("all.cedar", &order.join("\n"))]).unwrap();
        prop_assert_eq!(house.digest(), shuffled.digest());
        let (who, action, about) = question;
        prop_assert_eq!(answer(&house, &who, action, &about).map_err(drop), answer(&shuffled, &who, action, &about).map_err(drop));
    }

    #[test]
    fn one_more_forbid_never_opens_a_door(
        question in any_question(),
        role in prop::sample::select(Role::ALL),
        action in prop::sample::select(Action::ALL),
    ) {
        let (who, asked, about) = question;
        let more = format!(
            r#"@id("more") @zh("x") @en("x") forbid (principal in Role::"{role}", action == Action::"{action}", resource);"#
        );
        let stricter = Rules::with_local(&[("more.cedar", &more)]).unwrap();
        let before = decide(&Rules::embedded().unwrap(), &who, asked, &about);
        let after = decide(&stricter, &who, asked, &about);
        if before.is_err() { prop_assert!(after.is_err()); }
        if asked == action && who.is(role) { prop_assert!(after.is_err()); }
    }
}
