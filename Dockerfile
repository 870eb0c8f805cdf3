# The receiver alone: no shell, no package manager, nobody but user 1001, nothing to write to but /data.
# With `podman build` add --format docker: OCI images have no HEALTHCHECK.
ARG BUILD_IMAGE=docker.io/library/node:22-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
ARG BUILD_COMMIT=unknown
RUN scripts/build
# The program, the libraries that it is linked to, and the licences of all.
RUN mkdir /image && install -d -m 0700 -o 1001 -g 1001 /image/data && install -d -m 1777 /image/tmp \
  && cp dist/elevenlabs-webhook LICENSE /image/ \
  && scripts/bun scripts/release-notices.ts > /image/THIRD-PARTY-NOTICES.txt \
  && { ldd dist/elevenlabs-webhook | grep -o '/[^ ]*'; echo /usr/share/doc/libc6/copyright; } \
  | xargs -I{} cp --parents --dereference {} /image

FROM scratch
COPY --from=build /image /
# From here the default places are in /data. Named as settings, they could not stand beside DATABASE_URL.
WORKDIR /
USER 1001:1001
VOLUME /data
EXPOSE 3004
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["/elevenlabs-webhook", "healthcheck"]
ENTRYPOINT ["/elevenlabs-webhook"]
CMD ["serve"]
