//! Proofs from the published files alone.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use seal::{Hash, Suite};

use crate::{
    Error, disk, tile,
    tree::{self, TILE},
};

/// One tree of a published log at one size, read from its folder. Tiles are read once and kept.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    suite: Suite,
    size: u64,
    tiles: HashMap<(usize, u64), Vec<Hash>>,
}

impl Log {
    /// The tree of a suite (SM3: the folder's `sm3/`) at a size that has been published.
    #[must_use]
    pub fn new(folder: &Path, suite: Suite, size: u64) -> Self {
        let folder = match suite {
            Suite::International => folder.to_owned(),
            Suite::National => folder.join("sm3"),
        };
        Self {
            folder,
            suite,
            size,
            tiles: HashMap::new(),
        }
    }

    /// The root of the tree.
    ///
    /// # Errors
    /// [`Error::Tile`], [`Error::Io`].
    pub fn root(&mut self) -> Result<Hash, Error> {
        if self.size == 0 {
            Ok(self.suite.digest(b""))
        } else {
            self.range(0, self.size)
        }
    }

    /// The leaf hash of an entry.
    ///
    /// # Errors
    /// [`Error::NotPublished`], [`Error::Tile`], [`Error::Io`].
    pub fn leaf(&mut self, index: u64) -> Result<Hash, Error> {
        self.within(index)?;
        self.range(index, index + 1)
    }

    /// The inclusion proof of an entry, RFC 6962 §2.1.1: at most 64 hashes.
    ///
    /// # Errors
    /// [`Error::NotPublished`], [`Error::Tile`], [`Error::Io`].
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<Hash>, Error> {
        self.within(index)?;
        tree::inclusion_ranges(index, self.size)
            .into_iter()
            .map(|(low, high)| self.range(low, high))
            .collect()
    }

    /// The consistency proof from an earlier size to this one, RFC 6962 §2.1.2.
    ///
    /// # Errors
    /// [`Error::NotPublished`] when the earlier size is larger, [`Error::Tile`], [`Error::Io`].
    pub fn consistency(&mut self, old: u64) -> Result<Vec<Hash>, Error> {
        if old > self.size {
            return Err(Error::NotPublished {
                index: old,
                size: self.size,
            });
        }
        if old == 0 {
            return Ok(Vec::new());
        }
        tree::consistency_ranges(old, self.size)
            .into_iter()
            .map(|(low, high)| self.range(low, high))
            .collect()
    }

    const fn within(&self, index: u64) -> Result<(), Error> {
        if index < self.size {
            Ok(())
        } else {
            Err(Error::NotPublished { index, size: self.size })
        }
    }

    /// The hash of a subtree over a range of leaves that some proof needs.
    fn range(&mut self, low: u64, high: u64) -> Result<Hash, Error> {
        let leaves = high - low;
        if leaves.is_power_of_two() {
            return self.perfect(leaves.trailing_zeros(), low);
        }
        let middle = low + (1 << (63 - leaves.leading_zeros()));
        let (left, right) = (self.range(low, middle)?, self.range(middle, high)?);
        Ok(tree::node_hash(self.suite, &left, &right))
    }

    /// The hash of the perfect subtree of `2^height` leaves that begins at leaf `low`.
    fn perfect(&mut self, height: u32, low: u64) -> Result<Hash, Error> {
        let level = usize::try_from(height / 8).unwrap_or(usize::MAX);
        let first = low >> (height / 8 * 8);
        let count = 1_usize << (height % 8);
        let from = usize::try_from(first % TILE as u64).unwrap_or(usize::MAX);
        let suite = self.suite;
        let number = first / TILE as u64;
        let tile = self.tile(level, number)?;
        let row = tile
            .get(from..from + count)
            .ok_or_else(|| Error::Tile(tile::tile_path(level, number, TILE)))?;
        Ok(tree::perfect_root(suite, row))
    }

    fn tile(&mut self, level: usize, number: u64) -> Result<&[Hash], Error> {
        if !self.tiles.contains_key(&(level, number)) {
            let hashes = self.size >> (8 * level);
            let width = usize::try_from(hashes.saturating_sub(number * TILE as u64)).map_or(TILE, |it| it.min(TILE));
            let tile = read_tile(&self.folder, level, number, width)?
                .ok_or_else(|| Error::Tile(tile::tile_path(level, number, width)))?;
            self.tiles.insert((level, number), tile);
        }
        Ok(self.tiles.get(&(level, number)).map_or(&[], Vec::as_slice))
    }
}

/// The first `width` hashes of a tile; from the full one when the partial one has been dropped.
pub(crate) fn read_tile(folder: &Path, level: usize, number: u64, width: usize) -> Result<Option<Vec<Hash>>, Error> {
    if let Some(bytes) = disk::read(folder, &tile::tile_path(level, number, width))? {
        return Ok(tile::parse_tile(&bytes, width));
    }
    let Some(bytes) = disk::read(folder, &tile::tile_path(level, number, TILE))? else {
        return Ok(None);
    };
    Ok(tile::parse_tile(&bytes, TILE).map(|mut it| {
        it.truncate(width);
        it
    }))
}
