package api

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
)

// alive answers as long as the process serves at all.
func (s *server) alive(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "alive"}) }

// ready answers whether calls should come here. The reason of a no is for the log: it may name internal addresses.
func (s *server) ready(c *gin.Context) {
	if s.config.Ready != nil {
		if err := s.config.Ready(c.Request.Context()); err != nil {
			s.config.Log.WarnContext(c.Request.Context(), "not ready", slog.String("cause", err.Error()))
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "not ready"})
			return
		}
	}
	c.JSON(http.StatusOK, gin.H{"status": "ready"})
}
