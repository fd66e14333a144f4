//! Bad input: what strangers may send, bent at random from a seed, and what must hold whatever they send.
//!
//! ```text
//!  valid inputs --> corpus --pick, bend--> input --> target --> outcome
//!                     ^                                            |
//!                     '------- an outcome not seen before ---------'
//! ```
//!
//! A [`Target`] reads one kind of input and objects if something does not hold: that what is read prints the
//! same bytes, that what was changed proves nothing, that a witness never contradicts itself. [`run`] adds what
//! holds for all: no panic, no input that takes longer than a second, the same seed gives the same inputs.
//! No coverage is measured, so that the stable toolchain does; outcomes (kinds of error, verdicts, kinds of
//! event) stand in for it.
//!
//! Nothing here knows how the product reads anything: only how valid inputs look.

mod campaign;
mod dice;
mod mutate;
pub mod targets;
mod tree;

pub use campaign::{Broken, INPUT_TIME_MAX, Limits, Survived, run};
pub use dice::Dice;
pub use mutate::bend;

/// One kind of input, and what must hold for it.
pub trait Target {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Inputs to begin with: valid ones, and any that reach something special.
    fn corpus(&self) -> Vec<Vec<u8>>;

    /// The longest input that is tried, in bytes.
    fn bytes_max(&self) -> usize {
        8 << 10
    }

    /// Makes another input of one of the corpus.
    fn mutate(&mut self, dice: &mut Dice, corpus: &[Vec<u8>], input: &[u8]) -> Vec<u8> {
        bend(dice, corpus, input, self.bytes_max())
    }

    /// Reads an input and tells what came of it, in a few words without the input's own.
    ///
    /// # Errors
    /// What does not hold, in words.
    fn attempt(&mut self, input: &[u8]) -> Result<String, String>;
}

/// Why a target cannot be set up: a fixture is missing or no longer what it was.
pub type SetupError = Box<dyn std::error::Error>;
