use super::spec::Share;
use super::*;
use http::{Method, StatusCode};
use proptest::prelude::*;

fn spec(text: &str) -> FaultSpec {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    text.parse::<FaultSpec>().expect_err(text).to_string()
}

fn faults(specs: &[&str], seed: u64) -> Faults {
    Faults::new(FaultSettings { specs: specs.iter().map(|text| spec(text)).collect(), seed: Some(seed) })
}

#[test]
fn a_spec_says_which_how_often_how_long_and_on_whom() {
    assert_eq!(spec("put-throttled"), FaultSpec::always(Fault::PutThrottled));
    assert_eq!(spec("connections-429=10%").share, Share::Percent(10.0));
    assert_eq!(spec("batch-twice=1/20").share, Share::OneIn(20));
    assert_eq!(spec("put-throttled=5 times").times_max, Some(5));
    assert_eq!(spec("shard-slow=300ms").delay, Some(Duration::from_millis(300)));
    let all = spec("shard-slow = 2s, 0.5%, 3times, for=echo");
    assert_eq!(all.delay, Some(Duration::from_secs(2)));
    assert_eq!((all.share, all.times_max), (Share::Percent(0.5), Some(3)));
    assert_eq!(all.target.as_deref(), Some("echo"));
    assert_eq!(spec("connections-500=for=L0SM9cOFvHcCIhw=").target.as_deref(), Some("L0SM9cOFvHcCIhw="));
}

#[test]
fn what_is_no_spec_is_refused_by_name() {
    assert_eq!(
        refused("conections-429=10%"),
        "there is no fault \"conections-429\"; there are put-throttled, put-swapped, shard-slow, latest-gap, \
         batch-twice, function-throttled, connections-429, connections-410, connections-500, dynamodb-throttled, dynamodb-500"
    );
    assert!(refused("").starts_with("there is no fault \"\""));
    for (text, said) in [
        ("batch-twice=often", "batch-twice: \"often\" is not understood; how often is 10% or 1/20"),
        ("batch-twice=", "batch-twice: \"\" is not understood"),
        ("batch-twice=300ms", "batch-twice: \"300ms\" is not understood"),
        ("batch-twice=for=", "batch-twice: \"for=\" is not understood"),
        ("batch-twice=0%", "batch-twice: \"0%\" is out of range: more than 0%, at most 100%"),
        ("batch-twice=101%", "is out of range"),
        ("batch-twice=NaN%", "is out of range"),
        ("batch-twice=1/0", "is out of range: 1/1 is every one"),
        ("batch-twice=0 times", "is out of range: at least 1 time"),
        ("shard-slow=61s", "is out of range: more than 0ms, at most 60s"),
        ("batch-twice=10%,1/3", "batch-twice: \"1/3\" says again what another term said"),
    ] {
        assert!(refused(text).contains(said), "{text}: {}", refused(text));
    }
}

#[test]
fn counted_faults_strike_when_they_say() {
    let faults = faults(&["batch-twice=1/3,2 times", "function-throttled=2 times"], 1);
    let triggered =
        |fault| -> Vec<bool> { (0..9).map(|_| faults.trigger(fault, "echo").is_some()).collect() };
    let (yes, no) = (true, false);
    assert_eq!(triggered(Fault::BatchTwice), [no, no, yes, no, no, yes, no, no, no]);
    assert_eq!(triggered(Fault::FunctionThrottled), [yes, yes, no, no, no, no, no, no, no]);
    assert_eq!(faults.trigger(Fault::PutThrottled, "echo"), None);
}

#[test]
fn a_fault_for_one_leaves_the_others_alone() {
    let faults = faults(&["connections-500=for=a="], 1);
    assert!(faults.trigger(Fault::Connections500, "a=").is_some());
    assert_eq!(faults.trigger(Fault::Connections500, "b="), None);
    assert_eq!(faults.report()["faults"][0]["occasions"], 1);
}

#[test]
fn faults_are_told_of_replaced_and_ended_at_run_time() {
    let faults = Faults::default();
    let (status, reported) = faults.page(&Method::PUT, b"seed=7\nshard-slow=300ms\nbatch-twice=1/2\n");
    assert_eq!((status, &reported["seed"]), (StatusCode::OK, &7.into()));
    assert_eq!(reported["faults"][0]["fault"], "shard-slow");
    faults.trigger(Fault::BatchTwice, "echo");
    faults.trigger(Fault::BatchTwice, "echo");
    let (_, reported) = faults.page(&Method::GET, b"");
    assert_eq!(
        (&reported["faults"][1]["occasions"], &reported["faults"][1]["triggered"]),
        (&2.into(), &1.into())
    );
    assert_eq!(reported["known"].as_object().map(serde_json::Map::len), Some(Fault::ALL.len()));
    let (status, reported) = faults.page(&Method::PUT, b"shard-fast");
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(reported["message"].as_str().unwrap().contains("there is no fault \"shard-fast\""));
    assert_eq!(faults.report()["seed"], 7, "a refused change changes nothing");
    faults.page(&Method::DELETE, b"");
    assert!(faults.report()["faults"].as_array().unwrap().is_empty());
    assert_eq!(faults.page(&Method::POST, b"").0, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn a_slow_shard_is_held_once_for_each_delay() {
    let faults = faults(&["shard-slow=300ms,2 times"], 1);
    let mut shard = SlowShard::default();
    let held: Vec<_> =
        [0, 100, 300, 400, 699, 700, 800].map(|ms| shard.hold_until(&faults, "echo", ms)).into();
    assert_eq!(held, [Some(300), Some(300), None, Some(700), Some(700), None, None]);
}

#[tokio::test]
async fn a_held_record_follows_the_next_of_its_key() {
    let faults = faults(&["put-swapped=60s"], 1);
    let held = faults.hold("a").expect("held");
    assert!(faults.hold("a").is_none(), "the second goes first");
    let other = faults.hold("b").expect("another key is another pair");
    faults.release("a");
    held.wait().await;
    drop(other);
    assert!(faults.hold("b").is_some(), "a caller that left holds nothing up");
}

proptest! {
    /// A spec's text parses as the spec.
    #[test]
    fn a_spec_reads_back_as_itself(
        fault in proptest::sample::select(Fault::ALL.to_vec()),
        share in prop_oneof![Just(Share::Always), (1u32..=1_000).prop_map(|n| Share::Percent(f64::from(n) / 10.0)), (1u64..99).prop_map(Share::OneIn)],
        times_max in proptest::option::of(1u64..1_000),
        delay_ms in 1u64..=60_000,
        target in proptest::option::of("[!-~]{1,20}"),
    ) {
        let delay = fault.default_delay().map(|_| Duration::from_millis(delay_ms));
        let asked = FaultSpec { fault, share, times_max, delay, target };
        prop_assert_eq!(asked.to_string().parse(), Ok(asked));
    }

    /// The same seed gives the same course, and each chance comes up about as often as it should.
    #[test]
    fn chances_repeat_with_their_seed(seed in any::<u64>()) {
        let course = |seed| -> Vec<bool> {
            let faults = faults(&["batch-twice=25%"], seed);
            (0..1_000).map(|_| faults.trigger(Fault::BatchTwice, "f").is_some()).collect()
        };
        let first = course(seed);
        let triggered = first.iter().filter(|triggered| **triggered).count();
        prop_assert!((150..=350).contains(&triggered), "{}", triggered);
        prop_assert_eq!(first, course(seed));
    }
}
