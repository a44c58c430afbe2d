//! The round trip of a message from a client back to it.

use proptest::prelude::*;
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::test_emulator::TestEmulator;

/// The reference flow: `wscat -c …`, then `{"msg":"Hello World!"}`.
#[tokio::test(flavor = "multi_thread")]
async fn hello_world_comes_back() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send(r#"{"msg":"Hello World!"}"#).await;
    assert_eq!(client.receive().await, r#"{"msg":"Hello World!"}"#);
}

/// Numbers beyond 64 bits, escapes, other scripts and unusual white space pass the whole flow.
#[tokio::test(flavor = "multi_thread")]
async fn any_json_comes_back_with_every_digit() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    for text in [
        r#"{"big":12345678901234567890123,"one":1.0,"exp":1e3,"tiny":-1E-400}"#,
        r#"{"quote":"\"'\\/\b\f\n\r\t","unicode":"é☃𝄞\u00e9\ud834\udd1e","vtl":"$context.stage #set($x = 1) ${a} $!{b}"}"#,
        r#"[[],{},null,true,false,"",0,{"a":{"b":{"c":[1,[2,[3]]]}}}]"#,
        r#""only a string""#,
        "42",
        "null",
    ] {
        client.send(text).await;
        assert_eq!(client.receive().await, text);
    }
    client.send(" {\n\t\"spaced\" : [ 1 , 2 ] }\r\n").await;
    assert_eq!(client.receive().await, r#"{"spaced":[1,2]}"#);
}

/// Every client gets its own messages, in its own order.
#[tokio::test(flavor = "multi_thread")]
async fn clients_get_their_own_in_their_own_order() {
    const CLIENTS: usize = 20;
    const MESSAGES: usize = 20;
    let emulator = TestEmulator::start().await;
    let uri = emulator.uri();
    let talk = |client: usize| {
        let uri = uri.clone();
        async move {
            let mut socket = Client::connect(&uri).await;
            for n in 0..MESSAGES {
                socket.send(json!({"client": client, "n": n}).to_string()).await;
            }
            for n in 0..MESSAGES {
                assert_eq!(socket.receive_json().await, json!({"client": client, "n": n}));
            }
        }
    };
    let talks: Vec<_> = (0..CLIENTS).map(|client| tokio::spawn(talk(client))).collect();
    for talk in talks {
        talk.await.expect("a client finishes its talk");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("\\PC{0,8}", inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Whatever JSON a client sends, it gets the same back.
#[test]
fn any_generated_json_comes_back_equal() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (emulator, client) = runtime.block_on(async {
        let emulator = TestEmulator::start().await;
        let client = emulator.client().await;
        (emulator, std::sync::Mutex::new(client))
    });
    proptest!(ProptestConfig::with_cases(64), |(value in any_json())| {
        let mut client = client.lock().expect("one test at a time");
        let back = runtime.block_on(async {
            client.send(value.to_string()).await;
            client.receive_json().await
        });
        prop_assert_eq!(back, value);
    });
    runtime.block_on(emulator.emulator.stop());
}
