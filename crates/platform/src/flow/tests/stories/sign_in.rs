use staff::{LimitName, Refused};

use super::*;
use crate::flow::{Proof, TokenWish};

const PASSWORD: &str = "Rain-on-7-roofs";

impl Stage {
    async fn signs_in(&self, login: &str, password: &str) -> Result<staff::SignedIn, Error> {
        flow::sign_in(&self.app, login, password, "test").await
    }
}

#[tokio::test]
async fn the_ledger_keeps_when_a_lock_began_and_not_every_wrong_password() {
    for stage in Stage::each().await {
        let before = stage.size().await;
        for _ in 0..4 {
            let refused = stage.signs_in("officer", "wrong").await;
            assert!(
                matches!(refused, Err(Error::SignIn(Refused::Credentials))),
                "{refused:?}"
            );
        }
        assert_eq!(stage.size().await, before, "a stranger does not make the ledger grow");
        for _ in 0..5 {
            let refused = stage.signs_in("officer", "wrong").await;
            assert!(
                matches!(refused, Err(Error::SignIn(Refused::Locked { .. }))),
                "{refused:?}"
            );
        }
        assert_eq!(stage.size().await, before + 1, "a lock began once");
        let entry = ledger::get(&stage.app.read().await.unwrap(), before)
            .await
            .unwrap()
            .unwrap()
            .entry;
        assert_eq!((entry.kind.as_str(), entry.actor), ("sign-in-locked", None));
        let login = entry.body["login"].as_str().unwrap();
        assert!(!login.contains("officer") && login.len() == 64, "a digest: {login}");
        assert!(entry.body["until"].is_string());
        // While it is locked the right password is not even hashed; the node's own machine opens it.
        stage.app.hashing.close();
        let locked = stage.signs_in("officer", PASSWORD).await;
        assert!(
            matches!(locked, Err(Error::SignIn(Refused::Locked { .. }))),
            "{locked:?}"
        );
        flow::unlock_login(&stage.app, " Officer").await.unwrap();
        let again = flow::unlock_login(&stage.app, "officer").await;
        assert!(matches!(again, Err(Error::NotFound("lock"))), "{again:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_sign_in_at_once_take_turns() {
    for stage in Stage::each().await {
        let all: Vec<_> = (0..12)
            .map(|_| {
                let app = Arc::clone(&stage.app);
                tokio::spawn(async move { flow::sign_in(&app, "officer", PASSWORD, "test").await })
            })
            .collect();
        for it in all {
            it.await.unwrap().unwrap();
        }
        let tx = stage.app.read().await.unwrap();
        let seen = staff::store::person(&tx, stage.officer.id).await.unwrap().last_seen_at;
        assert_eq!(seen, Some(at()));
        let never = staff::store::person(&tx, stage.colleague.id)
            .await
            .unwrap()
            .last_seen_at;
        assert_eq!(never, None);
    }
}

#[tokio::test]
async fn a_password_that_is_reset_takes_tokens_with_it() {
    for stage in Stage::each().await {
        let app = &stage.app;
        let signed_in = stage.signs_in("officer", PASSWORD).await.unwrap();
        let known = flow::know_actor(app, Proof::Session(signed_in.secret.expose()))
            .await
            .unwrap()
            .unwrap();
        let wish = TokenWish {
            name: "每日取数".to_owned(),
            roles: Vec::new(),
            expires_at: flow::token_end(app, 30),
        };
        let (_, secret) = flow::issue_token(app, &known, wish.clone()).await.unwrap();
        let opens = async || {
            flow::know_actor(app, Proof::Token(secret.expose()))
                .await
                .unwrap()
                .is_some()
        };
        assert!(opens().await);
        let endless = TokenWish {
            expires_at: flow::token_end(app, u32::MAX),
            ..wish
        };
        let refused = flow::issue_token(app, &known, endless).await;
        assert!(matches!(refused, Err(Error::Staff(_))), "{refused:?}");
        flow::reset_password(app, &stage.system, stage.officer.id)
            .await
            .unwrap();
        assert!(!opens().await, "the token ended with the password");
    }
}

#[tokio::test]
async fn limits_become_stricter_with_their_basis_and_never_looser() {
    for stage in Stage::each().await {
        let app = &stage.app;
        let put = async |who: &Actor, value, basis: &str| {
            flow::put_limit(app, who, LimitName::LockAfterFailures, value, basis).await
        };
        let before = stage.size().await;
        assert_eq!(why(put(&stage.system, 3, " ").await), "basis: missing");
        let looser = put(&stage.system, 9, "本市规定").await;
        assert!(
            matches!(looser, Err(Error::Staff(staff::Error::Looser { .. }))),
            "{looser:?}"
        );
        assert!(matches!(put(&stage.officer, 3, "x").await, Err(Error::Denied(_))));
        assert_eq!(stage.size().await, before, "a refusal leaves no entry");
        let limit = put(&stage.system, 3, "本市网络安全管理办法第八条").await.unwrap();
        assert_eq!((limit.value, limit.national), (3, 5));
        assert_eq!(stage.ledger("lock-after-failures").await, "limit-put");
        for _ in 0..2 {
            stage.signs_in("officer", "wrong").await.unwrap_err();
        }
        let third = stage.signs_in("officer", "wrong").await;
        assert!(matches!(third, Err(Error::SignIn(Refused::Locked { .. }))), "{third:?}");
    }
}
