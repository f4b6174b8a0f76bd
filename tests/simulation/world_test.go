package simulation

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"hash/fnv"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// canary is part of the value of every token, so that a leak can be searched for.
const canary = "c4n4rY"

// world is everything in one story: OCI, the network, and the person who runs Pulumi.
type world struct {
	oci     *emulator.Service
	domain  http.Handler
	server  *http.Server
	network *network
	users   []string // their OCIDs; the last ones are in an identity domain
	creds   emulator.Credentials

	engines []*engine // one for each stack
	ledger  *ledger

	mu       sync.Mutex
	skew     time.Duration
	attempts map[string]int       // how often each request has arrived
	askedAt  map[string]time.Time // when it last arrived
	madeAt   map[string]time.Time // when a token was created, by its value
	sentAt   map[string]time.Time // when a request arrived, by its opc-request-id
	sender   map[string]*engine   // the stack whose plugin has sent a request, by the id that the plugin has given it
	plugins  map[int]*engine      // the stack of each process of the plugin
	ocidOf   map[string]string    // the OCIDs of tokens that the state has by their SCIM ids
	moved    map[int]bool         // the users who were moved to the identity domain
	deleted  map[string]bool      // the tokens that someone else has deleted, or that the provider may have deleted
	byHand   map[string]bool      // the tokens that someone else has deleted or made INACTIVE
	idOf     map[string]string    // the id of the token, by its value
	requests int                  // how many requests have arrived since the step began
	strays   []string             // requests that went to the wrong place
	wrong    *violation           // the first broken promise
	story    *story
}

// callerKey is the caller's key. It is short, because the signature takes most of the time of a request.
var callerKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 512)
	if err != nil {
		panic(err)
	}
	return key
})

// newWorld starts everything. It must be called in a bubble of virtual time, and closed there.
func newWorld(s *story) (*world, error) {
	w := &world{
		network: newNetwork(), attempts: map[string]int{}, askedAt: map[string]time.Time{}, madeAt: map[string]time.Time{}, sentAt: map[string]time.Time{},
		sender: map[string]*engine{}, plugins: map[int]*engine{}, ocidOf: map[string]string{}, moved: map[int]bool{}, deleted: map[string]bool{}, byHand: map[string]bool{}, idOf: map[string]string{}, story: s,
	}
	var err error
	w.oci, err = emulator.New(emulator.Config{
		Users: []string{"alice", "bob"}, Domains: []string{"sales"}, Regions: []string{homeRegion, otherRegion}, TokenValue: w.tokenValue,
		Clock: func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return time.Now().Add(w.skew) },
	})
	if err != nil {
		return nil, err
	}
	w.oci.AddUserIn("sales", "carol")
	for _, user := range w.oci.Users() {
		w.users = append(w.users, user.ID)
	}
	if w.creds, err = w.oci.CredentialsFor(w.users[0], callerKey()); err != nil {
		return nil, err
	}
	w.domain = w.oci.DomainAt("sales", domainURL)
	w.server = &http.Server{Handler: http.HandlerFunc(w.serve), ReadHeaderTimeout: time.Hour, ErrorLog: nil}
	go func() { _ = w.server.Serve(w.network) }()
	w.ledger = newLedger(w)
	for i := range stackCount {
		w.engines = append(w.engines, newEngine(w, i))
	}
	network := w.network
	current.Store(network)
	return w, nil
}

// close ends everything, so that the bubble can end.
func (w *world) close() {
	for _, e := range w.engines {
		e.stop()
	}
	w.oci.Close()
	_ = w.network.Close()
	_ = w.server.Close()
	// Virtual time stands still once the story is over, so everything that waits must end before.
	time.Sleep(365 * 24 * time.Hour)
}

// tokenValue returns a value of 20 characters that contains the canary, and punctuation as in OCI's tokens.
func (w *world) tokenValue() string {
	value := `({;#` + canary + `<:>` + rand.Text()[:7]
	w.mu.Lock()
	defer w.mu.Unlock()
	w.madeAt[value] = time.Now()
	return value
}

// serve makes OCI answer after a delay that depends only on the request, so that concurrent requests always arrive in the same order.
func (w *world) serve(response http.ResponseWriter, request *http.Request) {
	w.mu.Lock()
	w.requests++
	inDomain, process := strings.HasPrefix(request.Host, domainHost), request.RemoteAddr
	if !strings.Contains(request.URL.Path, map[bool]string{false: "/20160918/", true: "/admin/v1/"}[inDomain]) {
		w.strays = append(w.strays, request.Host+request.URL.Path)
	}
	number, _ := strconv.Atoi(process)
	stack := w.plugins[number]
	w.sender[request.Header.Get("opc-request-id")] = stack
	key := process + request.Method + request.URL.Path
	// Two identical requests at the same moment have no order, so they are answered together.
	if now := time.Now(); request.Method != http.MethodGet || !w.askedAt[key].Equal(now) {
		w.attempts[key]++
		w.askedAt[key] = now
	}
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, key, w.attempts[key])
	w.mu.Unlock()
	time.Sleep(5*time.Millisecond + time.Duration(hash.Sum64()%200_000)*time.Microsecond)
	if request.Method == http.MethodDelete && stack != nil {
		defer w.ledger.watchRevoke(stack, path.Base(request.URL.Path))()
	}
	if inDomain {
		w.domain.ServeHTTP(response, request)
		return
	}
	w.oci.ServeHTTP(response, request)
}

// domainURL is the URL of the identity domain.
const domainURL = "http://" + domainHost

// inDomain reports whether a user is in the identity domain.
func (w *world) inDomain(user int) bool { return user >= firstInDomain || w.moved[user] }

// records returns what the states of all stacks hold.
func (w *world) records() []*record {
	var all []*record
	for _, e := range w.engines {
		all = append(all, e.records()...)
	}
	return all
}

// fail records a broken promise. Only the first one counts, because later ones may follow from it.
func (w *world) fail(kind, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wrong == nil {
		w.wrong = &violation{kind: kind, text: fmt.Sprintf(format, args...)}
	}
}

func (w *world) failed() *violation {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrong
}

// hasDeleted records that a token may be gone from now on.
func (w *world) hasDeleted(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deleted[id] = true
}

// do takes one step.
func (w *world) do(s step) {
	switch s.action {
	case actionFault:
		w.oci.Inject(*s.fault)
	case actionClear:
		w.oci.ClearFaults()
		w.network.heal()
	case actionRefuse:
		w.network.mu.Lock()
		w.network.refuseUntil = time.Now().Add(s.d)
		w.network.mu.Unlock()
	case actionHang:
		w.network.mu.Lock()
		w.network.hangUntil = time.Now().Add(s.d)
		w.network.mu.Unlock()
	case actionCut:
		w.network.mu.Lock()
		w.network.cutNext, w.network.cutAt = s.n, s.token
		w.network.mu.Unlock()
	case actionLag:
		w.ledger.lag[regionOf(s.away)] = s.d
		w.oci.SetListLag(regionOf(s.away), s.d)
	case actionCreating:
		w.oci.SetCreatingFor(s.d)
	case actionLimit:
		w.oci.SetLimitLag(s.d)
	case actionThrottle:
		if s.away {
			w.oci.SetRequestsPerSecond(0, s.rate)
		} else {
			w.oci.SetRequestsPerSecond(s.rate, 0)
		}
	case actionSkew:
		w.mu.Lock()
		w.skew = s.d
		w.mu.Unlock()
	case actionDeny:
		w.oci.Deny(w.users[s.user])
	case actionAllow:
		w.oci.Allow(w.users[s.user])
	case actionWait:
		time.Sleep(s.d)
	case actionAdd:
		if len(w.oci.Tokens(w.users[s.user])) < 2 {
			w.oci.AddToken(w.users[s.user], descriptions[s.description])
		}
	case actionDelete, actionEdit, actionDisable, actionActivate:
		w.meddle(s)
	case actionMove:
		w.moved[s.user] = w.oci.MoveUser(w.users[s.user], "sales")
	default:
		var other sync.WaitGroup
		if s.meanwhile != nil {
			other.Go(func() {
				time.Sleep(apart)
				w.engines[s.meanwhile.stack].do(*s.meanwhile)
			})
		}
		w.engines[s.stack].do(s)
		other.Wait()
	}
}

// apart is how long after one stack's command the other stack's begins. No two calls of the engines begin at the same moment, because
// those have no order.
const apart = 300 * time.Microsecond

// meddle changes a token outside of Pulumi.
func (w *world) meddle(s step) {
	tokens := w.oci.Tokens(w.users[s.user])
	if len(tokens) == 0 {
		return
	}
	id := tokens[s.token%len(tokens)].ID
	if s.action != actionEdit {
		w.mu.Lock()
		w.byHand[id] = s.action != actionActivate
		w.mu.Unlock()
	}
	if s.action == actionDelete {
		w.hasDeleted(id)
		w.oci.DeleteToken(w.users[s.user], id)
		return
	}
	w.oci.EditToken(w.users[s.user], id, func(t *emulator.Token) {
		switch s.action {
		case actionEdit:
			t.Description = descriptions[s.description]
		case actionDisable:
			t.LifecycleState, t.InactiveStatus = "INACTIVE", new(int64(2))
		case actionActivate:
			t.LifecycleState, t.InactiveStatus = "ACTIVE", nil
		}
	})
}

// heal ends all faults and disturbances. After an hour no token is CREATING any more, so that the first update finishes what was begun.
func (w *world) heal() {
	for _, s := range []step{
		{action: actionClear}, {action: actionLag}, {action: actionLag, away: true}, {action: actionCreating}, {action: actionLimit}, {action: actionThrottle},
		{action: actionSkew}, {action: actionAllow}, {action: actionAllow, user: 1}, {action: actionAllow, user: 2}, {action: actionAllow, user: 3},
		{action: actionWait, d: time.Hour},
	} {
		w.do(s)
	}
}
