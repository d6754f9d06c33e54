//! `paraph-shield`: bans in the kernel's packet filter, for a server that runs without privileges.
//!
//! One small program owns one table of nftables. It takes orders on a Unix socket from one user, in a protocol that can
//! say nothing but "this address, for so many seconds". What it can do to a machine is therefore: drop packets to the
//! named ports, from addresses that are not protected, for at most a week, in a table that one command removes.
//!
//! ```text
//! protocol.rs   frames                                    client.rs     the server's side of them
//! net.rs        what may be banned
//! protected.rs  what never is                            table.rs      the scripts, and nft
//! privileges.rs everything dropped but one capability    serve.rs      one connection after another
//! ```

pub mod client;
pub mod net;
pub mod privileges;
pub mod protected;
pub mod protocol;
pub mod serve;
pub mod table;
