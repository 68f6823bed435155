//! Check characters of ISO/IEC 7064:2003 (GB/T 17710): the five pure and three hybrid systems.

/// A check character system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// Pure MOD 11-2: digits, one check character `0`-`9`, `X` (GB 11643).
    Mod11_2,
    /// Pure MOD 37-2: digits and letters, one check character `0`-`9`, `A`-`Z`, `*`.
    Mod37_2,
    /// Pure MOD 97-10: digits, two check digits, written 02 to 98 as ISO 13616 does.
    Mod97_10,
    /// Pure MOD 661-26: letters, two check letters.
    Mod661_26,
    /// Pure MOD 1271-36: digits and letters, two check characters.
    Mod1271_36,
    /// Hybrid MOD 11,10: digits, one check digit.
    Mod11And10,
    /// Hybrid MOD 27,26: letters, one check letter.
    Mod27And26,
    /// Hybrid MOD 37,36: digits and letters, one check character (GB/T 36904).
    Mod37And36,
}

/// A character that the system's alphabet does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("character {at} is `{found}`, allowed are {allowed}")]
pub struct BadChar {
    /// Its place, counted from 1.
    pub at: usize,
    /// What stands there.
    pub found: char,
    /// The alphabet in words.
    pub allowed: &'static str,
}

const ALNUM: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789X";

struct Shape {
    modulus: u32,
    radix: u32,
    alphabet: &'static [u8],
    /// How many of the alphabet's characters the body may hold; what follows is for the check character only.
    body: u32,
    /// Check characters.
    checks: usize,
    hybrid: bool,
    words: &'static str,
}

impl System {
    /// Every system.
    pub const ALL: &'static [Self] = &[
        Self::Mod11_2,
        Self::Mod37_2,
        Self::Mod97_10,
        Self::Mod661_26,
        Self::Mod1271_36,
        Self::Mod11And10,
        Self::Mod27And26,
        Self::Mod37And36,
    ];

    const fn shape(self) -> Shape {
        let (modulus, radix, alphabet, body, checks, hybrid, words) = match self {
            Self::Mod11_2 => (11, 2, DIGITS, 10, 1, false, "0-9"),
            Self::Mod37_2 => (37, 2, ALNUM, 36, 1, false, "0-9 and A-Z"),
            Self::Mod97_10 => (97, 10, DIGITS, 10, 2, false, "0-9"),
            Self::Mod661_26 => (661, 26, LETTERS, 26, 2, false, "A-Z"),
            Self::Mod1271_36 => (1271, 36, ALNUM, 36, 2, false, "0-9 and A-Z"),
            Self::Mod11And10 => (10, 2, DIGITS, 10, 1, true, "0-9"),
            Self::Mod27And26 => (26, 2, LETTERS, 26, 1, true, "A-Z"),
            Self::Mod37And36 => (36, 2, ALNUM, 36, 1, true, "0-9 and A-Z"),
        };
        Shape {
            modulus,
            radix,
            alphabet,
            body,
            checks,
            hybrid,
            words,
        }
    }

    /// The number of check characters: one or two.
    #[must_use]
    pub const fn checks(self) -> usize {
        self.shape().checks
    }

    /// The check characters of a body without them.
    ///
    /// # Errors
    /// [`BadChar`] at the first character outside the system's alphabet (letters are upper case).
    pub fn compute(self, body: &str) -> Result<String, BadChar> {
        let shape = self.shape();
        let mut sum = if shape.hybrid { shape.modulus } else { 0 };
        for (place, found) in body.chars().enumerate() {
            let value = shape.value(found).filter(|value| *value < shape.body).ok_or(BadChar {
                at: place + 1,
                found,
                allowed: shape.words,
            })?;
            sum = shape.step(sum, value);
        }
        if shape.checks == 2 {
            sum = sum * shape.radix % shape.modulus;
        }
        let rest = shape.modulus + 1 - sum;
        // MOD 97-10 keeps 97 and 98 (ISO 13616); the others take the smallest remainder.
        let rest = if shape.modulus == 97 {
            rest
        } else {
            rest % shape.modulus
        };
        let mut checks = String::new();
        if shape.checks == 2 {
            checks.extend(shape.letter(rest / shape.radix));
            checks.extend(shape.letter(rest % shape.radix));
        } else {
            checks.extend(shape.letter(rest));
        }
        Ok(checks)
    }

    /// Is this text, check characters included, right?
    #[must_use]
    pub fn is_valid(self, text: &str) -> bool {
        let shape = self.shape();
        let total = text.chars().count();
        if total <= shape.checks {
            return false;
        }
        let mut sum = if shape.hybrid { shape.modulus } else { 0 };
        for (place, found) in text.chars().enumerate() {
            let last = place + 1 == total;
            let lone = last && shape.checks == 1 && !shape.hybrid;
            let limit = if lone { shape.modulus } else { shape.body };
            let Some(value) = shape.value(found).filter(|value| *value < limit) else {
                return false;
            };
            if last {
                return (sum + value) % shape.modulus == 1;
            }
            sum = shape.step(sum, value);
        }
        false
    }
}

impl Shape {
    fn value(&self, found: char) -> Option<u32> {
        let place = self.alphabet.iter().position(|it| char::from(*it) == found)?;
        u32::try_from(place).ok()
    }

    fn letter(&self, value: u32) -> Option<char> {
        let place = usize::try_from(value).ok()?;
        self.alphabet.get(place).map(|it| char::from(*it))
    }

    fn step(&self, sum: u32, value: u32) -> u32 {
        if self.hybrid {
            let rest = (sum + value) % self.modulus;
            let rest = if rest == 0 { self.modulus } else { rest };
            rest * self.radix % (self.modulus + 1)
        } else {
            (sum + value) * self.radix % self.modulus
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_samples() {
        for (system, body, check) in [
            (System::Mod11_2, "0794", "0"),
            (System::Mod11_2, "079", "X"),
            (System::Mod11_2, "11010519491231002", "X"),
            (System::Mod37_2, "G123489654321", "Y"),
            (System::Mod97_10, "794", "44"),
            (System::Mod661_26, "BAISDLAFK", "BM"),
            (System::Mod1271_36, "ISO79", "3W"),
            (System::Mod11And10, "0794", "5"),
            (System::Mod37And36, "A12425GABC1234002", "M"),
        ] {
            assert_eq!(system.compute(body).unwrap(), check, "{system:?} {body}");
            assert!(system.is_valid(&format!("{body}{check}")), "{system:?}");
        }
        assert_eq!(System::Mod11_2.compute("07X").unwrap_err().at, 3);
        assert!(!System::Mod11_2.is_valid(""));
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_found(which in 0usize..8, seed in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), values in proptest::collection::vec(any::<prop::sample::Index>(), 1..40)) {
            let system = System::ALL[which];
            let letters: Vec<char> = system.shape().alphabet.iter().take(system.shape().body as usize).map(|it| char::from(*it)).collect();
            let text: String = values.iter().map(|it| *it.get(&letters)).collect();
            let whole = format!("{text}{}", system.compute(&text).unwrap());
            prop_assert!(system.is_valid(&whole));
            let mut wrong: Vec<char> = whole.chars().collect();
            let place = seed.index(wrong.len());
            let letter = *other.get(&letters);
            prop_assume!(wrong[place] != letter);
            wrong[place] = letter;
            let wrong: String = wrong.into_iter().collect();
            prop_assert!(!system.is_valid(&wrong), "{system:?} {whole} {wrong}");
        }
        #[test]
        fn never_panics(which in 0usize..8, text in ".*") {
            let _ = System::ALL[which].compute(&text);
            let _ = System::ALL[which].is_valid(&text);
        }
    }
}
