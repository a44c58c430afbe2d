# The plane of one machine as an image: an empty plane at port 4566, for Terraform, SDKs and the AWS CLI to fill.
#
#   cargo build --release --bin sluicegate && docker build --target plane -t sluicegate .
#   docker run --rm -p 127.0.0.1:4566:4566 sluicegate
#
# The binary is built outside and copied in, so that an image takes seconds and holds nothing but it. It must be
# built for Linux, against a C library no newer than the base's (glibc 2.36): Debian 12 is, and so is what
# `cargo lambda build` makes anywhere. linux/amd64 is built and tested; linux/arm64 is declared in
# docker-compose.localstack.yml and was not tested.
#
# The classic builder and BuildKit both build this file.
FROM debian:bookworm-slim AS plane

# Path of the binary within the build context.
ARG PLANE_BINARY=target/release/sluicegate

# A number, so that an orchestrator that demands a non-root user can tell that it is one.
ARG PLANE_UID=10001

COPY ${PLANE_BINARY} /usr/local/bin/sluicegate
# Fails here, and not when it is started, where it was built for another system.
RUN sluicegate --version

USER ${PLANE_UID}:${PLANE_UID}
# Functions' code is unpacked to /tmp and run from there: a tmpfs in its place must be mounted with `exec`.
WORKDIR /tmp
ENV TMPDIR=/tmp SLUICEGATE_PORT=4566
EXPOSE 4566
# Ctrl-C and SIGTERM alike close connections, end the functions and let calls in flight finish.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 CMD ["sluicegate", "health"]
ENTRYPOINT ["sluicegate"]
# Within a container loopback reaches nobody: what is published, and to whom, is decided by `docker run -p`.
CMD ["serve", "--bind", "0.0.0.0"]
