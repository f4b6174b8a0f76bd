// Package backend creates stacks in a local backend of Pulumi, and reads their state. A test that creates a stack, and looks at its state
// after each step, would otherwise spend most of its time starting the pulumi command.
package backend

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"gopkg.in/yaml.v3"
)

// Passphrase is the one of the stacks that have one.
const Passphrase = "example"

// Environment returns the variables with which a pulumi command uses a backend in a folder.
func Environment(folder string) []string {
	return []string{
		"PULUMI_BACKEND_URL=file://" + folder, "PULUMI_CONFIG_PASSPHRASE=" + Passphrase,
		"VAULT_SERVER_URL=" + vault().URL, "VAULT_SERVER_TOKEN=token",
	}
}

// NewStack creates an empty stack with a configuration. A name in the configuration is one of the project if it has no namespace. A pulumi
// command finds the stack if PULUMI_STACK names it. Vault keeps the key of its secrets.
func NewStack(folder, project, stack string, configuration map[string]string) error {
	text, err := os.ReadFile(filepath.Join(project, "Pulumi.yaml")) //nolint:gosec // Tests say what to read.
	if err != nil {
		return err
	}
	var declared struct{ Name string }
	if err := yaml.Unmarshal(text, &declared); err != nil {
		return err
	}
	named := map[string]string{}
	for name, value := range configuration {
		if !strings.Contains(name, ":") {
			name = declared.Name + ":" + name
		}
		named[name] = value
	}
	key := make([]byte, config.SymmetricCrypterKeyBytes)
	_, _ = rand.Read(key) // never fails
	encrypted := wrap(key)
	settings, err := yaml.Marshal(map[string]any{
		"secretsprovider": vaultURL, "encryptedkey": base64.StdEncoding.EncodeToString(encrypted), "config": named,
	})
	if err != nil {
		return err
	}
	empty, err := json.Marshal(map[string]any{"version": 3, "checkpoint": map[string]any{
		"stack": "organization/" + declared.Name + "/" + stack,
		"latest": map[string]any{
			"manifest":          map[string]any{"time": time.Now()},
			"secrets_providers": map[string]any{"type": "cloud", "state": map[string]any{"url": vaultURL, "encryptedkey": encrypted}},
		},
	}})
	if err != nil {
		return err
	}
	for file, content := range map[string][]byte{
		filepath.Join(project, "Pulumi."+stack+".yaml"):                          settings,
		filepath.Join(folder, ".pulumi", "meta.yaml"):                            []byte("version: 1\n"),
		filepath.Join(folder, ".pulumi", "stacks", declared.Name, stack+".json"): empty,
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Export returns what "pulumi stack export" prints for a stack. The folder must contain only one stack with that name.
func Export(folder, stack string) ([]byte, error) { return export(folder, stack, false) }

// ExportSecrets returns what "pulumi stack export --show-secrets" prints for a stack: each ciphertext is replaced by its plaintext.
func ExportSecrets(folder, stack string) ([]byte, error) { return export(folder, stack, true) }

func export(folder, stack string, secrets bool) ([]byte, error) {
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
	if secrets {
		crypter, err := crypterOf(deployment)
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
func Outputs(folder, stack string) (map[string]any, error) {
	text, err := ExportSecrets(folder, stack)
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

// crypterOf returns the crypter for the secrets of a deployment.
func crypterOf(deployment map[string]any) (config.Decrypter, error) {
	var manager struct {
		Type  string
		State struct {
			Salt         string
			EncryptedKey []byte
		}
	}
	text, err := json.Marshal(deployment["secrets_providers"])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &manager); err != nil {
		return nil, err
	}
	switch manager.Type {
	case "cloud":
		key, err := unwrap(manager.State.EncryptedKey)
		if err != nil {
			return nil, err
		}
		return config.NewSymmetricCrypter(key), nil
	case "passphrase":
		return crypterFor(manager.State.Salt)
	default:
		return nil, fmt.Errorf("secrets of the provider %q cannot be read here", manager.Type)
	}
}

// crypters caches the crypters of stacks with the passphrase by salt, because deriving their key takes long.
var crypters sync.Map

// crypterFor returns the crypter for a salt in the form that Pulumi writes: "v1:SALT:", followed by a text that is encrypted with the key.
func crypterFor(state string) (config.Decrypter, error) {
	parts := strings.SplitN(state, ":", 3)
	if len(parts) != 3 || parts[0] != "v1" {
		return nil, fmt.Errorf("%q is no salt", state)
	}
	salt, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	crypter, _ := crypters.LoadOrStore(parts[1], sync.OnceValue(func() config.Crypter {
		return config.NewSymmetricCrypterFromPassphrase(Passphrase, salt)
	}))
	return crypter.(func() config.Crypter)(), nil
}

// decrypt replaces the ciphertext of each secret in a value with its plaintext. In a map that is a secret,
// Pulumi writes secrets as if their plaintext were the ciphertext.
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
			var within any
			if err := json.Unmarshal([]byte(plaintext), &within); err != nil {
				return err
			}
			if _, ok := within.(map[string]any); !ok {
				return nil
			}
			if err := decrypt(within, config.NopDecrypter); err != nil {
				return err
			}
			text, err := json.Marshal(within)
			value["plaintext"] = string(text)
			return err
		}
		for _, element := range value {
			if err := decrypt(element, crypter); err != nil {
				return err
			}
		}
	}
	return nil
}
