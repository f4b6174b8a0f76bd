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
)

// longestBody bounds what is read of an answer. The longest that makes sense is a list of two tokens.
const longestBody = 1 << 20

// request is one request to OCI.
type request struct {
	method string
	// path is below the version of the API, with every part escaped: see escaped.
	path string
	// query is what follows the path, or nil.
	query url.Values
	// body goes as JSON. Nil means that there is none.
	body any
	// retryToken makes the service answer a repeated request as it did the first: the opc-retry-token of
	// https://docs.oracle.com/iaas/Content/API/Concepts/usingapi.htm. Empty means that the request is safe to repeat.
	retryToken string
	// unlessOver, if it is set, keeps the request from being sent once it has ended. A request that was sent is not given up
	// for it: its answer may hold a token.
	unlessOver context.Context
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	// cut is why the body ends early, or nil.
	cut error
}

// succeeded reports whether the service says that it has done what it was asked for.
func (a *answer) succeeded() bool { return a.status >= 200 && a.status <= 299 }

// isJSON reports whether the body claims to be JSON, or claims nothing.
func (a *answer) isJSON() bool {
	claim := a.header.Get("Content-Type")
	if claim == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(claim)
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}

// sender signs and sends requests, by oci-go-sdk.
type sender struct{ base common.BaseClient }

// newSender prepares the SDK's client: https://docs.oracle.com/iaas/Content/API/SDKDocs/gosdk.htm.
func newSender(
	credentials common.ConfigurationProvider, userAgent string, realmSpecificEndpoints, dualStackEndpoints *bool,
) (sender, error) {
	base, err := common.NewClientWithConfig(credentials)
	if err != nil {
		return sender{}, fmt.Errorf("preparing the OCI client: %w", err)
	}
	client, ok := base.HTTPClient.(*http.Client)
	if !ok {
		return sender{}, errors.New("preparing the OCI client: the SDK's client is of an unknown kind")
	}
	// A signed request, and a new token's value, go to the service and nowhere else.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	base.HTTPClient = keepingAnswers{client}

	base.Configuration.RealmSpecificServiceEndpointTemplateEnabled = realmSpecificEndpoints
	if dualStackEndpoints != nil {
		base.EnableDualStackEndpoints(*dualStackEndpoints)
	}
	if userAgent != "" {
		base.UserAgent = userAgent + " " + base.UserAgent
	}
	return sender{base}, nil
}

// send makes one request. It reports whether the request may have reached the service, and returns an answer or an error,
// never both.
func (s sender) send(ctx context.Context, r request) (reply *answer, sent bool, err error) {
	// From a connection on, a request may be under way.
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

	// The SDK unescapes the path, after it has taken "." and ".." in it for what they mean in a path.
	for part := range strings.SplitSeq(strings.TrimPrefix(r.path, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return nil, false, fmt.Errorf("%q is not the path of a request", r.path)
		}
	}
	plain := common.MakeDefaultHTTPRequest(r.method, r.path)
	plain.URL.RawQuery = r.query.Encode()
	if r.body != nil {
		content, err := json.Marshal(r.body)
		if err != nil {
			return nil, false, fmt.Errorf("the body of the request cannot be made: %w", err)
		}
		plain.Body = io.NopCloser(bytes.NewReader(content))
		plain.ContentLength = int64(len(content))
		plain.Header.Set("Content-Type", "application/json")
	}
	if r.retryToken != "" {
		plain.Header.Set("opc-retry-token", r.retryToken)
	}
	plain.Header.Set("opc-request-id", randomID())
	plain.Header.Set("opc-client-retries", "true")

	response, err := s.base.Call(ctx, &plain) //nolint:bodyclose // it has been read and closed: see keepingAnswers
	if response == nil {
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, connected.Load(), err
	}
	// The SDK makes an error of a refusal, and reads it in its own way: what counts is the answer.
	body, ok := response.Body.(*keptBody)
	if !ok {
		return nil, true, errors.New("the SDK has replaced the answer's body")
	}
	return &answer{status: response.StatusCode, header: response.Header, body: body.content, cut: body.cut}, true, nil
}

// randomID returns an identifier in the form of OCI's request ids.
func randomID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // it never fails
	return strings.ToUpper(hex.EncodeToString(random))
}

// keepingAnswers reads the body of every answer, as far as it makes sense, and keeps it for whoever reads it again.
type keepingAnswers struct{ client *http.Client }

// Do is how the SDK sends a signed request.
func (k keepingAnswers) Do(r *http.Request) (*http.Response, error) {
	response, err := k.client.Do(r) //nolint:gosec // where requests go is the configuration's to say
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, longestBody+1))
	_ = response.Body.Close()
	switch {
	case len(content) > longestBody:
		content, err = nil, fmt.Errorf("it is longer than %d bytes", longestBody)
	case err != nil:
		err = errors.New("the connection broke in the middle of it")
	}
	response.Body = &keptBody{Reader: bytes.NewReader(content), content: content, cut: err}
	return response, nil
}

// keptBody is a body that has been read already.
type keptBody struct {
	*bytes.Reader
	content []byte
	cut     error
}

// Close does nothing: there is no connection behind it.
func (*keptBody) Close() error { return nil }

// text returns a JSON text, or "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// readTime reads a time in the format of RFC 3339. It reports whether there is one.
func readTime(raw json.RawMessage) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text(raw))
	return t, err == nil
}

// escaped joins parts into a path. No part can be taken for more than one.
func escaped(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return "/" + strings.Join(parts, "/")
}
