package repository

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestIssueTemplatesAreForms checks what GitHub requires of them. Without it, GitHub does not show a template, and says nothing:
// https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema.
func TestIssueTemplatesAreForms(t *testing.T) {
	t.Parallel()
	for _, name := range toolchain.Files(t, ".github/ISSUE_TEMPLATE/*.yml", ":!.github/ISSUE_TEMPLATE/config.yml") {
		var form struct {
			Name, Description string
			Labels            []string
			Body              []struct {
				Type, ID   string
				Attributes struct {
					Label, Description, Value string
					Options                   []string
				}
				Validations struct{ Required bool }
			}
		}
		decoder := yaml.NewDecoder(strings.NewReader(toolchain.ReadFile(t, name)))
		decoder.KnownFields(true)
		require.NoError(t, decoder.Decode(&form), name)
		assert.NotEmpty(t, form.Name, name)
		assert.NotEmpty(t, form.Description, name)
		fields := map[string]bool{}
		for _, field := range form.Body {
			if field.Type == "markdown" {
				assert.NotEmpty(t, field.Attributes.Value, name)
				continue
			}
			assert.Contains(t, []string{"input", "textarea", "dropdown"}, field.Type, name)
			assert.NotEmpty(t, field.Attributes.Label, "%s: %s", name, field.ID)
			assert.Equal(t, field.Type == "dropdown", len(field.Attributes.Options) > 0, "%s: %s", name, field.ID)
			assert.False(t, fields[field.ID], "%s: %s is there twice", name, field.ID)
			fields[field.ID] = true
		}
		assert.NotEmpty(t, fields, name)
	}
}
