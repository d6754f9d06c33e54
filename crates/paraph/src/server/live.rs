//! What a reload replaces: pages, proxies, mail and the bounds that nothing was sized by. All of it or nothing.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::{Core, site};
use crate::admit::source::Trusted;
use crate::alerts::{Alerts, Setup};
use crate::clock;
use crate::config::Config;
use crate::desk::command::Wish;
use crate::desk::night::Night;
use crate::desk::{Desk, Parts};
use crate::failure::Failure;
use crate::handlers::card::Cards;
use crate::handlers::confirm::Signatory;
use crate::handlers::events::{Events, Watchers};
use crate::handlers::shelf::Shelf;
use crate::handlers::sign::{Problems, Signing};
use crate::handlers::stop::StopMail;
use crate::handlers::turned_away::TurnedAway;
use crate::incident::log::Entry;
use crate::intake::seal::Sealing;
use crate::ledger::opened::Opener;
use crate::limits::Limits;
use crate::mail::dispatch::Mailer;
use crate::mail::news::NewsMailer;
use crate::mail::stop::AddressTags;
use crate::mail::transport::Transport;
use crate::router::Public;
use crate::store::Directory;
use crate::telemetry;
use crate::views::Site;

/// So long a reload waits until the register has it: whoever reloads also tells the service manager that this process is alive.
const FOR_THE_REGISTER: Duration = Duration::from_secs(5);

/// Where the server listens.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    /// Pages and forms.
    pub(super) http: SocketAddr,
    /// Health and metrics.
    pub(super) operations: SocketAddr,
    /// The desk, where that is not with the pages.
    pub(super) desk: Option<SocketAddr>,
}

/// The parts that can be replaced, and what they are made of.
pub(super) struct Live {
    core: Core,
    parts: Arc<Parts>,
    addresses: Addresses,
    desk: Arc<ArcSwap<Desk>>,
    public: Arc<ArcSwap<Public>>,
    shelf: ArcSwap<Shelf>,
    trusted: Arc<ArcSwap<Trusted>>,
    limits: watch::Sender<Limits>,
    alerts: Arc<Alerts>,
    // One reload at a time.
    generation: Mutex<Generation>,
}

/// What runs under one configuration.
struct Generation {
    config: Config,
    /// Ends the watching of counts and the mailer; browsers ask again, claimed mail is finished first.
    stop: watch::Sender<bool>,
    mailer: JoinHandle<()>,
}

impl Live {
    /// The first generation. Must run inside the runtime; the mailer begins at once.
    pub(super) fn new(
        (core, parts): (Core, Arc<Parts>),
        (config, limits): (&Config, watch::Sender<Limits>),
        directory: &Directory,
        alerts: Arc<Alerts>,
        addresses: Addresses,
    ) -> Result<Self, Failure> {
        let transport = || Transport::open(&config.mail.delivery, &config.limits);
        let (stop, stopped) = watch::channel(false);
        let base_url = config.site.base_url_for(addresses.http);
        let site = Arc::new(site(config, &base_url));
        let shelf = Arc::new(Shelf::new(Arc::clone(&site), &core.published.shown.borrow()));
        let desk = desk(&parts, &site, addresses, config);
        let public = core.public(config, directory, &site, &shelf, stopped.clone());
        let public = Public {
            desk: addresses.desk.is_none().then(|| desk.clone()),
            ..public
        };
        let mailer = core.mailer(config, directory, &shelf, transport()?, &base_url);
        let news = core.news_mailer(config, directory, &shelf, transport()?, &base_url);
        Ok(Self {
            addresses,
            desk: Arc::new(ArcSwap::from_pointee(desk)),
            public: Arc::new(ArcSwap::from_pointee(public)),
            shelf: ArcSwap::new(shelf),
            trusted: Arc::new(ArcSwap::from_pointee(trusted(config))),
            limits,
            alerts,
            generation: Mutex::new(Generation {
                config: config.clone(),
                stop,
                mailer: tokio::spawn(send(mailer, news, stopped)),
            }),
            core,
            parts,
        })
    }

    /// The handlers of the public side.
    pub(super) fn public(&self) -> Arc<ArcSwap<Public>> {
        Arc::clone(&self.public)
    }

    /// The desk.
    pub(super) fn desk(&self) -> Arc<ArcSwap<Desk>> {
        Arc::clone(&self.desk)
    }

    /// What is rendered.
    pub(super) fn shelf(&self) -> Arc<Shelf> {
        self.shelf.load_full()
    }

    /// The proxies that are believed.
    pub(super) fn trusted(&self) -> Arc<ArcSwap<Trusted>> {
        Arc::clone(&self.trusted)
    }

    /// The bounds that can change.
    pub(super) fn limits(&self) -> watch::Receiver<Limits> {
        self.limits.subscribe()
    }

    /// The alerts.
    pub(super) fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// Everything that can fail comes before anything is replaced.
    pub(super) async fn reload(&self, new: &Config, directory: &Directory) -> Result<(), Failure> {
        let mut generation = self.generation.lock().await;
        let change = generation.config.changed_to(new);
        let config = change.config;
        let transport = || Transport::open(&config.mail.delivery, &config.limits);
        let (for_mail, for_news, for_alerts) = (transport()?, transport()?, transport()?);
        let (stop, stopped) = watch::channel(false);
        let base_url = config.site.base_url_for(self.addresses.http);
        let site = Arc::new(site(&config, &base_url));
        let shelf = Arc::new(Shelf::new(Arc::clone(&site), &self.core.published.shown.borrow()));
        let desk = desk(&self.parts, &site, self.addresses, &config);
        let public = self.core.public(&config, directory, &site, &shelf, stopped.clone());
        let public = Public {
            desk: self.addresses.desk.is_none().then(|| desk.clone()),
            ..public
        };
        let mailer = self.core.mailer(&config, directory, &shelf, for_mail, &base_url);
        let news = self.core.news_mailer(&config, directory, &shelf, for_news, &base_url);

        self.shelf.store(Arc::clone(&shelf));
        // What was published while the new pages were rendered went to the old ones.
        let catalogue = Arc::clone(&self.core.published.shown.borrow());
        // Without its names a page is still right; the next tick reads them again.
        let opened = Opener::default().open(&self.core.ledger, &catalogue).await;
        shelf.show(&catalogue, &opened.unwrap_or_default());
        // Before anybody is believed: a header may make a proxy answer for what came through it.
        self.core.shield.protect(&config.never_banned(), clock::now());
        self.trusted.store(Arc::new(trusted(&config)));
        self.desk.store(Arc::new(desk));
        self.public.store(Arc::new(public));
        self.limits.send_replace(config.limits.clone());
        if generation.config.site.read_only != config.site.read_only {
            self.core.admitter.set_read_only(config.site.read_only);
            let entry = Entry::of_read_only(config.site.read_only);
            // As the page of the desk has it: signing is paused also where nothing can be recorded.
            let _ = self
                .core
                .intake
                .desk(None, Wish::Shift(entry, String::new(), None))
                .await;
        }
        if !change.changed.is_empty() {
            let wish = Wish::Did("reloaded", change.changed.join(" "));
            // What was changed is in force whether that can be recorded or not, and nobody waits long for it.
            let _ = tokio::time::timeout(FOR_THE_REGISTER, self.core.intake.desk(None, wish)).await;
        }
        let desk = desk_url(&base_url, self.addresses.desk);
        self.alerts
            .reconfigure(Setup::new(&config, for_alerts, self.addresses.operations, &desk));
        telemetry::set_level(&config.log_level);
        generation.stop.send_replace(true);
        let finishing = std::mem::replace(&mut generation.mailer, tokio::spawn(async {}));
        generation.mailer = tokio::spawn(async move {
            // Two at work would send at twice the pace.
            if finishing.await.is_err() {
                tracing::error!("the mailer before the reload panicked");
            }
            send(mailer, news, stopped).await;
        });
        (generation.config, generation.stop) = (config, stop);
        metrics::counter!(telemetry::RELOADS, "outcome" => "done").increment(1);
        tracing::info!(changed = change.changed.join(" "), "configuration reloaded");
        for key in change.needs_restart {
            tracing::warn!(key, "needs a restart: what was set before stays in force");
        }
        Ok(())
    }

    /// Closes what reads the store. Nothing may serve any more.
    pub(super) async fn close(&self) {
        self.core.ledger.close().await;
        self.parts.close().await;
    }

    /// Ends the mailer and the watching of counts.
    pub(super) async fn stop(&self) {
        let mut generation = self.generation.lock().await;
        generation.stop.send_replace(true);
        if (&mut generation.mailer).await.is_err() {
            tracing::error!("the mailer panicked");
        }
    }
}

/// Confirmations and updates, until `stop` turns true; what was claimed by then is finished first.
async fn send(mailer: Mailer, news: NewsMailer, stop: watch::Receiver<bool>) {
    let (mailer, news) = (Arc::new(mailer), Arc::new(news));
    tokio::join!(
        begun_anew("the mailer", || {
            let (mailer, stop) = (Arc::clone(&mailer), stop.clone());
            async move { mailer.run(stop).await }
        }),
        begun_anew("the mailer of updates", || {
            let (news, stop) = (Arc::clone(&news), stop.clone());
            async move { news.run(stop).await }
        }),
    );
}

/// Runs to its end what a fault of ours must not end: after a panic it begins anew, a second later.
async fn begun_anew<F: Future<Output = ()>>(what: &'static str, run: impl Fn() -> F) {
    while AssertUnwindSafe(run()).catch_unwind().await.is_err() {
        tracing::error!(what, "panicked, and begins anew");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn trusted(config: &Config) -> Trusted {
    Trusted::new(config.listen.trusted_proxies.clone(), config.limits.forwarded_hops)
}

/// What links to the desk begin with.
pub(super) fn desk_url(base_url: &str, alone: Option<std::net::SocketAddr>) -> String {
    alone.map_or_else(|| base_url.to_owned(), |address| format!("http://{address}"))
}

fn desk(parts: &Arc<Parts>, site: &Arc<Site>, addresses: Addresses, config: &Config) -> Desk {
    let alerts = &config.alerts;
    let night = Night {
        call: alerts.call.clone(),
        contract: alerts.contract.clone(),
        decides: alerts.decides.clone(),
        zone: alerts.time_zone.clone(),
    };
    Desk {
        site: Arc::clone(site),
        spoken: Arc::new(site.at_the_desk()),
        night: Arc::new(night),
        url: desk_url(&site.base_url, addresses.desk).into(),
        parts: Arc::clone(parts),
    }
}

impl Core {
    fn public(
        &self,
        config: &Config,
        directory: &Directory,
        site: &Arc<Site>,
        shelf: &Arc<Shelf>,
        stop: watch::Receiver<bool>,
    ) -> Public {
        Public {
            desk: None,
            turned_away: TurnedAway::by(Arc::clone(&self.shield)),
            site: Arc::clone(site),
            shelf: Arc::clone(shelf),
            cards: Cards::new(Arc::clone(shelf), &config.limits),
            events: Events {
                shelf: Arc::clone(shelf),
                places: Watchers::new(&config.limits),
                stop,
            },
            signing: Signing {
                admitter: Arc::clone(&self.admitter),
                intake: self.intake.clone(),
                sealing: Sealing::new(directory.keys(), Arc::clone(&self.vault), Arc::clone(&self.observer)),
                shelf: Arc::clone(shelf),
                limits: config.limits.clone(),
                problems: Problems::default(),
            },
            signatory: Signatory {
                admitter: Arc::clone(&self.admitter),
                intake: self.intake.clone(),
                ledger: self.ledger.clone(),
                tokens: Arc::clone(&self.tokens),
                shelf: Arc::clone(shelf),
                addresses: AddressTags::new(directory.keys()),
                observer: Arc::clone(&self.observer),
                waiting_shown: config.limits.waiting_shown,
            },
            stop_mail: StopMail {
                admitter: Arc::clone(&self.admitter),
                intake: self.intake.clone(),
                ledger: self.ledger.clone(),
                tokens: Arc::clone(&self.tokens),
                days: config.limits.mail_stop_days,
            },
        }
    }

    fn mailer(
        &self,
        config: &Config,
        directory: &Directory,
        shelf: &Arc<Shelf>,
        transport: Transport,
        base_url: &str,
    ) -> Mailer {
        Mailer {
            intake: self.intake.clone(),
            ledger: self.ledger.clone(),
            tokens: Arc::clone(&self.tokens),
            addresses: AddressTags::new(directory.keys()),
            shelf: Arc::clone(shelf),
            transport,
            from: config.mail.from.clone(),
            dkim: config.mail.dkim.clone(),
            bounce: config.mail.bounce.as_ref().map(|bounce| bounce.address.clone()),
            site_name: config.site.name.clone(),
            base_url: base_url.to_owned(),
            pace: Arc::clone(&self.pace),
            message_key: directory.keys().derive("message v1"),
            limits: config.limits.clone(),
        }
    }

    fn news_mailer(
        &self,
        config: &Config,
        directory: &Directory,
        shelf: &Arc<Shelf>,
        transport: Transport,
        base_url: &str,
    ) -> NewsMailer {
        NewsMailer {
            intake: self.intake.clone(),
            ledger: self.ledger.clone(),
            tokens: Arc::clone(&self.tokens),
            addresses: AddressTags::new(directory.keys()),
            shelf: Arc::clone(shelf),
            transport,
            from: config.mail.from.clone(),
            site_name: config.site.name.clone(),
            base_url: base_url.to_owned(),
            dkim: config.mail.dkim.clone(),
            bounce: config.mail.bounce.as_ref().map(|bounce| bounce.address.clone()),
            message_key: directory.keys().derive("message news v1"),
            limits: config.limits.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_panics_begins_anew_until_it_ends_by_itself() {
        let begun = AtomicU32::new(0);
        begun_anew("a test", || async {
            assert!(begun.fetch_add(1, Ordering::Relaxed) > 0, "the first time it fails");
        })
        .await;
        assert_eq!(begun.load(Ordering::Relaxed), 2);
    }
}
