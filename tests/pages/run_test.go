package pages

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests run the blocks on the pages, with pulumi and the plugin, against a local OCI.

// TestImportCommandsOnPages runs every command for an import by id.
func TestImportCommandsOnPages(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for page := range prose(t) {
		for _, line := range commands(t, page) {
			if strings.HasPrefix(line, "pulumi import ociauthtoken:") {
				shown[line] = true
			}
		}
	}
	assert.Greater(t, len(shown), 4)
	for command := range shown {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, emulator.Config{Domains: []string{"sales"}})
			if strings.Contains(command, "https://") {
				m.user = m.oci.Users()[1].ID // the one in the domain
				command = regexp.MustCompile(`https://[\w.-]+`).ReplaceAllString(command, m.oci.Domains()[0].URL)
			}
			tokens := []emulator.Token{m.oci.AddToken(m.user, "one"), m.oci.AddToken(m.user, "two")}
			put(t, m.dir+"/Pulumi.yaml", "name: test\nruntime: yaml\n")
			m.newStack()
			m.run(command, tokens...)
			assert.Contains(t, m.run("pulumi stack export"), tokens[0].ID)
			assert.Len(t, m.oci.Tokens(m.user), 2)
		})
	}
}

// TestProgramsOnPagesEndInALogin runs the programs that write Docker's configuration file, and the commands below them.
func TestProgramsOnPagesEndInALogin(t *testing.T) {
	t.Parallel()
	for page, first := range map[string]string{"docs/guides/logins.md": "pulumi install", "docs/_index.md": "pulumi config set userId"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, emulator.Config{Namespace: "axaxnpcrorw5"})
			registry := ocir.Start(t, m.oci, m.url)
			put(t, m.dir+"/Pulumi.yaml", programsOf(t, page)[0])
			commands := block(t, page, first)
			if !strings.Contains(commands, "stack init") {
				m.newStack()
			}
			m.standIn("docker", `[[ "$1 $3" == "--config pull" && -s $2/config.json && $4 == ocir.us-phoenix-1.oci.oraclecloud.com/*/app:latest ]]`)
			m.run(commands)
			registry.MachineAt(filepath.Join(m.dir, "ocir")).RequireLoggedIn()
			m.run("pulumi destroy")
			assert.Empty(t, m.oci.Tokens(m.user))
		})
	}
}

// programsOf returns the whole programs in YAML on a page.
func programsOf(t *testing.T, page string) []string {
	t.Helper()
	var found []string
	for _, block := range fence.FindAllStringSubmatch(toolchain.ReadFile(t, page), -1) {
		if block[1] == "yaml" && strings.HasPrefix(block[2], "name: ") {
			found = append(found, block[2])
		}
	}
	require.NotEmpty(t, found)
	return found
}

// TestTheStackIsConfigured runs the commands that configure a stack on a machine without a configuration file.
func TestTheStackIsConfigured(t *testing.T) {
	t.Parallel()
	const page = "docs/installation-configuration.md"
	m := newMachine(t, emulator.Config{})
	profile := read(t, m.home+"/.oci/config")
	require.NoError(t, os.Remove(m.home+"/.oci/config"))
	put(t, m.dir+"/Pulumi.yaml", programsOf(t, "docs/guides/logins.md")[0])
	m.newStack()
	commands := block(t, page, "pulumi config set ociauthtoken:tenancyOcid")
	for key, given := range map[string]string{
		"tenancy": "ocid1.tenancy.oc1..aaaa...", "user": "ocid1.user.oc1..aaaa...", "region": "us-phoenix-1",
		"fingerprint": "12:34:56:78:9a:bc:de:f0:12:34:56:78:9a:bc:de:f0",
	} {
		require.Contains(t, commands, given)
		commands = strings.ReplaceAll(commands, given, regexp.MustCompile("(?m)^" + key + "=(.*)$").FindStringSubmatch(profile)[1])
	}
	m.run(commands)
	m.run("pulumi config set userId ocid1.user.oc1..aaaa...\npulumi up")
	assert.Len(t, m.oci.Tokens(m.user), 1)
}

// TestTheRegistrysPageInstallsAsREADME compares the commands that install the packages.
func TestTheRegistrysPageInstallsAsREADME(t *testing.T) {
	t.Parallel()
	page, readme := toolchain.ReadFile(t, "docs/installation-configuration.md"), toolchain.ReadFile(t, "README.md")
	found := 0
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		command := strings.TrimSpace(block[2])
		if block[1] == "sh" && regexp.MustCompile(`^(npm|pip|go|dotnet|pulumi package) `).MatchString(command) {
			found++
			assert.Contains(t, readme, "`"+command+"`")
		}
	}
	assert.Equal(t, 5, found)
}

// TestTheReleaseIsChecked runs the commands that check and install an archive, in a folder with the files of a release.
func TestTheReleaseIsChecked(t *testing.T) {
	t.Parallel()
	m := newMachine(t, emulator.Config{})
	m.dir = toolchain.Release(t)
	require.NoError(t, os.RemoveAll(m.pulumiHome))
	printed := m.bash(strings.ReplaceAll(block(t, "docs/installation-configuration.md", "sha256sum"), "linux-amd64", runtime.GOOS+"-"+runtime.GOARCH))
	assert.Contains(t, printed, ".tar.gz: OK")
	assert.FileExists(t, m.pulumiHome+"/plugins/resource-ociauthtoken-v"+toolchain.Version(t)+"/pulumi-resource-ociauthtoken")
}

// TestTheWayOutAfterAKill kills pulumi and the plugin between a creation and its answer, and then follows the page.
func TestTheWayOutAfterAKill(t *testing.T) {
	t.Parallel()
	const page = "docs/guides/troubleshooting.md"
	m := newMachine(t, emulator.Config{})
	put(t, m.dir+"/Pulumi.yaml", programsOf(t, "docs/guides/logins.md")[0])
	m.newStack()
	m.run("pulumi config set userId ocid1.user.oc1..aaaa...")
	// Pulumi starts the plugin in a process group of its own.
	plugin := m.pulumiHome + "/plugins/resource-ociauthtoken-v" + toolchain.Version(t) + "/pulumi-resource-ociauthtoken"
	require.NoError(t, os.Remove(plugin))
	put(t, plugin, "#!/bin/sh\necho $$ > "+m.home+"/pid\nexec "+toolchain.Bin(t)+"/pulumi-resource-ociauthtoken \"$@\"\n")
	require.NoError(t, os.Chmod(plugin, 0o700))
	created, release := make(chan struct{}), make(chan struct{})
	m.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Hold: func() { close(created); <-release }})
	up := exec.CommandContext(t.Context(), "bash", "-c", "exec pulumi up")
	up.Dir, up.Env = m.dir, m.env
	require.NoError(t, up.Start())
	<-created
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, m.home+"/pid")))
	require.NoError(t, err)
	require.NoError(t, up.Process.Kill())
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	_ = up.Wait()
	close(release)
	orphan := m.oci.Tokens(m.user)
	require.Len(t, orphan, 1)

	m.run("pulumi cancel") // which the page says of a backend of one's own
	warning := regexp.MustCompile(`(?m)^warning: (.*)\n.*( interrupted while creating)$`).FindStringSubmatch(toolchain.ReadFile(t, page))
	require.NotNil(t, warning)
	printed := m.run("pulumi up")
	assert.Contains(t, printed, warning[1])
	assert.Contains(t, printed, warning[2])
	// In place of OCI's CLI, for which tests/contract checks the commands.
	m.standIn("oci", `case "$2 $3" in
"auth-token list") curl -fsS `+m.url+`/_emulator/users/$5/tokens ;;
"auth-token delete") curl -fsS -X DELETE `+m.url+`/_emulator/users/$5/tokens/$7 ;;
esac`)
	printed = m.run(block(t, page, "oci iam auth-token list"), orphan...)
	assert.Contains(t, printed, orphan[0].ID)
	left := m.oci.Tokens(m.user)
	require.Len(t, left, 1)
	assert.NotEqual(t, orphan[0].ID, left[0].ID)
	assert.NotContains(t, m.run("pulumi preview --expect-no-changes"), "interrupted")
}

// startEmulator runs a command that starts the local OCI, until the test ends, and returns what it says until it serves.
func (m *machine) startEmulator(command string) string {
	m.t.Helper()
	return m.start(strings.ReplaceAll(strings.TrimSpace(command), "bin/", toolchain.Bin(m.t)+"/"), (*exec.Cmd).StdoutPipe, "Stop it with Ctrl-C.")
}

// start runs a command until the test ends, and returns what it prints until a line has this text.
func (m *machine) start(command string, pipe func(*exec.Cmd) (io.ReadCloser, error), until string) string {
	t := m.t
	t.Helper()
	process := exec.Command("bash", "-euc", "exec "+command)
	process.Dir, process.Env = m.dir, m.env
	output, err := pipe(process)
	require.NoError(t, err)
	require.NoError(t, process.Start())
	t.Cleanup(func() {
		_ = process.Process.Signal(os.Interrupt) // as Ctrl-C
		_ = process.Wait()
	})
	var said strings.Builder
	for lines := bufio.NewScanner(output); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), until) {
			go func() { _, _ = io.Copy(io.Discard, output) }() // The command stops if nobody reads.
			return said.String()
		}
	}
	t.Fatalf("%s ends:\n%s", command, said.String())
	return ""
}

var saysURL = regexp.MustCompile(`OCI Identity listens on (http://127\.0\.0\.1:\d+)`)

// TestTheEmulatorsPageIsRight starts the local OCI as its page says, and does with it what the page says.
func TestTheEmulatorsPageIsRight(t *testing.T) {
	t.Parallel()
	const page = "docs/guides/emulator.md"
	m := newMachine(t, emulator.Config{})

	// "make build" is what builds the command.
	command, found := strings.CutPrefix(block(t, page, "make build"), "make build\n")
	require.True(t, found)
	said := m.startEmulator(command)
	url := saysURL.FindStringSubmatch(said)
	require.NotNil(t, url, said)
	config := regexp.MustCompile(`export OCI_CLI_CONFIG_FILE=(\S+)`).FindStringSubmatch(said)[1]
	m.user, m.url = regexp.MustCompile(`ocid1\.user\.\S+`).FindString(said), url[1]
	here := strings.NewReplacer(".../config", config, "http://127.0.0.1:8080", m.url)
	clients, _, found := strings.Cut(block(t, page, "# Pulumi"), "# OCI CLI")
	require.True(t, found)
	put(t, m.dir+"/Pulumi.yaml", programsOf(t, "docs/guides/logins.md")[0])
	m.run("pulumi stack init dev --no-select\n" + here.Replace("export PULUMI_STACK=dev\n"+clients+
		"pulumi config set userId ocid1.user.oc1..aaaa...\npulumi up"))

	faults := func() string {
		response, err := http.Get(m.url + "/_emulator/faults")
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(body)
	}
	injecting, clearing, found := strings.Cut(here.Replace(block(t, page, "curl -d")), "curl -X DELETE")
	require.True(t, found)
	m.bash(injecting)
	assert.Contains(t, faults(), "afterCommit")
	assert.Contains(t, faults(), "ServiceUnavailable")
	m.bash("curl -X DELETE" + clearing)
	assert.NotContains(t, faults(), "afterCommit")
}

// TestTheEmulatorsPageHasARegistry starts a registry with the configuration on the page, and pushes an image to it.
func TestTheEmulatorsPageHasARegistry(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "registry", "crane")
	const page = "docs/guides/emulator.md"
	m := newMachine(t, emulator.Config{})
	// The emulator has to know the registry's address, and the registry the emulator's. So the emulator gets that of a proxy.
	proxy := httptest.NewUnstartedServer(nil)
	t.Cleanup(proxy.Close)
	address, folder := proxy.Listener.Addr().String(), t.TempDir()
	said := m.startEmulator(strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:0", "/tmp/oci", folder, "127.0.0.1:5000", address).
		Replace(block(t, page, "bin/oci-identity-emulator")))
	m.user, m.url = regexp.MustCompile(`ocid1\.user\.\S+`).FindString(said), saysURL.FindStringSubmatch(said)[1]
	registry := regexp.MustCompile(`Log in to (\S+) as (\S+)/<user>`).FindStringSubmatch(said)

	configuration := regexp.MustCompile("(?ms)^```yaml\n(version: 0.1\n.*?)^```$").FindStringSubmatch(toolchain.ReadFile(t, page))
	require.NotNil(t, configuration)
	put(t, m.dir+"/registry.yaml", strings.NewReplacer("127.0.0.1:5000", "127.0.0.1:0", "127.0.0.1:8080", strings.TrimPrefix(m.url, "http://"),
		"registry-keys.json", folder+"/registry-keys.json").Replace(configuration[1]))
	said = m.start("registry serve registry.yaml", (*exec.Cmd).StderrPipe, "listening on ")
	target, err := url.Parse("http://" + regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`).FindStringSubmatch(said)[1])
	require.NoError(t, err)
	proxy.Config.Handler = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	proxy.Start()

	put(t, m.dir+"/Pulumi.yaml", programsOf(t, "docs/guides/logins.md")[0])
	m.newStack()
	m.env = append(m.env, "OCI_CLI_CONFIG_FILE="+folder+"/config", "IMAGE="+registry[1]+"/"+registry[2]+"/app:v1", "DOCKER_CONFIG="+m.dir)
	m.run("pulumi config set userId ocid1.user.oc1..aaaa...\npulumi up\npulumi stack output dockerConfig --show-secrets > config.json\n" +
		"tar -cf layer.tar Pulumi.yaml\ncrane append --new_layer layer.tar --new_tag $IMAGE\ncrane manifest $IMAGE")
}

// TestExamplesAgainstALocalOCI runs what the page about the examples says, in a copy of what it needs of the repository.
func TestExamplesAgainstALocalOCI(t *testing.T) {
	t.Parallel()
	const page = "examples/README.md"
	m := newMachine(t, emulator.Config{})
	require.NoError(t, os.RemoveAll(m.pulumiHome))
	require.NoError(t, os.CopyFS(m.dir+"/examples/yaml", os.DirFS(filepath.Join(toolchain.Root, "examples", "yaml"))))
	put(t, m.dir+"/VERSION", toolchain.Version(t)+"\n")
	require.NoError(t, os.Symlink(toolchain.Bin(t), m.dir+"/bin"))
	folder := t.TempDir()
	here := strings.NewReplacer("/tmp/oci", folder)

	command, found := strings.CutPrefix(block(t, page, "make build toolchain"), "make build toolchain\n")
	require.True(t, found)
	said := m.startEmulator(here.Replace(command))
	m.user = regexp.MustCompile(`ocid1\.user\.\S+`).FindString(said)
	commands := here.Replace(block(t, page, "export PATH"))
	commands = strings.ReplaceAll(commands, "http://127.0.0.1:...", saysURL.FindStringSubmatch(said)[1])
	printed := m.bash(strings.ReplaceAll(commands, "ocid1.user.oc1..aaaa...", m.user))
	assert.Contains(t, printed, `{"auths":`)
	assert.Contains(t, printed, "2 deleted")
}

// TestExamplesAgainstOCI runs what the page says about a machine on which OCI's CLI works.
func TestExamplesAgainstOCI(t *testing.T) {
	t.Parallel()
	m := newMachine(t, emulator.Config{})
	require.NoError(t, os.CopyFS(m.dir+"/examples/yaml", os.DirFS(filepath.Join(toolchain.Root, "examples", "yaml"))))
	m.run(block(t, "examples/README.md", "cd examples/yaml"))
	assert.Len(t, m.oci.Tokens(m.user), 1)
}

// TestThreeLogsOfTheEngineContainSecrets runs updates with the logs that the pages warn of, and with two that they do not warn of.
func TestThreeLogsOfTheEngineContainSecrets(t *testing.T) {
	t.Parallel()
	const value = "c4n4rYc4n4rYc4n4rY99" // without punctuation, which some logs escape
	for _, test := range []struct {
		name, command string
		contains      bool
	}{
		{"-v=9", "pulumi up -v=9 --logtostderr --logflow &> $LOG", true},
		{"-v=8", "pulumi up -v=8 --logtostderr --logflow &> $LOG", false},
		{"--tracing", "pulumi up --tracing file:$LOG", true},
		{"--otel-traces", "pulumi up --otel-traces file://$LOG", false},
		{"PULUMI_DEBUG_GRPC", "PULUMI_DEBUG_GRPC=$LOG pulumi up", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, emulator.Config{TokenValue: func() string { return value }})
			log := filepath.Join(t.TempDir(), "log")
			m.env = append(m.env, "LOG="+log)
			put(t, m.dir+"/Pulumi.yaml", programsOf(t, "docs/guides/logins.md")[0])
			m.newStack()
			m.run("pulumi config set userId ocid1.user.oc1..aaaa...")
			printed := m.bash(test.command)
			assert.NotContains(t, printed, value)
			content := read(t, log)
			require.NotEmpty(t, content)
			assert.Equal(t, test.contains, strings.Contains(content, value), "%d bytes", len(content))
		})
	}
}

// TestWorkflowsOnPagesAreRight lints the workflows for GitHub Actions.
func TestWorkflowsOnPagesAreRight(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "actionlint")
	found := 0
	for page := range prose(t) {
		for _, block := range fence.FindAllStringSubmatch(toolchain.ReadFile(t, page), -1) {
			if block[1] != "yaml" || !strings.Contains(block[2], "runs-on:") {
				continue
			}
			found++
			file := filepath.Join(t.TempDir(), "workflow.yml")
			put(t, file, block[2])
			toolchain.Run(t, toolchain.Root, nil, "actionlint", "-shellcheck=", file)
		}
	}
	assert.NotZero(t, found)
}

// TestALeakedAuthTokenIsReplaced runs the command that SECURITY.md names, for a user with one token and for one with two.
func TestALeakedAuthTokenIsReplaced(t *testing.T) {
	t.Parallel()
	const command = "pulumi up --replace <URN>"
	require.Contains(t, toolchain.ReadFile(t, "SECURITY.md"), "`"+command+"`")
	m := newMachine(t, emulator.Config{})
	program := programsOf(t, "docs/guides/logins.md")[0]
	put(t, m.dir+"/Pulumi.yaml", program)
	m.newStack()
	m.run("pulumi config set userId ocid1.user.oc1..aaaa...\npulumi up")
	leaked := m.oci.Tokens(m.user)
	const urn = "urn:pulumi:dev::registry-login::ociauthtoken:index:AuthToken::registryToken"
	m.run(strings.ReplaceAll(command, "<URN>", urn))
	renewed := m.oci.Tokens(m.user)
	require.Len(t, renewed, 1)
	assert.NotEqual(t, leaked[0].ID, renewed[0].ID)

	other := m.oci.AddToken(m.user, "of somebody else")
	printed, err := m.try(strings.ReplaceAll(command, "<URN>", urn))
	require.Error(t, err)
	assert.Contains(t, printed, "UserCapacityExceeded")
	const resource = "      description: docker login from CI\n"
	require.Contains(t, program, resource)
	put(t, m.dir+"/Pulumi.yaml", strings.Replace(program, resource, resource+"    options:\n      deleteBeforeReplace: true\n", 1))
	m.run(strings.ReplaceAll(command, "<URN>", urn))
	tokens := m.oci.Tokens(m.user)
	require.Len(t, tokens, 2)
	for _, token := range tokens {
		assert.NotEqual(t, renewed[0].ID, token.ID)
	}
	assert.Contains(t, tokens, other)
}

// TestTheCommandThatListsTokensWorks runs the command that finds the ids for an import.
func TestTheCommandThatListsTokensWorks(t *testing.T) {
	t.Parallel()
	m := newMachine(t, emulator.Config{})
	token := m.oci.AddToken(m.user, "made by hand")
	command := strings.TrimSpace(block(t, "provider/authtoken/authtoken.md", "pulumi do"))
	assert.Contains(t, m.run(command+" --ociauthtoken:endpoint "+m.url), token.ID)
}

// TestTheChangeOverKeepsTheToken turns an AuthToken into a RotatingAuthToken with the fragment on the page.
func TestTheChangeOverKeepsTheToken(t *testing.T) {
	t.Parallel()
	_, section, found := strings.Cut(toolchain.ReadFile(t, "docs/guides/rotation.md"), "\n## Change over from AuthToken\n")
	require.True(t, found)
	fragment := fence.FindStringSubmatch(section)
	require.Equal(t, "yaml", fragment[1])
	m := newMachine(t, emulator.Config{})
	const head = "name: test\nruntime: yaml\nconfig:\n  userId:\n    type: string\n"
	before, _, _ := strings.Cut(strings.Replace(fragment[2], "RotatingAuthToken", "AuthToken", 1), "      maxAgeDays")
	put(t, m.dir+"/Pulumi.yaml", head+before)
	m.newStack()
	m.run("pulumi config set userId ocid1.user.oc1..aaaa...\npulumi up")
	token := m.oci.Tokens(m.user)
	put(t, m.dir+"/Pulumi.yaml", head+fragment[2])
	assert.Regexp(t, `1 to update\n\s+1 unchanged`, m.bash("pulumi preview"), "as the page says")
	m.bash("pulumi up")
	m.bash("pulumi preview --expect-no-changes")
	assert.Equal(t, token, m.oci.Tokens(m.user))
}
