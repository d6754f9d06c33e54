//! Scrutiny from outside: who is held, who never is, and what it costs.

mod bounds;
mod crowd;
mod families;
mod innocent;
mod life;
mod texts;
mod tidy;
