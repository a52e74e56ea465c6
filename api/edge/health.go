package edge

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
)

type health struct {
	// Whether the process is alive (alive), or whether it takes calls (ready, not ready).
	Status string `json:"status" validate:"required" enums:"alive,ready,not ready" example:"ready"`
	// Whether the store of idempotency records may evict some is not known, since it does not let that be read.
	Policy string `json:"policy,omitempty" enums:"unverified" example:"unverified"`
} //	@name	Health

// alive answers as long as the process serves at all.
//
//	@ID				ShowLiveness
//	@Tags			Health
//	@Summary		Check whether the process is alive
//	@Description	Answers as long as the process serves at all: for a probe that restarts it.
//	@Produce		json
//	@Success		200	{object}	health	"It is alive."
//	@Router			/healthz [get]
func (s *Server) alive(c *gin.Context) { c.JSON(http.StatusOK, health{Status: "alive"}) }

// ready answers whether calls should come here. Why they should not is for the log: it may name internal addresses.
//
//	@ID				ShowReadiness
//	@Tags			Health
//	@Summary		Check whether the process takes calls
//	@Description	Answers `503` while the process stops, and while its store of idempotency records cannot be used: for a load balancer.
//	@Produce		json
//	@Success		200	{object}	health	"It is ready."
//	@Failure		503	{object}	health	"It stops, or its store cannot be used."
//	@Router			/readyz [get]
func (s *Server) ready(c *gin.Context) {
	found, unusable := s.config.Store.Ready(c.Request.Context())
	if err := errors.Join(s.config.Ready(c.Request.Context()), unusable); err != nil {
		s.config.Log.WarnContext(c.Request.Context(), "not ready", slog.String("cause", err.Error()))
		c.JSON(http.StatusServiceUnavailable, health{Status: "not ready"})
		return
	}
	answer := health{Status: "ready"}
	if found.PolicyUnverified {
		answer.Policy = "unverified"
	}
	c.JSON(http.StatusOK, answer)
}
