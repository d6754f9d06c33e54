//! Runtimes beside that of the public listeners, so that the machine shares its processors out between them, and a flood of one
//! cannot fill the queues of another: a thread for each listener that must answer whatever the public ones are busy with, and threads
//! of less weight for who goes behind.

use std::io;
use std::thread;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// How much less than others the threads behind weigh (`nice`): a tenth of them, where both have something to do.
const NICE: i32 = 10;

/// Threads for those who go behind ([`crate::admit::behind`]), with a runtime of their own.
pub struct Threads {
    handle: Handle,
    /// Taken out when it ends.
    runtime: Option<Runtime>,
}

impl Threads {
    /// As many as serve those ahead.
    ///
    /// # Errors
    /// There are no threads to be had.
    pub fn behind() -> io::Result<Self> {
        let weigh_less = || {
            // Of the calling thread, on Linux. A sandbox that forbids it leaves them as heavy as the others: a fair share each.
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%error, "the threads behind weigh as much as the others");
            }
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("behind")
            .on_thread_start(weigh_less)
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// The way to them.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime must not be waited for within another.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

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
