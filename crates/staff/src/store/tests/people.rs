//! People, their posts, and limits.

use super::*;

#[tokio::test]
async fn the_three_administrations_are_three_people() {
    for fresh in db::testing::each().await.unwrap() {
        let (here, there) = (OrgId::new(), OrgId::new());
        let tx = fresh.db.write().await.unwrap();
        let both = new_person("two.hats", here, &[Role::SystemAdmin, Role::Auditor]);
        assert!(matches!(
            insert(&tx, &both, None, true, at(0)).await,
            Err(Error::Separation)
        ));
        let person = insert(
            &tx,
            &new_person("one.hat", here, &[Role::SystemAdmin]),
            None,
            true,
            at(0),
        )
        .await
        .unwrap();
        let second = [
            Post {
                org: here,
                role: Role::SystemAdmin,
            },
            Post {
                org: there,
                role: Role::SecurityAdmin,
            },
        ];
        assert!(matches!(
            set_posts(&tx, person.id, &second).await,
            Err(Error::Separation)
        ));
        tx.commit().await.unwrap();

        // The database holds the rule also when two transactions each add one.
        let tx = fresh.db.write().await.unwrap();
        let sneaky = tx
            .run(
                "insert into staff_post (person, org, role) values ($1, $2, 'auditor')",
                [db::Arg::text(person.id), db::Arg::text(there)],
            )
            .await;
        assert!(matches!(sneaky, Err(db::Error::Unique(_))));
    }
}

#[tokio::test]
async fn people_are_found_by_name_organisation_and_role() {
    for fresh in db::testing::each().await.unwrap() {
        let (tax, civil) = (OrgId::new(), OrgId::new());
        let tx = fresh.db.write().await.unwrap();
        for (login, org) in [("li.na", tax), ("wang_fang", tax), ("zhang.wei", civil)] {
            insert(&tx, &new_person(login, org, &[Role::DataOfficer]), None, true, at(0))
                .await
                .unwrap();
        }
        let taken = insert(&tx, &new_person("LI.NA", civil, &[]), None, true, at(0)).await;
        assert!(matches!(taken, Err(Error::LoginTaken(login)) if login.as_str() == "li.na"));
        drop(tx);
        let tx = fresh.db.write().await.unwrap();
        let mut ids = Vec::new();
        for (login, org) in [("li.na", tax), ("wang_fang", tax), ("zhang.wei", civil)] {
            ids.push(
                insert(&tx, &new_person(login, org, &[Role::DataOfficer]), None, true, at(0))
                    .await
                    .unwrap()
                    .id,
            );
        }
        set_posts(
            &tx,
            ids[2],
            &[
                Post {
                    org: civil,
                    role: Role::Leader,
                },
                Post {
                    org: tax,
                    role: Role::Approver,
                },
            ],
        )
        .await
        .unwrap();

        let logins = async |filter: Filter, limit| -> Vec<String> {
            people(&tx, &filter, limit)
                .await
                .unwrap()
                .iter()
                .map(|it| it.login.to_string())
                .collect()
        };
        assert_eq!(logins(Filter::default(), 2).await, ["li.na", "wang_fang"]);
        let after = Some("wang_fang".parse().unwrap());
        assert_eq!(
            logins(
                Filter {
                    after,
                    ..Filter::default()
                },
                2
            )
            .await,
            ["zhang.wei"]
        );
        assert_eq!(
            logins(
                Filter {
                    org: Some(tax),
                    ..Filter::default()
                },
                9
            )
            .await,
            ["li.na", "wang_fang", "zhang.wei"]
        );
        assert_eq!(
            logins(
                Filter {
                    org: Some(civil),
                    text: Some("伟".into()),
                    after: None
                },
                9
            )
            .await,
            ["zhang.wei"]
        );
        assert_eq!(
            logins(
                Filter {
                    text: Some("G_F".into()),
                    ..Filter::default()
                },
                9
            )
            .await,
            ["wang_fang"]
        );
        assert_eq!(holders(&tx, tax, Role::Approver).await.unwrap()[0].id, ids[2]);

        rename(&tx, ids[0], "李娜", "Li Na", civil).await.unwrap();
        assert_eq!(person(&tx, ids[0]).await.unwrap().name_zh, "李娜");
        assert!(matches!(
            rename(&tx, vocab::ActorId::new(), "", "", tax).await,
            Err(Error::NotFound("person"))
        ));
    }
}

#[tokio::test]
async fn who_is_switched_off_is_off_everywhere() {
    for fresh in db::testing::each().await.unwrap() {
        let org = OrgId::new();
        let tx = fresh.db.write().await.unwrap();
        let person = hired(&tx, "zhang.wei", org, &[Role::DataOfficer]).await;
        let wish = NewToken {
            person: person.id,
            org,
            name: "a".into(),
            roles: vec![Role::DataOfficer],
            expires_at: at(60),
        };
        let (_, secret) = issue_token(&tx, &wish, at(0)).await.unwrap();
        tx.commit().await.unwrap();
        let signed = into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(0)).await);

        let tx = fresh.db.write().await.unwrap();
        super::disable(&tx, person.id, at(1)).await.unwrap();
        assert!(
            actor_by_session(&tx, signed.secret.expose(), at(2))
                .await
                .unwrap()
                .is_none()
        );
        assert!(actor_by_token(&tx, secret.expose(), at(2)).await.unwrap().is_none());
        assert!(matches!(
            issue_token(&tx, &wish, at(2)).await,
            Err(Error::NotFound("person"))
        ));
        tx.commit().await.unwrap();
        assert_eq!(
            short(&signs_in(&fresh, "zhang.wei", PASSWORD, at(2)).await),
            Refused::Disabled.to_string()
        );
        let stranger = signs_in(&fresh, "zhang.wei", "wrong", at(2)).await;
        assert_eq!(
            short(&stranger),
            Refused::Credentials.to_string(),
            "only who knows the password hears why"
        );

        let tx = fresh.db.write().await.unwrap();
        enable(&tx, person.id).await.unwrap();
        assert!(
            actor_by_token(&tx, secret.expose(), at(3)).await.unwrap().is_none(),
            "tokens stay revoked"
        );
        tx.commit().await.unwrap();
        into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(3)).await);
    }
}

#[tokio::test]
async fn a_limit_may_only_be_stricter() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let set = async |name, value| set_limit(&tx, name, value, "local rule").await;
        assert!(matches!(
            set(LimitName::LockAfterFailures, 6).await,
            Err(Error::Looser { national: 5, .. })
        ));
        assert!(matches!(
            set(LimitName::LockAfterFailures, 0).await,
            Err(Error::Looser { .. })
        ));
        assert!(matches!(
            set(LimitName::LockMinutes, 14).await,
            Err(Error::Looser { national: 15, .. })
        ));
        set(LimitName::LockAfterFailures, 3).await.unwrap();
        set(LimitName::LockMinutes, 60).await.unwrap();
        let now = limits(&tx).await.unwrap();
        assert_eq!((now.lock_after_failures, now.lock), (3, Duration::minutes(60)));
        let listed = limits_listed(&tx).await.unwrap();
        assert_eq!(listed.len(), LimitName::ALL.len());
        assert_eq!(
            (listed[0].value, listed[0].national, listed[0].legal_basis.as_str()),
            (3, 5, "local rule")
        );
        assert!(listed[2].legal_basis.contains("GB/T 22239"));
    }
}
