//! `paraph serve`

use tokio::signal::unix::{SignalKind, signal};

use super::{block_on, configured, print};
use crate::cli::Serve;
use crate::failure::Failure;
use crate::server::Server;
use crate::telemetry;

pub(super) fn run(serve: &Serve) -> Result<(), Failure> {
    let config = configured(&serve.overrides())?;
    telemetry::start_logging()?;
    let metrics = telemetry::install()?;
    for remark in config.remarks() {
        tracing::warn!("{remark}");
    }
    block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let server = Server::start(&config, Some(metrics)).await?;
        print(&format!(
            "paraph is serving {} (health and metrics: http://{})",
            served_at(&server),
            server.operations
        ));
        let writer_stopped = tokio::select! {
            _ = terminate.recv() => false,
            _ = interrupt.recv() => false,
            () = server.intake.stopped() => true,
        };
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

/// What links start with and, where that is not it, what this machine listens on.
fn served_at(server: &Server) -> String {
    let http = format!("http://{}", server.address);
    let Some(https) = server.https else {
        return server.base_url.clone();
    };
    format!("{} on {http} and https://{https}", server.base_url).replace(&format!("{http} on {http}"), &http)
}
