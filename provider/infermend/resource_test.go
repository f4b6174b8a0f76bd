package infermend

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPropertiesAreReadFromTheTags(t *testing.T) {
	t.Parallel()
	r := resourceOf(&Parcel{})
	assert.Equal(t, []string{"code"}, namesOf(r.Outputs, isSecret))
	assert.Equal(t, []string{"to", "weighed"}, namesOf(r.Outputs, func(p Property) bool { return !p.Optional && p.isText }))
	assert.Equal(t, []string{"route"}, namesOf(r.Arguments, func(p Property) bool { return p.Replaces }))
}
