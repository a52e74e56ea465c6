package api

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
)

// health is what probes are told.
type health struct {
	Status string `json:"status" validate:"required" enums:"alive,ready,not ready" example:"ready"`
} //	@name	Health

// alive answers as long as the process serves at all.
//
//	@ID				ShowLiveness
//	@Tags			Health
//	@Summary		Tell whether the process lives
//	@Description	Answers as long as the process serves at all: for a probe that restarts it.
//	@Produce		json
//	@Success		200	{object}	health	"It lives."
//	@Router			/healthz [get]
func (s *server) alive(c *gin.Context) { c.JSON(http.StatusOK, health{"alive"}) }

// ready answers whether calls should come here. The reason of a no is for the log: it may name internal addresses.
//
//	@ID				ShowReadiness
//	@Tags			Health
//	@Summary		Tell whether calls should come here
//	@Description	Says no while the process stops, and while its store of idempotency records does not answer: for a load balancer.
//	@Produce		json
//	@Success		200	{object}	health	"It is ready."
//	@Failure		503	{object}	health	"It stops, or its store does not answer."
//	@Router			/readyz [get]
func (s *server) ready(c *gin.Context) {
	if s.config.Ready != nil {
		if err := s.config.Ready(c.Request.Context()); err != nil {
			s.config.Log.WarnContext(c.Request.Context(), "not ready", slog.String("cause", err.Error()))
			c.JSON(http.StatusServiceUnavailable, health{"not ready"})
			return
		}
	}
	c.JSON(http.StatusOK, health{"ready"})
}
