package backend

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// vault stands in for HashiCorp Vault, of which it serves the two calls that Pulumi makes. Pulumi encrypts the secrets of a stack with a
// key of its own, and asks Vault to encrypt and decrypt that key. With a passphrase, each pulumi command would derive the key, which
// takes it as long as everything else.
var vault = sync.OnceValue(func() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct{ Plaintext, Ciphertext string }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		data := map[string]string{}
		switch {
		case strings.HasPrefix(r.URL.Path, "/v1/transit/encrypt/"):
			data["ciphertext"] = wrapped + sent.Plaintext
		case strings.HasPrefix(r.URL.Path, "/v1/transit/decrypt/"):
			data["plaintext"] = strings.TrimPrefix(sent.Ciphertext, wrapped)
		default:
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}))
})

// vaultURL names Vault and a key, as Pulumi does.
const vaultURL = "hashivault://tests"

// wrapped is what comes before a key in base64 that the stand-in is said to have encrypted.
const wrapped = "vault:v1:"

// unwrap returns the key that wrap was given.
func unwrap(encrypted []byte) ([]byte, error) {
	encoded, ok := strings.CutPrefix(string(encrypted), wrapped)
	if !ok {
		return nil, fmt.Errorf("the key of the stack was not encrypted here")
	}
	return base64.StdEncoding.DecodeString(encoded)
}

// wrap encrypts a key as Vault would.
func wrap(key []byte) []byte { return []byte(wrapped + base64.StdEncoding.EncodeToString(key)) }
