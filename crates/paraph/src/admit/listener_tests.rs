//! The accept loop against real sockets.
