//! `engine top`: live figures of an engine.
//!
//! The [`feed`] receives events, the [`model`] computes figures from them, the [`view`] draws them; only
//! [`screen`] knows of a terminal.

mod feed;
mod model;
mod once;
mod screen;
mod view;
mod window;

pub(crate) use once::print_once;
pub(crate) use screen::run;
