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
		// Other formats let a line go on in the next one.
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
	bad := writeConfigFile(t, "[DEFAULT]\nregion=one\n[WORK\n")
	for _, test := range []struct {
		name, home, profile, variable string
		region                        string
		said                          string // what the error says; empty if there is none
	}{
		{"the default profile", home, "", "", "one", ""},
		{"the default profile by name", home, "DEFAULT", "", "one", ""},
		{"another profile", home, "WORK", "", "two", ""},
		{"a profile that is not there", home, "OTHER", "", "", `there is no profile "OTHER" in ` + home + "/.oci/config, which has DEFAULT, WORK"},
		{"no file", "/missing", "", "", "", ""},
		{"no file for a profile", "/missing", "WORK", "", "", `profile "WORK" is asked for, but there is no file /missing/.oci/config`},
		{"no home directory", "", "", "", "", ""},
		{"no home directory for a profile", "", "WORK", "", "", "there is no home directory"},
		{"a home directory that is none", "home", "WORK", "", "", "there is no home directory"},
		{"a file elsewhere", "/missing", "WORK", home + "/.oci/config", "two", ""},
		{"a file elsewhere, from home", home, "WORK", "~/.oci/config", "two", ""},
		{"a file that is malformed", bad, "", "", "", "line 3 begins a profile as [DEFAULT] does, but has no closing bracket"},
		{"a file that is a directory", "/missing", "", home, "", "could not be read: is a directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := newSources(Settings{"configFileProfile": test.profile},
				machine(test.home, map[string]string{configFileVariable: test.variable}))
			if test.said != "" {
				require.ErrorContains(t, err, test.said)
				assert.Contains(t, err.Error(), "configFileProfile: ")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.region, string(s.find(propertyRegion).value))
		})
	}
}
