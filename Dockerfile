# The emulator of one machine as an image: an empty emulator at port 4566, for Terraform, SDKs and the AWS CLI to fill.
#
#   just image
#   docker run --rm -p 127.0.0.1:4566:4566 sluicegate
#
# The binary is built outside and copied in, so that an image takes seconds and holds nothing but it. It must be
# built for Linux, against a C library no newer than the base's (glibc 2.36): what `cargo lambda build` makes is,
# wherever it runs. linux/amd64 is built and tested; linux/arm64 is declared in
# docker-compose.localstack.yml and was not tested.
#
# The classic builder and BuildKit both build this file.
FROM debian:bookworm-slim AS emulator

# Path of the binary within the build context.
ARG EMULATOR_BINARY=target/image/sluicegate/bootstrap

# A number, so that an orchestrator that demands a non-root user can tell that it is one.
ARG EMULATOR_UID=10001

COPY ${EMULATOR_BINARY} /usr/local/bin/sluicegate
# Fails here, and not when it is started, where it was built for another system.
RUN sluicegate --version

USER ${EMULATOR_UID}:${EMULATOR_UID}
# Functions' code is unpacked to /tmp and run from there: a tmpfs in its place must be mounted with `exec`.
WORKDIR /tmp
ENV TMPDIR=/tmp SLUICEGATE_PORT=4566
EXPOSE 4566
# Ctrl-C and SIGTERM alike close connections, end the functions and let calls in flight finish.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 CMD ["sluicegate", "health"]
ENTRYPOINT ["sluicegate"]
# Within a container loopback reaches nobody: what is published, and to whom, is decided by `docker run -p`. Other
# containers reach it by a name, which it must know: `-e SLUICEGATE_ALLOWED_HOSTS=NAME`. Addresses and localhost it knows.
CMD ["serve", "--bind", "0.0.0.0"]

# The deployment bundle as an image: it applies itself with the caller's credentials.
#
#   just bundle bundle-image
#   docker run --rm -it --user "$(id -u):$(id -g)" -v "$PWD:/work" \
#     -e AWS_REGION -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY -e AWS_SESSION_TOKEN sluicegate-bundle deploy
#
# The same for plan, check, outputs and destroy. /work holds `environments/` and, where state is local, `.stacks/`:
# mount a folder that outlives the container, or the state is lost with it. `dist/` must have been made on Linux.
# The classic builder goes through the stage above too: it wants --build-arg EMULATOR_BINARY=dist/bin/sluicegate.
FROM debian:bookworm-slim AS bundle

# Terraform, and the certificate authorities that it and the program trust, which this base does not have.
COPY --from=hashicorp/terraform:1.11.4 /bin/terraform /usr/local/bin/terraform
COPY --from=hashicorp/terraform:1.11.4 /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY dist /bundle
# Fails here, and not when it is deployed, where something was altered or built for another system.
RUN ["/bundle/bin/sluicegate", "bundle", "--verify", "/bundle"]

WORKDIR /work
ENV HOME=/tmp
USER 10001:10001
ENTRYPOINT ["/bundle/bin/sluicegate", "stack"]
CMD ["--help"]
