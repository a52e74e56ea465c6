package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"soapbridge/api/edge"
)

// documents asks a proxy with default settings, callers and the demo's tools for what describes it, and writes that into a folder. The files are
// for those who read or compare them in the repository: a running proxy makes its own.
func documents(folder string) error {
	care, cmp, cumulus, err := systems()
	if err != nil {
		return err
	}
	server, err := edge.New(edge.Config{
		Systems: []edge.System{{Operations: care}, {Operations: cmp}, {Operations: cumulus}},
		Callers: &edge.Callers{}, Tools: true, Retention: 7 * 24 * time.Hour, MaxBody: 256 << 10, MaxReply: 1 << 20,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	var problems []error
	for path, file := range map[string]string{
		"/openapi.json": "openapi.json", "/openapi.yaml": "openapi.yaml", "/openapi-3.0.json": "openapi-3.0.json", "/swagger.json": "swagger.json",
		"/v1/operations-catalogue": "catalogue.json", "/soapbridge.http": "soapbridge.http",
		"/soapbridge.postman_collection.json": "soapbridge.postman_collection.json",
	} {
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		request.Host = "127.0.0.1:8080" // that of a demo
		server.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			problems = append(problems, fmt.Errorf("%s is answered with %d", path, answer.Code))
			continue
		}
		problems = append(problems, os.WriteFile(filepath.Join(folder, file), answer.Body.Bytes(), 0o644)) //nolint:gosec // documents are for everybody
	}
	return errors.Join(problems...)
}
