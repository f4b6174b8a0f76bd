package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// Answer is the answer to a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Cut is why the body ends early, or nil.
	Cut error
}

// complete returns an error if the body ends early, or is not JSON. A list that ends early would lack tokens.
func (a *Answer) complete() error {
	if len(a.Body) > 0 && !a.isJSON() {
		return fmt.Errorf("it is %s, not JSON", safetext.Sentence(a.Header.Get("Content-Type")))
	}
	return a.Cut
}

// isJSON reports whether the Content-Type is JSON, or absent.
func (a *Answer) isJSON() bool {
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
	return nil
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

// Field returns what a field encodes, or nil if the field is absent, null or of another type.
func Field[T any](raw json.RawMessage) *T {
	var value *T
	if json.Unmarshal(raw, &value) != nil {
		return nil
	}
	return value
}

// Text returns the string that a field encodes, or "" if it is no string.
func Text(raw json.RawMessage) string {
	if s := Field[string](raw); s != nil {
		return *s
	}
	return ""
}
