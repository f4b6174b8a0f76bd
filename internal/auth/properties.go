package auth

import (
	"slices"
	"strings"
	"unicode"
)

// Property describes one property of the provider's configuration. It is the only description: the names of the environment
// variables, the places that errors name, the schema's descriptions and the tables in the documentation follow from it.
type Property struct {
	// Name is the name in Pulumi's configuration, such as "tenancyOcid".
	Name string
	// Key is the key in the OCI configuration file, such as "tenancy", if there is one.
	Key string
	// CLI is the environment variable that OCI's CLI reads the property from, if there is one.
	CLI string
	// CLIFile is the key in the CLI's own configuration file, if the CLI reads the property from there.
	CLIFile string
	// ProgramOnly is true for a property that is read from Pulumi's configuration and nowhere else.
	ProgramOnly bool
	// Secret is true for a property whose value is encrypted in the state and never shown.
	Secret bool
	// Check returns an error that says what is wrong with a value. It is nil if any value will do. It is also nil for secrets,
	// because errors are shown.
	Check func(value string) error
	// Description is what the property means, in Markdown.
	Description string
}

// Variables returns the environment variables that the property is read from. The first one that is set takes precedence. OCI's
// Terraform and Pulumi providers read TF_VAR_tenancy_ocid and OCI_TENANCY_OCID, OCI's CLI reads OCI_CLI_TENANCY.
func (p Property) Variables() []string {
	if p.ProgramOnly {
		return nil
	}
	names := []string{p.terraformVariable(), p.ociVariable(), p.CLI}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func (p Property) terraformVariable() string { return "TF_VAR_" + snake(p.Name) }
func (p Property) ociVariable() string       { return "OCI_" + strings.ToUpper(snake(p.Name)) }

// Trim returns a value without what values from files and of CI often have: white space around it, and a byte order mark. A secret may have
// spaces that count, but no line break at its end.
func (p Property) Trim(value string) string {
	value = strings.TrimPrefix(value, "\ufeff")
	if trimmed := strings.TrimSpace(value); trimmed == "" || !p.Secret {
		return trimmed
	}
	return strings.TrimRight(value, "\r\n")
}

// snake turns tenancyOcid into tenancy_ocid.
func snake(name string) string {
	var s strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			s.WriteByte('_')
		}
		s.WriteRune(unicode.ToLower(r))
	}
	return s.String()
}

// Properties returns the properties that say who the caller is and which region to call, in the order in which they are documented.
func Properties() []Property { return slices.Clone(properties) }

var properties []Property

// define adds a property to the table.
func define(p Property) Property {
	properties = append(properties, p)
	return p
}

var (
	propertyAuth = define(Property{
		Name: "auth", CLI: "OCI_CLI_AUTH", CLIFile: "auth", Check: checkWay,
		Description: "How to sign in to OCI. If it is not set, the profile says how to sign in. If the profile does not say, it is `ApiKey`. " +
			"The names that OCI's CLI uses, such as `instance_principal`, work as well.",
	})
	propertyTenancyOCID = define(Property{
		Name: "tenancyOcid", Key: "tenancy", CLI: "OCI_CLI_TENANCY", Check: checkTenancy,
		Description: "The OCID of your tenancy.",
	})
	propertyUserOCID = define(Property{
		Name: "userOcid", Key: "user", CLI: "OCI_CLI_USER", Check: checkUser,
		Description: "The OCID of the user whose API key signs: the user who makes the calls, not the one that a token is for.",
	})
	propertyFingerprint = define(Property{
		Name: "fingerprint", Key: "fingerprint", CLI: "OCI_CLI_FINGERPRINT", Check: checkFingerprint,
		Description: "The fingerprint of the API key, as the Console shows it: 16 bytes in hexadecimal with colons between them.",
	})
	propertyPrivateKey = define(Property{
		Name: "privateKey", CLI: "OCI_CLI_KEY_CONTENT", Secret: true,
		Description: "The private key of the API key, in PEM format. Set either this or `privateKeyPath`.",
	})
	propertyPrivateKeyPath = define(Property{
		Name: "privateKeyPath", Key: "key_file", CLI: "OCI_CLI_KEY_FILE",
		Description: "The path of a file that holds the private key of the API key, in PEM format. A leading `~` stands for the " +
			"home directory. If `privateKey` is set in the same place, it takes precedence.",
	})
	propertyPrivateKeyPassword = define(Property{
		Name: "privateKeyPassword", Key: "pass_phrase", CLI: "OCI_CLI_PASSPHRASE", Secret: true,
		Description: "The pass phrase of the private key, if it is encrypted.",
	})
	propertyRegion = define(Property{
		Name: "region", Key: "region", CLI: "OCI_CLI_REGION", CLIFile: "region", Check: checkRegion,
		Description: "The region to call, by name (`us-phoenix-1`) or by key (`PHX`). OCI creates, changes and deletes auth " +
			"tokens in the tenancy's home region only. The provider sends these calls there by itself.",
	})
	propertyConfigFileProfile = define(Property{
		Name: "configFileProfile", CLI: "OCI_CLI_PROFILE",
		Description: "The profile of the OCI configuration file to read. The default is `DEFAULT`. A profile inherits the keys that it " +
			"lacks from `DEFAULT`. A profile that the program names takes precedence over the environment.",
	})
	propertyWorkloadIdentityTokenPath = define(Property{
		Name: "workloadIdentityTokenPath",
		Description: "The path of the file with the Kubernetes service account token. The file is read again whenever the token " +
			"is needed. Required for `WorkloadIdentityFederation`. For `OKEWorkloadIdentity` it replaces the default path.",
	})
	propertyTokenExchangeAuth = define(Property{
		Name: "tokenExchangeAuth", Check: checkTokenExchangeAuth,
		Description: "How the caller proves to the identity domain that it may exchange tokens: `OAuthClientCredentials`, the " +
			"default, or `InstancePrincipal`. Used by `WorkloadIdentityFederation` only.",
	})
	propertyTokenExchangeClientID = define(Property{
		Name: "tokenExchangeClientId",
		Description: "The client of the identity domain that exchanges tokens. Required for `WorkloadIdentityFederation` with " +
			"`OAuthClientCredentials`.",
	})
	propertyTokenExchangeClientSecret = define(Property{
		Name: "tokenExchangeClientSecret", Secret: true,
		Description: "The secret of that client. Required for `WorkloadIdentityFederation` with `OAuthClientCredentials`.",
	})
	propertyTokenExchangeDomainURL = define(Property{
		Name: "tokenExchangeDomainUrl", Check: checkDomainURL,
		Description: "The URL of the identity domain that exchanges tokens, without a path. Required for " +
			"`WorkloadIdentityFederation`. Plain `http` is accepted for loopback addresses only, because secrets travel over the connection.",
	})
	_ = define(Property{
		Name:        "tokenExchangePublicKey",
		Description: "Accepted because OCI's own provider has it. It has no effect: there is a new key for every token that is asked for.",
	})
	propertyTokenExchangeRequestedTokenType = define(Property{
		Name: "tokenExchangeRequestedTokenType",
		Description: "The type of token to ask for, such as `urn:oci:token-type:oci-rpst`. Required for " +
			"`WorkloadIdentityFederation`.",
	})
	propertyTokenExchangeResourceType = define(Property{
		Name: "tokenExchangeResourceType",
		Description: "The type of resource that the new token stands for, as the identity propagation trust names it. Required " +
			"for `WorkloadIdentityFederation` if `tokenExchangeRequestedTokenType` is `urn:oci:token-type:oci-rpst`.",
	})
	propertyTokenExchangeRPSTExpiration = define(Property{
		Name: "tokenExchangeRpstExp",
		Description: "How long the new token is valid, in the form that the identity domain accepts. Used by " +
			"`WorkloadIdentityFederation` with `urn:oci:token-type:oci-rpst` only.",
	})
	propertyTokenExchangeSubjectTokenType = define(Property{
		Name:        "tokenExchangeSubjectTokenType",
		Description: "The type of the token that is exchanged. The default is `jwt`. Used by `WorkloadIdentityFederation` only.",
	})
)
