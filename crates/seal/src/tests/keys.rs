//! Signatures: vectors, others' signatures, and everything that must be refused.

use proptest::prelude::*;

use super::unhex;
use crate::{SigningKey, Suite, VerifyingKey};

/// GB/T 32918.5 annex A.2: the example key on the recommended curve.
const GBT_SECRET: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const GBT_PUBLIC: &str = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const GBT_SIGNATURE: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

const OPENSSL_SM2_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE+j5YWRtdgIk7MTHqhe2JkDs6LHPk
t1JrNbeeB2OOpVq8CuvWWUQfEQPRFT+s+x/THfubUMXOqGJYvtG7Wk3W8Q==
-----END PUBLIC KEY-----
";
const OPENSSL_SM2_SIGNATURE: &str = "ff7b2e4f179960d2cb69885acb72a2aa2093812067243a57e1acc394be2c0ab078d19d2bd7df14922d87f0c30a73cc51e68f99b1d0acf96f6e9ec42ad6bcb89f";
const OPENSSL_ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAIe6KCTL37FBr6cxi3Rzniw7Iiq0xvp3s1fUJwPy4mIM=
-----END PUBLIC KEY-----
";
const OPENSSL_ED25519_SIGNATURE: &str = "917d627bdedabbaf5cfd756084fecda7ba971a98cd9b3c82c0dfe069c230ce17c0260760d043c5e368d4f980d37f49ff8bcf9dc0b479c5fe680e520b0f462d06";
const MESSAGE: &str = "聚通 message";

#[test]
fn sm2_as_in_gb_t_32918_5_annex_a() {
    let key = SigningKey::from_bytes(Suite::National, &unhex(GBT_SECRET)).unwrap();
    let public = key.verifying_key().unwrap();
    assert_eq!(hex::encode(public.to_bytes()), GBT_PUBLIC);
    public.verify(b"message digest", &unhex::<64>(GBT_SIGNATURE)).unwrap();
    public
        .verify(b"message digest", &key.sign(b"message digest").unwrap())
        .unwrap();
}

#[test]
fn ed25519_as_in_rfc_8032_7_1() {
    let cases = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (secret, public, message, signature) in cases {
        let key = SigningKey::from_bytes(Suite::International, &unhex(secret)).unwrap();
        assert_eq!(hex::encode(key.verifying_key().unwrap().to_bytes()), public);
        let message = hex::decode(message).unwrap();
        assert_eq!(hex::encode(key.sign(&message).unwrap()), signature);
        key.verifying_key()
            .unwrap()
            .verify(&message, &unhex::<64>(signature))
            .unwrap();
    }
}

#[test]
fn what_openssl_signed_is_accepted() {
    for (suite, public, signature) in [
        (Suite::National, OPENSSL_SM2_PUBLIC, OPENSSL_SM2_SIGNATURE),
        (Suite::International, OPENSSL_ED25519_PUBLIC, OPENSSL_ED25519_SIGNATURE),
    ] {
        let key = VerifyingKey::from_pem(suite, public).unwrap();
        assert_eq!(key.to_pem().unwrap(), public);
        key.verify(MESSAGE.as_bytes(), &unhex::<64>(signature)).unwrap();
    }
}

#[test]
fn a_key_survives_its_pem() {
    for suite in Suite::ALL {
        let key = SigningKey::generate(suite).unwrap();
        let again = SigningKey::from_pem(suite, &key.to_pem().unwrap()).unwrap();
        assert_eq!(again.verifying_key().unwrap(), key.verifying_key().unwrap());
        assert_eq!(again.sign(b"x").unwrap(), key.sign(b"x").unwrap());
        let other = if suite == Suite::National {
            Suite::International
        } else {
            Suite::National
        };
        assert!(
            SigningKey::from_pem(other, &key.to_pem().unwrap()).is_err(),
            "a {suite} key is no {other} key"
        );
        assert!(SigningKey::from_pem(suite, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err());
    }
}

#[test]
fn scalars_out_of_range_are_no_keys() {
    const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
    const N_LESS_1: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122";
    for bad in [&"00".repeat(32), N, N_LESS_1, &"ff".repeat(32)] {
        assert!(SigningKey::from_bytes(Suite::National, &unhex(bad)).is_err(), "{bad}");
    }
}

#[test]
fn signatures_with_r_or_s_out_of_range_are_refused() {
    const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
    let key = VerifyingKey::from_bytes(Suite::National, &unhex::<65>(GBT_PUBLIC)).unwrap();
    let good: [u8; 64] = unhex(GBT_SIGNATURE);
    for bad in ["00".repeat(32), N.to_owned(), "ff".repeat(32)] {
        let bad: [u8; 32] = unhex(&bad);
        for at in [0, 32] {
            let mut signature = good;
            signature[at..at + 32].copy_from_slice(&bad);
            assert!(key.verify(b"message digest", &signature).is_err());
        }
    }
    assert!(key.verify(b"message digest", &[0; 64]).is_err());
    assert!(key.verify(b"message digest", &good[..63]).is_err());
    let mut longer = good.to_vec();
    longer.push(0);
    assert!(key.verify(b"message digest", &longer).is_err());
    let swapped = [&good[32..], &good[..32]].concat();
    assert!(key.verify(b"message digest", &swapped).is_err());
}

#[test]
fn another_identity_is_another_signature() {
    use sm2::dsa::signature::Signer as _;
    let secret = sm2::SecretKey::from_slice(&unhex::<32>(GBT_SECRET)).unwrap();
    let foreign = sm2::dsa::SigningKey::new("ALICE123@YAHOO.COM", &secret).unwrap();
    let signature: sm2::dsa::Signature = foreign.sign(b"message digest");
    let key = VerifyingKey::from_bytes(Suite::National, &unhex::<65>(GBT_PUBLIC)).unwrap();
    assert!(key.verify(b"message digest", &signature.to_bytes()).is_err());
}

#[test]
fn points_that_are_no_keys_are_refused() {
    let mut off_curve = unhex::<65>(GBT_PUBLIC);
    off_curve[64] ^= 1;
    assert!(VerifyingKey::from_bytes(Suite::National, &off_curve).is_err());
    assert!(
        VerifyingKey::from_bytes(Suite::National, &[0]).is_err(),
        "the point at infinity"
    );
    let small = [
        "00".repeat(32),
        format!("01{}", "00".repeat(31)),
        format!("ec{}7f", "ff".repeat(30)),
    ];
    for bad in small {
        assert!(
            VerifyingKey::from_bytes(Suite::International, &unhex::<32>(&bad)).is_err(),
            "small order {bad}"
        );
    }
    assert!(VerifyingKey::from_bytes(Suite::International, &[1; 31]).is_err());
}

#[test]
fn debug_shows_no_secret() {
    let key = SigningKey::from_bytes(Suite::National, &unhex(GBT_SECRET)).unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(national, …)");
}

#[test]
fn nonces_do_not_repeat_and_are_not_small() {
    // r = e + x1 mod n: an almost-zero or repeated nonce would repeat x1 for a repeated e; here over messages.
    let key = SigningKey::from_bytes(Suite::National, &unhex(GBT_SECRET)).unwrap();
    let mut ones = 0_u32;
    let mut seen = std::collections::HashSet::new();
    for i in 0..200_u32 {
        let signature = key.sign(&i.to_be_bytes()).unwrap();
        ones += signature[..32].iter().map(|it| it.count_ones()).sum::<u32>();
        assert!(seen.insert(signature));
    }
    // 51,200 bits, standard deviation 113: within eight of them.
    assert!((24_700..26_500).contains(&ones), "{ones} of 51200 bits are set");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_changed_bit_is_noticed(message in prop::collection::vec(any::<u8>(), 1..60), at in 0_usize..512, bit in 0_usize..480) {
        for suite in Suite::ALL {
            let key = SigningKey::from_bytes(suite, &unhex(GBT_SECRET)).unwrap();
            let public = key.verifying_key().unwrap();
            let mut signature = key.sign(&message).unwrap();
            public.verify(&message, &signature).unwrap();
            signature[at / 8] ^= 1 << (at % 8);
            prop_assert!(public.verify(&message, &signature).is_err());
            let mut other = message.clone();
            let bit = bit % (other.len() * 8);
            other[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(public.verify(&other, &key.sign(&message).unwrap()).is_err());
        }
    }

    #[test]
    fn nothing_thrown_at_the_parsers_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,200}") {
        for suite in Suite::ALL {
            let _ = VerifyingKey::from_bytes(suite, &bytes);
            let _ = VerifyingKey::from_pem(suite, &text);
            let _ = SigningKey::from_pem(suite, &text);
            let key = SigningKey::from_bytes(suite, &unhex(GBT_SECRET)).unwrap().verifying_key().unwrap();
            prop_assert!(key.verify(b"x", &bytes).is_err());
        }
        let _ = text.parse::<crate::Envelope>();
    }
}
