//! Why a text is no row rule, as a sentence and as codes that pages have their own words for.

use super::{MOST_CHARS, MOST_DEPTH};

/// Why a text is no row rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Something else was expected.
    #[error("at character {at}: expected {expected}")]
    Expected {
        /// Place, counted in characters from 1.
        at: usize,
        /// What could have stood there.
        expected: Wanted,
    },
    /// A pattern that is not a plain prefix.
    #[error(
        "at character {at}: LIKE takes a prefix only: text, then one % at the end (write \\% and \\_ for the signs themselves)"
    )]
    Pattern {
        /// Place of the pattern, from 1.
        at: usize,
    },
    /// Parentheses and NOTs too deep.
    #[error("at character {at}: nested deeper than {}", MOST_DEPTH)]
    Deep {
        /// Place, from 1.
        at: usize,
    },
    /// The text is longer than 65,536 characters.
    #[error("the rule has more than {} characters", MOST_CHARS)]
    Long,
}

impl RuleError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expected { .. } => "expected",
            Self::Pattern { .. } => "pattern",
            Self::Deep { .. } => "deep",
            Self::Long => "long",
        }
    }

    /// The place, counted in characters from 1; the most characters for a rule that is too long.
    #[must_use]
    pub const fn number(&self) -> usize {
        match self {
            Self::Expected { at, .. } | Self::Pattern { at } | Self::Deep { at } => *at,
            Self::Long => MOST_CHARS,
        }
    }
}

macro_rules! wanted {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)+) => {
        /// What could have stood where a rule cannot be read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Wanted { $($(#[$doc])* $name,)+ }

        impl Wanted {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// A stable code.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Self::$name => $code,)+ } }
        }

        impl std::fmt::Display for Wanted {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$name => $text,)+ })
            }
        }
    };
}

wanted! {
    /// After a whole condition.
    AndOrEnd = "and-or-end", "AND, OR or the end";
    /// The end of a quoted name.
    ClosingDouble = "closing-double", "closing \"";
    /// The end of a text.
    ClosingSingle = "closing-single", "closing '";
    /// Anything that has a meaning.
    Something = "something", "an item, a literal, an operator or a parenthesis";
    /// A number.
    Number = "number", "a number (digits, at most one point between digits)";
    /// After a condition in parentheses.
    AndOrClose = "and-or-close", "AND, OR or )";
    /// The beginning of a condition.
    Condition = "condition", "an item name, NOT, TRUE, FALSE or (";
    /// The beginning of a list.
    Open = "open", "(";
    /// After a literal of a list.
    CommaOrClose = "comma-or-close", ", or )";
    /// A literal.
    Literal = "literal", "a literal: 'text', a number, TRUE or FALSE";
    /// After IS NOT.
    Null = "null", "NULL";
    /// After IS.
    NullOrNot = "null-or-not", "NULL or NOT NULL";
    /// After an item and NOT.
    InOrLike = "in-or-like", "IN or LIKE";
    /// After an item.
    Comparison = "comparison", "a comparison, IN, LIKE or IS";
    /// The pattern of LIKE.
    Prefix = "prefix", "'prefix%'";
}
