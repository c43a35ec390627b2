//! Builds the API again when the dashboard or a guide changes: they are embedded.

fn main() {
    println!("cargo::rerun-if-changed=../../dashboard/app");
    println!("cargo::rerun-if-changed=../../docs");
}
