//! `paraph check-config`

use super::{configured, print};
use crate::cli::CheckConfig;
use crate::failure::Failure;

pub(super) fn run(check: &CheckConfig) -> Result<(), Failure> {
    let config = configured(&check.place.overrides())?;
    let https = config.listen.https.as_ref();
    let until = https
        .map(|https| Ok::<_, Failure>(https.certificates()?.expires()))
        .transpose()?;
    if check.json {
        let mut explained = config.explain_json();
        explained["certificate_until"] = until.map(|until| until.to_string()).into();
        print(&format!("{explained:#}"));
        return Ok(());
    }
    print(&config.explain());
    if let Some(until) = until {
        print(&format!("the certificate of listen.https can be used, until {until}"));
    }
    Ok(())
}
