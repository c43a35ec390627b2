//! Builds the API again when the dashboard changes: it is embedded.

fn main() {
    println!("cargo::rerun-if-changed=../../dashboard/app");
}
