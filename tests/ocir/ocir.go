// Package ocir provides a container registry for tests, and machines that are logged in to it. The registry is CNCF Distribution's. The
// local OCI authenticates its users and forwards their requests.
package ocir

import (
	"archive/tar"
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// Registry is a container registry.
type Registry struct {
	t *testing.T
	// Host is the host and port at which the local OCI serves it. Namespace is the first part of the name of every image.
	Host, Namespace string
}

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

// Start starts a registry behind a local OCI, until the test ends. The registry accepts bearer tokens that the local OCI has signed.
func Start(t *testing.T, oci *emulator.Service, url string) Registry {
	t.Helper()
	r := Registry{t: t, Host: strings.TrimPrefix(url, "http://"), Namespace: oci.Namespace()}
	dir := t.TempDir()
	keys, config := filepath.Join(dir, "keys.json"), filepath.Join(dir, "config.yml")
	require.NoError(t, os.WriteFile(keys, oci.RegistryKeys(), 0o600))
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "127.0.0.1:0", secret: none}
auth: {token: {realm: "%s/20180419/docker/token", service: "%s", issuer: "%s", jwks: "%s"}}
`, url, r.Host, emulator.RegistryIssuer, keys), 0o600))

	command := exec.CommandContext(t.Context(), tool(t, "registry"), "serve", config) //nolint:gosec // Tests say what to run.
	command.Env = []string{"OTEL_TRACES_EXPORTER=none"}
	log, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			go func() {
				for lines.Scan() { // keep reading, because the registry blocks when the pipe is full
				}
				_ = command.Wait()
			}()
			require.NoError(t, oci.SetRegistry("http://"+match[1]))
			return r
		}
	}
	t.Fatalf("the registry does not listen:\n%s", said.String())
	return r
}

// tool returns the path of a program that tools/registry pins.
func tool(t *testing.T, name string) string {
	t.Helper()
	toolchain.Need(t, name)
	path := filepath.Join(toolchain.Root, ".toolchain", "bin", name)
	if _, err := os.Stat(path); err != nil {
		path, err = exec.LookPath(name)
		require.NoError(t, err)
	}
	return path
}

// Machine is a machine that is logged in with Docker. Its client, crane, reads Docker's configuration file with Docker's own code.
type Machine struct {
	registry Registry
	// Dir is the folder of Docker's configuration file.
	Dir string
}

// Machine returns a machine with this configuration file.
func (r Registry) Machine(dockerConfig string) Machine {
	r.t.Helper()
	m := Machine{registry: r, Dir: r.t.TempDir()}
	require.NoError(r.t, os.WriteFile(filepath.Join(m.Dir, "config.json"), []byte(dockerConfig), 0o600))
	return m
}

// MachineAt returns a machine with the configuration file that another program has written to a folder.
func (r Registry) MachineAt(dir string) Machine { return Machine{registry: r, Dir: dir} }

// Crane returns the path of the client.
func (r Registry) Crane() string { return tool(r.t, "crane") }

// crane runs the client. The client must not print a password.
func (m Machine) crane(arguments ...string) (string, error) {
	t := m.registry.t
	t.Helper()
	command := exec.CommandContext(t.Context(), m.registry.Crane(), arguments...) //nolint:gosec // Tests say what to run.
	command.Env = []string{"DOCKER_CONFIG=" + m.Dir, "HOME=" + m.Dir}
	printed, err := command.CombinedOutput()
	for _, secret := range m.secrets() {
		require.False(t, strings.Contains(string(printed), secret), "crane prints a password")
	}
	return string(printed), err
}

// secrets returns the texts in the configuration file that must not be printed.
func (m Machine) secrets() []string {
	content, err := os.ReadFile(filepath.Join(m.Dir, "config.json"))
	require.NoError(m.registry.t, err)
	var file struct {
		Auths map[string]struct{ Auth string }
	}
	require.NoError(m.registry.t, json.Unmarshal(content, &file))
	var secrets []string
	for _, login := range file.Auths {
		plain, err := base64.StdEncoding.DecodeString(login.Auth)
		require.NoError(m.registry.t, err)
		_, password, _ := strings.Cut(string(plain), ":")
		if password != "" {
			secrets = append(secrets, login.Auth, password)
		}
	}
	return secrets
}

// image returns the name of an image that only this machine pushes.
func (m Machine) image() string {
	return fmt.Sprintf("%s/%s/app/%s:v1", m.registry.Host, m.registry.Namespace, strings.ToLower(filepath.Base(m.Dir)))
}

// RequireLoggedIn pushes an image and pulls it.
func (m Machine) RequireLoggedIn() {
	t := m.registry.t
	t.Helper()
	content := "from " + m.Dir
	printed, err := m.crane("append", "--new_layer", m.layer(content), "--new_tag", m.image())
	require.NoError(t, err, printed)
	pulled, err := m.crane("export", m.image(), "-")
	require.NoError(t, err, pulled)
	assert.Contains(t, pulled, content)
	printed, err = m.crane("pull", m.image(), filepath.Join(t.TempDir(), "image.tar"))
	require.NoError(t, err, printed)
}

// RequireRefused requires that the registry lets this machine neither push nor pull.
func (m Machine) RequireRefused() {
	t := m.registry.t
	t.Helper()
	for _, arguments := range [][]string{
		{"append", "--new_layer", m.layer("refused"), "--new_tag", m.image()},
		{"manifest", m.image()},
		{"pull", m.image(), filepath.Join(t.TempDir(), "image.tar")},
	} {
		printed, err := m.crane(arguments...)
		require.Error(t, err, arguments[0])
		assert.Contains(t, strings.ToUpper(printed), "UNAUTHORIZED", arguments[0])
	}
}

// layer writes the layer of an image: an archive of one file.
func (m Machine) layer(content string) string {
	t := m.registry.t
	t.Helper()
	path := filepath.Join(t.TempDir(), "layer.tar")
	file, err := os.Create(path) //nolint:gosec // The name is ours.
	require.NoError(t, err)
	archive := tar.NewWriter(file)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: int64(len(content))}))
	_, err = archive.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, archive.Close())
	require.NoError(t, file.Close())
	return path
}
