# One static binary, no shell, no root. The image holds the roots that TLS needs, and nothing else.
FROM golang:1.26 AS build
WORKDIR /src
# For soapbridge version: the image is built without the repository. docker build --build-arg COMMIT=$(git rev-parse HEAD) .
ARG COMMIT
# No go mod download: the tests need more modules than the program does, and go build fetches what the program needs.
COPY . .
RUN CGO_ENABLED=0 go build -tags nomsgpack -trimpath -ldflags "-s -w -X main.commit=$COMMIT" -o /soapbridge .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /soapbridge /soapbridge
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/soapbridge"]
CMD ["serve"]
