// Command oapicodegen calls every operation of a running demo with the client that oapi-codegen makes of the OpenAPI document: the client is
// generated into the folder client by tests/npm/run.sh. The one argument is the demo's URL.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	_ "github.com/oapi-codegen/runtime" // the generated client needs it; it is not there when go mod tidy looks
	"github.com/oapi-codegen/runtime/types"

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
	called := &recorder{paths: map[string]bool{}}
	api, err := client.NewClientWithResponses(url, client.WithHTTPClient(called))
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *client.ClientWithResponses) error{
		createWorkFlowManager, createCallLog, updateCustomerPIN, createService, createComplexAccount, readProblem, previewEnvelope,
	} {
		if err := step(ctx, api); err != nil {
			return err
		}
	}
	return called.nothingForgotten(ctx, url, api)
}

// recorder remembers the paths that answered a POST with a success.
type recorder struct{ paths map[string]bool }

func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultClient.Do(request)
	if err == nil && request.Method == http.MethodPost && response.StatusCode < http.StatusMultipleChoices {
		r.paths[request.URL.Path] = true
	}
	return response, err
}

// nothingForgotten fails for an operation of the document that the client lacks, and for a vendor's, which is a path with a preview, that was not called.
func (r *recorder) nothingForgotten(ctx context.Context, url string, api *client.ClientWithResponses) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/openapi.json", nil)
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
	operations, all := 0, 0
	var forgotten, lacking []string
	for path, methods := range document.Paths {
		for _, operation := range methods {
			all++
			_, whole := reflect.TypeOf(api).MethodByName(operation.OperationID + "WithResponse")
			if _, body := reflect.TypeOf(api).MethodByName(operation.OperationID + "WithBodyWithResponse"); !whole && !body {
				lacking = append(lacking, operation.OperationID)
			}
		}
		if _, hasPreview := document.Paths[path+"/preview"]; hasPreview {
			operations++
			if !r.paths[path] {
				forgotten = append(forgotten, path)
			}
		}
	}
	if operations == 0 || forgotten != nil || lacking != nil {
		return fmt.Errorf("of %d operations main.go does not call %q, and the client lacks %q", operations, forgotten, lacking)
	}
	fmt.Printf("oapi-codegen: %d operations\n", all)
	return nil
}

// answered judges a success: its status and its body.
func answered[Result any](name string, status int, resp *http.Response, body []byte, result *Result) error {
	if resp.StatusCode != status || result == nil {
		return fmt.Errorf("%s: status %d: %s", name, resp.StatusCode, body)
	}
	fmt.Printf("%s: %d %s\n", name, resp.StatusCode, body)
	return nil
}

func createWorkFlowManager(ctx context.Context, api *client.ClientWithResponses) error {
	account := "0123456789"
	request := client.CreateWorkFlowManagerRequest{AccountNumber: &account, WorkItemType: client.WorkItemType{Code: "MOVE"}}
	a, err := api.CreateWorkFlowManagerWithResponse(ctx, &client.CreateWorkFlowManagerParams{IdempotencyKey: uuid.NewString()}, request)
	if err != nil {
		return err
	}
	return answered("CreateWorkFlowManager", http.StatusCreated, a.HTTPResponse, a.Body, a.JSON201)
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
	return answered("CreateCallLog", http.StatusCreated, first.HTTPResponse, first.Body, first.JSON201)
}

func updateCustomerPIN(ctx context.Context, api *client.ClientWithResponses) error {
	account, pin := "0123456789", "0042"
	request := client.UpdateCustomerPINRequest{OperationType: "UPDATE", AccountNumber: &account, Pin: &pin}
	a, err := api.UpdateCustomerPINWithResponse(ctx, &client.UpdateCustomerPINParams{IdempotencyKey: uuid.NewString()}, request)
	if err != nil {
		return err
	}
	return answered("UpdateCustomerPIN", http.StatusOK, a.HTTPResponse, a.Body, a.JSON200)
}

func createService(ctx context.Context, api *client.ClientWithResponses) error {
	price := "19.90"
	request := client.CreateServiceRequest{ServiceData: client.ServiceData{
		CustomerLevel: "SUBSCRIPTION", CustomerLevelReference: "00000042", ServiceCode: "LINECH", ServicePrice: &price,
		EffectiveDate: types.Date{Time: time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)},
	}}
	a, err := api.CreateServiceWithResponse(ctx, &client.CreateServiceParams{IdempotencyKey: uuid.NewString()}, request)
	if err != nil {
		return err
	}
	return answered("CreateService", http.StatusCreated, a.HTTPResponse, a.Body, a.JSON201)
}

func createComplexAccount(ctx context.Context, api *client.ClientWithResponses) error {
	password := "correct horse"
	request := client.CreateComplexAccountRequest{
		AccountType: "End User",
		PrimaryContact: client.PrimaryContact{
			Detail: client.ContactDetail{
				Title: "Ms", FirstName: "Jane", LastName: "Doe", AddressLine1: "1 Main St", Suburb: "Melbourne", State: "VIC", Postcode: "3000",
				Country: "Australia", EmailAddress: "jane@example.com.au", PhoneNumber: "+61 3 9000 0000",
			},
			CumulusUser: client.CumulusUser{UserName: "jane@example.com.au", Password: &password},
		},
		AccountContactType: client.AccountContactType{Type: "Individual"},
	}
	a, err := api.CreateComplexAccountWithResponse(ctx, &client.CreateComplexAccountParams{IdempotencyKey: uuid.NewString()}, request)
	if err != nil {
		return err
	}
	return answered("CreateComplexAccount", http.StatusCreated, a.HTTPResponse, a.Body, a.JSON201)
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
