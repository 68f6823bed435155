//! Evidence bundles: entries, the proofs that they are in the log, and what signs it, in one JSON file that is checked
//! offline with public keys from elsewhere.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use db::Tx;
use seal::{Hash, Suite};
use serde::{Deserialize, Serialize};

use crate::{
    Attestation, Error, Log, LogKeys, Note, NoteError, Recorded, Statement, VerifierKey,
    keys::{attested, shadow_name},
    note::KeyKind,
    store, tree,
};

/// The form of a bundle.
pub const FORM: &str = "jutong-evidence/v1";

/// An evidence bundle, as it is written and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`FORM`].
    pub form: String,
    /// The checkpoint's note, with witnesses' lines.
    pub checkpoint: String,
    /// The note of the SM3 tree of the same size.
    pub sm3_checkpoint: String,
    /// The node's keys, for people to compare; a verifier trusts only those it has from elsewhere.
    pub keys: Vec<String>,
    /// The entries.
    pub entries: Vec<Evidence>,
}

/// One entry with its proofs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Its number.
    pub index: u64,
    /// Its exact bytes.
    pub data: String,
    /// Inclusion proof in the SHA-256 tree, base64.
    pub proof: Vec<String>,
    /// Inclusion proof in the SM3 tree, base64.
    pub sm3_proof: Vec<String>,
    /// The node's signatures over the entry alone.
    pub attestations: Vec<Attestation>,
}

/// Makes a bundle of some entries under the last published checkpoint.
///
/// # Errors
/// [`Error::NotPublished`] for an entry that no checkpoint covers yet: publish, then ask again. [`Error::Tile`] when
/// the published folder is damaged; [`Error::Rewritten`] when an entry is not the one that was published: nothing is
/// signed then; [`Error::Db`], [`Error::Seal`].
pub async fn make(tx: &Tx, keys: &LogKeys, folder: &Path, indices: &[u64]) -> Result<Bundle, Error> {
    let first = indices.first().copied().unwrap_or(0);
    let checkpoint = store::last_checkpoint(tx)
        .await?
        .ok_or(Error::NotPublished { index: first, size: 0 })?;
    let mut main = Log::new(folder, Suite::International, checkpoint.size);
    let mut shadow = Log::new(folder, Suite::National, checkpoint.size);
    let mut entries = Vec::with_capacity(indices.len());
    for &index in indices {
        let (proof, sm3_proof) = (main.inclusion(index)?, shadow.inclusion(index)?);
        let data = store::get(tx, index).await?.ok_or(db::Error::NoRow)?.data;
        // Nothing is signed but what was published: a row that was altered since has another leaf.
        for (suite, log) in [(Suite::International, &mut main), (Suite::National, &mut shadow)] {
            if log.leaf(index)? != tree::leaf_hash(suite, data.as_bytes()) {
                return Err(Error::Rewritten(format!(
                    "entry {index} is not the one that was published"
                )));
            }
        }
        let attestations = keys.attest(&data)?;
        entries.push(Evidence {
            index,
            data,
            proof: texts(&proof),
            sm3_proof: texts(&sm3_proof),
            attestations,
        });
    }
    Ok(Bundle {
        form: FORM.to_owned(),
        checkpoint: checkpoint.served().to_string(),
        sm3_checkpoint: checkpoint.sm3_note.to_string(),
        keys: keys.verifier_keys().iter().map(ToString::to_string).collect(),
        entries,
    })
}

impl Bundle {
    /// The file: indented JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a file without judging it.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bundle: Self =
            serde_json::from_slice(bytes).map_err(|it| Fault::Malformed(format!("not an evidence bundle: {it}")))?;
        if bundle.form != FORM {
            return Err(Fault::Malformed(format!("its form is not {FORM}")));
        }
        Ok(bundle)
    }

    /// The keys it carries. To trust these is to trust whoever gave the file.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn verifier_keys(&self) -> Result<Vec<VerifierKey>, Fault> {
        self.keys
            .iter()
            .map(|it| it.parse().map_err(|it: NoteError| Fault::Malformed(it.to_string())))
            .collect()
    }
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|it| STANDARD.encode(it)).collect()
}

/// Whom a verifier believes. Keys come from elsewhere: a gazette, a web page, a visit.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Keys of logs, Ed25519 and SM2. Each suite a log has a key of here must prove the bundle by itself.
    pub keys: Vec<VerifierKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<VerifierKey>,
    /// How many different witnesses must have cosigned.
    pub quorum: usize,
}

/// What a bundle proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The log.
    pub origin: String,
    /// Entries under the checkpoint.
    pub size: u64,
    /// Root of the SHA-256 tree.
    pub root: Hash,
    /// The suites that prove it, each by itself.
    pub suites: Vec<Suite>,
    /// Witnesses that cosigned, each with the second since 1970 at which it did.
    pub witnesses: Vec<(String, u64)>,
    /// The entries.
    pub entries: Vec<Recorded>,
}

/// Why a bundle proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be read.
    #[error("the bundle is malformed: {0}")]
    Malformed(String),
    /// No key that is trusted belongs to this log.
    #[error("the log `{0}` is not one whose key is trusted")]
    UnknownKey(String),
    /// The checkpoint carries no signature by a trusted key.
    #[error("the checkpoint is not signed by {0}")]
    NotSigned(String),
    /// The signature is there and wrong: the checkpoint was altered or forged.
    #[error("the checkpoint's signature by {0} is wrong: it was altered, or signed with another key")]
    CheckpointSignature(String),
    /// The two trees' checkpoints do not speak of the same log and size.
    #[error("the checkpoints of the two trees do not belong together")]
    Apart,
    /// The entry is not what was logged.
    #[error("entry {0} was altered: neither its proof nor its signature fits it")]
    Altered(u64),
    /// The entry is signed, but the proof does not end at the root.
    #[error("the {1} proof of entry {0} does not lead to the root of the checkpoint")]
    Proof(u64, &'static str),
    /// The entry is in the log, but the signature over it alone is wrong or missing.
    #[error("the signature over entry {0} by {1} is missing or wrong")]
    EntrySignature(u64, String),
    /// There is nothing in it to prove.
    #[error("the bundle holds no entry, so it proves nothing")]
    Empty,
    /// Too few witnesses.
    #[error("{have} trusted witnesses cosigned the checkpoint, {need} are needed")]
    Witnesses {
        /// Valid cosignatures.
        have: usize,
        /// Asked for.
        need: usize,
    },
}

impl Fault {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::UnknownKey(_) => "unknown-key",
            Self::NotSigned(_) => "not-signed",
            Self::CheckpointSignature(_) => "checkpoint-signature",
            Self::Apart => "apart",
            Self::Altered(_) => "altered",
            Self::Proof(..) => "proof",
            Self::EntrySignature(..) => "entry-signature",
            Self::Empty => "empty",
            Self::Witnesses { .. } => "witnesses",
        }
    }

    /// What it speaks of: names and numbers, in the order of its sentence.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        match self {
            Self::Malformed(it) | Self::UnknownKey(it) | Self::NotSigned(it) | Self::CheckpointSignature(it) => {
                vec![it.clone()]
            }
            Self::Apart | Self::Empty => Vec::new(),
            Self::Altered(entry) => vec![entry.to_string()],
            Self::Proof(entry, tree) => vec![entry.to_string(), (*tree).to_owned()],
            Self::EntrySignature(entry, by) => vec![entry.to_string(), by.clone()],
            Self::Witnesses { have, need } => vec![have.to_string(), need.to_string()],
        }
    }
}

/// Checks a bundle with nothing but its bytes and trusted keys.
///
/// # Errors
/// A [`Fault`] says in words why it proves nothing.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Verified, Fault> {
    let bundle = Bundle::parse(bytes)?;
    bundle.verifier_keys()?;
    if bundle.entries.is_empty() {
        return Err(Fault::Empty);
    }
    let (note, statement) = read_note(&bundle.checkpoint)?;
    let keys: Vec<&VerifierKey> = trust
        .keys
        .iter()
        .filter(|it| it.name() == statement.origin && it.kind() != KeyKind::Cosignature)
        .collect();
    if keys.is_empty() {
        return Err(Fault::UnknownKey(statement.origin));
    }
    for key in &keys {
        signed(&note, key)?;
    }
    let (shadow_note, shadow) = read_note(&bundle.sm3_checkpoint)?;
    let shadow_origin = shadow_name(&statement.origin);
    if shadow.origin != shadow_origin || shadow.size != statement.size {
        return Err(Fault::Apart);
    }
    let national: Vec<_> = keys.iter().filter(|it| it.suite() == Suite::National).collect();
    for key in &national {
        let key = key
            .named(&shadow_origin)
            .map_err(|it| Fault::Malformed(it.to_string()))?;
        signed(&shadow_note, &key)?;
    }
    let witnesses = witnesses(&note, trust)?;
    let shadow_root = (!national.is_empty()).then_some(&shadow.root);
    let entries = bundle
        .entries
        .iter()
        .map(|it| entry(it, &keys, &statement, shadow_root))
        .collect::<Result<_, _>>()?;
    let mut suites: Vec<Suite> = keys.iter().map(|it| it.suite()).collect();
    suites.sort();
    suites.dedup();
    Ok(Verified {
        origin: statement.origin,
        size: statement.size,
        root: statement.root,
        suites,
        witnesses,
        entries,
    })
}

fn read_note(text: &str) -> Result<(Note, Statement), Fault> {
    let malformed = |it: NoteError| Fault::Malformed(it.to_string());
    let note: Note = text.parse().map_err(malformed)?;
    let statement = note.text.parse().map_err(malformed)?;
    Ok((note, statement))
}

fn signed(note: &Note, key: &VerifierKey) -> Result<(), Fault> {
    note.check(key).map_err(|it| match it {
        NoteError::NotSigned(key) => Fault::NotSigned(key),
        _ => Fault::CheckpointSignature(key.short()),
    })
}

/// Valid cosignatures; one key counts once, under whatever names it is listed.
fn witnesses(note: &Note, trust: &Trust) -> Result<Vec<(String, u64)>, Fault> {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut valid = Vec::new();
    for key in trust.witnesses.iter().filter(|it| it.kind() == KeyKind::Cosignature) {
        if let Ok(time) = note.check_cosignature(key)
            && !seen.contains(&key.key_bytes())
        {
            seen.push(key.key_bytes());
            valid.push((key.name().to_owned(), time));
        }
    }
    if valid.len() < trust.quorum {
        return Err(Fault::Witnesses {
            have: valid.len(),
            need: trust.quorum,
        });
    }
    Ok(valid)
}

fn entry(
    it: &Evidence,
    keys: &[&VerifierKey],
    statement: &Statement,
    shadow_root: Option<&Hash>,
) -> Result<Recorded, Fault> {
    let leads = |suite: Suite, proof: &[String], root: &Hash| -> Result<bool, Fault> {
        let proof = hashes(proof)?;
        let leaf = tree::leaf_hash(suite, it.data.as_bytes());
        Ok(tree::verify_inclusion(
            suite,
            &leaf,
            it.index,
            statement.size,
            &proof,
            root,
        ))
    };
    let message = attested(&statement.origin, &it.data);
    let unsigned = keys.iter().find(|key| !attests(it, key, &message));
    let mut broken = None;
    if !leads(Suite::International, &it.proof, &statement.root)? {
        broken = Some("SHA-256");
    } else if let Some(root) = shadow_root
        && !leads(Suite::National, &it.sm3_proof, root)?
    {
        broken = Some("SM3");
    }
    match (broken, unsigned) {
        (Some(_), Some(_)) => Err(Fault::Altered(it.index)),
        (Some(tree), None) => Err(Fault::Proof(it.index, tree)),
        (None, Some(key)) => Err(Fault::EntrySignature(it.index, key.short())),
        (None, None) => Recorded::parse(&it.data)
            .filter(|recorded| recorded.index == it.index)
            .ok_or_else(|| Fault::Malformed(format!("entry {} is not in the form of this ledger", it.index))),
    }
}

/// Is there exactly one signature by this key over the entry, and is it right?
fn attests(it: &Evidence, key: &VerifierKey, message: &[u8]) -> bool {
    let short = key.short();
    let mut lines = it.attestations.iter().filter(|line| line.key == short);
    match (lines.next(), lines.next()) {
        (Some(line), None) => STANDARD
            .decode(&line.signature)
            .is_ok_and(|signature| key.accepts(message, &signature)),
        _ => false,
    }
}

fn hashes(proof: &[String]) -> Result<Vec<Hash>, Fault> {
    if proof.len() > 64 {
        return Err(Fault::Malformed("a proof has more than 64 hashes".to_owned()));
    }
    let malformed = || Fault::Malformed("a hash of a proof is not 32 bytes of base64".to_owned());
    proof
        .iter()
        .map(|it| {
            STANDARD
                .decode(it)
                .ok()
                .and_then(|it| it.try_into().ok())
                .ok_or_else(malformed)
        })
        .collect()
}
