// Package identity is a client of OCI Identity for auth tokens. It knows the calls for them, where to send them, when to repeat
// them, and what their errors mean.
//
// Three judgements have a file each, which all others use: gone.go judges whether a token is gone, ours.go whether it is ours, and
// recorded.go whether it is recorded, so that nobody must be told to delete it. Each of the others uses only the files below it in this
// list:
//
//	client.go                 the entry point: a client, and the users whose tokens it deals with
//	user.go lists.go ledger.go
//	                          what can be done with a user's tokens, what is shared and what is under way
//	creation.go               one creation, from wish to answer
//	accesstoken.go            access to the container registry
//	tenancy.go                what is the same for all users: the namespace, the regions
//	iam.go domains.go api.go  the two APIs behind one interface
//	call.go                   one call: attempts, pauses, pace
//	region.go pace.go         where calls go, and when
//	errors.go                 how failures read
//	verdict.go                what answers and failures mean
//	request.go endpoint.go    one request
//	token.go                  the words
//	clock.go servertime.go    this machine's time, and OCI's
//
// oci-go-sdk signs the requests. It does not read the answers: if the SDK cannot read one field, it discards the whole answer, even
// the value of a new token.
package identity

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"golang.org/x/sync/singleflight"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// Options say how a Client reaches OCI.
type Options struct {
	// Credentials sign every request and name the region it goes to. Required.
	Credentials common.ConfigurationProvider
	// Endpoint replaces the region's public endpoint, for a private or local service: scheme, host and port, and
	// optionally a path. Each "{region}" in it stands for the region's name. Empty means the public endpoint.
	Endpoint string
	// DomainName replaces the last two parts of the hosts of public endpoints, such as oraclecloud.com. Empty means that it does not.
	DomainName string
	// HTTP sends the requests. Required. It must not follow redirects.
	HTTP *http.Client
	// Clock tells the time. Nil means the machine's clock.
	Clock Clock
}

// Client is a client of OCI Identity. It is safe for concurrent use.
type Client struct {
	sender   sender
	home     *home
	pace     *pace
	clock    Clock
	caller   func() (userID string, err error)
	ledger   *ledger
	recorded *recorded
	tenancy  func() (string, error)
	known    *tenancyFacts
	access   *singleflight.Group
	lists    *lists
	// serverTime is OCI's time, as in its answers.
	serverTime *serverTime
	// seed is a random string, from which the jitter of all calls is computed.
	seed string

	mu      sync.Mutex
	domains map[string]domainAccess // by their URLs
}

// domainAccess is an identity domain, and the pace of calls to it. Each domain throttles separately.
type domainAccess struct {
	service *service
	pace    *pace
}

// New returns a client. It makes no call. Its errors name the property that is wrong.
func New(options Options) (*Client, error) {
	if options.Credentials == nil || options.HTTP == nil {
		return nil, errors.New("identity: Options.Credentials and Options.HTTP are required")
	}
	region, err := options.Credentials.Region()
	if err != nil {
		return nil, fmt.Errorf("region: %w", err)
	}
	clock := options.Clock
	if clock == nil {
		clock = SystemClock{}
	}
	sender := newSender(options.Credentials, options.HTTP, clock)
	sender.domainName = options.DomainName
	var endpoint *Endpoint
	if options.Endpoint != "" {
		parsed, err := ParseEndpoint(options.Endpoint)
		if err != nil {
			return nil, fmt.Errorf("endpoint: %w", err)
		}
		endpoint = &parsed
	}
	return &Client{
		sender:   sender,
		domains:  map[string]domainAccess{},
		caller:   options.Credentials.UserOCID,
		home:     &home{configured: newService(sender, endpoint, string(common.StringToRegion(strings.ToLower(region))))},
		pace:     newPace(clock),
		clock:    clock,
		ledger:   &ledger{open: map[entry]*creation{}, revoked: map[UserRef]time.Time{}},
		recorded: &recorded{ids: map[string][]string{}, secret: map[string]bool{}},
		tenancy:  options.Credentials.TenancyOCID,
		known:    &tenancyFacts{},
		access:   &singleflight.Group{},
		lists:    newLists(clock),

		serverTime: &serverTime{},
		seed:       rand.Text(),
	}, nil
}

// User returns a user of OCI. The listener receives messages about everything that the user's calls wait for, and about what a
// person has to do.
func (c *Client) User(user UserRef, listener Listener) (*User, error) {
	if user.DomainURL != "" {
		canonical, err := hosts.ParseDomainURL(user.DomainURL)
		if err != nil {
			return nil, fmt.Errorf("domainUrl: %w", err)
		}
		user.DomainURL = canonical // what is shared by users is found by it
	}
	of := &User{
		ref: user, calls: c.calls(listener), ledger: c.ledger, recorded: c.recorded, lists: c.lists,
	}
	domainOf := func(domainURL string) (domain, error) { return c.domain(domainURL, user.ID, listener) }
	if user.DomainURL == "" {
		of.api = iam{calls: of.calls, home: c.home, tenancy: c.tenancy, domainOf: domainOf, userID: user.ID}
		return of, nil
	}
	in, err := domainOf(user.DomainURL)
	if err != nil {
		return nil, fmt.Errorf("domainUrl: %w", err)
	}
	of.api, of.calls = in, in.calls
	return of, nil
}

// domain returns the API of the identity domain with the given URL, for one of its users.
func (c *Client) domain(domainURL, userID string, listener Listener) (domain, error) {
	domainURL, err := hosts.ParseDomainURL(domainURL)
	if err != nil {
		return domain{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	access, ok := c.domains[domainURL]
	if !ok {
		access = domainAccess{newDomain(c.sender, domainURL), newPace(c.clock)}
		c.domains[domainURL] = access
	}
	self, err := c.caller() // principals and some sessions have no user of their own
	return domain{
		calls: caller{clock: c.clock, pace: access.pace, listener: listener, time: c.serverTime, seed: c.seed}, service: access.service, userID: userID,
		self: err == nil && self == userID, nameOf: iam{calls: c.calls(listener), home: c.home}.domainName,
	}, nil
}

// Recorded notes that a user's tokens are in the state, so that no message tells a person to delete them.
func (c *Client) Recorded(userID string, ids ...string) { c.recorded.note(userID, ids...) }

// Hide notes that a description is a secret, so that no message shows it.
func (c *Client) Hide(description string) { c.recorded.hide(description) }

// Tenancy returns the tenancy that the caller belongs to. The listener receives messages about everything
// that its calls wait for.
func (c *Client) Tenancy(listener Listener) Tenancy {
	return Tenancy{calls: c.calls(listener), home: c.home, id: c.tenancy, caller: c.caller, known: c.known, access: c.access}
}

// calls returns a caller that reports to the listener.
func (c *Client) calls(listener Listener) caller {
	return caller{clock: c.clock, pace: c.pace, listener: listener, time: c.serverTime, seed: c.seed}
}
