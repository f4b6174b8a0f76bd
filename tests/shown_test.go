package tests

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"
	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests put each kind of secret into each argument of each resource and function, and into each property of the configuration. They
// walk the schema, so a new argument is among them.

// secretKinds returns a secret of each kind that people may put into the wrong place.
func secretKinds(w *harness.World) map[string]string {
	w.T.Helper()
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	block, _ := pem.Decode([]byte(w.Credentials.PrivateKeyPEM))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	require.NoError(w.T, err)
	key := parsed.(*rsa.PrivateKey)
	encrypted, err := pkcs8.ConvertPrivateKeyToPKCS8(key, []byte(rand.Text()))
	require.NoError(w.T, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(w.T, err)
	random := make([]byte, 16)
	_, _ = rand.Read(random) // it never fails
	hexadecimal := hex.EncodeToString(random)
	jwt := w.JWT(time.Now().Add(time.Hour))
	return map[string]string{
		"auth token":          `({;#` + rand.Text()[:8] + `<:>` + rand.Text()[:5],
		"auth token of words": rand.Text()[:20],
		"private key":         w.Credentials.PrivateKeyPEM,
		"RSA private key":     encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		"encrypted key":       encode("ENCRYPTED PRIVATE KEY", encrypted),
		"public key":          encode("PUBLIC KEY", public),
		"session token":       "ST$" + jwt,
		"JWT":                 jwt,
		"pass phrase":         "correct horse battery staple",
		"short pass phrase":   "Tr0ub4dor&3",
		"password in a URL":   "https://client:" + rand.Text()[:12] + "@idcs.example.com/path",
		"client secret":       "idcscs-" + strings.Join([]string{hexadecimal[:8], hexadecimal[8:12], hexadecimal[12:16], hexadecimal[16:20], hexadecimal[20:]}, "-"),
	}
}

// piecesOf returns every 8 characters of a secret, without those that many secrets have in common.
func piecesOf(secret string) []string {
	var pieces []string
	if _, password, inURL := strings.Cut(secret, "https://client:"); inURL {
		secret, _, _ = strings.Cut(password, "@")
	}
	for line := range strings.FieldsFuncSeq(secret, func(r rune) bool { return r == '\n' }) {
		if strings.HasPrefix(line, "-----") {
			continue
		}
		line = strings.TrimPrefix(line, "idcscs-")
		for at := 0; at+8 <= len(line); at++ {
			pieces = append(pieces, line[at:at+8])
		}
	}
	return pieces
}

// requireNotShown fails if 8 characters of a secret are in a text.
func requireNotShown(t *testing.T, secret, where, text string) {
	t.Helper()
	for _, piece := range piecesOf(secret) {
		if at := strings.Index(text, piece); at >= 0 {
			t.Fatalf("%s: a part of the secret is shown in\n%s", where, text[max(0, at-400):min(len(text), at+100)])
		}
	}
}

// placements returns the properties with a secret in each spot, and as each key of a map, by the name of the spot.
func placements(
	spec schema.PackageSpec, properties map[string]schema.PropertySpec, base resource.PropertyMap, secret resource.PropertyValue,
) map[string]resource.PropertyMap {
	placed := map[string]resource.PropertyMap{}
	for _, at := range spotsIn(spec, properties) {
		typ := properties[at.property()].TypeSpec
		placed[at.path.String()] = at.with(spec, base, typ, secret)
		if at.typ.AdditionalProperties != nil || at.typ.Ref != "" {
			key, value := secret, sample(spec, schema.TypeSpec{Type: "string"})
			marked := key.IsSecret()
			if marked {
				key = key.SecretValue().Element
			}
			for name, value := range map[string]resource.PropertyValue{"": value, " of a list": resource.NewProperty([]resource.PropertyValue{value})} {
				entry := resource.NewProperty(resource.PropertyMap{resource.PropertyKey(key.StringValue()): value})
				if marked {
					entry = resource.MakeSecret(entry)
				}
				placed[at.path.String()+", a key"+name] = at.with(spec, base, typ, entry)
			}
		}
	}
	return placed
}

// tryPlacements runs a program for each placement of each secret, plain and marked as one. Nothing that the provider says may contain it.
// If the program has marked it, nothing that Pulumi shows may contain it either.
func tryPlacements(w *harness.World,
	what string, properties map[string]schema.PropertySpec, base resource.PropertyMap, run func(resource.PropertyMap) inprocess.Program,
) {
	w.T.Helper()
	spec := readSchema(w)
	for kind, secret := range secretKinds(w) {
		plain := resource.NewProperty(secret)
		for mark, value := range map[string]resource.PropertyValue{"plain": plain, "secret": resource.MakeSecret(plain)} {
			for name, inputs := range placements(spec, properties, base, value) {
				where := fmt.Sprintf("%s, %s, %s, %s", what, name, kind, mark)
				s := inprocess.NewStack(w)
				said := ""
				if err := s.Up(run(inputs)); err != nil {
					said = err.Error()
				}
				requireNotShown(w.T, secret, where, said+s.Diagnostics())
				if mark == "secret" {
					requireNotShown(w.T, secret, where, s.Shown())
				}
				for _, left := range w.Tokens() {
					w.OCI.DeleteToken(w.User, left.ID)
				}
			}
		}
	}
}

func TestASecretInAnArgumentOfAResourceIsNotShown(t *testing.T) {
	toolchain.Long(t)
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := a.NewWorld(t)
		for token, kind := range readSchema(w).Resources {
			tryPlacements(w, token, kind.InputProperties, w.Inputs(w.User, "ci"), func(inputs resource.PropertyMap) inprocess.Program {
				return func(m *deploytest.ResourceMonitor) error {
					_, err := m.RegisterResource(tokens.Type(token), "token", true, deploytest.ResourceOptions{Inputs: inputs})
					return err
				}
			})
		}
	})
}

func TestASecretInAnArgumentOfAFunctionIsNotShown(t *testing.T) {
	toolchain.Long(t)
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := a.NewWorld(t)
		base := w.Inputs(w.User, "ci")
		delete(base, "description")
		for token, function := range readSchema(w).Functions {
			given := base.Copy()
			for name, property := range function.Inputs.Properties {
				if property.Type == "boolean" {
					given[resource.PropertyKey(name)] = resource.NewProperty(true)
				} else if slices.Contains(function.Inputs.Required, name) && name != "userId" {
					given[resource.PropertyKey(name)] = sample(readSchema(w), property.TypeSpec)
				}
			}
			tryPlacements(w, token, function.Inputs.Properties, given, func(arguments resource.PropertyMap) inprocess.Program {
				return func(m *deploytest.ResourceMonitor) error {
					_, failures, err := m.Invoke(tokens.ModuleMember(token), arguments, "", "", "")
					for _, failure := range failures {
						return fmt.Errorf("%s: %s", failure.Property, failure.Reason)
					}
					return err
				}
			})
		}
	})
}

func TestASecretInTheConfigurationIsNotShown(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	w := harness.NewWorld(t)
	base := resource.NewPropertyMapFromMap(w.Settings())
	tryPlacements(w, "configuration", readSchema(w).Provider.InputProperties, base, func(inputs resource.PropertyMap) inprocess.Program {
		return func(m *deploytest.ResourceMonitor) error {
			made, err := m.RegisterResource("pulumi:providers:ociauthtoken", "own", true, deploytest.ResourceOptions{Inputs: inputs})
			if err != nil {
				return err
			}
			_, err = m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: w.Inputs(w.User, "ci"), Provider: string(made.URN) + "::" + string(made.ID),
			})
			return err
		}
	})
}

func TestDescriptionsThatTheProgramMarksAsSecretAreNotShown(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, last := range []string{harness.AuthTokenType, harness.RotatingAuthTokenType} {
			s := inprocess.NewStack(a.NewWorld(t))
			register := func(m *deploytest.ResourceMonitor, kind, name string, description resource.PropertyValue) error {
				inputs := s.Inputs(s.User, "")
				inputs["description"] = description
				if kind == harness.RotatingAuthTokenType {
					inputs["rotationDays"] = resource.NewProperty(30.0)
				}
				_, err := m.RegisterResource(tokens.Type(kind), name, true, deploytest.ResourceOptions{Inputs: inputs})
				return err
			}
			hidden := []string{"h1dden-one", "h1dden-two"}
			both := func(m *deploytest.ResourceMonitor) error {
				for i, description := range hidden {
					if err := register(m, harness.AuthTokenType, fmt.Sprint("number", i), resource.MakeSecret(resource.NewProperty(description))); err != nil {
						return err
					}
				}
				return nil
			}
			s.MustUp(both)
			require.Error(t, s.Up(func(m *deploytest.ResourceMonitor) error {
				if err := both(m); err != nil {
					return err
				}
				return register(m, last, "third", resource.NewProperty("third"))
			}))
			assert.Contains(t, s.Diagnostics(), "description [secret]")
			assert.NotContains(t, s.Shown(), `\"h1dden`)
		}
	})
}

func TestKeysOfASecretMapAreNotShown(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	rotating := func(keys resource.PropertyMap) inprocess.Program {
		return func(m *deploytest.ResourceMonitor) error {
			inputs := s.Inputs(s.User, "ci")
			inputs["rotateWhenChanged"] = resource.MakeSecret(resource.NewProperty(keys))
			_, err := m.RegisterResource(harness.RotatingAuthTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
			return err
		}
	}
	const one, two = "h1dden-key-one", "h1dden-key-two"
	s.MustUp(rotating(resource.PropertyMap{one: resource.NewProperty("a")}))
	for _, keys := range []resource.PropertyMap{
		{one: resource.NewProperty("b")}, {two: resource.NewProperty("b")}, {},
	} {
		for _, operate := range []func(inprocess.Program) error{s.Preview, s.Up} {
			require.NoError(t, operate(rotating(keys)))
			assert.Contains(t, s.Diagnostics(), "rotateWhenChanged has changed")
			assert.NotContains(t, s.Shown(), "h1dden")
		}
	}
}

// TestNoSecretIsShownByTheCommand puts one kind of secret into all arguments at once, and runs the real command. The secrets come from
// files, because Pulumi shows the lines of a program in YAML that an error is about.
func TestNoSecretIsShownByTheCommand(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	w := harness.NewWorld(t)
	spec := readSchema(w)
	for kind, secret := range secretKinds(w) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			own := harness.NewWorld(t)
			c := harness.NewCLI(own)
			c.Write("secret", secret)
			for _, mark := range []string{"plain", "secret"} {
				var value any = map[string]any{"fn::readFile": "./secret"}
				if mark == "secret" {
					value = map[string]any{"fn::secret": value}
				}
				for what, program := range programsWith(spec, value) {
					program["name"], program["runtime"] = "test", "yaml"
					text, err := yaml.Marshal(program)
					require.NoError(t, err)
					c.Write("Pulumi.yaml", string(text))
					for _, flags := range [][]string{{"--diff", "-v=4", "--logtostderr", "--logflow"}, {"--json"}} {
						if _, function := program["variables"]; function && flags[0] == "--json" {
							continue // a function has no part in the plan
						}
						where := strings.Join(append(flags, what, kind, mark), " ")
						printed, err := c.Command(append([]string{"preview"}, flags...)...).CombinedOutput()
						require.Error(t, err, where)
						requireNotShown(t, secret, where, string(printed))
					}
				}
			}
		})
	}
}

// programsWith returns programs with a value in every argument that is a text: of each resource, of each function and of the
// configuration.
func programsWith(spec schema.PackageSpec, value any) map[string]map[string]any {
	filled := func(properties map[string]schema.PropertySpec) map[string]any {
		all := map[string]any{}
		for name, property := range properties {
			if property.Type == "string" {
				all[name] = value
			}
		}
		return all
	}
	resourceOf := func(token string, properties map[string]any, options map[string]any) map[string]any {
		return map[string]any{"resources": map[string]any{"odd": map[string]any{"type": token, "properties": properties, "options": options}}}
	}
	programs := map[string]map[string]any{
		"configuration": resourceOf("pulumi:providers:ociauthtoken", filled(spec.Provider.InputProperties), nil),
	}
	for token, kind := range spec.Resources {
		programs[token] = resourceOf(token, filled(kind.InputProperties), nil)
	}
	for token, function := range spec.Functions {
		programs[token] = map[string]any{
			"variables": map[string]any{
				"odd": map[string]any{"fn::invoke": map[string]any{"function": token, "arguments": filled(function.Inputs.Properties)}},
			},
			"outputs": map[string]any{"odd": "${odd}"}, // or nothing waits for the answer
		}
	}
	return programs
}
