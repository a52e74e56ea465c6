// Command ogen calls a running demo with the client that ogen makes of the document in OpenAPI 3.0.3: the client is generated into the folder client by
// tests/npm/run.sh. The one argument is the demo's URL.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"

	_ "github.com/go-faster/errors" // the generated client needs these; it is not there when go mod tidy looks
	_ "github.com/go-faster/jx"
	"github.com/google/uuid"
	_ "github.com/ogen-go/ogen/conv"
	_ "github.com/ogen-go/ogen/http"
	_ "github.com/ogen-go/ogen/json"
	_ "github.com/ogen-go/ogen/ogenerrors"
	_ "github.com/ogen-go/ogen/ogenregex"
	_ "github.com/ogen-go/ogen/uri"
	_ "github.com/ogen-go/ogen/validate"

	"ogen/client"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: ogen <url of a demo>")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	api, err := client.NewClient(url)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, string, *client.Client) error{complete, createCallLog, readProblem} {
		if err := step(ctx, url, api); err != nil {
			return err
		}
	}
	return nil
}

// complete fails for an operation of the document that the client lacks.
func complete(ctx context.Context, url string, api *client.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/openapi-3.0.json", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var document struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
		return err
	}
	var lacking []string
	operations := 0
	for _, methods := range document.Paths {
		for _, operation := range methods {
			operations++
			if _, ok := reflect.TypeOf(api).MethodByName(operation.OperationID); !ok {
				lacking = append(lacking, operation.OperationID)
			}
		}
	}
	if operations == 0 || lacking != nil {
		return fmt.Errorf("of %d operations ogen lacks %s", operations, strings.Join(lacking, ", "))
	}
	fmt.Printf("ogen: %d operations\n", operations)
	return nil
}

func call(ctx context.Context, api *client.Client, logText string) (client.CreateCallLogRes, error) {
	request := &client.CreateCallLogRequest{CustomerCallLog: client.CustomerCallLog{LogText: logText}}
	return api.CreateCallLog(ctx, request, client.CreateCallLogParams{IdempotencyKey: uuid.NewString()})
}

// createCallLog reads a success: that of 201 has a type of its own.
func createCallLog(ctx context.Context, _ string, api *client.Client) error {
	answer, err := call(ctx, api, "Asked about the bill")
	if err != nil {
		return err
	}
	result, ok := answer.(*client.CreateCallLogResultHeaders)
	if !ok || result.Response.OperationId == "" || result.Response.OperationId != result.OperationID.Value.String() {
		return fmt.Errorf("CreateCallLog: %+v", answer)
	}
	fmt.Printf("ogen: 201 %s\n", result.Response.OperationId)
	return nil
}

// readProblem reads a problem by its type.
func readProblem(ctx context.Context, _ string, api *client.Client) error {
	answer, err := call(ctx, api, "")
	if err != nil {
		return err
	}
	refused, ok := answer.(*client.UnprocessableHeaders)
	if !ok || len(refused.Response.Errors) != 1 || refused.Response.Code != "validation-failed" || refused.Response.Errors[0].Code != "required" {
		return fmt.Errorf("a request without a text: %+v", answer)
	}
	fmt.Printf("ogen: 422 %s %s\n", refused.Response.Errors[0].Pointer.Value, refused.Response.Errors[0].Code)
	return nil
}
