//! `paraph desk ...`

use serde_json::json;

use super::{block_on, configured, print};
use crate::cli::{Desk, DeskLink, DeskList};
use crate::clock::rfc3339;
use crate::config::Config;
use crate::control::{self, DeskLine};
use crate::desk::role::Role;
use crate::failure::Failure;
use crate::server::look;
use crate::store::db::DbError;

pub(super) fn run(desk: &Desk) -> Result<(), Failure> {
    match desk {
        Desk::Link(link) => make_link(link),
        Desk::List(list) => run_list(list),
    }
}

fn make_link(asked: &DeskLink) -> Result<(), Failure> {
    let config = configured(&asked.place.overrides())?;
    let role = Role::from_name(&asked.role).ok_or_else(|| {
        Failure::usage(
            format!("--role: {} is not a role", asked.role),
            "write author, moderator or operator",
        )
    })?;
    let line = DeskLine::Link(role, asked.member.clone());
    let Some(made) = control::ask_desk(&config.directory, &line)? else {
        return Err(Failure::failed(
            "no server is running on this data directory",
            "start it with `paraph serve`: the link leads to it",
        ));
    };
    let Some(link) = made else {
        let what = match &asked.member {
            Some(_) => "--member: nobody at the desk has that name, or too many links are open",
            None => "too many links are open",
        };
        return Err(Failure::failed(
            what,
            "`paraph desk list` names the members; see limits.desk_links",
        ));
    };
    let hours = config.limits.desk_link_hours;
    let said = format!("good once, for {hours} hours; hand it over by a way that you trust:\n{link}");
    print(&if asked.json {
        json!({ "link": link, "hours": hours }).to_string()
    } else {
        said
    });
    Ok(())
}

fn run_list(list: &DeskList) -> Result<(), Failure> {
    let config = configured(&list.place.overrides())?;
    let members = read(&config)?;
    if list.json {
        let members: Vec<_> = members
            .iter()
            .map(|(name, role, since)| json!({ "name": name, "role": role.name(), "since": since }))
            .collect();
        print(&json!({ "members": members }).to_string());
        return Ok(());
    }
    if members.is_empty() {
        print("nobody yet; `paraph desk link` makes the link of the first operator");
    }
    for (name, role, since) in members {
        print(&format!("{name:<24} {:<10} since {since}", role.name()));
    }
    Ok(())
}

fn read(config: &Config) -> Result<Vec<(String, Role, String)>, Failure> {
    let refused = |error: DbError| Failure::failed(format!("the store does not answer: {error}"), "check --data");
    block_on(async {
        let mut db = look(&config.directory).await?;
        let sql = "SELECT name, role, made_at FROM desk_member WHERE removed_at IS NULL ORDER BY made_at, id";
        let rows = db.query(sql, &[]).await.map_err(refused)?;
        let member = |row: &crate::store::db::Row| {
            let role = Role::from_code(row.int(1)?).ok_or(DbError::Shape("a role"))?;
            let since = rfc3339(paraph_tally::Millis(row.unsigned(2)?));
            Ok((row.text(0)?.to_owned(), role, since))
        };
        rows.iter().map(member).collect::<Result<_, _>>().map_err(refused)
    })
}
