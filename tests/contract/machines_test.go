package contract

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// person is a user who may sign in.
type person struct {
	emulator.Credentials
	t    *testing.T
	oci  *emulator.Service
	name string
}

// machine is a home directory, an environment, and what a program sets itself: which profile to use, and whether that profile has a
// session.
type machine struct {
	Name        string            `json:"name"`
	Environment map[string]string `json:"environment"`
	Profile     string            `json:"profile"`
	Session     bool              `json:"session"`
	// The user that each client asks for. Each client has its own, so that its requests can be identified.
	SDK        string `json:"sdk"`
	CLI        string `json:"cli"`
	TypeScript string `json:"typescript"`
	goSDK, own string

	home string
}

// write writes a file below the home directory, and returns its path.
func (m *machine) write(path, content string) string {
	path = filepath.Join(m.home, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		panic(err)
	}
	return path
}

// config writes ~/.oci/config.
func (m *machine) config(content string) { m.write(".oci/config", content) }

// profile returns a profile with a person's API key, and writes the key file.
func (m *machine) profile(name string, who person) string {
	return fmt.Sprintf("[%s]\nuser=%s\nfingerprint=%s\ntenancy=%s\nregion=%s\nkey_file=%s\n", name, who.UserID, who.Fingerprint,
		who.TenancyID, who.Region, m.write(who.name+".pem", who.PrivateKeyPEM))
}

// variables sets a person's API key in the environment.
func (m *machine) variables(who person, tenancy, user, fingerprint, region, keyFile string) {
	m.Environment[tenancy], m.Environment[user], m.Environment[fingerprint] = who.TenancyID, who.UserID, who.Fingerprint
	m.Environment[region], m.Environment[keyFile] = who.Region, m.write(who.name+".pem", who.PrivateKeyPEM)
}

func (m *machine) cliVariables(who person) {
	m.variables(who, "OCI_CLI_TENANCY", "OCI_CLI_USER", "OCI_CLI_FINGERPRINT", "OCI_CLI_REGION", "OCI_CLI_KEY_FILE")
}

// keyContent puts a person's API key into the environment, with the key itself in the given form.
func (m *machine) keyContent(who person, key string) {
	m.cliVariables(who)
	delete(m.Environment, "OCI_CLI_KEY_FILE")
	m.Environment["OCI_CLI_KEY_CONTENT"] = key
}

func (m *machine) terraformVariables(who person) {
	m.variables(who, "TF_VAR_tenancy_ocid", "TF_VAR_user_ocid", "TF_VAR_fingerprint", "TF_VAR_region", "TF_VAR_private_key_path")
}

// session returns a profile with a session of a person.
func (m *machine) session(name string, who person) string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(who.t, err)
	expires := time.Now().Add(time.Hour)
	encode := base64.RawURLEncoding.EncodeToString
	token := encode([]byte(`{"alg":"RS256"}`)) + "." + encode(fmt.Appendf(nil, `{"exp":%d,"iat":%d,"jti":%q}`,
		expires.Unix(), time.Now().Unix(), rand.Text())) + "." + encode([]byte("signature"))
	who.oci.AddSession(who.UserID, token, &key.PublicKey, expires)
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return fmt.Sprintf("[%s]\nfingerprint=%s\ntenancy=%s\nregion=%s\nkey_file=%s\nsecurity_token_file=%s\n", name, who.Fingerprint,
		who.TenancyID, who.Region, m.write("session/key.pem", string(pemKey)), m.write("session/token", token))
}

// answers holds the name of the person as whom each client signs in. It is empty if the client does not sign in.
type answers struct{ cli, python, goSDK, typescript, own string }

func all(name string) answers { return answers{name, name, name, name, name} }

// machines holds machines of the persons alice and bob. If the clients do not agree, docs/guides/signing-in.md says why.
func machines(alice, bob person) map[string]struct {
	setUp func(*machine)
	as    answers
} {
	type test = struct {
		setUp func(*machine)
		as    answers
	}
	return map[string]test{
		"nothing but DEFAULT": {func(m *machine) { m.config(m.profile("DEFAULT", alice)) }, all("alice")},
		"a profile that the program names": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("WORK", bob))
			m.Profile = "WORK"
		}, all("bob")},
		"a profile with a region alone": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + "[WORK]\nregion=us-ashburn-1\n")
			m.Profile = "WORK"
		}, all("alice")},
		// The Go SDK signs as alice with bob's key, and OCI refuses that.
		"a profile that inherits tenancy and region": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + strings.NewReplacer("tenancy="+bob.TenancyID+"\n", "", "region="+bob.Region+"\n", "").
				Replace(m.profile("WORK", bob)))
			m.Profile = "WORK"
		}, answers{"bob", "bob", "", "bob", "bob"}},
		"a profile before DEFAULT": {func(m *machine) {
			m.config("[WORK]\nregion=us-ashburn-1\n" + m.profile("DEFAULT", alice))
			m.Profile = "WORK"
		}, all("alice")},
		"a profile with a dot in its name": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("work", bob) + "[work.test]\nregion=us-ashburn-1\n")
			m.Profile = "work.test"
		}, all("alice")},
		"an encrypted key": {func(m *machine) {
			der, err := pkcs8.ConvertPrivateKeyToPKCS8(alice.PrivateKey, []byte("pass;phrase"))
			require.NoError(alice.t, err)
			config := m.profile("DEFAULT", alice) + "pass_phrase=pass;phrase\n"
			m.write("alice.pem", string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})))
			m.config(config)
		}, all("alice")},
		"a key in the home directory": {func(m *machine) {
			m.config(strings.ReplaceAll(m.profile("DEFAULT", alice), "key_file="+m.home+"/", "key_file=~/"))
		}, all("alice")},
		"a key with a label, as the Console gives it out": {func(m *machine) {
			config := m.profile("DEFAULT", alice)
			m.write("alice.pem", alice.PrivateKeyPEM+"OCI_API_KEY\n")
			m.config(config)
		}, all("alice")},
		"white space, comments and line ends of Windows": {func(m *machine) {
			config := strings.ReplaceAll("# mine\n\n"+m.profile("DEFAULT", alice)+"\n# end\n", "=", " = ")
			m.config(strings.ReplaceAll(config, "\n", "\r\n"))
		}, all("alice")},
		"OCI_CONFIG_FILE": {func(m *machine) {
			m.Environment["OCI_CONFIG_FILE"] = m.write("elsewhere", m.profile("DEFAULT", alice))
		}, all("alice")},
		// The Go SDK does not expand it.
		"OCI_CONFIG_FILE with a tilde": {func(m *machine) {
			m.write("elsewhere", m.profile("DEFAULT", alice))
			m.Environment["OCI_CONFIG_FILE"] = "~/elsewhere"
		}, answers{"alice", "alice", "", "alice", "alice"}},
		"OCI_CONFIG_FILE beside ~/.oci/config": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.Environment["OCI_CONFIG_FILE"] = m.write("elsewhere", m.profile("DEFAULT", bob))
		}, all("alice")},
		"~/.oraclebmc/config": {func(m *machine) { m.write(".oraclebmc/config", m.profile("DEFAULT", alice)) }, all("alice")},
		"OCI_REGION where the profile has none": {func(m *machine) {
			m.config(strings.ReplaceAll(m.profile("DEFAULT", alice), "region="+alice.Region+"\n", ""))
			m.Environment["OCI_REGION"] = alice.Region
		}, all("alice")},

		// The SDKs do not read the variables of the CLI or of Terraform. The exception is the Go SDK, which reads Terraform's last.
		"OCI_CLI_ variables": {func(m *machine) { m.cliVariables(alice) }, answers{"alice", "", "", "", "alice"}},
		"OCI_CLI_ variables with the key itself": {func(m *machine) {
			m.keyContent(alice, alice.PrivateKeyPEM)
		}, answers{"alice", "", "", "", "alice"}},
		"OCI_CLI_ variables beside a file": {func(m *machine) {
			m.config(m.profile("DEFAULT", bob))
			m.cliVariables(alice)
		}, answers{"alice", "bob", "bob", "bob", "alice"}},
		"OCI_CLI_PROFILE": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("WORK", bob))
			m.Environment["OCI_CLI_PROFILE"] = "WORK"
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
		"OCI_CLI_CONFIG_FILE": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.Environment["OCI_CLI_CONFIG_FILE"] = m.write("elsewhere", m.profile("DEFAULT", bob))
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
		"TF_VAR_ variables": {func(m *machine) { m.terraformVariables(alice) }, answers{"", "", "alice", "", "alice"}},

		// The CLI signs as bob with alice's key, and OCI refuses that.
		"a stray OCI_CLI_USER": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.Environment["OCI_CLI_USER"] = bob.UserID
		}, answers{"", "alice", "alice", "alice", "alice"}},
		"a stray TF_VAR_tenancy_ocid": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("WORK", bob))
			m.Environment["TF_VAR_tenancy_ocid"] = "ocid1.tenancy.oc1..stray"
			m.Profile = "WORK"
		}, all("bob")},

		// The CLI has a configuration file of its own, which says which profile to use, and may say how to sign in.
		"default_profile in ~/.oci/oci_cli_rc": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("C2", bob))
			m.write(".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=C2\n")
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
		"default_profile in the file that OCI_CLI_RC_FILE names": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("C2", bob))
			m.write("rc", "[OCI_CLI_SETTINGS]\ndefault_profile = C2\n")
			m.Environment["OCI_CLI_RC_FILE"] = "~/rc"
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
		"OCI_CLI_RC_FILE beside ~/.oci/oci_cli_rc": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("C2", bob))
			m.write(".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=DEFAULT\n")
			m.Environment["OCI_CLI_RC_FILE"] = m.write("rc", "[OCI_CLI_SETTINGS]\ndefault_profile=C2\n")
		}, all("alice")},
		"default_profile in ~/.oci/cli-defaults": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("C2", bob))
			m.write(".oci/cli-defaults", "[OCI_CLI_SETTINGS]\ndefault_profile=C2\n")
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
		"OCI_CLI_PROFILE beside default_profile": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("C2", bob))
			m.write(".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=C2\n")
			m.Environment["OCI_CLI_PROFILE"] = "DEFAULT"
		}, all("alice")},
		"default_profile in ~/.oci/config, where it means nothing": {func(m *machine) {
			m.config("[OCI_CLI_SETTINGS]\ndefault_profile=C2\n" + m.profile("DEFAULT", alice) + m.profile("C2", bob))
		}, all("alice")},
		// Without auth, the SDKs sign as alice with the key of bob's session, and OCI refuses that.
		"auth in ~/.oci/oci_cli_rc": {func(m *machine) {
			m.config(m.session("DEFAULT", bob) + "user=" + alice.UserID + "\n")
			m.write(".oci/oci_cli_rc", "[DEFAULT]\nauth=security_token\n")
		}, answers{"bob", "", "", "", "bob"}},
		"auth of another profile in ~/.oci/oci_cli_rc": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("C2", bob))
			m.write(".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=C2\n[DEFAULT]\nauth=security_token\n[C3]\nauth=security_token\n")
		}, answers{"bob", "alice", "alice", "alice", "bob"}},

		"a key with spaces for line breaks": {func(m *machine) {
			m.keyContent(alice, strings.ReplaceAll(alice.PrivateKeyPEM, "\n", " "))
		}, answers{"alice", "", "", "", "alice"}},
		"an indented key in quotes": {func(m *machine) {
			m.keyContent(alice, "\"\n    "+strings.ReplaceAll(alice.PrivateKeyPEM, "\n", "\n    ")+"\"")
		}, answers{"alice", "", "", "", "alice"}},
		// The SDKs do not read such keys, or the CLI does not. This provider does.
		"a key with the two characters \\n for line breaks": {func(m *machine) {
			m.keyContent(alice, strings.ReplaceAll(alice.PrivateKeyPEM, "\n", `\n`))
		}, answers{"", "", "", "", "alice"}},
		"a key file with a byte order mark": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.write("alice.pem", "\ufeff"+alice.PrivateKeyPEM)
		}, answers{"alice", "alice", "", "alice", "alice"}},
		"a public key before the key": {func(m *machine) {
			der, err := x509.MarshalPKIXPublicKey(&alice.PrivateKey.PublicKey)
			require.NoError(alice.t, err)
			m.config(m.profile("DEFAULT", alice))
			m.write("alice.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))+alice.PrivateKeyPEM)
		}, answers{"alice", "alice", "", "", "alice"}},

		"a session whose profile has a user, too": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.session("WORK", bob) + "user=" + bob.UserID + "\n")
			m.Environment["OCI_CLI_AUTH"], m.Environment["OCI_CLI_PROFILE"] = "security_token", "WORK"
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
		"a session that a CI action has written": {func(m *machine) {
			m.config(m.session("DEFAULT", bob) + "user=not used\n")
			m.Environment["OCI_CLI_AUTH"] = "security_token"
		}, answers{"bob", "", "", "", "bob"}},
		"OCI_CLI_ variables with a profile that is nowhere": {func(m *machine) {
			m.config(m.profile("DEFAULT", bob))
			m.cliVariables(alice)
			m.Environment["OCI_CLI_PROFILE"] = "NOWHERE"
		}, answers{"alice", "bob", "bob", "bob", "alice"}},
		"OCI_CLI_ variables with a key, and with a file that is nowhere": {func(m *machine) {
			m.cliVariables(alice)
			m.Environment["OCI_CLI_KEY_CONTENT"], m.Environment["OCI_CLI_KEY_FILE"] = alice.PrivateKeyPEM, "/nowhere"
		}, answers{"alice", "", "", "", "alice"}},
		"variables that are empty, as those of secrets that CI does not have": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			for _, name := range []string{"OCI_CLI_USER", "OCI_CLI_PROFILE", "OCI_CLI_AUTH", "OCI_CLI_PASSPHRASE", "OCI_CLI_REGION"} {
				m.Environment[name] = ""
			}
		}, answers{"", "alice", "alice", "alice", "alice"}},
		"a pass phrase for a key that is not encrypted": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + "pass_phrase=N/A\n")
		}, all("alice")},
		"a fingerprint in capitals": {func(m *machine) {
			m.config(strings.ReplaceAll(m.profile("DEFAULT", alice), alice.Fingerprint, strings.ToUpper(alice.Fingerprint)))
		}, answers{"", "", "", "", "alice"}},
		"a profile that OCI_CLI_PROFILE names and that is nowhere": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.Environment["OCI_CLI_PROFILE"] = "NOWHERE"
		}, answers{"", "alice", "alice", "alice", ""}},
		"a default_profile that is nowhere": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.write(".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=NOWHERE\n")
		}, answers{"", "alice", "alice", "alice", ""}},
		"a ~/.oci/oci_cli_rc with a query of many lines": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.profile("C2", bob))
			m.write(".oci/oci_cli_rc", "[OCI_CLI_CANNED_QUERIES]\nids=data[*].{\n  [\n  [id\n  }\n[OCI_CLI_SETTINGS]\ndefault_profile=C2\n")
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
		"a folder for ~/.oci/oci_cli_rc": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.write(".oci/oci_cli_rc/file", "")
		}, all("alice")},
		"OCI_CONFIG_FILE, with a file for ~/.oci": {func(m *machine) {
			m.write(".oci", "")
			m.Environment["OCI_CONFIG_FILE"] = m.write("elsewhere", m.profile("DEFAULT", alice))
		}, all("alice")},
		// The CLI wants a file.
		"a folder of certificate authorities": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice))
			m.Environment["REQUESTS_CA_BUNDLE"] = m.home
		}, answers{"", "alice", "alice", "alice", "alice"}},
		// For the CLI the line breaks are parts of the values, such as the path of the key.
		"variables that end in a line break": {func(m *machine) {
			m.cliVariables(alice)
			for name, value := range m.Environment {
				m.Environment[name] = value + "\n"
			}
		}, answers{"", "", "", "", "alice"}},
		// Of the others, one takes the first, and one the last.
		"a profile that is there twice": {func(m *machine) {
			m.config(m.profile("WORK", alice) + m.profile("WORK", bob))
			m.Profile = "WORK"
		}, answers{"", "", "alice", "bob", ""}},
		// The TypeScript SDK does not find the profile.
		"an indented file with a comment behind the name": {func(m *machine) {
			config := strings.ReplaceAll(m.profile("DEFAULT", alice)+m.profile("WORK", bob), "[WORK]", "[WORK] # mine")
			m.config(strings.ReplaceAll(config, "\n", "\n    "))
			m.Profile = "WORK"
		}, answers{"bob", "bob", "bob", "", "bob"}},
		"values in quotes": {func(m *machine) {
			m.config(strings.ReplaceAll(m.profile("DEFAULT", alice), "user="+alice.UserID, `user="`+alice.UserID+`"`))
		}, answers{"", "", "", "", ""}},

		"a session": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.session("WORK", bob))
			m.Profile, m.Session = "WORK", true
		}, all("bob")},
		// The others need to be told that the profile has a session.
		"a session that nobody says is one": {func(m *machine) {
			m.config(m.session("WORK", bob))
			m.Profile = "WORK"
		}, answers{"", "", "bob", "", "bob"}},
		"a session of the CLI": {func(m *machine) {
			m.config(m.profile("DEFAULT", alice) + m.session("WORK", bob))
			m.Environment["OCI_CLI_AUTH"], m.Environment["OCI_CLI_PROFILE"] = "security_token", "WORK"
		}, answers{"bob", "alice", "alice", "alice", "bob"}},
	}
}

// TestEveryToolSignsInAsTheSamePerson sets up machines. On each, OCI's CLI, its Python, Go and TypeScript SDKs and this provider ask for
// a user's tokens. The test compares who signed, as the service has verified it.
func TestEveryToolSignsInAsTheSamePerson(t *testing.T) {
	t.Parallel()
	bin, typescriptDir, whoami := python(t), typescript(t), buildWhoami(t)
	oci, err := emulator.New(emulator.Config{Users: []string{"alice", "bob"}, Regions: []string{"us-phoenix-1", "us-ashburn-1"}})
	require.NoError(t, err)
	server := oci.Start()
	t.Cleanup(server.Close)
	var persons []person
	names := map[string]string{"": ""}
	for _, user := range oci.Users() {
		credentials, err := oci.NewCredentials(user.ID)
		require.NoError(t, err)
		persons = append(persons, person{credentials, t, oci, user.Name})
		names[user.ID] = user.Name
	}

	tests := machines(persons[0], persons[1])
	all := map[string]*machine{}
	for name, test := range tests {
		m := &machine{Name: name, home: t.TempDir()}
		m.Environment = map[string]string{"HOME": m.home, "PATH": toolchain.Path()}
		for i, asked := range []*string{&m.SDK, &m.CLI, &m.TypeScript, &m.goSDK, &m.own} {
			*asked = fmt.Sprintf("ocid1.user.oc1..machine%dclient%d", len(all), i)
		}
		test.setUp(m)
		all[name] = m
	}
	said := askAll(t, server.URL, all, bin, typescriptDir, whoami)

	signed := map[string]string{} // who signed, by the user that was asked for
	for _, request := range oci.Journal() {
		if request.Status != 401 {
			signed[request.UserID] = names[request.CallerID]
		}
	}
	for name, m := range all {
		got := answers{signed[m.CLI], signed[m.SDK], signed[m.goSDK], signed[m.TypeScript], signed[m.own]}
		assert.Equal(t, tests[name].as, got, name)
	}
	if t.Failed() {
		t.Log(said)
	}
}

// askAll runs each client on each machine. It returns what they print, which helps if they fail.
func askAll(t *testing.T, url string, all map[string]*machine, bin, typescriptDir, whoami string) string {
	t.Helper()
	var list []*machine
	for _, m := range all {
		list = append(list, m)
	}
	input, err := json.Marshal(list)
	require.NoError(t, err)
	var said bytes.Buffer
	run := func(dir string, environment []string, line ...string) {
		ctx, cancel := context.WithTimeout(t.Context(), toolchain.Limit)
		defer cancel()
		command := exec.CommandContext(ctx, line[0], line[1:]...)
		command.Dir, command.Env, command.Stdin = dir, environment, bytes.NewReader(input)
		output, err := command.CombinedOutput()
		if err != nil || len(output) > 0 {
			_, _ = fmt.Fprintf(&said, "%s", output)
		}
	}
	run("python", environment(t), filepath.Join(bin, "python"), "whoami.py", url)
	run(typescriptDir, environment(t), "node", "whoami.mjs", url)
	for _, m := range list {
		line := []string{whoami, url, m.goSDK}
		if m.Profile != "" {
			line = append(line, m.Profile)
		}
		var environment []string
		for name, value := range m.Environment {
			environment = append(environment, name+"="+value)
		}
		_, _ = fmt.Fprintf(&said, "%s: ", m.Name)
		run(m.home, environment, line...)
		_, _ = fmt.Fprintf(&said, "%s: this provider: %v\n", m.Name, m.askByProvider(t, url))
	}
	return said.String()
}

// askByProvider asks with this provider.
func (m *machine) askByProvider(t *testing.T, url string) error {
	t.Helper()
	under, err := provider.New(provider.Options{Version: "1.0.0", Environment: auth.Environment{
		LookupEnv: func(name string) (string, bool) { value, ok := m.Environment[name]; return value, ok },
		Setenv:    func(string, string) error { return nil },
		HomeDir:   func() (string, error) { return m.home, nil },
	}})
	require.NoError(t, err)
	server, err := p.RawServer(provider.Name, "1.0.0", under)(nil)
	require.NoError(t, err)
	configuration := resource.PropertyMap{"endpoint": resource.NewProperty(url)}
	if m.Profile != "" {
		configuration["configFileProfile"] = resource.NewProperty(m.Profile)
	}
	if m.Session {
		configuration["auth"] = resource.NewProperty("SecurityToken")
	}
	args, err := plugin.MarshalProperties(configuration, plugin.MarshalOptions{KeepSecrets: true})
	require.NoError(t, err)
	if _, err := server.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: args, AcceptSecrets: true}); err != nil {
		return err
	}
	_, err = server.Read(t.Context(), &pulumirpc.ReadRequest{
		Urn: "urn:pulumi:test::test::ociauthtoken:index:AuthToken::token", Id: m.own + "/ocid1.credential.oc1..none",
	})
	return err
}

// buildWhoami builds the client with the Go SDK. It uses a copy of the SDK that finds the home directory in $HOME, as the other clients do.
// The original asks the operating system, which knows only one home directory.
func buildWhoami(t *testing.T) string {
	t.Helper()
	dir := strings.TrimSpace(toolchain.Run(t, ".", nil, "go", "list", "-m", "-f", "{{.Dir}}", sdkModule))
	copied := t.TempDir()
	for _, part := range []string{"common", "identity"} {
		require.NoError(t, os.CopyFS(filepath.Join(copied, part), os.DirFS(filepath.Join(dir, part))))
	}
	replaceIn(t, filepath.Join(dir, "go.mod"), filepath.Join(copied, "go.mod"), "", "")
	const asks = "func getHomeFolder() string {\n"
	replaceIn(t, filepath.Join(dir, "common", "client.go"), filepath.Join(copied, "common", "client.go"), asks,
		asks+"\tif home := os.Getenv(\"HOME\"); home != \"\" {\n\t\treturn home\n\t}\n")

	mod := filepath.Join(t.TempDir(), "whoami.mod")
	replaceIn(t, filepath.Join(toolchain.Root, "go.mod"), mod, "\nrequire (", "\nreplace "+sdkModule+" => "+copied+"\n\nrequire (")
	replaceIn(t, filepath.Join(toolchain.Root, "go.sum"), strings.TrimSuffix(mod, "mod")+"sum", "", "")
	binary := filepath.Join(t.TempDir(), "whoami")
	toolchain.Run(t, ".", nil, "go", "build", "-mod=mod", "-modfile", mod, "-o", binary, "./whoami")
	return binary
}

const sdkModule = "github.com/oracle/oci-go-sdk/v65"

// replaceIn copies a file and replaces a part of it. The part must occur in the file.
func replaceIn(t *testing.T, source, target, old, replacement string) {
	t.Helper()
	content, err := os.ReadFile(source)
	require.NoError(t, err)
	require.Contains(t, string(content), old)
	_ = os.Remove(target) // files copied from Go's cache are read-only
	require.NoError(t, os.WriteFile(target, []byte(strings.Replace(string(content), old, replacement, 1)), 0o600))
}
