package examples

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestAutomationExamples runs the command that examples/README.md has for each program.
func TestAutomationExamples(t *testing.T) {
	t.Parallel()
	page := toolchain.ReadFile(t, "examples/README.md")
	for name, l := range map[string]language{
		"automation-go": goLanguage, "automation-typescript": typeScript, "automation-python": python,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, name, l)
			line := regexp.MustCompile(`(?m)^(.*) --user ocid1\.user\S+ --endpoint http\S+ +# in ` + name + `$`).FindStringSubmatch(page)
			require.NotNil(t, line)
			// In Python, the environment of the example is active.
			command := `PATH="$PWD/venv/bin:$PATH"; ` + line[1]
			printed := execute(t, p.dir, p.env, "bash", "-euc", command+" --user "+p.users[1]+" --endpoint "+p.url)
			assert.Regexp(t, `created ocid1\.credential\.[^ ]+: a secret of 20 characters\n`, printed)
			assert.Equal(t, 1, p.calls("CreateAuthToken"))
			assert.Equal(t, 1, p.calls("DeleteAuthToken"))
			assert.Empty(t, p.tokens())
			requireNoValueBelow(t, p.state)

			printed, err := try(t, p.dir, p.env, "bash", "-euc", command)
			assert.Error(t, err)
			assert.Regexp(t, `(?i)usage`, printed)
		})
	}
}
