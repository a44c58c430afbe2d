//! Who may use the emulator's port beside the programs of its user: flags that open it, and what each opens.

use emulator::server::guard::{Access, AllowedHost, AllowedOrigin};
use std::net::SocketAddr;

/// Arguments that let somebody in.
#[derive(clap::Args, Debug)]
pub struct AccessArgs {
    /// Let requests name this host, such as the emulator's name in a container network; may be given again
    ///
    /// Addresses, localhost, names below it and the hosts of AWS's services are always admitted. Any other name is
    /// refused, since it may belong to a web page that points its own name at this machine (DNS rebinding).
    /// *.DOMAIN admits a domain's subdomains.
    #[arg(
        long = "allowed-host",
        value_name = "NAME",
        env = "SLUICEGATE_ALLOWED_HOSTS",
        value_delimiter = ',',
        hide_env_values = true
    )]
    hosts: Vec<AllowedHost>,
    /// Let pages of this origin use the emulator, such as http://localhost:3000; may be given again
    ///
    /// Without it, pages in a browser may open WebSockets and nothing else. With it, pages of this origin may call
    /// everything else too, and no other page may open a WebSocket.
    #[arg(
        long = "allowed-origin",
        value_name = "ORIGIN",
        env = "SLUICEGATE_ALLOWED_ORIGINS",
        value_delimiter = ',',
        hide_env_values = true
    )]
    origins: Vec<AllowedOrigin>,
    /// Take AWS API and @connections calls without a signature, which AWS refuses
    #[arg(long)]
    allow_unsigned: bool,
}

impl AccessArgs {
    /// What the flags say.
    pub fn access(&self) -> Access {
        Access {
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            allows_unsigned: self.allow_unsigned,
        }
    }

    /// What is open at `address` that is usually closed, and to whom; a warning a line.
    pub fn warnings(&self, address: SocketAddr) -> Vec<String> {
        let mut warnings = Vec::new();
        if !address.ip().is_loopback() {
            let audience =
                if address.ip().is_unspecified() { "every network of this machine" } else { "its network" };
            warnings.push(format!(
                "warning: {address} is open to {audience}: whoever reaches it can run programs here as you and read \
                 everything that passes; nothing checks who they are (--bind 127.0.0.1 closes it)"
            ));
        }
        if self.allow_unsigned {
            warnings.push(
                "warning: AWS API calls are taken without a signature (--allow-unsigned): any program that reaches \
                 the port may make them without knowing that it is AWS it calls"
                    .to_owned(),
            );
        }
        for origin in &self.origins {
            warnings.push(format!(
                "warning: pages of {origin} may use everything of this emulator, and so run programs on this machine"
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
