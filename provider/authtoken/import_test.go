package authtoken_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestImportOfWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	live := s.OCI.AddToken(s.User, "by hand")
	missing := live.ID[:len(live.ID)-4] + "zzzz"
	stranger := s.User[:len(s.User)-4] + "zzzz"
	for id, complaint := range map[string]string{
		s.User + "/" + missing:                       "has no auth token " + missing,
		"users/" + s.User + "/authTokens/" + missing: live.ID,
		stranger + "/" + live.ID:                     "404",
		live.ID:                                      "does not say whose token it is",
		"hello":                                      "is not an OCID",
		s.User + "/":                                 "it is empty",
		live.ID + "/" + s.User:                       "not of a user",
		"users/" + s.User + "/apiKeys/" + live.ID:     "use users/<user's OCID>/authTokens/<token's OCID>",
		"users/" + s.User + "/authTokens/../" + "x":   "use users/<user's OCID>/authTokens/<token's OCID>",
		"users/" + s.User + "/authTokens/a?b=c#d":     "is not an OCID",
		"users/" + live.ID + "/authTokens/" + live.ID: "not of a user",
	} {
		require.Error(t, s.Up(func(m *deploytest.ResourceMonitor) error {
			_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: s.Inputs(s.User, "by hand"), ImportID: resource.ID(id),
			})
			return err
		}), id)
		assert.Contains(t, s.Diagnostics(), complaint, id)
		assert.Nil(t, s.Token("token"), "%s is in the state", id)
	}
}

func TestImportOfATokenOfADomain(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]func(emulator.Token) string{
		"OCID": func(token emulator.Token) string { return token.ID }, "SCIM id": func(token emulator.Token) string { return token.SCIMID },
	} {
		w := inprocess.NewPlugin(harness.IdentityDomain.NewWorld(t))
		live := w.OCI.AddToken(w.User, "by hand")
		expires := w.Clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
		w.OCI.EditToken(w.User, live.ID, func(token *emulator.Token) { token.TimeExpires = &expires })
		read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: w.DomainURL + "/users/" + w.User + "/authTokens/" + id(live), Urn: harness.TokenURN,
		})
		require.NoError(t, err, name)
		assert.Equal(t, live.ID, read.Id, name)
		assert.NotContains(t, read.Properties.Fields, "token", name)
		inputs := harness.Unmarshal(t, read.Inputs)
		assert.Equal(t, w.DomainURL, inputs["domainUrl"].StringValue(), name)
		assert.Equal(t, expires.Format("2006-01-02T15:04:05.000Z"), inputs["timeExpires"].StringValue(), name)
		diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: read.Id, Urn: harness.TokenURN, Olds: read.Properties, OldInputs: read.Inputs, News: read.Inputs,
		})
		require.NoError(t, err, name)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, diff.Changes, name)

		w.OCI.DeleteToken(w.User, live.ID)
		_, err = w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: w.DomainURL + "/users/" + w.User + "/authTokens/" + id(live), Urn: harness.TokenURN,
		})
		require.ErrorContains(t, err, "has no auth token", name)
	}
}

func TestImportOverTheWireHasNoTokenRatherThanAnEmptyOne(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		live := w.OCI.AddToken(w.User, "by hand")
		read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{Id: w.ImportID(live.ID), Urn: harness.TokenURN})
		require.NoError(t, err)
		assert.Equal(t, live.ID, read.Id)
		assert.NotContains(t, read.Properties.Fields, "token")
		assert.Equal(t, "by hand", read.Inputs.Fields["description"].GetStringValue())
		assert.Equal(t, w.User, read.Inputs.Fields["userId"].GetStringValue())
	})
}

func TestImportGeneratesCodeThatPreviewsClean(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"long form": "users/%s/authTokens/%s", "short form": "%s/%s", "of a domain": "users/%s/authTokens/%s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCLI(harness.NewWorld(t))
			if name == "of a domain" {
				c = harness.NewCLI(harness.IdentityDomain.NewWorld(t))
				form = c.DomainURL + "/" + form
			}
			live := c.OCI.AddToken(c.User, `by "hand", with punctuation: #{}`)
			printed := c.Must("import", "ociauthtoken:index:AuthToken", "token", fmt.Sprintf(form, c.User, live.ID),
				"--yes", "--skip-preview", "--protect=false", "--out", "generated.yaml")
			assert.Contains(t, printed, "replace the token to get a new value")

			generated, err := os.ReadFile(filepath.Join(c.Dir, "generated.yaml"))
			require.NoError(t, err)
			c.Write("Pulumi.yaml", "name: test\nruntime: yaml\n"+string(generated))
			c.Must("up", "--yes", "--skip-preview", "--diff", "--expect-no-changes")
			state, err := backend.Export(c.State, c.Stack)
			require.NoError(t, err)
			assert.Contains(t, string(state), live.ID)
			assert.NotContains(t, string(state), `"token":`)
			assert.Equal(t, []emulator.Token{live}, c.Tokens())
		})
	}
}

func TestImportOfWhatDoesNotExistIsAnErrorAndLeavesTheStateAlone(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	live := c.OCI.AddToken(c.User, "by hand")
	missing := live.ID[:len(live.ID)-4] + "zzzz"
	for id, complaint := range map[string]string{
		c.User + "/" + missing: "has no auth token " + missing,
		"hello":                "is not an OCID",
	} {
		printed, err := c.Run("import", "ociauthtoken:index:AuthToken", "token", id, "--yes", "--protect=false")
		require.Error(t, err, id)
		assert.Contains(t, strings.Join(strings.Fields(printed), " "), complaint, id)
		state, err := backend.Export(c.State, c.Stack)
		require.NoError(t, err)
		assert.NotContains(t, string(state), "AuthToken", id)
	}
}

func TestImportFileBringsTheValue(t *testing.T) {
	t.Parallel()
	for name, outputs := range map[string]map[string]any{
		"whole":          {"userId": true, "description": true},
		"the token only": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCLI(harness.NewWorld(t))
			live := c.OCI.AddToken(c.User, "by hand")
			inputs := map[string]any{"userId": c.User, "description": "by hand"}
			for key := range outputs {
				outputs[key] = inputs[key]
			}
			plaintext, err := json.Marshal(live.Value)
			require.NoError(t, err)
			outputs["token"] = map[string]any{
				"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": string(plaintext),
			}
			file, err := json.Marshal(map[string]any{"resources": []any{map[string]any{
				"type": "ociauthtoken:index:AuthToken", "name": "token", "id": live.ID, "inputs": inputs, "outputs": outputs,
			}}})
			require.NoError(t, err)
			c.Write("import.json", string(file))
			c.Must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")

			c.Program("token", "by hand")
			c.Must("up", "--yes", "--skip-preview")
			assert.Equal(t, live.Value, c.SecretOutput("token"))
			c.Must("preview", "--diff", "--expect-no-changes")
			c.Program("token", "described anew")
			c.Must("up", "--yes", "--skip-preview")
			c.Must("refresh", "--yes", "--skip-preview")
			assert.Equal(t, live.Value, c.SecretOutput("token"))
			assert.Zero(t, c.Calls("CreateAuthToken"))
			c.Must("destroy", "--yes", "--skip-preview")
			assert.Empty(t, c.Tokens())
		})
	}
}

// TestImportFileMayHaveADomainURLAsOCIPrintsIt imports a token with its value from a file that has the URL in another form, and in a
// program with the very same text.
func TestImportFileMayHaveADomainURLAsOCIPrintsIt(t *testing.T) {
	t.Parallel()
	w := harness.IdentityDomain.NewWorld(t)
	c := harness.NewCLI(w)
	live := c.OCI.AddToken(c.User, "ci")
	url := c.DomainURL + "/"
	inputs := map[string]any{"userId": c.User, "description": "ci", "domainUrl": url}
	c.Write("import.json", harness.ImportFile(t, harness.AuthTokenType, live.ID, inputs, map[string]any{
		"userId": c.User, "description": "ci", "domainUrl": url, "token": live.Value,
	}))
	c.Must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")
	c.ProgramOf("token", "ociauthtoken:AuthToken", map[string]any{"description": "ci", "domainUrl": url}, "token")
	c.Must("preview", "--diff", "--expect-no-changes")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, live.Value, c.SecretOutput("token"))
	assert.Zero(t, c.Writes())
}

func TestAnImportedTokenExpiresAtTheTimeThatTheProgramSays(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]bool{"pulumi import": false, "the option import": true} {
		s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
		live := s.OCI.AddToken(s.User, "ci")
		expires := s.Clock.Now().Add(90 * harness.Day).UTC().Truncate(time.Second)
		s.OCI.EditToken(s.User, live.ID, func(token *emulator.Token) { token.TimeExpires = &expires })
		imported := func(m *deploytest.ResourceMonitor) error {
			inputs := s.Inputs(s.User, "ci")
			inputs["timeExpires"] = resource.NewProperty(expires.Format(time.RFC3339))
			options := deploytest.ResourceOptions{Inputs: inputs, ImportID: resource.ID(s.ImportID(live.SCIMID))}
			if !option && s.Token("token") != nil {
				options.ImportID = ""
			}
			_, err := m.RegisterResource(harness.AuthTokenType, "token", true, options)
			return err
		}
		s.MustUp(imported)
		s.RequireNoChange(imported, name)
	}
}

func TestStateFromAnImportFileNeedsNoMoreThanTheToken(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		ctx := context.Background()
		live := w.OCI.AddToken(w.User, "by hand")
		state := harness.Properties(t, map[string]any{"token": resource.MakeSecret(resource.NewProperty(live.Value))})

		diff, err := w.Client.Diff(ctx, &pulumirpc.DiffRequest{
			Id: live.ID, Urn: harness.TokenURN, Olds: state, OldInputs: w.Arguments("by hand"), News: w.Arguments("new"),
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"description"}, diff.Diffs)
		assert.Empty(t, diff.Replaces)

		updated, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{
			Id: live.ID, Urn: harness.TokenURN, Olds: state, OldInputs: w.Arguments("by hand"), News: w.Arguments("new"),
		})
		require.NoError(t, err)
		harness.RequireSecretToken(t, updated.Properties, live.Value)

		_, err = w.Client.Delete(ctx, &pulumirpc.DeleteRequest{
			Id: live.ID, Urn: harness.TokenURN, Properties: state, OldInputs: w.Arguments("new"),
		})
		require.NoError(t, err)
		assert.Empty(t, w.Tokens())
	})
}

func TestStateWithOnlyATokenCanBeRefreshedFirst(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		live := w.OCI.AddToken(w.User, "by hand")
		read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: live.ID, Urn: harness.TokenURN, Inputs: w.Arguments("by hand"),
			Properties: harness.Properties(t, map[string]any{"token": resource.MakeSecret(resource.NewProperty(live.Value))}),
		})
		require.NoError(t, err)
		assert.Equal(t, live.ID, read.Id)
		harness.RequireSecretToken(t, read.Properties, live.Value)
	})
}
