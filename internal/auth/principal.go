package auth

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// principal signs as the instance, resource or workload that runs this program, rather than as a user. OCI gives it a
// short-lived security token, which the SDK renews. See
// https://docs.oracle.com/iaas/Content/API/Concepts/sdk_authentication_methods.htm.
//
// It adds what the SDK lacks: calls end in time, answers that cannot be read do no harm, errors contain no tokens, and many
// goroutines may use it.
type principal struct {
	common.ConfigurationProvider // has the region. A principal is no user, and in no configuration file

	kind    string
	sdk     common.ConfigurationProvider
	mu      sync.Mutex // held while the SDK may renew the token
	tenancy string     // for when the SDK does not know it
}

// signInAs returns credentials that use what the SDK finds. It asks for the first security token and its key.
func signInAs(
	ctx context.Context, s *sources, kind string, find func() (common.ConfigurationProvider, error),
) (Credentials, error) {
	p := &principal{kind: kind, tenancy: string(s.find(propertyTenancyOCID).value)}
	region := s.find(propertyRegion)
	err := checkRegion(string(region.value))
	if region.value != "" && err != nil {
		return nil, wrong(propertyRegion, "%v (from %s)", err, region.origin)
	}
	if p.sdk, err = ask(ctx, p, find); err != nil {
		return nil, wrong(propertyAuth, "%v", err)
	}
	named := string(region.value)
	if named == "" {
		named, _ = p.sdk.Region()
	}
	if named == "" {
		return nil, s.missing(propertyRegion)
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
	tenancy, err := ask(context.Background(), p, p.sdk.TenancyOCID)
	if err != nil {
		_, err = p.KeyID() // nil if the security token names no tenancy
	}
	return cmp.Or(tenancy, p.tenancy), err
}

// Refreshable returns true, so that a request is signed again after a 401. The SDK asks for the key and for the token one after
// the other, and another goroutine may renew both in between.
func (*principal) Refreshable() bool { return true }

// String says who signs.
func (p *principal) String() string {
	tenancy, _ := p.TenancyOCID()
	return fmt.Sprintf("the principal that Pulumi runs as (%s), in tenancy %s", p.kind, cmp.Or(tenancy, "unknown"))
}

// ask calls the SDK, one call at a time, and bounds the time that it takes. Some calls of the SDK wait for minutes, some for ever, and
// none can be cancelled. The SDK also panics on answers that lack what it expects: ask returns an error instead.
func ask[T any](ctx context.Context, p *principal, question func() (T, error)) (answer T, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("there was no answer within a minute"))
	defer cancel()
	var got T
	var failed error
	done := make(chan struct{})
	go func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		defer close(done)
		defer func() {
			if recover() != nil { // what it panics with may contain a part of the answer
				failed = errors.New("OCI's SDK could not read the answer")
			}
		}()
		got, failed = question()
	}()
	select {
	case <-done:
		answer, err = got, failed
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return answer, fmt.Errorf("signing in as %s: %w", p.kind, clean(err))
	}
	return answer, nil
}

// plain matches the words of a message that are shown: words of a language, names of variables, properties and errors, numbers and
// addresses, and the ids of requests. A token or a key is longer, or mixes letters and digits.
var plain = regexp.MustCompile(`^([A-Za-z]{1,24}([-'/][A-Za-z]{1,24}){0,3}|[A-Z0-9]+(_[A-Z0-9]+)+|[a-z]+([_.][a-z0-9]+){1,6}|[a-z]{1,4}[0-9]{1,4}|` +
	`[0-9][0-9.:/%-]{0,20}|[0-9A-F]{32}(/[0-9A-F]{32}){0,2})$`)

// clean returns an error of the SDK with the words that may be shown, and an ellipsis in place of all others: the SDK quotes answers and
// tokens that it cannot parse.
func clean(err error) error {
	const gone = "…"
	var shown []string
	for _, word := range strings.Fields(err.Error()) {
		core := strings.Trim(word, `()[]{}<>"'.,:;!?`)
		switch url := safetext.URL(core).String(); {
		case core == "", core == url, plain.MatchString(core):
		case strings.Contains(url, "://"):
			word = url
		default:
			word = gone
		}
		if word != gone || len(shown) == 0 || shown[len(shown)-1] != gone {
			shown = append(shown, word)
		}
	}
	return errors.New(safetext.Sentence(strings.Join(shown, " ")))
}
