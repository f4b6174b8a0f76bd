package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// basePath is the version of the API, which begins every path.
const basePath = "/20160918"

// longestBody is how many bytes of a request are read.
const longestBody = 1 << 20

// operations lists the calls that the service supports.
var operations = []string{
	"CreateAuthToken", "ListAuthTokens", "GetAuthToken", "UpdateAuthToken", "DeleteAuthToken", "GetUser", "ListUsers", "ListDomains",
	"ListRegionSubscriptions", "GetTenancy", "GetDomain", "GetNamespace", "GetAccessToken", "RegistryLogin",
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

// failureBody is the body of an error.
type failureBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// answer is the answer to a request, before it is encoded.
type answer struct {
	status int
	etag   string
	body   any
}

// call is a parsed request.
type call struct {
	*http.Request
	domain    *Domain // nil outside of identity domains
	region    string
	operation string
	userID    string
	tokenID   string
	requestID string
	callerID  string // once the signature has been checked
	fault     bool   // whether a fault applies
	body      []byte
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPath) {
		s.control.ServeHTTP(w, r)
		return
	}
	if isRegistry(r) {
		s.serveRegistry(w, r)
		return
	}
	s.serve(w, s.parse(r))
}

// serve answers a parsed request.
func (s *Service) serve(w http.ResponseWriter, c *call) {
	c.requestID = requestID(c.Header.Get("opc-request-id"))
	w.Header().Set("opc-request-id", c.requestID)
	w.Header().Set("Date", s.config.Clock().UTC().Format(http.TimeFormat))

	recorder := s.journaled(w, c)
	// A dropped connection ends the handler with a panic. It is still journaled.
	defer recorder.answering()
	s.answer(recorder, c)
}

// journaled returns a writer for the answer to a call. The call is in the journal before the client can read the answer.
func (s *Service) journaled(w http.ResponseWriter, c *call) *statusRecorder {
	entry := Request{
		Time: s.config.Clock(), Region: c.region, Method: c.Method, Path: c.URL.Path, Operation: c.operation, UserID: c.userID,
		RetryToken: c.Header.Get("opc-retry-token"), RequestID: c.requestID, UserAgent: c.UserAgent(),
	}
	recorder := &statusRecorder{ResponseWriter: w}
	recorder.answering = sync.OnceFunc(func() {
		entry.Status, entry.Code, entry.TokenID, entry.Fault = recorder.status, recorder.code, c.tokenID, c.fault
		entry.CallerID = c.callerID
		s.record(entry)
	})
	return recorder
}

// nextFault returns the fault that applies to a call. It is empty if none does.
func (s *Service) nextFault(c *call) (fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault, c.fault = s.faults.next(c.operation, c.userID, c.region)
	return fault
}

func (s *Service) answer(w *statusRecorder, c *call) {
	fault := s.nextFault(c)
	r := fault.before(c, s)
	if r != nil {
		w.code = fault.Code
	} else {
		if fault.Late > 0 {
			s.performLate(c, time.Duration(fault.Late))
			panic(http.ErrAbortHandler)
		}
		r = s.reply(w, c, fault)
	}
	for name, value := range fault.Header {
		w.Header().Set(name, value)
	}
	fault.alter(r)
	s.send(w, c, r, fault)
}

// reply carries out the call, and encodes the answer.
func (s *Service) reply(w *statusRecorder, c *call, fault Fault) *reply {
	result, failed := s.perform(c)
	if fault.Hold != nil {
		fault.Hold()
	}
	if fault.Drop == DropAfterCommit {
		panic(http.ErrAbortHandler)
	}
	if failed != nil {
		w.code = failed.code
		if failed.status == http.StatusTooManyRequests && s.config.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(s.config.RetryAfter))
		}
		return c.refusal(*failed)
	}
	if result.etag != "" {
		w.Header().Set("ETag", result.etag)
	}
	if result.body == nil {
		return &reply{status: result.status}
	}
	r := replyWith(result.status, result.body)
	if c.domain != nil {
		r.mediaType = scimMediaType
	}
	return r
}

// refusal encodes an error.
func (c *call) refusal(f failure) *reply {
	if c.domain != nil {
		return scimRefusal(f)
	}
	return replyWith(f.status, failureBody{f.code, f.message})
}

// perform checks the caller, and carries out the call.
func (s *Service) perform(c *call) (answer, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failed := s.admit(c); failed != nil {
		return answer{}, failed
	}
	return s.carryOut(c)
}

// admit checks the caller and the rate limits. The caller holds the lock.
func (s *Service) admit(c *call) *failure {
	if failed := s.authenticate(c); failed != nil {
		return failed
	}
	now := s.config.Clock()
	if s.config.RequestsPerSecondPerUser > 0 && !s.bucketOf(c.callerID).admit(now, s.config.RequestsPerSecondPerUser) {
		return &failure{http.StatusTooManyRequests, "TooManyRequests", "Too many requests for the user"}
	}
	if s.config.RequestsPerSecond > 0 && !s.bucket.admit(now, s.config.RequestsPerSecond) {
		return &failure{http.StatusTooManyRequests, "TooManyRequests", "Too many requests for the tenant"}
	}
	return nil
}

// carryOut carries out an admitted call. The caller holds the lock.
func (s *Service) carryOut(c *call) (answer, *failure) {
	if c.domain != nil {
		return s.carryOutInDomain(c)
	}
	switch c.operation {
	case "ListRegionSubscriptions":
		return answer{status: http.StatusOK, body: s.regionSubscriptions()}, nil
	case "ListDomains":
		return answer{status: http.StatusOK, body: s.domainSummaries()}, nil
	case "GetTenancy":
		return s.getTenancy(c)
	case "GetDomain":
		return s.getDomain(c)
	case "GetNamespace":
		return answer{status: http.StatusOK, body: s.config.Namespace}, nil
	case "GetAccessToken":
		return s.getAccessToken(c), nil
	case "ListUsers":
		return s.listUsers(c.URL.Query().Get("name")), nil
	case "":
		return answer{}, notFound
	}
	if c.Method != http.MethodGet && c.region != s.home() {
		return answer{}, &failure{http.StatusForbidden, "NotAllowed", "Please go to your home region " +
			regionKeys[s.home()] + " to execute CREATE, UPDATE and DELETE operations."}
	}
	u := s.user(c.userID)
	if u == nil || u.denied || u.Domain != "" || c.callerID == instanceCaller {
		return answer{}, notFound
	}
	switch c.operation {
	case "GetUser":
		return answer{status: http.StatusOK, body: s.shown(u)}, nil
	case "ListAuthTokens":
		tokens := []wire{}
		for _, t := range s.list(u, c.region) {
			tokens = append(tokens, s.wire(&t, false))
		}
		return answer{status: http.StatusOK, body: tokens}, nil
	case "CreateAuthToken":
		return s.performCreate(c, u)
	case "UpdateAuthToken":
		return s.performUpdate(c, u)
	default:
		return s.performDelete(c, u)
	}
}

// listUsers returns the users of the Default domain, or the one with a name.
func (s *Service) listUsers(name string) answer {
	users := []any{}
	for _, u := range s.users {
		if u.Domain == "" && !u.denied && (name == "" || u.Name == name) {
			users = append(users, s.shown(u))
		}
	}
	return answer{status: http.StatusOK, body: users}
}

// shown returns a user as IAM shows one.
func (s *Service) shown(u *user) map[string]any {
	return map[string]any{
		"id": u.ID, "name": u.Name, "compartmentId": s.tenancy, "description": u.Name, "lifecycleState": "ACTIVE",
		"isMfaActivated": false, "timeCreated": "2020-01-01T00:00:00.000Z",
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
	t, failed := s.create(u, c, wish{description: *description})
	c.tokenID = t.ID
	return answer{status: http.StatusOK, etag: t.ETag, body: s.wire(&t, true)}, failed
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
	s.change(t, description)
	return answer{status: http.StatusOK, etag: t.ETag, body: s.wire(t, false)}, nil
}

// change gives a token another description, unless that is nil. The caller holds the lock.
func (s *Service) change(t *Token, description *string) {
	if before := *t; description != nil {
		t.Description, t.before = *description, &before
	}
	t.ETag = randomHex(20)
	t.changed = s.config.Clock()
}

func (s *Service) performDelete(c *call, u *user) (answer, *failure) {
	t, failed := c.target(u)
	if failed != nil {
		return answer{}, failed
	}
	u.drop(t, s.config.Clock())
	return answer{status: http.StatusNoContent}, nil
}

// target returns the token that the path names, if the if-match header matches it.
func (c *call) target(u *user) (*Token, *failure) {
	t := u.token(c.tokenID)
	if t == nil {
		return nil, notFound
	}
	if !matches(c, t) {
		return nil, noEtagMatch
	}
	return t, nil
}

// matches reports whether the if-match header matches a token.
func matches(c *call, t *Token) bool {
	match := c.Header.Get("if-match")
	return match == "" || match == "*" || match == t.ETag
}

// description returns the description in the body of a creation or an update. It is nil if the field is absent or null.
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
	if err := json.Unmarshal(raw, &description); err != nil {
		return nil, &failure{http.StatusBadRequest, "InvalidParameter", "description is not valid: it must be a string"}
	}
	return description, nil
}

// parse parses a request. The operation is empty if the service has no such call.
func (s *Service) parse(r *http.Request) *call {
	c := &call{Request: r}
	var path string
	c.region, path = s.splitRegion(r.URL.Path)
	c.body, _ = io.ReadAll(http.MaxBytesReader(nil, r.Body, longestBody))

	if c.operation = tenancyOperation(r.Method, path); c.operation != "" {
		return c
	}
	path, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), basePath+"/")
	if !ok {
		return c
	}
	switch parts := strings.Split(path, "/"); {
	case len(parts) == 1 && parts[0] == "domains" && r.Method == http.MethodGet:
		c.operation = "ListDomains"
	case len(parts) == 3 && parts[0] == "tenancies" && parts[2] == "regionSubscriptions" && r.Method == http.MethodGet:
		c.operation = "ListRegionSubscriptions"
	case len(parts) == 1 && parts[0] == "users" && r.Method == http.MethodGet:
		c.operation = "ListUsers"
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

// requestID returns the service's opc-request-id, which extends the client's.
func requestID(client string) string {
	if client == "" {
		client = strings.ToUpper(randomHex(16))
	}
	return client + "/" + strings.ToUpper(randomHex(16)) + "/" + strings.ToUpper(randomHex(16))
}

// reply is an encoded answer. The body is nil if it has none.
type reply struct {
	status    int
	mediaType string
	body      []byte
}

func replyWith(status int, body any) *reply {
	return &reply{status: status, mediaType: "application/json", body: encoded(body)}
}

func encoded(body any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // everything the service sends can be encoded
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

// writeJSON answers a request to the service itself.
func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(encoded(body)) // a client that has gone needs no answer
}

// send sends an answer. With a fault, it sends only the first bytes and closes the connection, or it sends without end.
func (s *Service) send(w *statusRecorder, c *call, r *reply, fault Fault) {
	if r.body == nil {
		w.WriteHeader(r.status)
		return
	}
	w.Header().Set("Content-Type", r.mediaType)
	if fault.Twice {
		sendTwice(w, r)
		return
	}
	if fault.Endless {
		w.WriteHeader(r.status)
		s.sendEndlessly(w, c, r.body)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	if fault.Truncate > 0 && fault.Truncate < len(r.body) {
		_, _ = w.Write(r.body[:fault.Truncate]) //nolint:gosec // No browser shows it.
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(r.body) //nolint:gosec // No browser shows it. A client that has gone needs no answer.
}

// sendTwice sends an answer and, a little later, the same answer again, to a client that no longer expects one.
func sendTwice(w *statusRecorder, r *reply) {
	header := w.Header().Clone()
	w.status = r.status
	w.answering()
	connection, buffer, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = connection.Close() }()
	response := http.Response{
		StatusCode: r.status, ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: int64(len(r.body)),
	}
	for range 2 {
		response.Body = io.NopCloser(bytes.NewReader(r.body))
		_ = response.Write(buffer) // a client that has gone needs no answer
		_ = buffer.Flush()
	}
}

// sendEndlessly sends a body without its last byte, and then about 3 MB of white space a second, until the client closes the
// connection or the service is closed. A pause after each piece lets virtual time pass.
func (s *Service) sendEndlessly(w http.ResponseWriter, c *call, body []byte) {
	_, err := w.Write(body[:max(0, len(body)-1)]) //nolint:gosec // No browser shows it.
	space := bytes.Repeat([]byte(" "), 32<<10)
	for err == nil && s.ctx.Err() == nil && s.config.Sleep(c.Context(), 10*time.Millisecond) == nil {
		_, err = w.Write(space)
	}
	panic(http.ErrAbortHandler)
}

// statusRecorder records the status that is sent, and the code of the error.
type statusRecorder struct {
	http.ResponseWriter
	status    int
	code      string
	answering func() // is called before anything is sent
}

// WriteHeader notes the status and sends it.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.answering()
	r.ResponseWriter.WriteHeader(status)
}
