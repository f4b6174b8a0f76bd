// Package connection is the provider's configuration, and how the resources and functions reach OCI with it.
package connection

import (
	"context"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
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
		if text, ok := c.field(p.Name).(**string); ok && *text != nil {
			settings[p.Name] = p.Trim(**text)
		}
	}
	return settings
}

// Check returns what is wrong with the configuration that the program sets. A preview calls it too, so values that are not known
// yet pass.
func (Config) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[Config], error) {
	return infermend.CheckArguments(ctx, req, func(config *Config, refuse func(string, error)) {
		settings := config.settings()
		for _, property := range properties() {
			if value := settings[property.Name]; value != "" && property.Check != nil {
				if err := property.Check(value); err != nil {
					refuse(property.Name, err)
				}
			}
		}
	})
}
