//! The node's two signing keys for its log, under the log's name.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use seal::{Hash, SigningKey, Suite};
use serde::{Deserialize, Serialize};
use vocab::Timestamp;

use crate::{
    Checkpoint, Error,
    checkpoint::Statement,
    note::{KeyKind, Note, SignatureLine, VerifierKey},
};

/// What signs this node's checkpoints and receipts.
#[derive(Debug, Clone)]
pub struct LogKeys {
    origin: String,
    international: (SigningKey, VerifierKey),
    national: (SigningKey, VerifierKey),
    shadow: VerifierKey,
}

/// A signature of the node over one entry, apart from any checkpoint: proof in hand before the next one is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The key, `name+id`.
    pub key: String,
    /// The signature, base64.
    pub signature: String,
}

/// What a node signs when it attests an entry.
pub(crate) fn attested(origin: &str, data: &str) -> Vec<u8> {
    format!("jutong-entry/v1\n{origin}\n{data}").into_bytes()
}

/// The name of the SM3 tree of a log.
pub(crate) fn shadow_name(origin: &str) -> String {
    format!("{origin}/sm3")
}

impl LogKeys {
    /// Keys under a log's name (`node.example.gov/log`, no scheme, no spaces; it stays the same for ever).
    ///
    /// # Errors
    /// [`Error::Note`] for an impossible name; [`Error::Seal`] when the keys are not of their suites.
    pub fn new(origin: &str, international: SigningKey, national: SigningKey) -> Result<Self, Error> {
        let first = VerifierKey::new(origin, KeyKind::Ed25519, international.verifying_key()?)?;
        let second = VerifierKey::new(origin, KeyKind::Sm2, national.verifying_key()?)?;
        let shadow = second.named(&shadow_name(origin))?;
        Ok(Self {
            origin: origin.to_owned(),
            international: (international, first),
            national: (national, second),
            shadow,
        })
    }

    /// Reads `log-ed25519.pem` and `log-sm2.pem` in a folder, or makes them once (mode 0600).
    ///
    /// # Errors
    /// As [`LogKeys::new`] and [`SigningKey::open_or_create`].
    pub fn open_or_create(folder: &Path, origin: &str) -> Result<Self, Error> {
        let international = SigningKey::open_or_create(&folder.join("log-ed25519.pem"), Suite::International)?;
        let national = SigningKey::open_or_create(&folder.join("log-sm2.pem"), Suite::National)?;
        Self::new(origin, international, national)
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The public keys: Ed25519, then SM2. Their texts are what outside verifiers are given.
    #[must_use]
    pub fn verifier_keys(&self) -> [&VerifierKey; 2] {
        [&self.international.1, &self.national.1]
    }

    /// The public key of the SM3 tree's checkpoints.
    #[must_use]
    pub const fn shadow_key(&self) -> &VerifierKey {
        &self.shadow
    }

    /// Signs an entry's bytes with both keys.
    ///
    /// # Errors
    /// [`Error::Seal`].
    pub fn attest(&self, data: &str) -> Result<Vec<Attestation>, Error> {
        let message = attested(&self.origin, data);
        let sign = |(key, public): &(SigningKey, VerifierKey)| -> Result<Attestation, Error> {
            Ok(Attestation {
                key: public.short(),
                signature: STANDARD.encode(key.sign(&message)?),
            })
        };
        Ok(vec![sign(&self.international)?, sign(&self.national)?])
    }

    /// Signs a checkpoint over both trees.
    pub(crate) fn checkpoint(&self, size: u64, root: Hash, sm3_root: Hash, at: Timestamp) -> Result<Checkpoint, Error> {
        let text = Statement {
            origin: self.origin.clone(),
            size,
            root,
        }
        .to_string();
        let shadow = Statement {
            origin: shadow_name(&self.origin),
            size,
            root: sm3_root,
        }
        .to_string();
        let signatures = vec![
            SignatureLine::sign(&text, &self.international.0, &self.international.1)?,
            SignatureLine::sign(&text, &self.national.0, &self.national.1)?,
        ];
        let sm3_signatures = vec![SignatureLine::sign(&shadow, &self.national.0, &self.shadow)?];
        Ok(Checkpoint {
            size,
            root,
            sm3_root,
            note: Note { text, signatures },
            sm3_note: Note {
                text: shadow,
                signatures: sm3_signatures,
            },
            cosignatures: Vec::new(),
            at,
        })
    }
}
