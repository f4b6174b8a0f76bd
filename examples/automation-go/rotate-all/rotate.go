package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"golang.org/x/sync/errgroup"
)

// project is the name of the Pulumi project that the stacks belong to.
const project = "rotate-all"

// rotateAll updates the stacks, some at a time, until all are done or ctx is. A stack that fails does not keep the others from
// being updated.
func rotateAll(ctx context.Context, o options, stacks []*stack, r *report) error {
	command, err := newPulumi()
	if err != nil {
		return err
	}
	failures := make([]error, len(stacks))
	var group errgroup.Group
	group.SetLimit(o.parallel)
	for i, s := range stacks {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if err := rotate(ctx, o, command, s, r); err != nil && ctx.Err() == nil {
				failures[i] = fmt.Errorf("stack %s: %w", s.name, err)
			}
			r.stackDone(s)
			return nil
		})
	}
	return errors.Join(group.Wait(), errors.Join(failures...), sayForgotten(context.WithoutCancel(ctx), command, stacks, r))
}

// sayForgotten names the stacks of earlier runs that the file does not name any more. Nothing is done with their tokens: the file may
// be incomplete.
func sayForgotten(ctx context.Context, command auto.PulumiCommand, stacks []*stack, r *report) error {
	here, err := auto.NewLocalWorkspace(ctx, auto.Pulumi(command), auto.Project(workspace.Project{
		Name: project, Runtime: workspace.NewProjectRuntimeInfo("go", nil),
	}))
	if err != nil {
		return err
	}
	all, err := here.ListStacks(ctx)
	for _, found := range all {
		named := slices.ContainsFunc(stacks, func(s *stack) bool { return path.Base(s.name) == path.Base(found.Name) })
		// The stack itself counts as a resource.
		if !named && (found.ResourceCount == nil || *found.ResourceCount > 1) {
			r.say(fmt.Sprintf("Stack %s is not in the file, and keeps its tokens. To revoke them, write its name alone on a line.", found.Name))
		}
	}
	return err
}

// rotate updates one stack. When ctx is done, Pulumi begins nothing more and finishes what is in flight.
func rotate(ctx context.Context, o options, command auto.PulumiCommand, s *stack, r *report) error {
	// Only the update is ended early: the commands before it are short.
	whole := context.WithoutCancel(ctx)
	target, err := auto.UpsertStackInlineSource(whole, s.name, project, s.program(o), auto.Pulumi(command))
	if err != nil {
		return err
	}
	if o.endpoint != "" {
		if err := target.SetConfig(whole, "ociauthtoken:endpoint", auto.ConfigValue{Value: o.endpoint}); err != nil {
			return err
		}
	}

	received := make(chan events.EngineEvent)
	ended, drained := make(chan struct{}), make(chan struct{})
	var problems []string
	go func() {
		defer close(drained)
		for {
			select {
			case event, more := <-received:
				if !more {
					return
				}
				problems = append(problems, r.note(event)...)
			case <-ended: // Pulumi may have ended before it sent any.
				return
			}
		}
	}()
	_, err = target.Up(ctx, optup.EventStreams(received), optup.ContinueOnError(), optup.SuppressOutputs())
	close(ended)
	<-drained
	if err != nil && len(problems) > 0 {
		// They are what is of interest in the output of the command, which is all in the error.
		return errors.New(strings.Join(problems, "\n"))
	}
	return err
}

// program is what the stack consists of.
func (s *stack) program(o options) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		tokens := pulumi.StringMap{}
		for _, user := range s.users {
			token, err := ociauthtoken.NewRotatingAuthToken(ctx, user, &ociauthtoken.RotatingAuthTokenArgs{
				UserId:            pulumi.String(user),
				Description:       pulumi.String("rotated by rotate-all"),
				MaxAgeDays:        pulumi.Int(o.maxAgeDays),
				RotateWhenChanged: pulumi.StringMap{"run": pulumi.String(o.run)},
			})
			if err != nil {
				return err
			}
			tokens[user] = token.Token
		}
		ctx.Export("tokens", tokens)
		return nil
	}
}

// result is what an event says of a user's token once it is as it is to be, and reports whether it says anything.
func result(event events.EngineEvent) (user string, outcome outcome, ok bool) {
	if event.ResOutputsEvent == nil {
		return "", outcome, false
	}
	step := event.ResOutputsEvent.Metadata
	if step.Type != "ociauthtoken:index:RotatingAuthToken" || step.New == nil {
		return "", outcome, false
	}
	text := func(name string) string {
		value, _ := step.New.Outputs[name].(string)
		return value
	}
	outcome.rotated, outcome.due = text("timeCreated"), text("timeRotationDue")
	switch step.Op {
	case apitype.OpSame:
		outcome.what = "earlier"
	case apitype.OpCreate:
		outcome.what = "created"
	default:
		outcome.what = "rotated"
	}
	return text("userId"), outcome, true
}
