//! The simulated chain from outside: what it promises over each of its transaction logs, and how it behaves
//! in time.
#![cfg(test)]

mod contract;
mod faults;
mod pools;
mod presets;
mod rent;
mod support;
mod time;
