package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
)

func TestCheckScope(t *testing.T) {
	t.Parallel()
	for scope, wrong := range map[string]string{
		"repository:ns/app:pull,push":                    "",
		"repository:ns/team/app_1.x-y:pull":              "",
		"repository:ns/app:*":                            "",
		"repository:ns/app:pull repository:ns/base:pull": "",
		"repository(plugin):ns/app:pull":                 "",
		"registry:catalog:*":                             "",
		"":                                               "it is empty",
		"  ":                                             "it is empty",
		"ns/app":                                         "is not the scope of a registry",
		"ns/app:latest":                                  "is not the scope of a registry",
		"repository:ns/app":                              "is not the scope of a registry",
		"repository:ns/app:":                             "is not the scope of a registry",
		"repository::pull":                               "is not the scope of a registry",
		"repository:ns/app:pull, push":                   "is not the scope of a registry",
		"repository:ns/app:pull&account=root":            "is not the scope of a registry",
		"repository:ns/app:PULL":                         "is not the scope of a registry",
		"repository:ns/app:pull repository:ns/base":      "is not the scope of a registry",
		"repository:" + password + "/(x)<" + password + ":p": "a text of",
	} {
		err := registry.CheckScope(scope)
		if wrong == "" {
			require.NoError(t, err, scope)
			continue
		}
		require.ErrorContains(t, err, wrong, scope)
		assert.ErrorContains(t, err, "repository:<namespace>/<name>:pull,push")
		assert.NotContains(t, err.Error(), password)
	}
}
