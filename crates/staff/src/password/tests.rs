#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use expect_test::expect;
use proptest::prelude::*;

use super::*;

fn limits() -> Limits {
    Limits::read(|name| {
        Ok::<u64, ()>(match name {
            crate::LimitName::PasswordMinChars => 10,
            crate::LimitName::PasswordMaxChars => 128,
            crate::LimitName::PasswordMinKinds => 3,
            _ => 1,
        })
    })
    .unwrap()
}

fn judge(password: &str) -> String {
    let reasons = weaknesses(password, &"zhang.wei".parse().unwrap(), &limits());
    let said: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    format!(
        "{password}: {}\n",
        if said.is_empty() {
            "good".to_owned()
        } else {
            said.join("; ")
        }
    )
}

#[test]
fn a_password_hears_every_reason_at_once() {
    let all: String = [
        "",
        "short1A",
        "alllowercaseletters",
        "Zhang.Wei-2026!",
        "Password123!",
        "Aa1Aa1Aa1Aa1",
        "P@ssw0rd2026",
        "Rain-on-7-roofs",
        "春天Rain7roofs",
    ]
    .into_iter()
    .map(judge)
    .collect();
    expect![[r#"
        : fewer than 10 characters; fewer than 3 of the kinds lower case, upper case, digit and other; it is too common
        short1A: fewer than 10 characters
        alllowercaseletters: fewer than 3 of the kinds lower case, upper case, digit and other
        Zhang.Wei-2026!: it holds the sign-in name
        Password123!: it is too common
        Aa1Aa1Aa1Aa1: it is too common
        P@ssw0rd2026: it is too common
        Rain-on-7-roofs: good
        春天Rain7roofs: good
    "#]]
    .assert_eq(&all);
    assert!(judge(&"Aa1-".repeat(40)).contains("more than 128"));
}

#[test]
fn a_hash_fits_its_password_alone_and_prints_nothing() {
    let login = "zhang.wei".parse().unwrap();
    let hash = PasswordHash::new("Rain-on-7-roofs", &login, &limits()).unwrap();
    assert!(hash.fits("Rain-on-7-roofs"));
    assert!(!hash.fits("Rain-on-7-roofz"));
    assert!(hash.as_str().starts_with("$argon2id$"));
    assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    let again = PasswordHash::changed("Rain-on-7-roofs", &hash, &login, &limits());
    assert!(matches!(again, Err(Error::Weak(reasons)) if reasons == [Weakness::Unchanged]));
    assert!(PasswordHash::changed("Snow-on-8-roofs", &hash, &login, &limits()).is_ok());
}

proptest! {
    #[test]
    fn longer_is_never_weaker(password in "[a-zA-Z0-9!#]{10,40}") {
        let login: Login = "q.q".parse().unwrap();
        prop_assume!(weaknesses(&password, &login, &limits()).is_empty());
        let longer = format!("{password}Xy7-");
        prop_assert!(weaknesses(&longer, &login, &limits()).is_empty());
    }
}

#[test]
fn generated_passwords_are_good_and_never_the_same() {
    let login: Login = "zhang.wei".parse().unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        let password = generate_password(&login, &limits()).unwrap();
        assert_eq!(password.expose().chars().count(), 20);
        assert!(weaknesses(password.expose(), &login, &limits()).is_empty());
        assert!(seen.insert(password.expose().to_owned()));
    }
}
