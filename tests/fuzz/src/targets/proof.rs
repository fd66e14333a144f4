//! Proofs of a small tree. Against a head that is the tree's own, only the true leaf, beginning and path hold;
//! against any other head, nothing is promised but an answer.
//!
//! ```text
//!  kind  place, start  first size  size   leaf or first root  root   path
//!  u8    u64           u64         u64    32 bytes            32     32 each
//! ```

use crate::tree::Tree;
use crate::{Dice, Target, bend};
use ledger::Head;
use ledger::merkle::{
    Blake3, ProofError, is_subtree, leaf, root_of, verify_consistency, verify_growth,
    verify_inclusion, verify_subtree,
};
use seats::Digest;

const LEAVES: u64 = 300;
const HEADER_BYTES: usize = 1 + 3 * 8;

pub(super) struct Proofs {
    tree: Tree,
    heads: Vec<Head>,
    corpus: Vec<Vec<u8>>,
}

/// What is to be proved, by the first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Inclusion,
    Growth,
    Consistency,
    Subtree,
}

const KINDS: [Kind; 4] = [Kind::Inclusion, Kind::Growth, Kind::Consistency, Kind::Subtree];

#[derive(Clone, PartialEq, Eq, Debug)]
struct Proof {
    kind: Kind,
    start: u64,
    first_size: u64,
    size: u64,
    first: Digest,
    root: Digest,
    path: Vec<Digest>,
}

impl Proof {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind as u8];
        for number in [self.start, self.first_size, self.size] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for digest in [&self.first, &self.root].into_iter().chain(&self.path) {
            bytes.extend_from_slice(&digest.0);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Proof> {
        let (header, digests) = bytes.split_at_checked(HEADER_BYTES)?;
        let (kind, numbers) = header.split_first()?;
        let kind = *KINDS.get(usize::from(*kind) % KINDS.len())?;
        let mut numbers = numbers.as_chunks().0.iter().map(|number| u64::from_le_bytes(*number));
        let (start, first_size, size) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let mut digests = digests.as_chunks().0.iter().map(|digest| Digest(*digest));
        let (first, root) = (digests.next()?, digests.next()?);
        Some(Proof { kind, start, first_size, size, first, root, path: digests.collect() })
    }
}

impl Proofs {
    pub(super) fn new() -> Proofs {
        let leaves = (0..LEAVES).map(|n| leaf::<Blake3>(&n.to_le_bytes())).collect();
        let tree = Tree(leaves);
        let heads = (0..=LEAVES).map(|size| tree.head(size)).collect();
        let mut proofs = Proofs { tree, heads, corpus: Vec::new() };
        let sizes = [0, 1, 2, 3, 7, 8, 9, 127, 128, 129, 255, 256, 257, LEAVES];
        for size in sizes {
            for first_size in sizes.into_iter().filter(|first| *first <= size) {
                let start = first_size.saturating_sub(1);
                for kind in KINDS.into_iter().filter(|kind| *kind != Kind::Subtree) {
                    let proof = proofs.genuine(kind, start, first_size, size);
                    proofs.corpus.extend(proof.map(|proof| proof.bytes()));
                }
            }
        }
        proofs
    }

    /// The true proof, if there is one and the tree can tell it.
    fn genuine(&mut self, kind: Kind, start: u64, first_size: u64, size: u64) -> Option<Proof> {
        let head = *self.heads.get(size as usize)?;
        let (first, path) = match kind {
            Kind::Inclusion if start < size => {
                (*self.tree.0.get(start as usize)?, self.tree.inclusion(start, size))
            }
            Kind::Growth | Kind::Consistency if first_size <= size => {
                let first = self.heads.get(first_size as usize)?.root;
                (first, self.tree.consistency(first_size, size))
            }
            _ => return None,
        };
        Some(Proof { kind, start, first_size, size, first, root: head.root, path })
    }

    /// The root over the leaves from `start` to before `end`, by themselves.
    fn root_between(&self, start: u64, end: u64) -> Option<Digest> {
        let leaves = self.tree.0.get(start as usize..end as usize)?.to_vec();
        root_of::<Blake3, _>(&mut Tree(leaves), end - start).ok()
    }

    /// Objects to a proof that holds against a true head and is not the true one.
    fn check_held(&mut self, proof: &Proof) -> Result<&'static str, String> {
        let &Proof { kind, start, first_size, size, first, .. } = proof;
        let head = Head { size, root: proof.root };
        if self.heads.get(size as usize) != Some(&head) {
            return Ok("holds against another head");
        }
        if kind == Kind::Subtree {
            let subtree = is_subtree(start, first_size) || start == first_size;
            return match self.root_between(start, first_size) {
                Some(root) if subtree && root == first => Ok("holds"),
                _ => Err("a subtree holds that is not there".to_owned()),
            };
        }
        match self.genuine(kind, start, first_size, size) {
            Some(genuine) if genuine == *proof => Ok("holds"),
            _ => Err(format!("it holds and is not the true one: {proof:?}")),
        }
    }
}

impl Target for Proofs {
    fn name(&self) -> &'static str {
        "proof"
    }

    fn corpus(&self) -> Vec<Vec<u8>> {
        self.corpus.clone()
    }

    fn mutate(&mut self, dice: &mut Dice, corpus: &[Vec<u8>], input: &[u8]) -> Vec<u8> {
        let read = Proof::read(input).filter(|_| !dice.once_in(3));
        let Some(mut proof) = read else {
            return bend(dice, corpus, input, self.bytes_max());
        };
        let size = dice.below(self.heads.len()) as u64;
        if dice.once_in(4) {
            // A true one from elsewhere, to be bent next time or below.
            let (start, first_size) =
                (dice.below(LEAVES as usize) as u64, dice.below(size as usize + 1) as u64);
            let kind = dice.pick(&KINDS).copied().unwrap_or(proof.kind);
            proof = self.genuine(kind, start, first_size, size).unwrap_or(proof);
        }
        let other = dice.pick(corpus).and_then(|other| Proof::read(other));
        let lent: Vec<Digest> = other.map_or_else(Vec::new, |other| other.path);
        let lent = dice.pick(&lent).or(dice.pick(&self.tree.0)).copied().unwrap_or(proof.first);
        let place = dice.below(proof.path.len() + 1);
        let near = |dice: &mut Dice, number: u64| match dice.below(3) {
            0 => dice.edge(),
            1 => number.wrapping_add(1),
            _ => number.wrapping_sub(1),
        };
        match dice.below(11) {
            0 => proof.start = near(dice, proof.start),
            1 => proof.first_size = near(dice, proof.first_size),
            2 => proof.size = near(dice, proof.size),
            3 => proof.kind = dice.pick(&KINDS).copied().unwrap_or(proof.kind),
            4 => proof.path.insert(place, lent),
            5 => proof.path.truncate(place),
            6 => proof.path.reverse(),
            7 => proof.first = lent,
            8 => proof.first = self.heads.get(size as usize).map_or(lent, |head| head.root),
            9 => {
                if let Some(head) = self.heads.get(size as usize) {
                    (proof.size, proof.root) = (head.size, head.root);
                }
            }
            _ => drop(proof.path.get_mut(place).map(|hash| *hash = lent)),
        }
        proof.bytes()
    }

    fn attempt(&mut self, input: &[u8]) -> Result<String, String> {
        let Some(proof) = Proof::read(input) else { return Ok("too short".to_owned()) };
        let Proof { kind, start, first_size, size, first, root, path } = &proof;
        let first_head = (*first_size, first);
        let answer = match kind {
            Kind::Inclusion => verify_inclusion::<Blake3>(first, *start, *size, path, root),
            Kind::Growth => verify_growth::<Blake3>(first_head, (*size, root), path),
            Kind::Consistency => verify_consistency::<Blake3>(first_head, (*size, root), path),
            Kind::Subtree => {
                verify_subtree::<Blake3>((*start, *first_size, first), (*size, root), path)
            }
        };
        let answer = match answer {
            Ok(()) => self.check_held(&proof)?,
            Err(ProofError::OutOfRange) => "out of range",
            Err(ProofError::Length { .. }) => "another length",
            Err(ProofError::Root) => "another root",
        };
        Ok(format!("{kind:?} {answer}, {} hashes", path.len().min(66)))
    }
}
