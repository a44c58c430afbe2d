//! The tier's argument `--target`, in addition to those of every test harness.

use anyhow::{Context as _, bail};
use libtest_mimic::Arguments;

/// The requested target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested {
    /// None: an ordinary `cargo test`, which needs neither Docker nor Terraform.
    Nothing,
    /// The target closest to AWS that can run here.
    Auto,
    /// LocalStack, or failure.
    LocalStack,
    /// The open LocalStack, for the half of the flow behind the stream, if it can run.
    LocalStackOpen,
    /// The same in its image, or failure.
    LocalStackOpenImage,
    /// The same as a process, or failure.
    LocalStackOpenProcess,
    /// The emulator's image, or failure.
    Image,
    /// The emulator's process, or failure.
    Process,
    /// The stack that the environment names, or failure.
    Deployed,
}

/// Removes `--target NAME` from a command line; the rest is for the harness.
pub fn parse(command_line: impl IntoIterator<Item = String>) -> anyhow::Result<(Requested, Arguments)> {
    let mut asked = Requested::Nothing;
    let mut rest = Vec::new();
    let mut words = command_line.into_iter();
    while let Some(word) = words.next() {
        if word == "--target" {
            asked = emulator(&words.next().context("--target needs a name")?)?;
        } else if let Some(name) = word.strip_prefix("--target=") {
            asked = emulator(name)?;
        } else {
            rest.push(word);
        }
    }
    let mut arguments = Arguments::from_iter(rest);
    // Cases share one stack and the read quota of one shard.
    arguments.test_threads.get_or_insert(1);
    Ok((asked, arguments))
}

fn emulator(name: &str) -> anyhow::Result<Requested> {
    Ok(match name {
        "auto" => Requested::Auto,
        "localstack" => Requested::LocalStack,
        "localstack-open" => Requested::LocalStackOpen,
        "localstack-open-image" => Requested::LocalStackOpenImage,
        "localstack-open-process" => Requested::LocalStackOpenProcess,
        "image" => Requested::Image,
        "process" => Requested::Process,
        "deployed" => Requested::Deployed,
        _ => bail!(
            "--target must be auto, localstack, localstack-open, localstack-open-image, localstack-open-process, image, \
             process or deployed, not {name}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> anyhow::Result<(Requested, Arguments)> {
        parse(["test"].iter().chain(words).map(|word| (*word).to_owned()))
    }

    #[test]
    fn the_emulators_name_is_taken_out_and_the_rest_is_the_harnesss() {
        for words in
            [["--target", "image", "hello", "--exact"].as_slice(), &["hello", "--target=image", "--exact"]]
        {
            let (asked, arguments) = parsed(words).unwrap();
            assert_eq!(
                (asked, arguments.filter.as_deref(), arguments.exact),
                (Requested::Image, Some("hello"), true)
            );
        }
        let (asked, arguments) = parsed(&["--nocapture"]).unwrap();
        assert_eq!((asked, arguments.nocapture), (Requested::Nothing, true));
    }

    #[test]
    fn an_unknown_emulator_is_refused_with_the_names_that_exist() {
        let error = parsed(&["--target", "azure"]).map(|(asked, _)| asked).unwrap_err().to_string();
        assert!(
            error.contains("localstack-open, localstack-open-image, ") && error.contains("azure"),
            "{error}"
        );
        assert!(parsed(&["--target"]).is_err());
    }
}
