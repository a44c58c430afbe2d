//! Benchmark of the reference template, which the gateway renders for every frame.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mapping_template::{Context, Node, Scope, Template};

const REFERENCE: &str = r#"#set($payload = $input.json('$'))
#set($event = "{""payload"":$payload,""connectionId"":""$context.connectionId"",""requestTimeEpoch"":""$context.requestTimeEpoch""}")
{"StreamName": "events", "Data": "$util.base64Encode($event)", "PartitionKey": "$context.connectionId"}
"#;

struct Frame;

impl Context for Frame {
    fn get(&self, path: &[&str]) -> Option<Node<'_>> {
        match path {
            ["connectionId"] => Some(Node::text("Qyi07eCbtjMCJKw=")),
            ["requestTimeEpoch"] => Some(Node::Number(1_708_326_702_790)),
            _ => None,
        }
    }
}

/// A chat message of about `bytes` bytes.
fn message(bytes: usize, blank: &str) -> String {
    let mut text = format!("{{\"action\":{blank}\"relay\",\"n\":{blank}1.50,\"items\":{blank}[0");
    while text.len() < bytes.saturating_sub(30) {
        text.push_str(&format!(",{blank}{{\"text\":{blank}\"hello world, é\"}}"));
    }
    text.push_str("]}");
    text
}

fn render(criterion: &mut Criterion) {
    let template = Template::parse(REFERENCE).expect("the reference template parses");
    let mut group = criterion.benchmark_group("reference template");
    for (name, body) in [
        ("100 B", message(100, "")),
        ("30 KB", message(30_000, "")),
        ("30 KB with blanks", message(30_000, " ")),
    ] {
        group.throughput(Throughput::Bytes(body.len() as u64));
        let mut out = String::new();
        group.bench_with_input(BenchmarkId::from_parameter(name), &body, |bencher, body| {
            bencher.iter(|| {
                out.clear();
                let scope = Scope::new(black_box(body), &Frame);
                template.render_into(&scope, &mut out).expect("the body renders");
                out.len()
            });
        });
    }
    group.finish();
    criterion.bench_function("parse the reference template", |bencher| {
        bencher.iter(|| Template::parse(black_box(REFERENCE)).expect("it parses"));
    });
}

criterion_group!(benches, render);
criterion_main!(benches);
