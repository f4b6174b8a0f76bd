package auth

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// writeConfigFile writes ~/.oci/config into a new home directory.
func writeConfigFile(t *testing.T, content string) (home string) {
	t.Helper()
	home = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, ".oci"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".oci", "config"), []byte(content), 0o600))
	return home
}

func TestTheFirstPlaceThatHasAPropertyCounts(t *testing.T) {
	t.Parallel()
	home := writeConfigFile(t, "[DEFAULT]\nregion=from-the-file\n")
	settings := Settings{"region": "from-the-program"}
	environment := map[string]string{
		"TF_VAR_region": "from-terraform", "OCI_REGION": "from-oci", "OCI_CLI_REGION": "from-the-cli",
	}
	for _, test := range []struct{ value, origin, remove string }{
		{"from-the-program", "the provider's configuration", "region"},
		{"from-terraform", "the environment variable TF_VAR_region", "TF_VAR_region"},
		{"from-oci", "the environment variable OCI_REGION", "OCI_REGION"},
		{"from-the-cli", "the environment variable OCI_CLI_REGION", "OCI_CLI_REGION"},
		{"from-the-file", "profile DEFAULT of " + filepath.Join(home, ".oci", "config"), ""},
	} {
		s, err := newSources(settings, machine(home, environment))
		require.NoError(t, err)
		found := s.find(propertyRegion)
		assert.Equal(t, test.value, string(found.value))
		assert.Equal(t, test.origin, found.origin)
		delete(settings, test.remove)
		delete(environment, test.remove)
	}
	s, err := newSources(nil, machine(t.TempDir(), nil))
	require.NoError(t, err)
	assert.Empty(t, s.find(propertyRegion))
}

func TestAProfileThatTheProgramNamesCountsBeforeTheEnvironment(t *testing.T) {
	t.Parallel()
	home := writeConfigFile(t, "[DEFAULT]\nregion=inherited\n[WORK]\nregion=of-the-profile\n[OTHER]\nuser=x\n")
	for _, test := range []struct {
		program     Settings
		environment map[string]string
		region      string
	}{
		{Settings{"configFileProfile": "WORK"}, map[string]string{"TF_VAR_region": "variable"}, "of-the-profile"},
		{Settings{"configFileProfile": "OTHER"}, map[string]string{"TF_VAR_region": "variable"}, "inherited"},
		{Settings{"configFileProfile": "WORK", "region": "of-the-program"}, map[string]string{"TF_VAR_region": "variable"}, "of-the-program"},
		{nil, map[string]string{"TF_VAR_region": "variable", "OCI_CLI_PROFILE": "WORK"}, "variable"},
		{nil, map[string]string{"OCI_CLI_PROFILE": "WORK"}, "of-the-profile"},
	} {
		s, err := newSources(test.program, machine(home, test.environment))
		require.NoError(t, err)
		assert.Equal(t, test.region, string(s.find(propertyRegion).value))
	}
}

func TestErrorsNameThePlaces(t *testing.T) {
	t.Parallel()
	home := writeConfigFile(t, "")
	s, err := newSources(nil, machine(home, nil))
	require.NoError(t, err)
	file := "profile DEFAULT of " + filepath.Join(home, ".oci", "config")
	for property, said := range map[*Property]string{
		&propertyUserOCID: `userOcid: is not set. Set it with "pulumi config set ociauthtoken:userOcid ...", or set one of the environment ` +
			`variables TF_VAR_user_ocid, OCI_USER_OCID, OCI_CLI_USER, or "user" in ` + file,
		&propertyPrivateKeyPassword: `privateKeyPassword: is not set. Set it with "pulumi config set --secret ` +
			`ociauthtoken:privateKeyPassword ...", or set one of the environment variables TF_VAR_private_key_password, ` +
			`OCI_PRIVATE_KEY_PASSWORD, OCI_CLI_PASSPHRASE, or "pass_phrase" in ` + file,
		&propertyTokenExchangeClientSecret: `tokenExchangeClientSecret: is not set. Set it with "pulumi config set --secret ` +
			`ociauthtoken:tokenExchangeClientSecret ...", or set one of the environment variables TF_VAR_token_exchange_client_secret, ` +
			`OCI_TOKEN_EXCHANGE_CLIENT_SECRET`,
	} {
		assert.Equal(t, said, s.missing(*property).Error())
	}
}

func TestATildeStandsForTheHomeDirectory(t *testing.T) {
	t.Parallel()
	for path, expanded := range map[string]string{
		"~": "/home/me", "~/key.pem": "/home/me/key.pem", "~you/key.pem": "~you/key.pem", "/~/key.pem": "/~/key.pem", "key.pem": "key.pem",
		"": "",
	} {
		s := &sources{home: "/home/me"}
		assert.Equal(t, expanded, string(s.path(safetext.Text(path))))
		s.home = ""
		assert.Equal(t, path, string(s.path(safetext.Text(path))), "there is no home directory")
	}
	_, err := readFile("~/key.pem")
	require.ErrorContains(t, err, "there is no home directory")
}
