//! Another region than the default: everything follows it, and nothing is left of the default.

use emulator::EmulatorOptions;
use emulator::core::account::Account;
use serde_json::json;
use sluicegate_tests::sdk::{self, Caller};
use sluicegate_tests::test_emulator::TestEmulator;

fn in_ireland() -> EmulatorOptions {
    let account = Account::in_region("eu-west-1".parse().expect("a region"));
    EmulatorOptions { account, ..EmulatorOptions::default() }
}

/// Functions sign their posts for the region that they are told: another one is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_stack_is_in_the_emulators_region() {
    let emulator = TestEmulator::with("acknowledgements = true", in_ireland()).await;
    let mut client = emulator.client().await;
    client.send(r#"{"msg":"Hello World!"}"#).await;
    let answers = [client.receive_json().await, client.receive_json().await];
    assert!(answers.contains(&json!({"msg": "Hello World!"})), "{answers:?}");
    let state = emulator.emulator.state().await.to_string();
    assert!(state.contains("arn:aws:kinesis:eu-west-1:"), "{state}");
    assert!(!state.contains("us-east-1"), "{state}");
    let endpoint = emulator.emulator.endpoint_url();
    for (region, is_served) in [("eu-west-1", true), ("us-east-1", false)] {
        let kinesis = sdk::kinesis_as(&Caller::developer_in(region), Some(&endpoint));
        assert_eq!(kinesis.list_streams().send().await.is_ok(), is_served, "{region}");
    }
}
