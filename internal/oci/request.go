package oci

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/sdklog"
)

// Request is one request to OCI.
type Request struct {
	Method string
	// Path comes after the version of the API. Each part of it is escaped: see the function Path.
	Path string
	// Query is what follows the path, or nil.
	Query url.Values
	// Body is sent as JSON. Nil means no body.
	Body any
	// RetryToken makes the service answer a repeated request as it did the first: the opc-retry-token of
	// https://docs.oracle.com/iaas/Content/API/Concepts/usingapi.htm. Empty means that the request is safe to repeat.
	RetryToken string
	// UnlessOver, if it is set, prevents the request from being sent after this context has ended. A request that was sent is not
	// cancelled with it, because its answer may contain a token.
	UnlessOver context.Context
}

// Path joins parts into a path, and escapes each so that it stays one part.
func Path(parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return "/" + strings.Join(parts, "/")
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
// never both. It does not use the SDK's own Call, which spends a quarter of the time on redacting log lines that are never printed, and
// discards answers: see https://github.com/oracle/oci-go-sdk/blob/master/common/client.go.
func (s *Service) send(ctx context.Context, r Request) (reply *Answer, sent bool, err error) {
	// Once there is a connection, the request may reach the service.
	var connected atomic.Bool
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if r.UnlessOver != nil {
		defer context.AfterFunc(r.UnlessOver, func() {
			if !connected.Load() {
				cancel(context.Cause(r.UnlessOver))
			}
		})()
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	for signed := 1; ; signed++ {
		connected.Store(false)
		reply, err = s.sendOnce(ctx, r)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil || signed == signatures || !s.client.isRefreshable() || !isSignatureRefused(reply) {
			return reply, connected.Load(), err
		}
		// The key and the security token are read one after the other. Both may have been renewed in between.
		if s.client.Clock.Sleep(ctx, signAfter) != nil || (r.UnlessOver != nil && r.UnlessOver.Err() != nil) {
			return reply, true, nil
		}
	}
}

// isSignatureRefused reports whether an answer means that the signature is unknown or invalid. Identity domains also answer with 401,
// and with this code, if the caller lacks a permission.
func isSignatureRefused(a *Answer) bool {
	return a.Status == http.StatusUnauthorized && !bytes.Contains(a.Body, []byte("accessDenied"))
}

// signedBy says who signs, and where each part of the credentials comes from.
func (c *Client) signedBy() string {
	if described, ok := c.credentials.(fmt.Stringer); ok {
		return described.String()
	}
	return "the credentials in the provider's configuration"
}

// isRefreshable reports whether another signature may succeed after one was refused.
func (c *Client) isRefreshable() bool {
	refreshable, ok := c.credentials.(common.RefreshableConfigurationProvider)
	return ok && refreshable.Refreshable()
}

// sendOnce signs and sends a request, and reads the answer.
func (s *Service) sendOnce(ctx context.Context, r Request) (*Answer, error) {
	plain, err := s.build(r)
	if err != nil {
		return nil, err
	}
	if err := s.client.signer.Sign(plain); err != nil {
		return nil, err
	}
	response, err := s.client.http.Do(plain.WithContext(ctx))
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
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: content, Cut: err}, nil
}

// build returns the request without its signature.
func (s *Service) build(r Request) (*http.Request, error) {
	for part := range strings.SplitSeq(strings.TrimPrefix(r.Path, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return nil, fmt.Errorf("%q is not the path of a request", r.Path)
		}
	}
	plain := common.MakeDefaultHTTPRequest(r.Method, "")
	var err error
	if plain.URL, err = url.Parse(s.host + s.path + r.Path); err != nil {
		return nil, fmt.Errorf("%q is not the path of a request", r.Path)
	}
	plain.URL.RawQuery = r.Query.Encode()
	if r.Body != nil {
		content, err := json.Marshal(r.Body)
		if err != nil {
			return nil, fmt.Errorf("the body of the request cannot be encoded: %w", err)
		}
		plain.Body = io.NopCloser(bytes.NewReader(content))
		plain.ContentLength = int64(len(content))
		plain.Header.Set("Content-Type", "application/json")
	}
	if r.RetryToken != "" {
		plain.Header.Set("opc-retry-token", r.RetryToken)
	}
	if delegated, ok := s.client.credentials.(Delegated); ok {
		token, err := delegated.DelegationToken()
		if err != nil {
			return nil, fmt.Errorf("the delegation token: %w", err)
		}
		plain.Header.Set(delegationHeader, token)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	plain.Header.Set("opc-request-id", fmt.Sprintf("%X", id))
	plain.Header.Set("opc-client-retries", "true")
	return &plain, nil
}
