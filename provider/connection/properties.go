package connection

import (
	"fmt"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// properties returns all properties of the configuration, in the order in which they are documented: first those that say who the
// caller is, then those that say which endpoint to call.
func properties() []auth.Property {
	return append(auth.Properties(),
		auth.Property{
			Name: "endpoint", ProgramOnly: true, Check: checkEndpoint,
			Description: "The URL of OCI Identity, if it is not the region's public endpoint. `{region}` in it stands for the " +
				"region's name. It is for private realms and for a local emulator. Plain `http` is accepted for loopback addresses " +
				"only, because tokens travel over the connection. `getRegistryUser`, `getRegistryLogin` and `getRegistryToken` call Object Storage at " +
				"the same URL. If it is a loopback address, the container registry is there too.",
		},
		auth.Property{
			Name: "realmSpecificServiceEndpointTemplateEnabled", ProgramOnly: true,
			Description: "Accepted because OCI's own provider has it. It has no effect: OCI Identity has no endpoints of this kind.",
		},
		auth.Property{
			Name: "dualStackEndpointEnabled", ProgramOnly: true,
			Description: "Accepted because OCI's own provider has it. It has no effect: OCI Identity has no endpoints of this kind.",
		},
	)
}

func checkEndpoint(s string) error {
	_, err := oci.ParseEndpoint(s)
	return err
}

// ifNotSet returns the sentence that says where a property comes from if the program does not set it.
func ifNotSet(p auth.Property) string {
	variables := p.Variables()
	if len(variables) == 0 {
		return ""
	}
	last := len(variables) - 1
	text := " If it is not set, the environment variables " + code(variables[:last]...) + " and " + code(variables[last]) + " are read"
	if p.Key != "" {
		text += fmt.Sprintf(", then `%s` in the OCI configuration file", p.Key)
	}
	return text + "."
}

// code formats names as code in Markdown, separated by commas.
func code(names ...string) string { return "`" + strings.Join(names, "`, `") + "`" }

// Table returns the table of all properties for the documentation, in Markdown.
func Table() string {
	var table strings.Builder
	table.WriteString("| Pulumi configuration | Environment variables | In the OCI configuration file | Meaning |\n|---|---|---|---|\n")
	for _, p := range properties() {
		name, variables, key := code(Name+":"+p.Name), "", ""
		if p.Secret {
			name += " (secret)"
		}
		if len(p.Variables()) > 0 {
			variables = code(p.Variables()...)
		}
		if p.Key != "" {
			key = code(p.Key)
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", name, variables, key, p.Description)
	}
	return table.String()
}
