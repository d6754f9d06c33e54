//! Contributions a second and bytes for each, beside a pass that only decodes.

/// Measures and prints.
pub(crate) fn print() {
    println!("not yet");
}
