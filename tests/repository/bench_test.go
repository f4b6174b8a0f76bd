package repository

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestBenchQuickly runs the benchmark with few resources. Its programs in TypeScript are installed by npm in empty folders, and are compiled
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
		`10 requests a second are admitted \|.*\| 20 \| 20 \|`, // tokens, and values that work
		`connections drop after commit \|.*\| 20 \| 20 \|`,
		`pulumi-ociauthtoken-.*\.tgz \| \d+\.\d kB \|`,
		`pulumi-ociauthtoken \| \d+ MB \| .* s \| \d+ MB \| .* s \| \d+ MB \|`,
	} {
		assert.Regexp(t, regexp.MustCompile(row), printed)
	}
}
