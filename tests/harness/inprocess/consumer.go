package inprocess

import (
	"context"
	"sync"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// Consumer is a provider of another package, with one kind of resource that takes a token, as a registry login or a Kubernetes
// secret does in a real program. It shows what a change of an AuthToken does to the resources that depend on it.
type Consumer struct {
	mu sync.Mutex
	// Received holds the passwords that the resource was created or updated with, in order.
	Received []string
}

// LoginType is the type of the consumer's resource.
const LoginType = "consumer:index:Login"

func (c *Consumer) load() (plugin.Provider, error) {
	receive := func(inputs any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		password := propertyMap(inputs)["password"]
		for password.IsSecret() {
			password = password.SecretValue().Element
		}
		c.Received = append(c.Received, password.StringValue())
	}
	return &deploytest.Provider{
		CreateF: func(_ context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
			if !req.Preview {
				receive(req.Properties)
			}
			return plugin.CreateResponse{ID: "login", Properties: req.Properties, Status: resource.StatusOK}, nil
		},
		UpdateF: func(_ context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
			if !req.Preview {
				receive(req.NewInputs)
			}
			return plugin.UpdateResponse{Properties: req.NewInputs, Status: resource.StatusOK}, nil
		},
	}, nil
}

// propertyMap returns the properties in a request of the engine. Their type is property.Map, and was resource.PropertyMap in the oldest
// version that the tests are run with.
func propertyMap(properties any) resource.PropertyMap {
	if m, ok := properties.(property.Map); ok {
		return resource.ToResourcePropertyMap(m)
	}
	return properties.(resource.PropertyMap)
}

// TokenAndLogin returns a program with an AuthToken "token" and a resource "login" that takes its value.
func (s *Stack) TokenAndLogin(userID, description string) Program {
	return func(m *deploytest.ResourceMonitor) error {
		token, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.Inputs(userID, description),
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(LoginType, "login", true, deploytest.ResourceOptions{
			Inputs:       resource.PropertyMap{"password": token.Outputs["token"]},
			PropertyDeps: map[resource.PropertyKey][]resource.URN{"password": {token.URN}},
			Dependencies: []resource.URN{token.URN},
		})
		return err
	}
}
