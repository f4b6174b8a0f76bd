package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
)

// The dependencies of the Go SDK. To change them, run "go get" and "go mod tidy" in sdk/go/ociauthtoken, and copy go.mod
// and go.sum here.
var (
	//go:embed sdk.go.mod
	goMod []byte
	//go:embed sdk.go.sum
	goSum []byte
)

func generateGo(source sdkSource) (tree, error) {
	spec := source.spec()
	var options golang.GoPackageInfo
	if err := json.Unmarshal(spec.Language["go"], &options); err != nil {
		return nil, fmt.Errorf("the schema's options for Go: %w", err)
	}
	if !strings.HasPrefix(string(goMod), "module "+options.ImportBasePath+"\n") {
		return nil, errors.New("sdk.go.mod is not for the module " + options.ImportBasePath)
	}
	root := path.Base(options.ImportBasePath)

	spec.Description = fmt.Sprintf("Package %s is the Go SDK of %s, a Pulumi package.\n\n%s",
		root, spec.DisplayName, strings.TrimSpace(spec.Description))
	pkg, err := bind(spec)
	if err != nil {
		return nil, err
	}
	files, err := golang.GeneratePackage("pulumi-language-go", pkg, nil)
	if err != nil {
		return nil, err
	}

	readme, err := source.readme("Go", fmt.Sprintf("```sh\ngo get %s\n```", options.ImportBasePath))
	if err != nil {
		return nil, err
	}
	files[root+"/README.md"] = readme
	files[root+"/LICENSE"] = source.license
	files[root+"/go.mod"] = goMod
	files[root+"/go.sum"] = goSum
	return files, nil
}
