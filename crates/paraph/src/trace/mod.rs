//! Trace: what can be said of where contributions came from, with its confidence, and never who is guilty.

pub mod networks;
