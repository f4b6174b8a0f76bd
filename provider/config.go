package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// Config is the provider's configuration, named as OCI's own Pulumi provider names it. It holds what the program says and
// nothing else: what comes from the environment or a file is read when the provider is configured, and never reaches the
// state.
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

// Annotate describes the configuration for the schema.
func (c *Config) Annotate(a infer.Annotator) {
	sources := func(variable, key string) string {
		text := fmt.Sprintf(" If it is not set, the environment variables `TF_VAR_%s` and `OCI_%s` are read",
			variable, strings.ToUpper(variable))
		if key != "" {
			return text + fmt.Sprintf(", then `%s` in the OCI configuration file.", key)
		}
		return text + "."
	}
	a.Describe(&c.Auth, "How the provider signs in to OCI. `ApiKey`, the default, signs requests with a user's API key. "+
		"`SecurityToken` uses a session that `oci session authenticate` has opened, in the profile that "+
		"`configFileProfile` names. `InstancePrincipal`, `ResourcePrincipal` and `OKEWorkloadIdentity` sign as the "+
		"instance, the function or other resource, or the Kubernetes workload that Pulumi runs in. "+
		"`InstancePrincipalWithCerts` signs as an instance whose certificates are in the files `ip_cert.pem`, `ip_key.pem`, "+
		"`intermediate.pem` and, if the key is encrypted, `leaf_passphrase`, in the working directory or in the folder that "+
		"the environment variable `test_certificates_location` names. "+
		"`WorkloadIdentityFederation` exchanges the token of another issuer for one of OCI."+sources("auth", ""))
	a.Describe(&c.TenancyOCID, "The OCID of your tenancy."+sources("tenancy_ocid", "tenancy"))
	a.Describe(&c.UserOCID, "The OCID of the user that the API key belongs to: the user who makes the calls, not the one "+
		"that a token is for."+sources("user_ocid", "user"))
	a.Describe(&c.Fingerprint, "The fingerprint of the API key's public key, as the Console shows it: 16 bytes in "+
		"hexadecimal with colons between them."+sources("fingerprint", "fingerprint"))
	a.Describe(&c.PrivateKey, "The private key of the API key, in PEM form. Either this or `privateKeyPath`."+
		sources("private_key", ""))
	a.Describe(&c.PrivateKeyPath, "The path of a file that holds the private key of the API key, in PEM form. A leading "+
		"`~` stands for the home directory. If `privateKey` is set in the same place, it counts instead."+
		sources("private_key_path", "key_file"))
	a.Describe(&c.PrivateKeyPassword, "The pass phrase of the private key, if it is encrypted."+
		sources("private_key_password", "pass_phrase"))
	a.Describe(&c.Region, "The region to call, by name (`us-phoenix-1`) or by key (`PHX`). OCI creates, changes and "+
		"deletes auth tokens in the tenancy's home region only: the provider goes there by itself."+sources("region", "region"))
	a.Describe(&c.ConfigFileProfile, "The profile of the OCI configuration file to read, `DEFAULT` if it is not set. "+
		"The file is `~/.oci/config`, or what `OCI_CONFIG_FILE` names."+sources("config_file_profile", ""))
	a.Describe(&c.Endpoint, "Where OCI Identity answers, if not at the region's public endpoint: a URL in which "+
		"`{region}` stands for the region's name. For private realms, and for trying things out against a local "+
		"emulator. Plain `http` is taken for loopback addresses alone, since tokens travel over it.")
	a.Describe(&c.RealmSpecificEndpoints, "Whether to use the endpoints of the realm, where the service has them. If it is "+
		"not set, the environment variable `OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED` is read.")
	a.Describe(&c.DualStackEndpoints, "Whether to use endpoints that answer over IPv6 too, where the service has them. If it "+
		"is not set, the environment variable `OCI_DUAL_STACK_ENDPOINT_ENABLED` is read.")
	a.Describe(&c.WorkloadIdentityTokenPath, "The path of the file with the Kubernetes service account token, which is read "+
		"anew whenever it is needed. Required for `WorkloadIdentityFederation`. For `OKEWorkloadIdentity` it replaces the "+
		"usual place."+sources("workload_identity_token_path", ""))
	a.Describe(&c.TokenExchangeAuth, "How the caller proves to the identity domain that it may exchange tokens: "+
		"`OAuthClientCredentials`, the default, or `InstancePrincipal`. It counts for `WorkloadIdentityFederation` only."+
		sources("token_exchange_auth", ""))
	a.Describe(&c.TokenExchangeClientID, "The client of the identity domain that exchanges tokens. Required for "+
		"`WorkloadIdentityFederation` with `OAuthClientCredentials`."+sources("token_exchange_client_id", ""))
	a.Describe(&c.TokenExchangeClientSecret, "The secret of that client. Required for `WorkloadIdentityFederation` with "+
		"`OAuthClientCredentials`."+sources("token_exchange_client_secret", ""))
	a.Describe(&c.TokenExchangeDomainURL, "The URL of the identity domain that exchanges tokens, without a path. Required for "+
		"`WorkloadIdentityFederation`. Plain `http` is taken for loopback addresses alone, since secrets travel over it."+
		sources("token_exchange_domain_url", ""))
	a.Describe(&c.TokenExchangePublicKey, "Taken for the sake of configurations written for OCI's own provider. It changes "+
		"nothing: OCI's SDK makes a key of its own for every token that it asks for."+sources("token_exchange_public_key", ""))
	a.Describe(&c.TokenExchangeRequestedTokenType, "The type of token to ask for, such as `urn:oci:token-type:oci-rpst`. "+
		"Required for `WorkloadIdentityFederation`."+sources("token_exchange_requested_token_type", ""))
	a.Describe(&c.TokenExchangeResourceType, "The type of resource that the new token stands for, as the identity "+
		"propagation trust names it. Required for `WorkloadIdentityFederation` if `tokenExchangeRequestedTokenType` is "+
		"`urn:oci:token-type:oci-rpst`."+sources("token_exchange_resource_type", ""))
	a.Describe(&c.TokenExchangeRPSTExpiration, "How long the new token is to be good for, in the form that the identity "+
		"domain takes. It counts for `WorkloadIdentityFederation` with `urn:oci:token-type:oci-rpst` only."+
		sources("token_exchange_rpst_exp", ""))
	a.Describe(&c.TokenExchangeSubjectTokenType, "The type of the token that is exchanged, such as `jwt`. Required for "+
		"`WorkloadIdentityFederation`."+sources("token_exchange_subject_token_type", ""))
}

// settings are what auth needs of the configuration.
func (c Config) settings() auth.Settings {
	return auth.Settings{
		Auth:               value(c.Auth),
		TenancyOCID:        value(c.TenancyOCID),
		UserOCID:           value(c.UserOCID),
		Fingerprint:        value(c.Fingerprint),
		PrivateKey:         value(c.PrivateKey),
		PrivateKeyPath:     value(c.PrivateKeyPath),
		PrivateKeyPassword: value(c.PrivateKeyPassword),
		Region:             value(c.Region),
		ConfigFileProfile:  value(c.ConfigFileProfile),

		WorkloadIdentityTokenPath:       value(c.WorkloadIdentityTokenPath),
		TokenExchangeAuth:               value(c.TokenExchangeAuth),
		TokenExchangeClientID:           value(c.TokenExchangeClientID),
		TokenExchangeClientSecret:       value(c.TokenExchangeClientSecret),
		TokenExchangeDomainURL:          value(c.TokenExchangeDomainURL),
		TokenExchangePublicKey:          value(c.TokenExchangePublicKey),
		TokenExchangeRequestedTokenType: value(c.TokenExchangeRequestedTokenType),
		TokenExchangeResourceType:       value(c.TokenExchangeResourceType),
		TokenExchangeRPSTExpiration:     value(c.TokenExchangeRPSTExpiration),
		TokenExchangeSubjectTokenType:   value(c.TokenExchangeSubjectTokenType),
	}
}

// Check finds at preview what can be seen to be wrong in the program's own configuration. What is not known yet passes.
func (Config) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[Config], error) {
	config, failures, err := infer.DefaultCheck[Config](ctx, withoutInternal(req.NewInputs))
	if err != nil {
		return infer.CheckResponse[Config]{}, err
	}
	for _, problem := range auth.Check(config.settings()) {
		failures = append(failures, p.CheckFailure{Property: problem.Property, Reason: problem.Problem})
	}
	if endpoint := value(config.Endpoint); endpoint != "" {
		if _, err := identity.ParseEndpoint(endpoint); err != nil {
			failures = append(failures, p.CheckFailure{Property: "endpoint", Reason: err.Error()})
		}
	}
	return infer.CheckResponse[Config]{Inputs: config, Failures: failures}, nil
}

// connection is how the resources of one configured provider reach OCI.
type connection struct {
	options Options

	mu     sync.Mutex
	client *identity.Client
}

// configure starts from a fresh Config each time: infer's own decodes into the one that checks and diffs have filled, and
// an option removed from the program would still be set.
func (c *connection) configure(ctx context.Context, req p.ConfigureRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = nil

	for _, argument := range req.Args.All {
		if argument.HasComputed() {
			// Only a preview knows this little, and the engine makes no call that needs a client then.
			return nil
		}
	}
	config, failures, err := infer.DefaultCheck[Config](ctx, withoutInternal(req.Args))
	if err != nil {
		return fmt.Errorf("reading the provider's configuration: %w", err)
	}
	for _, failure := range failures {
		return fmt.Errorf("the provider's configuration: %s: %s", failure.Property, failure.Reason)
	}
	credentials, err := auth.Resolve(ctx, config.settings(), c.options.Environment)
	if err != nil {
		return fmt.Errorf("the provider's configuration is not complete:\n%w", err)
	}
	client, err := identity.New(identity.Options{
		Credentials: credentials,
		Endpoint:    value(config.Endpoint),

		RealmSpecificEndpoints: config.RealmSpecificEndpoints,
		DualStackEndpoints:     config.DualStackEndpoints,

		UserAgent: "pulumi-" + Name + "/" + c.options.Version,
		Clock:     c.options.Clock,
	})
	if err != nil {
		return fmt.Errorf("the provider's configuration: %w", err)
	}
	c.client = client
	return nil
}

// errNotConfigured is what a call meets before the configuration is known.
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

// notingWhatIsRecorded tells the client of every token that the engine has in its state: what is recorded is nobody's orphan.
func (c *connection) notingWhatIsRecorded(provider p.Provider) p.Provider {
	note := func(id string, state, inputs property.Map) {
		userID := state.Get("userId")
		if !userID.IsString() {
			userID = inputs.Get("userId")
		}
		if client, err := c.get(); err == nil && userID.IsString() {
			client.Recorded(userID.AsString(), id)
		}
	}
	diff, read, update := provider.Diff, provider.Read, provider.Update
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		note(req.ID, req.State, req.OldInputs)
		return diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		note(req.ID, req.Properties, req.Inputs)
		return read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		note(req.ID, req.State, req.OldInputs)
		return update(ctx, req)
	}
	return provider
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
