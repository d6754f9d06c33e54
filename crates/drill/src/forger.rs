//! One forged contribution, from a rented server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use altcha::Payload;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::auditor::Mailbox;
use crate::browsers;
use crate::client::{Answer, Browser, Voice};
use crate::clock;
use crate::forgeries::{Confirms, Forgery, Guise, Method};
use crate::people::Lang;
use crate::world::{World, encode, form, patience, ticket};

/// One program for all servers, which nobody else has.
const PROGRAM: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.9) Gecko/20100101 Firefox/128.9";
/// How often one solved clearance is tried before the forgers solve another.
const REPLAYS: u32 = 50;
/// How long a forger waits for a mail: what is held meanwhile never gets one.
const MAIL_WAIT: Duration = Duration::from_secs(30);
/// How often the way without script is tried for one forgery, and a form by forgers who have days.
const TRIES: u32 = 3;
/// Between the mail and its button, for forgers who are in a hurry.
const PRESS_AFTER: Duration = Duration::from_millis(500);

/// The clearance that forgers pass around, and how often it may still be used.
pub(crate) type SharedClearance = Mutex<Option<(String, u32)>>;

/// Plays one forgery of the plan.
pub(crate) async fn play(world: Arc<World>, shared: Arc<SharedClearance>, index: usize) {
    let forgery = &world.plan.forgeries[index];
    let source = SocketAddr::new(forgery.source.into(), forgery.port);
    let mut server = Server {
        browser: Browser::new(world.forged_road.clone(), source, voice(forgery)),
        world: &world,
        forgery,
    };
    let wave = &world.waves[forgery.wave];
    world.forged.sent.one();
    wave.sent.one();
    match server.sign(&shared).await {
        Ok(()) => {
            world.forged.admitted.one();
            wave.admitted.one();
            if forgery.method == Method::SolveAndConfirm {
                server.confirm().await;
            }
        }
        Err(why) => world.forged.refused.add(why),
    }
}

/// What the program says it is.
fn voice(forgery: &Forgery) -> Voice {
    let (lang, agent) = match (&forgery.dress, forgery.guise) {
        (Some(dress), _) => (Lang::Fr, browsers::agent(dress.browser)),
        (None, Guise::Borrowed | Guise::Own) => (Lang::Fr, browsers::agent(0)),
        (None, Guise::Lockstep | Guise::Invented | Guise::Spelled | Guise::Directory) => (Lang::En, PROGRAM.to_owned()),
    };
    Voice { lang, agent }
}

struct Server<'a> {
    browser: Browser,
    world: &'a World,
    forgery: &'a Forgery,
}

impl Server<'_> {
    async fn sign(&mut self, shared: &SharedClearance) -> Result<(), String> {
        match self.forgery.method {
            Method::NoClearance => self.post(None).await.and_then(admitted),
            Method::ForgedClearance => {
                let clearance = self.invent().await?;
                self.post(Some(("altcha", &clearance))).await.and_then(admitted)
            }
            Method::Replay => {
                let clearance = self.shared_clearance(shared).await?;
                self.post(Some(("altcha", &clearance))).await.and_then(admitted)
            }
            Method::Solve | Method::SolveAndConfirm => self.sign_with_puzzle().await,
            Method::Ticket => self.sign_without_script().await,
        }
    }

    fn path(&self, rest: &str) -> String {
        let petitions = &self.world.petitions;
        format!("/p/{}{rest}", petitions[self.forgery.petition % petitions.len()])
    }

    /// With a puzzle of its own. Who works for days also types for a while, and comes back when told to.
    async fn sign_with_puzzle(&mut self) -> Result<(), String> {
        let dwell = self.forgery.dress.as_ref().map(|dress| dress.dwell);
        let tries = if dwell.is_some() { TRIES } else { 1 };
        let mut told = String::new();
        for _ in 0..tries {
            let (clearance, ()) = tokio::join!(self.solve(), sleep(dwell.unwrap_or_default()));
            let answer = self.post(Some(("altcha", &clearance?))).await?;
            if !answer.wants_patience() {
                return admitted(answer);
            }
            told = answer.reason();
            if tries > 1 {
                self.browser.leave();
                patience(answer.retry_after, 0.0).await;
            }
        }
        Err(told)
    }

    async fn sign_without_script(&mut self) -> Result<(), String> {
        let page = self
            .browser
            .page(&self.path("/sign"))
            .await
            .map_err(|lost| lost.to_string())?;
        if page.status != 200 {
            return Err(page.reason());
        }
        let (ticket, wait) = ticket(&page.text()).ok_or("page without a ticket")?;
        self.browser.leave();
        sleep(wait + Duration::from_millis(200)).await;
        let mut told = String::new();
        for _ in 0..TRIES {
            let answer = self.post(Some(("ticket", &ticket))).await?;
            if !answer.wants_patience() {
                return admitted(answer);
            }
            told = answer.reason();
            self.browser.leave();
            patience(answer.retry_after, 0.0).await;
        }
        Err(told)
    }

    async fn challenge(&mut self) -> Result<Answer, String> {
        let answer = self
            .browser
            .json(&self.path("/challenge"))
            .await
            .map_err(|lost| lost.to_string())?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer.reason())
        }
    }

    async fn solve(&mut self) -> Result<String, String> {
        let answer = self.challenge().await?;
        self.world
            .solve(&answer, &self.world.forged_solvers)
            .await
            .map_err(|why| why.to_string())
    }

    /// A clearance that looks right in everything but the server's signature.
    async fn invent(&mut self) -> Result<String, String> {
        let answer = self.challenge().await?;
        let challenge = serde_json::from_slice(&answer.body).map_err(|_| "challenge unreadable")?;
        let solution = altcha::Solution {
            counter: self.forgery.number,
            derived_key: "00".repeat(32),
            time: None,
        };
        let mut payload = Payload { challenge, solution };
        payload.challenge.parameters.key_prefix = String::new();
        payload.challenge.signature = Some("5a".repeat(32));
        encode(&payload).map_err(|why| why.to_string())
    }

    /// The clearance that is passed around. Its first use is a real one; each further use has another body.
    async fn shared_clearance(&mut self, shared: &SharedClearance) -> Result<String, String> {
        let mut place = shared.lock().await;
        if let Some((clearance, left)) = place.as_mut().filter(|(_, left)| *left > 0) {
            *left -= 1;
            return Ok(clearance.clone());
        }
        let clearance = self.solve().await?;
        *place = Some((clearance.clone(), REPLAYS));
        Ok(clearance)
    }

    async fn post(&mut self, proof: Option<(&str, &str)>) -> Result<Answer, String> {
        let (name, email) = (self.forgery.name(), self.forgery.address());
        let mut fields = vec![
            ("name", name.as_str()),
            ("email", email.as_str()),
            ("postcode", ""),
            ("country", ""),
            ("comment", self.forgery.comment()),
            ("website", ""),
        ];
        fields.extend(proof);
        self.browser
            .post(&self.path("/sign"), form(&fields))
            .await
            .map_err(|lost| lost.to_string())
    }

    /// Reads the forgers' own domain and presses the button from the same server.
    async fn confirm(&mut self) {
        let world = self.world;
        self.browser.leave();
        let Some(token) = self.mailed_token().await else {
            return;
        };
        let confirms = self.forgery.dress.as_ref().map(|dress| dress.confirms);
        match confirms {
            Some(Confirms::After(pause)) => sleep(pause).await,
            Some(Confirms::At(moment)) => sleep(moment.saturating_sub(world.elapsed())).await,
            None => sleep(PRESS_AFTER).await,
        }
        let mailbox = Mailbox::Forged(self.forgery.number);
        world.auditor().confirm_sent(mailbox, clock::now());
        let Ok(answer) = self
            .browser
            .post(&format!("/confirm/{token}"), bytes::Bytes::new())
            .await
        else {
            world.auditor().confirm_lost(mailbox);
            return;
        };
        let at = answer
            .json()
            .and_then(|json| clock::parse(json.get("confirmed_at")?.as_str()?));
        match (answer.status, at) {
            (200, Some(at)) => {
                world.auditor().confirm_acknowledged(mailbox, at, clock::now());
                world.forged.confirmed.one();
                world.waves[self.forgery.wave].confirmed.one();
                world.changed.notify_one();
            }
            // A yes without a time stays open in the record.
            (200..300, _) => {}
            _ => world.auditor().confirm_refused(mailbox),
        }
    }

    /// The token of the mail, if one comes. What is held meanwhile never gets one: whoever can read the server's store says
    /// when no mail is on its way any more; otherwise the wait has a bound.
    async fn mailed_token(&self) -> Option<String> {
        let (world, address) = (self.world, self.forgery.address());
        let wait = world.options.mail_wait.min(MAIL_WAIT);
        let arrival = tokio::select! {
            arrival = world.sink.wait_for(&address, 1, wait) => arrival,
            () = world.mail_is_idle() => world.sink.wait_for(&address, 1, Duration::ZERO).await,
        };
        arrival.and_then(|arrival| arrival.confirm)
    }
}

fn admitted(answer: Answer) -> Result<(), String> {
    if matches!(answer.status, 202 | 303) {
        Ok(())
    } else {
        Err(answer.reason())
    }
}
