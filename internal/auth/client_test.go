package auth

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainHTTPIsForTheMetadataServiceAndForLoopbackAddresses(t *testing.T) {
	t.Setenv(metadataVariable, "http://0.0.0.0:1/opc/v2")
	for url, said := range map[string]string{
		"http://192.0.2.1/v1/x509":      "192.0.2.1 would be asked over the network unencrypted: use https",
		"http://auth.example.com":       "use https",
		"http://0.0.0.0:2/opc/v2":       "use https",
		"http://0.0.0.0:1/opc/v2":       "refused", // by this machine
		"http://127.0.0.1:1/v1/x509":    "refused",
		"http://localhost:1/oauth2/v1/": "refused",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", canary)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		require.ErrorContains(t, err, said, url)
	}

	// What proves nothing about the caller, such as a trace that Pulumi sends, goes where it is meant to.
	trace, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://192.0.2.1/api/v1/spans", nil)
	require.NoError(t, err)
	_, err = proxyFor(trace)
	require.NoError(t, err)
}
