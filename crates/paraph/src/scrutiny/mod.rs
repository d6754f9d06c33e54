//! Scrutiny: what is observed of contributions, and what follows from it.
//!
//! ```text
//! features.rs   what is observed, as keyed tags       text.rs        what text comes down to
//! providers.rs  the large mail providers
//! ```

pub mod features;
mod providers;
mod text;
