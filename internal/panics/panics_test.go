package panics_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

func TestPanicIsAnErrorWithoutValues(t *testing.T) {
	t.Parallel()
	var none []string
	for name, test := range map[string]struct {
		panics func()
		what   string
	}{
		"of Go":   {func() { _ = none[len("four")] }, "index out of range [4] with length 0"},
		"text":    {func() { panic("s3cr3t") }, "(string)"},
		"error":   {func() { panic(errors.New("s3cr3t")) }, "(*errors.errorString)"},
		"a value": {func() { panic(struct{ password string }{"s3cr3t"}) }, "(struct { password string })"},
	} {
		call := func() (err error) {
			defer panics.Catch(&err)
			test.panics()
			return nil
		}
		err := call()
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), test.what, name)
		assert.NotContains(t, err.Error(), "s3cr3t", name)
		assert.Contains(t, err.Error(), "panics_test.go:", name)
		assert.Contains(t, err.Error(), "issues", name)
		assert.NotContains(t, err.Error(), "runtime.gopanic", name)
	}

	quiet := func() (err error) {
		defer panics.Catch(&err)
		return nil
	}
	require.NoError(t, quiet())
}
