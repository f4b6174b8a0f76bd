package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

const module = "github.com/ociauthtoken/pulumi-ociauthtoken"

// version is the version of both plugins. It is read from VERSION, because the SDKs ask for a plugin of their own version.
var version string

// stack describes a plugin to build, and a stack with its resources.
type stack struct {
	name   string
	source string
	config map[string]string
	env    []string
	kind   string
	count  int
	inputs func(i int) map[string]any
}

// plugin is a plugin that has been built and installed, with a project whose stack is still empty.
type plugin struct {
	name    string
	binary  string
	project string
	env     []string
}

// oci is a local OCI with the users whose tokens are created.
type oci struct {
	*emulator.Server
	service    *emulator.Service
	users      []emulator.User
	configFile string
}

// startOCI starts a local OCI in this process, with a user for every two tokens. The first user signs all requests.
func startOCI(dir string, tokens int, config emulator.Config) (*oci, error) {
	config.Users = make([]string, tokens/2)
	for i := range config.Users {
		config.Users[i] = fmt.Sprintf("user%d", i)
	}
	service, err := emulator.New(config)
	if err != nil {
		return nil, err
	}
	users := service.Users()
	credentials, err := service.NewCredentials(users[0].ID)
	if err != nil {
		return nil, err
	}
	configFile, _, err := credentials.WriteConfigFile(dir, "DEFAULT")
	if err != nil {
		return nil, err
	}
	return &oci{Server: service.Start(), service: service, users: users, configFile: configFile}, nil
}

// tokenStack returns the stack of our plugin, with tokens at the local OCI.
func tokenStack(oci *oci) stack {
	return stack{
		name:   "ociauthtoken",
		source: module + "/cmd/pulumi-resource-ociauthtoken",
		config: map[string]string{"ociauthtoken:endpoint": oci.URL},
		env:    []string{"OCI_CLI_CONFIG_FILE=" + oci.configFile},
		kind:   "ociauthtoken:AuthToken",
		count:  2 * len(oci.users),
		inputs: func(i int) map[string]any {
			return map[string]any{"userId": oci.users[i/2].ID, "description": fmt.Sprintf("token %d", i)}
		},
	}
}

// floorStack returns the same stack of the plugin that makes the same requests and does nothing else.
func floorStack(oci *oci) stack {
	s := tokenStack(oci)
	s.name, s.source, s.kind = "floor", module+"/tools/bench/floor", "floor:Token"
	s.config = map[string]string{"floor:endpoint": oci.URL}
	return s
}

// prepare builds a plugin, installs it into a Pulumi home of its own, and makes an empty stack.
func prepare(ctx context.Context, dir string, s stack) (*plugin, error) {
	dir = filepath.Join(dir, s.name)
	p := &plugin{
		name:    s.name,
		binary:  filepath.Join(dir, "pulumi-resource-"+s.name),
		project: filepath.Join(dir, "project"),
	}
	backend := filepath.Join(dir, "state")
	for _, folder := range []string{p.project, backend} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	// Nothing else from this process's environment, which may contain settings for Pulumi and OCI.
	p.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir,
		"PULUMI_HOME=" + filepath.Join(dir, "home"), "PULUMI_BACKEND_URL=file://" + backend, "PULUMI_CONFIG_PASSPHRASE=bench",
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
	}, s.env...)

	if err := build(ctx, s.source, p.binary); err != nil {
		return nil, err
	}
	if err := s.writeProgram(filepath.Join(p.project, "Pulumi.yaml")); err != nil {
		return nil, err
	}
	commands := [][]string{
		{"plugin", "install", "resource", s.name, version, "--file", p.binary},
		{"stack", "init", "bench"},
	}
	for key, value := range s.config {
		commands = append(commands, []string{"config", "set", key, value})
	}
	for _, args := range commands {
		if err := p.pulumi(ctx, nil, args...); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// writeProgram writes a YAML program with the stack's resources.
func (s stack) writeProgram(path string) error {
	declared := map[string]any{}
	for i := range s.count {
		declared[fmt.Sprintf("resource%d", i)] = map[string]any{"type": s.kind, "properties": s.inputs(i)}
	}
	program, err := yaml.Marshal(map[string]any{"name": "bench", "runtime": "yaml", "resources": declared})
	if err != nil {
		return err
	}
	return os.WriteFile(path, program, 0o600)
}

// build builds a plugin with the flags of a release.
func build(ctx context.Context, source, binary string) error {
	flags := "-s -w -X main.version=" + version
	//nolint:gosec // the arguments are named in this program
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", flags, "-o", binary, source)
	// An interrupted build leaves its files behind. Here they are removed afterwards.
	command.Env = append(os.Environ(), "GOTMPDIR="+filepath.Dir(binary))
	_, err := output(command)
	return err
}

// pulumi runs the pulumi command in the project, with additions to the environment.
func (p *plugin) pulumi(ctx context.Context, env []string, args ...string) error {
	//nolint:gosec // the arguments are those of the measures
	command := exec.CommandContext(ctx, "pulumi", append(args, "--non-interactive")...)
	command.Dir, command.Env = p.project, append(p.env[:len(p.env):len(p.env)], env...)
	_, err := output(command)
	return err
}

// output runs a command and returns its standard output without the final newline. An error contains both of its outputs.
func output(command *exec.Cmd) (string, error) {
	// The command gets only our interrupt, and not the terminal's as well. It then ends in order, with all that it has started.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
	command.WaitDelay = 15 * time.Second
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(command.Args, " "), err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}

// moduleRoot is the folder of this module.
func moduleRoot(ctx context.Context) (string, error) {
	return output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module))
}
