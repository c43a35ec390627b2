//! How a program starts, stops and is checked.

mod descriptors;
mod help;
mod host;
mod probe;
pub mod settings;
mod stop;
mod tls;
mod version;

pub use descriptors::raise_descriptor_limit;
pub use help::plain_help;
pub use host::is_loopback;
pub use probe::ask_ready;
pub use stop::stop_on_signal;
pub use tls::install_tls;
pub use version::{VERSION, commit, version};
