# The images, one target each: api and worker (the services mode), engine (all in one process, and the command line).
#   docker build --target engine --tag order-execution-engine-engine:dev .
# One build stage compiles all three programs, so building the other targets costs nothing more.

FROM rust:1.95.0-slim-bookworm AS rust
# The toolchain of the base image itself, by name: rustup would add the components of rust-toolchain.toml, which a
# build does not need.
ENV RUSTUP_TOOLCHAIN=1.95.0
# SQLite and ring build C. The compiler of the base image's release is the right one, whichever it is.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /src

# The manifests, with an empty program or library wherever Cargo expects one. It is made anew for every change of a
# source, but comes out the same until a manifest changes, so the stage below is taken from the cache.
FROM rust AS manifests
COPY . .
RUN grep -qx "channel = \"$RUSTUP_TOOLCHAIN\"" rust-toolchain.toml \
        || { echo "the base image and rust-toolchain.toml must name the same version of Rust" >&2; exit 1; } \
    && find . -type f ! -name Cargo.toml ! -name Cargo.lock \
        ! -path './crates/*/src/lib.rs' ! -path './crates/*/src/main.rs' ! -path './crates/*/src/bin/*.rs' \
        ! -path './crates/*/benches/*.rs' ! -path './crates/*/build.rs' -delete \
    && find . -name '*.rs' -exec sh -c 'for file; do echo "fn main() { }" >"$file"; done' - {} + \
    && find . -type d -empty -delete

# The dependencies, compiled. Nothing is kept in cache mounts: layers are what a cache of CI can store.
FROM rust AS dependencies
COPY --from=manifests /src .
RUN cargo build --profile dist --locked --package api --package worker --package engine --bins

FROM dependencies AS build
COPY . .
# The commit that `GET /api/engine` and `--version` show.
ARG REVISION=
ENV BUILD_COMMIT=$REVISION
# Older files than the empty ones would count as compiled already.
RUN find crates -name '*.rs' -exec touch {} + \
    && cargo build --profile dist --locked --offline --package api --package worker --package engine --bins \
    && mkdir -p /out/data \
    && cp target/dist/order-api target/dist/order-worker target/dist/engine /out/ \
    && for program in order-api order-worker engine; do test -n "$("/out/$program" --version)" || exit 1; done

# What the images have in common: no shell, no package manager, and user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot AS runtime
# Beyond loopback the programs refuse to start without ALLOW_UNAUTHENTICATED=true: publish the port on the loopback
# interface of the host, or behind a proxy that authenticates its clients.
ENV HOST=0.0.0.0 LOG_FORMAT=json
ARG VERSION=dev
ARG REVISION=
ARG CREATED=
ARG SOURCE=
LABEL org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.licenses="MIT"

FROM runtime AS api
LABEL org.opencontainers.image.title="order-api" \
      org.opencontainers.image.description="Order execution engine for Solana DEXs: the API of the services mode"
COPY --from=build /out/order-api /order-api
ENV PORT=3000
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=5 CMD ["/order-api", "--check"]
ENTRYPOINT ["/order-api"]

FROM runtime AS worker
LABEL org.opencontainers.image.title="order-worker" \
      org.opencontainers.image.description="Order execution engine for Solana DEXs: a worker of the services mode"
COPY --from=build /out/order-worker /order-worker
ENV WORKER_PORT=3001
EXPOSE 3001
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=5 CMD ["/order-worker", "--check"]
ENTRYPOINT ["/order-worker"]

FROM runtime AS engine
LABEL org.opencontainers.image.title="engine" \
      org.opencontainers.image.description="Order execution engine for Solana DEXs: API and worker in one process, and the command line"
COPY --from=build /out/engine /engine
COPY --from=build --chown=65532:65532 /out/data /data
# Web pages that rebind a name of their own to this machine are refused, unless ALLOWED_HOSTS says otherwise.
ENV PORT=3000 DATA_DIR=/data ALLOWED_HOSTS=localhost
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=5 CMD ["/engine", "serve", "--check"]
ENTRYPOINT ["/engine"]
