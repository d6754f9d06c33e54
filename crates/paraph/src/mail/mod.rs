//! Mail: what it says, when it may go, and how it leaves.
//!
//! - [`compose`] writes one letter in the language of the contribution;
//! - [`page`] is what a mail says, as text and as HTML; [`texts`] has the words;
//! - [`budget`] decides when an address may be written to again: a budget spent delays, it never drops;
//! - [`pace`] spreads mail over recipient domains and says when to try again after a failure;
//! - `rest` keeps mail waiting where we ourselves cannot go on;
//! - [`transport`] hands a letter to a mail server or a directory;
//! - [`dkim`] signs it; [`bounce`] reads what comes back, [`inbox`] takes it in;
//! - [`stop`] knows who wants no more of it.
//!
//! - [`dispatch`] is the loop that ties them together.
//!
//! The outbox itself is in the store. Nothing here decides whether a contribution counts.

pub mod bounce;
pub mod budget;
pub mod compose;
pub mod dispatch;
pub mod dkim;
pub mod inbox;
pub mod news;
pub mod pace;
pub mod page;
mod rest;
pub mod stop;
pub mod texts;
pub mod transport;

use paraph_tally::Millis;
