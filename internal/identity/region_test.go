package identity

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
	endpoint := func(template string) *Endpoint {
		parsed, err := ParseEndpoint(template)
		require.NoError(t, err, template)
		return &parsed
	}
	everywhere, one := endpoint("https://id.{region}.example.com/x/"), endpoint("http://127.0.0.1:8080")
	for name, test := range map[string]struct {
		endpoint   *Endpoint
		region     string
		host, path string
		shown      string
	}{
		"public":                {nil, "us-phoenix-1", "https://identity.us-phoenix-1.oci.oraclecloud.com", "20160918", "us-phoenix-1"},
		"public, another realm": {nil, "us-langley-1", "https://identity.us-langley-1.oci.oraclegovcloud.com", "20160918", "us-langley-1"},
		"public, with dots":     {nil, "us-region-1.oci.example.com", "https://identity.us-region-1.oci.example.com", "20160918", "us-region-1.oci.example.com"},
		"in every region":       {everywhere, "eu-frankfurt-1", "https://id.eu-frankfurt-1.example.com", "x/20160918", "eu-frankfurt-1 at https://id.eu-frankfurt-1.example.com"},
		"one for all":           {one, "us-phoenix-1", "http://127.0.0.1:8080", "20160918", "us-phoenix-1 at http://127.0.0.1:8080"},
	} {
		s := newService(sender{}, test.endpoint, test.region)
		assert.Equal(t, test.host, s.sender.base.Host, name)
		assert.Equal(t, test.path, s.sender.base.BasePath, name)
		assert.Equal(t, test.shown, s.String(), name)
		assert.Same(t, s, s.in(test.region), name)
		elsewhere := s.in("uk-london-1")
		if test.endpoint == one {
			assert.Nil(t, elsewhere, "the only endpoint belongs to one region")
			continue
		}
		assert.Contains(t, elsewhere.sender.base.Host, "uk-london-1", name)
	}
}
