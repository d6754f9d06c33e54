//! Scrutiny from outside: who is held, who never is, and what it costs.

mod bounds;
mod crowd;
mod exits;
mod families;
mod innocent;
mod institutions;
mod late;
mod life;
mod organisation;
mod owned;
mod rules;
mod texts;
mod tidy;
