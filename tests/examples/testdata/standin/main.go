// Command standin stands in for some of Pulumi's providers in the tests of examples, because these are not available as Go modules, or
// need a cluster or a Docker daemon. The name of its file decides which one it is. As pulumi-resource-command it runs commands on this
// machine. As pulumi-resource-kubernetes it records secrets. As pulumi-resource-docker-build it pushes images: see image.go.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
)

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-resource-")
	resource := map[string]infer.InferredResource{
		"command": infer.Resource(&Command{}), "kubernetes": infer.Resource(&Secret{}),
		"docker-build": infer.Resource(&Image{}),
	}[name]
	provider, err := infer.NewProviderBuilder().WithResources(resource).Build()
	if err == nil {
		err = provider.Run(context.Background(), name, "1.0.0")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Command is command:local:Command.
type Command struct{}

// CommandArgs are the arguments that the examples use.
type CommandArgs struct {
	Create      string            `pulumi:"create"`
	Delete      *string           `pulumi:"delete,optional"`
	Stdin       *string           `pulumi:"stdin,optional"       provider:"secret"`
	Environment map[string]string `pulumi:"environment,optional"`
}

// CommandState is the state of a Command.
type CommandState struct{ CommandArgs }

// Annotate names the resource.
func (c *Command) Annotate(a infer.Annotator) { a.SetToken("local", "Command") }

// Create runs the first command.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[CommandArgs]) (infer.CreateResponse[CommandState], error) {
	response := infer.CreateResponse[CommandState]{ID: req.Name, Output: CommandState{req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	return response, req.Inputs.run(ctx, req.Inputs.Create)
}

// Delete runs the other command.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, req.State.run(ctx, *req.State.Delete)
}

func (args CommandArgs) run(ctx context.Context, line string) error {
	command := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	command.Env = os.Environ()
	for name, value := range args.Environment {
		command.Env = append(command.Env, name+"="+value)
	}
	if args.Stdin != nil {
		command.Stdin = strings.NewReader(*args.Stdin)
	}
	var printed bytes.Buffer
	command.Stdout, command.Stderr = &printed, &printed
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", line, err, &printed)
	}
	return nil
}

// Secret is kubernetes:core/v1:Secret.
type Secret struct{}

// SecretArgs are the arguments that the examples use.
type SecretArgs struct {
	APIVersion *string           `pulumi:"apiVersion,optional"`
	Kind       *string           `pulumi:"kind,optional"`
	Metadata   map[string]string `pulumi:"metadata"`
	Type       string            `pulumi:"type"`
	StringData map[string]string `pulumi:"stringData"`
}

// SecretState is the state of a Secret.
type SecretState struct{ SecretArgs }

// Annotate names the resource.
func (s *Secret) Annotate(a infer.Annotator) { a.SetToken("core/v1", "Secret") }

// Create records the secret.
func (*Secret) Create(_ context.Context, req infer.CreateRequest[SecretArgs]) (infer.CreateResponse[SecretState], error) {
	return infer.CreateResponse[SecretState]{ID: "default/" + req.Inputs.Metadata["name"], Output: SecretState{req.Inputs}}, nil
}

// Update records the new secret.
func (*Secret) Update(_ context.Context, req infer.UpdateRequest[SecretArgs, SecretState]) (infer.UpdateResponse[SecretState], error) {
	return infer.UpdateResponse[SecretState]{Output: SecretState{req.Inputs}}, nil
}
