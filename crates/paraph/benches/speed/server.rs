//! The real `paraph serve`, in a process of its own, with one open petition.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{Outcome, machine};

/// The petition that everything is about.
pub(crate) const SLUG: &str = "fountain";

/// Where the server's mail goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mail<'a> {
    /// Into a Maildir beside the data, each letter made durable.
    Maildir,
    /// To an SMTP server.
    Smtp(&'a str),
}

/// A running server. Dropping it ends it.
pub(crate) struct Server {
    process: Child,
    /// Where pages and forms are.
    pub(crate) address: String,
}

impl Server {
    /// Starts one with its data in `place`.
    ///
    /// Budgets are raised, as a loader is one crowd behind few connections; tickets hold at once; the puzzle is one
    /// guess, which is verified as always; mail leaves as fast as it can be written.
    pub(crate) fn start(place: &Path, mail: Mail<'_>, separate: bool) -> Outcome<Self> {
        let program = env!("CARGO_BIN_EXE_paraph");
        let config = place.join("paraph.toml");
        let mail = match mail {
            Mail::Maildir => format!("maildir = {:?}", place.join("mail")),
            Mail::Smtp(address) => format!("from = \"petitions@site.example\"\nsmtp = \"smtp://{address}\""),
        };
        let budgets: String = ["sign", "challenge", "ticket"]
            .iter()
            .map(|of| format!("budget_{of} = 1000000\nbudget_{of}_wide = 1000000\n"))
            .collect();
        let text = format!(
            "[listen]\nhttp = \"127.0.0.1:0\"\noperations = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.0/8\"]\n\
             proxy_protocol = \"required\"\n[store]\ndirectory = {:?}\n[mail]\n{mail}\n[drill]\nprice = 1\n[limits]\n\
             header_seconds = 60\nticket_age_seconds = 0\nticket_age_ceiling_seconds = 4\n\
             mail_per_minute = 100000\nmail_provider_per_minute = 1000000\n{budgets}",
            place.join("data"),
        );
        std::fs::write(&config, text)?;
        let petition = place.join("petition.txt");
        std::fs::write(&petition, TEXT)?;
        let created = Command::new(program)
            .args(["petition", "create", "--publish", "--slug", SLUG, "--language", "en"])
            .args([
                "--title",
                "Repair the fountain",
                "--owner",
                "Friends of the fountain",
                "--text",
            ])
            .args([petition.as_os_str(), "--config".as_ref(), config.as_os_str()])
            .output()?;
        if !created.status.success() {
            return Err(String::from_utf8_lossy(&created.stderr).into());
        }
        let mut process = machine::on_servers_core(program, separate)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .env("PARAPH_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()?;
        let said = first_line(&mut process)?;
        let address = said
            .split_once("http://")
            .and_then(|(_, rest)| rest.split(' ').next())
            .ok_or("the server did not say where it is")?;
        Ok(Self {
            process,
            address: address.to_owned(),
        })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        ended(&mut self.process);
    }
}

/// Ends a process of ours; what it stored is thrown away with its directory.
pub(crate) fn ended(process: &mut Child) {
    if process.kill().and_then(|()| process.wait()).is_err() {
        eprintln!("process {} could not be ended", process.id());
    }
}

/// What a process says first, once it is ready.
pub(crate) fn first_line(process: &mut Child) -> Outcome<String> {
    let out = process.stdout.as_mut().ok_or("the process has no output")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    if line.is_empty() {
        return Err("a process ended before it was ready".into());
    }
    Ok(line.trim_end().to_owned())
}

const TEXT: &str = "The fountain on the market square has been dry for two years. It was given to the town by those who lived \
here before us, so that nobody would go thirsty on a market day.\n\nWe ask the council to repair it before next summer: \
to replace the pump, to mend the basin where the frost has split it, and to say every year in public what has been \
done and what it has cost.\n\nThe works were voted, the money was set aside, and nothing has happened since. Children \
born in the meantime have never heard it. We do not ask for a new fountain, only for ours.\n";
