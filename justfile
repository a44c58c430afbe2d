# Recipes are short: what they do lies in the `sluicegate` program and in terraform/. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

# The stack to work on: its values in environments/ENV.tfvars, its state its own. `default` needs no file.
ENV := env("ENV", "default")

sluicegate := "cargo run --quiet --"
stack := sluicegate + " stack --env " + quote(ENV)

[private]
default:
    @just --list --unsorted

# Run the whole plane on this machine
[group('local')]
dev *ARGS:
    {{ sluicegate }} dev {{ ARGS }}

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

# Put the bundle in dist/ into an image that deploys it
[group('build')]
bundle-image TAG="sluicegate-bundle":
    docker build --target bundle --build-arg PLANE_BINARY=dist/bin/sluicegate --tag {{ quote(TAG) }} .

# Build the bundle and show what deploying it to ENV would change and cost
[group('deploy')]
plan: bundle
    {{ stack }} plan

# Build the bundle, deploy it to ENV and see that messages come back
[group('deploy')]
deploy *ARGS: bundle
    {{ stack }} deploy {{ ARGS }}

# Send messages through ENV's stack and see that all come back
[group('deploy')]
check:
    {{ stack }} check

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

# Check licences, sources and advisories of every dependency
[group('test')]
deny:
    cargo deny check

# Build the same commit twice, in two places, and compare the bundles byte by byte (takes half an hour)
[group('test')]
reproducible:
    cargo test -p sluicegate --test bundle -- --ignored

# Make a release: changelog, bundle, images, checksums and a tag
[group('release')]
release VERSION:
    scripts/release {{ quote(VERSION) }}
