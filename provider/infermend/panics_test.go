package infermend

import (
	"reflect"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// panicking returns a provider of which every call panics.
func panicking() p.Provider {
	return wrappingCalls(p.Provider{}.WithDefaults(), func(_ string, call reflect.Value) reflect.Value {
		return reflect.MakeFunc(call.Type(), func([]reflect.Value) []reflect.Value { panic("s3cr3t") })
	})
}

func TestEveryCallAnswersAPanicWithAnError(t *testing.T) {
	t.Parallel()
	calls := reflect.ValueOf(answeringPanics(panicking()))
	for i := range calls.NumField() {
		name := calls.Type().Field(i).Name
		arguments := []reflect.Value{reflect.ValueOf(t.Context())}
		for j := 1; j < calls.Field(i).Type().NumIn(); j++ {
			arguments = append(arguments, reflect.Zero(calls.Field(i).Type().In(j)))
		}
		results := calls.Field(i).Call(arguments)
		err, _ := results[len(results)-1].Interface().(error)
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), name+": ", name)
		assert.NotContains(t, err.Error(), "s3cr3t", name)
	}
}

// TestThePluginDoesNotAnswerPanics shows that answeringPanics is still needed.
func TestThePluginDoesNotAnswerPanics(t *testing.T) {
	t.Parallel()
	server, err := integration.NewServer(t.Context(), "test", semver.MustParse("1.0.0"), integration.WithProvider(panicking()))
	require.NoError(t, err)
	assert.Panics(t, func() { _, _ = server.Check(p.CheckRequest{Urn: parcelURN}) }, learnt)
}
