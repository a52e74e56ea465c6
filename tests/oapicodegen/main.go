// Command oapicodegen calls every operation of a running demo with the client that oapi-codegen makes of the OpenAPI document: the client is
// generated into the folder client by tests/npm/run.sh. The one argument is the demo's URL.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"

	"github.com/google/uuid"
	_ "github.com/oapi-codegen/runtime" // the generated client needs these; it is not there when go mod tidy looks
	_ "github.com/oapi-codegen/runtime/types"

	"oapicodegen/client"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: oapicodegen <url of a demo>")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string) error {
	api, err := client.NewClientWithResponses(url)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *client.ClientWithResponses) error{createCallLog, readProblem, previewEnvelope} {
		if err := step(ctx, api); err != nil {
			return err
		}
	}
	return everyOperation(ctx, url, api)
}

// document is what is read here of an OpenAPI document.
type document struct {
	Paths      map[string]map[string]struct{ OperationID string }
	Components struct {
		Examples map[string]struct{ Value json.RawMessage }
	}
}

// everyOperation fails for an operation of the document that the client lacks, and calls a vendor's, which is a path with a preview, with its examples.
func everyOperation(ctx context.Context, url string, api *client.ClientWithResponses) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/openapi.json", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var doc document
	if err := json.NewDecoder(response.Body).Decode(&doc); err != nil {
		return err
	}
	all, vendors := 0, 0
	var lacking []string
	for path, methods := range doc.Paths {
		for _, operation := range methods {
			all++
			method := reflect.ValueOf(api).MethodByName(operation.OperationID + "WithResponse")
			if !method.IsValid() && !reflect.ValueOf(api).MethodByName(operation.OperationID+"WithBodyWithResponse").IsValid() {
				lacking = append(lacking, operation.OperationID)
				continue
			}
			if _, hasPreview := doc.Paths[path+"/preview"]; !hasPreview {
				continue
			}
			vendors++
			for _, kind := range []string{"minimal", "full"} {
				if err := callWith(ctx, method, doc.Components.Examples[operation.OperationID+"-"+kind].Value); err != nil {
					return fmt.Errorf("%s, %s: %w", operation.OperationID, kind, err)
				}
			}
		}
	}
	if vendors == 0 || lacking != nil {
		return fmt.Errorf("of %d operations, %d of them vendors', the client lacks %q", all, vendors, lacking)
	}
	fmt.Printf("oapi-codegen: %d operations\n", all)
	return nil
}

// callWith calls an operation by its method with an example, which must fit the type of the request with nothing left over.
func callWith(ctx context.Context, method reflect.Value, example []byte) error {
	params, body := reflect.New(method.Type().In(1).Elem()), reflect.New(method.Type().In(2))
	params.Elem().FieldByName("IdempotencyKey").SetString(uuid.NewString())
	strict := json.NewDecoder(bytes.NewReader(example))
	strict.DisallowUnknownFields()
	if err := strict.Decode(body.Interface()); err != nil {
		return err
	}
	var want, got any
	again, err := json.Marshal(body.Interface())
	if err := errors.Join(err, json.Unmarshal(example, &want), json.Unmarshal(again, &got)); err != nil {
		return err
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("the type of the request makes %s of %s", again, example)
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(ctx), params, body.Elem()})
	if err, failed := out[1].Interface().(error); failed {
		return err
	}
	answer := out[0].Elem()
	response, _ := answer.FieldByName("HTTPResponse").Interface().(*http.Response)
	result := answer.FieldByName(fmt.Sprintf("JSON%d", response.StatusCode))
	if response.StatusCode >= http.StatusMultipleChoices || !result.IsValid() || result.IsNil() {
		return fmt.Errorf("status %d: %s", response.StatusCode, answer.FieldByName("Body").Bytes())
	}
	return nil
}

// createCallLog calls twice with one key: the second answer is the first one again.
func createCallLog(ctx context.Context, api *client.ClientWithResponses) error {
	request := client.CreateCallLogRequest{CustomerCallLog: client.CustomerCallLog{LogText: "Asked about the bill"}}
	params := &client.CreateCallLogParams{IdempotencyKey: uuid.NewString()}
	first, err := api.CreateCallLogWithResponse(ctx, params, request)
	if err != nil {
		return err
	}
	second, err := api.CreateCallLogWithResponse(ctx, params, request)
	if err != nil {
		return err
	}
	if !slices.Equal(first.Body, second.Body) || second.HTTPResponse.Header.Get("Idempotent-Replayed") != "true" {
		return fmt.Errorf("CreateCallLog was not replayed: %s", second.Body)
	}
	return nil
}

// readProblem reads a problem by its type.
func readProblem(ctx context.Context, api *client.ClientWithResponses) error {
	request := client.UpdateCustomerPINRequest{OperationType: "UPDATE"}
	a, err := api.UpdateCustomerPINWithResponse(ctx, &client.UpdateCustomerPINParams{IdempotencyKey: uuid.NewString()}, request)
	if err != nil {
		return err
	}
	p := a.ApplicationproblemJSON422
	if p == nil || p.Code != "validation-failed" || p.Retry != "after_fix" || p.Errors == nil || len(*p.Errors) != 2 {
		return fmt.Errorf("a request without a PIN: %s", a.Body)
	}
	for _, v := range *p.Errors {
		fmt.Printf("a problem: %s %s\n", *v.Pointer, v.Code)
	}
	return nil
}

func previewEnvelope(ctx context.Context, api *client.ClientWithResponses) error {
	version := client.PreviewCreateCallLogParamsSoap("1.2")
	request := client.CreateCallLogRequest{CustomerCallLog: client.CustomerCallLog{LogText: "Only looked at"}}
	a, err := api.PreviewCreateCallLogWithResponse(ctx, &client.PreviewCreateCallLogParams{Soap: &version}, request)
	if err != nil {
		return err
	}
	if a.JSON200 == nil || a.JSON200.SoapVersion != "1.2" || a.JSON200.Envelope == "" {
		return fmt.Errorf("no preview: %s", a.Body)
	}
	fmt.Printf("a preview: %d fields\n", len(a.JSON200.Fields))
	return nil
}
