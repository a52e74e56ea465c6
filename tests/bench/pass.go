package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"
)

// mostIdle is how many connections the passing proxies keep: enough for every load, so that they dial as little as the product does.
const mostIdle = 1024

// pass is one of the proxies that the product is compared with. It says where it listens.
func pass(kind, upstream string) error {
	target, err := url.Parse(upstream)
	if err != nil {
		return err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: mostIdle, MaxIdleConns: mostIdle, DisableCompression: true}
	var handler http.Handler
	switch kind {
	case "reverseproxy":
		handler = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: transport}
	case "gin":
		handler = ginPass(upstream, &http.Client{Transport: transport})
	default:
		return fmt.Errorf("%q is neither reverseproxy nor gin", kind)
	}
	return listen(&http.Server{Handler: handler, ReadHeaderTimeout: time.Minute})
}

// ginPass is a plain route of gin, as a team would write it.
func ginPass(upstream string, client *http.Client) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.POST("/*path", func(c *gin.Context) {
		request, err := http.NewRequestWithContext(c, http.MethodPost, upstream+c.Param("path"), c.Request.Body)
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		request.ContentLength = c.Request.ContentLength
		request.Header = c.Request.Header.Clone()
		response, err := client.Do(request)
		if err != nil {
			c.Status(http.StatusBadGateway)
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			c.Status(http.StatusBadGateway)
			return
		}
		c.Data(response.StatusCode, response.Header.Get("Content-Type"), body)
	})
	return engine
}
