# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS builder
WORKDIR /src
# .dockerignore lets in what the binary is made of, and nothing else.
COPY . .
# The caches outlive the build, so the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --profile dist --locked --bin ballast \
    && cp target/dist/ballast /ballast

FROM debian:bookworm-slim
# A number, so that Kubernetes can see that it is not root. The folder belongs to it before it
# becomes a volume, so that a new volume does too.
RUN groupadd --system --gid 10001 ballast \
    && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/ballast --no-create-home --shell /usr/sbin/nologin ballast \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/ballast
COPY --from=builder /ballast /usr/local/bin/ballast
USER 10001:10001
WORKDIR /var/lib/ballast
VOLUME /var/lib/ballast
# Other machines are served by TLS only: give BALLAST_TLS_CERT and BALLAST_TLS_KEY, or say that a proxy
# beside the container ends TLS (BALLAST_SERVER_BEHIND_TLS_PROXY=true).
ENV BALLAST_SERVER_LISTEN=0.0.0.0:50051 \
    BALLAST_DATABASE_URL=sqlite:///var/lib/ballast/ballast.db
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/ballast", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/ballast"]
CMD ["serve"]
