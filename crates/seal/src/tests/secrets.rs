//! Envelopes, the vault, passwords, tokens.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::{Envelope, Error, Key, SigningKey, Suite, Vault, ct_eq, password, token};

#[test]
fn what_is_sealed_opens_in_its_place_only() {
    for suite in Suite::ALL {
        let vault = Vault::from_key(suite, [7; 32]);
        let sealed = vault.seal("source:src_1", "密码 p@ss".as_bytes()).unwrap();
        assert!(sealed.starts_with(&format!("jt1.{suite}.{}.", vault.key_id())));
        assert_eq!(
            vault.unseal("source:src_1", &sealed).unwrap().expose_text(),
            Some("密码 p@ss")
        );
        assert!(matches!(vault.unseal("source:src_2", &sealed), Err(Error::Altered)));
        assert!(matches!(
            Vault::from_key(suite, [8; 32]).unseal("source:src_1", &sealed),
            Err(Error::OtherKey(_))
        ));
        assert_ne!(
            vault.seal("source:src_1", b"x").unwrap(),
            vault.seal("source:src_1", b"x").unwrap()
        );
    }
}

#[test]
fn every_changed_letter_of_an_envelope_is_noticed() {
    for suite in Suite::ALL {
        let key = Key::new(suite, [7; 32]);
        let text = key.seal(b"place", b"secret words").unwrap().to_string();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let opened = changed.parse::<Envelope>().and_then(|it| key.open(b"place", &it));
            assert!(opened.is_err(), "{suite}: letter {at} changed and it still opened");
        }
        for end in 0..text.len() {
            let opened = text[..end].parse::<Envelope>().and_then(|it| key.open(b"place", &it));
            assert!(opened.is_err(), "{suite}: cut at {end} and it still opened");
        }
    }
}

#[test]
fn a_forged_header_does_not_open() {
    // The same root bytes under the other suite's name, and a key identifier moved to another key's envelope.
    let national = Key::new(Suite::National, [7; 32]);
    let international = Key::new(Suite::International, [7; 32]);
    let text = national.seal(b"", b"x").unwrap().to_string();
    let forged = text
        .replace("national", "international")
        .replace(national.id(), international.id());
    let forged: Envelope = forged.parse().unwrap();
    assert!(matches!(international.open(b"", &forged), Err(Error::Altered)));
}

#[test]
fn derived_keys_are_as_others_compute_them_and_differ() {
    let root: [u8; 32] = std::array::from_fn(|it| u8::try_from(it).unwrap());
    let expected = [
        (
            Suite::National,
            "5fb791f01d91e52a7079972ba75dfbcfe42e66eca48d54090f5aeb21764973c9",
        ),
        (
            Suite::International,
            "4585b26f24eabe952106db2196403105d2a453dd7a96b6c033fbfd11908f02dc",
        ),
    ];
    for (suite, pseudonym) in expected {
        let vault = Vault::from_key(suite, root);
        assert_eq!(hex::encode(vault.derive("pseudonym", "agr_1")), pseudonym);
        assert_ne!(vault.derive("pseudonym", "agr_1"), vault.derive("pseudonym", "agr_2"));
        assert_ne!(vault.derive("pseudonyma", "gr_1"), vault.derive("pseudonym", "agr_1"));
    }
}

#[test]
fn a_vault_is_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/vault");
    let vaults: Vec<Vault> = std::thread::scope(|scope| {
        let openers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Vault::open_or_create(&path, Suite::National).unwrap()))
            .collect();
        openers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(
        vaults
            .iter()
            .all(|it| it.derive("x", "y") == vaults[0].derive("x", "y")),
        "all got the winner's key"
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "nothing is left lying about"
    );
    assert_eq!(
        format!("{:?}", vaults[0]),
        format!("Vault({}, 1 keys, …)", vaults[0].key_id())
    );
}

#[test]
fn a_renewed_vault_opens_old_things_and_derives_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let old = Vault::open_or_create(&path, Suite::International).unwrap();
    let sealed = old.seal("p", b"x").unwrap();
    let new = Vault::rotate(&path, Suite::National).unwrap();
    assert_ne!(new.key_id(), old.key_id());
    assert_eq!(new.unseal("p", &sealed).unwrap().expose(), b"x");
    assert_eq!(new.derive("a", "b"), old.derive("a", "b"));
    assert!(new.seal("p", b"x").unwrap().starts_with("jt1.national."));
    assert_eq!(
        Vault::open_or_create(&path, Suite::National).unwrap().key_id(),
        new.key_id()
    );
}

#[test]
fn an_exposed_or_damaged_key_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    Vault::open_or_create(&path, Suite::National).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        Vault::open_or_create(&path, Suite::National),
        Err(Error::Exposed(_))
    ));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for damage in ["", "nonsense\n", "jutong-vault-1 national AAAA\n"] {
        fs::write(&path, damage).unwrap();
        assert!(
            matches!(Vault::open_or_create(&path, Suite::National), Err(Error::Damaged(_))),
            "{damage:?}"
        );
    }
    let pem = folder.path().join("log.pem");
    let key = SigningKey::open_or_create(&pem, Suite::National).unwrap();
    let again = SigningKey::open_or_create(&pem, Suite::National).unwrap();
    assert_eq!(key.verifying_key().unwrap(), again.verifying_key().unwrap());
    assert!(SigningKey::open_or_create(&pem, Suite::International).is_err());
}

#[test]
fn passwords() {
    let phc = password::hash("correct horse 电池").unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    assert!(password::verify("correct horse 电池", &phc));
    assert!(!password::verify("correct horse 电", &phc));
    assert!(!password::verify("", &phc));
    assert!(!password::verify("correct horse 电池", "not a hash"));
    assert!(!password::is_outdated(&phc));
    assert!(password::is_outdated(&phc.replace("m=19456", "m=8192")));
    assert!(password::is_outdated(
        "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
    ));
    assert!(password::hash("").is_err());
    assert!(password::hash(&"x".repeat(password::MAX_BYTES + 1)).is_err());
}

#[test]
fn an_unknown_login_costs_the_same_work() {
    assert!(!password::verify_nobody("y"));
    assert!(
        !password::is_outdated(password::NOBODY),
        "nobody's hash has today's parameters"
    );
    let known = argon2::password_hash::phc::PasswordHash::new(password::NOBODY).unwrap();
    assert_eq!(known.hash.unwrap().len(), 32);
}

#[test]
fn tokens() {
    let one = token::generate().unwrap();
    assert!(one.starts_with("jt_") && one.len() == 46 && token::is_shaped(&one));
    assert_ne!(*one, *token::generate().unwrap());
    assert_eq!(token::hash("jt_x"), hex::encode(crate::sha256(b"jt_x")));
    for bad in ["", "jt_", "jt_short", one.trim_start_matches("jt_")] {
        assert!(!token::is_shaped(bad));
    }
    assert!(ct_eq(b"same", b"same") && !ct_eq(b"same", b"sama") && !ct_eq(b"same", b"same "));
}
