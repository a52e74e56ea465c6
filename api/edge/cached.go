package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"soapbridge/api/cache"
	"soapbridge/openapi"
	"soapbridge/translate"
)

// The headers of cached reads: RFC 9111 (Cache-Control, Age), RFC 9211 (Cache-Status), RFC 9110 section 13 (ETag, If-None-Match).

// wantsFresh reports whether a caller wants no kept answer. max-age=0 is what browsers send when a page is reloaded.
func wantsFresh(h http.Header) bool {
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		switch strings.ToLower(strings.TrimSpace(directive)) {
		case "no-cache", "max-age=0":
			return true
		}
	}
	return false
}

// cacheStatus says for each way to an answer why the vendor was asked, if it was.
var cacheStatus = map[cache.How]string{
	cache.Hit: "hit", cache.Missed: "fwd=uri-miss", cache.Collapsed: "fwd=uri-miss; collapsed", cache.Refreshed: "fwd=request", cache.Bypassed: "fwd=bypass",
}

// showCache says what an answer came to, and how long the caller may keep it. max-age counts from when the vendor answered, since caches subtract Age.
// Where a write can make the answer stale, only this proxy learns of it: so the caller asks each time, and is answered 304.
func showCache(c *gin.Context, call *call, found cache.Answer) {
	if found.How == "" {
		return
	}
	h, status := c.Writer.Header(), "soapbridge; "+cacheStatus[found.How]
	if found.Left > 0 {
		if asked := found.How == cache.Missed || found.How == cache.Refreshed; asked {
			status += "; stored"
		}
		status += "; ttl=" + inSeconds(found.Left)
		fresh := "max-age=" + inSeconds(call.operation.Cache)
		if call.system.invalidated[call.operation.Name] {
			fresh = "no-cache"
		}
		h["Cache-Control"] = []string{"private, " + fresh}
		h["Age"] = []string{inSeconds(found.Age)}
		h.Add("Vary", "Authorization, X-API-Key")
	}
	h["Cache-Status"] = []string{status}
}

func inSeconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// unlessKnown is the answer of a read; 304 where the caller has it already. Only a GET has conditions of this kind.
func unlessKnown(c *gin.Context, op *translate.Operation, found cache.Answer) answer {
	success := answer{status: op.Status, contentType: openapi.JSONType, body: found.Body}
	if found.Left == 0 || op.Method != http.MethodGet {
		return success
	}
	sum := sha256.Sum256(found.Body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	c.Header("ETag", tag)
	known := strings.Split(strings.Join(c.Request.Header.Values("If-None-Match"), ","), ",")
	if slices.ContainsFunc(known, func(t string) bool {
		t = strings.TrimSpace(t)
		t = strings.TrimPrefix(t, "W/")
		return t == "*" || t == tag || t == strings.TrimSuffix(tag, `"`)+gzipTag
	}) {
		return answer{status: http.StatusNotModified}
	}
	return success
}
