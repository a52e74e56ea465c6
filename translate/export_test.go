package translate

import "soapbridge/translate/record"

// Values returns what a request was read into, by JSON Pointers, so that tests can compare it with other readers.
func Values(r Request) map[string]string {
	values := map[string]string{}
	r.(*request).asked.LeavesAt(func(pointer []byte, v record.Value) bool {
		values[string(pointer)] = v.Text()
		return true
	})
	return values
}
