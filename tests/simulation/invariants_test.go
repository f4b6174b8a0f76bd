package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// violation is a promise that was broken. Kind says which.
type violation struct{ kind, text string }

// ledger records which tokens the provider is responsible for, and what the person was told about them.
type ledger struct {
	*world
	lag map[string]time.Duration // how far the lists of each region lag behind

	mu     sync.Mutex
	named  map[string]bool             // tokens named together with the command that deletes them
	owned  map[string]map[*engine]bool // the stacks in whose states a token has been
	opened []openFate
	killed []*inFlight
}

// openFate is a failed creation whose error says how to list the tokens of the user.
type openFate struct {
	stack      *engine
	user       int
	began, end time.Time
	// goodAsOf is the time up to which created tokens were in a list that the plugin got.
	goodAsOf time.Time
}

// onTheWay is how long a request may still be on its way when its sender is killed.
const onTheWay = 2 * time.Second

// inFlight is a creation during which the plugin was killed. It may leave one token.
type inFlight struct {
	stack      *engine
	user       int
	began, end time.Time
	tokenID    string
}

func newLedger(w *world) *ledger {
	return &ledger{world: w, lag: map[string]time.Duration{}, named: map[string]bool{}, owned: map[string]map[*engine]bool{}}
}

// shown checks what a person can see.
func (l *ledger) shown(text string) {
	if !utf8.ValidString(text) {
		l.fail("not UTF-8", "what the plugin says is not valid UTF-8: %q", text)
	}
	if strings.Contains(text, canary) || strings.Contains(text, wrongCanary) {
		l.fail("leak", "the value of a token is shown: %s", text)
	}
	if strings.Contains(text, keyPart(l.creds.PrivateKeyPEM)) {
		l.fail("leak", "the private key is shown: %s", text)
	}
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			l.fail("control character", "what the plugin says has control characters: %q", text)
			return
		}
	}
}

// keyPart is a line of a private key.
func keyPart(pem string) string { return strings.Split(pem, "\n")[1][:32] }

// heardAnswer checks an answer from the plugin.
func (l *ledger) heardAnswer(method string, value any, err error) {
	if err != nil {
		l.shown(err.Error())
		if failed := initFailure(err); failed != nil {
			l.shown(strings.Join(failed.Reasons, "\n"))
			l.checkProperties(method, failed.Properties)
			l.checkProperties(method, failed.Inputs)
		}
		return
	}
	switch answer := value.(type) {
	case *pulumirpc.CreateResponse:
		l.checkProperties(method, answer.GetProperties())
	case *pulumirpc.UpdateResponse:
		l.checkProperties(method, answer.GetProperties())
	case *pulumirpc.ReadResponse:
		l.checkProperties(method, answer.GetProperties())
		l.checkProperties(method, answer.GetInputs())
	case *pulumirpc.CheckResponse:
		l.checkProperties(method, answer.GetInputs())
	}
}

// checkProperties checks that properties contain no value outside the token, and that the token is a secret.
func (l *ledger) checkProperties(method string, s *structpb.Struct) {
	for name, value := range s.GetFields() {
		if (name == "token" || name == "previousToken") && isSecret(value) {
			continue
		}
		if holds(value, canary) || holds(value, keyPart(l.creds.PrivateKeyPEM)) {
			l.fail("leak", "%s answers with a value in clear, in %s", method, name)
		}
		if !valid(value) {
			l.fail("not UTF-8", "%s answers with %s, which is not valid UTF-8", method, name)
		}
	}
}

func isSecret(v *structpb.Value) bool {
	return v.GetStructValue().GetFields()[resource.SigKey].GetStringValue() == resource.SecretSig
}

func secretValue(v *structpb.Value) string {
	return v.GetStructValue().GetFields()["value"].GetStringValue()
}

func holds(v *structpb.Value, text string) bool {
	return strings.Contains(v.GetStringValue(), text) || strings.Contains(v.GetStructValue().String(), text) ||
		strings.Contains(v.GetListValue().String(), text)
}

func valid(v *structpb.Value) bool { return utf8.ValidString(v.GetStringValue()) }

// deleteCommand returns the command by which a message names a token that may be left behind.
var deleteCommand = regexp.MustCompile(`oci (?:iam|identity-domains) auth-token delete [^\n]*--auth-token-id (ocid1\.credential\.oc1\.\.[a-z0-9]+|[0-9a-f]{32})`)

// listCommand returns the command by which a message tells the person to list the tokens of a user.
func (l *ledger) listCommand(user int) string {
	if l.inDomain(user) {
		return fmt.Sprintf(`oci identity-domains auth-tokens list --endpoint %s --filter 'user.ocid eq "%s"'`, domainURL, l.users[user])
	}
	return "oci iam auth-token list --user-id " + l.users[user]
}

// heardFailure records which tokens an error or a warning names.
func (l *ledger) heardFailure(from *process, urn, text string) {
	for _, match := range deleteCommand.FindAllStringSubmatch(text, -1) {
		id := l.ocid(match[1])
		l.mu.Lock()
		l.named[id] = true
		l.mu.Unlock()
		for _, r := range l.records() {
			if r.holds(id) && r.process == from && r.urn() != urn && urn != "" {
				l.fail("sibling named", "the person is told to delete %s, which this very plugin has just made for %s: %s", id, r.name, text)
			}
			if r.holds(id) && r.stack == from.stack && r.urn() != urn && urn != "" && from.knew(id) {
				l.fail("recorded named", "the person is told to delete %s, of which the plugin knows that it is in the state of %s: %s", id, r.name, text)
			}
		}
	}
}

// createFailed records a creation that has failed for good, and whether its error leaves open if there is a token.
func (l *ledger) createFailed(stack *engine, user int, began time.Time, text string) {
	if !strings.Contains(text, l.listCommand(user)) {
		return
	}
	fate := openFate{stack: stack, user: user, began: began, end: time.Now()}
	skew := l.skewNow()
	for _, request := range l.oci.Journal() {
		if request.Operation != "ListAuthTokens" || request.UserID != l.users[user] || request.Status != 200 || request.Fault ||
			l.senderOf(request.RequestID) != stack {
			continue
		}
		if asOf := request.Time.Add(-skew).Add(-l.lag[request.Region]); asOf.After(fate.goodAsOf) {
			fate.goodAsOf = asOf
		}
	}
	if l.network.wasDisturbed() || strings.Contains(text, "could not be listed") {
		// Any of its requests may have reached OCI.
		fate.goodAsOf = time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened = append(l.opened, fate)
}

// warned records a warning that tells the person to look at the tokens of a user.
func (l *ledger) warned(stack *engine, text string) {
	for user := range l.users {
		if strings.Contains(text, l.listCommand(user)) {
			l.mu.Lock()
			l.opened = append(l.opened, openFate{stack: stack, user: user, began: time.Now().Add(-longest), end: time.Now()})
			l.mu.Unlock()
		}
	}
}

func (l *ledger) skewNow() time.Duration {
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	return l.skew
}

// killedDuringCreate records a creation during which the plugin was killed.
func (l *ledger) killedDuringCreate(stack *engine, user int, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killed = append(l.killed, &inFlight{stack: stack, user: user, began: began, end: time.Now()})
}

// senderOf returns the stack whose plugin has sent a request, or nil.
func (l *ledger) senderOf(requestID string) *engine {
	client, _, _ := strings.Cut(requestID, "/")
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	return l.sender[client]
}

// writes counts the requests of a stack in this step that could have changed something.
func (l *ledger) writes(stack *engine) int {
	n := 0
	for _, request := range l.oci.Journal() {
		if request.Method != "GET" && l.senderOf(request.RequestID) == stack {
			n++
		}
	}
	return n
}

// lives reports whether OCI has a token of a record, and does not hide it for longer than a client can be expected to wait.
func (l *ledger) lives(r *record) bool {
	for _, t := range l.oci.Tokens(l.users[r.user]) {
		if !r.holds(t.ID) {
			continue
		}
		lag := l.lag[homeRegion]
		if lag > 10*time.Minute && time.Since(l.made(t)) < lag {
			l.mu.Lock()
			l.named[t.ID] = true
			l.mu.Unlock()
			continue
		}
		return true
	}
	return false
}

func (l *ledger) made(t emulator.Token) time.Time {
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	return l.madeAt[t.Value]
}

// check checks every promise. It is called after each step.
func (l *ledger) check() {
	skew := l.skewNow()
	journal := l.oci.Journal()
	l.oci.ResetJournal()
	for _, request := range journal {
		l.world.mu.Lock()
		l.sentAt[request.RequestID] = request.Time.Add(-skew)
		l.world.mu.Unlock()
		l.story.noteAt(request.Time.Add(-skew), func() string { return describe(request) })
	}
	l.world.mu.Lock()
	requests, strays := l.requests, append(l.strays, l.network.strays...)
	l.requests = 0
	l.world.mu.Unlock()
	if requests > 5000 {
		l.fail("busy", "%d requests in one step", requests)
	}
	if len(strays) > 0 {
		l.fail("stray", "a request went to %s", strays[0])
	}
	for _, user := range l.users {
		for _, t := range l.oci.Tokens(user) {
			l.world.mu.Lock()
			l.idOf[t.Value], l.ocidOf[t.SCIMID] = t.ID, t.ID
			l.world.mu.Unlock()
		}
	}
	recorded := map[string]*record{}
	for _, r := range l.records() {
		for _, t := range r.tokens() {
			recorded[t.id] = r
			if l.owned[t.id] == nil {
				l.owned[t.id] = map[*engine]bool{}
			}
			l.owned[t.id][r.stack] = true
			l.checkToken(r, t)
		}
		l.checkHeld(r)
	}
	for _, request := range journal {
		stack := l.senderOf(request.RequestID)
		if request.Operation == "DeleteAuthToken" && stack != nil && !l.owned[l.ocid(request.TokenID)][stack] {
			l.fail("revoked", "stack %d asks OCI to delete token %s, which has never been in its state", stack.number, request.TokenID)
		}
	}
	for i, user := range l.users {
		for _, t := range l.oci.Tokens(user) {
			if recorded[t.ID] == nil && (t.RequestID != "" || l.owned[t.ID] != nil) && !l.answeredFor(i, t) {
				l.fail("orphan", "token %s of user %d lives, made by request %s; it is not in the state, and nobody was told how to delete it",
					t.ID, i, t.RequestID)
			}
		}
	}
	l.network.wasDisturbed()
}

// answeredFor reports whether a message named a token that is not in the state, or a kill may have left it.
func (l *ledger) answeredFor(user int, t emulator.Token) bool {
	made, stack := l.made(t), l.senderOf(t.RequestID)
	l.world.mu.Lock()
	sent := l.sentAt[t.RequestID]
	l.world.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.named[t.ID] {
		return true
	}
	for _, fate := range l.opened {
		if fate.stack == stack && fate.user == user && !sent.Before(fate.began) && !sent.After(fate.end) && made.After(fate.goodAsOf) {
			return true
		}
	}
	for _, flight := range l.killed {
		if flight.tokenID == t.ID {
			return true
		}
		if flight.stack == stack && flight.user == user && flight.tokenID == "" && !sent.Before(flight.began) && !sent.After(flight.end.Add(onTheWay)) {
			flight.tokenID = t.ID
			return true
		}
	}
	return false
}

// checkToken checks that what the state says about a token is true.
func (l *ledger) checkToken(r *record, recorded recordedToken) {
	var live *emulator.Token
	for _, t := range l.oci.Tokens(l.users[r.user]) {
		if t.ID == recorded.id {
			live = &t
		}
	}
	l.world.mu.Lock()
	deleted := l.deleted[recorded.id]
	l.world.mu.Unlock()
	l.mu.Lock()
	named := l.named[recorded.id]
	l.mu.Unlock()
	switch {
	case live == nil && deleted:
	case live == nil:
		l.fail("lost", "the state has token %q for %s, which does not exist and which nobody has deleted", recorded.id, r.name)
	case recorded.value == nil && (r.process == nil || named): // imported, or an error said that OCI never returned the value
	case recorded.value == nil:
		l.fail("value lost", "the state has no value for %s, whose token %s was made for it", r.name, recorded.id)
	case !isSecret(recorded.value):
		l.fail("leak", "the token of %s is not a secret on the wire", r.name)
	case secretValue(recorded.value) != live.Value:
		l.fail("value lost", "the value that the state has for token %s of %s does not authenticate", recorded.id, r.name)
	}
}

// goodReasons matches the errors with which a command may fail although nothing is wrong: the user has two tokens, a token is still
// CREATING or was made INACTIVE, or the program gives the command too little time.
var goodReasons = regexp.MustCompile(`(?i)UserCapacityExceeded|CREATING|INACTIVE|failed to initialize|timeout of .* has passed|there is no room for it`)

// checkThatItGoesOn checks that the stack works again, whatever went wrong before.
func (w *world) checkThatItGoesOn() {
	for _, e := range w.engines {
		if e.failure != nil && !goodReasons.MatchString(e.failure.Error()) {
			w.fail("stuck", "all is well, and yet: %v", e.failure)
		}
		e.checkThatRotationsAreFinished()
		e.checkThatNothingIsLeftToDo()
	}
}

// checkThatNothingIsLeft destroys all stacks while all is well, and checks that their tokens are gone.
func (w *world) checkThatNothingIsLeft(take func(step) bool) {
	for i, e := range w.engines {
		before := e.records()
		if !take(step{action: actionDestroy, stack: i, fresh: true}) {
			return
		}
		if e.failure != nil {
			w.fail("stuck", "all is well, and yet a destroy fails: %v", e.failure)
		}
		for _, r := range before {
			for _, t := range w.oci.Tokens(w.users[r.user]) {
				if r.holds(t.ID) {
					w.fail("left", "all is well, and yet a destroy leaves token %s of %s", t.ID, e.resource(r.urn()))
				}
			}
		}
	}
}

// checkRevoked checks, after a command that was to revoke tokens has succeeded, that those which live are excused: OCI itself has said
// that it does not have the token, and that it does not have the user either or that its lists lag.
func (l *ledger) checkRevoked(r *record, tokens []recordedToken, began time.Time) {
	for _, t := range l.oci.Tokens(l.users[r.user]) {
		if !slices.ContainsFunc(tokens, func(revoked recordedToken) bool { return revoked.id == t.ID }) {
			continue
		}
		unknown, unlisted := false, time.Since(l.made(t)) < 10*time.Minute
		for _, request := range l.oci.Journal() {
			if request.Time.Add(-l.skewNow()).Before(began) || l.senderOf(request.RequestID) != r.stack || request.Status != 404 || request.Code == "" {
				continue
			}
			asked := slices.Contains([]string{"DeleteAuthToken", "GetAuthToken"}, request.Operation)
			unknown = unknown || asked && l.ocid(request.TokenID) == t.ID
			unlisted = unlisted || request.Operation == "ListAuthTokens" && request.UserID == l.users[r.user]
		}
		if !unknown || !unlisted {
			l.fail("not revoked", "token %s of %s counts as revoked and lives, though OCI has not said that it is gone", t.ID, r.name)
		}
	}
}

// voice connects the log of a plugin process with the checks.
type voice struct {
	world   *world
	process *process
}

// listener receives what the plugins log.
type listener struct{}

func (listener) Enabled(context.Context, slog.Level) bool { return true }
func (listener) WithAttrs([]slog.Attr) slog.Handler       { return listener{} }
func (listener) WithGroup(string) slog.Handler            { return listener{} }

// Handle receives one line.
func (listener) Handle(ctx context.Context, line slog.Record) error {
	v, ok := ctx.Value(processKey{}).(*voice)
	if !ok {
		return nil
	}
	v.world.ledger.shown(line.Message)
	select {
	case <-v.process.gone:
		return nil // the process is gone, so nobody sees the line
	default:
	}
	urn := ""
	line.Attrs(func(a slog.Attr) bool {
		if a.Key == "urn" {
			urn = a.Value.String()
		}
		return true
	})
	if line.Level >= slog.LevelWarn {
		v.world.ledger.heardFailure(v.process, urn, line.Message)
		v.world.ledger.warned(v.process.stack, line.Message)
	}
	v.world.story.note(func() string { return "    " + line.Level.String() + ": " + shorten(line.Message) })
	return nil
}
