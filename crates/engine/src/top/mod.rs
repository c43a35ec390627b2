//! `engine top`: live figures of an engine.
//!
//! The [`feed`] receives events and statistics, the [`model`] keeps orders and figures, the [`view`] draws them; only
//! [`screen`] knows of a terminal.

mod feed;
mod model;
mod once;
mod screen;
mod view;

pub(crate) use once::print_once;
pub(crate) use screen::run;
