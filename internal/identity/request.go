package identity

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/sdklog"
)

// request is one request to OCI.
type request struct {
	method string
	// path comes after the version of the API. Each part of it is escaped: see escaped.
	path string
	// query is what follows the path, or nil.
	query url.Values
	// body is sent as JSON. Nil means no body.
	body any
	// retryToken makes the service answer a repeated request as it did the first: the opc-retry-token of
	// https://docs.oracle.com/iaas/Content/API/Concepts/usingapi.htm. Empty means that the request is safe to repeat.
	retryToken string
	// unlessOver, if it is set, prevents the request from being sent after this context has ended. A request that was sent is not
	// cancelled with it, because its answer may contain a token.
	unlessOver context.Context
}

// answer is the answer to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
	// cut is why the body ends early, or nil.
	cut error
}

// succeeded reports whether the status means success.
func (a *answer) succeeded() bool { return a.status >= 200 && a.status <= 299 }

// isJSON reports whether the Content-Type is JSON, or absent.
func (a *answer) isJSON() bool {
	claim := a.header.Get("Content-Type")
	if claim == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(claim)
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}

// sender signs requests with oci-go-sdk, and sends them. It does not use the SDK's own Call, which spends a quarter of the time on
// redacting log lines that are never printed, and discards answers: see
// https://github.com/oracle/oci-go-sdk/blob/master/common/client.go.
type sender struct {
	// base signs, and says where requests go.
	base        common.BaseClient
	client      *http.Client
	credentials common.ConfigurationProvider
	clock       Clock
	// domainName replaces the domain name in the hosts of public endpoints, unless it is empty.
	domainName string
}

// newSender returns a sender that signs with the credentials, and sends with the client.
func newSender(credentials common.ConfigurationProvider, client *http.Client, clock Clock) sender {
	headers := common.DefaultGenericHeaders()
	if _, delegated := credentials.(Delegated); delegated {
		headers = append(headers, delegationHeader)
	}
	sdklog.Mute()
	base := common.DefaultBaseClientWithSigner(common.RequestSigner(credentials, headers, common.DefaultBodyHeaders()))
	return sender{base: base, client: client, credentials: credentials, clock: clock}
}

// Delegated is implemented by credentials that sign for a user. The delegation token is a signed header of each request.
type Delegated interface {
	DelegationToken() (string, error)
}

// delegationHeader carries the token of Delegated.
const delegationHeader = "opc-obo-token"

const (
	// signatures is how often a request is signed if OCI answers with 401. The SDK does the same.
	signatures = 3
	// signAfter is how long the next signature waits.
	signAfter = time.Second
)

// send makes one request. It reports whether the request may have reached the service, and returns an answer or an error,
// never both.
func (s sender) send(ctx context.Context, r request) (reply *answer, sent bool, err error) {
	// Once there is a connection, the request may reach the service.
	var connected atomic.Bool
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if r.unlessOver != nil {
		defer context.AfterFunc(r.unlessOver, func() {
			if !connected.Load() {
				cancel(context.Cause(r.unlessOver))
			}
		})()
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	for signed := 1; ; signed++ {
		reply, err = s.sendOnce(ctx, r)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil || signed == signatures || !s.isRefreshable() || !isSignatureRefused(reply) {
			return reply, connected.Load(), err
		}
		// The key and the security token are read one after the other. Both may have been renewed in between.
		if s.clock.Sleep(ctx, signAfter) != nil {
			return reply, true, nil
		}
		connected.Store(false)
	}
}

// isSignatureRefused reports whether an answer means that the signature is unknown or invalid. Identity domains also answer with 401,
// and with this code, if the caller lacks a permission.
func isSignatureRefused(a *answer) bool {
	return a.status == http.StatusUnauthorized && !bytes.Contains(a.body, []byte("accessDenied"))
}

// signer says who signs, and where each part of the credentials comes from.
func (s sender) signer() string {
	if described, ok := s.credentials.(fmt.Stringer); ok {
		return described.String()
	}
	return "the credentials in the provider's configuration"
}

// isRefreshable reports whether another signature may succeed after one was refused.
func (s sender) isRefreshable() bool {
	refreshable, ok := s.credentials.(common.RefreshableConfigurationProvider)
	return ok && refreshable.Refreshable()
}

// sendOnce signs and sends a request, and reads the answer.
func (s sender) sendOnce(ctx context.Context, r request) (*answer, error) {
	plain, err := s.build(r)
	if err != nil {
		return nil, err
	}
	if err := s.base.Signer.Sign(plain); err != nil {
		return nil, err
	}
	response, err := s.client.Do(plain.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	sdklog.Exchange(plain, response)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		content, err = nil, fmt.Errorf("it is longer than %d bytes", long.Limit)
	case err != nil:
		err = errors.New("the connection broke in the middle of it")
	}
	return &answer{status: response.StatusCode, header: response.Header, body: content, cut: err}, nil
}

// build returns the request without its signature.
func (s sender) build(r request) (*http.Request, error) {
	for part := range strings.SplitSeq(strings.TrimPrefix(r.path, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return nil, fmt.Errorf("%q is not the path of a request", r.path)
		}
	}
	plain := common.MakeDefaultHTTPRequest(r.method, "")
	var err error
	if plain.URL, err = url.Parse(strings.TrimSuffix(s.base.Endpoint()+"/"+s.base.BasePath, "/") + r.path); err != nil {
		return nil, fmt.Errorf("%q is not the path of a request", r.path)
	}
	plain.URL.RawQuery = r.query.Encode()
	if r.body != nil {
		content, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("the body of the request cannot be encoded: %w", err)
		}
		plain.Body = io.NopCloser(bytes.NewReader(content))
		plain.ContentLength = int64(len(content))
		plain.Header.Set("Content-Type", "application/json")
	}
	if r.retryToken != "" {
		plain.Header.Set("opc-retry-token", r.retryToken)
	}
	if delegated, ok := s.credentials.(Delegated); ok {
		token, err := delegated.DelegationToken()
		if err != nil {
			return nil, fmt.Errorf("the delegation token: %w", err)
		}
		plain.Header.Set(delegationHeader, token)
	}
	plain.Header.Set("opc-request-id", randomID())
	plain.Header.Set("opc-client-retries", "true")
	return &plain, nil
}

// randomID returns an identifier in the form of OCI's request ids.
func randomID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // it never fails
	return strings.ToUpper(hex.EncodeToString(random))
}

// updated returns an error unless the answer to an update is about one of the user's tokens.
func (a *answer) updated(token AuthToken, userID string) error {
	if !a.isJSON() {
		return errors.New("it is not JSON")
	}
	return token.of(userID)
}

// deleted returns an error unless the answer is one to a deletion, which is empty. A captive portal may answer with a page.
func (a *answer) deleted() error {
	if len(a.body) > 0 {
		return errors.New("it is not the answer to a deletion")
	}
	return a.cut
}

// fields returns the fields of a JSON object, as far as it can be read. Bytes that follow it, or that are missing at its end, do not
// matter: the value of a new token must not be lost because of them.
func fields(body []byte) map[string]json.RawMessage {
	found := map[string]json.RawMessage{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return found
	}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			break
		}
		if key, ok := name.(string); ok {
			found[key] = value
		}
	}
	return found
}

// text returns the string that raw encodes, or "" if raw is not a JSON string.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// readTime parses a time in the format of RFC 3339, and reports whether there is one.
func readTime(raw json.RawMessage) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text(raw))
	return t, err == nil
}

// escaped joins parts into a path, and escapes each so that it stays one part.
func escaped(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return "/" + strings.Join(parts, "/")
}
