package identity

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSaysNotFound(t *testing.T) {
	t.Parallel()
	const json, scim = "application/json", "application/scim+json"
	for name, test := range map[string]struct {
		status          int
		mediaType, body string
		want            bool
	}{
		"IAM":                           {404, json, `{"code": "NotAuthorizedOrNotFound", "message": "No."}`, true},
		"IAM, with a charset":           {404, json + "; charset=utf-8", `{"code": "NotAuthorizedOrNotFound"}`, true},
		"a domain":                      {404, scim, `{"schemas": ["` + schemaError + `"], "status": "404"}`, true},
		"a domain, as JSON":             {404, json, `{"schemas": ["` + schemaError + `"]}`, true},
		"another status":                {403, json, `{"code": "NotAuthorizedOrNotFound"}`, false},
		"a status in the body":          {500, json, `{"code": "NotAuthorizedOrNotFound", "status": 404}`, false},
		"OCI has no such operation":     {404, json, `{"code": "NotFound", "message": "No."}`, false},
		"a gateway's error":             {404, json, `{"code": 404, "message": "Not Found"}`, false},
		"a gateway's error, no code":    {404, json, `{"message": "no Route matched"}`, false},
		"a page":                        {404, "text/html", `<html>`, false},
		"a page that claims to be JSON": {404, json, `<html>`, false},
		"OCI's error as a page":         {404, "text/html", `{"code": "NotAuthorizedOrNotFound"}`, false},
		"another schema of SCIM":        {404, scim, `{"schemas": ["` + schemaAuthToken + `"]}`, false},
		"nothing":                       {404, json, ``, false},
		"null":                          {404, json, `null`, false},
	} {
		a := &answer{status: test.status, header: http.Header{"Content-Type": {test.mediaType}}, body: []byte(test.body)}
		assert.Equal(t, test.want, a.saysNotFound(), name)
		assert.Equal(t, test.want, judge(a) == notFound, name)
	}
}

func TestIsNotFound(t *testing.T) {
	t.Parallel()
	missing := &callError{status: http.StatusNotFound, verdict: notFound}
	assert.True(t, IsNotFound(missing))
	assert.True(t, IsNotFound(fmt.Errorf("so: %w", missing)))
	assert.False(t, IsNotFound(&callError{status: http.StatusNotFound, verdict: refused}))
	assert.False(t, IsNotFound(errors.New("404")))
	assert.False(t, IsNotFound(nil))
}

func TestIsNew(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	ahead := func(d time.Duration) *serverTime { return &serverTime{offset: d, known: true} }
	for name, test := range map[string]struct {
		age  time.Duration // by this machine's clock
		oci  *serverTime
		want bool
	}{
		"just created":                  {0, ahead(0), true},
		"nine minutes old":              {9 * time.Minute, ahead(0), true},
		"ten minutes old":               {10 * time.Minute, ahead(0), false},
		"this machine's clock is ahead": {14 * time.Minute, ahead(-270 * time.Second), true},
		"this machine's clock is ahead, and the token is old": {15 * time.Minute, ahead(-270 * time.Second), false},
		"this machine's clock is behind":                      {7 * time.Minute, ahead(4 * time.Minute), false},
		"created in the future of this machine":               {-4 * time.Minute, ahead(4 * time.Minute), true},
		"OCI's time cannot be right":                          {16 * time.Minute, ahead(-time.Hour), false},
		"OCI's time is not known":                             {14 * time.Minute, &serverTime{}, true},
		"OCI's time is not known, and the token is old":       {15 * time.Minute, &serverTime{}, false},
	} {
		assert.Equal(t, test.want, isNew(now.Add(-test.age), now, test.oci), name)
	}
	assert.True(t, isNew(time.Time{}, now, ahead(0)), "the state does not say when it was created")
}

func TestPick(t *testing.T) {
	t.Parallel()
	tokens := []AuthToken{{ID: "a", SCIMID: "1"}, {ID: "b", State: StateDeleted}, {ID: "c", State: StateDeleting}, {ID: "d", State: StateInactive}}
	for id, want := range map[string]bool{"a": true, "1": true, "b": false, "c": false, "d": true, "e": false, "": false} {
		assert.Equal(t, want, Pick(tokens, id) != nil, id)
	}
}

func TestDeleted(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{"": true, "<html>": false, "{}": false, " ": false} {
		assert.Equal(t, want, answered(body).deleted() == nil, body)
	}
}
