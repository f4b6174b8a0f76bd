// Package registry knows how one logs in to the OCI container registry: which host, under which name, what Docker's
// configuration file says then, and how to find out whether the registry takes the login.
package registry

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// Login is what one logs in with.
type Login struct {
	// Server is the registry's host name, with a port if it is not the usual one.
	Server string
	// Username is the whole name, with the namespace before it.
	Username string
	// Password is the value of an auth token.
	Password Password
}

// Password prints as a placeholder; string(p) is the password.
type Password string

// String returns a placeholder, never the password.
func (Password) String() string { return "[secret]" }

// GoString returns a placeholder, never the password.
func (Password) GoString() string { return "[secret]" }

// Auth returns user name and password as Docker's configuration file holds them: a secret.
func (l Login) Auth() string {
	return base64.StdEncoding.EncodeToString([]byte(l.Username + ":" + string(l.Password)))
}

// DockerConfig returns what Docker's configuration file says after the login: a secret. The same login holds for each alias
// of the server. The form is that of
// https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets as well.
func (l Login) DockerConfig(aliases ...string) string {
	type login struct {
		Auth string `json:"auth"`
	}
	var config struct {
		Auths map[string]login `json:"auths"`
	}
	config.Auths = map[string]login{l.Server: {l.Auth()}}
	for _, alias := range aliases {
		config.Auths[alias] = login{l.Auth()}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(config); err != nil {
		panic(err) // maps of texts can be encoded
	}
	return string(bytes.TrimSpace(text.Bytes()))
}
