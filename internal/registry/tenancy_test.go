package registry

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

func TestRegionOfATenancy(t *testing.T) {
	t.Parallel()
	calls, err := oci.New(oci.Options{Credentials: ocitest.NewCredentials(), HTTP: http.DefaultClient})
	require.NoError(t, err)
	tenancy := NewClient(http.DefaultClient, calls).Tenancy(ocitest.Silence{})
	for said, want := range map[string]Region{
		"":                 {Name: "us-phoenix-1", Domain: "oraclecloud.com"},
		"FRA":              {Name: "eu-frankfurt-1", Domain: "oraclecloud.com"},
		"iad":              {Name: "us-ashburn-1", Domain: "oraclecloud.com"},
		"us-ashburn-1":     {Name: "us-ashburn-1", Domain: "oraclecloud.com"},
		"US-Ashburn-1":     {Name: "us-ashburn-1", Domain: "oraclecloud.com"},
		"us-gov-ashburn-1": {Name: "us-gov-ashburn-1", Domain: "oraclegovcloud.com"},
		"uk-gov-london-1":  {Name: "uk-gov-london-1", Domain: "oraclegovcloud.uk"},
		"eu-dcc-milan-1":   {Name: "eu-dcc-milan-1", Domain: "oraclecloud14.com"},
	} {
		region, err := tenancy.Region(said)
		require.NoError(t, err, said)
		assert.Equal(t, want, region, said)
	}
	_, err = tenancy.Region(" us-ashburn-1")
	require.EqualError(t, err, "it has white space around it: remove it")
	for _, said := range []string{"nowhere", "us phoenix 1", " ", "x.evil.com/", "-", "us-phoenix-1@evil.com"} {
		_, err := tenancy.Region(said)
		assert.ErrorContains(t, err, "is not the name or the key of a region", said)
	}
}

// slow answers each request with another access token, after a second.
type slow struct{ asked atomic.Int32 }

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`{"token": "%d", "expires_in": 3600}`, s.asked.Add(1))
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, oci.SystemClock{}.Sleep(r.Context(), time.Second)
}

func TestCallsForOneAccessTokenAtOnceShareARequest(t *testing.T) {
	t.Parallel()
	pull := Access{Region: "us-phoenix-1", Host: "phx.example.com", Scope: "repository:ns/app:pull"}
	for name, test := range map[string]struct {
		change func(*Access)
		asked  int32
	}{
		"the same":       {func(*Access) {}, 1},
		"another scope":  {func(a *Access) { a.Scope = "" }, 2},
		"another region": {func(a *Access) { a.Region, a.Host = "eu-frankfurt-1", "fra.example.com" }, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			answers := &slow{}
			calls, err := oci.New(oci.Options{Credentials: ocitest.NewCredentials(), HTTP: &http.Client{Transport: answers}, Clock: oci.SystemClock{}})
			require.NoError(t, err)
			client, other := NewClient(http.DefaultClient, calls), pull
			test.change(&other)
			var all sync.WaitGroup
			got := make([]AccessToken, 2)
			for i, access := range []Access{pull, other} {
				all.Go(func() {
					token, err := client.Tenancy(ocitest.Silence{}).AccessToken(t.Context(), access)
					assert.NoError(t, err)
					got[i] = token
				})
				synctest.Wait()
			}
			all.Wait()
			assert.Equal(t, test.asked, answers.asked.Load(), name)
			assert.Equal(t, test.asked == 1, got[0] == got[1], name)

			later, err := client.Tenancy(ocitest.Silence{}).AccessToken(t.Context(), pull)
			require.NoError(t, err)
			assert.NotContains(t, got, later, "%s: none is kept", name)
		})
	}
}
