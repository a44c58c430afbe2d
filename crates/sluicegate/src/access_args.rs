//! The flags that open the emulator's port to others, and the warnings about what each one opens.

use emulator::server::guard::{Access, AllowedHost, AllowedOrigin};
use std::net::SocketAddr;

#[derive(clap::Args, Debug)]
pub struct AccessArgs {
    /// Accept requests for this host name, such as the emulator's name in a container network (repeatable)
    ///
    /// IP addresses, localhost, its subdomains and the hosts of AWS services are always accepted. Any other name is
    /// rejected, since a web page may have pointed its own name at this machine (DNS rebinding). *.DOMAIN accepts
    /// all subdomains of a domain.
    #[arg(
        long = "allowed-host",
        value_name = "NAME",
        env = "SLUICEGATE_ALLOWED_HOSTS",
        value_delimiter = ',',
        hide_env_values = true
    )]
    hosts: Vec<AllowedHost>,
    /// Let web pages of this origin use the emulator, such as http://localhost:3000 (repeatable)
    ///
    /// By default, a web page can only open WebSockets. With this option, pages of this origin can also call the AWS
    /// APIs, and pages of any other origin can no longer open WebSockets.
    #[arg(
        long = "allowed-origin",
        value_name = "ORIGIN",
        env = "SLUICEGATE_ALLOWED_ORIGINS",
        value_delimiter = ',',
        hide_env_values = true
    )]
    origins: Vec<AllowedOrigin>,
    /// Accept unsigned AWS API and @connections calls, which AWS rejects
    #[arg(long)]
    allow_unsigned: bool,
}

impl AccessArgs {
    pub fn access(&self) -> Access {
        Access {
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            allows_unsigned: self.allow_unsigned,
        }
    }

    /// Warnings about what these flags open, one per line.
    pub fn warnings(&self, address: SocketAddr) -> Vec<String> {
        let mut warnings = Vec::new();
        if !address.ip().is_loopback() {
            let audience =
                if address.ip().is_unspecified() { "every network of this machine" } else { "its network" };
            warnings.push(format!(
                "warning: {address} is open to {audience} without authentication: anyone who can reach it can run programs here as you \
                 and read all traffic (--bind 127.0.0.1 closes it)"
            ));
        }
        if self.allow_unsigned {
            warnings.push(
                "warning: AWS API calls are accepted without a signature (--allow-unsigned): any program that can \
                 reach the port can call them"
                    .to_owned(),
            );
        }
        for origin in &self.origins {
            warnings.push(format!(
                "warning: pages of {origin} can use the whole emulator, and so run programs on this machine"
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser, Debug)]
    struct Command {
        #[command(flatten)]
        access: AccessArgs,
    }

    fn warnings(arguments: &[&str], address: &str) -> Vec<String> {
        let command = Command::try_parse_from([&["x"], arguments].concat()).expect("they are right");
        command.access.warnings(address.parse().expect("an address"))
    }

    #[test]
    fn what_is_opened_is_said_with_whom_it_is_opened_to() {
        assert!(warnings(&[], "127.0.0.1:4566").is_empty());
        assert!(warnings(&["--allowed-host", "emulator"], "[::1]:4566").is_empty());
        for (arguments, address, says) in [
            (&[][..], "0.0.0.0:4566", "0.0.0.0:4566 is open to every network of this machine"),
            (&[], "[::]:4566", "[::]:4566 is open to every network of this machine"),
            (&[], "192.168.1.2:4566", "192.168.1.2:4566 is open to its network"),
            (&["--allow-unsigned"], "127.0.0.1:4566", "without a signature"),
            (
                &["--allowed-origin", "http://localhost:3000"],
                "127.0.0.1:4566",
                "pages of http://localhost:3000",
            ),
        ] {
            let warned = warnings(arguments, address);
            assert!(warned.len() == 1 && warned[0].contains(says), "{warned:?}");
        }
    }

    #[test]
    fn flags_may_be_given_again_and_are_checked() {
        let parse = |arguments: &[&str]| Command::try_parse_from([&["x"], arguments].concat());
        let command = parse(&["--allowed-host", "a", "--allowed-host", "*.b.test"]).expect("they are right");
        assert_eq!(command.access.access().hosts.len(), 2);
        for wrong in [["--allowed-host", "http://a"], ["--allowed-origin", "null"], ["--allowed-origin", "*"]]
        {
            let error = parse(&wrong).expect_err("it is refused").to_string();
            assert!(error.contains(wrong[1]) && error.contains("give"), "{error}");
        }
    }
}
