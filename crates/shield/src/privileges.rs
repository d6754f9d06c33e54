//! Dropping everything but the one capability that the packet filter asks for.

use std::io;

use rustix::thread::{
    CapabilitySet, CapabilitySets, configure_capability_in_ambient_set, remove_capability_from_bounding_set,
    set_capabilities, set_no_new_privs,
};

const NEEDED: CapabilitySet = CapabilitySet::NET_ADMIN;

/// Keeps `CAP_NET_ADMIN` for this process and for the `nft` that it starts, and nothing else, for good: nothing started
/// from here on can gain a privilege. Call it before there is a second thread.
///
/// # Errors
/// This process does not have the capability, or the kernel says no.
pub fn keep_net_admin() -> io::Result<()> {
    // Only who may change capabilities can shrink the bounding set; who may not has got no others from whom started it.
    for capability in CapabilitySet::all().iter().filter(|other| *other != NEEDED) {
        let _ = remove_capability_from_bounding_set(capability);
    }
    let sets = CapabilitySets {
        effective: NEEDED,
        permitted: NEEDED,
        inheritable: NEEDED,
    };
    set_capabilities(None, sets)?;
    configure_capability_in_ambient_set(NEEDED, true)?;
    set_no_new_privs(true)?;
    Ok(())
}
