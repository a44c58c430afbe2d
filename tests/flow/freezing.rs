//! Functions that have nothing to do stand still, as on Lambda.

use crate::function_host::Scene;
use emulator::EmulatorOptions;
use emulator::services::lambda::invocation::Freeze;
use serde_json::json;
use sluicegate_tests::api::empty_emulator_with;
use sluicegate_tests::eventually;

/// A function with work left for 300 ms after its answer, as in a spawned task.
async fn lingering(freeze: Freeze) -> Scene {
    let options = EmulatorOptions { freeze, ..EmulatorOptions::default() };
    let environment = json!({"MISDEED": "linger"});
    let scene = Scene::start_on(empty_emulator_with(options).await, environment, 60).await;
    scene.map().await;
    scene.put().await;
    scene.log_after(1).await;
    scene
}

impl Scene {
    async fn is_logged(&self, line: &str) -> bool {
        self.log().await.iter().any(|(_, logged)| logged == line)
    }
}

/// docs/aws-behaviour.md#lambda-freeze: work after the answer stops until the next event.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_nothing_to_do_is_frozen_until_its_next_event() {
    for freeze in [Freeze::Soon, Freeze::Immediate] {
        let scene = lingering(freeze).await;
        scene.put().await;
        // The second event thaws the function, which completes the work of the first one and is frozen again.
        let log = scene.log_after(2).await;
        let process = log.iter().find_map(|(_, line)| line.strip_prefix("process ")).expect("its process");
        eventually("the function is frozen", || async {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
            stat.contains(") T ")
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_function_continues_with_its_next_event() {
    let scene = lingering(Freeze::Immediate).await;
    assert!(!scene.is_logged("late").await);
    eventually("the function goes on", || async {
        scene.put().await;
        scene.is_logged("late").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_not_frozen_if_freezing_is_off() {
    let scene = lingering(Freeze::Off).await;
    eventually("the function ends what it has begun", || scene.is_logged("late")).await;
}
