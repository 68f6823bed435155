//! The evidence of a guess taken apart again.

use super::test_name;
use crate::profile::Meaning;

/// One piece of a guess's evidence, for those who tell it in their own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clue {
    /// Values passed this meaning's test.
    Test(Meaning),
    /// The column's name contains a word.
    NameContains(String),
    /// So many values have leading zeros.
    LeadingZeros(u64),
    /// The source keeps the values as numbers.
    Numbers,
    /// So many postcodes have lost a leading zero, because the source keeps them as numbers.
    LostZeros(u64),
    /// Something else, as it was written: a source's comment, for instance.
    Other(String),
}

/// Takes the text of [`Guess::evidence`] apart again.
#[must_use]
pub fn clues(evidence: &str) -> Vec<Clue> {
    let clue = |part: &str| {
        if let Some(meaning) = Meaning::ALL.iter().find(|it| test_name(**it) == part) {
            return Clue::Test(*meaning);
        }
        if let Some(word) = part.strip_prefix("name contains ") {
            return Clue::NameContains(word.to_owned());
        }
        if part == "numbers in the source" {
            return Clue::Numbers;
        }
        let counted = |words: &str| part.strip_suffix(words).and_then(|it| it.parse().ok());
        let zeros = counted(" values with leading zeros").map(Clue::LeadingZeros);
        let lost = || counted(" values have lost a leading zero").map(Clue::LostZeros);
        zeros.or_else(lost).unwrap_or_else(|| Clue::Other(part.to_owned()))
    };
    evidence.split("; ").filter(|it| !it.is_empty()).map(clue).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Counts, guessed};

    #[test]
    fn what_was_written_is_read_again() {
        let counts = Counts {
            looked_at: 10,
            numbers: 10,
            zeros_lost: 3,
            ..Counts::default()
        };
        for meaning in Meaning::ALL {
            let guess = guessed(*meaning, 9, &counts, Some("xm"));
            let mut wanted = vec![Clue::Test(*meaning), Clue::NameContains("xm".to_owned()), Clue::Numbers];
            wanted.extend((*meaning == Meaning::Postcode).then_some(Clue::LostZeros(3)));
            assert_eq!(clues(&guess.evidence), wanted);
        }
        assert_eq!(
            clues("form of a code; 12 values with leading zeros"),
            [Clue::Test(Meaning::Code), Clue::LeadingZeros(12)]
        );
        assert_eq!(clues("住址"), [Clue::Other("住址".to_owned())]);
    }
}
