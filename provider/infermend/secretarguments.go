package infermend

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// keepSecretArguments keeps secret what an update that failed half-way carries over from the old state. infer marks as secret what is
// secret in the new arguments: https://github.com/pulumi/pulumi-go-provider/pull/123. If a program stops marking an argument as secret,
// infer would record the old value, which is still in the state, in plain text. No upstream issue for it was found.
func keepSecretArguments(ctx context.Context, call *Call, next func(context.Context) error) error {
	err := next(ctx)
	if call.Method != Update || call.Answer.Failed == nil {
		return err
	}
	for name, old := range call.State.All {
		if now, ok := call.Answer.State.GetOk(name); ok && old.HasSecrets() && inClear(now).Equals(inClear(old)) {
			call.Answer.State = call.Answer.State.Set(name, old.WithSecret(old.Secret() || now.Secret()))
		}
	}
	return err
}

// inClear returns the value without any mark of a secret.
func inClear(value property.Value) property.Value {
	switch {
	case value.IsMap():
		members := map[string]property.Value{}
		for name, member := range value.AsMap().All {
			members[name] = inClear(member)
		}
		return property.New(members)
	case value.IsArray():
		var members []property.Value
		for _, member := range value.AsArray().All {
			members = append(members, inClear(member))
		}
		return property.New(members)
	default:
		return value.WithSecret(false)
	}
}
