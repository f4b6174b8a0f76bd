package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"slices"
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
			"internal/identity", "provider/authtoken", "provider/connection", "provider/getauthtokens", "provider/infermend", "provider/registry",
			"provider/rotatingauthtoken",
		},
		"provider/authtoken":         {"internal/identity", "internal/outside", "provider/connection", "provider/infermend", "provider/token"},
		"provider/rotatingauthtoken": {"internal/identity", "internal/ocid", "provider/connection", "provider/infermend", "provider/token"},
		"provider/getauthtokens":     {"internal/identity", "internal/ocid", "internal/outside", "provider/connection", "provider/token"},
		"provider/registry":          {"internal/identity", "internal/ocid", "internal/registry", "provider/connection", "provider/infermend", "provider/token"},
		"provider/token":             {"internal/hosts", "internal/identity", "internal/ocid", "internal/outside", "provider/infermend"},
		"provider/connection":        {"internal/auth", "internal/identity", "internal/registry", "internal/web", "provider/infermend"},
		"provider/infermend":         {"internal/hosts", "internal/panics"},
		"internal/identity": {"internal/hosts", "internal/outside", "internal/panics", "internal/sdklog", "internal/web"},
		"internal/auth":     {"internal/hosts", "internal/ocid", "internal/outside", "internal/sdklog"},
		"internal/registry": {"internal/hosts", "internal/outside", "internal/web"},
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
				assert.Contains(t, []string{"internal/identity", "internal/auth", "internal/sdklog", "internal/web"}, from, "%s imports OCI's SDK", from)
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

// TestIdentityFileOrder checks the order of the files of internal/identity. Each may use only declarations from itself, from the files
// after it, and from those with the three judgements, which may use all others.
func TestIdentityFileOrder(t *testing.T) {
	t.Parallel()
	order := []string{
		"client.go", "user.go", "lists.go", "ledger.go", "creation.go", "accesstoken.go", "tenancy.go", "iam.go", "domains.go", "api.go", "call.go", "region.go",
		"pace.go", "errors.go", "verdict.go", "request.go", "endpoint.go", "token.go", "servertime.go", "clock.go",
	}
	judgements := []string{"gone.go", "ours.go", "recorded.go"}
	files := token.NewFileSet()
	paths, err := filepath.Glob("../internal/identity/*.go")
	require.NoError(t, err)
	var parsed []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		require.Contains(t, append(order, judgements...), filepath.Base(path), "a new file: add it to the order")
		file, err := parser.ParseFile(files, path, nil, 0)
		require.NoError(t, err)
		parsed = append(parsed, file)
	}
	uses := map[*ast.Ident]types.Object{}
	// The type checker reports that imports are not resolved. This test ignores it.
	checker := types.Config{Importer: nothing{}, Error: func(error) {}}
	_, _ = checker.Check("identity", files, parsed, &types.Info{Uses: uses})
	require.NotEmpty(t, uses)

	fileOf := func(at token.Pos) string { return filepath.Base(files.Position(at).Filename) }
	for name, object := range uses {
		if object.Pkg() == nil || object.Pkg().Path() != "identity" {
			continue
		}
		from, to := fileOf(name.Pos()), fileOf(object.Pos())
		if slices.Contains(judgements, from) || slices.Contains(judgements, to) {
			continue
		}
		assert.LessOrEqual(t, slices.Index(order, from), slices.Index(order, to), "%s uses %s, which is in %s, above it",
			files.Position(name.Pos()), name.Name, to)
	}
}

// nothing is an importer that returns empty packages.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	empty := types.NewPackage(path, filepath.Base(path))
	empty.MarkComplete()
	return empty, nil
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
