package inprocess

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// The functions for the container registry.
const (
	GetRegistryLogin = "ociauthtoken:index:getRegistryLogin"
	GetRegistryUser  = "ociauthtoken:index:getRegistryUser"
	GetRegistryToken = "ociauthtoken:index:getRegistryToken"
)

// Invoke calls a function as a program does, and returns the answer as plaintext. Each property named in secrets must be a secret in
// the answer.
func Invoke(m *deploytest.ResourceMonitor, function string, arguments map[string]any, secrets ...string) (map[string]any, error) {
	result, failures, err := m.Invoke(tokens.ModuleMember(function), resource.NewPropertyMapFromMap(arguments), "", "", "")
	switch {
	case err != nil:
		return nil, err
	case len(failures) > 0:
		return nil, errors.New(failures[0].Reason)
	}
	got := map[string]any{}
	for name, property := range result {
		isSecret := property.IsSecret()
		if isSecret {
			property = property.SecretValue().Element
		}
		for _, secret := range secrets {
			if string(name) == secret && !isSecret {
				return nil, fmt.Errorf("%s is in clear on the wire", name)
			}
		}
		got[string(name)] = property.Mappable()
	}
	return got, nil
}
