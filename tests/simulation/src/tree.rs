//! The Merkle tree once more: every whole subtree kept, the root put together from the right edge.

use seats::Digest;

/// Levels of whole subtrees, leaves first.
#[derive(Default)]
pub(crate) struct Tree {
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// How many leaves there are.
    pub(crate) fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds a leaf.
    pub(crate) fn push(&mut self, leaf: Digest) {
        let (mut node, mut level) = (leaf, 0);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(node);
            if row.len() % 2 == 1 {
                return;
            }
            node = joined(row[row.len() - 2], node);
            level += 1;
        }
    }

    /// The root over all leaves (RFC 6962 with BLAKE3).
    pub(crate) fn root(&self) -> Digest {
        let mut right: Option<Digest> = None;
        for row in self.levels.iter().filter(|row| row.len() % 2 == 1) {
            let left = row[row.len() - 1];
            right = Some(right.map_or(left, |right| joined(left, right)));
        }
        right.unwrap_or(Digest(*blake3::hash(b"").as_bytes()))
    }
}

fn joined(left: Digest, right: Digest) -> Digest {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Digest(*blake3::hash(&bytes).as_bytes())
}
