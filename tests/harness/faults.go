package harness

import "github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"

// What may go wrong with a request.
var (
	Lost         = emulator.Fault{Drop: emulator.DropAfterCommit}
	UnknownUser  = emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."}
	Unauthorized = emulator.Fault{Status: 401, Code: "NotAuthenticated", Message: "No."}
	TooMany      = emulator.Fault{Status: 429, Code: "TooManyRequests", Message: "Too many requests for the user"}
	Invalidated  = emulator.Fault{Status: 409, Code: "InvalidatedRetryToken", Message: "Used."}
)

// NotFromOCI holds answers of something on the way to OCI, or of a wrong endpoint.
var NotFromOCI = map[string]emulator.Fault{
	"a page that is not found":       {Status: 404, Body: "<html>Not Found</html>"},
	"a gateway's error":              {Status: 404, Body: `{"message": "no Route matched"}`, MediaType: "application/json"},
	"a gateway's error with a code":  {Status: 404, Body: `{"code": 404, "message": "Not Found"}`, MediaType: "application/json"},
	"OCI has no such operation":      {Status: 404, Body: `{"code": "NotFound", "message": "No."}`, MediaType: "application/json"},
	"OCI's error in a page":          {Status: 404, Code: "NotAuthorizedOrNotFound", MediaType: "text/html"},
	"a page to sign in to a network": {Status: 200, Body: "<html>Please accept the conditions</html>"},
}

// InOrder makes creations fail with these faults, in this order.
func (w *World) InOrder(faults ...emulator.Fault) {
	for _, fault := range faults {
		fault.Operation, fault.Times = "CreateAuthToken", max(fault.Times, 1)
		w.OCI.Inject(fault)
	}
}

// Times returns a fault that strikes n times.
func Times(n int, fault emulator.Fault) emulator.Fault {
	fault.Times = n
	return fault
}

// HowToMakeSure is in every message that tells a person to delete a token.
const HowToMakeSure = "pulumi stack export"
