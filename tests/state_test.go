package tests

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// Recorded states are in testdata/state, one for each released version, with placeholders for what differs from run to run.
// "go test ./tests -run TestRecordState -record" writes the one of the version in VERSION.
var record = flag.Bool("record", false, "write the state of this version to testdata/state")

// placeholders are what a recorded state holds instead of identifiers and of the value.
func placeholders(w *world, id, value string) *strings.Replacer {
	encoded := func(s string) string {
		quoted, _ := json.Marshal(s)
		return base64.StdEncoding.EncodeToString(quoted)
	}
	return strings.NewReplacer(w.user, "{user}", id, "{id}", w.url, "{endpoint}", encoded(value), "{value}")
}

func TestRecordState(t *testing.T) {
	t.Parallel()
	if !*record {
		t.Log("only with -record")
		return
	}
	s := newStack(t)
	s.mustUp(s.mint(s.user, "recorded"))
	live := s.onlyToken()
	recorded := placeholders(s.world, live.ID, live.Value).Replace(s.checkpoint())
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
			live := s.oci.AddToken(s.user, "recorded")
			quoted, err := json.Marshal(live.Value)
			require.NoError(t, err)
			s.restore(strings.NewReplacer("{user}", s.user, "{id}", live.ID, "{endpoint}", s.url,
				"{value}", base64.StdEncoding.EncodeToString(quoted)).Replace(string(recorded)))

			require.NoError(t, s.preview(s.mint(s.user, "recorded")))
			assert.Empty(t, s.changes())
			s.mustUp(s.mint(s.user, "changed"))
			require.NoError(t, s.refresh())
			assert.Equal(t, live.Value, s.value("token"))
			assert.Zero(t, s.calls("CreateAuthToken"))
			require.NoError(t, s.destroy())
			assert.Empty(t, s.tokens())
		})
	}
}
