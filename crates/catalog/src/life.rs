//! The life of a resource.

use serde::{Deserialize, Serialize};
use vocab::class::NotInList;

/// Where a resource stands.
///
/// `Changed` and `ChangeInReview` have a published version, which stays in force and visible while the next one is
/// written beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// 编制中: being written, never published (or written anew after a withdrawal).
    Draft,
    /// 待审核: with the authority, before the first publication.
    InReview,
    /// 已发布.
    Published,
    /// 变更中: published, and the next version is being written.
    Changed,
    /// 变更待审核: published, and the next version is with the authority.
    ChangeInReview,
    /// 已撤下.
    Withdrawn,
}

/// A resource cannot go from one state to another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a resource that is {from} cannot become {to}")]
pub struct Unfit {
    /// Where it stands.
    pub from: State,
    /// Where it was asked to go.
    pub to: State,
}

impl State {
    /// Every state, in the order of a life.
    pub const ALL: &'static [Self] = &[
        Self::Draft,
        Self::InReview,
        Self::Published,
        Self::Changed,
        Self::ChangeInReview,
        Self::Withdrawn,
    ];

    /// The whole life of a resource, in one place.
    ///
    /// # Errors
    /// [`Unfit`] for every step that is not named here.
    pub fn to(self, to: Self) -> Result<Self, Unfit> {
        match (self, to) {
            // submitted; published, or sent back (or taken back) with reasons
            (Self::Draft, Self::InReview) | (Self::InReview, Self::Published | Self::Draft) => Ok(to),
            // a next version beside the published one: submitted, published, sent back, or given up
            (Self::Published, Self::Changed)
            | (Self::Changed, Self::ChangeInReview | Self::Published)
            | (Self::ChangeInReview, Self::Published | Self::Changed) => Ok(to),
            // out of the catalogue, and written anew
            (Self::Published | Self::Changed, Self::Withdrawn) | (Self::Withdrawn, Self::Draft) => Ok(to),
            (from, to) => Err(Unfit { from, to }),
        }
    }

    /// May its content be edited now?
    #[must_use]
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Draft | Self::Changed)
    }

    /// Does everyone see its published version?
    #[must_use]
    pub const fn is_visible(self) -> bool {
        matches!(self, Self::Published | Self::Changed | Self::ChangeInReview)
    }

    /// Does it wait for the authority?
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::InReview | Self::ChangeInReview)
    }

    /// The machine code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in-review",
            Self::Published => "published",
            Self::Changed => "changed",
            Self::ChangeInReview => "change-in-review",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for State {
    type Err = NotInList;
    fn from_str(text: &str) -> Result<Self, NotInList> {
        Self::ALL
            .iter()
            .copied()
            .find(|it| it.code() == text.trim())
            .ok_or_else(|| NotInList {
                text: text.chars().take(80).collect(),
                list: "resource state",
                allowed: Self::ALL.iter().map(|it| it.code()).collect::<Vec<_>>().join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_life_on_one_screen() {
        let mut table = String::new();
        for from in State::ALL {
            let next: Vec<&str> = State::ALL
                .iter()
                .filter(|to| from.to(**to).is_ok())
                .map(|it| it.code())
                .collect();
            table += &format!("{from}: {}\n", next.join(", "));
        }
        expect![[r#"
            draft: in-review
            in-review: draft, published
            published: changed, withdrawn
            changed: published, change-in-review, withdrawn
            change-in-review: published, changed
            withdrawn: draft
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn codes_are_read_back() {
        for state in State::ALL {
            assert_eq!(state.code().parse(), Ok(*state));
        }
        assert!("gone".parse::<State>().is_err());
    }
}
