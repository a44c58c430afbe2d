//! What `dev` and `serve` have in common: where an emulator listens and how it differs from the usual one.

use crate::access_args::AccessArgs;
use crate::{flow_log, print};
use anyhow::Context as _;
use emulator::core::account::Account;
use emulator::core::isolation;
use emulator::core::open_files;
use emulator::core::region::{NotARegion, Region};
use emulator::fault_injection::{FAULTS_MAX, Fault, FaultSettings, FaultSpec};
use emulator::services::kinesis::WriteLimits;
use emulator::services::lambda::invocation::Freeze;
use emulator::{Emulator, EmulatorOptions};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

#[derive(clap::Args)]
pub struct EmulatorArgs {
    /// Port for the AWS APIs, WebSockets and @connections
    #[arg(long, default_value_t = 4566, env = "SLUICEGATE_PORT")]
    port: u16,
    /// Address to listen on; any address but loopback lets other hosts run programs on this machine
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Region of the emulator; it refuses calls signed for another one [default: that of the first signed call; `dev`: us-east-1]
    #[arg(long, env = "AWS_REGION", value_name = "NAME", value_parser = region)]
    region: Option<GivenRegion>,
    /// Print only warnings, not one line per event
    #[arg(long, short)]
    quiet: bool,
    /// Disable the write limit of each shard (1 MiB and 1,000 records per second), for load tests
    #[arg(long)]
    no_write_limits: bool,
    /// Persist streams, records, consumers and checkpoints in this folder [default: keep everything in memory]
    ///
    /// Acknowledged writes survive a crash of this process. They are synced to disk once per second, so a power cut
    /// may lose the last second. APIs, functions, roles and queues are not persisted: `dev` recreates them from
    /// terraform/. With `serve`, import the streams or empty the folder before you run `terraform apply` again.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Inject an AWS-like fault, such as connections-429=10% (repeatable; --help lists all faults)
    #[arg(long = "fault", value_name = "SPEC", long_help = fault_help())]
    faults: Vec<FaultSpec>,
    /// Seed for random faults: repeat an earlier run with the number that it printed
    #[arg(long, value_name = "NUMBER", requires = "faults")]
    fault_seed: Option<u64>,
    /// When functions that have nothing to do are stopped until their next event, as Lambda does
    #[arg(long, value_name = "WHEN", default_value = "soon")]
    freeze: FreezeArg,
    #[command(flatten)]
    access: AccessArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FreezeArg {
    /// 20 ms after an invocation
    Soon,
    /// As soon as an invocation has ended
    Immediate,
    /// Never: for debuggers and profilers
    Off,
}

impl From<FreezeArg> for Freeze {
    fn from(freeze: FreezeArg) -> Self {
        match freeze {
            FreezeArg::Soon => Self::Soon,
            FreezeArg::Immediate => Self::Immediate,
            FreezeArg::Off => Self::Off,
        }
    }
}

fn fault_help() -> String {
    let mut help = String::from(
        "Inject an AWS-like fault, to see how a function copes with it (repeatable).\n\n\
         SPEC is NAME or NAME=TERM,TERM... Terms: a probability (10%), every Nth time (1/20), at most N times \
         (5 times), a delay (300ms, 2s), and last, a single target (for=...). Default: every time.\n\n",
    );
    for fault in Fault::ALL {
        let name = fault.name();
        let _ = write!(help, "{name:<20}{}", fault.about());
        if let Some(delay) = fault.default_delay() {
            let _ = write!(help, ", by {} ms by default", delay.as_millis());
        }
        let _ = writeln!(help, " (for={})", fault.target().replace(' ', "-"));
    }
    help.push_str(
        "\nWhile the emulator runs, curl http://127.0.0.1:4566/_sluicegate/faults lists the active faults, -X PUT -d SPEC \
         replaces them (one spec per line), and -X DELETE removes them.",
    );
    help
}

impl EmulatorArgs {
    /// Sends the emulator's log to the terminal, without ever blocking on a slow reader.
    pub fn install_log(&self) -> anyhow::Result<()> {
        print::detach().context("cannot open the terminal or pipe that output goes to")?;
        flow_log::install(self.quiet);
        Ok(())
    }

    pub async fn listen(&self) -> anyhow::Result<TcpListener> {
        let address = SocketAddr::new(self.bind, self.port);
        TcpListener::bind(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "port {} is in use: stop the program that listens there (another `dev`, LocalStack?), or choose another port with --port",
                address.port()
            ),
            _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
        })
    }

    pub fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    fn account(&self) -> Account {
        let region = self.region.clone().and_then(|given| given.0);
        region.map_or_else(Account::in_first_region, Account::in_region)
    }

    /// Starts the emulator on a socket. `is_starting`: the caller creates a stack on it at once.
    pub async fn start(&self, listener: TcpListener, is_starting: bool) -> anyhow::Result<Emulator> {
        isolation::hide();
        open_files::raise();
        let write_limits = if self.no_write_limits { WriteLimits::Lifted } else { WriteLimits::Enforced };
        anyhow::ensure!(
            self.faults.len() <= FAULTS_MAX,
            "more than {FAULTS_MAX} faults: remove some --fault options"
        );
        let faults = FaultSettings { specs: self.faults.clone(), seed: self.fault_seed };
        let options = EmulatorOptions {
            account: self.account(),
            write_limits,
            faults,
            data_dir: self.data_dir.clone(),
            access: self.access.access(),
            is_starting,
            freeze: self.freeze.into(),
            ..EmulatorOptions::default()
        };
        for warning in self.access.warnings(listener.local_addr().context("the socket has no address")?) {
            eprintln!("{warning}");
        }
        match &self.data_dir {
            Some(folder) => eprintln!("persisting streams, records and checkpoints in {}", folder.display()),
            None => {
                eprintln!("keeping everything in memory (--data-dir persists the streams)");
            }
        }
        Emulator::start(listener, options).await.context("cannot start the emulator")
    }
}

#[derive(Debug, Clone)]
struct GivenRegion(Option<Region>);

/// A region; none for an empty text, as of a variable that is set to nothing.
fn region(text: &str) -> Result<GivenRegion, NotARegion> {
    Ok(GivenRegion(if text.is_empty() { None } else { Some(text.parse()?) }))
}

pub fn greet(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        emulator: EmulatorArgs,
    }

    #[test]
    fn a_region_is_given_or_left_to_the_first_call() {
        for (arguments, expected) in
            [(&["x", "--region", "eu-west-1"][..], Some("eu-west-1")), (&["x", "--region", ""], None)]
        {
            let account = Command::parse_from(arguments).emulator.account();
            assert_eq!(account.region.known().map(ToString::to_string).as_deref(), expected);
        }
        let error = Command::try_parse_from(["x", "--region", "cn-north-1"]).err().expect("it is refused");
        assert!(error.to_string().contains("other partitions"), "{error}");
    }
}
