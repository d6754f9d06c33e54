//! SIGHUP, and what a service manager is told.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::server::{Ends, PATIENCE, Site, until};

fn named(name: &str, more: &str) -> String {
    format!("[site]\nname = \"{name}\"\n{more}")
}

#[test]
fn reloads_under_a_trickle_of_signatures_lose_nothing() {
    let site = Site::new();
    site.write_config(&named("Name 0", ""));
    site.petition("fountain");
    let server = site.start();
    let over = AtomicBool::new(false);
    let signed = std::thread::scope(|scope| {
        let trickle = scope.spawn(|| {
            let (mut client, mut signed) = (server.client(), 0);
            while !over.load(Ordering::Relaxed) || signed < 6 {
                client.sign("fountain", "Ada Example", &format!("ada{signed}@people.example"));
                signed += 1;
            }
            signed
        });
        let end = Ends(&over);
        for round in 1..=5 {
            site.write_config(&named(&format!("Name {round}"), ""));
            server.hang_up();
            until("the new name", || {
                server
                    .client()
                    .get("/")
                    .text()
                    .contains(&format!("Name {round}"))
                    .then_some(())
            });
        }
        drop(end);
        trickle.join().expect("no panic")
    });
    assert_eq!(site.number("SELECT COUNT(*) FROM signature"), signed);
    until("a mail for everybody", || {
        (site.mails().len() as u64 == signed).then_some(())
    });
    assert_eq!(site.mails().last().map(|mail| mail.text.contains("Name ")), Some(true));
    server.stop();
    site.recount();
}

#[test]
fn a_broken_file_changes_nothing_and_what_cannot_change_is_named() {
    let site = Site::new();
    site.write_config(&named("Before", ""));
    site.petition("fountain");
    let server = site.start();
    site.write_config("[site]\nname = \"Broken\"\nlangages = [\"fr\"]\n");
    server.hang_up();
    until("the refusal", || site.logged().contains("reload refused").then_some(()));
    assert!(
        site.logged().contains("`site.langages` is not a key"),
        "{}",
        site.logged()
    );
    assert!(server.client().get("/").text().contains("Before"));
    assert!(server.metrics().contains("paraph_reloads_total{outcome=\"refused\"} 1"));
    let broken = site.run(&["doctor"]);
    assert!(
        broken.code == 2 && broken.stderr.contains("site.languages"),
        "{}",
        broken.stderr
    );
    site.write_config(&named("Before", ""));
    let doctor = site.run(&["doctor", "--dns", "127.0.0.1:9"]).stdout;
    assert!(
        doctor.contains("warn     server: the last reload was refused"),
        "{doctor}"
    );

    site.write_config(&named(
        "After",
        "[limits]\nconnections = 100\n[log]\nlevel = \"debug\"\n",
    ));
    server.hang_up();
    until("the new name", || {
        server.client().get("/").text().contains("After").then_some(())
    });
    until("what needs a restart", || {
        site.logged().contains("needs a restart").then_some(())
    });
    assert!(
        site.logged().contains("\"key\":\"limits.connections\""),
        "{}",
        site.logged()
    );
    let doctor = site.run(&["doctor", "--dns", "127.0.0.1:9"]).stdout;
    assert!(!doctor.contains("reload was refused"), "{doctor}");
    server.stop();
}

#[test]
fn the_service_manager_is_told_of_start_reload_life_and_end() {
    let named = format!("paraph-test-{}", std::process::id());
    let abstract_name = SocketAddr::from_abstract_name(&named).expect("a name");
    let mut site = Site::new();
    let path = site.place().join("notify");
    let sockets = [
        (UnixDatagram::bind(&path).expect("bound"), path.display().to_string()),
        (
            UnixDatagram::bind_addr(&abstract_name).expect("bound"),
            format!("@{named}"),
        ),
    ];
    site.export("WATCHDOG_USEC", "200000");
    for (socket, address) in sockets {
        socket.set_read_timeout(Some(PATIENCE)).expect("set");
        let next = |wanted: &str| {
            let (mut buffer, began) = ([0; 256], Instant::now());
            loop {
                // Signs of life come all the time: whoever waits for something else would never be out of time.
                assert!(began.elapsed() < PATIENCE, "never told of {wanted}");
                let length = socket
                    .recv(&mut buffer)
                    .unwrap_or_else(|error| panic!("{wanted}: {error}"));
                let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if told.starts_with(wanted) {
                    return told;
                }
            }
        };
        site.export("NOTIFY_SOCKET", &address);
        let server = site.start();
        next("READY=1");
        next("WATCHDOG=1");
        next("WATCHDOG=1");
        server.hang_up();
        assert!(next("RELOADING=1").contains("\nMONOTONIC_USEC="));
        next("READY=1");
        server.terminate();
        next("STOPPING=1");
        assert_eq!(server.ended().code(), Some(0));
    }
}
