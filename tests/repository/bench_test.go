package repository

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestBenchQuickly runs the benchmark with few resources. Its program in TypeScript is installed by npm in an empty folder, and compiled
// with "strict" and without "skipLibCheck".
func TestBenchQuickly(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "go", "npm", "pulumi", "pulumi-language-yaml", "pulumi-language-nodejs")
	packages := filepath.Dir(toolchain.Package(t, "*.tgz"))
	printed := toolchain.Run(t, toolchain.Root, nil, "go", "run", "./tools/bench", "-quick", "-packages", packages)
	for _, row := range []string{
		`start, until the port is printed \|.*\| \d+\.\d\d \|`,
		"`pulumi up`, which creates 4 \\|.*\\| \\d+\\.\\d\\d \\|",
		"`pulumi destroy` of the 4 \\|.*\\| \\d+\\.\\d\\d \\|",
		"20 \\| written after each step \\| `pulumi up` \\| .* s \\| .* ms \\| .* s \\| .* ms \\| \\d+ MB \\|",
		"20 \\| written once \\| `pulumi destroy` \\|",
		`pulumi-ociauthtoken \| \d+ MB \| .* s \| \d+ MB \|`,
	} {
		assert.Regexp(t, regexp.MustCompile(row), printed)
	}
}
