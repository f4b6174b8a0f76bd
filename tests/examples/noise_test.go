package examples

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

// Each run gets another password from getRegistryToken. These tests show what takes it, and what each does then. The page of the function
// has the same table.

// newNoise returns a program with some resources that take the login, with an empty stack. The registry has a chart.
func newNoise(t *testing.T, resources string) *project {
	t.Helper()
	p := newProject(t, "push-image-yaml", yaml)
	for name, version := range map[string]string{"command": "1.2.1", "docker": "4.8.0", "docker-build": "0.0.22", "kubernetes": "4.34.2"} {
		p.installStandIn(name, version)
	}
	ocir.Start(t, p.oci, p.url)
	write(t, filepath.Join(p.dir, yaml.main), `name: noise
runtime: yaml
config:
  trigger:
    type: string
    default: first
variables:
  names:
    fn::invoke:
      function: ociauthtoken:getRegistryUser
      arguments:
        username: BEARER_TOKEN
  login:
    fn::invoke:
      function: ociauthtoken:getRegistryToken
resources:
`+resources)
	p.newStack("dev", map[string]string{})
	return p
}

const (
	dockerBuildImage = `  image:
    type: docker-build:Image
    properties:
      context:
        location: app
      push: true
      tags:
        - ${names.server}/${names.namespace}/hello:latest
      registries:
        - address: ${login.server}
          username: ${login.username}
          password: ${login.password}
`
	dockerImage = `  image:
    type: docker:Image
    properties:
      imageName: ${names.server}/${names.namespace}/hello:latest
      build:
        context: app
      registry:
        server: ${login.server}
        username: ${login.username}
        password: ${login.password}
`
	dockerProvider = `  docker:
    type: pulumi:providers:docker
    properties:
      registryAuth:
        - address: ${login.server}
          username: ${login.username}
          password: ${login.password}
    options:
      ignoreChanges: []
  image:
    type: docker:RegistryImage
    properties:
      name: ${names.server}/${names.namespace}/hello:${trigger}
    options:
      provider: ${docker}
`
	dockerLogin = `  docker:
    type: command:local:Command
    properties:
      create: cat > received
      stdin: ${login.password}
      triggers:
        - ${trigger}
    options:
      ignoreChanges: []
`
	helmRelease = `  chart:
    type: docker-build:Image
    properties:
      context:
        location: app
      push: true
      tags:
        - ${names.server}/${names.namespace}/chart:1.0.0
      registries:
        - address: ${login.server}
          username: ${login.username}
          password: ${login.password}
  release:
    type: kubernetes:helm.sh/v3:Release
    properties:
      chart: oci://${names.server}/${names.namespace}/chart
      version: 1.0.0
      repositoryOpts:
        username: ${login.username}
        password: ${login.password}
    options:
      ignoreChanges: []
      dependsOn:
        - ${chart}
`
)

// ignoring makes the resource in a program ignore changes of a property.
func ignoring(resources, property string) string {
	return strings.Replace(resources, "ignoreChanges: []", "ignoreChanges: ["+property+"]", 1)
}

// TestWhatAnotherPasswordChanges has what each resource does in a run in which only the password is another one.
func TestWhatAnotherPasswordChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		resources string
		want      map[string]string
	}{
		"Image of Docker Build":               {dockerBuildImage, map[string]string{}},
		"Image of Docker":                     {dockerImage, map[string]string{}},
		"Provider of Docker":                  {dockerProvider, map[string]string{"docker": "updated"}},
		"Provider of Docker, that ignores it": {ignoring(dockerProvider, "registryAuth"), map[string]string{}},
		"Command":                             {dockerLogin, map[string]string{"docker": "updated"}},
		"Command, that ignores it":            {ignoring(dockerLogin, "stdin"), map[string]string{}},
		"Release of Helm":                     {helmRelease, map[string]string{"release": "updated"}},
		"Release of Helm, that ignores it":    {ignoring(helmRelease, "repositoryOpts.password"), map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newNoise(t, test.resources)
			p.pulumi("up", "--yes", "--skip-preview")
			assert.Equal(t, test.want, p.operations())
			requireNoValueBelow(t, p.state)
		})
	}
}

// TestIgnoringThePasswordKeepsTheOldOne shows what ignoreChanges costs: the provider and the release go on with a password that has
// expired. A command that is replaced gets the new one.
func TestIgnoringThePasswordKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	hourLater := func(t *testing.T, resources string) *project {
		p := newNoise(t, resources)
		p.pulumi("up", "--yes", "--skip-preview")
		p.ahead.Add(int64(time.Hour))
		return p
	}
	t.Run("Provider of Docker", func(t *testing.T) {
		t.Parallel()
		p := hourLater(t, ignoring(dockerProvider, "registryAuth"))
		assert.Contains(t, p.fails("up", "--yes", "--skip-preview", "--config", "trigger=second"), "UNAUTHORIZED")
	})
	t.Run("Release of Helm", func(t *testing.T) {
		t.Parallel()
		p := hourLater(t, ignoring(helmRelease, "repositoryOpts.password"))
		assert.Contains(t, p.fails("up", "--yes", "--skip-preview"), "UNAUTHORIZED")
	})
	t.Run("Command", func(t *testing.T) {
		t.Parallel()
		p := hourLater(t, ignoring(dockerLogin, "stdin"))
		first := read(t, filepath.Join(p.dir, "received"))
		assert.Equal(t, map[string]string{"docker": "replaced"}, p.operations("--config", "trigger=second"))
		require.False(t, first == read(t, filepath.Join(p.dir, "received")), "it was given the password that has expired")
	})
}

// TestAScopeThatIsNotKnownYet has a preview that cannot know the scope. The password in it is unknown, too.
func TestAScopeThatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	p := newNoise(t, dockerLogin+`  later:
    type: ociauthtoken:AuthToken
    properties:
      userId: ${userId}
      description: its id is not known in a preview
`)
	program := filepath.Join(p.dir, yaml.main)
	write(t, program, strings.NewReplacer(`      function: ociauthtoken:getRegistryToken
`, `      function: ociauthtoken:getRegistryToken
      arguments:
        scope: repository:${names.namespace}/${later.id}:pull
`, "${userId}", p.users[1]).Replace(read(t, program)))
	p.pulumi("preview")
	assert.Zero(t, p.calls("GetAccessToken"))
	p.pulumi("up", "--yes", "--skip-preview")
	assert.Equal(t, 1, p.calls("GetAccessToken"))
	assert.NotEmpty(t, read(t, filepath.Join(p.dir, "received")))
}

// TestAPlanHoldsThePassword shows that a plan is refused, because the update has another password than the preview. An auth token has not.
func TestAPlanHoldsThePassword(t *testing.T) {
	t.Parallel()
	p := newNoise(t, dockerBuildImage)
	p.pulumi("preview", "--save-plan", "plan.json")
	requireNoValue(t, "the plan", read(t, filepath.Join(p.dir, "plan.json")))
	assert.Contains(t, p.fails("up", "--yes", "--plan", "plan.json"), "violates plan")

	token := p.oci.AddToken(p.users[0], "by hand")
	program := filepath.Join(p.dir, yaml.main)
	write(t, program, strings.Replace(read(t, program), `      function: ociauthtoken:getRegistryToken
`, `      function: ociauthtoken:getRegistryLogin
      arguments:
        password: ${password}
`, 1))
	p.pulumi("config", "set", "--secret", "password", token.Value)
	write(t, program, strings.Replace(read(t, program), "config:\n", "config:\n  password:\n    type: string\n    secret: true\n", 1))
	p.pulumi("preview", "--save-plan", "plan.json")
	requireNoValue(t, "the plan", read(t, filepath.Join(p.dir, "plan.json")))
	p.pulumi("up", "--yes", "--plan", "plan.json")
}

// TestAProgramThatRunsForDays pushes before and after an hour from one process, with the Automation API. Each push has a password of its own.
func TestAProgramThatRunsForDays(t *testing.T) {
	t.Parallel()
	p := newPageProgram(t, python, "")
	ocir.Start(t, p.oci, p.url)
	write(t, filepath.Join(p.dir, "app", "hello.txt"), "")
	write(t, filepath.Join(p.dir, "days.py"), read(t, filepath.Join("testdata", "days", "main.py")))
	command, cancel := newCommand(t, p.dir, p.env, filepath.Join(p.dir, "venv", "bin", "python"), "days.py", p.url)
	defer cancel()
	days, err := command.StdinPipe()
	require.NoError(t, err)
	results, err := command.StdoutPipe()
	require.NoError(t, err)
	command.Stderr = os.Stderr
	require.NoError(t, command.Start())
	for lines, day := bufio.NewScanner(results), 1; day <= 2; day++ {
		_, err := fmt.Fprintf(days, "day %d\n", day)
		require.NoError(t, err)
		require.True(t, lines.Scan(), "the program has ended")
		assert.Equal(t, "succeeded", lines.Text())
		assert.Equal(t, day, p.calls("GetAccessToken"))
		p.ahead.Add(int64(time.Hour))
	}
	require.NoError(t, days.Close())
	require.NoError(t, command.Wait())
}
