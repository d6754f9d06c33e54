//! `paraph check-config`

use super::{configured, print};
use crate::cli::CheckConfig;
use crate::failure::Failure;

pub(super) fn run(check: &CheckConfig) -> Result<(), Failure> {
    let config = configured(&check.place.overrides())?;
    if check.json {
        print(&format!("{:#}", config.explain_json()));
        return Ok(());
    }
    print(&config.explain());
    Ok(())
}
