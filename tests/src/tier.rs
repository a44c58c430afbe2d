//! The tier of planes that are started, filled by Terraform and removed again: `just test-local`.
//!
//! One plane is chosen and named ([`choice`]), started ([`localstack`], [`image`] or [`process`]), filled with
//! `terraform/` as it stands ([`terraform`]), and put to the flow suite ([`crate::suite`]). What was started is a
//! value whose drop removes it, also after a panic; Ctrl-C drops it too.

pub mod arguments;
pub mod base;
pub mod choice;
pub mod deployed;
pub mod docker;
pub mod health;
pub mod image;
pub mod localstack;
pub mod packages;
pub mod process;
pub mod terraform;

use crate::endpoint::{Endpoint, PlaneKind};
use choice::Target;
use tokio::task::spawn_blocking;

/// A plane that runs, and goes with this value.
pub enum Plane {
    /// The licensed LocalStack image.
    LocalStack(localstack::LocalStack),
    /// The local plane's image.
    Image(image::Image),
    /// The local plane's process.
    Process(process::Process),
}

impl Plane {
    /// What it is, to the suite.
    pub fn kind(&self) -> PlaneKind {
        match self {
            Self::LocalStack(_) => PlaneKind::LocalStack,
            Self::Image(_) | Self::Process(_) => PlaneKind::Local,
        }
    }

    /// Endpoint of its AWS APIs.
    pub fn aws_endpoint(&self) -> &str {
        match self {
            Self::LocalStack(plane) => plane.aws_endpoint(),
            Self::Image(plane) => plane.aws_endpoint(),
            Self::Process(plane) => plane.aws_endpoint(),
        }
    }
}

/// A plane with the stack on it.
pub struct Deployed {
    /// The stack, to the suite.
    pub endpoint: Endpoint,
    // Dropped in this order: Terraform's folder, then the plane. A stack that was not made here has neither.
    stack: Option<terraform::Stack>,
    _plane: Option<Plane>,
}

impl Deployed {
    /// Starts a plane and applies `terraform/` to it, or takes the stack that the environment names; then waits
    /// for the first answer. What blocks does so elsewhere: whoever drops this waits for no build.
    ///
    /// # Errors
    /// Where the plane does not start, Terraform fails, or no message comes back.
    pub async fn make(target: Target) -> anyhow::Result<Self> {
        let plane = match target {
            Target::LocalStack => Plane::LocalStack(localstack::LocalStack::start().await?),
            Target::Image => Plane::Image(image::Image::start().await?),
            Target::Process => Plane::Process(spawn_blocking(process::Process::start).await??),
            Target::Deployed => {
                let endpoint = deployed::from_environment().await?;
                endpoint.first_answer().await?;
                return Ok(Self { endpoint, stack: None, _plane: None });
            }
        };
        let kind = plane.kind();
        let packages = spawn_blocking(move || packages::build(target)).await??;
        println!("applying terraform/ to {}", plane.aws_endpoint());
        let stack = terraform::Stack::apply(plane.aws_endpoint(), packages).await?;
        let endpoint = stack.endpoint(kind, plane.aws_endpoint()).await?;
        endpoint.first_answer().await?;
        Ok(Self { endpoint, stack: Some(stack), _plane: Some(plane) })
    }

    /// Destroys the stack, if it was made here.
    ///
    /// # Errors
    /// Where Terraform cannot: what cannot be destroyed is a failure of the plane.
    pub async fn destroy(&self) -> anyhow::Result<()> {
        match &self.stack {
            Some(stack) => stack.destroy().await,
            None => Ok(()),
        }
    }
}
