//! `paraph serve`

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{block_on, configured, print};
use crate::cli::Serve;
use crate::failure::Failure;
use crate::server::Server;
use crate::supervise::Supervisor;
use crate::telemetry;

pub(super) fn run(serve: &Serve) -> Result<(), Failure> {
    let config = configured(&serve.overrides())?;
    telemetry::start_logging(&config.log_level)?;
    let metrics = telemetry::install()?;
    for remark in config.remarks() {
        tracing::warn!(key = remark.key, mend = remark.mend, "{}", remark.what);
    }
    block_on(async {
        // Before anything can take long: a signal that comes early must not end the process.
        let signals = Signals::listen()?;
        let supervisor = Supervisor::of_environment();
        let server = Server::start(&config, Some(metrics)).await?;
        print(&format!(
            "paraph is serving {} (health and metrics: http://{})",
            served_at(&server),
            server.operations
        ));
        if let Some(link) = server.first_link().await? {
            print(&format!(
                "the desk has no operator yet; whoever opens this link first becomes one, within {} hours: {link}",
                config.limits.desk_link_hours
            ));
        }
        supervisor.ready();
        let writer_stopped = run_until_stopped(signals, &server, &supervisor, serve).await;
        supervisor.stopping();
        tracing::info!("stopping: open connections finish first");
        server.stop().await;
        if writer_stopped {
            // Staying up without a writer would look alive and record nothing; a supervisor starts afresh instead.
            return Err(Failure::failed(
                "the writer stopped",
                "see the log above; starting again takes up where it ended",
            ));
        }
        Ok(())
    })
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// Returns when the server is to stop; true if that is because its writer has.
async fn run_until_stopped(mut signals: Signals, server: &Server, supervisor: &Supervisor, serve: &Serve) -> bool {
    let every = supervisor.watchdog().unwrap_or(Duration::from_secs(3600));
    let mut alive = tokio::time::interval(every);
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => return false,
            _ = signals.interrupt.recv() => return false,
            () = server.intake.stopped() => return true,
            _ = signals.hang_up.recv() => reload(server, supervisor, serve).await,
            // Told by the loop that also reloads and stops: if that hangs, the manager is right to step in.
            _ = alive.tick(), if supervisor.watchdog().is_some() => supervisor.alive(),
        }
    }
}

/// SIGHUP: all of the new configuration that can change while the server runs, or nothing of it.
async fn reload(server: &Server, supervisor: &Supervisor, serve: &Serve) {
    supervisor.reloading();
    let outcome = match configured(&serve.overrides()) {
        Ok(config) => server.reload(&config).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(()) => supervisor.status("serving"),
        Err(failure) => {
            server.reload_refused(&failure);
            supervisor.status("serving; the last reload was refused, see the log");
        }
    }
    supervisor.ready();
}

/// What links start with and, where that is not it, what this machine listens on.
fn served_at(server: &Server) -> String {
    let http = format!("http://{}", server.address);
    let mut text = server.base_url.clone();
    if server.base_url != http {
        text += &format!(" on {http}");
    }
    if let Some(https) = server.https {
        text += &format!(" and https://{https}");
    }
    text
}
