// Command dotnet translates examples from PCL into C#.
package main

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi-dotnet/pulumi-language-dotnet/v3/codegen"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tools/docs/translator"
)

func main() {
	translator.Main(
		func(files []*syntax.File, loader *translator.Loader) (*pcl.Program, hcl.Diagnostics, error) {
			return pcl.BindProgram(files, pcl.Loader(loader))
		},
		translator.Language{Name: "csharp", Generate: dotnet.GenerateProgram},
	)
}
