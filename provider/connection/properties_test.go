package connection

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTableAndStructHaveTheSameProperties(t *testing.T) {
	t.Parallel()
	secret := map[string]bool{}
	config := reflect.TypeFor[Config]()
	for i := range config.NumField() {
		name, options, _ := strings.Cut(config.Field(i).Tag.Get("pulumi"), ",")
		assert.Equal(t, "optional", options, name)
		secret[name] = config.Field(i).Tag.Get("provider") == "secret"
	}
	for _, p := range properties() {
		require.Contains(t, secret, p.Name)
		assert.Equal(t, p.Secret, secret[p.Name], "whether %s is a secret", p.Name)
		if p.Secret {
			assert.Nil(t, p.Check, "what is wrong with %s is shown", p.Name)
		}
		delete(secret, p.Name)
	}
	assert.Empty(t, secret, "the table lacks these")
}

// TestEveryPropertyOfTheProgramIsRead looks for the properties that only a program may set. A test of package auth looks for the others.
func TestEveryPropertyOfTheProgramIsRead(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("connection.go")
	require.NoError(t, err)
	for _, p := range properties() {
		if p.ProgramOnly && !strings.Contains(p.Description, "It has no effect") {
			assert.True(t, strings.Contains(string(code), `settings["`+p.Name+`"]`), "nothing reads %s", p.Name)
		}
	}
}

func TestConfigurationTableIsInTheDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/installation-configuration.md")
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(page), Table()),
		"docs/installation-configuration.md does not have the table that Table returns:\n%s", Table())
}

func TestDescriptionsNameTheSources(t *testing.T) {
	t.Parallel()
	for _, p := range properties() {
		switch p.Name {
		case "endpoint":
			assert.Empty(t, ifNotSet(p))
		case "tokenExchangeRpstExp":
			assert.Equal(t, " If it is not set, the environment variables `TF_VAR_token_exchange_rpst_exp` and "+
				"`OCI_TOKEN_EXCHANGE_RPST_EXP` are read.", ifNotSet(p))
		case "privateKeyPath":
			assert.Equal(t, " If it is not set, the environment variables `TF_VAR_private_key_path`, `OCI_PRIVATE_KEY_PATH` and "+
				"`OCI_CLI_KEY_FILE` are read, then `key_file` in the OCI configuration file.", ifNotSet(p))
		}
	}
}
