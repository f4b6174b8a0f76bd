// Package backend reads the state in a local backend of Pulumi. A test that looks at the state after each step would otherwise spend most
// of its time starting the pulumi command.
package backend

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
)

// Export returns what "pulumi stack export" prints for a stack. The folder must contain only one stack with that name. With a
// passphrase, it returns what the command prints with --show-secrets: each ciphertext is replaced by its plaintext.
func Export(folder, stack, passphrase string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(folder, ".pulumi", "stacks", "*", stack+".json"))
	if err != nil {
		return nil, err
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("%d projects in %s have a stack %s", len(files), folder, stack)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return nil, err
	}
	var state struct {
		Version    int
		Checkpoint struct{ Latest map[string]any }
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("%s: %w", files[0], err)
	}
	deployment := state.Checkpoint.Latest
	if passphrase != "" {
		crypter, err := crypterOf(deployment, passphrase)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", files[0], err)
		}
		if err := decrypt(deployment["resources"], crypter); err != nil {
			return nil, fmt.Errorf("%s: %w", files[0], err)
		}
	}
	return json.Marshal(map[string]any{"version": state.Version, "deployment": deployment})
}

// Outputs returns the outputs of a stack. Secrets are plaintext.
func Outputs(folder, stack, passphrase string) (map[string]any, error) {
	text, err := Export(folder, stack, passphrase)
	if err != nil {
		return nil, err
	}
	var exported struct {
		Deployment struct {
			Resources []struct {
				Type    string
				Outputs map[string]any
			}
		}
	}
	if err := json.Unmarshal(text, &exported); err != nil {
		return nil, err
	}
	outputs := map[string]any{}
	for _, r := range exported.Deployment.Resources {
		if r.Type != string(resource.RootStackType) {
			continue
		}
		for name, value := range r.Outputs {
			if secret, ok := value.(map[string]any); ok && secret[resource.SigKey] == resource.SecretSig {
				if err := json.Unmarshal([]byte(secret["plaintext"].(string)), &value); err != nil {
					return nil, err
				}
			}
			outputs[name] = value
		}
	}
	return outputs, nil
}

// crypters caches crypters by passphrase and salt, because deriving their key takes a second.
var crypters sync.Map

// crypterOf returns the crypter for the secrets of a deployment. It returns an error if the secrets provider is not the one with a
// passphrase.
func crypterOf(deployment map[string]any, passphrase string) (config.Decrypter, error) {
	var manager struct {
		Type  string
		State struct{ Salt string }
	}
	text, err := json.Marshal(deployment["secrets_providers"])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &manager); err != nil {
		return nil, err
	}
	// The state of the secrets provider is "v1:SALT:", followed by a text that is encrypted with the key.
	parts := strings.SplitN(manager.State.Salt, ":", 3)
	if manager.Type != "passphrase" || len(parts) != 3 || parts[0] != "v1" {
		return nil, fmt.Errorf("the secrets provider %q takes no passphrase", manager.Type)
	}
	salt, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	crypter, _ := crypters.LoadOrStore(passphrase+parts[1], sync.OnceValue(func() config.Crypter {
		return config.NewSymmetricCrypterFromPassphrase(passphrase, salt)
	}))
	return crypter.(func() config.Crypter)(), nil
}

// decrypt replaces the ciphertext of each secret in a value with its plaintext.
func decrypt(value any, crypter config.Decrypter) error {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			if err := decrypt(element, crypter); err != nil {
				return err
			}
		}
	case map[string]any:
		if value[resource.SigKey] == resource.SecretSig {
			ciphertext, _ := value["ciphertext"].(string)
			plaintext, err := crypter.DecryptValue(context.Background(), ciphertext)
			if err != nil {
				return err
			}
			delete(value, "ciphertext")
			value["plaintext"] = plaintext
			return nil
		}
		for _, element := range value {
			if err := decrypt(element, crypter); err != nil {
				return err
			}
		}
	}
	return nil
}
