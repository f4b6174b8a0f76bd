package oci

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHomeIn(t *testing.T) {
	t.Parallel()
	for message, region := range map[string]string{
		"Please go to your home region PHX to execute CREATE, UPDATE and DELETE operations.": "us-phoenix-1",
		"Please go to your home region iad to execute CREATE.":                               "us-ashburn-1",
		"Please go to your home region us-new-1 to execute CREATE.":                          "us-new-1",
		"Please go to your home region XYZ to do so.":                                        "",
		"No.": "",
	} {
		assert.Equal(t, region, homeIn(message), message)
	}
}

func TestServiceInARegion(t *testing.T) {
	t.Parallel()
	const everywhere, one = "https://id.{region}.example.com/x/", "http://127.0.0.1:8080"
	for name, test := range map[string]struct{ endpoint, region, url, shown string }{
		"public":                {"", "us-phoenix-1", "https://identity.us-phoenix-1.oci.oraclecloud.com/20160918", "us-phoenix-1"},
		"public, another realm": {"", "us-langley-1", "https://identity.us-langley-1.oci.oraclegovcloud.com/20160918", "us-langley-1"},
		"public, with dots":     {"", "us-region-1.oci.example.com", "https://identity.us-region-1.oci.example.com/20160918", "us-region-1.oci.example.com"},
		"in every region":       {everywhere, "eu-frankfurt-1", "https://id.eu-frankfurt-1.example.com/x/20160918", "eu-frankfurt-1 at https://id.eu-frankfurt-1.example.com/x"},
		"one for all":           {one, "us-phoenix-1", "http://127.0.0.1:8080/20160918", "us-phoenix-1 at http://127.0.0.1:8080"},
	} {
		s := newService(&Client{}, parsed(t, test.endpoint), test.region)
		assert.Equal(t, test.url, s.host+s.path, name)
		assert.Equal(t, test.shown, s.String(), name)
		assert.Same(t, s, s.in(test.region), name)
		elsewhere := s.in("uk-london-1")
		if test.endpoint == one {
			assert.Nil(t, elsewhere, "the only endpoint belongs to one region")
			continue
		}
		assert.Contains(t, elsewhere.host, "uk-london-1", name)
	}
}

// parsed returns an endpoint, if there is one.
func parsed(t *testing.T, template string) Endpoint {
	t.Helper()
	if template == "" {
		return ""
	}
	endpoint, err := ParseEndpoint(template)
	require.NoError(t, err, template)
	return endpoint
}

func TestWhereObjectStorageIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ endpoint, region, url, local string }{
		{"", "us-phoenix-1", "https://objectstorage.us-phoenix-1.oraclecloud.com", ""},
		{"", "uk-gov-london-1", "https://objectstorage.uk-gov-london-1.oraclegovcloud.uk", ""},
		{"http://127.0.0.1:8080", "us-phoenix-1", "http://127.0.0.1:8080", "127.0.0.1:8080"},
		{"http://localhost:8080/{region}/", "us-phoenix-1", "http://localhost:8080/us-phoenix-1", "localhost:8080"},
		{"http://[::1]:8080", "us-phoenix-1", "http://[::1]:8080", "[::1]:8080"},
		{"https://oci.example.com/x", "us-phoenix-1", "https://oci.example.com/x", ""},
	} {
		client := &Client{}
		client.configured = newService(client, parsed(t, test.endpoint), test.region)
		storage := client.ObjectStorage()
		assert.Equal(t, test.url, storage.host+storage.path)
		assert.Equal(t, test.local, client.LocalHost())
	}
}

func TestWhereTheContainerRegistryIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ endpoint, url string }{
		{"", "https://ocir.uk-london-1.oci.oraclecloud.com/20180419"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/20180419"},
		{"http://localhost:8080/{region}/", "http://localhost:8080/uk-london-1/20180419"},
		{"https://identity.example.com/x", "https://ocir.uk-london-1.oci.oraclecloud.com/20180419"},
	} {
		client := &Client{}
		client.configured = newService(client, parsed(t, test.endpoint), "us-phoenix-1")
		at := client.ContainerRegistry("uk-london-1", "ocir.uk-london-1.oci.oraclecloud.com")
		assert.Equal(t, test.url, at.host+at.path)
		assert.Contains(t, at.String(), "uk-london-1")
	}
}
