//! A run: it opens the connections, lets them send, and waits for the answers.

use super::connection::{Pace, drive};
use super::dial::{Dialer, Socket};
use super::message::Shape;
use super::pacer::Pacer;
use super::progress::Progress;
use super::recorder::{Recorded, Recorder};
use super::schedule::Schedule;
use super::settings::{Load, Settings};
use super::window::Window;
use futures_util::{StreamExt as _, stream};
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio_util::sync::CancellationToken;

/// Maximum number of concurrent handshakes.
const OPENING_MAX: usize = 256;
/// Messages that can be due on one connection without being sent; with more, the connection counts as blocked.
const QUEUED_MAX: usize = 1_024;

/// Signals that end a run early.
#[derive(Clone, Default)]
pub struct Signals {
    /// Stop sending, and wait for answers.
    pub stop: CancellationToken,
    /// End at once.
    pub give_up: CancellationToken,
}

/// The state that all connections of a run share. They run on one thread.
pub struct Run {
    pub shape: Shape,
    pub recorder: RefCell<Recorder>,
    /// For the progress bar.
    pub progress: Arc<Progress>,
    /// Ends the sending.
    pub stop: CancellationToken,
    /// Ends the waiting.
    pub give_up: CancellationToken,
    start: Instant,
}

impl Run {
    /// Microseconds since sending began.
    pub fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }
}

pub struct Outcome {
    /// The counts and times.
    pub recorded: Recorded,
    /// Seconds over which its rates are measured.
    pub steady_s: f64,
    /// Whether it was ended from outside.
    pub is_interrupted: bool,
}

/// Runs on one separate thread, so that nothing is locked and the other cores are free for the emulator.
pub async fn run(settings: Settings, progress: Arc<Progress>, signals: Signals) -> anyhow::Result<Outcome> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("load".into()).spawn(move || {
        let outcome = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)
            .and_then(|runtime| LocalSet::new().block_on(&runtime, measure(settings, progress, signals)));
        // The receiver is gone if the command itself has ended.
        let _ = sender.send(outcome);
    })?;
    receiver.await?
}

async fn measure(settings: Settings, progress: Arc<Progress>, signals: Signals) -> anyhow::Result<Outcome> {
    let total_s = settings.ramp_s + settings.duration_s;
    let mut recorder = Recorder::new((settings.ramp_s * 1e6) as u64, (total_s * 1e6) as u64);
    let sockets = tokio::select! {
        sockets = open(&settings, &progress, &mut recorder) => sockets?,
        () = signals.stop.cancelled() => anyhow::bail!("interrupted while opening connections"),
    };
    let start = Instant::now();
    progress.started(start);
    let run = Rc::new(Run {
        shape: Shape::new(settings.size),
        recorder: RefCell::new(recorder),
        progress,
        stop: signals.stop.child_token(),
        give_up: signals.give_up.child_token(),
        start,
    });
    let mut tasks = JoinSet::new();
    match settings.load {
        Load::Open { rate_per_s } => {
            let queues = sockets.into_iter().map(|socket| {
                let (sender, receiver) = mpsc::channel(QUEUED_MAX);
                tasks.spawn_local(drive(socket, Pace::Open(receiver), Rc::clone(&run)));
                sender
            });
            let queues = queues.collect();
            dispatch(Schedule::new(rate_per_s, settings.ramp_s, settings.duration_s), queues, &run).await;
        }
        Load::Closed { in_flight } => {
            let step = Duration::from_secs_f64(settings.ramp_s / sockets.len() as f64);
            for (index, socket) in (0_u32..).zip(sockets) {
                let window = Window::new(in_flight, start + step * index, settings.answer_within);
                tasks.spawn_local(drive(socket, Pace::Closed(window), Rc::clone(&run)));
            }
            tokio::select! {
                () = tokio::time::sleep_until((start + Duration::from_secs_f64(total_s)).into()) => {}
                () = run.stop.cancelled() => {}
            }
        }
    }
    let is_interrupted = run.stop.is_cancelled();
    if is_interrupted {
        run.recorder.borrow_mut().cut(run.now_us());
    }
    run.stop.cancel();
    match tokio::time::timeout(settings.answer_within, finish(&mut tasks)).await {
        Ok(finished) => finished?,
        Err(_) => run.give_up.cancel(),
    }
    finish(&mut tasks).await?;
    let run = Rc::into_inner(run).ok_or_else(|| anyhow::anyhow!("a connection outlived its run"))?;
    let recorder = run.recorder.into_inner();
    Ok(Outcome { steady_s: recorder.steady_s(), recorded: recorder.finish(), is_interrupted })
}

/// Opens the connections at their rate. The first one is opened alone, because an error of it would be one of all.
async fn open(
    settings: &Settings,
    progress: &Progress,
    recorder: &mut Recorder,
) -> anyhow::Result<Vec<Socket>> {
    let dialer = Dialer::new(settings.entry.clone(), settings.sources.clone(), settings.size).await?;
    let begin = Instant::now();
    let mut sockets = vec![dialer.dial(0).await?];
    recorder.opened(begin.elapsed().as_micros() as u64);
    progress.opened();

    let dials = stream::iter(1..settings.connections).map(|index| {
        let (dialer, at) = (&dialer, begin + Duration::from_secs_f64(index as f64 / settings.connects_per_s));
        // Boxed, because an open socket keeps the waker of its last waiter, and with it the memory of this future.
        Box::pin(async move {
            tokio::time::sleep_until(at.into()).await;
            let begin = Instant::now();
            (dialer.dial(index).await, begin.elapsed())
        })
    });
    let mut dials = pin!(dials.buffer_unordered(OPENING_MAX));
    while let Some((opened, took)) = dials.next().await {
        progress.opened();
        match opened {
            Ok(socket) => {
                recorder.opened(took.as_micros() as u64);
                sockets.push(socket);
            }
            Err(error) => {
                recorder.counts.connections_refused += 1;
                recorder.explain(&format!("{error:#}"));
            }
        }
    }
    Ok(sockets)
}

/// Gives each message that becomes due to the next connection in turn.
async fn dispatch(schedule: Schedule, queues: Vec<mpsc::Sender<u64>>, run: &Run) {
    let pacer = Pacer::start(schedule, run.start);
    let mut known = 0;
    while known < schedule.total() {
        let due = tokio::select! {
            due = pacer.more_than(known) => due,
            () = run.stop.cancelled() => return,
        };
        for k in known..due {
            let due_us = (schedule.due_s(k) * 1e6) as u64;
            if queues[(k % queues.len() as u64) as usize].try_send(due_us).is_err() {
                run.recorder.borrow_mut().counts.unsent += 1;
            }
        }
        known = due;
    }
}

/// Waits for all connections to end.
async fn finish(tasks: &mut JoinSet<()>) -> Result<(), tokio::task::JoinError> {
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}
