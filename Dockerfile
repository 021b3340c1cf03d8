# syntax=docker/dockerfile:1
# RedoxCache as a small container: non-root, data in /data, nothing but the server and redis-cli.
#   docker build -t redoxcache .
#   docker run --read-only --tmpfs /tmp -p 6379:6379 -v redox:/data redoxcache

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release -p redoxcache \
 && install -D -s target/release/redoxcache /out/redoxcache

FROM debian:bookworm-slim
# redis-cli comes from the distribution's redis-tools; redis-server is this server under the name compose files use.
RUN apt-get update \
 && apt-get install -y --no-install-recommends redis-tools \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 999 redox \
 && useradd --system --uid 999 --gid redox --home-dir /data --shell /usr/sbin/nologin redox \
 && install -d -o redox -g redox -m 0750 /data \
 && ln -s /usr/local/bin/redoxcache /usr/local/bin/redis-server
COPY --from=build /out/redoxcache /usr/local/bin/redoxcache
COPY config/redis.conf /etc/redoxcache/redis.conf
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/redoxcache/

USER 999:999
WORKDIR /data
VOLUME /data
EXPOSE 6379
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["redoxcache", "ping"]
# A container's own network is its fence: listen on every address. Set REDIS_PASSWORD or REDIS_PASSWORD_FILE to ask for a password.
CMD ["redoxcache", "/etc/redoxcache/redis.conf", "--bind", "* -::*", "--protected-mode", "no", "--dir", "/data"]
