//! What must answer whatever the public listeners are busy with: on a thread and a runtime of its own, so that the machine
//! shares its processors out between the two, and a flood of one cannot fill the queues of the other.

use std::io;
use std::thread;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// Runs what `make` makes on a thread of this name until it ends. `make` runs there too: what it registers with the runtime
/// belongs to that one.
///
/// # Errors
/// There is no thread to be had.
pub fn run<F>(name: &str, make: impl FnOnce() -> io::Result<F> + Send + 'static) -> Result<JoinHandle<()>, Failure>
where
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (done, ended) = oneshot::channel();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        runtime.block_on(async {
            match make() {
                Ok(work) => work.await,
                Err(error) => tracing::error!(%error, "a listener did not start"),
            }
        });
        // Nobody waits any more when the server was dropped.
        let _ = done.send(());
    })?;
    Ok(tokio::spawn(async move {
        if ended.await.is_err() {
            tracing::error!("a thread panicked");
        }
    }))
}
