//! `paraph doctor`

use serde_json::json;

use super::{block_on, configured, print};
use crate::cli::Doctor;
use crate::doctor::{self, Asked, Finding, Verdict};
use crate::failure::Failure;

pub(super) fn run(command: &Doctor) -> Result<(), Failure> {
    let config = configured(&command.place.overrides())?;
    let asked = Asked {
        dns: command.dns,
        send_to: command.send_to.clone(),
    };
    let findings = block_on(async { Ok(doctor::examine(&config, &asked).await) })?;
    let with = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (warnings, failures) = (with(Verdict::Warn), with(Verdict::Fail));
    if command.json {
        print(
            &json!({ "healthy": failures == 0, "warnings": warnings, "failures": failures, "findings": findings })
                .to_string(),
        );
    } else {
        findings.iter().for_each(tell);
        print(&format!(
            "{} checks: {warnings} to look at, {failures} to mend",
            findings.len()
        ));
    }
    if failures == 0 {
        return Ok(());
    }
    Err(Failure::failed(
        format!("{failures} of {} checks failed", findings.len()),
        "mend them in the order above, each line says how; then run paraph doctor again",
    ))
}

fn tell(finding: &Finding) {
    let verdict = match finding.verdict {
        Verdict::Ok => "ok     ",
        Verdict::Warn => "warn   ",
        Verdict::Fail => "fail   ",
        Verdict::Skipped => "skipped",
    };
    print(&format!("{verdict}  {}: {}", finding.check, finding.what));
    if let Some(mend) = &finding.mend {
        print(&format!("         mend: {mend}"));
    }
}
