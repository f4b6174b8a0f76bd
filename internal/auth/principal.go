package auth

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// principal signs as the instance, resource or workload that runs this program, rather than as a user. OCI gives it a
// short-lived security token, which the SDK renews. See
// https://docs.oracle.com/iaas/Content/API/Concepts/sdk_authentication_methods.htm.
//
// It adds what the SDK lacks: calls end in time, answers that cannot be read do no harm, errors contain no tokens, and many
// goroutines may use it.
type principal struct {
	common.ConfigurationProvider // has the region. A principal is no user, and in no configuration file

	kind     string
	sdk      common.ConfigurationProvider
	mu       *sync.Mutex // held while the SDK may renew the token
	tenancy  string      // for when the SDK does not know it
	redactor redactor
}

var _ common.RefreshableConfigurationProvider = (*principal)(nil)

// signInAs returns credentials that use what the SDK finds. It asks for the first security token and its key.
func signInAs(
	ctx context.Context, s *sources, kind string, find func() (common.ConfigurationProvider, error),
) (Credentials, error) {
	p := &principal{kind: kind, mu: &sync.Mutex{}, tenancy: string(s.find(propertyTenancyOCID).value), redactor: newRedactor(s)}
	region := s.find(propertyRegion)
	err := checkRegion(string(region.value))
	if region.value != "" && err != nil {
		return nil, wrong(propertyRegion, "%v (from %s)", err, region.origin)
	}
	if p.sdk, err = within(ctx, find); err != nil {
		return nil, wrong(propertyAuth, "%s does not work here: %v", kind, p.redactor.clean(err))
	}
	named := string(region.value)
	if named == "" {
		if named, err = within(ctx, p.sdk.Region); err != nil || named == "" {
			return nil, s.missing(propertyRegion)
		}
	}
	p.ConfigurationProvider = common.NewRawConfigurationProvider("", "", named, "", "", nil)
	if _, err = p.keyID(ctx); err == nil {
		_, err = ask(ctx, p, p.sdk.PrivateRSAKey)
	}
	if err != nil {
		return nil, wrong(propertyAuth, "%v", err)
	}
	return p, nil
}

// KeyID returns the current security token.
func (p *principal) KeyID() (string, error) { return p.keyID(context.Background()) }

func (p *principal) keyID(ctx context.Context) (string, error) {
	id, err := ask(ctx, p, p.sdk.KeyID)
	if err != nil {
		return "", err
	}
	claims, err := readClaims(strings.TrimPrefix(id, securityTokenPrefix))
	if err == nil && claims.expired() {
		return "", fmt.Errorf("signing in as %s: the security token expired at %s, and has not been renewed", p.kind, claims.expires())
	}
	return id, nil
}

// PrivateRSAKey returns the key that belongs to the security token.
func (p *principal) PrivateRSAKey() (*rsa.PrivateKey, error) {
	return ask(context.Background(), p, p.sdk.PrivateRSAKey)
}

// TenancyOCID returns the tenancy of the principal, or "" if it is not known.
func (p *principal) TenancyOCID() (string, error) {
	if tenancy, err := ask(context.Background(), p, p.sdk.TenancyOCID); err == nil && tenancy != "" {
		return tenancy, nil
	}
	id, err := p.KeyID()
	if err != nil {
		return "", err
	}
	claims, _ := readClaims(strings.TrimPrefix(id, securityTokenPrefix))
	return cmp.Or(claims.ResourceTenancy, p.tenancy), nil
}

// Refreshable returns true, so that a request is signed again after a 401. The SDK asks for the key and for the token one after
// the other, and another goroutine may renew both in between.
func (*principal) Refreshable() bool { return true }

// String says who signs.
func (p *principal) String() string {
	tenancy, _ := p.TenancyOCID()
	return fmt.Sprintf("the principal that Pulumi runs as (%s), in tenancy %s", p.kind, cmp.Or(tenancy, "unknown"))
}

// ask calls the SDK for something that may need a new security token.
func ask[T any](ctx context.Context, p *principal, question func() (T, error)) (T, error) {
	answer, err := within(ctx, func() (T, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return question()
	})
	if err != nil {
		return answer, fmt.Errorf("signing in as %s: %w", p.kind, p.redactor.clean(err))
	}
	return answer, nil
}

// within calls the SDK and bounds the time that it takes. Some calls of the SDK wait for minutes, some for ever, and none can be
// cancelled. The SDK also panics on answers that lack what it expects: within returns an error instead.
func within[T any](ctx context.Context, do func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("there was no answer within a minute"))
	defer cancel()
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if recover() != nil { // what it panics with may contain a part of the answer
				o.err = errors.New("OCI's SDK could not read the answer")
			}
			done <- o
		}()
		o.value, o.err = do()
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
