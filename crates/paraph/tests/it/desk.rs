//! The desk, by its own pages: coming in, who may do what, and a petition from draft to close.

pub(crate) mod browser;
mod door;
mod night;
mod passkeys;
mod petitions;
mod roles;
mod wrong;
