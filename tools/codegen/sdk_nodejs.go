package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func generateNodeJS(source sdkSource) (tree, error) {
	spec := source.spec()
	spec.Keywords = source.searchWords()
	if err := setOption(&spec, "nodejs", "packageDescription", source.summary()); err != nil {
		return nil, err
	}
	pkg, err := bind(spec)
	if err != nil {
		return nil, err
	}
	files, err := nodejs.GeneratePackage("pulumi-language-nodejs", pkg, nil, nil, false, loader{})
	if err != nil {
		return nil, err
	}

	manifest, name, err := completeManifest(files["package.json"], spec)
	if err != nil {
		return nil, fmt.Errorf("package.json: %w", err)
	}
	readme, err := source.readme("Node.js", fmt.Sprintf("```sh\nnpm install %s\n```", name))
	if err != nil {
		return nil, err
	}
	files["package.json"] = manifest
	files["README.md"] = readme
	files["LICENSE"] = source.license
	return files, nil
}

// completeManifest adds the fields to a package.json that npm asks for and that Pulumi's generator leaves out. It also returns the
// package's name.
func completeManifest(generated []byte, spec schema.PackageSpec) ([]byte, string, error) {
	type repository struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	}
	var manifest struct {
		Name            string            `json:"name"`
		Version         string            `json:"version"`
		Description     string            `json:"description"`
		Keywords        []string          `json:"keywords"`
		Homepage        string            `json:"homepage"`
		Bugs            string            `json:"bugs"`
		Repository      json.RawMessage   `json:"repository"`
		License         string            `json:"license"`
		Author          string            `json:"author"`
		Main            string            `json:"main"`
		Types           string            `json:"types"`
		Scripts         map[string]string `json:"scripts"`
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
		Pulumi          json.RawMessage   `json:"pulumi"`
	}
	decoder := json.NewDecoder(bytes.NewReader(generated))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&manifest); err != nil {
		return nil, "", err
	}
	url, err := json.Marshal(repository{Type: "git", URL: "git+" + spec.Repository + ".git"})
	if err != nil {
		return nil, "", err
	}
	manifest.Bugs = spec.Repository + "/issues"
	manifest.Repository = url
	manifest.Author = spec.Publisher
	// The folder that the compiler writes is what is published.
	manifest.Main = "index.js"
	manifest.Types = "index.d.ts"

	completed, err := json.MarshalIndent(manifest, "", "    ")
	return append(completed, '\n'), manifest.Name, err
}
