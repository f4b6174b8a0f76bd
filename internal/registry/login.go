// Package registry knows how to log in to the OCI container registry: the host, the user name, Docker's configuration file after the
// login, and how to find out whether the registry accepts the login.
package registry

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// Login is a server, a user name and a password.
type Login struct {
	// Server is the registry's host name, with a port if it is not the default.
	Server string
	// Username is the user name, with the namespace before it, or BearerUser.
	Username string
	// Password is the value of an auth token, or an access token.
	Password Password
}

// Password prints as a placeholder; string(p) is the password.
type Password string

// String returns a placeholder, never the password.
func (Password) String() string { return "[secret]" }

// GoString returns a placeholder, never the password.
func (Password) GoString() string { return "[secret]" }

// Auth returns user name and password in the form of Docker's configuration file. It is a secret.
func (l Login) Auth() string {
	return base64.StdEncoding.EncodeToString([]byte(l.Username + ":" + string(l.Password)))
}

// DockerConfig returns the content of Docker's configuration file after the login, for every host name of the registry. It is a secret.
// It also has the form of https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets.
func (l Login) DockerConfig(hosts []string) string {
	type login struct {
		Auth string `json:"auth"`
	}
	var config struct {
		Auths map[string]login `json:"auths"`
	}
	config.Auths = map[string]login{}
	for _, host := range hosts {
		config.Auths[host] = login{l.Auth()}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(config); err != nil {
		panic(err) // maps of texts can be encoded
	}
	return string(bytes.TrimSpace(text.Bytes()))
}
