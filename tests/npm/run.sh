#!/usr/bin/env bash
# What the npm world and the generators of Go make of the OpenAPI documents: linters must find nothing, generated clients must compile and call a demo.
# Needs Node, npm, Go and curl; the network only for the npm registry and the Go proxy. What it makes is in out/.
set -euo pipefail
cd "$(dirname "$0")"

OAPI_CODEGEN=github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
OGEN=github.com/ogen-go/ogen/cmd/ogen@v1.24.0
export REDOCLY_TELEMETRY=off SCARF_ANALYTICS=false NO_UPDATE_NOTIFIER=1
PATH=$PWD/node_modules/.bin:$PATH
repository=$(cd ../.. && pwd)

say() { echo "-- $*"; }

for tool in npm node go curl; do
  command -v "$tool" >/dev/null || { echo "$tool is missing; needed are Go, curl, and Node 20.19 or later: https://nodejs.org"; exit 1; }
done

# start_demo runs a demo on a free port and sets demo to its URL. It ends with this script.
start_demo() {
  (cd "$repository" && go build -o tests/npm/out/soapbridge .)
  out/soapbridge demo --listen 127.0.0.1:0 >out/demo.out 2>out/demo.log &
  demo_pid=$!
  trap 'kill "$demo_pid" 2>/dev/null || true; wait "$demo_pid" 2>/dev/null || true' EXIT
  for _ in $(seq 600); do
    demo=$(sed -n 's/.*msg=listening.* listen=\([^ ]*\).*/http:\/\/\1/p' out/demo.log | head -n 1)
    [ -n "$demo" ] && return
    kill -0 "$demo_pid" || break
    sleep 0.1
  done
  cat out/demo.log
  echo 'the demo does not listen'
  exit 1
}

# accept lints a document. The file has the same name each time: .redocly.lint-ignore.yaml names it.
accept() {
  say "$1: spectral, redocly"
  local file=out/openapi.${2##*.}
  cp "$2" "$file"
  spectral lint --ruleset .spectral.yaml --fail-severity hint "$file"
  redocly lint --config redocly.strict.yaml "$file"
}

# generate makes types and clients of a document, compiles them, and lets them call the demo.
generate() {
  say "$1: openapi-typescript, tsc"
  openapi-typescript "$2" --output out/schema.d.ts
  node -e 'const { readFileSync: read } = require("fs");
    const ids = Object.values(JSON.parse(read(process.argv[1])).paths).flatMap((methods) => Object.values(methods)).map((o) => o.operationId);
    const types = read("out/schema.d.ts", "utf8");
    const lacking = ids.filter((id) => !types.includes(`    ${id}: {\n`));
    if (lacking.length || !ids.length) throw new Error(`openapi-typescript lacks ${lacking}`);
    console.log(`openapi-typescript: ${ids.length} operations`);' "$2"
  node calls.mjs "$2" out/calls.ts
  tsc --project .
  say "$1: openapi-fetch calls the demo"
  node out/js/client.js "$demo"

  say "$1: oapi-codegen calls the demo"
  rm -rf out/go
  cp -r ../oapicodegen out/go
  mkdir out/go/client
  go run "$OAPI_CODEGEN" -config ../oapicodegen/config.yaml -o out/go/client/client.gen.go "$2"
  (cd out/go && go vet ./... && go run . "$demo")
}

# others makes a client of a served document with each other generator, of the version that it takes, compiles it, and lets it call the demo. Where a
# generator finds no fault in a document and leaves an operation out, generators.ts and main.go count.
others() {
  say 'orval and openapi-zod-client (3.0.3), hey-api (3.1), swagger-typescript-api (2.0), tsc'
  DEMO=$demo orval --config orval.config.cjs
  openapi-zod-client out/served-3.0.json --output out/zodios.ts --export-schemas --with-alias
  openapi-ts --file openapi-ts.config.mjs
  swagger-typescript-api generate --path out/served-2.0.json --output out/sta --name api.ts --silent
  tsc --project tsconfig.generators.json
  node out/js/generators.js "$demo"

  say 'ogen (3.0.3)'
  cp -r ../ogen out/ogen
  (cd out/ogen && go run "$OGEN" --config config.yaml --target client --package client ../served-3.0.json) >out/ogen.log 2>&1 || { cat out/ogen.log; exit 1; }
  (cd out/ogen && go vet ./... && go run . "$demo")
}

say 'npm ci'
rm -rf out
mkdir out
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci # npm writes that file when all is installed
[ -f node_modules/axe-core/axe.min.js ] || { echo 'axe-core is not where tests/browser looks for it'; exit 1; }
start_demo
for document in openapi.json:served.json openapi-3.0.json:served-3.0.json swagger.json:served-2.0.json; do
  curl --silent --show-error --fail "$demo/${document%:*}" --output "out/${document#*:}"
done

# The TypeScript of docs/typescript.md: make test executes it, and here it must pass the compiler.
sed -n '/^```ts$/,/^```$/{/^```/!p;}' "$repository/docs/typescript.md" >out/example.ts
grep -q 'async function call' out/example.ts
grep -q 'function formErrors' out/example.ts

accept 'the committed document' "$repository/openapi/openapi.json"
accept 'the document that the demo serves' out/served.json
accept 'the document in YAML' "$repository/openapi/openapi.yaml"
accept 'the document in OpenAPI 3.0.3' "$repository/openapi/openapi-3.0.json"
generate 'the committed document' "$repository/openapi/openapi.json"
generate 'the document that the demo serves' out/served.json
others

say 'httpYac runs the .http file'
curl --silent --show-error --fail "$demo/soapbridge.http" --output out/served.http
httpyac send out/served.http --all --output short

say 'newman runs the Postman collection'
newman run "$repository/openapi/soapbridge.postman_collection.json" --env-var "baseUrl=$demo" --reporter-cli-no-banner
