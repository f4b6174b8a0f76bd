package identity

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegionOfATenancy(t *testing.T) {
	t.Parallel()
	tenancy := Tenancy{home: &home{configured: &service{region: "us-phoenix-1"}}}
	for said, want := range map[string]Region{
		"":                 {"us-phoenix-1", "oraclecloud.com"},
		"FRA":              {"eu-frankfurt-1", "oraclecloud.com"},
		"iad":              {"us-ashburn-1", "oraclecloud.com"},
		"us-ashburn-1":     {"us-ashburn-1", "oraclecloud.com"},
		"US-Ashburn-1":     {"us-ashburn-1", "oraclecloud.com"},
		"us-gov-ashburn-1": {"us-gov-ashburn-1", "oraclegovcloud.com"},
		"uk-gov-london-1":  {"uk-gov-london-1", "oraclegovcloud.uk"},
		"eu-dcc-milan-1":   {"eu-dcc-milan-1", "oraclecloud14.com"},
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

func TestWhereObjectStorageIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ endpoint, region, host, path, local string }{
		{"", "us-phoenix-1", "https://objectstorage.us-phoenix-1.oraclecloud.com", "", ""},
		{"", "uk-gov-london-1", "https://objectstorage.uk-gov-london-1.oraclegovcloud.uk", "", ""},
		{"http://127.0.0.1:8080", "us-phoenix-1", "http://127.0.0.1:8080", "", "127.0.0.1:8080"},
		{"http://localhost:8080/{region}/", "us-phoenix-1", "http://localhost:8080", "us-phoenix-1", "localhost:8080"},
		{"http://[::1]:8080", "us-phoenix-1", "http://[::1]:8080", "", "[::1]:8080"},
		{"https://oci.example.com/x", "us-phoenix-1", "https://oci.example.com", "x", ""},
	} {
		var endpoint *Endpoint
		if test.endpoint != "" {
			parsed, err := ParseEndpoint(test.endpoint)
			require.NoError(t, err)
			endpoint = &parsed
		}
		at := newService(sender{}, endpoint, test.region)
		storage := at.objectStorage()
		assert.Equal(t, test.host, storage.sender.base.Host)
		assert.Equal(t, test.path, storage.sender.base.BasePath)
		assert.Equal(t, test.local, at.localHost())
		assert.NotEqual(t, at.sender.base.BasePath, storage.sender.base.BasePath)
	}
}
