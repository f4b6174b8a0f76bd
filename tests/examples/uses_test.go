package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestOrdinaryUses compiles the programs in testdata/uses, as strictly as each language can. They use the packages of the example that
// rotates a pull secret.
func TestOrdinaryUses(t *testing.T) {
	t.Parallel()
	program := func(file string) string {
		return filepath.Join(toolchain.Root, "tests", "examples", "testdata", "uses", file)
	}

	t.Run("go", func(t *testing.T) {
		t.Parallel()
		p := newProject(t, "automation-go", goLanguage)
		write(t, filepath.Join(p.dir, "rotation", "main.go"), read(t, program("go/main.go")))
		assert.Empty(t, execute(t, p.dir, p.env, "gofmt", "-l", "-s", "rotation"), "not formatted")
		execute(t, p.dir, p.env, "go", "vet", "./rotation")
	})

	t.Run("typescript", func(t *testing.T) {
		t.Parallel()
		typeScript.need(t)
		folder := t.TempDir()
		modules := toolchain.NodeModules(t, "tests/examples/testdata/uses/typescript")
		require.NoError(t, os.Symlink(modules, filepath.Join(folder, "node_modules")))
		write(t, filepath.Join(folder, "login.ts"), read(t, program("typescript/login.ts")))
		uses := read(t, program("typescript/index.ts"))
		const ours = `import { AuthToken } from "pulumi-ociauthtoken";`
		require.Contains(t, uses, ours)
		for name, imports := range map[string]string{
			"authtoken":         ours,
			"rotatingauthtoken": `import { RotatingAuthToken as AuthToken } from "pulumi-ociauthtoken";`,
			"pulumi-oci":        `import { AuthToken } from "@pulumi/oci/identity";`,
		} {
			write(t, filepath.Join(folder, name+".ts"), strings.Replace(uses, ours, imports, 1))
		}
		// The settings are those of the examples.
		write(t, filepath.Join(folder, "tsconfig.json"), strings.Replace(
			read(t, filepath.Join(toolchain.Root, "examples", "typescript", "tsconfig.json")), `["index.ts"]`,
			`["authtoken.ts", "rotatingauthtoken.ts", "pulumi-oci.ts", "login.ts"]`, 1))
		execute(t, folder, os.Environ(), "node", "node_modules/typescript/bin/tsc", "--noEmit")
		execute(t, ".", os.Environ(), "node", toolchain.NodeModules(t, "tests/examples/testdata/typescript")+"/prettier/bin/prettier.cjs",
			"--check", program("typescript"))
	})

	t.Run("python", func(t *testing.T) {
		t.Parallel()
		p := newProject(t, "rotation-python", python)
		write(t, filepath.Join(p.dir, python.main), read(t, program("python/__main__.py")))
		requireStrict(t, p)
	})

	t.Run("java", func(t *testing.T) {
		t.Parallel()
		p := newProject(t, "rotation-java", java)
		write(t, filepath.Join(p.dir, "src", "main", "java", "rotation", "App.java"), read(t, program("java/App.java")))
		execute(t, p.dir, append(os.Environ(), p.env...), "mvn", "--batch-mode", "--quiet", "--offline", "compile")
	})

	t.Run("csharp", func(t *testing.T) {
		t.Parallel()
		p := newProject(t, "rotation-csharp", cSharp)
		write(t, filepath.Join(p.dir, cSharp.main), read(t, program("csharp/Program.cs")))
		execute(t, p.dir, p.env, "dotnet", "build", "--nologo")
	})
}
