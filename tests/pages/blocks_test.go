package pages

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// blocks says for each block for the shell on a page, by the beginning of its first line, which test runs it as it stands, or why none
// does. The tests of moving run every block of their pages, and fail if one is in no step.
var blocks = map[string]map[string]string{
	"CONTRIBUTING.md": {
		"make help": "takes hours; TestFilesAndTargetsOnPagesExist looks up the targets",
		"go test":   "is a part of make test; TestFilesAndTargetsOnPagesExist looks up what it names",
	},
	"README.md": {
		"pulumi install": "TestReadmesFirstProgramEndsInALogin",
		"pulumi do":      "TestReadmesCommandWithoutAProgram",
		"pulumi import":  "TestImportCommandsOnPages",
		"make demo":      "make test would run itself; TestDemoShowsTheWholeStory runs the demo",
	},
	"docs/_index.md": {
		"pulumi config": "TestProgramsOnPagesEndInALogin",
		"pulumi import": "TestImportCommandsOnPages",
	},
	"docs/installation-configuration.md": {
		"npm install":           "needs the registry of npm; TestReadmesCommandsInstallThePackages runs the same command",
		"pip install":           "needs PyPI; TestReadmesCommandsInstallThePackages runs the same command",
		"go get":                "needs GitHub; TestGoModuleIsFetched runs the same command",
		"dotnet add":            "needs NuGet; TestReadmesCommandsInstallThePackages runs the same command",
		"pulumi package":        "needs GitHub; TestReadmesCommandForYAML runs the same command",
		"sha256sum":             "TestTheReleaseIsChecked",
		"pulumi config set oci": "TestTheStackIsConfigured",
	},
	"docs/guides/emulator.md": {
		"make build":                         "TestTheEmulatorsPageIsRight",
		"# Pulumi":                           "TestTheEmulatorsPageIsRight",
		"oci --config-file":                  "TestCommandsOnPages",
		"bin/oci-identity-emulator -listen ": "TestTheEmulatorsPageIsRight",
		"curl -d":                            "TestTheEmulatorsPageIsRight",
	},
	"docs/guides/identity-domains.md":     {"oci iam domain list": "TestCommandsOnPages"},
	"docs/guides/logins.md":               {"pulumi install": "TestProgramsOnPagesEndInALogin"},
	"docs/guides/move-from-pulumi-oci.md": {"": "TestMoveFromPulumiOCI"},
	"docs/guides/move-from-terraform.md":  {"": "TestMoveFromTerraform"},
	"docs/guides/rotation.md": {
		"pulumi stack schedule": "needs an account at Pulumi Cloud; TestPulumiKnowsTheCommandsOnPages looks up its flags",
	},
	"docs/guides/signing-in.md":      {"for property in": "TestConfigurationOfOCIsPulumiProviderIsCopied"},
	"docs/guides/troubleshooting.md": {"oci iam auth-token list": "TestTheWayOutAfterAKill"},
	"docs/guides/where-the-token-goes.md": {
		"oci container-registry access-token": "TestCommandsOnPages",
	},
	"docs/internals/promises.md": {
		"go test": "is a part of make test; TestFilesAndTargetsOnPagesExist looks up what it names",
	},
	"examples/README.md": {
		"make build toolchain": "TestExamplesAgainstALocalOCI",
		"export PATH":          "TestExamplesAgainstALocalOCI",
		"cd examples/yaml":     "TestExamplesAgainstOCI",
		"go run . ":            "TestAutomationExamples",
		"go run ./rotate-all ": "runs with many users; TestRotateAllExample runs the command",
	},
	"provider/authtoken/authtoken.md": {
		"pulumi import": "TestImportCommandsOnPages",
		"pulumi do":     "TestTheCommandThatListsTokensWorks",
		"curl":          "TestImportOfTokenMadeByHandBringsItsValue",
	},
	"provider/rotatingauthtoken/rotatingauthtoken.md": {"pulumi import": "TestImportCommandsOnPages"},
}

// TestEveryBlockForTheShellIsRun fails if a page has a block that no test runs, and nobody has said why.
func TestEveryBlockForTheShellIsRun(t *testing.T) {
	t.Parallel()
	tests, shown := testNames(t), prose(t)
	isTest := regexp.MustCompile(`^Test\w+$`)
	for page := range blocks {
		assert.Contains(t, shown, page)
	}
	for page := range shown {
		used := map[string]bool{}
		for _, block := range fence.FindAllStringSubmatch(toolchain.ReadFile(t, page), -1) {
			if block[1] != "sh" {
				continue
			}
			how := ""
			for begins, by := range blocks[page] {
				if strings.HasPrefix(strings.TrimSpace(block[2]), begins) {
					used[begins], how = true, by
				}
			}
			if how == "" {
				t.Errorf("%s: no test runs this block, and blocks does not say why:\n%s", page, block[2])
			}
			assert.True(t, !isTest.MatchString(how) || tests[how], "%s: there is no %s", page, how)
		}
		for begins := range blocks[page] {
			assert.True(t, used[begins], "%s has no block that begins with %q", page, begins)
		}
	}
}

// block returns the block for the shell on a page that begins with a line.
func block(t *testing.T, page, first string) string {
	t.Helper()
	for _, block := range fence.FindAllStringSubmatch(toolchain.ReadFile(t, page), -1) {
		if block[1] == "sh" && strings.HasPrefix(strings.TrimSpace(block[2]), first) {
			return block[2]
		}
	}
	t.Fatalf("%s has no block that begins with %q", page, first)
	return ""
}
