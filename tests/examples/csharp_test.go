package examples

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestCSharpSurface runs a program that uses everything that the SDK for C# has: with the newest Pulumi that NuGet finds, and with the
// oldest that the package admits.
func TestCSharpSurface(t *testing.T) {
	t.Parallel()
	cSharp.need(t)
	admitted := regexp.MustCompile(`Include="Pulumi" Version="\[(\d+\.\d+\.\d+)\.0,4\)"`).
		FindStringSubmatch(read(t, filepath.Join(toolchain.Root, "sdk", "dotnet", "OciAuthToken.PulumiPackage.csproj")))
	require.Len(t, admitted, 2)
	for name, version := range map[string]string{"newest": "3.*", "oldest": "[" + admitted[1] + "]"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, cSharp.name, cSharp)
			cSharp.put(t, p.dir, "surface")
			project := filepath.Join(p.dir, "RegistryLogin.csproj")
			const pulumi = `Include="Pulumi" Version="3.*"`
			require.Contains(t, read(t, project), pulumi)
			write(t, project, strings.Replace(read(t, project), "3.*", version, 1))
			p.env = append(p.env, "WarningsNotAsErrors=NU1603") // A source may lack a version that the oldest Pulumi depends on.
			p.buildOnce("program/RegistryLogin.dll", "dotnet", "build", "--nologo", "--output", "program")
			if name == "oldest" {
				assert.Contains(t, read(t, filepath.Join(p.dir, "obj", "project.assets.json")), `"Pulumi/`+admitted[1]+`"`)
			}
			assert.True(t, read(t, p.dir+"/program/OciAuthToken.PulumiPackage.dll") == fileIn(t, toolchain.Package(t, "*.nupkg"), "lib/net6.0/OciAuthToken.PulumiPackage.dll"),
				"the program does not use the SDK that was packed here")

			// Nothing but the explicit provider can sign in, as the user whose tokens these are.
			credentials, err := p.oci.CredentialsFor(p.users[1], callerKey())
			require.NoError(t, err)
			p.env = append(p.env, "OCI_CLI_CONFIG_FILE="+filepath.Join(p.home, "none"))
			live := p.oci.AddToken(p.users[1], "by hand")
			p.newStack("dev", map[string]string{
				"userId": p.users[1], "otherUserId": p.users[0], "existing": live.UserID + "/" + live.ID, "existingId": live.ID,
				"fingerprint": credentials.Fingerprint, "privateKey": credentials.PrivateKeyPEM,
				"region": credentials.Region, "tenancyOcid": credentials.TenancyID,
			})
			p.pulumi("up", "--yes")
			assert.Equal(t, map[string]any{
				"tokenId": p.checkpoints(authTokenType)[1].ID, "timeCreated": "[secret]", "token": "[secret]", "rotatingToken": "[secret]", "previousToken": "[secret]",
				"overlap": true, "maxAgeDays": 90.0, "rotationDays": 80.0, "key": "value", "found": "by hand", "both": 2.0, "none": 0.0,
				"names": []any{p.names[1], p.names[1], p.names[1]}, "login": namespace + "/somebody", "logins": "[secret]",
				"access": "somewhere", "accesses": "[secret]",
			}, p.outputs())
			p.requireNoChanges()
			for _, request := range p.oci.Journal() {
				if request.Operation != "RegistryLogin" { // The registry asks for a password.
					assert.Equal(t, p.users[1], request.CallerID)
				}
			}
			requireNoValueBelow(t, p.state)
			state, err := backend.Export(p.state, p.stack)
			require.NoError(t, err)
			assert.NotContains(t, string(state), "PRIVATE KEY")
			p.pulumi("destroy", "--yes", "--skip-preview")
			assert.Equal(t, []string{live.ID}, []string{p.onlyToken(p.users[1]).ID})
		})
	}
}
