//! Sessions.

use super::*;

#[tokio::test]
async fn a_session_lives_while_it_is_used_and_no_longer_than_allowed() {
    for fresh in db::testing::each().await.unwrap() {
        let (home, other) = (OrgId::new(), OrgId::new());
        let tx = fresh.db.write().await.unwrap();
        let person = hired(&tx, "zhang.wei", home, &[Role::DataOfficer, Role::Approver]).await;
        tx.commit().await.unwrap();
        let signed = into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(0)).await);
        let secret = signed.secret.expose();
        assert!(secret.starts_with("jt_"));

        let tx = fresh.db.write().await.unwrap();
        let known = actor_by_session(&tx, secret, at(10)).await.unwrap().unwrap();
        let recognised = vocab::Actor {
            via: Some(known.via),
            ..person.actor(home)
        };
        assert_eq!(known.actor, recognised);
        assert_eq!(known.actor.roles, [Role::DataOfficer, Role::Approver]);
        assert_eq!(
            (known.via, known.expires_at, known.touch_due),
            (Via::Session(signed.session.id), at(30), true)
        );
        assert!(
            actor_by_session(&tx, secret, at(30)).await.unwrap().is_none(),
            "idle for 30 minutes"
        );
        assert!(actor_by_session(&tx, "jt_no", at(10)).await.unwrap().is_none());
        assert!(
            actor_by_token(&tx, secret, at(10)).await.unwrap().is_none(),
            "a session is no token"
        );

        let mut now = 0;
        while now < 720 {
            now += 25;
            let lives = touch_session(&tx, signed.session.id, at(now)).await.unwrap();
            assert_eq!(lives, now < 720, "at {now}");
        }
        assert!(
            actor_by_session(&tx, secret, at(720)).await.unwrap().is_none(),
            "12 hours are enough"
        );
        let known = actor_by_session(&tx, secret, at(719)).await.unwrap().unwrap();
        assert_eq!((known.expires_at, known.touch_due), (at(720), true));

        let fresh_secret = rotate_session(&tx, signed.session.id, at(701)).await.unwrap();
        assert!(
            actor_by_session(&tx, secret, at(701)).await.unwrap().is_none(),
            "the old secret is dead"
        );
        assert!(
            actor_by_session(&tx, fresh_secret.expose(), at(701))
                .await
                .unwrap()
                .is_some()
        );

        assert!(matches!(
            switch_org(&tx, signed.session.id, other).await,
            Err(Error::NoPost)
        ));
        set_posts(
            &tx,
            person.id,
            &[Post {
                org: other,
                role: Role::Leader,
            }],
        )
        .await
        .unwrap();
        switch_org(&tx, signed.session.id, other).await.unwrap();
        let known = actor_by_session(&tx, fresh_secret.expose(), at(701))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (known.actor.org, known.actor.roles.as_slice()),
            (other, [Role::Leader].as_slice())
        );

        assert!(matches!(
            end_session(&tx, vocab::ActorId::new(), signed.session.id).await,
            Err(Error::NotFound(_))
        ));
        end_session(&tx, person.id, signed.session.id).await.unwrap();
        assert!(
            actor_by_session(&tx, fresh_secret.expose(), at(701))
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_together() {
    for fresh in db::testing::each().await.unwrap() {
        let tx = fresh.db.write().await.unwrap();
        let person = hired(&tx, "zhang.wei", OrgId::new(), &[]).await;
        tx.commit().await.unwrap();
        let first = into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(0)).await);
        let second = into_session(signs_in(&fresh, "zhang.wei", PASSWORD, at(5)).await);
        let tx = fresh.db.write().await.unwrap();
        let all = sessions(&tx, person.id, at(6)).await.unwrap();
        assert_eq!(all, [second.session.clone(), first.session.clone()]);
        assert_eq!(
            sessions(&tx, person.id, at(31)).await.unwrap(),
            std::slice::from_ref(&second.session)
        );
        assert_eq!(end_sessions(&tx, person.id, Some(second.session.id)).await.unwrap(), 1);
        assert!(
            actor_by_session(&tx, first.secret.expose(), at(6))
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            actor_by_session(&tx, second.secret.expose(), at(6))
                .await
                .unwrap()
                .is_some()
        );
    }
}
