//! Signed notes and verifier keys: C2SP `signed-note`, with an SM2 line beside the Ed25519 one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use seal::{SigningKey, Suite, VerifyingKey};

/// What an SM2 key's type byte 0xff is followed by, as `signed-note` asks of types without a number of their own.
const SM2_TYPE: &[u8] = b"sm2-sm3.jutong/v1";
/// The em dash that begins a signature line.
const DASH: &str = "\u{2014} ";
const MAX_LINES: usize = 64;

/// Why a note, a key or a name is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A name is empty, longer than 255 bytes, or holds a space, a plus sign or a control character.
    #[error("`{0}` cannot be the name of a log or a key")]
    Name(String),
    /// The text of a verifier key cannot be read.
    #[error("this is not a verifier key of the form name+id+key")]
    Key,
    /// The text is no signed note.
    #[error("this is not a signed note ({0})")]
    Form(&'static str),
    /// A signature line of this key is missing.
    #[error("there is no signature by {0}")]
    NotSigned(String),
    /// The signature line of this key is there and wrong.
    #[error("the signature by {0} is wrong")]
    Signature(String),
}

/// What a key signs, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The text of a note, Ed25519 (type 0x01).
    Ed25519,
    /// A checkpoint as a witness, with the time, Ed25519 (type 0x04, C2SP `tlog-cosignature`).
    Cosignature,
    /// The text of a note, SM2 with SM3 (type 0xff).
    Sm2,
}

/// A public key with a name. Its text is a `vkey`: `<name>+<id, 8 hex digits>+<base64(type ‖ key)>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    kind: KeyKind,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Names a key.
    ///
    /// # Errors
    /// [`NoteError::Name`]; [`NoteError::Key`] when kind and suite do not fit.
    pub fn new(name: &str, kind: KeyKind, key: VerifyingKey) -> Result<Self, NoteError> {
        check_name(name)?;
        if (kind == KeyKind::Sm2) != (key.suite() == Suite::National) {
            return Err(NoteError::Key);
        }
        let mut hashed = name.as_bytes().to_vec();
        hashed.push(b'\n');
        hashed.extend_from_slice(&typed(kind, &key));
        let digest = seal::sha256(&hashed);
        let id = digest.first_chunk::<4>().copied().unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            id,
            kind,
            key,
        })
    }

    /// The same key under another name (another log of the same owner).
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn named(&self, name: &str) -> Result<Self, NoteError> {
        Self::new(name, self.kind, self.key.clone())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.key.suite()
    }

    /// Name and identifier, short: `node.example/log+1a2b3c4d`.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}+{}", self.name, hex::encode(self.id))
    }

    pub(crate) fn key_bytes(&self) -> Vec<u8> {
        self.key.to_bytes()
    }

    /// Is it a signature by this key over exactly these bytes?
    #[must_use]
    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(message, signature).is_ok()
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{}", self.short(), STANDARD.encode(typed(self.kind, &self.key)))
    }
}

impl std::str::FromStr for VerifierKey {
    type Err = NoteError;
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, rest) = text.split_once('+').ok_or(NoteError::Key)?;
        let (id, key) = rest.split_once('+').ok_or(NoteError::Key)?;
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let (kind, suite, key) = match bytes.split_first().ok_or(NoteError::Key)? {
            (1, key) => (KeyKind::Ed25519, Suite::International, key),
            (4, key) => (KeyKind::Cosignature, Suite::International, key),
            (0xff, key) => (
                KeyKind::Sm2,
                Suite::National,
                key.strip_prefix(SM2_TYPE).ok_or(NoteError::Key)?,
            ),
            _ => return Err(NoteError::Key),
        };
        let key = VerifyingKey::from_bytes(suite, key).map_err(|_| NoteError::Key)?;
        let key = Self::new(name, kind, key)?;
        // The text must be the one we would write: right identifier, lower-case hex, uncompressed point.
        if hex::encode(key.id) == id && key.to_string() == text {
            Ok(key)
        } else {
            Err(NoteError::Key)
        }
    }
}

fn typed(kind: KeyKind, key: &VerifyingKey) -> Vec<u8> {
    let mut bytes = match kind {
        KeyKind::Ed25519 => vec![1],
        KeyKind::Cosignature => vec![4],
        KeyKind::Sm2 => [&[0xff], SM2_TYPE].concat(),
    };
    bytes.extend_from_slice(&key.to_bytes());
    bytes
}

/// May this be the name of a log or a key?
///
/// # Errors
/// [`NoteError::Name`].
pub(crate) fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = name.is_empty()
        || name.len() > 255
        || name
            .chars()
            .any(|it| it.is_whitespace() || it.is_control() || it == '+');
    if bad {
        Err(NoteError::Name(name.chars().take(80).collect()))
    } else {
        Ok(())
    }
}

/// One signature under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// The key's name.
    pub name: String,
    /// The key's identifier.
    pub id: [u8; 4],
    /// The signature; its form is the key's business.
    pub signature: Vec<u8>,
}

impl SignatureLine {
    /// Signs the text of a note with a key and its public half.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(text: &str, key: &SigningKey, public: &VerifierKey) -> Result<Self, seal::Error> {
        let signature = key.sign(text.as_bytes())?.to_vec();
        Ok(Self {
            name: public.name.clone(),
            id: public.id,
            signature,
        })
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.id == key.id
    }
}

impl std::fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let blob = [self.id.as_slice(), &self.signature].concat();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(blob))
    }
}

impl std::str::FromStr for SignatureLine {
    type Err = NoteError;
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let bad = NoteError::Form("a signature line is malformed");
        let (name, blob) = line
            .strip_prefix(DASH)
            .and_then(|it| it.split_once(' '))
            .ok_or_else(|| bad.clone())?;
        check_name(name)?;
        let blob = STANDARD.decode(blob).map_err(|_| bad.clone())?;
        let (id, signature) = blob.split_first_chunk::<4>().ok_or(bad)?;
        Ok(Self {
            name: name.to_owned(),
            id: *id,
            signature: signature.to_vec(),
        })
    }
}

/// A text with signatures under it. Its whole text: the signed text, an empty line, the signature lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed; ends with a line feed.
    pub text: String,
    /// Who signed.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Checks the signature of a key over this note.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`] when the key has no line here; [`NoteError::Signature`] when its line is wrong or
    /// stands here twice.
    pub fn check(&self, key: &VerifierKey) -> Result<(), NoteError> {
        let line = self.line_of(key)?;
        if key.accepts(self.text.as_bytes(), &line.signature) {
            Ok(())
        } else {
            Err(NoteError::Signature(key.short()))
        }
    }

    /// Checks a witness's cosignature (C2SP `tlog-cosignature`, Ed25519); the second since 1970 that it names.
    ///
    /// # Errors
    /// As [`Note::check`].
    pub fn check_cosignature(&self, key: &VerifierKey) -> Result<u64, NoteError> {
        let line = self.line_of(key)?;
        let wrong = || NoteError::Signature(key.short());
        let (time, signature) = line.signature.split_first_chunk::<8>().ok_or_else(wrong)?;
        let time = u64::from_be_bytes(*time);
        let message = format!("cosignature/v1\ntime {time}\n{}", self.text);
        if key.accepts(message.as_bytes(), signature) {
            Ok(time)
        } else {
            Err(wrong())
        }
    }

    fn line_of(&self, key: &VerifierKey) -> Result<&SignatureLine, NoteError> {
        let mut lines = self.signatures.iter().filter(|it| it.is_by(key));
        let line = lines.next().ok_or_else(|| NoteError::NotSigned(key.short()))?;
        if lines.next().is_some() {
            Err(NoteError::Signature(key.short()))
        } else {
            Ok(line)
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|it| writeln!(f, "{it}"))
    }
}

impl std::str::FromStr for Note {
    type Err = NoteError;
    fn from_str(whole: &str) -> Result<Self, NoteError> {
        if whole.chars().any(|it| it.is_control() && it != '\n') {
            return Err(NoteError::Form("control characters"));
        }
        let (before, lines) = whole.rsplit_once("\n\n").ok_or(NoteError::Form("no signatures"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Form("the last line does not end"))?;
        let signatures = lines.split('\n').map(str::parse).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > MAX_LINES {
            return Err(NoteError::Form("too many signatures"));
        }
        Ok(Self {
            text: format!("{before}\n"),
            signatures,
        })
    }
}
