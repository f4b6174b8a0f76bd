package contract

import (
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

// TestCommandsOnPages runs the commands of the OCI CLI in the guides' blocks for the shell.
func TestCommandsOnPages(t *testing.T) {
	t.Parallel()
	guides, err := filepath.Glob(filepath.Join(toolchain.Root, "docs", "guides", "*.md"))
	require.NoError(t, err)
	s := newServiceWith(t, emulator.Config{Domains: []string{"sales"}})
	cli, ran := newCLI(t, s), 0
	for _, guide := range guides {
		page, err := os.ReadFile(guide)
		require.NoError(t, err)
		token := s.AddToken(s.user, "left behind")
		for _, block := range regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$").FindAllStringSubmatch(string(page), -1) {
			for _, command := range regexp.MustCompile(`(?m)^ *(oci .*)$`).FindAllString(block[1], -1) {
				command = strings.NewReplacer(
					".../config", s.configFile, "http://127.0.0.1:8080", s.url, "http://127.0.0.1:8081", s.Domains()[0].URL,
					"ocid1.user.oc1..aaaa...", s.user, "ocid1.user...", s.user, "ocid1.credential.oc1..aaaa...", token.ID,
					"ocid1.tenancy.oc1..aaaa...", s.TenancyID(),
				).Replace(strings.TrimSpace(command))
				command = strings.TrimSuffix(command, " |") // to docker login
				words, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+strings.TrimPrefix(command, "oci ")).Output()
				require.NoError(t, err, command)
				arguments := strings.Split(strings.TrimSpace(string(words)), "\n")
				if !strings.Contains(command, "--endpoint") {
					arguments = append([]string{"--endpoint", s.url}, arguments...)
				}
				if strings.Contains(command, " delete ") {
					arguments = append(arguments, "--force") // The CLI would ask.
				}
				printed, stderr := cli.command(nil, arguments...)
				assert.Empty(t, stderr, command)
				switch {
				case strings.Contains(command, "access-token get"):
					assert.NotEmpty(t, strings.TrimSpace(printed), command)
				case strings.Contains(command, "domain list"):
					assert.Contains(t, printed, s.Domains()[0].URL, command)
				case strings.Contains(command, "auth-token list"):
					assert.Contains(t, printed, token.ID, command)
				case strings.Contains(command, " delete "):
					assert.NotContains(t, s.Tokens(s.user), token)
				}
				ran++
			}
		}
		s.DeleteToken(s.user, token.ID)
	}
	assert.GreaterOrEqual(t, ran, 5)
}

// TestOCIKnowsTheCommandsOnPages gives each command in the sentences of the pages an option that does not exist. The OCI CLI complains of
// that one alone if it knows the command and its other options.
func TestOCIKnowsTheCommandsOnPages(t *testing.T) {
	t.Parallel()
	const unknown = "--no-such-option"
	pages, err := exec.CommandContext(t.Context(), "git", "-C", toolchain.Root, "ls-files", "docs", "provider/**.md", "*.md", ":!sdk", ":!tools").Output()
	require.NoError(t, err)
	cli, found := newCLI(t, newService(t)), map[string]bool{}
	for name := range strings.FieldsSeq(string(pages)) {
		page, err := os.ReadFile(filepath.Join(toolchain.Root, name))
		require.NoError(t, err)
		for _, match := range regexp.MustCompile("`oci ([a-z][^`\n]*)`").FindAllStringSubmatch(string(page), -1) {
			if found[match[1]] {
				continue
			}
			found[match[1]] = true
			command := regexp.MustCompile(`<.*?>`).ReplaceAllString(match[1], "x")
			words, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+command).Output()
			require.NoError(t, err, command)
			stdout, stderr := cli.command(nil, append(strings.Split(strings.TrimSpace(string(words)), "\n"), unknown)...)
			assert.Contains(t, stdout+stderr, unknown, "%s: oci %s", name, command)
		}
	}
	assert.GreaterOrEqual(t, len(found), 8)
}

// TestPythonOnTheEmulatorsPage makes a call with the client that the page shows.
func TestPythonOnTheEmulatorsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(toolchain.Root, "docs", "guides", "emulator.md"))
	require.NoError(t, err)
	block := regexp.MustCompile("(?ms)^```python\n(.*?)^```$").FindSubmatch(page)
	require.NotNil(t, block)
	s := newService(t)
	token := s.AddToken(s.user, "one")
	code := strings.NewReplacer(".../config", s.configFile, "http://127.0.0.1:8080", s.url).Replace(strings.TrimSpace(string(block[1])))
	printed := output(t, t.TempDir(), python(t)+"/python", "-c",
		"import oci\nprint("+strings.TrimPrefix(code, "# Python SDK\n")+".list_auth_tokens('"+s.user+"').data)")
	assert.Contains(t, string(printed), token.ID)
}
