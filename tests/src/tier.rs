//! The tier of emulators that are started, filled by Terraform and removed again: `just test-local`.
//!
//! One emulator is chosen and named ([`choice`]), started ([`localstack`], [`image`] or [`process`]), filled with
//! `terraform/` as it stands ([`terraform`]), and put to the flow suite ([`crate::suite`]). The open LocalStack
//! ([`localstack_open`]) runs the half behind the stream, in an image or as a process ([`places`]), with suites of its own
//! in `tests/localstack/half`. What was started is a value whose drop removes it, also after a panic; Ctrl-C drops it too.

pub mod arguments;
pub mod base;
pub mod choice;
pub mod deployed;
pub mod docker;
pub mod health;
pub mod image;
pub mod localstack;
pub mod localstack_open;
pub mod packages;
pub mod places;
pub mod process;
pub mod process_family;
pub mod terraform;

use crate::endpoint::{Endpoint, TargetKind};
use choice::Target;
use terraform::PROJECT;
use tokio::task::spawn_blocking;

/// An emulator that runs, and goes with this value.
pub enum Emulator {
    LocalStack(localstack::LocalStack),
    Image(image::Image),
    Process(process::Process),
}

impl Emulator {
    /// What it is, to the suite.
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::LocalStack(_) => TargetKind::LocalStack,
            Self::Image(_) | Self::Process(_) => TargetKind::Local,
        }
    }

    pub fn aws_endpoint(&self) -> &str {
        match self {
            Self::LocalStack(emulator) => emulator.aws_endpoint(),
            Self::Image(emulator) => emulator.aws_endpoint(),
            Self::Process(emulator) => emulator.aws_endpoint(),
        }
    }
}

/// An emulator with the stack on it.
pub struct Deployed {
    /// The stack, to the suite.
    pub endpoint: Endpoint,
    // Dropped in this order: Terraform's folder, then the emulator. A stack that was not made here has neither.
    stack: Option<terraform::Stack>,
    _emulator: Option<Emulator>,
}

impl Deployed {
    /// Starts an emulator and applies `terraform/` to it, or takes the stack that the environment names; then waits
    /// for the first answer. What blocks does so elsewhere: whoever drops this waits for no build.
    pub async fn make(target: Target) -> anyhow::Result<Self> {
        let emulator = match target {
            Target::LocalStack => Emulator::LocalStack(localstack::LocalStack::start().await?),
            Target::Image => Emulator::Image(image::Image::start().await?),
            Target::Process => Emulator::Process(spawn_blocking(process::Process::start).await??),
            Target::Deployed => {
                let endpoint = deployed::from_environment().await?;
                endpoint.first_answer().await?;
                return Ok(Self { endpoint, stack: None, _emulator: None });
            }
        };
        let kind = emulator.kind();
        let packages = spawn_blocking(move || packages::build(target)).await??;
        println!("applying terraform/ to {}", emulator.aws_endpoint());
        let stack = terraform::Stack::apply(emulator.aws_endpoint(), PROJECT, packages, Vec::new()).await?;
        let endpoint = stack.endpoint(kind, emulator.aws_endpoint()).await?;
        endpoint.first_answer().await?;
        Ok(Self { endpoint, stack: Some(stack), _emulator: Some(emulator) })
    }

    /// Destroys the stack, if it was made here.
    pub async fn destroy(&self) -> anyhow::Result<()> {
        match &self.stack {
            Some(stack) => stack.destroy().await,
            None => Ok(()),
        }
    }
}
