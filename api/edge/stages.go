package edge

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// stage is a step on the way of a call. The names are those of the metrics, of the log and of Server-Timing.
type stage int

const (
	stageRead     stage = iota // the credential, the headers, the body and its rules
	stageEncode                // the envelope
	stagePermit                // limits, and waiting for a turn
	stageStore                 // the claim, and storing the result; of a read the cache
	stageUpstream              // the exchange with the vendor's service
	stageDecode                // the reply
	stageAnswer                // writing the answer
	stages
)

var stageNames = [stages]string{"read", "encode", "permit", "store", "upstream", "decode", "answer"}

// stopwatch measures how long a call is in each stage. Together they are the whole time of the call, since it is always in one.
type stopwatch struct {
	now   stage
	since time.Time
	spent [stages]time.Duration
	spans *spans // nil where the call is not traced
}

// enter ends the present stage, and returns it.
func (w *stopwatch) enter(next stage) (before stage) {
	t := time.Now()
	w.spent[w.now] += t.Sub(w.since)
	before, w.now, w.since = w.now, next, t
	if w.spans != nil {
		w.spans.enter(before, next, t)
	}
	return before
}

// total is the time of all stages up to now.
func (w *stopwatch) total() (sum time.Duration) {
	w.enter(w.now)
	for _, spent := range w.spent {
		sum += spent
	}
	return sum
}

// stageAttributes are the names of the stages in the log.
var stageAttributes = func() (names [stages]string) {
	for i, name := range stageNames {
		names[i] = name + "_ms"
	}
	return names
}()

// appendTo adds the stages that the call was in to the attributes of its line in the log.
func (w *stopwatch) appendTo(list []slog.Attr) []slog.Attr {
	for i, spent := range w.spent {
		if spent > 0 {
			list = append(list, slog.Float64(stageAttributes[i], milliseconds(spent)))
		}
	}
	return list
}

// showTiming tells the caller how long each stage took, up to the answer (W3C Server Timing; dur is in milliseconds).
func (w *stopwatch) showTiming(c *gin.Context) {
	var text []byte
	for i, spent := range w.spent[:stageAnswer] {
		if spent > 0 {
			if text != nil {
				text = append(text, ", "...)
			}
			text = append(append(text, stageNames[i]...), ";dur="...)
			text = strconv.AppendFloat(text, milliseconds(spent), 'f', 3, 64)
		}
	}
	c.Writer.Header()["Server-Timing"] = []string{string(text)}
}
