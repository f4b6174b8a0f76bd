package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocNamesFilesThatExist looks up the files in doc.go: below provider/, below the repository, or by the name alone.
func TestDocNamesFilesThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	found := regexp.MustCompile(`[\w/<>-]+\.(?:go|md|json)\b`).FindAllString(string(text), -1)
	require.Greater(t, len(found), 30)
	for _, path := range found {
		if strings.Contains(path, "<") {
			continue
		}
		exists := false
		for _, pattern := range []string{path, "../" + path, "../internal/*/" + path, "../internal/*/*/" + path, "*/" + path} {
			files, err := filepath.Glob(pattern)
			require.NoError(t, err)
			exists = exists || len(files) > 0
		}
		assert.True(t, exists, "there is no %s", path)
	}
}
