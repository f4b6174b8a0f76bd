package auth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests are about whose identity signs. Each letter is one: A's tenancy is "A", and so on.

// variables is an API key in the environment, under the names of one tool. Parts names some of "tufk": the tenancy, the user,
// the fingerprint and the key.
func variables(tool, letter, parts string) map[string]string {
	names := map[string][]string{
		"TF_VAR":  {"TF_VAR_tenancy_ocid", "TF_VAR_user_ocid", "TF_VAR_fingerprint", "TF_VAR_private_key_path"},
		"OCI":     {"OCI_TENANCY_OCID", "OCI_USER_OCID", "OCI_FINGERPRINT", "OCI_PRIVATE_KEY"},
		"OCI_CLI": {"OCI_CLI_TENANCY", "OCI_CLI_USER", "OCI_CLI_FINGERPRINT", "OCI_CLI_KEY_CONTENT"},
	}[tool]
	environment := map[string]string{}
	for i, part := range "tufk" {
		if strings.ContainsRune(parts, part) {
			environment[names[i]] = letter
		}
	}
	return environment
}

// merge joins environments.
func merge(all ...map[string]string) map[string]string {
	merged := map[string]string{}
	for _, one := range all {
		for name, value := range one {
			merged[name] = value
		}
	}
	return merged
}

func profileOf(name, letter string) string {
	return "[" + name + "]\ntenancy=" + letter + "\nuser=" + letter + "\nfingerprint=" + letter + "\nkey_file=" + letter + "\n"
}

func TestWhoSigns(t *testing.T) {
	t.Parallel()
	session := "[WORK]\nsecurity_token_file=token\nkey_file=key\ntenancy=S\n"
	for _, test := range []struct {
		name        string
		program     Settings
		environment map[string]string
		file        string
		kind        string
		signs       string // the tenancy, the user, the fingerprint and the key
	}{
		{"nobody", nil, nil, "", APIKey, ""},
		{"the program", Settings{"tenancyOcid": "P", "userOcid": "P", "fingerprint": "P", "privateKey": "P"},
			variables("OCI", "O", "tufk"), profileOf("DEFAULT", "F"), APIKey, "PPPP"},
		{"TF_VAR_", nil, merge(variables("TF_VAR", "T", "tufk"), variables("OCI", "O", "tufk")), profileOf("DEFAULT", "F"), APIKey, "TTTT"},
		{"OCI_", nil, merge(variables("OCI_CLI", "C", "tufk"), variables("OCI", "O", "tufk")), profileOf("DEFAULT", "F"), APIKey, "OOOO"},
		{"OCI_CLI_", nil, variables("OCI_CLI", "C", "tufk"), profileOf("DEFAULT", "F"), APIKey, "CCCC"},
		{"the file", nil, nil, profileOf("DEFAULT", "F"), APIKey, "FFFF"},

		// Stray variables do not make one identity out of two.
		{"a stray TF_VAR_", nil, merge(variables("TF_VAR", "T", "t"), variables("OCI", "O", "tufk")), "", APIKey, "OOOO"},
		{"a stray OCI_", nil, variables("OCI", "O", "tuf"), profileOf("DEFAULT", "F"), APIKey, "FFFF"},
		{"a stray OCI_CLI_", nil, variables("OCI_CLI", "C", "u"), profileOf("DEFAULT", "F"), APIKey, "FFFF"},
		{"a stray key", nil, variables("OCI", "O", "k"), profileOf("DEFAULT", "F"), APIKey, "FFFF"},

		// OCI's Terraform provider takes TF_VAR_ and OCI_ for one place.
		{"TF_VAR_ and OCI_ together", nil, merge(variables("TF_VAR", "T", "tu"), variables("OCI", "O", "fk")), profileOf("DEFAULT", "F"),
			APIKey, "TTOO"},

		// What the program sets counts, and what it leaves open comes from one place.
		{"a part from the program", Settings{"userOcid": "P"}, variables("OCI", "O", "t"), profileOf("DEFAULT", "F"), APIKey, "FPFF"},
		{"a key from the program", Settings{"privateKeyPath": "P", "fingerprint": "P"}, variables("OCI", "O", "tu"),
			profileOf("DEFAULT", "F"), APIKey, "OOPP"},

		// Where no place has it all, it is mixed.
		{"a mixture", nil, merge(variables("TF_VAR", "T", "t"), variables("OCI_CLI", "C", "u")), "[DEFAULT]\nfingerprint=F\nkey_file=F\n",
			APIKey, "TCFF"},
		{"half of it", nil, variables("OCI_CLI", "C", "u"), "[DEFAULT]\nfingerprint=F\n", APIKey, "CF"},

		// A profile that the program names counts before the environment. One that the environment names does not.
		{"a profile of the program", Settings{"configFileProfile": "WORK"}, merge(variables("TF_VAR", "T", "tufk"),
			map[string]string{"OCI_AUTH": "InstancePrincipal"}), profileOf("DEFAULT", "F") + profileOf("WORK", "W"), APIKey, "WWWW"},
		{"a profile of the environment", nil, merge(variables("OCI", "O", "tufk"), map[string]string{"OCI_CLI_PROFILE": "WORK"}),
			profileOf("DEFAULT", "F") + profileOf("WORK", "W"), APIKey, "OOOO"},
		{"a profile of the CLI", nil, map[string]string{"OCI_CLI_PROFILE": "WORK"}, profileOf("DEFAULT", "F") + profileOf("WORK", "W"),
			APIKey, "WWWW"},
		{"a profile of the program, with a region only", Settings{"configFileProfile": "WORK"}, variables("OCI", "O", "tufk"),
			profileOf("DEFAULT", "F") + "[WORK]\nregion=x\n", APIKey, "FFFF"},
		{"a profile of the program that has nothing", Settings{"configFileProfile": "WORK"}, merge(variables("OCI", "O", "tufk"),
			map[string]string{"OCI_CLI_AUTH": "instance_principal"}), "[WORK]\nregion=x\n", APIKey, "OOOO"},
		{"a key that is inherited", Settings{"configFileProfile": "WORK"}, nil, profileOf("DEFAULT", "F") + "[WORK]\nuser=W\n", APIKey, "FWFF"},

		// A session, from the profile itself.
		{"a session", Settings{"configFileProfile": "WORK"}, nil, profileOf("DEFAULT", "F") + session, SecurityToken, ""},
		{"a session of the CLI", nil, map[string]string{"OCI_CLI_PROFILE": "WORK"}, session, SecurityToken, ""},
		{"a session with a user", Settings{"configFileProfile": "WORK"}, nil, session + "user=S\nfingerprint=S\n", APIKey, "SSSkey"},
		{"a session in DEFAULT, and an API key", Settings{"configFileProfile": "WORK"}, nil,
			"[DEFAULT]\nsecurity_token_file=token\nkey_file=key\n" + profileOf("WORK", "W"), APIKey, "WWWW"},
		{"a session in DEFAULT, and a region", Settings{"configFileProfile": "WORK"}, nil,
			"[DEFAULT]\nsecurity_token_file=token\nkey_file=key\n[WORK]\nregion=x\n", SecurityToken, ""},
		{"a session, and an API key in the environment", nil, variables("OCI", "O", "tufk"),
			"[DEFAULT]\nsecurity_token_file=token\nkey_file=key\n", APIKey, "OOOO"},
		{"a session, and an API key in both kinds of variables", nil, merge(variables("TF_VAR", "T", "tu"), variables("OCI", "O", "fk")),
			"[DEFAULT]\nsecurity_token_file=token\nkey_file=key\n", APIKey, "TTOO"},
		{"a session, and stray variables", nil, variables("OCI", "O", "tuf"), "[DEFAULT]\nsecurity_token_file=token\nkey_file=key\n",
			SecurityToken, ""},
		{"a session, and a part of an API key in the program", Settings{"fingerprint": "P"}, nil,
			"[DEFAULT]\nsecurity_token_file=token\nkey_file=key\n", APIKey, ""},

		// How to sign in, said in so many words.
		{"auth in the program", Settings{"auth": "security_token"}, variables("OCI", "O", "tufk"), "", SecurityToken, ""},
		{"auth of Terraform", nil, merge(variables("OCI", "O", "tufk"), map[string]string{"TF_VAR_auth": "ResourcePrincipal"}), "",
			ResourcePrincipal, ""},
		{"auth of the CLI", nil, map[string]string{"OCI_CLI_AUTH": "oke_workload_identity"}, profileOf("DEFAULT", "F"), OKEWorkloadIdentity, ""},
		{"auth of the CLI after a whole API key", nil, merge(variables("OCI", "O", "tufk"),
			map[string]string{"OCI_CLI_AUTH": "instance_principal"}), "", APIKey, "OOOO"},
		{"an instance", nil, nil, "[DEFAULT]\nauthentication_type=instance_principal\n", InstancePrincipal, ""},
		{"an instance for a user", nil, nil, "[DEFAULT]\nauthentication_type=instance_principal\ndelegation_token_file=t\n", InstanceOBOUser, ""},
		{"Cloud Shell", nil, map[string]string{"OCI_CLI_AUTH": "instance_obo_user"}, "[DEFAULT]\ndelegation_token_file=t\n", InstanceOBOUser, ""},
		{"a resource", nil, nil, "[DEFAULT]\nauthentication_type=resource_principal\n", ResourcePrincipal, ""},
		{"an API key in a profile, and an instance in DEFAULT", Settings{"configFileProfile": "WORK"}, nil,
			"[DEFAULT]\nauthentication_type=instance_principal\n" + profileOf("WORK", "W"), APIKey, "WWWW"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := newSources(test.program, machine(writeConfigFile(t, test.file), test.environment))
			require.NoError(t, err)
			way, _ := wayNamed(string(s.askedWay().value))
			assert.Equal(t, test.kind, way.name)
			if test.kind == APIKey && test.signs != "" {
				found := s.identity()
				assert.Equal(t, test.signs,
					string(found[theTenancy].value+found[theUser].value+found[theFingerprint].value+found[theKey].value))
			}
		})
	}
}

func TestAMixedIdentityIsSaidInTheErrorThatFollows(t *testing.T) {
	t.Parallel()
	key, _ := aKey()
	home := writeConfigFile(t, "[DEFAULT]\nuser=ocid1.user.oc1..a\nregion=us-phoenix-1\n")
	_, err := Resolve(t.Context(), nil, machine(home, map[string]string{
		"TF_VAR_tenancy_ocid": "ocid1.tenancy.oc1..a", "OCI_FINGERPRINT": strings.Repeat("00:", 15) + "00", "OCI_CLI_KEY_CONTENT": key,
	}))
	require.Error(t, err)
	checkShown(t, err.Error())
	for _, part := range []string{
		"fingerprint: ", "one of the two belongs to another API key",
		"user ocid1.user.oc1..a (from profile DEFAULT of " + home + "/.oci/config)",
		"of tenancy ocid1.tenancy.oc1..a (from the environment variable TF_VAR_tenancy_ocid)",
		"(from the environment variable OCI_FINGERPRINT)", "private key from the environment variable OCI_CLI_KEY_CONTENT",
	} {
		assert.Contains(t, err.Error(), part)
	}
}

func TestAPassPhraseBelongsToTheKeyBesideIt(t *testing.T) {
	t.Parallel()
	file := profileOf("DEFAULT", "F") + "pass_phrase=F\n"
	for _, test := range []struct {
		program     Settings
		environment map[string]string
		password    string
	}{
		{nil, nil, "F"},
		{nil, map[string]string{"OCI_PRIVATE_KEY_PASSWORD": "O"}, "F"},
		{nil, merge(variables("OCI", "O", "tufk"), map[string]string{"OCI_PRIVATE_KEY_PASSWORD": "O"}), "O"},
		{nil, variables("OCI", "O", "tufk"), "F"}, // better than none
		{Settings{"privateKeyPassword": "P"}, map[string]string{"OCI_PRIVATE_KEY_PASSWORD": "O"}, "P"},
	} {
		s, err := newSources(test.program, machine(writeConfigFile(t, file), test.environment))
		require.NoError(t, err)
		assert.Equal(t, test.password, string(s.passPhrase(s.identity()[theKey].place).value))
	}
}
