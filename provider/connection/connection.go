package connection

import (
	"context"
	"errors"
	"fmt"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
)

// Name is the name of the package, and the first part of every token in its schema.
const Name = "ociauthtoken"

// Options say where the provider gets its configuration and the time from. The zero value is for real use.
type Options struct {
	// Version is the provider's version without a leading v, such as "1.2.3".
	Version string
	// Environment is where configuration comes from besides Pulumi. The zero value means the environment of this process.
	Environment auth.Environment
	// Clock tells the time. Nil means the machine's clock.
	Clock identity.Clock
}

// userAgent is the provider's part of the User-Agent header of every request.
func (o Options) userAgent() string { return "pulumi-" + Name + "/" + o.Version }

// Connection is how the resources and functions of one configured provider reach OCI.
type Connection struct {
	options Options

	mu       sync.Mutex
	client   *identity.Client
	registry *registry.Client
}

// New returns a connection that is not configured yet.
func New(options Options) *Connection {
	if options.Environment.LookupEnv == nil {
		options.Environment = auth.Machine()
	}
	if options.Clock == nil {
		options.Clock = identity.SystemClock{}
	}
	return &Connection{options: options}
}

// Configure starts from a new Config each time. infer decodes into the one that checks and diffs have filled, where an option that
// was removed from the program would still be set.
func (c *Connection) Configure(ctx context.Context, req p.ConfigureRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client, c.registry = nil, nil

	for _, argument := range req.Args.All {
		if argument.HasComputed() {
			// This happens in previews only, and the engine then makes no call that needs a client.
			return nil
		}
	}
	config, failures, err := infer.DefaultCheck[Config](ctx, req.Args)
	if err != nil {
		return fmt.Errorf("reading the provider's configuration: %w", err)
	}
	if len(failures) > 0 {
		return infermend.WrongKinds(failures)
	}
	settings := config.settings()
	credentials, err := auth.Resolve(ctx, settings, c.options.Environment)
	if err != nil {
		return fmt.Errorf("the provider's configuration: %w", err)
	}
	domainName, err := auth.DomainName(c.options.Environment)
	if err != nil {
		return fmt.Errorf("the provider's configuration: %w", err)
	}
	sending, err := web.NewClient(c.options.userAgent())
	if err != nil {
		return fmt.Errorf("the provider's configuration: %w", err)
	}
	client, err := identity.New(identity.Options{
		Credentials: credentials,
		HTTP:        sending,
		Endpoint:    settings["endpoint"],
		DomainName:  domainName,
		Clock:       c.options.Clock,
	})
	if err != nil {
		return fmt.Errorf("the provider's configuration: %w", err)
	}
	c.client, c.registry = client, registry.NewClient(sending, nil)
	return nil
}

// errNotConfigured is the error of a call before the configuration is known.
var errNotConfigured = errors.New("the provider's configuration is not known yet: " +
	"it depends on a resource that has not been created")

// Client returns the client, or an error before the configuration is known.
func (c *Connection) Client() (*identity.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		return nil, errNotConfigured
	}
	return c.client, nil
}

// User returns a user of OCI. Its calls report to the engine's log what they wait for.
func (c *Connection) User(ctx context.Context, user identity.UserRef) (*identity.User, error) {
	client, err := c.Client()
	if err != nil {
		return nil, err
	}
	return client.User(user, p.GetLogger(ctx))
}

// Clock tells the time.
func (c *Connection) Clock() identity.Clock { return c.options.Clock }

// Registry returns the client of the container registry. It is nil before the configuration is known.
func (c *Connection) Registry() *registry.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.registry
}

// Record tells the client about every token that is in the state, or will be after a read, so that no message tells a person to delete
// it. It also tells the client about descriptions that the program has marked as secret, so that no message shows them. Resources say
// with the tag "means" where they have what.
func (c *Connection) Record(ctx context.Context, call *infermend.Call, next func(context.Context) error) error {
	c.record(call.Resource, call.ID, call.State, call.OldInputs, call.Inputs)
	err := next(ctx)
	if call.Method == infermend.Read {
		c.record(call.Resource, call.Answer.ID, call.Answer.State, call.Answer.Inputs)
	}
	return err
}

func (c *Connection) record(resource *infermend.Resource, id string, properties ...property.Map) {
	client, err := c.Client()
	if err != nil {
		return
	}
	var users, tokens []string
	for _, known := range properties {
		texts := func(meaning string) (texts []string) {
			for _, name := range resource.Meaning(meaning) {
				if text := known.Get(name); text.IsString() {
					texts = append(texts, text.AsString())
				}
			}
			return texts
		}
		users, tokens = append(users, texts("user")...), append(tokens, texts("token")...)
		for _, name := range resource.Meaning("description") {
			if description := known.Get(name); description.Secret() && description.IsString() {
				client.Hide(description.AsString())
			}
		}
	}
	if id == "" || len(users) == 0 {
		return
	}
	for _, token := range append(tokens, id) {
		client.Recorded(users[0], token)
	}
}
