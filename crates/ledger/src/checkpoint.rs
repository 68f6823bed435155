//! Checkpoints: a log's name, size and root, signed (C2SP `tlog-checkpoint`).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use seal::Hash;
use vocab::Timestamp;

use crate::note::{Note, NoteError, SignatureLine, check_name};

/// What a checkpoint says, without its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The log's name.
    pub origin: String,
    /// Entries in the tree.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
}

impl std::fmt::Display for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root))
    }
}

impl std::str::FromStr for Statement {
    type Err = NoteError;
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let bad = |why| NoteError::Form(why);
        let mut lines = text
            .strip_suffix('\n')
            .ok_or(bad("the last line does not end"))?
            .split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(bad("a checkpoint of this log has three lines"));
        };
        check_name(origin)?;
        let count: u64 = size.parse().map_err(|_| bad("the size is no number"))?;
        if count.to_string() != size {
            return Err(bad("the size is not in its shortest form"));
        }
        let root = STANDARD
            .decode(root)
            .ok()
            .and_then(|it| it.try_into().ok())
            .ok_or(bad("the root is not 32 bytes"))?;
        Ok(Self {
            origin: origin.to_owned(),
            size: count,
            root,
        })
    }
}

/// A published checkpoint as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Entries it covers.
    pub size: u64,
    /// Root of the SHA-256 tree.
    pub root: Hash,
    /// Root of the SM3 tree over the same entries.
    pub sm3_root: Hash,
    /// The note, signed with both of the node's keys.
    pub note: Note,
    /// The note of the SM3 tree (origin `<origin>/sm3`), signed with SM2.
    pub sm3_note: Note,
    /// Lines of witnesses, kept beside the note and served under it.
    pub cosignatures: Vec<SignatureLine>,
    /// When it was made.
    pub at: Timestamp,
}

impl Checkpoint {
    /// The note as it is served: our signatures, then the witnesses'.
    #[must_use]
    pub fn served(&self) -> Note {
        let mut note = self.note.clone();
        note.signatures.extend(self.cosignatures.iter().cloned());
        note
    }
}
