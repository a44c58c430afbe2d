# Recipes are short; the work is done by the `sluicegate` program and by terraform/. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# The environment to work on: values from environments/ENV.tfvars, and its own state. `default` needs no file.
ENV := env("ENV", "default")

sluicegate := "cargo run --quiet --"
# With AWS's SDK, which the commands that call AWS need.
operator := "cargo run --quiet --features sluicegate/operator --"
stack := sluicegate + " stack --env " + quote(ENV)
compose := "docker compose --file docker-compose.localstack.yml"

# Images are for this machine's CPU.
export SLUICEGATE_PLATFORM := env("SLUICEGATE_PLATFORM", if arch() == "aarch64" { "linux/arm64" } else { "linux/amd64" })

# LocalStack if there is a licence for it, else the emulator's image.
container := if env("LOCALSTACK_AUTH_TOKEN", "") == "" { "emulator" } else { "localstack" }

# What each recipe needs comes first: what is missing is said before anything is built.
bundling := "cargo cargo-lambda zig terraform"

[private]
default:
    @just --list --unsorted

[private]
_require NEEDS:
    @scripts/require {{ NEEDS }}

# Build the functions and run the whole stack in an emulator on this machine
[group('local')]
dev *ARGS: (_require "cargo")
    {{ sluicegate }} dev {{ ARGS }}

# Start an empty emulator in a container on port 4566 (LocalStack if LOCALSTACK_AUTH_TOKEN is set)
[group('local')]
up: (_require "docker compose") (_require if container == "emulator" { "cargo cargo-lambda zig" } else { "" }) (_up container)

# Stop and remove the container, its functions' containers and its volumes
[group('local')]
down: (_require "docker compose")
    {{ compose }} --profile emulator --profile localstack down --volumes --remove-orphans
    docker ps --all --quiet --filter label=sluicegate.compose=function | xargs --no-run-if-empty docker rm --force --volumes

# Follow the container's log
[group('local')]
logs: (_require "docker compose")
    {{ compose }} --profile emulator --profile localstack logs --follow || [[ $? == 130 ]] # 130: left with Ctrl-C

[private]
_up PROFILE:
    {{ if PROFILE == "emulator" { "just image" } else { "true" } }}
    {{ compose }} --profile {{ quote(PROFILE) }} up --detach --wait

# Build and zip ENV's functions for `terraform apply` in terraform/
[group('build')]
build *ARGS: (_require "cargo cargo-lambda zig")
    {{ sluicegate }} bundle --functions-only --env {{ quote(ENV) }} {{ ARGS }}

# Build everything a deployment to ENV needs into dist/
[group('build')]
bundle *ARGS: (_require bundling)
    {{ sluicegate }} bundle --env {{ quote(ENV) }} {{ ARGS }}

# Verify the bundle in dist/ against its manifest
[group('build')]
verify DIR="dist": (_require "cargo")
    {{ sluicegate }} bundle --verify {{ quote(DIR) }}

# Build the emulator's image (cargo-lambda cross-compiles it for Linux)
[group('build')]
image TAG="sluicegate": (_require "cargo cargo-lambda zig docker")
    cargo lambda build --release --disable-optimizations --package sluicegate --bin sluicegate --lambda-dir target/image
    docker build --target emulator --tag {{ quote(TAG) }} .

# Build an image that deploys the bundle in dist/
[group('build')]
bundle-image TAG="sluicegate-bundle": (_require "docker")
    docker build --target bundle --build-arg EMULATOR_BINARY=dist/bin/sluicegate --tag {{ quote(TAG) }} .

# Give API Gateway a role for the logs of all APIs of an account and REGION: once, before a stack with `logging`
[group('deploy')]
account REGION *ARGS: (_require "terraform")
    terraform -chdir=terraform/account init -input=false
    AWS_REGION={{ quote(REGION) }} terraform -chdir=terraform/account apply -state={{ quote(REGION + ".tfstate") }} {{ ARGS }}

# Build the bundle and show what a deployment to ENV would change and cost
[group('deploy')]
plan: (_require bundling + " aws") bundle
    {{ stack }} plan

# Build the bundle, deploy it to ENV and check it (`--full` runs the flow suite too)
[group('deploy')]
deploy *ARGS: (_require bundling + " aws") bundle
    {{ stack }} deploy {{ ARGS }}

# Send each function of ENV's stack a probe message (`--token` or `--header` for an authorizer, `--full` for the flow suite)
[group('deploy')]
check *ARGS: (_require "cargo terraform")
    {{ stack }} check {{ ARGS }}

# Put the functions' version before in place (`--function KEY`, `--to VERSION`), or end a canary
[group('deploy')]
rollback *ARGS: (_require "cargo terraform aws")
    {{ stack }} rollback {{ ARGS }}

# Run the flow suite on ENV's stack, with the AWS credentials in the environment
[group('deploy')]
suite *ARGS: (_require "cargo terraform aws")
    SLUICEGATE_WEBSOCKET_URI="$({{ stack }} outputs websocket_uri)" \
    SLUICEGATE_CONNECTIONS_ENDPOINT="$({{ stack }} outputs connections_endpoint)" \
    SLUICEGATE_STREAM_NAME="$({{ stack }} outputs stream_name)" \
    cargo test --test localstack -- --target deployed {{ ARGS }}

# Print all outputs of ENV's stack, or one of them
[group('deploy')]
outputs *NAME: (_require "cargo terraform")
    {{ stack }} outputs {{ NAME }}

# Connect to ENV's stack and send each input line as a message (`--token` or `--header` for an authorizer)
[group('deploy')]
connect *ARGS: (_require "cargo terraform")
    {{ sluicegate }} connect "$({{ stack }} outputs websocket_uri)" {{ ARGS }}

# Try a stack on AWS for the first time: probe, deploy, check, suite, destroy, and a report (docs/going-live.md)
[group('deploy')]
go-live *ARGS: (_require bundling + " aws") bundle
    {{ sluicegate }} go-live {{ ARGS }}

# List failed records in dead-letter queues, or redrive them into the stream
[group('operate')]
dlq *ARGS="list": (_require "cargo")
    {{ operator }} dlq {{ ARGS }}

# Show the events of ENV's stream (`--follow` as they arrive)
[group('operate')]
tail *ARGS: (_require "cargo terraform")
    {{ operator }} tail --stream "$({{ stack }} outputs stream_name)" {{ ARGS }}

# Destroy ENV's stack and all its data
[group('deploy')]
destroy *ARGS: (_require "cargo terraform aws")
    {{ stack }} destroy {{ ARGS }}

# Run the unit, property and end-to-end tests (no network, Docker or token needed)
[group('test')]
test *ARGS: (_require "cargo")
    cargo test {{ ARGS }}

# Run the flow suite on LocalStack if there is a token; else on the emulator, and its half on the open LocalStack
[group('test')]
test-local *ARGS="--target auto": (_require "cargo terraform")
    cargo test --test localstack -- {{ ARGS }}

# Run stream and functions on the open LocalStack (in an image, or installed into target/; needs Docker or Python 3.13)
[group('test')]
test-localstack-open *ARGS: (_require "cargo terraform npm python")
    cargo test --test localstack -- --target localstack-open {{ ARGS }}

# Run everything a change must pass: format, lints, documentation, tests
[group('test')]
ci: (_require "cargo")
    .ci/run

# Run all benchmarks and rewrite PERFORMANCE.md (20 minutes plus builds; `--quick` is brief and writes nothing)
[group('test')]
bench *ARGS: (_require "cargo npm")
    cargo bench --package mapping-template -- {{ ARGS }}
    cargo bench --bench parts -- {{ ARGS }}
    cargo bench --bench echo_vs_node -- {{ ARGS }}
    cargo bench --bench flow -- {{ ARGS }}
    cargo bench --bench growth -- {{ ARGS }}
    cargo bench --bench crowd -- {{ ARGS }}
    cargo bench --bench poison -- {{ ARGS }}

# Install the peers that benchmarks compare with into benches/peers (npm, PyPI)
[group('test')]
bench-peers: (_require "npm python")
    benches/peers/install

# Check the licences, sources and advisories of all dependencies
[group('test')]
deny: (_require "cargo cargo-deny")
    cargo deny check

# Build the same commit in two places and compare the bundles byte by byte (15 to 20 minutes)
[group('test')]
reproducible: (_require bundling)
    cargo test -p sluicegate --test bundle -- --ignored

# Make a release: changelog, bundles (x86_64 and arm64, or those named), images, checksums and a tag
[group('release')]
release VERSION *ARCHITECTURES: (_require bundling)
    scripts/release {{ quote(VERSION) }} {{ ARCHITECTURES }}
