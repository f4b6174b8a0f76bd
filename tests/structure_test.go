package tests

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/ociauthtoken/pulumi-ociauthtoken/"

// TestArrowsPointOneWay checks that each package imports only those that CONTRIBUTING.md allows.
func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		"cmd/pulumi-resource-ociauthtoken": {"provider"},
		"cmd/oci-identity-emulator":        {"internal/emulator"},
		"provider": {
			"internal/tokens", "provider/authtoken", "provider/connection", "provider/getauthtokens", "provider/infermend", "provider/registry",
			"provider/rotatingauthtoken", "provider/token",
		},
		"provider/authtoken":         {"internal/tokens", "internal/outside", "provider/connection", "provider/infermend", "provider/token"},
		"provider/rotatingauthtoken": {"internal/tokens", "internal/oci", "internal/ocid", "provider/connection", "provider/infermend", "provider/token"},
		"provider/getauthtokens":     {"internal/tokens", "internal/outside", "provider/connection", "provider/token"},
		"provider/registry":          {"internal/tokens", "internal/registry", "provider/connection", "provider/infermend", "provider/token"},
		"provider/token":             {"internal/hosts", "internal/oci", "internal/ocid", "internal/outside", "internal/tokens", "provider/infermend"},
		"provider/connection": {
			"internal/auth", "internal/oci", "internal/registry", "internal/tokens", "internal/tokens/iam", "internal/web", "provider/infermend",
		},
		"provider/infermend":   {"internal/panics"},
		"internal/tokens":      {"internal/oci", "internal/hosts", "internal/outside", "internal/panics"},
		"internal/tokens/iam":  {"internal/tokens", "internal/tokens/scim", "internal/oci", "internal/hosts", "internal/outside"},
		"internal/tokens/scim": {"internal/tokens", "internal/oci", "internal/outside"},
		"internal/oci":         {"internal/hosts", "internal/outside", "internal/panics", "internal/sdklog", "internal/web"},
		"internal/oci/ocitest": nil,
		"internal/auth":        {"internal/hosts", "internal/ocid", "internal/outside", "internal/sdklog"},
		"internal/registry": {
			"internal/tokens", "internal/tokens/iam", "internal/tokens/scim", "internal/oci", "internal/hosts", "internal/outside",
			"internal/panics", "internal/web",
		},
		"internal/web":      {"internal/outside"},
		"internal/hosts":    {"internal/outside"},
		"internal/sdklog":   nil,
		"internal/ocid":     {"internal/outside"},
		"internal/outside":  nil,
		"internal/panics":   nil,
		"internal/emulator": nil,
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
				assert.Contains(t, []string{"internal/oci", "internal/oci/ocitest", "internal/registry", "internal/auth", "internal/sdklog", "internal/web"}, from, "%s imports OCI's SDK", from)
			}
		}
	}
}

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
