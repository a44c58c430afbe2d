//! `sluicegate completions`: prints a completion script for a shell.

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write as _;

#[derive(clap::Args)]
pub struct Args {
    /// Shell to print the script for
    shell: Shell,
}

/// Writes the script to standard output.
pub fn run(args: &Args) -> anyhow::Result<()> {
    std::io::stdout().write_all(&script(args.shell)).context("cannot write the script")
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::Cli::command(), env!("CARGO_PKG_NAME"), &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;
    use std::process::{Command, Stdio};

    #[test]
    fn each_shell_completes_every_command() {
        let command = crate::Cli::command();
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).expect("a script is text");
            for subcommand in command.get_subcommands() {
                let name = subcommand.get_name();
                assert!(script.contains(name), "{shell} does not complete {name}");
            }
        }
    }

    /// `bash -n` reads a script and runs nothing of it.
    #[test]
    fn bash_accepts_its_script() {
        let shell = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut shell = shell.expect("bash runs");
        let mut input = shell.stdin.take().expect("its input is a pipe");
        input.write_all(&script(Shell::Bash)).expect("it reads");
        drop(input);
        let output = shell.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
