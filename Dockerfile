# One static binary, no shell, no root. The image holds the roots that TLS needs, and nothing else.
# Digests change with each patch of Go: docker buildx imagetools inspect golang:1.26 prints the one of today, and golang:1.26@sha256:... pins it.
FROM golang:1.26 AS build
WORKDIR /src
# For soapbridge version: the image is built without the repository. docker build --build-arg COMMIT=$(git rev-parse HEAD) .
ARG COMMIT
# No go mod download: the tests need more modules than the program does, and go build fetches what the program needs.
COPY . .
RUN CGO_ENABLED=0 go build -tags nomsgpack -trimpath -ldflags "-s -w -X main.commit=$COMMIT" -o /soapbridge .

FROM scratch
ARG COMMIT
LABEL org.opencontainers.image.title="soapbridge" \
      org.opencontainers.image.description="A REST-to-SOAP translation proxy" \
      org.opencontainers.image.revision="$COMMIT"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /soapbridge /soapbridge
USER 65532:65532
# All interfaces, so that docker run -p reaches it. There serve starts with callers only, or with --insecure: see docs/callers.md.
ENV SOAPBRIDGE_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/soapbridge", "health"]
ENTRYPOINT ["/soapbridge"]
CMD ["serve"]
