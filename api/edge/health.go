package edge

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
)

type liveness struct {
	// The process answers.
	Status string `json:"status" validate:"required" enums:"alive" example:"alive"`
} //	@name	Liveness

type readiness struct {
	// Whether the process takes calls.
	Status string `json:"status" validate:"required" enums:"ready,not ready" example:"ready"`
	// Whether the store of idempotency records can be used: it answers, keeps every record, has memory left and runs the commands that keep
	// records. The log has what is wrong.
	Store string `json:"store" validate:"required" enums:"ok,unusable" example:"ok"`
	// Whether the store of idempotency records may evict some is not known, since it does not let that be read.
	Policy string `json:"policy,omitempty" enums:"unverified" example:"unverified"`
	// Whether the process stops.
	Draining bool `json:"draining" validate:"required" example:"false"`
	// Each system, by its name. None makes the process not ready. ok: calls are sent. suspect: an answer may have been to another call, so
	// that each call has a connection of its own for a while. broken: the last calls had no answer, so that none is made for some
	// seconds. not-configured: there is no URL.
	Upstreams map[string]string `json:"upstreams" validate:"required" example:"customercare:ok,emersion:not-configured,mds:suspect"`
} //	@name	Readiness

// alive answers as long as the process serves at all.
//
//	@ID				ShowLiveness
//	@Tags			Health
//	@Summary		Check whether the process is alive
//	@Description	Answers as long as the process serves at all: for a probe that restarts it. `/healthz` is another name of it.
//	@Produce		json
//	@Success		200	{object}	liveness	"It is alive."
//	@Router			/livez [get]
func (s *Server) alive(c *gin.Context) { c.JSON(http.StatusOK, liveness{Status: "alive"}) }

// ready answers whether calls should come here. Why they should not is for the log: it may name internal addresses.
//
//	@ID				ShowReadiness
//	@Tags			Health
//	@Summary		Check whether the process takes calls
//	@Description	Answers `503` while the process stops, and while its store of idempotency records cannot be used: for a load balancer.
//	@Description	The state of a system is shown only.
//	@Produce		json
//	@Success		200	{object}	readiness	"It is ready."
//	@Failure		503	{object}	readiness	"It stops, or its store cannot be used."
//	@Router			/readyz [get]
func (s *Server) ready(c *gin.Context) {
	found, err := s.config.Store.Ready(c.Request.Context())
	status, answer := http.StatusOK, readiness{Status: "ready", Store: "ok", Draining: s.draining(), Upstreams: s.upstreams()}
	if found.PolicyUnverified {
		answer.Policy = "unverified"
	}
	if err != nil {
		answer.Store = "unusable"
		s.config.Log.WarnContext(c.Request.Context(), "not ready", slog.String("cause", err.Error()))
	}
	if err != nil || answer.Draining {
		status, answer.Status = http.StatusServiceUnavailable, "not ready"
	}
	c.JSON(status, answer)
}

// upstreams returns the state of each system.
func (s *Server) upstreams() map[string]string {
	states := map[string]string{}
	for _, system := range s.config.Systems {
		switch {
		case system.Upstream == nil:
			states[system.Name] = UpstreamNotConfigured
		case system.gate.open.Load():
			states[system.Name] = upstreamBroken
		case system.State == nil:
			states[system.Name] = UpstreamOK
		default:
			states[system.Name] = system.State()
		}
	}
	return states
}
