package tests

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/ociauthtoken/pulumi-ociauthtoken/"

// TestArrowsPointOneWay holds the structure of CONTRIBUTING.md in place: what each package may import of the others.
func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		"cmd/pulumi-resource-ociauthtoken": {"provider"},
		"cmd/oci-identity-emulator":        {"internal/emulator"},
		"provider":                         {"internal/identity", "internal/auth", "internal/ocid", "internal/outside"},
		"internal/identity":                {"internal/outside"},
		"internal/auth":                    {"internal/ocid", "internal/outside", "internal/sdklog"},
		"internal/sdklog":                  nil,
		"internal/ocid":                    {"internal/outside"},
		"internal/outside":                 nil,
		"internal/emulator":                nil,
	}
	for from, imports := range packageImports(t) {
		permitted, governed := allowed[from]
		if !governed {
			assert.Regexp(t, `^(tests|tools|examples)(/|$)`, from, "a new package: say here what it may import")
			continue
		}
		for _, imported := range imports {
			if to, ours := strings.CutPrefix(imported, module); ours {
				assert.Contains(t, permitted, to, "%s imports %s", from, to)
			}
			if strings.HasPrefix(imported, "github.com/oracle/oci-go-sdk/") {
				assert.Contains(t, []string{"internal/identity", "internal/auth", "internal/sdklog"}, from, "%s imports OCI's SDK", from)
			}
		}
	}
}

// TestSDKLogIsTamedBeforeTheSDKRuns holds that whoever makes credentials has the SDK's log tamed first: a package is
// initialized before those that import it.
func TestSDKLogIsTamedBeforeTheSDKRuns(t *testing.T) {
	t.Parallel()
	assert.Contains(t, packageImports(t)["internal/auth"], module+"internal/sdklog")
}

// packageImports are the imports of each package outside of tests.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	command.Dir = ".."
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
