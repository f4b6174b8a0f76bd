// Command go-java-nodejs-python translates examples from PCL into Go, Java, TypeScript and Python.
package main

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tools/docs/translator"
)

func main() {
	translator.Main(
		func(files []*syntax.File, loader *translator.Loader) (*pcl.Program, hcl.Diagnostics, error) {
			return pcl.BindProgram(files, loader)
		},
		translator.Language{Name: "go", Generate: golang.GenerateProgram},
		translator.Language{Name: "java", Generate: java.GenerateProgram},
		translator.Language{Name: "typescript", Generate: nodejs.GenerateProgram},
		translator.Language{Name: "python", Generate: python.GenerateProgram},
	)
}
