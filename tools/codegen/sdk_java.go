package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/url"
	"path"
	"strings"
	"text/template"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

//go:embed pom.xml.tmpl
var pomText string

var pomTemplate = template.Must(template.New("pom.xml").
	Funcs(template.FuncMap{"xml": escapeXML, "split": strings.Split}).
	Option("missingkey=error").
	Parse(pomText))

func generateJava(source sdkSource) (tree, error) {
	spec := source.spec()
	// Maven builds this SDK. Pulumi's generator supports only Gradle and "none".
	if err := setOption(&spec, "java", "buildFiles", "none"); err != nil {
		return nil, err
	}
	pkg, err := bind(spec)
	if err != nil {
		return nil, err
	}
	files, err := java.GeneratePackage("pulumi-language-java", pkg, nil, nil, false, false)
	if err != nil {
		return nil, err
	}
	options, ok := pkg.Language["java"].(*java.PackageInfo)
	if !ok {
		return nil, fmt.Errorf("the generator left %T as its options", pkg.Language["java"])
	}

	group, err := mavenGroup(spec.Repository)
	if err != nil {
		return nil, err
	}
	var pom bytes.Buffer
	err = pomTemplate.Execute(&pom, map[string]any{
		"Group":        group,
		"Spec":         spec,
		"Summary":      source.summary(),
		"Dependencies": options.Dependencies,
	})
	if err != nil {
		return nil, err
	}
	// This file in the jar tells Pulumi which plugin the package needs.
	pluginJSON, err := (&plugin.PulumiPluginJSON{
		Resource: true,
		Name:     spec.Name,
		Version:  spec.Version,
		Server:   spec.PluginDownloadURL,
	}).JSON()
	if err != nil {
		return nil, err
	}
	readme, err := source.readme("Java", fmt.Sprintf("```xml\n<dependency>\n    <groupId>%s</groupId>\n"+
		"    <artifactId>%s</artifactId>\n    <version>%s</version>\n</dependency>\n```", group, spec.Name, spec.Version))
	if err != nil {
		return nil, err
	}

	resources := path.Join("src/main/resources",
		strings.ReplaceAll(options.BasePackageOrDefault()+spec.Name, ".", "/"))
	files[resources+"/plugin.json"] = pluginJSON
	files["src/main/resources/META-INF/LICENSE"] = source.license
	files["pom.xml"] = pom.Bytes()
	files["README.md"] = readme
	files[".gitignore"] = []byte("target/\n")
	return files, nil
}

// mavenGroup returns the group that Maven Central reserves for the owner of a GitHub repository.
func mavenGroup(repository string) (string, error) {
	u, err := url.Parse(repository)
	if err != nil {
		return "", err
	}
	owner, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if u.Host != "github.com" || owner == "" {
		return "", fmt.Errorf("%s is not a repository at GitHub", repository)
	}
	return "io.github." + owner, nil
}
