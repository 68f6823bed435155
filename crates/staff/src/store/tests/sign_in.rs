//! Signing in, and passwords.

use super::*;

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_one_answer_and_lock_alike() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        hired(&tx, "zhang.wei", OrgId::new(), &[Role::DataOfficer]).await;
        tx.commit().await.unwrap();

        for login in ["zhang.wei", "nobody.here", "无此人 ??"] {
            let mut story = String::new();
            for minute in [0, 1, 2, 3, 4, 5] {
                story += &format!(
                    "{minute}: {}\n",
                    short(&signs_in(&fresh, login, "wrong", at(minute)).await)
                );
            }
            expect![[r#"
                0: the sign-in name or the password is wrong
                1: the sign-in name or the password is wrong
                2: the sign-in name or the password is wrong
                3: the sign-in name or the password is wrong
                4: too many failed sign-ins: locked until 2026-03-09 09:19:00 UTC
                5: too many failed sign-ins: locked until 2026-03-09 09:19:00 UTC
            "#]]
            .assert_eq(&story);
        }

        let tx = fresh.db.read().await.unwrap();
        for login in ["zhang.wei", " ZHANG.wei", "nobody.here"] {
            let begun = attempt(&tx, login).await.unwrap();
            assert_eq!(locked(&tx, &begun, at(5)).await.unwrap(), Some(at(19)), "{login}");
            assert_eq!(locked(&tx, &begun, at(19)).await.unwrap(), None);
        }
        let person = person_by_login(&tx, &"zhang.wei".parse().unwrap()).await.unwrap();
        assert_eq!(person.state(at(5)), State::Locked { until: at(19) });
        drop(tx);
        let locked = signs_in(&fresh, "zhang.wei", PASSWORD, at(6)).await;
        assert!(
            matches!(locked, Outcome::Refused(Refused::Locked { .. })),
            "a right password does not open a lock"
        );
        assert_eq!(
            short(&signs_in(&fresh, " ZHANG.wei", PASSWORD, at(19)).await),
            "signed in, must change: false"
        );
        assert_eq!(
            short(&signs_in(&fresh, "zhang.wei", "wrong", at(20)).await),
            Refused::Credentials.to_string()
        );

        let tx = fresh.db.write().await.unwrap();
        let swept = sweep(&tx, at(36)).await.unwrap();
        assert_eq!(swept, 3, "three counters are old; the session lives");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_time_are_counted_one_by_one() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        hired(&tx, "zhang.wei", OrgId::new(), &[]).await;
        tx.commit().await.unwrap();
        let tx = fresh.db.read().await.unwrap();
        let wrong = attempt(&tx, "zhang.wei").await.unwrap().check("wrong");
        drop(tx);
        let guesses: Vec<_> = (0..10)
            .map(|_| {
                let (db, wrong) = (fresh.db.clone(), wrong.clone());
                tokio::spawn(async move {
                    let tx = db.write().await.unwrap();
                    let outcome = admit(&tx, wrong, at(0), "").await.unwrap();
                    tx.commit().await.unwrap();
                    match outcome {
                        Outcome::LockBegan { .. } => (1, 0),
                        Outcome::Refused(Refused::Locked { .. }) => (0, 1),
                        _ => (0, 0),
                    }
                })
            })
            .collect();
        let (mut began, mut told) = (0, 0);
        for guess in guesses {
            let (one, other) = guess.await.unwrap();
            (began, told) = (began + one, told + other);
        }
        assert_eq!(
            (began, told),
            (1, 5),
            "the fifth failure locks once, and the five after it are told so"
        );
    }
}

#[tokio::test]
async fn an_administrator_opens_a_lock() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let person = hired(&tx, "zhang.wei", OrgId::new(), &[Role::DataOfficer]).await;
        tx.commit().await.unwrap();
        for minute in 0..5 {
            signs_in(&fresh, "zhang.wei", "wrong", at(minute)).await;
        }
        let tx = fresh.db.write().await.unwrap();
        unlock(&tx, person.id).await.unwrap();
        tx.commit().await.unwrap();
        into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(6)).await);
    }
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_grows_old() {
    for fresh in db::testing::each().await.unwrap() {
        let org = OrgId::new();
        let tx = fresh.db.write().await.unwrap();
        let rules = limits(&tx).await.unwrap();
        let hash = hashed(PASSWORD, "zhang.wei", &rules);
        let person = insert(&tx, &new_person("zhang.wei", org, &[]), Some(&hash), false, at(0))
            .await
            .unwrap();
        assert!(person.must_change_password);
        tx.commit().await.unwrap();

        let signed = into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(1)).await);
        assert!(signed.must_change_password);
        let tx = fresh.db.write().await.unwrap();
        let known = actor_by_session(&tx, signed.secret.expose(), at(2))
            .await
            .unwrap()
            .unwrap();
        assert!(known.must_change_password);

        let wrong = attempt_of(&tx, person.id).await.unwrap().check("wrong");
        assert!(matches!(
            wrong.change("Snow-on-8-roofs", &rules),
            Err(Error::NotFound("password"))
        ));
        let right = attempt_of(&tx, person.id).await.unwrap().check(PASSWORD);
        assert!(matches!(right.change("short", &rules), Err(Error::Weak(_))));
        let (id, new) = right.change("Snow-on-8-roofs", &rules).unwrap();
        set_password(&tx, id, &new, false, at(3)).await.unwrap();
        assert!(
            actor_by_session(&tx, signed.secret.expose(), at(3))
                .await
                .unwrap()
                .is_none(),
            "sessions end"
        );
        tx.commit().await.unwrap();

        assert_eq!(
            short(&signs_in(&fresh, "zhang.wei", PASSWORD, at(4)).await),
            Refused::Credentials.to_string()
        );
        let day = 24 * 60;
        let later = signs_in(&fresh, "zhang.wei", "Snow-on-8-roofs", at(89 * day)).await;
        assert_eq!(short(&later), "signed in, must change: false");
        let old = signs_in(&fresh, "zhang.wei", "Snow-on-8-roofs", at(91 * day)).await;
        assert_eq!(short(&old), "signed in, must change: true");
    }
}

#[tokio::test]
async fn a_password_changed_while_it_was_checked_does_not_fit() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let person = hired(&tx, "zhang.wei", OrgId::new(), &[]).await;
        let checked = attempt(&tx, "zhang.wei").await.unwrap().check(PASSWORD);
        let rules = limits(&tx).await.unwrap();
        set_password(
            &tx,
            person.id,
            &hashed("Snow-on-8-roofs", "zhang.wei", &rules),
            false,
            at(1),
        )
        .await
        .unwrap();
        let outcome = admit(&tx, checked, at(2), "").await.unwrap();
        assert_eq!(short(&outcome), Refused::Credentials.to_string());
    }
}

#[tokio::test]
async fn a_hash_of_weaker_parameters_is_made_anew_at_the_next_sign_in() {
    /// Argon2id of the test's password with 64 KiB and one pass, made by another implementation.
    const WEAK: &str = "$argon2id$v=19$m=64,t=1,p=1$d2VhayBzYWx0IG9mIG9sZA$bp0XZ6FMII55GqoHN+4x1OVzVpVV5Etqcn4MV4glInM";
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let person = hired(&tx, "zhang.wei", OrgId::new(), &[Role::DataOfficer]).await;
        let put = "update staff_password set hash = $1 where person = $2";
        tx.run(put, [WEAK.into(), db::Arg::text(person.id)]).await.unwrap();
        tx.commit().await.unwrap();
        let stored = async || {
            let tx = fresh.db.read().await.unwrap();
            let row = tx.one("select hash from staff_password", []).await.unwrap();
            row.text("hash").unwrap()
        };
        signs_in(&fresh, "zhang.wei", "wrong", at(0)).await;
        assert_eq!(stored().await, WEAK, "a wrong password changes nothing");
        into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(1)).await);
        let renewed = stored().await;
        assert_ne!(renewed, WEAK);
        assert!(!crate::secret::is_outdated(&renewed));
        into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(2)).await);
        assert_eq!(stored().await, renewed, "once");
    }
}

#[tokio::test]
async fn the_node_opens_a_lock_by_name() {
    for fresh in db::testing::each().await.unwrap() {
        for minute in 0..5 {
            signs_in(&fresh, "nobody.here", "wrong", at(minute)).await;
        }
        let tx = fresh.db.write().await.unwrap();
        assert!(unlock_login(&tx, "Nobody.Here").await.unwrap());
        assert!(
            !unlock_login(&tx, "nobody.here").await.unwrap(),
            "nothing is counted any more"
        );
        let begun = attempt(&tx, "nobody.here").await.unwrap();
        assert_eq!(locked(&tx, &begun, at(5)).await.unwrap(), None);
    }
}
