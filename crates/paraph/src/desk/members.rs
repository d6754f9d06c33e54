//! Who works here, what they did, and whether mail arrives.

use std::collections::BTreeMap;

use http::StatusCode;

use super::command::{DeskAnswer, Invitation, MemberId, Wish};
use super::form::Form;
use super::role::Role;
use super::session::{Token, hashed};
use super::{Desk, No, Outcome, Visit, link_path};
use crate::store::id;
use crate::views::desk::{AuditPage, MembersPage, desk_audit, desk_mail, desk_members};

impl Desk {
    pub(super) async fn members_page(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        made: Option<(&str, &str)>,
        wrong: Option<&'static str>,
    ) -> Outcome {
        let members = self.parts.books.members().await?;
        let links = self.parts.books.links(visit.now).await?;
        let page = MembersPage {
            members: &members,
            links: &links,
            made,
            wrong,
        };
        let visit = Visit {
            asked: if status == StatusCode::OK && made.is_none() {
                visit.asked
            } else {
                visit.asked.without_path()
            },
            session: visit.session.clone(),
            ..*visit
        };
        Ok(self.page(&visit, status, |frame| desk_members(frame, &page)))
    }

    pub(super) async fn invite(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let role = Role::from_name(form.get("role")).ok_or(No::Page)?;
        self.make_link(visit, role, None).await
    }

    pub(super) async fn reset(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let member = read_member(form)?;
        let members = self.parts.books.members().await?;
        let known = members.iter().find(|known| known.id == member).ok_or(No::Page)?;
        self.make_link(visit, known.role, Some((member, &known.name))).await
    }

    async fn make_link(&self, visit: &Visit<'_>, role: Role, member: Option<(MemberId, &str)>) -> Outcome {
        let token: Token = id::random();
        let link = Invitation {
            token: hashed(&token),
            role,
            member: member.map(|(id, _)| id),
            expires: self.parts.link_expires(),
        };
        match self.parts.intake.desk(Some(visit.by()?), Wish::Invite(link)).await? {
            DeskAnswer::Done => {}
            DeskAnswer::Full => {
                return self
                    .members_page(visit, StatusCode::CONFLICT, None, Some("desk-too-many"))
                    .await;
            }
            _ => return Err(No::Page),
        }
        let link = format!("{}{}", self.url, link_path(&token));
        let lang = visit.asked.lang;
        let what = member.map_or_else(
            || lang.text(&format!("desk-role-{}", role.name())),
            |(_, name)| format!("{}{}{name}", lang.text("desk-reset"), lang.text("colon")),
        );
        self.members_page(visit, StatusCode::OK, Some((&link, &what)), None)
            .await
    }

    pub(super) async fn remove(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        if form.get("sure") != "yes" {
            return Err(No::Refusal(crate::views::Refusal::BadRequest));
        }
        let member = read_member(form)?;
        match self.parts.intake.desk(Some(visit.by()?), Wish::Remove(member)).await? {
            DeskAnswer::Done => Ok(self.go_to(visit, "/desk/members", Some("removed"))),
            DeskAnswer::Refused => {
                self.members_page(visit, StatusCode::CONFLICT, None, Some("desk-last-operator"))
                    .await
            }
            _ => Err(No::Page),
        }
    }

    pub(super) async fn take_back(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let link = read_id(form.get("link"))?;
        match self.parts.intake.desk(Some(visit.by()?), Wish::TakeBack(link)).await? {
            DeskAnswer::Done => Ok(self.go_to(visit, "/desk/members", Some("taken-back"))),
            // Used meanwhile, or taken back by somebody else.
            _ => Err(No::Link),
        }
    }

    pub(super) async fn audit_page(&self, visit: &Visit<'_>) -> Outcome {
        let lines = self.parts.books.audit().await?;
        let members = self.parts.books.members().await?;
        let former = self.parts.books.former().await?;
        let hex = |id: &MemberId| data_encoding::HEXLOWER.encode(id);
        let known = members.iter().map(|member| (hex(&member.id), member.name.clone()));
        // A number each: who removed whom can be told after both are gone.
        let numbered = |(id, number): (&MemberId, u64)| {
            let text = visit.asked.lang.fill("desk-former-number", &[("count", number.into())]);
            (hex(id), text)
        };
        let names: BTreeMap<String, String> = known.chain(former.iter().zip(1_u64..).map(numbered)).collect();
        let page = AuditPage {
            lines: &lines,
            names: &names,
            zone: &self.night.zone,
        };
        Ok(self.page(visit, StatusCode::OK, |frame| desk_audit(frame, &page)))
    }

    pub(super) async fn mail_page(&self, visit: &Visit<'_>) -> Outcome {
        let status = self.parts.mail.read().await?;
        Ok(self.page(visit, StatusCode::OK, |frame| desk_mail(frame, &status.page())))
    }
}

fn read_member(form: &Form) -> Result<MemberId, No> {
    read_id(form.get("member"))
}

fn read_id<const N: usize>(typed: &str) -> Result<[u8; N], No> {
    let bytes = data_encoding::HEXLOWER.decode(typed.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(No::Page)
}
