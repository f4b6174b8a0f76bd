package toolchain

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Package returns the only file of the SDKs' packages with a name that matches a pattern. tools/pack.sh builds them.
func Package(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(packages(t), pattern))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

// packages returns a folder with the packages of the SDKs, as they are published.
func packages(t *testing.T) string {
	t.Helper()
	pack := filepath.Join(Root, "tools", "pack.sh")
	key := read(t, pack)
	for _, tool := range []string{"npm", "python3", "mvn", "dotnet"} { // pack.sh leaves out languages whose tools are missing
		key += fmt.Sprintln(tool, lookUp(tool) != "")
	}
	require.NoError(t, filepath.WalkDir(filepath.Join(Root, "sdk"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			key += path + "\n" + read(t, path)
		}
		return err
	}))
	return Cached(t, "packages", key, func(folder string) { Run(t, Root, dotNetSettings, pack, folder) })
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file) //nolint:gosec // Tests say what to read.
	require.NoError(t, err)
	return string(content)
}
