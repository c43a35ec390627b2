//! What containers need of the programs.

use crate::support::Services;

#[tokio::test(flavor = "multi_thread")]
async fn each_program_checks_the_health_of_its_running_process() {
    let services = Services::new().await;
    let mut processes = [services.api(&[]).await, services.worker(&[]).await];
    for process in &mut processes {
        assert!(process.passes_its_check());
        process.kill();
        assert!(!process.passes_its_check());
    }
}
