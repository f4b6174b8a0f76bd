package registry

import (
	"net/http"
	"testing"

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
	for _, said := range []string{"nowhere", "us phoenix 1", "x.evil.com/", "-", "us-phoenix-1@evil.com"} {
		_, err := tenancy.Region(said)
		assert.ErrorContains(t, err, "is not the name or the key of a region", said)
	}
}
