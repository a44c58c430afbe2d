//! The command: its arguments, the files that it writes, and its exit status.

use super::server::{Server, seq};
use super::*;
use clap::Parser as _;

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn parse(line: &str) -> anyhow::Result<Args> {
    Ok(Cli::try_parse_from(format!("load {line}").split(' '))?.args)
}

#[tokio::test]
async fn a_run_writes_its_json_and_its_plots() {
    let server = Server::start(|_| Some(echo)).await;
    let folder = tempfile::tempdir().unwrap();
    let (json, svg) = (folder.path().join("run.json"), folder.path().join("run.svg"));
    let line =
        format!("{} -c 2 -r 500 -d 0.2 --json {} --plot {}", server.uri, json.display(), svg.display());
    run(parse(&line).unwrap()).await.unwrap();
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!((&report["counts"]["sent"], &report["counts"]["lost"]), (&100.into(), &0.into()));
    assert_eq!(report["failures"], serde_json::json!([]));
    assert!(!report["series"].as_array().unwrap().is_empty());
    assert!(std::fs::read_to_string(svg).unwrap().contains("</svg>"));
}

#[tokio::test]
async fn a_loss_or_a_missed_threshold_fails_and_is_still_written() {
    let server =
        Server::start(|_| Some(|text: &str| Some(vec![text.to_owned(); usize::from(seq(text) != 5)]))).await;
    let folder = tempfile::tempdir().unwrap();
    let (json, html) = (folder.path().join("run.json"), folder.path().join("run.html"));
    let line = format!(
        "{} -c 1 -r 500 -d 0.2 --timeout 2 --min-rate 501 --max-p99-ms 0 --json {} --plot {}",
        server.uri,
        json.display(),
        html.display()
    );
    let error = run(parse(&line).unwrap()).await.unwrap_err().to_string();
    assert!(
        error.starts_with("failed: 1 lost (no reply within 2 s); p99 of ")
            && error.ends_with("--min-rate 501"),
        "{error}"
    );
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(report["failures"].as_array().unwrap().len(), 3);
    assert!(std::fs::read_to_string(html).unwrap().contains("<svg"));
}

#[test]
fn what_cannot_be_run_is_refused_with_the_reason() {
    for (line, reason) in [
        ("--rate 0", "--rate must be above 0"),
        ("--duration 0", "--duration must be above 0"),
        ("--ramp -1", "--ramp must be 0"),
        ("--duration 7200 --ramp 1", "7200 seconds or less"),
        ("--size 63", "--size must be 64 to 131072"),
        ("--size 131073", "--size must be 64 to 131072"),
        ("--plot run.png", "must end in .svg or .html"),
        ("--connections 0", "0 is not in 1.."),
        ("--rate 5 --in-flight 1", "cannot be used with"),
    ] {
        let refused = parse(&line.replace(" -1", "=-1")).and_then(|args| settings(&args)).map(drop);
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(reason), "{line}: {error}");
    }
}

#[tokio::test]
async fn a_wrong_uri_fails_before_any_load() {
    for (uri, reason) in [
        ("http://127.0.0.1:1/", "must begin with ws:// or wss://"),
        ("ws://127.0.0.1:1/", "nothing is listening"),
    ] {
        let error = format!("{:#}", run(parse(uri).unwrap()).await.unwrap_err());
        assert!(error.contains(reason), "{error}");
    }
}
