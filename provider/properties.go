package provider

import (
	"fmt"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// properties are all the properties of the configuration, in the order in which they are documented: those that say who the
// caller is, and those that say where OCI answers.
func properties() []auth.Property {
	return append(auth.Properties(),
		auth.Property{
			Name: "endpoint", ProgramOnly: true, Check: checkEndpoint,
			Description: "Where OCI Identity answers, if not at the region's public endpoint: a URL, in which `{region}` stands for " +
				"the region's name. For private realms, and for a local emulator. Plain `http` is accepted for loopback " +
				"addresses only, since tokens travel over it. Object Storage is looked for there as well, and at a loopback " +
				"address the container registry, too: `getRegistryLogin` asks them.",
		},
		auth.Property{
			Name: "realmSpecificServiceEndpointTemplateEnabled", ProgramOnly: true,
			Description: "Accepted because OCI's own provider has it, and without effect: OCI Identity has no endpoints of this kind.",
		},
		auth.Property{
			Name: "dualStackEndpointEnabled", ProgramOnly: true,
			Description: "Accepted because OCI's own provider has it, and without effect: OCI Identity has no endpoints of this kind.",
		},
	)
}

func checkEndpoint(s string) error {
	_, err := identity.ParseEndpoint(s)
	return err
}

// ifNotSet says where a property comes from that the program does not set.
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

// code formats names as code in Markdown, with commas between them.
func code(names ...string) string { return "`" + strings.Join(names, "`, `") + "`" }

// ConfigurationTable returns the table of the documentation's page about the configuration, in Markdown.
func ConfigurationTable() string {
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
