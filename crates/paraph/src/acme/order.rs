//! One order, from the account to a certificate that was looked at. Each step leaves behind what is needed to go on after a
//! kill: an authority gives a name few certificates a week, and none may be lost.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, Error, ExternalAccountKey, Identifier,
    NewAccount, NewOrder, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::client::{Client, Later};
use super::files::{self, Files};
use crate::admit::certificate::{self, CertificateError};
use crate::admit::proofs::{ProofError, Proofs};
use crate::clock;
use crate::config::{Acme, Challenge};

/// After so long, an order that is not done is given up for another. Authorities keep them for a week.
const ORDER_MILLIS: u64 = 86_400_000;
/// Characters kept of what an authority says.
const SAID_CHARS: usize = 300;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("the authority refused: {}", .0.as_ref())]
    Refused(Box<str>),
    #[error("the authority was not understood: {}", .0.as_ref())]
    Authority(Box<str>),
    #[error("the authority offers no {0} for {1}")]
    NotOffered(&'static str, String),
    #[error("the authority asks about {0}, which is none of listen.acme.domains")]
    OtherName(String),
    #[error("the authority did not find that {0} is ours: {1}")]
    NotProven(String, String),
    #[error("a file under acme/ in the data directory cannot be written: {0}")]
    File(#[from] io::Error),
    #[error("the authority sent a certificate that cannot be used: {0}")]
    Unusable(#[from] CertificateError),
    #[error("no request for a certificate can be made: {0}")]
    Request(#[from] rcgen::Error),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the order was not done within {0:?}, and goes on at the next attempt")]
    Late(Duration),
}

impl Failed {
    /// For a metric.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Authority(_) => "unreachable",
            Self::NotOffered(..) | Self::OtherName(_) | Self::NotProven(..) => "not_proven",
            Self::File(_) | Self::Request(_) | Self::Proof(_) => "failed",
            Self::Unusable(_) => "unusable",
            Self::Late(_) => "late",
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match &error {
            Error::Api(problem) => Self::Refused(short(&problem.to_string())),
            _ => Self::Authority(short(&error.to_string())),
        }
    }
}

/// What an authority says, on one line and not longer than a line.
fn short(said: &str) -> Box<str> {
    said.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(SAID_CHARS)
        .collect::<String>()
        .into()
}

/// What an order needs.
pub(super) struct Ordering<'a> {
    pub(super) acme: &'a Acme,
    pub(super) files: &'a Files,
    pub(super) proofs: &'a Proofs,
    /// For one answer of the authority.
    pub(super) answer: Duration,
    /// For all of it.
    pub(super) limit: Duration,
    pub(super) later: &'a Later,
}

impl Ordering<'_> {
    /// Asks for a certificate and puts it where the server reads it, if it is one that visitors can be shown.
    pub(super) async fn run(&self) -> Result<(), Failed> {
        let done = tokio::time::timeout(self.limit, self.certificate()).await;
        self.proofs.clear();
        let (key, chain) = done.map_err(|_| Failed::Late(self.limit))??;
        let candidate = self.files.put_candidate(&format!("{key}{chain}"))?;
        let looked_at = certificate::Files {
            certificate: candidate.clone(),
            key: candidate,
            hosts: self.acme.domains.clone(),
        };
        let usable = looked_at.check(clock::now());
        if usable.is_ok() {
            self.files.take_candidate()?;
        }
        // Done either way: what cannot be used would be fetched again for ever.
        self.files.forget_order();
        Ok(usable?)
    }

    /// Key and chain, in PEM.
    async fn certificate(&self) -> Result<(String, String), Failed> {
        let account = self.account().await?;
        let (kept, mut order) = match self.taken_up(&account).await? {
            Some(taken_up) => taken_up,
            None => self.placed(&account).await?,
        };
        let key = KeyPair::from_pem(&kept.key)?;
        let policy = RetryPolicy::new().timeout(self.limit);
        if order.state().status == OrderStatus::Pending {
            self.prove(&mut order).await?;
            let ready = order.poll_ready(&policy).await;
            if !matches!(ready, Ok(OrderStatus::Ready)) {
                // The name that was not proven says more than the order does.
                let is_over = order.state().status == OrderStatus::Invalid;
                self.give_up_if_over(&mut order);
                let why = self.why(&mut order).await;
                return Err(ready.err().filter(|_| !is_over).map_or(why, Failed::from));
            }
        }
        if order.state().status == OrderStatus::Ready {
            let mut params = CertificateParams::new(self.acme.domains.clone())?;
            params.distinguished_name = DistinguishedName::new();
            let request = params.serialize_request(&key)?;
            let asked = order.finalize_csr(request.der()).await;
            if asked.is_err() {
                self.give_up_if_over(&mut order);
            }
            asked?;
        }
        let chain = order.poll_certificate(&policy).await;
        if chain.is_err() {
            self.give_up_if_over(&mut order);
        }
        Ok((kept.key, chain?))
    }

    /// An order that went wrong is not asked about again. One that nobody could ask about goes on at the next attempt.
    fn give_up_if_over(&self, order: &mut instant_acme::Order) {
        if order.state().status == OrderStatus::Invalid {
            self.files.forget_order();
        }
    }

    fn client(&self) -> Box<Client> {
        Box::new(Client {
            roots: self.acme.roots.clone(),
            limit: self.answer,
            later: Arc::clone(self.later),
        })
    }

    /// Our account: the one that is kept, or a new one.
    async fn account(&self) -> Result<Account, Failed> {
        let contact = self.acme.contact.as_ref().map(|address| format!("mailto:{address}"));
        let contacts: Vec<&str> = contact.as_deref().into_iter().collect();
        let kept = self.files.account();
        if let Some(mut kept) = kept.filter(|kept| kept.directory == self.acme.directory) {
            let has_moved = kept.contact != contact;
            let credentials =
                serde_json::from_value(serde_json::to_value(&kept.credentials).map_err(io::Error::other)?)
                    .map_err(io::Error::other)?;
            let builder = Account::builder_with_http(self.client());
            let account = builder.from_credentials(credentials).await?;
            if has_moved {
                account
                    .update_contacts(&contacts)
                    .await
                    .inspect_err(|error| self.forget_account_if_gone(error))?;
                kept.contact = contact;
                self.files.keep_account(&kept)?;
            }
            return Ok(account);
        }
        let wanted = NewAccount {
            contact: &contacts,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let binding = self.acme.binding.as_ref();
        let binding = binding.map(|binding| ExternalAccountKey::new(binding.key_id.clone(), &binding.key));
        let builder = Account::builder_with_http(self.client());
        let (account, credentials) = builder
            .create(&wanted, self.acme.directory.clone(), binding.as_ref())
            .await?;
        self.files.keep_account(&files::Account {
            directory: self.acme.directory.clone(),
            contact,
            credentials,
        })?;
        Ok(account)
    }

    /// An account that the authority has deleted is of no use; the next attempt makes another.
    fn forget_account_if_gone(&self, error: &Error) {
        if let Error::Api(problem) = error
            && problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist")
        {
            self.files.forget_account();
            self.files.forget_order();
        }
    }

    /// The order that an attempt before this one left behind, if it is still of use.
    async fn taken_up(&self, account: &Account) -> Result<Option<(files::Order, instant_acme::Order)>, Failed> {
        let Some(kept) = self.files.order() else {
            return Ok(None);
        };
        let is_old = clock::now().0.saturating_sub(kept.placed) > ORDER_MILLIS;
        if is_old || kept.directory != self.acme.directory || kept.domains != self.acme.domains {
            self.files.forget_order();
            return Ok(None);
        }
        match account.order(kept.url.clone()).await {
            Ok(mut order) => {
                if order.state().status != OrderStatus::Invalid {
                    return Ok(Some((kept, order)));
                }
            }
            // No longer known there; whoever is only told to wait, or met a fault, asks for the same order again.
            Err(Error::Api(problem)) if problem.status.is_some_and(|status| status != 429 && status < 500) => {}
            Err(error) => return Err(error.into()),
        }
        self.files.forget_order();
        Ok(None)
    }

    /// A new order. Its key is on the disk before the authority can make a certificate for it.
    async fn placed(&self, account: &Account) -> Result<(files::Order, instant_acme::Order), Failed> {
        let names: Vec<Identifier> = self.acme.domains.iter().cloned().map(Identifier::Dns).collect();
        let order = account
            .new_order(&NewOrder::new(&names))
            .await
            .inspect_err(|error| self.forget_account_if_gone(error))?;
        let kept = files::Order {
            directory: self.acme.directory.clone(),
            domains: self.acme.domains.clone(),
            url: order.url().to_owned(),
            key: KeyPair::generate()?.serialize_pem(),
            placed: clock::now().0,
        };
        self.files.keep_order(&kept)?;
        Ok((kept, order))
    }

    /// Shows what proves each name, and says so to the authority.
    async fn prove(&self, order: &mut instant_acme::Order) -> Result<(), Failed> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let authorization = authorization?;
            match authorization.status {
                AuthorizationStatus::Valid => {}
                AuthorizationStatus::Pending => self.prove_one(authorization).await?,
                _ => {
                    // Over: so is the order, whatever the authority calls it.
                    self.files.forget_order();
                    let name = authorization.identifier().to_string();
                    return Err(Failed::NotProven(name, said(&authorization)));
                }
            }
        }
        Ok(())
    }

    async fn prove_one(&self, mut authorization: AuthorizationHandle<'_>) -> Result<(), Failed> {
        let name = authorization.identifier().to_string().to_lowercase();
        if !self.acme.domains.contains(&name) {
            self.files.forget_order();
            return Err(Failed::OtherName(short(&name).into()));
        }
        let kind = match self.acme.challenge {
            Challenge::TlsAlpn => ChallengeType::TlsAlpn01,
            Challenge::Http => ChallengeType::Http01,
        };
        let Some(mut challenge) = authorization.challenge(kind) else {
            return Err(Failed::NotOffered(self.acme.challenge.name(), name));
        };
        let answer = challenge.key_authorization();
        match self.acme.challenge {
            Challenge::TlsAlpn => self.proofs.show_certificate(&name, answer.digest().as_ref())?,
            Challenge::Http => self.proofs.show_page(answer.as_str())?,
        }
        Ok(challenge.set_ready().await?)
    }

    /// What the authority says about names that it did not find to be ours.
    async fn why(&self, order: &mut instant_acme::Order) -> Failed {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let Ok(mut authorization) = authorization else { continue };
            if authorization.refresh().await.is_ok() && authorization.status != AuthorizationStatus::Valid {
                let name = authorization.identifier().to_string();
                return Failed::NotProven(name, said(&authorization));
            }
        }
        Failed::Refused("the order was not accepted".into())
    }
}

fn said(authorization: &AuthorizationHandle<'_>) -> String {
    let errors = authorization
        .challenges
        .iter()
        .filter_map(|challenge| challenge.error.as_ref());
    let said: Vec<String> = errors.map(|problem| short(&problem.to_string()).into()).collect();
    if said.is_empty() {
        return format!("{:?}", authorization.status).to_lowercase();
    }
    said.join("; ")
}
