//! What `dev` and `serve` have in common: where an emulator listens and how it differs from the usual one.

use crate::access_args::AccessArgs;
use crate::{flow_log, print};
use anyhow::Context as _;
use emulator::core::isolation;
use emulator::core::open_files;
use emulator::fault_injection::{FAULTS_MAX, Fault, FaultSettings, FaultSpec};
use emulator::services::kinesis::WriteLimits;
use emulator::{Emulator, EmulatorOptions};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

/// Arguments of every command that runs an emulator.
#[derive(clap::Args)]
pub struct EmulatorArgs {
    /// Port of the emulator: AWS APIs, WebSockets and @connections alike
    #[arg(long, default_value_t = 4566, env = "SLUICEGATE_PORT")]
    port: u16,
    /// Address to listen on; anything but loopback lets the network run programs on this machine
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Print warnings only, not a line per event
    #[arg(long, short)]
    quiet: bool,
    /// Lift each shard's write limit of 1 MiB and 1,000 records a second, for load tests
    #[arg(long)]
    no_write_limits: bool,
    /// Keep streams, records, consumers and checkpoints in this folder; without it they are gone when this stops
    ///
    /// What was acknowledged survives this process, however it ends. It is synced to the disk once a second: a power
    /// cut may cost what came since. APIs, functions, roles and queues are not kept: `dev` makes them anew from
    /// terraform/, and on `serve` `terraform apply` does, with the streams imported or the folder emptied before.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Let something go wrong as it does on AWS, such as connections-429=10%; may be given again (--help tells what)
    #[arg(long = "fault", value_name = "SPEC", long_help = fault_help())]
    faults: Vec<FaultSpec>,
    /// Repeat the chances of an earlier run with faults, which printed this number
    #[arg(long, value_name = "NUMBER", requires = "faults")]
    fault_seed: Option<u64>,
    #[command(flatten)]
    access: AccessArgs,
}

fn fault_help() -> String {
    let mut help = String::from(
        "Let something go wrong as it does on AWS, to see how a function copes. May be given again.\n\n\
         NAME, or NAME= and terms with commas between: how often (10%, or 1/20 for every twentieth), how many at \
         most (5 times), how long (300ms, 2s), and last, on whom alone (for=...).\n\n",
    );
    for fault in Fault::ALL {
        let name = fault.name();
        let _ = write!(help, "{name:<20}{}", fault.about());
        if let Some(delay) = fault.default_delay() {
            let _ = write!(help, ", by {} ms unless you say", delay.as_millis());
        }
        let _ = writeln!(help, " (for={})", fault.target().replace(' ', "-"));
    }
    help.push_str(
        "\nWhile the emulator runs: curl http://127.0.0.1:4566/_sluicegate/faults tells of them, -X PUT -d SPEC \
         replaces them (a spec a line), -X DELETE ends them.",
    );
    help
}

impl EmulatorArgs {
    /// Sends the emulator's own log to the terminal, which nobody has to read for the emulator to go on.
    pub fn install_log(&self) -> anyhow::Result<()> {
        print::detach().context("cannot open the terminal or pipe that output goes to")?;
        flow_log::install(self.quiet);
        Ok(())
    }

    /// Binds the emulator's socket, or says what is in the way.
    pub async fn listen(&self) -> anyhow::Result<TcpListener> {
        let address = SocketAddr::new(self.bind, self.port);
        TcpListener::bind(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "port {} is in use: stop what listens there (another `dev`, LocalStack?), or choose another with --port",
                address.port()
            ),
            _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
        })
    }

    /// Where streams are kept, if they are.
    pub fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// Starts the emulator on a socket. `is_starting`: a stack is composed on it at once.
    pub async fn start(&self, listener: TcpListener, is_starting: bool) -> anyhow::Result<Emulator> {
        isolation::hide();
        open_files::raise();
        let write_limits = if self.no_write_limits { WriteLimits::Lifted } else { WriteLimits::Enforced };
        anyhow::ensure!(self.faults.len() <= FAULTS_MAX, "more than {FAULTS_MAX} faults at once");
        let faults = FaultSettings { specs: self.faults.clone(), seed: self.fault_seed };
        let options = EmulatorOptions {
            write_limits,
            faults,
            data_dir: self.data_dir.clone(),
            access: self.access.access(),
            is_starting,
            ..EmulatorOptions::default()
        };
        for warning in self.access.warnings(listener.local_addr().context("the socket has no address")?) {
            eprintln!("{warning}");
        }
        match &self.data_dir {
            Some(folder) => eprintln!("streams, records and checkpoints are kept in {}", folder.display()),
            None => {
                eprintln!("everything is in memory, and gone when this stops (--data-dir keeps the streams)");
            }
        }
        Emulator::start(listener, options).await.context("cannot start the emulator")
    }
}

/// Tells on standard output what runs and where.
pub fn greet(text: &str) {
    println!("{text}");
}
