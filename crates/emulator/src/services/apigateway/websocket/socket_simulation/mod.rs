//! A connection's state machine in a simulated world: whatever happens in whatever order, the client gets the right
//! frames and the connection ends correctly.

mod world;

use super::limits::{CLOSE_MAX, Timers};
use super::queue::CloseReason;
use super::rate_limiter::{FRAMES_MAX, WINDOW};
use proptest::prelude::*;
use world::{Frame, Heard, Step, World};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let frame = prop_oneof![
        8 => any::<bool>().prop_map(|is_refused| Frame::Text { is_refused }),
        12 => Just(Frame::Ping),
        2 => Just(Frame::Pong),
        1 => Just(Frame::Close),
        1 => prop_oneof![Just(Frame::Binary), Just(Frame::Mistake), Just(Frame::Gone)],
    ];
    let step = prop_oneof![
        40 => frame.prop_map(Step::Send),
        40 => Just(Step::Read),
        20 => Just(Step::PingPong),
        40 => Just(Step::Take),
        30 => Just(Step::PongSent),
        10 => Just(Step::Post),
        1 => Just(Step::Delete),
        1 => Just(Step::Stop),
        5 => (0..20_u64).prop_map(Step::Pass),
        3 => (0..700_000_u64).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_a_connection_ends_once_and_rightly(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            if world.ended.is_some() {
                break;
            }
            world.step(step);
            let windows = (world.now - world.begun).as_millis() / WINDOW.as_millis() + 1;
            prop_assert!(u128::from(world.futile) <= u128::from(FRAMES_MAX) * windows, "read too fast");
        }
        world.end();
        // Whoever closed first, the client gets one close frame and nothing after it.
        let is_close = |heard: &Heard| matches!(heard, Heard::Close(_));
        prop_assert_eq!(world.heard.iter().position(is_close), Some(world.heard.len() - 1));
        let pongs = world.heard.iter().filter(|heard| **heard == Heard::Pong).count();
        prop_assert_eq!(pongs, world.pings);
    }
}

/// The timer that ends a connection, its time, and the code. Data postpones the idle timer, but not the other.
#[test]
fn a_connection_ends_when_idle_or_too_old() {
    let timers = Timers::default();
    for (data_every, ends_after) in [(timers.lifetime, timers.idle), (timers.idle * 3 / 7, timers.lifetime)] {
        let mut world = World::new();
        while world.state.is_open() {
            world.pass(data_every);
            if world.state.is_open() {
                world.step(Step::Send(Frame::Text { is_refused: false }));
                world.step(Step::Read);
            }
        }
        assert_eq!(world.now - world.begun, ends_after);
        world.end();
        assert_eq!(world.ended, Some(CloseReason::GOING_AWAY.into()));
        assert_eq!(world.now - world.begun, ends_after + CLOSE_MAX);
        assert_eq!(world.heard, [Heard::Close(1001)]);
    }
}

/// A client that pings and does not read is not read either, whatever else happens, until it is given up.
#[test]
fn a_client_that_takes_no_pong_is_not_read() {
    let mut world = World::new();
    for _ in 0..2 {
        world.step(Step::Send(Frame::Ping));
    }
    for step in
        [Step::Read, Step::Post, Step::Delete, Step::PongSent, Step::Pass(1_000), Step::Stop, Step::Read]
    {
        world.step(step);
        assert!(world.pings == 1 && !world.state.reads(world.now), "read after {step:?}");
    }
    world.end();
    assert_eq!(world.ended, Some(CloseReason::GOING_AWAY.into()));
}
