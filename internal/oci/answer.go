package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"
)

// Answer is the answer to a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Cut is why the body ends early, or nil.
	Cut error
}

// succeeded reports whether the status means success.
func (a *Answer) succeeded() bool { return a.Status >= 200 && a.Status <= 299 }

// IsJSON reports whether the Content-Type is JSON, or absent.
func (a *Answer) IsJSON() bool {
	claim := a.Header.Get("Content-Type")
	if claim == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(claim)
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}

// Deleted returns an error unless the answer is one to a deletion, which is empty. A captive portal may answer with a page.
func (a *Answer) Deleted() error {
	if len(a.Body) > 0 {
		return errors.New("it is not the answer to a deletion")
	}
	return a.Cut
}

// Fields returns the fields of a JSON object, as far as it can be read. Bytes that follow it, or that are missing at its end, do not
// matter: the value of a new token must not be lost because of them.
func Fields(body []byte) map[string]json.RawMessage {
	found := map[string]json.RawMessage{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return found
	}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			break
		}
		if key, ok := name.(string); ok {
			found[key] = value
		}
	}
	return found
}

// Text returns the string that raw encodes, or "" if raw is not a JSON string.
func Text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// Time parses a time in the format of RFC 3339, and reports whether there is one.
func Time(raw json.RawMessage) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, Text(raw))
	return t, err == nil
}
