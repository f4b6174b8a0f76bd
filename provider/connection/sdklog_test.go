package connection_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests turn on the log of OCI's SDK, as a person does who looks for a fault, and search it for secrets. The SDK reads
// OCI_GO_SDK_DEBUG when a process starts, so these tests start a process.

// requireNoSecret fails if the text contains a token, a key, or a signature.
func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	harness.RequireNoValue(t, text)
	for _, part := range []string{
		"eyJ", "BEGIN", "PRIVATE KEY", "MII", "ST$", "Signature version", "Basic ", "another issuer", "hunter2",
		base64.StdEncoding.EncodeToString([]byte(harness.Canary))[:6],
	} {
		if at := strings.Index(text, part); at >= 0 {
			t.Fatalf("%q is shown after %q", part, text[max(0, at-200):at])
		}
	}
}

var logLevels = []string{"info", "debug", "v", "verbose", "1", "anything"}

func TestSDKLogShowsNoSecretOfASignIn(t *testing.T) {
	toolchain.Long(t)
	i := harness.NewIssuer(t)
	newProxymux(i)
	token, key := resource22(i)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST", token)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", key)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.Server.URL)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.Server.URL)
	sessionToken, sessionKey := i.OpenSession(time.Now().Add(time.Hour), "hunter2")
	i.ConfigFile(i.SessionProfile(sessionToken, sessionKey) + "pass_phrase=hunter2\n")
	serviceAccount := i.KeyFile(i.JWT(time.Now().Add(time.Hour)))

	for name, test := range map[string]struct {
		configuration map[string]any
		environment   []string
	}{
		"instance":   {configuration: signIn(i.World, "InstancePrincipal")},
		"session":    {configuration: signIn(i.World, "SecurityToken", "configFileProfile", "WORK")},
		"resource":   {configuration: signIn(i.World, "ResourcePrincipal")},
		"resource11": {signIn(i.World, "ResourcePrincipal"), []string{"OCI_RESOURCE_PRINCIPAL_VERSION=1.1"}},
		"workload":   {configuration: signIn(i.World, "OKEWorkloadIdentity", "workloadIdentityTokenPath", serviceAccount)},
		"federation": {configuration: federation(i)},
	} {
		for _, level := range logLevels {
			t.Run(name+" "+level, func(t *testing.T) {
				p := i.Start(append(test.environment, "OCI_GO_SDK_DEBUG="+level))
				require.NoError(t, p.Configure(test.configuration))
				created := <-p.BeginCreation()
				require.NoError(t, created.Err)
				i.OCI.DeleteToken(i.User, i.OnlyToken().ID)
				printed := p.End()
				requireNoSecret(t, printed)
				if name == "instance" && level == "debug" {
					assert.Contains(t, printed, "POST /v1/x509", "it is of use")
					assert.Regexp(t, `POST /us-phoenix-1/20160918/users/\S+/authTokens at 127.0.0.1:\d+: HTTP 200 \(opc-request-id [0-9A-F/]+\)`, printed)
				}
			})
		}
	}
}

// The SDK logs a refusal at every level, with the request and its body. The answer may also repeat what it refuses.
func TestSDKLogShowsNoSecretOfARefusal(t *testing.T) {
	toolchain.Long(t)
	i := harness.NewIssuer(t)
	echo := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"code":"NotAuthenticated","message":%q}`, i.JWT(time.Now())+string(i.LeafPEM())+string(body))
	}
	for _, level := range logLevels {
		for _, path := range []string{"/v1/x509", "/v1/resourcePrincipalSessionToken"} {
			answers(i, path, echo)
			environment := []string{
				"OCI_GO_SDK_DEBUG=" + level, "OCI_RESOURCE_PRINCIPAL_VERSION=1.1",
				"OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT=" + i.Server.URL, "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT=" + i.Server.URL,
			}
			for _, kind := range []string{"InstancePrincipal", "ResourcePrincipal"} {
				p := i.Start(environment)
				err := p.Configure(signIn(i.World, kind))
				if path == "/v1/x509" {
					require.Error(t, err)
				}
				if err != nil {
					requireNoSecret(t, err.Error())
				}
				requireNoSecret(t, p.End())
			}
		}
	}

	w := harness.NewWorld(t)
	w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Status: 400, Code: "InvalidParameter", Message: "ci " + harness.Canary})
	p := w.Start([]string{"OCI_GO_SDK_DEBUG=info"})
	require.NoError(t, p.Configure(map[string]any{"endpoint": w.URL}))
	require.Error(t, (<-p.BeginCreation()).Err)
	printed := p.End()
	requireNoSecret(t, printed)
	assert.Contains(t, printed, "HTTP 400", "it is of use")
}

func TestSDKLogMayGoToAFile(t *testing.T) {
	toolchain.Long(t)
	i := harness.NewIssuer(t)
	file := filepath.Join(t.TempDir(), "log")
	p := i.Start([]string{"OCI_GO_SDK_DEBUG=v", "OCI_GO_SDK_LOG_OUTPUT_MODE=file", "OCI_GO_SDK_LOG_FILE=" + file})
	require.NoError(t, p.Configure(signIn(i.World, "InstancePrincipal")))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	requireNoSecret(t, string(written))
	assert.Contains(t, string(written), "POST /v1/x509")
}
