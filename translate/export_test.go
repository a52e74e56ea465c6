package translate

// Payload gives what a request was read into, so that tests can hold it against other readers.
func (r *request[Req, Res]) Payload() any { return r.value }
