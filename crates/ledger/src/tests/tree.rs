//! The tree against its definition, written down naively.

use proptest::prelude::*;
use seal::{Hash, Suite};

use crate::{
    tile,
    tree::{
        Edge, TILE, consistency_ranges, inclusion_ranges, leaf_hash, levels, node_hash, partial_width,
        verify_consistency, verify_inclusion,
    },
};

/// RFC 6962 §2.1, word for word.
fn mth(suite: Suite, leaves: &[Hash]) -> Hash {
    match leaves {
        [] => suite.digest(b""),
        [one] => *one,
        more => {
            let mut k = 1;
            while k * 2 < more.len() {
                k *= 2;
            }
            node_hash(suite, &mth(suite, &more[..k]), &mth(suite, &more[k..]))
        }
    }
}

fn leaves(suite: Suite, count: usize) -> Vec<Hash> {
    (0..count).map(|it| leaf_hash(suite, &it.to_be_bytes())).collect()
}

fn of(suite: Suite, all: &[Hash], ranges: Vec<(u64, u64)>) -> Vec<Hash> {
    ranges
        .into_iter()
        .map(|(low, high)| {
            mth(
                suite,
                &all[usize::try_from(low).unwrap()..usize::try_from(high).unwrap()],
            )
        })
        .collect()
}

#[test]
fn known_roots_of_certificate_transparency() {
    // RFC 6962 test vectors of certificate-transparency-go: leaves "", 0x00, 0x10, 0x2021, 0x3031, 0x40414243, …
    let data: [&[u8]; 8] = [
        b"",
        b"\0",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let hashes: Vec<Hash> = data.iter().map(|it| leaf_hash(Suite::International, it)).collect();
    let mut edge = Edge::empty(Suite::International);
    assert_eq!(
        hex::encode(edge.root()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    hashes.iter().for_each(|it| edge.push(*it, |_, _, _| {}));
    assert_eq!(
        hex::encode(edge.root()),
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    );
}

#[test]
fn every_proof_of_every_small_tree_verifies_and_no_other_does() {
    for suite in Suite::ALL {
        let all = leaves(suite, 40);
        for size in 1..=40_u64 {
            let root = mth(suite, &all[..usize::try_from(size).unwrap()]);
            for index in 0..size {
                let leaf = all[usize::try_from(index).unwrap()];
                let mut proof = of(suite, &all, inclusion_ranges(index, size));
                assert!(
                    verify_inclusion(suite, &leaf, index, size, &proof, &root),
                    "{index} of {size}"
                );
                assert!(!verify_inclusion(suite, &leaf, index + 1, size, &proof, &root) || size == 1);
                assert!(!verify_inclusion(suite, &[9; 32], index, size, &proof, &root));
                proof.push([0; 32]);
                assert!(
                    !verify_inclusion(suite, &leaf, index, size, &proof, &root),
                    "a longer proof"
                );
                proof.pop();
                if proof.pop().is_some() {
                    assert!(
                        !verify_inclusion(suite, &leaf, index, size, &proof, &root),
                        "a shorter proof"
                    );
                }
            }
            for old in 1..=size {
                let old_root = mth(suite, &all[..usize::try_from(old).unwrap()]);
                let mut proof = of(suite, &all, consistency_ranges(old, size));
                assert!(
                    verify_consistency(suite, (old, &old_root), (size, &root), &proof),
                    "{old} to {size}"
                );
                assert!(!verify_consistency(suite, (old, &[9; 32]), (size, &root), &proof));
                assert!(!verify_consistency(suite, (old, &old_root), (size, &[9; 32]), &proof));
                if let Some(first) = proof.first_mut() {
                    first[0] ^= 1;
                    assert!(!verify_consistency(suite, (old, &old_root), (size, &root), &proof));
                }
            }
        }
    }
}

#[test]
fn the_edge_is_the_tree_and_its_tiles_are_the_leaves() {
    let all = leaves(Suite::International, 2 * TILE * TILE + 300);
    let mut edge = Edge::empty(Suite::International);
    let mut full = Vec::new();
    for (count, leaf) in all.iter().enumerate() {
        edge.push(*leaf, |level, number, row| full.push((level, number, row.to_vec())));
        let size = count + 1;
        if [
            1,
            2,
            255,
            256,
            257,
            511,
            512,
            65_535,
            65_536,
            65_537,
            131_072,
            all.len(),
        ]
        .contains(&size)
        {
            assert_eq!(edge.root(), mth(Suite::International, &all[..size]), "{size}");
            let again = Edge::from_rows(Suite::International, edge.size(), edge.rows().to_vec()).unwrap();
            assert_eq!(again, edge);
            assert!(Edge::from_rows(Suite::International, edge.size() + 1, edge.rows().to_vec()).is_none());
        }
    }
    let level_0: Vec<Hash> = full.iter().filter(|it| it.0 == 0).flat_map(|it| it.2.clone()).collect();
    assert_eq!(level_0, all[..level_0.len()]);
    let level_1: Vec<_> = full.iter().filter(|it| it.0 == 1).collect();
    assert_eq!(level_1.len(), 2);
    assert_eq!(level_1[1].1, 1);
    assert_eq!(
        level_1[1].2[3],
        mth(Suite::International, &all[TILE * (TILE + 3)..TILE * (TILE + 4)])
    );
    assert_eq!((levels(0), levels(1), levels(256), levels(65_536)), (0, 1, 2, 3));
    assert_eq!(
        (
            partial_width(70_000, 0),
            partial_width(70_000, 1),
            partial_width(70_000, 2)
        ),
        (112, 17, 1)
    );
}

#[test]
fn paths_are_those_of_tlog_tiles() {
    assert_eq!(tile::tile_path(0, 1_234_067, TILE), "tile/0/x001/x234/067");
    assert_eq!(tile::tile_path(3, 5, 17), "tile/3/005.p/17");
    assert_eq!(tile::entries_path(273, 112), "tile/entries/273.p/112");
    assert_eq!(tile::entries_path(1000, TILE), "tile/entries/x001/000");
}

proptest! {
    #[test]
    fn no_proof_from_nowhere_verifies(index in 0_u64..1000, size in 0_u64..1000, proof in prop::collection::vec(any::<[u8; 32]>(), 0..12)) {
        prop_assert!(!verify_inclusion(Suite::National, &[1; 32], index, size, &proof, &[2; 32]));
        if index > 0 && index < size {
            prop_assert!(!verify_consistency(Suite::National, (index, &[1; 32]), (size, &[2; 32]), &proof));
        }
    }
}
