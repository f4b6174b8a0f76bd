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

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"gopkg.in/yaml.v3"
)

// NewStack creates an empty stack with a passphrase and a configuration. A name in the configuration is one of the project if it has no
// namespace. A pulumi command finds the stack if PULUMI_STACK names it.
func NewStack(folder, project, stack, passphrase string, configuration map[string]string) error {
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
	salt, err := saltFor(passphrase)
	if err != nil {
		return err
	}
	settings, err := yaml.Marshal(map[string]any{"encryptionsalt": salt, "config": named})
	if err != nil {
		return err
	}
	for file, content := range map[string]string{
		filepath.Join(project, "Pulumi."+stack+".yaml"): string(settings),
		filepath.Join(folder, ".pulumi", "meta.yaml"):   "version: 1\n",
		filepath.Join(folder, ".pulumi", "stacks", declared.Name, stack+".json"): fmt.Sprintf(
			`{"version":3,"checkpoint":{"stack":"organization/%s/%s","latest":{"manifest":{"time":"2026-01-01T00:00:00Z"},`+
				`"secrets_providers":{"type":"passphrase","state":{"salt":%q}}}}}`, declared.Name, stack, salt),
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// salts caches salts by passphrase. Stacks with the same passphrase share a salt, so that their key is derived once.
var salts sync.Map

// saltFor returns the text by which Pulumi recognizes a passphrase, in the form that it writes to the configuration of a stack.
func saltFor(passphrase string) (string, error) {
	made, _ := salts.LoadOrStore(passphrase, sync.OnceValues(func() (string, error) {
		salt := make([]byte, 8)
		_, _ = rand.Read(salt) // never fails
		encoded := base64.StdEncoding.EncodeToString(salt)
		known, err := crypterFor(passphrase, encoded, salt).EncryptValue(context.Background(), "pulumi")
		return "v1:" + encoded + ":" + known, err
	}))
	return made.(func() (string, error))()
}

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
	return crypterFor(passphrase, parts[1], salt), nil
}

func crypterFor(passphrase, encoded string, salt []byte) config.Crypter {
	crypter, _ := crypters.LoadOrStore(passphrase+encoded, sync.OnceValue(func() config.Crypter {
		return config.NewSymmetricCrypterFromPassphrase(passphrase, salt)
	}))
	return crypter.(func() config.Crypter)()
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
