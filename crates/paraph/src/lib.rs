//! Paraph: petitions whose count can be trusted.
//!
//! Folder names are stages, in the order in which a signature passes through them; see `ARCHITECTURE.md`.

pub mod admit;
pub mod clock;
pub mod limits;
