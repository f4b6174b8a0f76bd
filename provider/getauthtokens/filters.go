package getauthtokens

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
)

// Filter selects items of a list, as the filters of OCI's own providers do. An item has to pass every filter. It passes a filter if
// its property is one of the values.
type Filter struct {
	Name   string   `pulumi:"name"`
	Values []string `pulumi:"values"`
	Regex  *bool    `pulumi:"regex,optional"`
}

// Annotate describes a filter for the schema.
func (f *Filter) Annotate(a infer.Annotator) {
	a.SetToken("index", "GetAuthTokensFilter")
	names := infermend.NamesIn[ListedToken]()
	last := len(names) - 1
	a.Describe(&f.Name, "The property to look at: `"+strings.Join(names[:last], "`, `")+"` or `"+names[last]+"`. The names of OCI's "+
		"Terraform provider, such as `time_created`, work as well.")
	a.Describe(&f.Values, "The values to look for. A token passes if its property is one of them. A token without the "+
		"property does not pass.")
	a.Describe(&f.Regex, "Whether the values are regular expressions (RE2). They match anywhere in the property, unless they are "+
		"anchored with `^` and `$`. The default is `false`.")
}

// matcher returns a function that reports whether the properties of an item pass the filters. The names in known are those that a
// filter may use. The error names the filter that is wrong.
func matcher(filters []Filter, known []string) (func(map[string]string) bool, error) {
	var all []func(map[string]string) bool
	for i, filter := range filters {
		if strings.TrimSpace(filter.Name) != filter.Name {
			return nil, fmt.Errorf("filters[%d].name: it has white space around it: remove it", i)
		}
		name := camelCase(filter.Name)
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("filters[%d].name: %q is not a property of a token: use one of %s", i, safetext.Text(filter.Name),
				strings.Join(slices.Sorted(slices.Values(known)), ", "))
		}
		if len(filter.Values) == 0 {
			return nil, fmt.Errorf("filters[%d].values: is empty, so no token can pass: give a value, or remove the filter", i)
		}
		passes, err := filter.values(i)
		if err != nil {
			return nil, err
		}
		all = append(all, func(item map[string]string) bool {
			property, ok := item[name]
			return ok && passes(property)
		})
	}
	return func(item map[string]string) bool {
		return !slices.ContainsFunc(all, func(passes func(map[string]string) bool) bool { return !passes(item) })
	}, nil
}

// values returns a function that reports whether a property is one of the filter's values.
func (f Filter) values(index int) (func(string) bool, error) {
	if f.Regex == nil || !*f.Regex {
		return func(property string) bool { return slices.Contains(f.Values, property) }, nil
	}
	patterns := make([]*regexp.Regexp, len(f.Values))
	for i, value := range f.Values {
		var err error
		if patterns[i], err = regexp.Compile(value); err != nil {
			return nil, fmt.Errorf("filters[%d].values[%d]: is not a regular expression%s", index, i, whyNot(err))
		}
	}
	return func(property string) bool {
		return slices.ContainsFunc(patterns, func(pattern *regexp.Regexp) bool { return pattern.MatchString(property) })
	}, nil
}

// whyNot says what is wrong with a regular expression, without quoting it.
func whyNot(err error) string {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return ""
	}
	return ": " + wrong.Code.String()
}

// camelCase returns a name as Pulumi spells it. The name may be spelled as in Terraform.
func camelCase(name string) string {
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}
