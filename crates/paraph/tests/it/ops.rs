//! What keeps an operator calm: the doctor, reloads, alerts, and what the service manager is told.

mod alerts;
mod doctor;
mod reload;
mod world;
