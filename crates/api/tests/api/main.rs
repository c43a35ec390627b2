//! The API over real sockets, on the store in memory and a bus and a queue that fail on demand.

mod execute;
mod streams;
mod support;
