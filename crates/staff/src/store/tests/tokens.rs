//! Tokens.

use super::*;

#[tokio::test]
async fn a_token_opens_what_its_owner_still_holds() {
    for fresh in db::testing::each().await.unwrap() {
        let org = OrgId::new();
        let tx = fresh.db.write().await.unwrap();
        let owner = hired(&tx, "tax.app", org, &[Role::Service, Role::DataOfficer]).await;
        let wish = NewToken {
            person: owner.id,
            org,
            name: " nightly ".to_owned(),
            roles: vec![Role::Service, Role::Service],
            expires_at: at(60),
        };
        let greedy = NewToken {
            roles: vec![Role::Auditor],
            ..wish.clone()
        };
        assert!(matches!(
            issue_token(&tx, &greedy, at(0)).await,
            Err(Error::NotHeld(Role::Auditor))
        ));
        let endless = NewToken {
            expires_at: at(366 * 24 * 60),
            ..wish.clone()
        };
        assert!(matches!(
            issue_token(&tx, &endless, at(0)).await,
            Err(Error::TokenLifetime { max_days: 365 })
        ));

        let (token_made, secret) = issue_token(&tx, &wish, at(0)).await.unwrap();
        assert!(secret.expose().ends_with(&token_made.hint));
        assert_eq!(
            (token_made.name.as_str(), token_made.roles.as_slice()),
            ("nightly", [Role::Service].as_slice())
        );
        let row = tx
            .one("select secret_hash from staff_token", [])
            .await
            .unwrap()
            .text("secret_hash")
            .unwrap();
        assert!(!row.contains(secret.expose()), "only the digest is kept");

        let known = actor_by_token(&tx, secret.expose(), at(1)).await.unwrap().unwrap();
        assert_eq!(known.actor.roles, [Role::Service]);
        assert_eq!(
            (known.via, known.expires_at, known.touch_due),
            (Via::Token(token_made.id), at(60), true)
        );
        touch_token(&tx, token_made.id, at(1)).await.unwrap();
        assert!(
            !actor_by_token(&tx, secret.expose(), at(1))
                .await
                .unwrap()
                .unwrap()
                .touch_due
        );
        assert!(
            actor_by_token(&tx, secret.expose(), at(60)).await.unwrap().is_none(),
            "it ends"
        );

        let before = revision(&tx).await.unwrap();
        assert_eq!(known.revision, before);
        set_posts(
            &tx,
            owner.id,
            &[Post {
                org,
                role: Role::DataOfficer,
            }],
        )
        .await
        .unwrap();
        assert!(revision(&tx).await.unwrap() > before, "who remembers it can notice");
        assert!(
            actor_by_token(&tx, secret.expose(), at(2)).await.unwrap().is_none(),
            "the role was lost"
        );
        set_posts(&tx, owner.id, &owner.posts).await.unwrap();
        assert!(actor_by_token(&tx, secret.expose(), at(2)).await.unwrap().is_some());

        revoke_token(&tx, owner.id, token_made.id, at(3)).await.unwrap();
        revoke_token(&tx, owner.id, token_made.id, at(4)).await.unwrap();
        assert!(actor_by_token(&tx, secret.expose(), at(3)).await.unwrap().is_none());
        let listed = tokens(&tx, owner.id).await.unwrap();
        assert_eq!(listed, [token(&tx, token_made.id).await.unwrap()]);
        assert_eq!(
            (listed[0].revoked_at, listed[0].last_used_at),
            (Some(at(3)), Some(at(1)))
        );
        assert!(!listed[0].is_alive(at(4)));
    }
}
