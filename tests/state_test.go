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
func (r recordedTokens) placeholders(w *world) (pairs []string) {
	encoded := func(s string) string {
		quoted, _ := json.Marshal(s)
		return base64.StdEncoding.EncodeToString(quoted)
	}
	pairs = []string{"{user}", w.user, "{rotated user}", r.rotated, "{endpoint}", w.url}
	for name, token := range map[string]emulator.Token{"": r.once, "current ": r.current, "previous ": r.previous} {
		pairs = append(pairs, "{"+name+"id}", token.ID, "{"+name+"value}", encoded(token.Value))
	}
	return pairs
}

// recordedProgram registers the resources of a recorded state. The rotating one is absent before 0.2.0.
func (s *testStack) recordedProgram(description string, rotated, quarter string) program {
	return func(m *deploytest.ResourceMonitor) error {
		if err := s.oneToken(s.user, description)(m); err != nil || rotated == "" {
			return err
		}
		_, err := m.RegisterResource(rotatingType, "rotating", true, deploytest.ResourceOptions{
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
	s := newStack(t)
	tokens := recordedTokens{rotated: s.oci.AddUser("rotated").ID}
	s.mustUp(s.recordedProgram("recorded", tokens.rotated, "first"))
	tokens.once, tokens.previous = s.onlyToken(), s.oci.Tokens(tokens.rotated)[0]
	s.mustUp(s.recordedProgram("recorded", tokens.rotated, "second"))
	for _, token := range s.oci.Tokens(tokens.rotated) {
		if token.ID != tokens.previous.ID {
			tokens.current = token
		}
	}
	pairs := tokens.placeholders(s.world)
	for i := 0; i < len(pairs); i += 2 {
		pairs[i], pairs[i+1] = pairs[i+1], pairs[i]
	}
	recorded := strings.NewReplacer(pairs...).Replace(s.checkpoint())
	requireNoValue(t, recorded)
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
			s := newStack(t)
			tokens := recordedTokens{once: s.oci.AddToken(s.user, "recorded")}
			if strings.Contains(string(recorded), rotatingType) {
				tokens.rotated = s.oci.AddUser("rotated").ID
				tokens.previous = s.oci.AddToken(tokens.rotated, "recorded")
				tokens.current = s.oci.AddToken(tokens.rotated, "recorded")
			}
			s.restore(strings.NewReplacer(tokens.placeholders(s.world)...).Replace(string(recorded)))

			require.NoError(t, s.preview(s.recordedProgram("recorded", tokens.rotated, "second")))
			assert.Empty(t, s.changes())
			// A refresh changes nothing but that what has no value is recorded as null, which previews know.
			require.NoError(t, s.refresh())
			assert.Empty(t, s.changes())
			once := s.token("token").Outputs
			for _, absent := range []resource.PropertyKey{"domainUrl", "inactiveState", "timeExpires"} {
				assert.Contains(t, once, absent)
				assert.True(t, once[absent].IsNull())
			}
			s.mustUp(s.recordedProgram("changed", tokens.rotated, "second"))
			require.NoError(t, s.refresh())
			assert.Equal(t, tokens.once.Value, s.value("token"))
			assert.Zero(t, s.calls("CreateAuthToken")+s.calls("DeleteAuthToken"))
			if tokens.rotated != "" {
				outputs := s.recorded(rotatingType, "rotating").Outputs
				assert.Equal(t, tokens.current.Value, text(outputs, "token"))
				assert.Equal(t, tokens.previous.Value, text(outputs, "previousToken"))
				s.mustUp(s.recordedProgram("changed", tokens.rotated, "third"))
				outputs = s.recorded(rotatingType, "rotating").Outputs
				assert.Equal(t, tokens.current.Value, text(outputs, "previousToken"))
				assert.Equal(t, s.oci.Tokens(tokens.rotated)[1].Value, text(outputs, "token"))
			}
			require.NoError(t, s.destroy())
			assert.Empty(t, s.tokens())
			if tokens.rotated != "" {
				assert.Empty(t, s.oci.Tokens(tokens.rotated))
			}
		})
	}
}
