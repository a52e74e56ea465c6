package edge

import (
	"github.com/gin-gonic/gin"

	"soapbridge/api/cache"
	"soapbridge/translate"
)

// call is everything that is known of one request while it runs, for the log too. Each fact is written once, by the step that learns it.
type call struct {
	requestID string
	stopwatch        // since the request has come
	caller    caller // empty until it is known
	problem   *problem

	// What follows is about calls of operations.
	operation *translate.Operation
	system    *System
	env       translate.Env // holds the operation id
	named     bool          // its id may be shown: there is a record of the operation, or was one, or this call asked for what is read
	claim     *claim        // nil before the claim, after endClaim, and where another call has the record
	replayed  bool
	repeated  bool // it found a record of an earlier one, which decides the answer
	// handedOver reports that the message was handed to the upstream. From then on only the reply can say what it did: a panic leaves the outcome
	// unknown, and before it provably nothing was sent.
	handedOver bool
	pass       pass
	targets    []string  // what was taken of the limits of its targets
	sent       error     // how the exchange with the upstream ended: nil after a complete HTTP answer, whatever it says
	ignored    int       // elements of the reply that are not declared
	cached     cache.How // of a read; empty where none is cached
	pasted     bool      // the reply was pasted, so it is not logged for operators
}

const callKey = "soapbridge.call"

func callOf(c *gin.Context) *call { return c.MustGet(callKey).(*call) } //nolint:forcetypeassert // nameRequest alone sets it

// operationID names the operation on the answer and in the log. What is refused before the claim has none, although its key may be that of an
// operation.
func (call *call) operationID() string {
	if !call.named {
		return ""
	}
	return call.env.OperationID
}

// nameOperation puts the id on the answer, and allows it in the log.
func (call *call) nameOperation(c *gin.Context) {
	call.named = true
	c.Writer.Header()["Operation-Id"] = []string{call.env.OperationID}
}
