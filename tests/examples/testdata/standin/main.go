// Command standin stands in for other providers in the tests of examples, because these are not available as Go modules, or need an
// account, a cluster or a Docker daemon. The name of its file decides which one it is; "schema NAME" prints a schema of table.go. As pulumi-resource-command it runs commands on
// this machine. As pulumi-resource-docker-build it pushes images: see image.go. The others are in table.go. All compare as the real ones do.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-resource-")
	resource := map[string]infer.InferredResource{"command": infer.Resource(&Command{}), "docker-build": infer.Resource(&Image{})}[name]
	var err error
	switch {
	case len(os.Args) > 2 && os.Args[1] == "schema":
		err = json.NewEncoder(os.Stdout).Encode(tables[os.Args[2]].schema(os.Args[2]))
	case resource == nil:
		err = p.RunProvider(context.Background(), name, "1.0.0", tables[name].provider(name))
	default:
		var provider p.Provider
		if provider, err = infer.NewProviderBuilder().WithResources(resource).Build(); err == nil {
			err = provider.Run(context.Background(), name, "1.0.0")
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Command is command:local:Command. Like the real one, it leaves comparing to infer, and an update without a command for it runs the
// first one again: see pulumi/pulumi-command provider/pkg/provider/local/commandController.go.
type Command struct{}

// CommandArgs are the arguments that the examples use.
type CommandArgs struct {
	Create      string            `pulumi:"create"`
	Update      *string           `pulumi:"update,optional"`
	Delete      *string           `pulumi:"delete,optional"`
	Stdin       *string           `pulumi:"stdin,optional"`
	Environment map[string]string `pulumi:"environment,optional"`
	Triggers    []string          `pulumi:"triggers,optional"    provider:"replaceOnChanges"`
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

// Update runs the command for it, or the first one.
func (*Command) Update(
	ctx context.Context, req infer.UpdateRequest[CommandArgs, CommandState],
) (infer.UpdateResponse[CommandState], error) {
	response := infer.UpdateResponse[CommandState]{Output: CommandState{req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	line := req.Inputs.Create
	if req.Inputs.Update != nil {
		line = *req.Inputs.Update
	}
	return response, req.Inputs.run(ctx, line)
}

// Delete runs the last command.
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
