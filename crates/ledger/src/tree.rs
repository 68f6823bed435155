//! The Merkle tree of RFC 6962 (RFC 9162 §2.1) over either digest, its right edge, and what verifies its proofs.

use seal::{Hash, Hasher, Suite};

/// Hashes in a full tile.
pub(crate) const TILE: usize = 256;

/// The hash of a leaf: `H(0x00 ‖ data)`.
pub(crate) fn leaf_hash(suite: Suite, data: &[u8]) -> Hash {
    let mut hasher = Hasher::new(suite);
    hasher.update([0]);
    hasher.update(data);
    hasher.finish()
}

/// The hash of an inner node: `H(0x01 ‖ left ‖ right)`.
pub(crate) fn node_hash(suite: Suite, left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Hasher::new(suite);
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finish()
}

/// The root over hashes whose number is a power of two.
pub(crate) fn perfect_root(suite: Suite, hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|it| {
                if let [left, right] = it {
                    node_hash(suite, left, right)
                } else {
                    [0; 32]
                }
            })
            .collect();
    }
    row.first().copied().unwrap_or_else(|| suite.digest(b""))
}

/// The right edge of a growing tree: for each tile level the hashes of its last, unfinished tile. All that is needed
/// to append, to name the root and to write the next tiles; at most 255 hashes per level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    suite: Suite,
    size: u64,
    rows: Vec<Vec<Hash>>,
}

impl Edge {
    pub(crate) const fn empty(suite: Suite) -> Self {
        Self {
            suite,
            size: 0,
            rows: Vec::new(),
        }
    }

    /// An edge from the unfinished tiles of a tree; `None` when their widths do not belong to this size.
    pub(crate) fn from_rows(suite: Suite, size: u64, rows: Vec<Vec<Hash>>) -> Option<Self> {
        let fits = rows.len() == levels(size)
            && rows
                .iter()
                .enumerate()
                .all(|(level, row)| row.len() == partial_width(size, level));
        fits.then_some(Self { suite, size, rows })
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn rows(&self) -> &[Vec<Hash>] {
        &self.rows
    }

    /// Appends a leaf; `full` hears of each tile that becomes complete: its level, its number, its 256 hashes.
    pub(crate) fn push(&mut self, leaf: Hash, mut full: impl FnMut(usize, u64, &[Hash])) {
        let mut hash = leaf;
        self.size += 1;
        let mut index = self.size - 1;
        for level in 0.. {
            if self.rows.len() == level {
                self.rows.push(Vec::new());
            }
            let Some(row) = self.rows.get_mut(level) else { return };
            row.push(hash);
            if row.len() < TILE {
                return;
            }
            index /= TILE as u64;
            full(level, index, row);
            hash = perfect_root(self.suite, row);
            row.clear();
        }
    }

    pub(crate) fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        // From the smallest subtree (right) to the largest (left).
        for row in &self.rows {
            let mut rest = row.as_slice();
            while !rest.is_empty() {
                let (before, subtree) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
                let left = perfect_root(self.suite, subtree);
                root = Some(root.map_or(left, |right| node_hash(self.suite, &left, &right)));
                rest = before;
            }
        }
        root.unwrap_or_else(|| self.suite.digest(b""))
    }
}

/// How many tile levels a tree of this size has.
pub(crate) fn levels(mut size: u64) -> usize {
    let mut levels = 0;
    while size > 0 {
        levels += 1;
        size /= TILE as u64;
    }
    levels
}

/// How many hashes the last, unfinished tile of a level has; 0 when it is full.
pub(crate) fn partial_width(size: u64, level: usize) -> usize {
    let hashes = size
        .checked_shr(u32::try_from(8 * level).unwrap_or(u32::MAX))
        .unwrap_or(0);
    usize::try_from(hashes % TILE as u64).unwrap_or(0)
}

/// The largest power of two smaller than `size` (which is at least 2).
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// The hashes of a proof, as ranges of leaves whose subtree hash is needed, in the order of RFC 6962 §2.1.1.
pub(crate) fn inclusion_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut low, mut high, mut ranges) = (0, size, Vec::new());
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            ranges.push((middle, high));
            high = middle;
        } else {
            ranges.push((low, middle));
            low = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The same for a consistency proof between two sizes, RFC 6962 §2.1.2 (`0 < old < new`).
pub(crate) fn consistency_ranges(old: u64, new: u64) -> Vec<(u64, u64)> {
    let (mut low, mut high, mut whole, mut ranges) = (0, new, true, Vec::new());
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            ranges.push((middle, high));
            high = middle;
        } else {
            ranges.push((low, middle));
            low = middle;
            whole = false;
        }
    }
    if !whole {
        ranges.push((low, high));
    }
    ranges.reverse();
    ranges
}

/// Does the proof lead from the leaf at `index` to the root of a tree of `size` leaves? RFC 9162 §2.1.3.2.
#[must_use]
pub fn verify_inclusion(suite: Suite, leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(suite, sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(suite, &hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Is the tree of `new` leaves a continuation of the tree of `old` leaves? RFC 9162 §2.1.4.2.
#[must_use]
pub fn verify_consistency(
    suite: Suite,
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty();
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let mut rest = proof.iter();
    let first = if old.is_power_of_two() {
        old_root
    } else if let Some(it) = rest.next() {
        it
    } else {
        return false;
    };
    let (mut left, mut right) = (*first, *first);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            left = node_hash(suite, hash, &left);
            right = node_hash(suite, hash, &right);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            right = node_hash(suite, &right, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && left == *old_root && right == *new_root
}
