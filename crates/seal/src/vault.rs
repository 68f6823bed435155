//! The vault: the node's key-encryption keys in one file, secrets at rest, keys derived for a purpose.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{Envelope, Error, Hash, Hmac, Key, Secret, Suite, file, random};

/// First word of each line of the key file.
const MARK: &str = "jutong-vault-1";

/// The node's root keys. Seals secrets at rest with the newest, opens with any, derives with the oldest: what was
/// derived (a pseudonym key, say) stays the same when the sealing key is renewed.
#[derive(Clone)]
pub struct Vault {
    roots: Vec<Root>,
}

#[derive(Clone)]
struct Root {
    suite: Suite,
    bytes: Zeroizing<[u8; 32]>,
    sealing: Key,
}

impl Root {
    fn new(suite: Suite, bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let sealing = Key::new(suite, expand(suite, &bytes, "seal", ""));
        Self { suite, bytes, sealing }
    }

    fn line(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(STANDARD.encode(*self.bytes));
        Zeroizing::new(format!("{MARK} {} {}\n", self.suite, *key))
    }
}

impl Vault {
    /// Opens the key file, or makes it once with a fresh key of this suite (mode 0600, whole or not at all; of two
    /// processes that make it together both get the same). An existing file keeps its suite.
    ///
    /// # Errors
    /// [`Error::Exposed`] when others can read the file, [`Error::Damaged`], [`Error::Io`], [`Error::Primitive`].
    pub fn open_or_create(path: &Path, suite: Suite) -> Result<Self, Error> {
        let text = file::open_or_create(path, || Ok(Root::new(suite, random()?).line()))?;
        Self::parse(&text).ok_or_else(|| Error::Damaged(path.display().to_string()))
    }

    /// A vault in memory only, from a key: for tests and for keys kept elsewhere.
    #[must_use]
    pub fn from_key(suite: Suite, bytes: [u8; 32]) -> Self {
        Self {
            roots: vec![Root::new(suite, bytes)],
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut roots = Vec::new();
        for line in text.lines() {
            let mut words = line.split(' ');
            let (Some(MARK), Some(suite), Some(key), None) = (words.next(), words.next(), words.next(), words.next())
            else {
                return None;
            };
            let decoded = Zeroizing::new(STANDARD.decode(key).ok()?);
            let mut bytes: [u8; 32] = decoded.as_slice().try_into().ok()?;
            roots.push(Root::new(suite.parse().ok()?, bytes));
            bytes.zeroize();
        }
        (!roots.is_empty()).then_some(Self { roots })
    }

    /// Adds a fresh sealing key to the file. Old envelopes still open; new ones use it. Derived keys do not change.
    ///
    /// # Errors
    /// As [`Vault::open_or_create`].
    pub fn rotate(path: &Path, suite: Suite) -> Result<Self, Error> {
        let mut text = file::read(path)?;
        text.push_str(&Root::new(suite, random()?).line());
        let vault = Self::parse(&text).ok_or_else(|| Error::Damaged(path.display().to_string()))?;
        file::replace(path, &text)?;
        Ok(vault)
    }

    /// The suite it seals and derives with.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.roots.last().map_or(Suite::International, |it| it.suite)
    }

    /// The identifier of the key that seals now, safe to show.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.roots.last().map_or("", |it| it.sealing.id())
    }

    /// Seals a secret for one place: `vault.seal("source:src_…", password)`. The text can be stored; it opens only
    /// with the same place, so that nobody can move a sealed secret from one row to another.
    ///
    /// # Errors
    /// [`Error::Primitive`] without random bytes.
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<String, Error> {
        let root = self.roots.last().ok_or(Error::Primitive)?;
        Ok(root.sealing.seal(place.as_bytes(), secret)?.to_string())
    }

    /// Opens what [`Vault::seal`] sealed for the same place.
    ///
    /// # Errors
    /// [`Error::Envelope`] when the text is no envelope, [`Error::OtherKey`] when its key is not here,
    /// [`Error::Altered`] when it was altered or sealed for another place.
    pub fn unseal(&self, place: &str, sealed: &str) -> Result<Secret, Error> {
        let envelope: Envelope = sealed.parse()?;
        let root = self
            .roots
            .iter()
            .find(|it| it.suite == envelope.suite() && it.sealing.id() == envelope.key_id())
            .ok_or_else(|| Error::OtherKey(envelope.key_id().to_owned()))?;
        root.sealing.open(place.as_bytes(), &envelope)
    }

    /// A key of 32 bytes for a purpose and a context: `derive("pseudonym", agreement)`. Always the same for the same
    /// words; another context gives an unrelated key, so two departments cannot join what was masked for each.
    ///
    /// HKDF-Expand (RFC 5869) with the suite's HMAC over length-prefixed words.
    #[must_use]
    pub fn derive(&self, purpose: &str, context: &str) -> Hash {
        self.roots.first().map_or([0; 32], |it| {
            expand(it.suite, &it.bytes, &format!("derive:{purpose}"), context)
        })
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({}, {} keys, …)", self.key_id(), self.roots.len())
    }
}

/// One block of HKDF-Expand: `HMAC(root, "jutong/1" ‖ len ‖ purpose ‖ len ‖ context ‖ 0x01)`, lengths of 4 bytes.
fn expand(suite: Suite, root: &[u8; 32], purpose: &str, context: &str) -> Hash {
    let mut mac = Hmac::new(suite, root);
    mac.update(b"jutong/1");
    for word in [purpose, context] {
        mac.update(u32::try_from(word.len()).unwrap_or(u32::MAX).to_be_bytes());
        mac.update(word);
    }
    mac.update([1]);
    mac.finish()
}
