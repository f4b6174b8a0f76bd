package pages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// machine is the machine of a person who follows a page. It is set up for OCI, and has pulumi and the plugin.
type machine struct {
	t         *testing.T
	oci       *emulator.Service
	url, user string
	// home is the person's home, dir the working directory, and tools the folder that is first on PATH.
	home, dir, tools string
	// pulumiHome is the folder in which Pulumi looks for plugins, and state that of the backend.
	pulumiHome, state string
	env               []string
}

func newMachine(t *testing.T, config emulator.Config) *machine {
	t.Helper()
	toolchain.Need(t, "pulumi", "pulumi-language-yaml")
	oci, err := emulator.New(config)
	require.NoError(t, err)
	server := oci.Start()
	t.Cleanup(server.Close)
	m := &machine{
		t: t, oci: oci, url: server.URL, user: oci.Users()[0].ID,
		home: t.TempDir(), dir: t.TempDir(), tools: t.TempDir(), pulumiHome: t.TempDir(), state: t.TempDir(),
	}
	credentials, err := oci.NewCredentials(m.user)
	require.NoError(t, err)
	put(t, m.home+"/.oci/oci_api_key.pem", credentials.PrivateKeyPEM)
	put(t, m.home+"/.oci/config", strings.Join([]string{
		"[DEFAULT]", "tenancy=" + credentials.TenancyID, "user=" + credentials.UserID, "fingerprint=" + credentials.Fingerprint,
		"key_file=~/.oci/oci_api_key.pem", "region=" + credentials.Region, "",
	}, "\n"))
	toolchain.Install(t, m.pulumiHome)
	m.env = append([]string{
		"PATH=" + m.tools + string(os.PathListSeparator) + toolchain.Path(), "HOME=" + m.home, "TMPDIR=" + os.TempDir(),
		"PULUMI_HOME=" + m.pulumiHome, "PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_SKIP_CONFIRMATIONS=true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
	}, backend.Environment(m.state)...)
	return m
}

// standIn installs a script in place of a program.
func (m *machine) standIn(name, script string) {
	m.t.Helper()
	path := filepath.Join(m.tools, name)
	put(m.t, path, "#!/bin/bash\nset -euo pipefail\n"+script+"\n")
	require.NoError(m.t, os.Chmod(path, 0o700))
}

// newStack creates a stack whose provider uses the local OCI.
func (m *machine) newStack() {
	m.t.Helper()
	m.run("pulumi stack init dev\n")
}

// run runs commands of a page. Each stack that they create uses the local OCI, which a page cannot say, and the OCIDs are those of the
// user and of the tokens. It returns what was printed.
func (m *machine) run(commands string, tokens ...emulator.Token) string {
	m.t.Helper()
	commands = strings.ReplaceAll(commands, "pulumi stack init dev\n", "pulumi stack init dev\npulumi config set ociauthtoken:endpoint "+m.url+"\n")
	commands = strings.ReplaceAll(commands, "ocid1.user.oc1..aaaa...", m.user)
	for i, token := range tokens {
		commands = strings.ReplaceAll(commands, "ocid1.credential.oc1.."+strings.Repeat(string(rune('a'+i)), 4)+"...", token.ID)
	}
	return m.bash(commands)
}

func (m *machine) bash(commands string) string {
	m.t.Helper()
	printed, err := m.try(commands)
	require.NoError(m.t, err, "%s\n%s", commands, printed)
	return printed
}

func (m *machine) try(commands string) (string, error) {
	m.t.Helper()
	shell := exec.CommandContext(m.t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	shell.Dir, shell.Env = m.dir, m.env
	printed, err := shell.CombinedOutput()
	return string(printed), err
}
