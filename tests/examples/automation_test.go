package examples

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAutomationExamples(t *testing.T) {
	t.Parallel()
	for _, example := range []struct {
		name     string
		language language
		command  []string
	}{
		{"automation-go", goLanguage, []string{"go", "run", "."}},
		{"automation-typescript", typeScript, []string{"npm", "start", "--silent", "--"}},
		{"automation-python", python, []string{"venv/bin/python", "main.py"}},
	} {
		t.Run(example.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, example.name, example.language)
			user := p.users[1]
			command := append(example.command, "--user", user, "--endpoint", p.url)
			printed := execute(t, p.dir, p.env, command[0], command[1:]...)
			assert.Regexp(t, `created ocid1\.credential\.[^ ]+: a secret of 20 characters\n`, printed)
			assert.Equal(t, 1, p.calls("CreateAuthToken"))
			assert.Equal(t, 1, p.calls("DeleteAuthToken"))
			assert.Empty(t, p.tokens())
			requireNoValueBelow(t, p.state)

			printed, err := try(t, p.dir, p.env, command[0], example.command[1:]...)
			assert.Error(t, err)
			assert.Regexp(t, `(?i)usage`, printed)
		})
	}
}
