//! `paraph check-config`

use serde_json::json;

use super::{configured, print};
use crate::cli::CheckConfig;
use crate::descriptors;
use crate::failure::Failure;
use crate::views::lang::{self, Added};

pub(super) fn run(check: &CheckConfig) -> Result<(), Failure> {
    let config = configured(&check.place.overrides())?;
    let languages = match &config.site.locales {
        Some(directory) => lang::report(directory, &config.site.languages[0])
            .map_err(|error| Failure::failed(error.to_string(), "mend that file"))?,
        None => Vec::new(),
    };
    let https = config.listen.https.as_ref();
    let until = https
        .map(|https| Ok::<_, Failure>(https.certificates()?.expires()))
        .transpose()?
        .flatten();
    let acme = https.and_then(|https| https.acme.as_ref());
    let allowed = descriptors::most();
    if check.json {
        let mut explained = config.explain_json();
        explained["languages"] = languages.iter().map(language_json).collect();
        explained["connections"] = descriptors::connections(&config, allowed).ok().into();
        explained["certificate_until"] = until.map(|until| until.to_string()).into();
        print(&format!("{explained:#}"));
        return Ok(());
    }
    let lines: String = languages.iter().map(language_lines).collect();
    print(&(config.explain() + &lines));
    if allowed < descriptors::wanted(&config) {
        let said = match descriptors::connections(&config, allowed) {
            Ok(places) => format!("a server started here may open {allowed} files: it takes {places} connections"),
            Err(refused) => format!("a server started here does not start: {}", refused.what),
        };
        print(&format!("{said}\n  {}", descriptors::mend(&config)));
    }
    if let Some(acme) = acme {
        let (names, way) = (acme.domains.join(", "), acme.challenge.name());
        print(&format!(
            "the certificate of listen.https is asked for at {}, for {names}, proven by {way}",
            acme.directory
        ));
    }
    match until {
        Some(until) => print(&format!("the certificate of listen.https can be used, until {until}")),
        None if acme.is_some() => print("there is no certificate yet; the running server fetches it"),
        None => {}
    }
    Ok(())
}

fn language_json(added: &Added) -> serde_json::Value {
    json!({ "code": added.code, "missing": added.missing, "unknown": added.unknown, "mails": added.has_mails,
        "missing_in_mails": added.missing_in_mails, "instead": added.instead, "faults": added.faults })
}

/// One added language: what its files lack, and what in them nothing asks for.
fn language_lines(added: &Added) -> String {
    let ids = |what: &str, ids: &[String]| match ids {
        [] => String::new(),
        _ => format!("; {} {what}: {}", ids.len(), ids.join(", ")),
    };
    let instead = &added.instead;
    let mails = if added.has_mails {
        ids(&format!("texts of mails in {instead}"), &added.missing_in_mails)
    } else {
        format!("; mails in {instead}")
    };
    let faults = added
        .faults
        .iter()
        .map(|fault| format!("remark: {fault}; until then it is said in {instead}\n"));
    format!(
        "\nlanguage {}{}{}{mails}\n{}",
        added.code,
        ids(&format!("texts in {instead}"), &added.missing),
        ids("texts that no page asks for", &added.unknown),
        faults.collect::<String>(),
    )
}
