package tests

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// Recorded states are in testdata/state, one for each released version, with placeholders for everything that differs between runs.
// "go test ./tests -run TestRecordState -record" writes the state for the version in VERSION.
var record = flag.Bool("record", false, "write the state of this version to testdata/state")

// recordedTokens holds the tokens in a recorded state: one of the first user, and two of a second user, which rotate.
type recordedTokens struct {
	rotated           string // the OCID of the second user
	once              emulator.Token
	current, previous emulator.Token
}

// placeholders pairs each placeholder with what it stands for: identifiers, and values as secrets.
func (r recordedTokens) placeholders(w *harness.World) (pairs []string) {
	encoded := func(s string) string {
		quoted, _ := json.Marshal(s)
		return base64.StdEncoding.EncodeToString(quoted)
	}
	pairs = []string{"{user}", w.User, "{rotated user}", r.rotated, "{endpoint}", w.URL}
	for name, token := range map[string]emulator.Token{"": r.once, "current ": r.current, "previous ": r.previous} {
		pairs = append(pairs, "{"+name+"id}", token.ID, "{"+name+"value}", encoded(token.Value))
	}
	return pairs
}

// recordedProgram registers the resources of a recorded state. The rotating one is absent before 0.2.0.
func recordedProgram(s *inprocess.Stack, description string, rotated, quarter string) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) error {
		if err := s.OneToken(s.User, description)(m); err != nil || rotated == "" {
			return err
		}
		_, err := m.RegisterResource(harness.RotatingAuthTokenType, "rotating", true, deploytest.ResourceOptions{
			Inputs: resource.NewPropertyMapFromMap(map[string]any{
				"userId": rotated, "description": description, "rotateWhenChanged": map[string]any{"quarter": quarter},
			}),
		})
		return err
	}
}

func TestRecordState(t *testing.T) {
	t.Parallel()
	if !*record {
		t.Log("only with -record")
		return
	}
	s := inprocess.NewStack(harness.NewWorld(t))
	tokens := recordedTokens{rotated: s.OCI.AddUser("rotated").ID}
	s.MustUp(recordedProgram(s, "recorded", tokens.rotated, "first"))
	tokens.once, tokens.previous = s.OnlyToken(), s.OCI.Tokens(tokens.rotated)[0]
	s.MustUp(recordedProgram(s, "recorded", tokens.rotated, "second"))
	for _, token := range s.OCI.Tokens(tokens.rotated) {
		if token.ID != tokens.previous.ID {
			tokens.current = token
		}
	}
	pairs := tokens.placeholders(s.World)
	for i := 0; i < len(pairs); i += 2 {
		pairs[i], pairs[i+1] = pairs[i+1], pairs[i]
	}
	recorded := strings.NewReplacer(pairs...).Replace(s.Checkpoint())
	harness.RequireNoValue(t, recorded)
	var indented any
	require.NoError(t, json.Unmarshal([]byte(recorded), &indented))
	text, err := json.MarshalIndent(indented, "", "  ")
	require.NoError(t, err)
	path := filepath.Join("testdata", "state", toolchain.Version(t)+".json")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o600))
}

func TestStateOfEveryReleaseCanBeRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/state/*.json")
	require.NoError(t, err)
	require.Contains(t, files, filepath.Join("testdata", "state", toolchain.Version(t)+".json"),
		"the state of this version is not recorded: see the top of this file")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			recorded, err := os.ReadFile(file)
			require.NoError(t, err)
			s := inprocess.NewStack(harness.NewWorld(t))
			tokens := recordedTokens{once: s.OCI.AddToken(s.User, "recorded")}
			if strings.Contains(string(recorded), harness.RotatingAuthTokenType) {
				tokens.rotated = s.OCI.AddUser("rotated").ID
				tokens.previous = s.OCI.AddToken(tokens.rotated, "recorded")
				tokens.current = s.OCI.AddToken(tokens.rotated, "recorded")
			}
			s.Restore(strings.NewReplacer(tokens.placeholders(s.World)...).Replace(string(recorded)))

			require.NoError(t, s.Preview(recordedProgram(s, "recorded", tokens.rotated, "second")))
			assert.Empty(t, s.Changes())
			// A refresh changes nothing but that what has no value is recorded as null, which previews know.
			require.NoError(t, s.Refresh())
			assert.Empty(t, s.Changes())
			once := s.Token("token").Outputs
			for _, absent := range []resource.PropertyKey{"domainUrl", "inactiveState", "timeExpires"} {
				assert.Contains(t, once, absent)
				assert.True(t, once[absent].IsNull())
			}
			s.MustUp(recordedProgram(s, "changed", tokens.rotated, "second"))
			require.NoError(t, s.Refresh())
			assert.Equal(t, tokens.once.Value, s.Value("token"))
			assert.Zero(t, s.Calls("CreateAuthToken")+s.Calls("DeleteAuthToken"))
			if tokens.rotated != "" {
				outputs := s.Recorded(harness.RotatingAuthTokenType, "rotating").Outputs
				assert.Equal(t, tokens.current.Value, harness.Text(outputs, "token"))
				assert.Equal(t, tokens.previous.Value, harness.Text(outputs, "previousToken"))
				s.MustUp(recordedProgram(s, "changed", tokens.rotated, "third"))
				outputs = s.Recorded(harness.RotatingAuthTokenType, "rotating").Outputs
				assert.Equal(t, tokens.current.Value, harness.Text(outputs, "previousToken"))
				assert.Equal(t, s.OCI.Tokens(tokens.rotated)[1].Value, harness.Text(outputs, "token"))
			}
			require.NoError(t, s.Destroy())
			assert.Empty(t, s.Tokens())
			if tokens.rotated != "" {
				assert.Empty(t, s.OCI.Tokens(tokens.rotated))
			}
		})
	}
}
