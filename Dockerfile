# One static binary, no shell, no root. The image holds the roots that TLS needs, and nothing else.
FROM golang:1.26 AS build
WORKDIR /src
# No go mod download: the tests need more modules than the program does, and go build fetches what the program needs.
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /soapbridge .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /soapbridge /soapbridge
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/soapbridge"]
CMD ["serve"]
