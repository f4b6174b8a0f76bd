package main

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"text/template"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tools/sdk/generator"
)

//go:embed pom.xml.tmpl
var pomText string

var pomTemplate = template.Must(template.New("pom.xml").
	Funcs(template.FuncMap{"xml": escapeXML, "split": strings.Split}).
	Option("missingkey=error").
	Parse(pomText))

func generateJava(source generator.Source) (generator.Files, error) {
	spec := source.Spec()
	// Maven builds this SDK. Pulumi's generator knows Gradle only, and "none".
	if err := generator.SetOption(&spec, "java", "buildFiles", "none"); err != nil {
		return nil, err
	}
	pkg, err := generator.Bind(spec)
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
		"Summary":      source.Summary(),
		"Dependencies": options.Dependencies,
	})
	if err != nil {
		return nil, err
	}
	// With this file in its jar, a package tells Pulumi which plugin it needs.
	pluginJSON, err := (&plugin.PulumiPluginJSON{
		Resource: true,
		Name:     spec.Name,
		Version:  spec.Version,
		Server:   spec.PluginDownloadURL,
	}).JSON()
	if err != nil {
		return nil, err
	}
	readme, err := source.Readme("Java", fmt.Sprintf("```xml\n<dependency>\n    <groupId>%s</groupId>\n"+
		"    <artifactId>%s</artifactId>\n    <version>%s</version>\n</dependency>\n```", group, spec.Name, spec.Version))
	if err != nil {
		return nil, err
	}

	for name, text := range files {
		if path.Ext(name) == ".java" {
			files[name] = renderJavadoc(text)
		}
	}
	resources := path.Join("src/main/resources",
		strings.ReplaceAll(options.BasePackageOrDefault()+spec.Name, ".", "/"))
	files[resources+"/plugin.json"] = pluginJSON
	files["src/main/resources/META-INF/LICENSE"] = source.License
	files["pom.xml"] = pom.Bytes()
	files["README.md"] = readme
	files[".gitignore"] = []byte("target/\n")
	return files, nil
}

// mavenGroup is the group that Maven Central keeps for the owner of a repository at GitHub.
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

func escapeXML(text string) (string, error) {
	var escaped bytes.Buffer
	err := xml.EscapeText(&escaped, []byte(text))
	return escaped.String(), err
}

var javadoc = generator.Markup{
	Paragraph: "<p>%s", Heading: "<p><strong>%s</strong>",
	ListStart: "<ul>", Item: "<li>%s", ListEnd: "</ul>",
	CodeStart: "<pre>", CodeLine: "%s", CodeEnd: "</pre>",
	InlineCode: "<code>%s</code>", Strong: "<strong>%s</strong>", Link: `<a href="%[2]s">%[1]s</a>`,
}

var (
	javaComment = regexp.MustCompile(`(?ms)^( *)/\*\*\n(.*?)\n *\*/$`)
	blockTag    = regexp.MustCompile(`^@(return|deprecated|param \w+)\b`)
)

// renderJavadoc turns the Markdown in documentation comments into Javadoc.
func renderJavadoc(code []byte) []byte {
	return javaComment.ReplaceAllFunc(code, func(comment []byte) []byte {
		match := javaComment.FindSubmatch(comment)
		indent := string(match[1])

		// The text comes first, then each tag with a text of its own.
		type section struct {
			tag  string
			text []string
		}
		sections := []section{{}}
		for line := range strings.SplitSeq(string(match[2]), "\n") {
			line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(line, " "), "*"), " ")
			if tag := blockTag.FindString(line); tag != "" {
				sections = append(sections, section{tag: tag})
				line = strings.TrimSpace(strings.TrimPrefix(line, tag))
			}
			last := &sections[len(sections)-1]
			if line != "" || last.text != nil {
				last.text = append(last.text, line)
			}
		}

		var lines []string
		for i, section := range sections {
			rendered := javadoc.Render(section.text)
			switch {
			case section.tag == "":
			case rendered == nil:
				rendered = []string{section.tag}
			default:
				rendered[0] = section.tag + " " + rendered[0]
			}
			if i == 1 && lines != nil {
				lines = append(lines, "")
			}
			lines = append(lines, rendered...)
		}
		var out strings.Builder
		out.WriteString(indent + "/**\n")
		for _, line := range lines {
			out.WriteString(strings.TrimRight(indent+" * "+line, " ") + "\n")
		}
		out.WriteString(indent + " */")
		return []byte(out.String())
	})
}
