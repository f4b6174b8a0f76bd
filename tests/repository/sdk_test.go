package repository

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

func TestSDKsAreWhatTheSchemaGenerates(t *testing.T) {
	t.Parallel()
	generated := filepath.Join(t.TempDir(), "sdk")
	toolchain.Run(t, toolchain.Root, nil, "go", "-C", "tools/codegen", "run", "-trimpath", ".", "sdk", "-out", generated)
	made, kept := filesIn(t, generated), trackedFilesIn(t, "sdk")
	var differ []string
	for name := range made {
		if made[name] != kept[name] {
			differ = append(differ, name)
		}
		delete(kept, name)
	}
	differ = slices.AppendSeq(differ, maps.Keys(kept))
	assert.Empty(t, differ, `files in sdk/ that are not up to date: run "make sdk"`)
}

// filesIn returns the contents of all files below a folder.
func filesIn(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		relative, _ := filepath.Rel(root, path)
		files[filepath.ToSlash(relative)] = string(content)
		return err
	}))
	return files
}

// trackedFilesIn returns the contents of the files that git does not ignore. It ignores what was built in the folders of the SDKs.
func trackedFilesIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range toolchain.Files(t, folder+"/") {
		files[strings.TrimPrefix(name, folder+"/")] = toolchain.ReadFile(t, name)
	}
	return files
}
