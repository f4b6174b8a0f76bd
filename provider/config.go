package provider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

// Config is the provider's configuration, with the names that OCI's own Pulumi provider uses. It holds only what the program sets.
// Values from the environment or from a file are read when the provider is configured, and never reach the state. The table of
// properties describes each field.
type Config struct {
	Auth               *string `pulumi:"auth,optional"`
	TenancyOCID        *string `pulumi:"tenancyOcid,optional"`
	UserOCID           *string `pulumi:"userOcid,optional"`
	Fingerprint        *string `pulumi:"fingerprint,optional"`
	PrivateKey         *string `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPath     *string `pulumi:"privateKeyPath,optional"`
	PrivateKeyPassword *string `pulumi:"privateKeyPassword,optional" provider:"secret"`
	Region             *string `pulumi:"region,optional"`
	ConfigFileProfile  *string `pulumi:"configFileProfile,optional"`
	Endpoint           *string `pulumi:"endpoint,optional"`

	RealmSpecificEndpoints *bool `pulumi:"realmSpecificServiceEndpointTemplateEnabled,optional"`
	DualStackEndpoints     *bool `pulumi:"dualStackEndpointEnabled,optional"`

	WorkloadIdentityTokenPath       *string `pulumi:"workloadIdentityTokenPath,optional"`
	TokenExchangeAuth               *string `pulumi:"tokenExchangeAuth,optional"`
	TokenExchangeClientID           *string `pulumi:"tokenExchangeClientId,optional"`
	TokenExchangeClientSecret       *string `pulumi:"tokenExchangeClientSecret,optional" provider:"secret"`
	TokenExchangeDomainURL          *string `pulumi:"tokenExchangeDomainUrl,optional"`
	TokenExchangePublicKey          *string `pulumi:"tokenExchangePublicKey,optional"`
	TokenExchangeRequestedTokenType *string `pulumi:"tokenExchangeRequestedTokenType,optional"`
	TokenExchangeResourceType       *string `pulumi:"tokenExchangeResourceType,optional"`
	TokenExchangeRPSTExpiration     *string `pulumi:"tokenExchangeRpstExp,optional"`
	TokenExchangeSubjectTokenType   *string `pulumi:"tokenExchangeSubjectTokenType,optional"`
}

var (
	_ infer.Annotated           = (*Config)(nil)
	_ infer.CustomCheck[Config] = Config{}
)

// Annotate describes the configuration for the schema. The descriptions come from the table of properties.
func (c *Config) Annotate(a infer.Annotator) {
	for _, p := range properties() {
		a.Describe(c.field(p.Name), p.Description+ifNotSet(p))
	}
}

// field returns a pointer to the field of a property.
func (c *Config) field(name string) any {
	config := reflect.ValueOf(c).Elem()
	for i := range config.NumField() {
		if tag, _, _ := strings.Cut(config.Type().Field(i).Tag.Get("pulumi"), ","); tag == name {
			return config.Field(i).Addr().Interface()
		}
	}
	panic("the configuration has no property " + name) // a test looks up all of them
}

// settings returns the configuration in the form that package auth takes.
func (c *Config) settings() auth.Settings {
	settings := auth.Settings{}
	for _, p := range properties() {
		if text, ok := c.field(p.Name).(**string); ok {
			settings[p.Name] = value(*text)
		}
	}
	return settings
}

// Check returns what is wrong with the configuration that the program sets. A preview calls it too, so values that are not known
// yet pass.
func (Config) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[Config], error) {
	config, failures, err := infer.DefaultCheck[Config](ctx, withoutInternal(req.NewInputs))
	if err != nil {
		return infer.CheckResponse[Config]{}, err
	}
	settings := config.settings()
	for _, property := range properties() {
		if value := settings[property.Name]; value != "" && property.Check != nil {
			if err := property.Check(value); err != nil {
				failures = append(failures, failure(property.Name, err))
			}
		}
	}
	return infer.CheckResponse[Config]{Inputs: config, Failures: failures}, nil
}

// connection is how the resources of one configured provider reach OCI.
type connection struct {
	options Options
	imports imports

	mu       sync.Mutex
	client   *identity.Client
	registry *registry.Client
}

// configure starts from a new Config each time. infer decodes into the one that checks and diffs have filled, where an option that
// was removed from the program would still be set.
func (c *connection) configure(ctx context.Context, req p.ConfigureRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client, c.registry = nil, nil

	for _, argument := range req.Args.All {
		if argument.HasComputed() {
			// This happens in previews only, and the engine then makes no call that needs a client.
			return nil
		}
	}
	config, failures, err := infer.DefaultCheck[Config](ctx, withoutInternal(req.Args))
	if err != nil {
		return fmt.Errorf("reading the provider's configuration: %w", err)
	}
	if len(failures) > 0 {
		return wrongKinds(failures)
	}
	credentials, err := auth.Resolve(ctx, config.settings(), c.options.Environment)
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
		Endpoint:    value(config.Endpoint),
		DomainName:  domainName,
		Clock:       c.options.Clock,
	})
	if err != nil {
		return fmt.Errorf("the provider's configuration: %w", err)
	}
	c.client, c.registry = client, registry.NewClient(sending)
	return nil
}

// errNotConfigured is the error of a call before the configuration is known.
var errNotConfigured = errors.New("the provider's configuration is not known yet: " +
	"it depends on a resource that has not been created")

func (c *connection) get() (*identity.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		return nil, errNotConfigured
	}
	return c.client, nil
}

// user returns a user of OCI. Its calls report to the engine's log what they wait for.
func (c *connection) user(ctx context.Context, user identity.UserRef) (*identity.User, error) {
	client, err := c.get()
	if err != nil {
		return nil, err
	}
	return client.User(user, p.GetLogger(ctx))
}

// now returns the current time by this machine's clock.
func (c *connection) now() time.Time {
	if c.options.Clock == nil {
		return time.Now()
	}
	return c.options.Clock.Now()
}

// notingWhatIsRecorded tells the client about every token that is in the state, or will be after a read, so that no message tells a
// person to delete it.
func (c *connection) notingWhatIsRecorded(provider p.Provider) p.Provider {
	note := func(id string, state, inputs property.Map) {
		userID := state.Get("userId")
		if !userID.IsString() {
			userID = inputs.Get("userId")
		}
		c.hide(state, inputs)
		client, err := c.get()
		if err != nil || !userID.IsString() {
			return
		}
		client.Recorded(userID.AsString(), id)
		for _, name := range []string{"tokenId", "previousTokenId"} {
			if tokenID := state.Get(name); tokenID.IsString() {
				client.Recorded(userID.AsString(), tokenID.AsString())
			}
		}
	}
	check, diff, read, update, remove := provider.Check, provider.Diff, provider.Read, provider.Update, provider.Delete
	provider.Check = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		c.hide(req.Inputs)
		return check(ctx, req)
	}
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		note(req.ID, req.State, req.OldInputs)
		return diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		note(req.ID, req.Properties, req.Inputs)
		resp, err := read(ctx, req)
		note(resp.ID, resp.Properties, resp.Inputs)
		return resp, err
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		note(req.ID, req.State, req.OldInputs)
		return update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		note(req.ID, req.Properties, req.OldInputs)
		return remove(ctx, req)
	}
	return provider
}

// hide tells the client about descriptions that the program has marked as secret, so that no message shows them.
func (c *connection) hide(all ...property.Map) {
	client, err := c.get()
	if err != nil {
		return
	}
	for _, properties := range all {
		if description := properties.Get("description"); description.Secret() && description.IsString() {
			client.Hide(description.AsString())
		}
	}
}

// present returns a pointer to s, or nil if s is empty.
func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
