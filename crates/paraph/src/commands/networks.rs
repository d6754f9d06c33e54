//! `paraph networks ...`

use std::fs;
use std::path::Path;

use paraph_scrutiny::Country;
use serde_json::{Value, json};

use super::{block_on, configured, print};
use crate::cli::{Networks as Command, NetworksShow, NetworksUpdate};
use crate::control::{self, RegisterLine};
use crate::failure::Failure;
use crate::trace::networks::{self, CREDIT, Networks, day, fetch, snapshot};

/// What to do about an address that the table does not hold. It never means that nothing is wrong with it.
const UNKNOWN: &str = "unknown: the table does not say who announces it. Ask RDAP (RFC 9082) for the allocation";

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Show(show) => self::show(show),
        Command::Update(update) => self::update(update),
    }
}

fn show(command: &NetworksShow) -> Result<(), Failure> {
    let config = configured(&command.place.overrides())?;
    let networks = open(&config.directory)?;
    let origin = networks.lookup(command.address);
    let provenance = networks.provenance();
    let country = networks.country(command.address);
    if command.json {
        let mut said = json!({ "address": command.address, "known": origin.is_some() });
        if country != Country::UNKNOWN {
            said["country"] = Value::from(country.code());
        }
        match origin {
            Some(origin) => said["origin"] = json!(origin),
            None => said["advice"] = Value::from(UNKNOWN),
        }
        said["table"] = json!(provenance);
        said["credit"] = Value::from(CREDIT);
        print(&said.to_string());
        return Ok(());
    }
    print(&format!("address            {}", command.address));
    match origin {
        Some(origin) => {
            print(&format!("announced by       AS{}", origin.asn));
            print(&format!("registered holder  {}", origin.holder));
            print(&format!("kind               {}", origin.kind));
            print(&format!("within             {}", origin.prefix));
        }
        None => print(UNKNOWN),
    }
    if country == Country::UNKNOWN {
        print("country            unknown");
    } else {
        print(&format!("country            {}, by its registry", country.code()));
    }
    print(&format!(
        "table              of {}, SHA-256 {}",
        day(provenance.date),
        provenance.sha256
    ));
    print(&format!("credit             {CREDIT}"));
    Ok(())
}

fn update(command: &NetworksUpdate) -> Result<(), Failure> {
    let (path, present) = match &command.out {
        Some(out) => (out.clone(), None),
        None => {
            let config = configured(&command.place.overrides())?;
            fs::create_dir_all(&config.directory)
                .map_err(|error| Failure::io(format!("cannot make {}", config.directory.display()), &error))?;
            // A damaged file is no reason to keep it.
            let present = Networks::open(&config.directory).unwrap_or_else(|_| Networks::embedded());
            (networks::file(&config.directory), Some(present))
        }
    };
    let from = command.from.as_deref().unwrap_or(fetch::DEFAULT);
    let table = block_on(async { Ok(fetch::table(from, command.date).await) })?.map_err(|error| {
        let hint = match error {
            fetch::FetchError::Day(_) => "the ones in force stay; look at --date, as in --date 20260617, at the source, and at this machine's clock",
            fetch::FetchError::Undated(_) => "the ones in force stay; say of what day the table is with --date, as in --date 20260617",
            _ => "the ones in force stay; name another place with --from: a snapshot, a folder with asn-ipv4.csv and asn-ipv6.csv, or an https address",
        };
        Failure::failed(format!("no networks were taken over: {error}"), hint)
    })?;
    let bytes = snapshot::encode(&table).map_err(|error| Failure::io("the snapshot", &error))?;
    let fresh = Networks::from_bytes(&bytes)
        .map_err(|error| Failure::failed(format!("the table is not usable: {error}"), "the ones in force stay"))?;
    if let Some(present) = &present
        && !command.force
    {
        fresh.follows(present).map_err(|why| {
            Failure::failed(
                format!("no networks were taken over: {why}"),
                "the ones in force stay; look at the source, and add --force if it is right",
            )
        })?;
    }
    networks::replace(&path, &bytes)
        .map_err(|error| Failure::io(format!("cannot write {}", path.display()), &error))?;
    if command.out.is_none()
        && let Some(directory) = path.parent()
    {
        register(directory, fresh.provenance().date);
    }
    tell(&fresh, &path, bytes.len(), command);
    Ok(())
}

/// A server that runs beside it has the register say so. The table lies there whether it can or not.
fn register(directory: &Path, date: u32) {
    if let Err(failure) = control::register(directory, &RegisterLine::NetworksUpdated(date)) {
        eprintln!("note: the register at the desk does not have it: {}", failure.what);
    }
}

fn tell(fresh: &Networks, path: &Path, bytes: usize, command: &NetworksUpdate) {
    let (v4, v6, systems) = fresh.sizes();
    let provenance = fresh.provenance();
    if command.json {
        let said = json!({ "file": path, "bytes": bytes, "ipv4_ranges": v4, "ipv6_ranges": v6, "systems": systems,
            "countries": fresh.knows_countries(),
            "table": provenance, "credit": CREDIT });
        print(&said.to_string());
        return;
    }
    print(&format!(
        "{}: {v4} IPv4 ranges, {v6} IPv6 ranges, {systems} systems, {bytes} bytes",
        path.display()
    ));
    print(&format!("table of {}: {}", day(provenance.date), provenance.source));
    print(&format!("SHA-256 {}", provenance.sha256));
    if !fresh.knows_countries() {
        print(
            "no countries: there is no asn-country-ipv4.csv beside it, so the country of every address stays unknown",
        );
    }
    print(&format!("credit {CREDIT}"));
    if command.out.is_none() {
        print("a running server uses it from its next start on");
    }
}

pub(super) fn open(directory: &Path) -> Result<Networks, Failure> {
    Networks::open(directory).map_err(|error| {
        Failure::failed(
            error.to_string(),
            "`paraph networks update` makes it anew; without the file, the program's own table is used",
        )
    })
}
