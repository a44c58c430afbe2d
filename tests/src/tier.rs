//! The tier that starts an emulator, deploys to it with Terraform and removes it again: `just test-local`.
//!
//! It chooses an emulator ([`choice`]), starts it ([`localstack`], [`image`] or [`process`]), applies the unchanged
//! `terraform/` to it ([`terraform`]), and runs the flow suite against it ([`crate::suite`]). The open LocalStack
//! ([`localstack_open`]) runs the half behind the stream, in an image or as a process ([`places`]), with its own suites in
//! `tests/localstack/half`. Everything that is started is a value whose drop removes it, also after a panic and Ctrl-C.

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

/// A running emulator. Dropping it removes it.
pub enum Emulator {
    LocalStack(localstack::LocalStack),
    Image(image::Image),
    Process(process::Process),
}

impl Emulator {
    /// The kind of target, for the suite.
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
    /// The stack, for the suite.
    pub endpoint: Endpoint,
    // Dropped in this order: Terraform's folder, then the emulator. A stack from the environment has neither.
    stack: Option<terraform::Stack>,
    _emulator: Option<Emulator>,
}

impl Deployed {
    /// Starts an emulator and applies `terraform/` to it, or uses the stack that the environment names; then waits for
    /// the first answer. Blocking work runs on other threads, so that dropping this future does not wait for a build.
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

    /// Destroys the stack, unless it is one from the environment.
    pub async fn destroy(&self) -> anyhow::Result<()> {
        match &self.stack {
            Some(stack) => stack.destroy().await,
            None => Ok(()),
        }
    }
}
