//! A place in a trace of the outside: given in with a batch, handed to whoever observes, and nothing else. No answer
//! depends on it.

/// Which trace, and which span of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceMark {
    pub trace: [u8; 16],
    pub span: [u8; 8],
}
