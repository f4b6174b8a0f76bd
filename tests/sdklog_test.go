package tests

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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests turn on the log of OCI's SDK, as a person does who looks for a fault, and search it for secrets. The SDK reads
// OCI_GO_SDK_DEBUG when a process starts, so these tests start a process.

// requireNoSecret fails if the text contains a token, a key, or a signature.
func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	requireNoValue(t, text)
	for _, part := range []string{
		"eyJ", "BEGIN", "PRIVATE KEY", "MII", "ST$", "Signature version", "Basic ", "another issuer", "hunter2",
		base64.StdEncoding.EncodeToString([]byte(canary))[:6],
	} {
		if at := strings.Index(text, part); at >= 0 {
			t.Fatalf("%q is shown after %q", part, text[max(0, at-200):at])
		}
	}
}

// ended ends the plugin, and returns everything that it wrote to standard error.
func (p *process) ended() string {
	_ = p.Kill()
	<-p.exited //nolint:errcheck // The error says that it was killed.
	return p.printed.String()
}

var logLevels = []string{"info", "debug", "v", "verbose", "1", "anything"}

func TestSDKLogShowsNoSecretOfASignIn(t *testing.T) {
	toolchain.Long(t)
	i := newIssuer(t)
	newProxymux(i)
	token, key := i.resource22()
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST", token)
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", key)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.URL)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.URL)
	sessionToken, sessionKey := i.openSession(time.Now().Add(time.Hour), "hunter2")
	i.configFile(i.sessionProfile(sessionToken, sessionKey) + "pass_phrase=hunter2\n")
	serviceAccount := i.keyFile(i.jwt(time.Now().Add(time.Hour)))

	for name, test := range map[string]struct {
		configuration map[string]any
		environment   []string
	}{
		"instance":   {configuration: i.signIn("InstancePrincipal")},
		"session":    {configuration: i.signIn("SecurityToken", "configFileProfile", "WORK")},
		"resource":   {configuration: i.signIn("ResourcePrincipal")},
		"resource11": {i.signIn("ResourcePrincipal"), []string{"OCI_RESOURCE_PRINCIPAL_VERSION=1.1"}},
		"workload":   {configuration: i.signIn("OKEWorkloadIdentity", "workloadIdentityTokenPath", serviceAccount)},
		"federation": {configuration: i.federation()},
	} {
		for _, level := range logLevels {
			t.Run(name+" "+level, func(t *testing.T) {
				p := i.start(append(test.environment, "OCI_GO_SDK_DEBUG="+level))
				require.NoError(t, p.configure(test.configuration))
				created := <-p.beginCreation()
				require.NoError(t, created.err)
				i.oci.DeleteToken(i.user, i.onlyToken().ID)
				printed := p.ended()
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
	i := newIssuer(t)
	echo := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"code":"NotAuthenticated","message":%q}`, i.jwt(time.Now())+string(i.leafPEM())+string(body))
	}
	for _, level := range logLevels {
		for _, path := range []string{"/v1/x509", "/v1/resourcePrincipalSessionToken"} {
			i.answers(path, echo)
			environment := []string{
				"OCI_GO_SDK_DEBUG=" + level, "OCI_RESOURCE_PRINCIPAL_VERSION=1.1",
				"OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT=" + i.URL, "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT=" + i.URL,
			}
			for _, kind := range []string{"InstancePrincipal", "ResourcePrincipal"} {
				p := i.start(environment)
				err := p.configure(i.signIn(kind))
				if path == "/v1/x509" {
					require.Error(t, err)
				}
				if err != nil {
					requireNoSecret(t, err.Error())
				}
				requireNoSecret(t, p.ended())
			}
		}
	}

	w := newWorld(t)
	w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Status: 400, Code: "InvalidParameter", Message: "ci " + canary})
	p := w.start([]string{"OCI_GO_SDK_DEBUG=info"})
	require.NoError(t, p.configure(map[string]any{"endpoint": w.url}))
	require.Error(t, (<-p.beginCreation()).err)
	printed := p.ended()
	requireNoSecret(t, printed)
	assert.Contains(t, printed, "HTTP 400", "it is of use")
}

func TestSDKLogMayGoToAFile(t *testing.T) {
	toolchain.Long(t)
	i := newIssuer(t)
	file := filepath.Join(t.TempDir(), "log")
	p := i.start([]string{"OCI_GO_SDK_DEBUG=v", "OCI_GO_SDK_LOG_OUTPUT_MODE=file", "OCI_GO_SDK_LOG_FILE=" + file})
	require.NoError(t, p.configure(i.signIn("InstancePrincipal")))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	requireNoSecret(t, string(written))
	assert.Contains(t, string(written), "POST /v1/x509")
}
