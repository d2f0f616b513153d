# The executable is compiled on the machine that builds, for the machine that is to run it: nothing is emulated.
FROM --platform=$BUILDPLATFORM oven/bun:1.4.5-slim AS build
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production
COPY drizzle drizzle
COPY src src
ARG TARGETARCH
RUN case "$TARGETARCH" in \
      amd64) target=bun-linux-x64 ;; \
      arm64) target=bun-linux-arm64 ;; \
      *) echo "no executable for $TARGETARCH" >&2; exit 1 ;; \
    esac; \
    bun run build --target="$target" --outfile=/out/flame-result && mkdir /out/data

# glibc, CA certificates, time zones and a user: what the executable needs, and no shell.
FROM gcr.io/distroless/base-debian12:nonroot
LABEL org.opencontainers.image.title="FLAME Node Result Service" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/flame-result /usr/local/bin/flame-result
# For DATA_DIR=/data: a volume mounted here belongs to the service.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s CMD ["/usr/local/bin/flame-result", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/flame-result"]
CMD ["serve"]
