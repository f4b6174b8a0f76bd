package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
)

func TestParseScope(t *testing.T) {
	t.Parallel()
	for scope, canonical := range map[string]string{
		"repository:ns/app:pull,push":                             "repository:ns/app:pull,push",
		"repository:ns/team/app_1.x-y:pull":                       "repository:ns/team/app_1.x-y:pull",
		"repository:ns/app:*":                                     "repository:ns/app:*",
		"repository:ns/app:pull repository:ns/base:pull":          "repository:ns/app:pull repository:ns/base:pull",
		" repository:ns/app:pull\n  repository:other/base:pull\n": "repository:ns/app:pull repository:other/base:pull",
		"repository(plugin):ns/app:pull":                          "repository(plugin):ns/app:pull",
		"registry:catalog:*":                                      "registry:catalog:*",
	} {
		parsed, err := registry.ParseScope(scope)
		require.NoError(t, err, scope)
		assert.Equal(t, canonical, parsed)
	}
	for scope, wrong := range map[string]string{
		"":                                    "it is empty",
		"  ":                                  "it is empty",
		"ns/app":                              "is not the scope of a registry",
		"ns/app:latest":                       "is not the scope of a registry",
		"repository:ns/app":                   "is not the scope of a registry",
		"repository:ns/app:":                  "is not the scope of a registry",
		"repository::pull":                    "is not the scope of a registry",
		"repository:ns/app:pull, push":        "is not the scope of a registry",
		"repository:ns/app:pull&account=root": "is not the scope of a registry",
		"repository:ns/app:PULL":              "is not the scope of a registry",
		"repository:ns/app:pull repository:ns/base":                    "is not the scope of a registry",
		"repository:app:pull":                                          "is not the scope of a registry",
		"repository:ns/app:latest:pull":                                "is not the scope of a registry",
		"repository:ocir.us-phoenix-1.oci.oraclecloud.com/ns/app:pull": "is not the scope of a registry",
		"repository:127.0.0.1:5000/ns/app:pull":                        "is not the scope of a registry",
		"repository:" + password + "/(x)<" + password + ":p":           "a text of",
	} {
		_, err := registry.ParseScope(scope)
		require.ErrorContains(t, err, wrong, scope)
		assert.ErrorContains(t, err, "repository:<namespace>/<name>:pull,push")
		assert.NotContains(t, err.Error(), password)
	}
}
