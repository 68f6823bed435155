//! Published vectors, and values made by independent programs (OpenSSL 3.0, pyca/cryptography 50).

use super::unhex;
use crate::{Hasher, Suite, envelope, hmac_sha256, hmac_sm3, sha256, sm3};

#[test]
fn sm3_as_in_gb_t_32905_annex_a() {
    assert_eq!(
        hex::encode(sm3(b"abc")),
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    );
    let long = b"abcd".repeat(16);
    assert_eq!(
        hex::encode(sm3(&long)),
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    );
}

#[test]
fn hex_is_written_as_everybody_does() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(crate::hex(&bytes), hex::encode(&bytes));
    assert_eq!(crate::hex(&[]), "");
}

#[test]
fn sha256_as_in_fips_180() {
    assert_eq!(
        hex::encode(sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn a_digest_does_not_depend_on_how_it_is_fed() {
    let bytes: Vec<u8> = (0..1000_u32).map(|it| it.to_le_bytes()[0]).collect();
    for suite in Suite::ALL {
        for cut in [0, 1, 55, 56, 63, 64, 65, 999, 1000] {
            let mut hasher = Hasher::new(suite);
            hasher.update(&bytes[..cut]);
            hasher.update(&bytes[cut..]);
            assert_eq!(hasher.finish(), suite.digest(&bytes), "{suite} cut at {cut}");
        }
    }
}

#[test]
fn hmac_as_in_rfc_4231_and_as_others_compute_it() {
    let long = [0xaa_u8; 131];
    let cases: [(&[u8], &[u8], &str, &str); 4] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "51b00d1fb49832bfb01c3ce27848e59f871d9ba938dc563b338ca964755cce70",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &long,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "b4fd844e13342002f0b2e0690ea7741f1497d993a70494cea601e657bedf67a0",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            b"",
            b"",
            "0d23f72ba15e9c189a879aefc70996b06091de6e64d31b7a84004356dd915261",
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
        ),
    ];
    for (key, message, national, international) in cases {
        assert_eq!(hex::encode(hmac_sm3(key, message)), national);
        assert_eq!(hex::encode(hmac_sha256(key, message)), international);
    }
}

#[test]
fn sm4_as_in_gb_t_32907_annex_a() {
    use aes_gcm::aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
    let key: [u8; 16] = unhex("0123456789abcdeffedcba9876543210");
    let cipher = sm4::Sm4::new(&key.into());
    let mut block = key.into();
    cipher.encrypt_block(&mut block);
    assert_eq!(hex::encode(block), "681edf34d206965e86b3e94f536e4246");
}

#[test]
fn sm4_gcm_as_in_rfc_8998_a_1() {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&unhex::<16>("0123456789abcdeffedcba9876543210"));
    let plain: [u8; 64] = unhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
    );
    let aad: [u8; 20] = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let nonce = unhex("00001234567800000000abcd");
    let sealed = envelope::encrypt(Suite::National, &key, &nonce, &aad, &plain).unwrap();
    assert_eq!(
        hex::encode(&sealed),
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
         83de3541e4c2b58177e065a9bf7b62ec"
    );
    assert_eq!(
        envelope::decrypt(Suite::National, &key, &nonce, &aad, &sealed).unwrap(),
        plain
    );
}

#[test]
fn sm4_gcm_of_a_part_of_a_block_as_openssl_computes_it() {
    let sealed = envelope::encrypt(Suite::National, &[b'k'; 32], &[b'n'; 12], b"ad", b"seventeen bytes!!").unwrap();
    assert_eq!(
        hex::encode(sealed),
        "f14604e8955b4f0facef117d66e2c66f466393c5d00126462b8f5a9f5c44fc584e"
    );
}

#[test]
fn aes_gcm_as_in_the_gcm_paper_case_13_and_14() {
    let empty = envelope::encrypt(Suite::International, &[0; 32], &[0; 12], b"", b"").unwrap();
    assert_eq!(hex::encode(empty), "530f8afbc74536b9a963b4f1c4cb738b");
    let block = envelope::encrypt(Suite::International, &[0; 32], &[0; 12], b"", &[0; 16]).unwrap();
    assert_eq!(
        hex::encode(block),
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    );
}
