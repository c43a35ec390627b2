//! `engine top`: what an engine does, live.
//!
//! The [`feed`] brings what happens, the [`model`] makes figures of it, the [`view`] draws them; only
//! [`screen`] knows of a terminal.

mod feed;
mod model;
mod screen;
mod view;
mod window;

pub(crate) use screen::run;
