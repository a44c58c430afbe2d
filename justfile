# Recipes are short: what they do lies in the `sluicegate` program and in terraform/. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# The stack to work on: its values in environments/ENV.tfvars, its state its own. `default` needs no file.
ENV := env("ENV", "default")

sluicegate := "cargo run --quiet --"
stack := sluicegate + " stack --env " + quote(ENV)
compose := "docker compose --file docker-compose.localstack.yml"

# Images are for this machine's CPU.
export SLUICEGATE_PLATFORM := env("SLUICEGATE_PLATFORM", if arch() == "aarch64" { "linux/arm64" } else { "linux/amd64" })

# LocalStack where there is a licence for it, else the emulator's own image.
container := if env("LOCALSTACK_AUTH_TOKEN", "") == "" { "emulator" } else { "localstack" }

[private]
default:
    @just --list --unsorted

# Run the whole emulator on this machine
[group('local')]
dev *ARGS:
    {{ sluicegate }} dev {{ ARGS }}

# Start an empty emulator in a container at port 4566: LocalStack where LOCALSTACK_AUTH_TOKEN is set, else our own
[group('local')]
up: (_up container)

# Stop it and remove it, its functions' containers and its volumes
[group('local')]
down:
    {{ compose }} --profile emulator --profile localstack down --volumes --remove-orphans
    docker ps --all --quiet --filter label=sluicegate.compose=function | xargs --no-run-if-empty docker rm --force --volumes

# Follow what it writes
[group('local')]
logs:
    {{ compose }} --profile emulator --profile localstack logs --follow || [[ $? == 130 ]] # Ctrl-C is how one leaves it

[private]
_up PROFILE:
    {{ if PROFILE == "emulator" { "just image" } else { "true" } }}
    {{ compose }} --profile {{ quote(PROFILE) }} up --detach --wait

# Build and pack the functions for Lambda, for `terraform apply` in terraform/
[group('build')]
build *ARGS:
    {{ sluicegate }} bundle --functions-only {{ ARGS }}

# Lay out all that a deployment needs in dist/
[group('build')]
bundle *ARGS:
    {{ sluicegate }} bundle {{ ARGS }}

# Check that the bundle in dist/ is what was made
[group('build')]
verify DIR="dist":
    {{ sluicegate }} bundle --verify {{ quote(DIR) }}

# Put the emulator into an image; cargo-lambda builds it for Linux, on macOS too
[group('build')]
image TAG="sluicegate":
    cargo lambda build --release --disable-optimizations --package sluicegate --bin sluicegate --lambda-dir target/image
    docker build --target emulator --tag {{ quote(TAG) }} .

# Put the bundle in dist/ into an image that deploys it
[group('build')]
bundle-image TAG="sluicegate-bundle":
    docker build --target bundle --build-arg EMULATOR_BINARY=dist/bin/sluicegate --tag {{ quote(TAG) }} .

# Build the bundle and show what deploying it to ENV would change and cost
[group('deploy')]
plan: bundle
    {{ stack }} plan

# Build the bundle, deploy it to ENV and check it hop by hop
[group('deploy')]
deploy *ARGS: bundle
    {{ stack }} deploy {{ ARGS }}

# Check ENV's stack hop by hop: as its clients see it, and as who deployed it can
[group('deploy')]
check:
    {{ stack }} check

# Run the flow suite on ENV's stack, with AWS's SDKs and the keys in the environment
[group('deploy')]
suite *ARGS:
    SLUICEGATE_WEBSOCKET_URI="$({{ stack }} outputs websocket_uri)" \
    SLUICEGATE_CONNECTIONS_ENDPOINT="$({{ stack }} outputs connections_endpoint)" \
    SLUICEGATE_STREAM_NAME="$({{ stack }} outputs stream_name)" \
    cargo test --test localstack -- --target deployed {{ ARGS }}

# Print the outputs of ENV's stack, or one of them
[group('deploy')]
outputs *NAME:
    {{ stack }} outputs {{ NAME }}

# Talk to ENV's stack: a line in is a message out
[group('deploy')]
connect:
    {{ sluicegate }} connect "$({{ stack }} outputs websocket_uri)"

# Remove ENV's stack and all that it holds
[group('deploy')]
destroy *ARGS:
    {{ stack }} destroy {{ ARGS }}

# Run the unit, property and end-to-end tests: no network, no Docker, no token
[group('test')]
test *ARGS:
    cargo test {{ ARGS }}

# Apply terraform/ to an emulator and run the flow suite: LocalStack with a token, else our image, else our process
[group('test')]
test-local *ARGS="--target auto":
    cargo test --test localstack -- {{ ARGS }}

# Run all that a change must pass: format, lints, documentation, tests
[group('test')]
ci:
    .ci/run

# Measure everything and rewrite PERFORMANCE.md (20 minutes and the builds; `--quick`: briefly, nothing written)
[group('test')]
bench *ARGS:
    cargo bench --package mapping-template -- {{ ARGS }}
    cargo bench --bench parts -- {{ ARGS }}
    cargo bench --bench echo_vs_node -- {{ ARGS }}
    cargo bench --bench flow -- {{ ARGS }}
    cargo bench --bench growth -- {{ ARGS }}
    cargo bench --bench crowd -- {{ ARGS }}
    cargo bench --bench poison -- {{ ARGS }}

# Install what benchmarks compare with, below benches/peers (npm, PyPI)
[group('test')]
bench-peers:
    benches/peers/install

# Check licences, sources and advisories of every dependency
[group('test')]
deny:
    cargo deny check

# Build the same commit twice, in two places, and compare the bundles byte by byte (takes 15 to 20 minutes)
[group('test')]
reproducible:
    cargo test -p sluicegate --test bundle -- --ignored

# Make a release: changelog, bundles (for x86_64 and arm64, or those named), images, checksums and a tag
[group('release')]
release VERSION *ARCHITECTURES:
    scripts/release {{ quote(VERSION) }} {{ ARCHITECTURES }}
