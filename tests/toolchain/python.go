package toolchain

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Python returns a virtual environment with the packages that a file of requirements lists. A package that is not published is one of
// the files that may be given, too. The environment also has pip, which Pulumi asks what is installed.
func Python(t *testing.T, name, requirements string, unpublished ...string) string {
	t.Helper()
	Need(t, "python3", "uv")
	return Cached(t, name, strings.Join(unpublished, "\n")+read(t, requirements), func(folder string) {
		requirements, err := filepath.Abs(requirements)
		require.NoError(t, err)
		// uv trusts the authorities that the machine trusts, and uses the Python that tests find on PATH.
		environment := []string{"UV_SYSTEM_CERTS=true", "UV_PYTHON_PREFERENCE=only-system"}
		Run(t, folder, environment, "uv", "venv", "--quiet", "--seed", "--python", lookUp("python3"), "venv")
		Run(t, folder, environment, "uv", append([]string{"pip", "install", "--quiet", "--python", "venv",
			"--requirement", requirements}, unpublished...)...)
	}) + "/venv"
}
