//! The tier's own argument, beside those of every test harness.

use anyhow::{Context as _, bail};
use libtest_mimic::Arguments;

/// Which plane is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// None: an ordinary `cargo test`, which needs neither Docker nor Terraform.
    Nothing,
    /// The most real one that can run here.
    Auto,
    /// LocalStack, or failure.
    LocalStack,
    /// The local plane's image, or failure.
    Image,
    /// The local plane's process, or failure.
    Process,
    /// The stack that the environment names, or failure.
    Deployed,
}

/// Takes `--plane NAME` out of a command line; the rest is the harness's.
///
/// # Errors
/// Where the name is missing or unknown; the text lists those that exist.
pub fn parse(command_line: impl IntoIterator<Item = String>) -> anyhow::Result<(Asked, Arguments)> {
    let mut asked = Asked::Nothing;
    let mut rest = Vec::new();
    let mut words = command_line.into_iter();
    while let Some(word) = words.next() {
        if word == "--plane" {
            asked = plane(&words.next().context("--plane needs a name")?)?;
        } else if let Some(name) = word.strip_prefix("--plane=") {
            asked = plane(name)?;
        } else {
            rest.push(word);
        }
    }
    let mut arguments = Arguments::from_iter(rest);
    // Cases share one stack, and one shard's quota of reads.
    arguments.test_threads.get_or_insert(1);
    Ok((asked, arguments))
}

fn plane(name: &str) -> anyhow::Result<Asked> {
    Ok(match name {
        "auto" => Asked::Auto,
        "localstack" => Asked::LocalStack,
        "image" => Asked::Image,
        "process" => Asked::Process,
        "deployed" => Asked::Deployed,
        _ => bail!("--plane is auto, localstack, image, process or deployed, not {name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> anyhow::Result<(Asked, Arguments)> {
        parse(["test"].iter().chain(words).map(|word| (*word).to_owned()))
    }

    #[test]
    fn the_planes_name_is_taken_out_and_the_rest_is_the_harnesss() {
        for words in
            [["--plane", "image", "hello", "--exact"].as_slice(), &["hello", "--plane=image", "--exact"]]
        {
            let (asked, arguments) = parsed(words).unwrap();
            assert_eq!(
                (asked, arguments.filter.as_deref(), arguments.exact),
                (Asked::Image, Some("hello"), true)
            );
        }
        let (asked, arguments) = parsed(&["--nocapture"]).unwrap();
        assert_eq!((asked, arguments.nocapture), (Asked::Nothing, true));
    }

    #[test]
    fn an_unknown_plane_is_refused_with_the_names_that_exist() {
        let error = parsed(&["--plane", "azure"]).map(|(asked, _)| asked).unwrap_err().to_string();
        assert!(error.contains("localstack, image, process") && error.contains("azure"), "{error}");
        assert!(parsed(&["--plane"]).is_err());
    }
}
