// Package repository tests what is checked in: the SDKs, the imports between the packages, the dependencies that are kept up to date, and
// that the benchmark runs.
package repository

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

const module = "github.com/ociauthtoken/pulumi-ociauthtoken/"

// TestArrowsPointOneWay checks what the compiler does not, as it does not let packages import each other.
func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	const (
		thing     = `provider/(authtoken|rotatingauthtoken|getauthtokens|registry)`
		usesSDK   = `internal/(oci|oci/ocitest|registry|auth|sdklog|web)`
		emulating = `cmd/oci-identity-emulator|internal/emulator|(tests|tools|examples)(/.*)?`
	)
	rules := []struct{ from, mayNot, why string }{
		{`cmd/.*|provider(/.*)?|internal/.*`, `(tests|tools|examples)(/.*)?`, "what is built does not need what builds and tests it"},
		{`internal/.*`, `(cmd|provider)(/.*)?`, "the client of OCI knows nothing of Pulumi"},
		{thing, thing, "what several things need is in provider/token"},
		{thing + `|provider/token`, `internal/(auth|web|tokens/.*)`, "they are given a client by provider/connection"},
		{`internal/emulator`, `(internal|provider|cmd)/.*|github.com/oracle/.*`, "the emulator must be able to contradict the client"},
	}
	for from, imports := range packageImports(t) {
		for _, imported := range imports {
			to := strings.TrimPrefix(imported, module)
			for _, rule := range rules {
				if whole(rule.from).MatchString(from) && whole(rule.mayNot).MatchString(to) {
					t.Errorf("%s imports %s: %s", from, to, rule.why)
				}
			}
			if to == "internal/emulator" {
				assert.Regexp(t, whole(emulating), from, "it imports the emulator, which is for tests")
			}
			if strings.HasPrefix(from, "internal/") || strings.HasPrefix(from, "provider") {
				if strings.HasPrefix(to, "github.com/oracle/oci-go-sdk/") {
					assert.Regexp(t, whole(usesSDK), from, "it imports OCI's SDK")
				}
			}
		}
	}
}

// whole returns the pattern for a whole path.
func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(` + pattern + `)$`) }

// TestSDKLogIsReplacedBeforeTheSDKRuns checks that the packages which create credentials import sdklog. Go initializes a package before
// those that import it.
func TestSDKLogIsReplacedBeforeTheSDKRuns(t *testing.T) {
	t.Parallel()
	assert.Contains(t, packageImports(t)["internal/auth"], module+"internal/sdklog")
}

// packageImports returns the imports of each package, without those of its tests.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	command.Dir = toolchain.Root
	output, err := command.Output()
	require.NoError(t, err)
	imports := map[string][]string{}
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		imports[strings.TrimPrefix(fields[0], module)] = fields[1:]
	}
	require.Contains(t, imports, "provider")
	return imports
}
