package translate

// The HTTP statuses that operations answer with. The core knows numbers only: with net/http imported it could open a connection.
const (
	StatusOK       = 200
	StatusCreated  = 201
	StatusAccepted = 202
)

// The HTTP statuses by which a transport refuses, without an envelope.
const (
	statusBadRequest       = 400
	statusUnauthorized     = 401
	statusForbidden        = 403
	statusNotFound         = 404
	statusMethodNotAllowed = 405
	statusTooLarge         = 413
	statusUnsupportedMedia = 415
	statusTooManyRequests  = 429
)
