package getauthtokens

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	regex := func(name string, values ...string) Filter {
		return Filter{Name: name, Values: values, Regex: new(true)}
	}
	plain := func(name string, values ...string) Filter { return Filter{Name: name, Values: values} }
	items := []map[string]string{
		{"description": "ci", "state": "ACTIVE"},
		{"description": "ci for staging", "state": "INACTIVE", "inactiveState": "1"},
		{"description": "", "state": "ACTIVE"},
	}
	for name, test := range map[string]struct {
		filters []Filter
		want    []int
	}{
		"none":                    {nil, []int{0, 1, 2}},
		"equal":                   {[]Filter{plain("description", "ci")}, []int{0}},
		"empty":                   {[]Filter{plain("description", "")}, []int{2}},
		"one of several":          {[]Filter{plain("description", "", "ci")}, []int{0, 2}},
		"no part":                 {[]Filter{plain("description", "stag")}, nil},
		"case counts":             {[]Filter{plain("state", "active")}, nil},
		"regular expression":      {[]Filter{regex("description", "stag", "^c.$")}, []int{0, 1}},
		"anchored":                {[]Filter{regex("description", "^ci$")}, []int{0}},
		"every filter":            {[]Filter{regex("description", "ci"), plain("state", "ACTIVE")}, []int{0}},
		"same name twice":         {[]Filter{regex("description", "ci"), regex("description", "staging")}, []int{1}},
		"a property that is not":  {[]Filter{regex("inactiveState", ".*")}, []int{1}},
		"a name of Terraform's":   {[]Filter{plain("inactive_state", "1")}, []int{1}},
		"regex false":             {[]Filter{{Name: "description", Values: []string{"c."}, Regex: new(false)}}, nil},
		"no expression by itself": {[]Filter{plain("description", "c.")}, nil},
	} {
		passes, err := matcher(test.filters, []string{"description", "state", "inactiveState"})
		require.NoError(t, err, name)
		var got []int
		for i, item := range items {
			if passes(item) {
				got = append(got, i)
			}
		}
		assert.Equal(t, test.want, got, name)
	}
	for complaint, filter := range map[string]Filter{
		`filters[0].name: "token" is not a property of a token: use one of description, state`:                 plain("token", "x"),
		"filters[0].name: a text of 13 characters is not a property of a token: use one of description, state": plain("my descriptio", "x"),
		"filters[0].name: it has white space around it: remove it":                                             plain("description ", "x"),
		"filters[0].values: is empty":                                          plain("state"),
		"filters[0].values[1]: is not a regular expression: missing closing )": regex("state", "a", "("),
	} {
		_, err := matcher([]Filter{filter}, []string{"state", "description"})
		assert.ErrorContains(t, err, complaint)
	}
}
