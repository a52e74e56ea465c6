# The main command is make test: it installs what the tests need and runs all of them.

GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Without gin's MessagePack, which the API does not use, the program is 6 MB smaller and the tests compile less. The programs that tests build have
# the tag from here, too.
export GOFLAGS += -tags=nomsgpack

.PHONY: help test tools lint vuln generate npm clients golden fuzz torture profile bench growth soak corpus mutate build

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

test: tools ## install what the tests need, then run every test with the race detector
	go test -race ./...
	cd tests/kubernetes && go test ./...

tools: ## install what the tests need, through the system's package manager
	@tests/install.sh

build: ## the program, without debugging symbols, as bin/soapbridge
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/soapbridge .

lint: ## gofmt, go mod tidy and all linters, with all checks of go vet among them
	@files=$$(git ls-files -z '*.go' | xargs -0 gofmt -l) || exit 1; \
	  test -z "$$files" || { echo "$$files"; echo 'these files are not gofmt-ed'; exit 1; }
	go mod tidy -diff
	cd tests/oapicodegen && go mod tidy -diff
	cd tests/ogen && go mod tidy -diff
	cd tests/kubernetes && go mod tidy -diff
	go run $(GOLANGCI_LINT) run ./...

vuln: ## known vulnerabilities in the modules and in Go that the program can reach; needs https://vuln.go.dev
	go run $(GOVULNCHECK) ./...

generate: ## write again what is generated: openapi/ (documents, .http file, Postman collection), docs/calls.md and docs/settings.md
	go run ./openapi/gen words
	go run ./openapi/gen documents
	go test ./tests/docs -run TestGenerated -update

npm: clients ## run linters and generators of the npm world on the OpenAPI documents, and axe-core on the pages; needs Node
	go test -race -count=1 ./tests/browser -run 'TestAccessibility|TestUnknownOutcomes'

clients: # make npm without the pages, which make test judges by axe-core once that is installed
	tests/npm/run.sh

golden: ## write the golden files again; read the difference before you commit it
	go test ./tests/contract -update

fuzz: ## half a minute of each fuzz target
	@for p in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for t in $$(grep -h -o '^func Fuzz[A-Za-z0-9_]*' $$p/*_test.go | cut -d' ' -f2); do \
	    echo "$$p $$t"; go test -run '^$$' -fuzz "^$$t\$$" -fuzztime 30s $$p || exit 1; \
	  done; done

torture: ## ten minutes of the torture test, which make test runs for half of one; TORTURE='-torture.seed=7' repeats a run
	go test -race -count=1 -timeout 1h -v ./tests/torture -torture.duration=10m $(TORTURE)

profile: ## CPU and allocation profiles of the loaded proxy, for go tool pprof, in bin/profiles
	go run ./tests/bench -profile bin/profiles -duration 5s $(BENCH)

bench: ## measure requests, beside a plain reverse proxy, and write the table in docs/performance.md; needs a quiet machine; BENCH='-rounds 9' measures longer
	GOMAXPROCS=1 go test -run '^$$' -bench . -benchmem ./translate ./api/idempotency
	go run ./tests/bench -page docs/performance.md $(BENCH)

growth: ## measure against size, connections and retained records, and draw the figures in docs/; BENCH='-only records' draws one
	go run ./tests/bench -growth docs $(BENCH)

corpus: ## what becomes of real WSDLs, judged by their schemas; CORPUS=folder/real, with folder/manifest.tsv and folder/catalogue beside it; GATE=-variants=2 is faster
	go test -count=1 -v -run TestCorpus ./translate/shape/wsdl -corpus=$(if $(CORPUS),$(abspath $(CORPUS)),$(error say which: CORPUS=folder/real))
	go test -count=1 -v -timeout 30m -run 'Corpus|Gate' ./tests/corpus -corpus=$(abspath $(CORPUS)) -catalogue=$(abspath $(CORPUS)/../catalogue) $(GATE)
	go test -count=1 -run TestPatternsAgainstTheOracle ./translate/shape/xsd -patterns=$(abspath $(CORPUS))

soak: ## ten minutes of mixed load: fails when memory or goroutines grow; SOAK='-soak 3m' is shorter, SOAK=-memory for the store in memory
	go run ./tests/bench -soak 10m $(SOAK)

mutate: ## change the program in N small ways and list those that no test notices; PACKAGES='./upstream ./translate/soap' N=40 MUTATE='-seed 2'
	go run ./tests/mutate $(if $(N),-n $(N)) $(MUTATE) $(or $(PACKAGES),$(error say which: PACKAGES=./translate/soap))
