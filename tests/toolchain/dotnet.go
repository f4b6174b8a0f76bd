package toolchain

import (
	"os"
	"path/filepath"
	"testing"
)

// dotNetSettings are settings of dotnet, all of them environment variables, under which it leaves no process behind and asks the network
// for packages alone.
var dotNetSettings = []string{
	"DOTNET_CLI_TELEMETRY_OPTOUT=1", "DOTNET_NOLOGO=1", "DOTNET_GENERATE_ASPNET_CERTIFICATE=false",
	"DOTNET_CLI_USE_MSBUILD_SERVER=0", "MSBUILDDISABLENODEREUSE=1", "UseSharedCompilation=false",
	"NuGetAudit=false", "NUGET_CERT_REVOCATION_MODE=offline",
}

// DotNet returns the environment in which dotnet finds the SDK's package that was packed here. A variable that is not in it must not be
// passed on: DOTNET_ROLL_FORWARD would run programs that do not run without it.
func DotNet(t *testing.T) []string {
	t.Helper()
	Need(t, "dotnet")
	sdk := Package(t, "*.nupkg")
	// NuGet does not install a package whose version it has, whatever is in it. So this package gets a folder of its own.
	installed := Cached(t, "nuget", sdk, func(string) {})
	environment := append([]string{"NUGET_PACKAGES=" + installed, "RestoreAdditionalProjectSources=" + filepath.Dir(sdk)}, dotNetSettings...)
	// This is what a machine says about its own .NET.
	for _, name := range []string{"DOTNET_ROOT", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "RestoreSources"} {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}
