package examples

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// rotateAllLoad is the load of the example: a few users by default, and with these flags as many as it is made for.
var rotateAllLoad struct {
	users, stacks int
	rate, faults  float64
}

func init() {
	flag.IntVar(&rotateAllLoad.users, "rotate-all.users", 6, "how many users")
	flag.IntVar(&rotateAllLoad.stacks, "rotate-all.stacks", 3, "in how many stacks")
	flag.Float64Var(&rotateAllLoad.rate, "rotate-all.rate", 0, "how many requests a second are admitted")
	flag.Float64Var(&rotateAllLoad.faults, "rotate-all.faults", 0, "the part of the requests that fail, from 0 to 1")
}

// TestRotateAllExample rotates the tokens of many users, is stopped by Ctrl-C in the middle, and continues. After that nothing is left to
// do. A list of users with a mistake is refused.
func TestRotateAllExample(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	a := newRotateAll(t)
	a.requireWrongListsRefused()

	printed, err := a.run("2026-Q3")
	require.NoError(t, err, printed)
	assert.Equal(t, a.all("created"), whatBecameOf(printed), printed)
	a.requireRecorded(1)
	before := a.calls("CreateAuthToken")

	// The answer to a creation in the second stack is held back until the program has noticed the Ctrl-C. A second Ctrl-C follows,
	// as from an impatient person.
	perStack := rotateAllLoad.users / rotateAllLoad.stacks
	a.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Skip: perStack, Times: 1, Hold: func() {
		a.interrupt()
		a.waitFor("Stopping: no new stack is begun")
		a.interrupt()
	}})
	printed, err = a.run("2026-Q4", "-parallel", "1")
	require.Error(t, err, printed)
	assert.Contains(t, printed, "run this again with -run 2026-Q4 to go on")
	became := whatBecameOf(printed)
	assert.GreaterOrEqual(t, became["rotated"], perStack+1, printed)
	assert.GreaterOrEqual(t, became["not yet"], rotateAllLoad.users-2*perStack, printed)
	a.requireRecorded(0)
	if rotateAllLoad.faults == 0 {
		assert.Equal(t, became["rotated"], a.calls("CreateAuthToken")-before, "the table is not the truth")
	}

	printed, err = a.run("2026-Q4")
	require.NoError(t, err, printed)
	assert.Equal(t, map[string]int{"earlier": became["rotated"], "rotated": became["not yet"]}, whatBecameOf(printed), printed)
	assert.Len(t, regexp.MustCompile(`20\d\d-\S+Z  +20\d\d-\S+Z`).FindAllString(printed, -1), rotateAllLoad.users, "when, and when next")
	a.requireRecorded(2)
	requireNoValueBelow(t, a.state)
	a.requireLastUserRemoved()
	t.Logf("%d requests, %d of them creations; 2 rotations of %d users in %d stacks",
		len(a.oci.Journal()), a.calls("CreateAuthToken"), rotateAllLoad.users, rotateAllLoad.stacks)
}

// requireWrongListsRefused requires that a list with a mistake is refused before anything is done.
func (a *rotateAll) requireWrongListsRefused() {
	a.t.Helper()
	right, user := read(a.t, a.list), a.users[0]
	for list, problem := range map[string]string{
		"":                                   "there are no users in it",
		user + "\n":                          "line 1: it takes a stack and the OCID of a user",
		"a " + user + "\n\nb " + user + "\n": "line 3: " + user + " is in the file already",
	} {
		write(a.t, a.list, list)
		printed, err := a.run("2026-Q3")
		require.Error(a.t, err)
		assert.Contains(a.t, printed, problem)
	}
	assert.Empty(a.t, a.oci.Journal())
	write(a.t, a.list, right)
}

// requireLastUserRemoved removes all users of one stack from the list. Their tokens are revoked when the list says so.
func (a *rotateAll) requireLastUserRemoved() {
	t := a.t
	t.Helper()
	right := read(t, a.list)
	without := regexp.MustCompile(`(?m)^team-00 .*\n`).ReplaceAllString(right, "")
	live := func() (n int) {
		for _, user := range a.oci.Users() {
			n += len(a.oci.Tokens(user.ID))
		}
		return n
	}
	before := live()
	write(t, a.list, without)
	printed, err := a.run("2026-Q4")
	require.NoError(t, err, printed)
	assert.Contains(t, printed, "Stack team-00 is not in the file, and keeps its tokens")
	assert.Equal(t, before, live())
	write(t, a.list, without+"team-00\n")
	printed, err = a.run("2026-Q4")
	require.NoError(t, err, printed)
	assert.Equal(t, before-2*rotateAllLoad.users/rotateAllLoad.stacks, live(), printed)
	write(t, a.list, without)
	printed, err = a.run("2026-Q4")
	require.NoError(t, err, printed)
	assert.NotContains(t, printed, "not in the file")
	write(t, a.list, right)
}

// rotateAll is the example, built, with a list of users.
type rotateAll struct {
	*project
	program, list string

	mu      sync.Mutex
	printed bytes.Buffer
	pid     int
	grown   *sync.Cond // signals that more is printed
}

func newRotateAll(t *testing.T) *rotateAll {
	t.Helper()
	a := &rotateAll{project: newProject(t, "automation-go", goLanguage)}
	a.grown = sync.NewCond(&a.mu)
	a.program, a.list = filepath.Join(t.TempDir(), "rotate-all"), filepath.Join(t.TempDir(), "users")
	execute(t, a.dir, a.env, "go", "build", "-o", a.program, "./rotate-all")
	lines := "# stack, user\n"
	for i := range rotateAllLoad.users {
		user := a.oci.AddUser(fmt.Sprintf("user-%03d", i))
		lines += fmt.Sprintf("team-%02d %s\n", i*rotateAllLoad.stacks/rotateAllLoad.users, user.ID)
	}
	write(t, a.list, lines)
	if rotateAllLoad.rate > 0 {
		a.oci.SetRequestsPerSecond(rotateAllLoad.rate, 0)
	}
	if rotateAllLoad.faults > 0 {
		a.oci.Inject(emulator.Fault{Probability: rotateAllLoad.faults, Status: 503, Code: "ServiceUnavailable"})
	}
	return a
}

// run runs the program, and returns what it prints.
func (a *rotateAll) run(name string, arguments ...string) (string, error) {
	t := a.t
	t.Helper()
	arguments = append([]string{"-users", a.list, "-run", name, "-endpoint", a.url}, arguments...)
	command, cancel := newCommand(t, a.dir, a.env, a.program, arguments...)
	defer cancel()
	command.Stdout, command.Stderr = a, a
	a.mu.Lock()
	a.printed.Reset()
	a.mu.Unlock()
	began := time.Now()
	require.NoError(t, command.Start())
	a.mu.Lock()
	a.pid = command.Process.Pid
	a.mu.Unlock()
	err := command.Wait()
	t.Logf("-run %s: %v", name, time.Since(began).Round(time.Second))
	a.mu.Lock()
	defer a.mu.Unlock()
	requireNoValue(t, "what the program printed", a.printed.String())
	return a.printed.String(), err
}

// Write records what the program prints.
func (a *rotateAll) Write(text []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer a.grown.Broadcast()
	return a.printed.Write(text)
}

// waitFor waits until the program prints a text.
func (a *rotateAll) waitFor(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !strings.Contains(a.printed.String(), text) {
		a.grown.Wait()
	}
}

// interrupt does what Ctrl-C in a terminal does: all processes of the group get a signal.
func (a *rotateAll) interrupt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	assert.NoError(a.t, syscall.Kill(-a.pid, syscall.SIGINT))
}

// all returns what whatBecameOf returns if all users have the same result.
func (*rotateAll) all(what string) map[string]int { return map[string]int{what: rotateAllLoad.users} }

// whatBecameOf counts the users in the table by result.
func whatBecameOf(printed string) map[string]int {
	counts := map[string]int{}
	for _, line := range regexp.MustCompile(`(?m)^team-\d+ +ocid1\.user\.\S+ +(\w+(?: yet)?)  `).FindAllStringSubmatch(printed, -1) {
		counts[line[1]]++
	}
	return counts
}

// requireRecorded requires that the stacks have every token that exists, and that the values in the stacks work. Each user must have
// this number of tokens. 0 means any number.
func (a *rotateAll) requireRecorded(each int) {
	t := a.t
	t.Helper()
	recorded, resources := map[string]bool{}, 0
	for i := range rotateAllLoad.stacks {
		output, err := backend.ExportSecrets(a.state, fmt.Sprintf("team-%02d", i))
		require.NoError(t, err)
		var exported struct {
			Deployment struct {
				PendingOperations []any `json:"pending_operations"`
				Resources         []struct {
					Type    string
					Outputs struct {
						UserID, TokenID, PreviousTokenID string
						Token, PreviousToken             struct{ Plaintext string }
					}
				}
			}
		}
		require.NoError(t, json.Unmarshal(output, &exported))
		assert.Empty(t, exported.Deployment.PendingOperations)
		for _, resource := range exported.Deployment.Resources {
			if resource.Type != "ociauthtoken:index:RotatingAuthToken" {
				continue
			}
			resources++
			o := resource.Outputs
			for id, secret := range map[string]string{o.TokenID: o.Token.Plaintext, o.PreviousTokenID: o.PreviousToken.Plaintext} {
				if id == "" {
					continue
				}
				recorded[id] = true
				var value string
				require.NoError(t, json.Unmarshal([]byte(secret), &value))
				assert.True(t, a.oci.Authenticate(o.UserID, value), "a value in the state does not work")
			}
		}
	}
	require.Equal(t, rotateAllLoad.users, resources)
	for _, user := range a.oci.Users() {
		tokens := a.oci.Tokens(user.ID)
		for _, token := range tokens {
			assert.Contains(t, recorded, token.ID, "a token that no stack has")
			delete(recorded, token.ID)
		}
		if each > 0 && strings.HasPrefix(user.Name, "user-") {
			assert.Len(t, tokens, each)
		}
	}
	assert.Empty(t, recorded, "tokens that there are not")
}
