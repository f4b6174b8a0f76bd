package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// basePath is the version of the API that every path starts with.
const basePath = "/20160918"

// operations are the calls that the service takes.
var operations = []string{
	"CreateAuthToken", "ListAuthTokens", "UpdateAuthToken", "DeleteAuthToken", "GetUser", "ListRegionSubscriptions",
}

// failure is an answer that is an error: https://docs.oracle.com/iaas/Content/API/References/apierrors.htm.
type failure struct {
	status        int
	code, message string
}

var (
	notFound              = &failure{404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found."}
	noEtagMatch           = &failure{412, "NoEtagMatch", "The ETag in the if-match header does not match the resource's."}
	invalidatedRetryToken = &failure{409, "InvalidatedRetryToken",
		"The retry token was used for a resource that has since been changed or deleted."}
)

func (s *Service) limitExceeded() *failure {
	if s.config.LimitCode == "LimitExceeded" {
		return &failure{400, "LimitExceeded", "The limit of auth tokens for the user has been exceeded."}
	}
	return &failure{409, s.config.LimitCode, "The user has reached the maximum number of auth tokens."}
}

// answer is what a request is answered with, before it is sent.
type answer struct {
	status int
	etag   string
	body   any
}

// call is a request that has been taken apart.
type call struct {
	*http.Request
	region    string
	operation string
	userID    string
	tokenID   string
	body      []byte
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPath) {
		s.serveControl(w, r)
		return
	}
	c := s.parse(r)
	requestID := requestID(r.Header.Get("opc-request-id"))
	w.Header().Set("opc-request-id", requestID)

	entry := Request{
		Time: s.config.Clock(), Region: c.region, Method: r.Method, Path: r.URL.Path, Operation: c.operation, UserID: c.userID,
		RetryToken: r.Header.Get("opc-retry-token"), RequestID: requestID, UserAgent: r.UserAgent(),
	}
	recorder := &statusRecorder{ResponseWriter: w}
	// A dropped connection ends the handler by a panic, and is journaled all the same.
	defer func() {
		entry.Status = recorder.status
		s.record(entry)
	}()
	s.answer(recorder, c)
}

func (s *Service) answer(w http.ResponseWriter, c *call) {
	s.mu.Lock()
	fault := s.faults.next(c.operation, c.userID, c.region)
	s.mu.Unlock()
	for name, value := range fault.Header {
		w.Header().Set(name, value)
	}
	if fault.before(c.Context(), s, w) {
		return
	}
	result, failed := s.perform(c)
	if fault.Hold != nil {
		fault.Hold()
	}
	if fault.Drop == DropAfterCommit {
		panic(http.ErrAbortHandler)
	}
	if failed != nil {
		if failed.status == http.StatusTooManyRequests && s.config.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(s.config.RetryAfter))
		}
		writeFailure(w, failed)
		return
	}
	if result.etag != "" {
		w.Header().Set("ETag", result.etag)
	}
	if result.body == nil {
		w.WriteHeader(result.status)
		return
	}
	writeJSON(w, result.status, result.body, fault.Truncate)
}

// perform checks who calls, and carries out the call.
func (s *Service) perform(c *call) (answer, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failed := s.authenticate(c); failed != nil {
		return answer{}, failed
	}
	if s.config.RequestsPerSecond > 0 && !s.bucket.admit(s.config.Clock(), s.config.RequestsPerSecond) {
		return answer{}, &failure{http.StatusTooManyRequests, "TooManyRequests", "Too many requests for the user"}
	}
	switch c.operation {
	case "ListRegionSubscriptions":
		return answer{status: http.StatusOK, body: s.regionSubscriptions()}, nil
	case "":
		return answer{}, notFound
	}
	if c.Method != http.MethodGet && c.region != s.home() {
		return answer{}, &failure{http.StatusForbidden, "NotAllowed", "Please go to your home region " +
			regionKeys[s.home()] + " to execute CREATE, UPDATE and DELETE operations."}
	}
	u := s.user(c.userID)
	if u == nil || u.denied {
		return answer{}, notFound
	}
	switch c.operation {
	case "GetUser":
		return answer{status: http.StatusOK, body: map[string]any{
			"id": u.ID, "name": u.Name, "compartmentId": s.tenancy, "description": u.Name, "lifecycleState": "ACTIVE",
			"isMfaActivated": false, "timeCreated": "2020-01-01T00:00:00.000Z",
		}}, nil
	case "ListAuthTokens":
		return answer{status: http.StatusOK, body: s.list(u, c.region)}, nil
	case "CreateAuthToken":
		return s.performCreate(c, u)
	case "UpdateAuthToken":
		return s.performUpdate(c, u)
	default:
		return s.performDelete(c, u)
	}
}

func (s *Service) performCreate(c *call, u *user) (answer, *failure) {
	description, failed := c.description()
	if failed != nil {
		return answer{}, failed
	}
	if description == nil {
		return answer{}, &failure{http.StatusBadRequest, "MissingParameter", "description is required"}
	}
	body, etag, failed := s.create(u, c.Header.Get("opc-retry-token"), *description)
	return answer{http.StatusOK, etag, body}, failed
}

func (s *Service) performUpdate(c *call, u *user) (answer, *failure) {
	t, failed := c.target(u)
	if failed != nil {
		return answer{}, failed
	}
	description, failed := c.description()
	if failed != nil {
		return answer{}, failed
	}
	if description != nil {
		t.Description = *description
	}
	t.ETag = randomHex(20)
	t.changed = s.config.Clock()
	return answer{http.StatusOK, t.ETag, s.wire(t, false)}, nil
}

func (s *Service) performDelete(c *call, u *user) (answer, *failure) {
	t, failed := c.target(u)
	if failed != nil {
		return answer{}, failed
	}
	u.drop(t)
	return answer{status: http.StatusNoContent}, nil
}

// target is the token that the path names, if the if-match header agrees with it.
func (c *call) target(u *user) (*Token, *failure) {
	t := u.token(c.tokenID)
	if t == nil {
		return nil, notFound
	}
	if match := c.Header.Get("if-match"); match != "" && match != "*" && match != t.ETag {
		return nil, noEtagMatch
	}
	return t, nil
}

// description reads the body of a creation or an update. It is nil if the field is absent.
func (c *call) description() (*string, *failure) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(c.body, &body); err != nil || body == nil {
		return nil, &failure{http.StatusBadRequest, "CannotParseRequest", "Incorrectly formatted request"}
	}
	raw, ok := body["description"]
	if !ok {
		return nil, nil
	}
	var description *string
	if err := json.Unmarshal(raw, &description); err != nil || description == nil {
		return nil, &failure{http.StatusBadRequest, "InvalidParameter", "description is not valid: it must be a string"}
	}
	return description, nil
}

// parse takes a request apart. Its operation is empty if the service has no such call.
func (s *Service) parse(r *http.Request) *call {
	c := &call{Request: r}
	var path string
	c.region, path = s.splitRegion(r.URL.Path)
	c.body, _ = io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))

	path, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), basePath+"/")
	if !ok {
		return c
	}
	switch parts := strings.Split(path, "/"); {
	case len(parts) == 3 && parts[0] == "tenancies" && parts[2] == "regionSubscriptions" && r.Method == http.MethodGet:
		c.operation = "ListRegionSubscriptions"
	case len(parts) == 2 && parts[0] == "users" && r.Method == http.MethodGet:
		c.operation, c.userID = "GetUser", parts[1]
	case len(parts) == 3 && parts[0] == "users" && parts[2] == "authTokens":
		c.userID = parts[1]
		c.operation = map[string]string{http.MethodGet: "ListAuthTokens", http.MethodPost: "CreateAuthToken"}[r.Method]
	case len(parts) == 4 && parts[0] == "users" && parts[2] == "authTokens":
		c.userID, c.tokenID = parts[1], parts[3]
		c.operation = map[string]string{http.MethodPut: "UpdateAuthToken", http.MethodDelete: "DeleteAuthToken"}[r.Method]
	}
	return c
}

// requestID is what the service makes of the client's opc-request-id.
func requestID(client string) string {
	if client == "" {
		client = strings.ToUpper(randomHex(16))
	}
	return client + "/" + strings.ToUpper(randomHex(16)) + "/" + strings.ToUpper(randomHex(16))
}

func writeFailure(w http.ResponseWriter, f *failure) {
	writeJSON(w, f.status, map[string]string{"code": f.code, "message": f.message}, 0)
}

// writeJSON sends a body, or the first bytes of it before the connection is closed.
func writeJSON(w http.ResponseWriter, status int, body any, truncate int) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // everything the service sends can be encoded
	}
	text := bytes.TrimSuffix(encoded.Bytes(), []byte("\n"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if truncate > 0 && truncate < len(text) {
		_, _ = w.Write(text[:truncate])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(text) // a client that has gone needs no answer
}

// statusRecorder remembers the status that was sent.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and sends it.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
