package auth

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNoLineOfTheConfigurationFileIsQuoted(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, content := range []string{
		"[pass_phrase=" + canary, "[DEFAULT]\n[" + canary + "\n", "`" + canary, "[DEFAULT]\n`" + canary, `"""` + canary, "[DEFAULT]\n" + canary,
		"[DEFAULT]\n\"" + canary, "[DEFAULT]\npass_phrase=`" + canary, "[DEFAULT]\npass_phrase=\"\"\"" + canary,
		// In other formats such a line would continue on the next.
		"user=\"\"\"\n" + canary, "user=`\n" + canary, "user=x\\\n" + canary, "user=x\n " + canary,
	} {
		path := filepath.Join(home, "config")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, profile := range []string{"", "WORK"} {
			_, err := Resolve(t.Context(), Settings{"configFileProfile": profile}, machine(home, map[string]string{configFileVariable: path}))
			if err == nil {
				t.Fatalf("%q was taken", content)
			}
			checkShown(t, err.Error())
		}
	}
}

func TestEachLineOfTheConfigurationFileIsReadByItself(t *testing.T) {
	t.Parallel()
	for content, value := range map[string]string{
		"[DEFAULT]\npass_phrase=x\n": "x", "pass_phrase=x": "x", " [ DEFAULT ] \r\n Pass_Phrase : x \r\n": "x", "\ufeff[DEFAULT]\npassphrase=x": "x",
		"[DEFAULT] # mine\npass_phrase=x": "x", "#pass_phrase=y\n;pass_phrase=y\npass_phrase=x": "x", "[A]\n[DEFAULT]\npass_phrase=x": "x",
		"pass_phrase=x\\\nuser=y": `x\`, `pass_phrase="""`: `"""`, "pass_phrase=`": "`", "pass_phrase=a=b;c#d 'e'": "a=b;c#d 'e'",
		"pass_phrase=%(user)s\nuser=y": "%(user)s", "pass_phrase=x\n[DEFAULT]\nuser=y": "x", "[WORK]\npass_phrase=x": "",
		"hello\n=\npass_phrase=x": "x",
	} {
		parsed, err := parseProfiles(content)
		if got := (configFile{keys: parsed[defaultProfile]}).value("pass_phrase"); err != nil || string(got) != value {
			t.Errorf("%q: the pass phrase is %q, not %q (%v)", content, string(got), value, err)
		}
	}
}

func TestConfigurationFiles(t *testing.T) {
	t.Parallel()
	home := writeConfigFile(t, "[DEFAULT]\nregion=one\n[WORK]\nregion=two\n")
	config := home + "/.oci/config"
	bad := writeConfigFile(t, "[DEFAULT]\nregion=one\n[WORK\n")
	old, empty := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(old, ".oraclebmc"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(old, ".oraclebmc", "config"), []byte("[DEFAULT]\nregion=old\n"), 0o600))
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	require.NoError(t, os.WriteFile(elsewhere, []byte("[DEFAULT]\nregion=elsewhere\n[WORK]\nregion=two\n"), 0o600))
	const sdk, cli = configFileVariable, cliConfigFileVariable
	for _, test := range []struct {
		name, home, profile string
		environment         map[string]string
		region              string
		said                string // in the error; empty if there is none
	}{
		{"the default profile", home, "", nil, "one", ""},
		{"the default profile by name", home, "DEFAULT", nil, "one", ""},
		{"another profile", home, "WORK", nil, "two", ""},
		{"a profile that is not there", home, "OTHER", nil, "",
			config + ` has no profile "OTHER" (from the provider's configuration); it has DEFAULT, WORK: set configFileProfile`},
		{"a profile of the CLI", home, "", map[string]string{"OCI_CLI_PROFILE": "WORK"}, "two", ""},
		{"a profile of the CLI that is not there", home, "", map[string]string{"OCI_CLI_PROFILE": "OTHER"}, "",
			` has no profile "OTHER" (from the environment variable OCI_CLI_PROFILE); it has DEFAULT, WORK`},
		{"no file", empty, "", nil, "", ""},
		{"no file for a profile", empty, "WORK", nil, "",
			`profile "WORK" (from the provider's configuration) cannot be read, since there is no file ` + empty + "/.oci/config"},
		{"no home directory", "", "", nil, "", ""},
		{"no home directory for a profile", "", "WORK", nil, "", "there is no home directory"},
		{"a home directory that is none", "home", "WORK", nil, "", "there is no home directory"},
		{"a file elsewhere", empty, "", map[string]string{sdk: elsewhere}, "elsewhere", ""},
		{"a file elsewhere, without a home directory", "", "", map[string]string{sdk: elsewhere}, "elsewhere", ""},
		{"a file elsewhere, from home", filepath.Dir(elsewhere), "WORK", map[string]string{sdk: "~/elsewhere"}, "two", ""},
		{"the usual file before one elsewhere", home, "", map[string]string{sdk: elsewhere}, "one", ""},
		{"the file of the CLI before the usual one", home, "", map[string]string{cli: elsewhere, sdk: "/missing"}, "elsewhere", ""},
		{"the file of the CLI, from home", filepath.Dir(elsewhere), "", map[string]string{cli: "~/elsewhere"}, "elsewhere", ""},
		{"a file elsewhere that is absent", empty, "", map[string]string{sdk: "/missing"}, "", ""},
		{"a file elsewhere that is absent, for a profile", empty, "WORK", map[string]string{sdk: "/missing"}, "",
			"there is no file /missing, which the environment variable OCI_CONFIG_FILE names"},
		{"a file of the CLI that is absent, for a profile", home, "WORK", map[string]string{cli: "/missing"}, "",
			"there is no file /missing, which the environment variable OCI_CLI_CONFIG_FILE names"},
		{"the file of long ago", old, "", nil, "old", ""},
		{"a file elsewhere before that of long ago", old, "", map[string]string{sdk: elsewhere}, "elsewhere", ""},
		{"a file that is malformed", bad, "", nil, "", "line 3 begins with [, as the name of a profile does, but has no closing ]"},
		{"a file that is a directory", empty, "", map[string]string{sdk: home}, "", "could not be read: is a directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.said != "" {
				_, err := Resolve(t.Context(), Settings{"configFileProfile": test.profile}, machine(test.home, test.environment))
				require.ErrorContains(t, err, test.said)
				assert.Contains(t, err.Error(), "configFileProfile: ")
				return
			}
			s, err := newSources(Settings{"configFileProfile": test.profile}, machine(test.home, test.environment))
			require.NoError(t, err)
			assert.Equal(t, test.region, string(s.find(propertyRegion).value))
		})
	}

	// If something is missing, the error says that the file which a variable names does not exist.
	s, err := newSources(nil, machine(empty, map[string]string{sdk: "/missing"}))
	require.NoError(t, err)
	assert.Contains(t, s.missing(propertyRegion).Error(), `or "region" in profile DEFAULT of /missing (which the environment variable `+
		"OCI_CONFIG_FILE names, and which does not exist)")
}

func TestProfilesInheritFromDefaultKeyByKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, profile, region, password string }{
		{"a key that is absent", "[DEFAULT]\nregion=one\n[WORK]\nuser=x\n", "WORK", "one", ""},
		{"a key that is there", "[DEFAULT]\nregion=one\n[WORK]\nregion=two\n", "WORK", "two", ""},
		{"a key that is empty", "[DEFAULT]\nregion=one\n[WORK]\nregion=\n", "WORK", "", ""},
		{"before DEFAULT", "[WORK]\nuser=x\n[DEFAULT]\nregion=one\n", "WORK", "one", ""},
		{"no DEFAULT", "[WORK]\nuser=x\n", "WORK", "", ""},
		{"names with dots are names", "[a]\nregion=one\n[a.b]\nuser=x\n", "a.b", "", ""},
		{"either spelling of the pass phrase", "[DEFAULT]\npassphrase=p\n[WORK]\nregion=two\n", "WORK", "two", "p"},
		{"the profile's own pass phrase", "[DEFAULT]\npass_phrase=p\n[WORK]\npassphrase=q\n", "WORK", "", "q"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := newSources(Settings{"configFileProfile": test.profile}, machine(writeConfigFile(t, test.file), nil))
			require.NoError(t, err)
			assert.Equal(t, test.region, string(s.find(propertyRegion).value))
			assert.Equal(t, test.password, string(s.find(propertyPrivateKeyPassword).value))
		})
	}
}

func TestAFileWithoutTheProfileSaysWhatItHas(t *testing.T) {
	t.Parallel()
	key, _ := aKey()
	for _, test := range []struct{ name, file, said string }{
		{"other profiles", "[A]\nregion=one\n[B]\nregion=two\n", " has no profile DEFAULT; it has A, B: set configFileProfile"},
		{"default in lower case", "[default]\nregion=one\n", " has no profile DEFAULT; it has default: set configFileProfile"},
		{"nothing", "\n", " has no profile DEFAULT; it has none: set configFileProfile"},
		{"a key", key, " is in PEM format (rsa private key), and has no profile"},
		{"UTF-16", inUTF16("[A]\nregion=one\n"), " has no profile DEFAULT; it has A: set configFileProfile"},
	} {
		home := writeConfigFile(t, test.file)
		_, err := Resolve(t.Context(), nil, machine(home, nil))
		require.Error(t, err)
		assert.Contains(t, err.Error(), home+"/.oci/config"+test.said, test.name)
		assert.Contains(t, err.Error(), "configFileProfile: tenancyOcid, userOcid, fingerprint, region and privateKey are not set, and ", test.name)
		assert.NotContains(t, err.Error(), "\n", "one thing is wrong, not five")
		checkShown(t, err.Error())

		// What is not needed is no error.
		_, err = Resolve(t.Context(), Settings{"auth": "Nothing"}, machine(home, nil))
		require.ErrorContains(t, err, "is not a way to sign in")
	}
	s, err := newSources(nil, machine(writeConfigFile(t, inUTF16("[DEFAULT]\r\nregion=one\r\n")), nil))
	require.NoError(t, err)
	assert.Equal(t, "one", string(s.find(propertyRegion).value))
}

func TestAProfileThatTheEnvironmentNamesIsReadIfItIsNeeded(t *testing.T) {
	t.Parallel()
	key, itsFingerprint := aKey()
	environment := map[string]string{
		"OCI_CLI_PROFILE": "WORK", "OCI_CLI_TENANCY": "ocid1.tenancy.oc1..a", "OCI_CLI_USER": "ocid1.user.oc1..a",
		"OCI_CLI_FINGERPRINT": itsFingerprint, "OCI_CLI_KEY_CONTENT": key, "OCI_CLI_REGION": "us-phoenix-1",
	}
	home := writeConfigFile(t, "[DEFAULT\n")
	_, err := Resolve(t.Context(), nil, machine(home, environment))
	require.NoError(t, err)
	_, err = Resolve(t.Context(), Settings{"configFileProfile": "WORK"}, machine(home, environment))
	require.ErrorContains(t, err, "line 1 begins with [", "the program asks for it")
	delete(environment, "OCI_CLI_REGION")
	_, err = Resolve(t.Context(), nil, machine(home, environment))
	require.ErrorContains(t, err, "region is not set, and the OCI configuration file: ")
}

func TestTheCLIsOwnFileCountsBeforeTheProfile(t *testing.T) {
	t.Parallel()
	const file = "[OCI_CLI_SETTINGS]\ndefault_profile=WORK\n[DEFAULT]\nauth=instance_principal\n[WORK]\nregion=of-the-cli\n"
	for _, test := range []struct {
		program      Settings
		environment  map[string]string
		region, kind string
	}{
		{nil, nil, "of-the-cli", InstancePrincipal},
		{nil, map[string]string{"OCI_CLI_REGION": "variable", "OCI_CLI_AUTH": "api_key"}, "variable", "api_key"},
		{nil, map[string]string{"OCI_CLI_PROFILE": "OTHER"}, "of-the-profile", APIKey},
		{nil, map[string]string{"OCI_CLI_PROFILE": "DEFAULT"}, "of-the-profile", InstancePrincipal},
		{Settings{"configFileProfile": "WORK"}, map[string]string{"TF_VAR_region": "variable"}, "of-the-cli", InstancePrincipal},
		{Settings{"region": "of-the-program"}, nil, "of-the-program", InstancePrincipal},
	} {
		home := writeConfigFile(t, "[DEFAULT]\nregion=of-the-profile\n[WORK]\nuser=x\n[OTHER]\nuser=y\n")
		require.NoError(t, os.WriteFile(filepath.Join(home, ".oci", "oci_cli_rc"), []byte(file), 0o600))
		s, err := newSources(test.program, machine(home, test.environment))
		require.NoError(t, err)
		assert.Equal(t, test.region, string(s.find(propertyRegion).value))
		asked, _ := wayNamed(string(s.askedWay().value))
		wanted, _ := wayNamed(test.kind)
		assert.Equal(t, wanted.name, asked.name)
	}
}
