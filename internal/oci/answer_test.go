package oci

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestAnAnswerIsCompleteJSON checks which answers are read. Of an answer to a creation, whatever can be read is, because it may have the
// token's value.
func TestAnAnswerIsCompleteJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mediaType, body string
		cut             error
		wrong           string // "" if it is read
	}{
		"JSON":                       {"application/json", "[]", nil, ""},
		"JSON with a charset":        {"application/json; charset=utf-8", "[]", nil, ""},
		"SCIM":                       {"application/scim+json", "{}", nil, ""},
		"no media type":              {"", "[]", nil, ""},
		"nothing":                    {"text/html", "", nil, ""},
		"a page":                     {"text/html; charset=utf-8", "[]", nil, "it is text/html; charset=utf-8, not JSON"},
		"no media type at all":       {"\x1b[31m", "[]", nil, "it is \ufffd[31m, not JSON"},
		"a whole list that goes on":  {"application/json", "[]", errors.New("the connection broke"), "the connection broke"},
		"an answer that is too long": {"application/json", "", errors.New("it is longer than 5 bytes"), "it is longer than 5 bytes"},
	} {
		a := &Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {test.mediaType}}, Body: []byte(test.body), Cut: test.cut}
		for _, creates := range []bool{false, true} {
			read := false
			err := Call{Creates: creates, Read: func(*Answer) error { read = true; return nil }}.read(a)
			assert.Equal(t, creates || test.wrong == "", read, name)
			if read {
				assert.NoError(t, err, name)
			} else {
				assert.EqualError(t, err, test.wrong, name)
			}
		}
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	said := Fields([]byte(`{"text": "a", "empty": "", "number": 5, "null": null, "time": "2030-01-02T03:04:05Z", "big": 9223372036854775808`))
	assert.Equal(t, new("a"), Field[string](said["text"]))
	assert.Equal(t, new(""), Field[string](said["empty"]))
	assert.Equal(t, new(int64(5)), Field[int64](said["number"]))
	for _, name := range []string{"number", "null", "absent"} {
		assert.Nil(t, Field[string](said[name]), name)
		assert.Empty(t, Text(said[name]), name)
	}
	assert.Nil(t, Field[int64](said["big"]))
	assert.Nil(t, Field[int64](said["text"]))
}
