package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

// TestReadmesFirstProgramEndsInALogin runs README's first program, and the commands below it, in an empty folder. Instead of docker it
// runs a client that reads and writes Docker's configuration file with Docker's own code.
func TestReadmesFirstProgramEndsInALogin(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, use, found := strings.Cut(string(readme), "\n## Use\n")
	require.True(t, found)
	fence := regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	blocks := fence.FindAllStringSubmatch(use, 2)
	require.Len(t, blocks, 2)
	require.Equal(t, []string{"yaml", "sh"}, []string{blocks[0][1], blocks[1][1]})
	program, commands := blocks[0][2], blocks[1][2]

	c := newCLIWithoutStack(newWorld(t))
	registry := ocir.Start(t, c.oci, c.url)
	tools := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(tools, "docker"), fmt.Appendf(nil, "#!/bin/sh\nexec %q auth \"$@\"\n",
		registry.Crane()), 0o700))
	docker := t.TempDir()
	c.write("Pulumi.yaml", program)
	// The stack is configured for the local OCI. Everything else is as in README.
	commands = strings.Replace(commands, "stack init dev\n", "stack init dev\npulumi config set ociauthtoken:endpoint "+c.url+"\n", 1)
	commands = strings.ReplaceAll(commands, "ocid1.user.oc1..aaaa...", c.user)

	script := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	script.Dir = c.dir
	script.Env = append(c.env, "PULUMI_SKIP_CONFIRMATIONS=true", "DOCKER_CONFIG="+docker)
	for i, variable := range script.Env {
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			script.Env[i] = "PATH=" + tools + ":" + path
		}
	}
	printed, err := script.CombinedOutput()
	requireNoValue(t, string(printed))
	require.NoError(t, err, string(printed))
	machine := registry.MachineAt(docker)
	machine.RequireLoggedIn()

	c.must("stack", "select", "dev")
	assert.Contains(t, c.must("destroy", "--yes", "--skip-preview"), "2 deleted")
	machine.RequireRefused()
}
