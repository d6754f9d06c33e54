//! The least that can answer: hyper, a service function, and bytes in memory.

use std::convert::Infallible;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::server::{ended, first_line};
use crate::wire::Reply;
use crate::{Outcome, machine};

/// First argument of the process that serves.
pub(crate) const ROLE: &str = "serve-bare";

/// A bare server in a process of its own. Dropping it ends it.
pub(crate) struct Bare {
    process: Child,
    /// Where it answers.
    pub(crate) address: String,
}

impl Bare {
    /// Starts one that gives this answer to everything, keeping its answer in `place`.
    pub(crate) fn start(place: &Path, answer: &Reply, separate: bool) -> Outcome<Self> {
        let file = place.join("answer");
        std::fs::write(&file, answer.to_bytes())?;
        let me = std::env::current_exe()?;
        let mut process = machine::on_servers_core(&me.to_string_lossy(), separate)
            .arg(ROLE)
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()?;
        let address = first_line(&mut process)?;
        Ok(Self { process, address })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        ended(&mut self.process);
    }
}

/// Serves the answer kept in a file, until it is ended.
pub(crate) fn serve(file: &Path) -> Outcome<()> {
    let kept = Reply::parse(&std::fs::read(file)?).ok_or("no answer in the file")?;
    let status = StatusCode::from_u16(kept.status)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &kept.headers {
        // hyper adds these itself, in both servers.
        if !matches!(name.as_str(), "date" | "content-length") {
            headers.insert(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
        }
    }
    let body = Bytes::from(kept.body);
    // The same runtime as `paraph serve`: one thread for each core that it may use.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        loop {
            let (tcp, _) = listener.accept().await?;
            tcp.set_nodelay(true)?;
            let (headers, body) = (headers.clone(), body.clone());
            let answer = move |request: Request<Incoming>| {
                let mut response = Response::new(Full::new(body.clone()));
                *response.status_mut() = status;
                *response.headers_mut() = headers.clone();
                async move {
                    if request.method() == Method::POST {
                        drop(request.into_body().collect().await);
                    }
                    Ok::<_, Infallible>(response)
                }
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), service_fn(answer)));
        }
    })
}
