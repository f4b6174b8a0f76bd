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
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens/iam"
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
	Clock oci.Clock
}

// Connection is how the resources and functions of one configured provider reach OCI.
type Connection struct {
	options Options

	mu       sync.Mutex
	users    *tokens.Client
	registry *registry.Client
}

// New returns a connection that is not configured yet.
func New(options Options) *Connection {
	if options.Environment.LookupEnv == nil {
		options.Environment = auth.Machine()
	}
	if options.Clock == nil {
		options.Clock = oci.SystemClock{}
	}
	return &Connection{options: options}
}

// Configure starts from a new Config each time. infer decodes into the one that checks and diffs have filled, where an option that
// was removed from the program would still be set.
func (c *Connection) Configure(ctx context.Context, req p.ConfigureRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users, c.registry = nil, nil

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
	c.users, c.registry, err = c.open(ctx, config.settings())
	if err != nil {
		return fmt.Errorf("the provider's configuration: %w", err)
	}
	return nil
}

// open returns the clients for a configuration.
func (c *Connection) open(ctx context.Context, settings auth.Settings) (*tokens.Client, *registry.Client, error) {
	credentials, err := auth.Resolve(ctx, settings, c.options.Environment)
	if err != nil {
		return nil, nil, err
	}
	domainName, err := auth.DomainName(c.options.Environment)
	if err != nil {
		return nil, nil, err
	}
	sending := web.NewClient("pulumi-" + Name + "/" + c.options.Version)
	calls, err := oci.New(oci.Options{
		Credentials: credentials,
		HTTP:        sending,
		Endpoint:    settings["endpoint"],
		DomainName:  domainName,
		Clock:       c.options.Clock,
	})
	if err != nil {
		return nil, nil, err
	}
	return tokens.New(calls, iam.Open), registry.NewClient(sending, calls), nil
}

// get returns the clients, or an error before the configuration is known.
func (c *Connection) get() (*tokens.Client, *registry.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users == nil {
		return nil, nil, errors.New("the provider's configuration is not known yet: it depends on a resource that has not been created")
	}
	return c.users, c.registry, nil
}

// User returns a user of OCI. Its calls report to the engine's log what they wait for.
func (c *Connection) User(ctx context.Context, user tokens.UserRef) (*tokens.User, error) {
	users, _, err := c.get()
	if err != nil {
		return nil, err
	}
	return users.User(user, p.GetLogger(ctx))
}

// Registry returns the client of the container registry.
func (c *Connection) Registry() (*registry.Client, error) {
	_, registry, err := c.get()
	return registry, err
}

// Clock tells the time.
func (c *Connection) Clock() oci.Clock { return c.options.Clock }

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
	users, _, err := c.get()
	if err != nil {
		return
	}
	var owners, ids []string
	for _, known := range properties {
		texts := func(meaning string) (texts []string) {
			for _, name := range resource.Meaning(meaning) {
				if text := known.Get(name); text.IsString() {
					texts = append(texts, text.AsString())
				}
			}
			return texts
		}
		owners, ids = append(owners, texts("user")...), append(ids, texts("token")...)
		for _, name := range resource.Meaning("description") {
			if description := known.Get(name); description.Secret() && description.IsString() {
				users.Hide(description.AsString())
			}
		}
	}
	if id == "" || len(owners) == 0 {
		return
	}
	for _, token := range append(ids, id) {
		users.Recorded(owners[0], token)
	}
}
