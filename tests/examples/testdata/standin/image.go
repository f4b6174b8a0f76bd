package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Image is docker-build:index:Image. It builds no image: the files of the context are its only layer. It pushes that with crane, which
// logs in with exactly the user name and the password that the program gives. It compares and reads as the real one does, see
// https://github.com/pulumi/pulumi-docker-build/blob/main/provider/internal/image.go.
type Image struct{}

// ImageArgs are the arguments that the examples use, and those that the package for TypeScript adds.
type ImageArgs struct {
	BuildOnPreview *bool      `pulumi:"buildOnPreview,optional"`
	Context        Context    `pulumi:"context"`
	Network        *string    `pulumi:"network,optional"`
	Push           bool       `pulumi:"push"`
	Registries     []Registry `pulumi:"registries,optional"`
	Tags           []string   `pulumi:"tags"`
}

// Context is the folder that an image is built from.
type Context struct {
	Location string `pulumi:"location"`
}

// Registry is a login.
type Registry struct {
	Address  string  `pulumi:"address"`
	Password *string `pulumi:"password,optional" provider:"secret"`
	Username *string `pulumi:"username,optional"`
}

// ImageState is the state of an Image.
type ImageState struct {
	ImageArgs
	ContextHash string `pulumi:"contextHash"`
	Digest      string `pulumi:"digest"`
	Ref         string `pulumi:"ref"`
}

// Annotate names the resource.
func (i *Image) Annotate(a infer.Annotator) { a.SetToken("index", "Image") }

// Create pushes the image.
func (*Image) Create(ctx context.Context, req infer.CreateRequest[ImageArgs]) (infer.CreateResponse[ImageState], error) {
	state, err := push(ctx, req.Inputs, req.DryRun)
	return infer.CreateResponse[ImageState]{ID: req.Name, Output: state}, err
}

// Update pushes the image again.
func (*Image) Update(ctx context.Context, req infer.UpdateRequest[ImageArgs, ImageState]) (infer.UpdateResponse[ImageState], error) {
	state, err := push(ctx, req.Inputs, req.DryRun)
	return infer.UpdateResponse[ImageState]{Output: state}, err
}

// Diff does not compare passwords.
func (*Image) Diff(_ context.Context, req infer.DiffRequest[ImageArgs, ImageState]) (infer.DiffResponse, error) {
	changes := map[string]p.PropertyDiff{}
	changed := func(name string, old, now any) {
		if !reflect.DeepEqual(old, now) {
			changes[name] = p.PropertyDiff{Kind: p.Update}
		}
	}
	named := func(registries []Registry) (logins [][2]string) {
		for _, registry := range registries {
			logins = append(logins, [2]string{registry.Address, *registry.Username})
		}
		return logins
	}
	_, hash, err := pack(req.Inputs.Context.Location)
	changed("contextHash", req.State.ContextHash, hash)
	changed("tags", req.State.Tags, req.Inputs.Tags)
	changed("registries", named(req.State.Registries), named(req.Inputs.Registries))
	return infer.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: changes}, err
}

// Read looks for the image with the login in the state. If the registry refuses to show it, it stays, as from version 0.0.21 on.
func (*Image) Read(
	ctx context.Context, req infer.ReadRequest[ImageArgs, ImageState],
) (infer.ReadResponse[ImageArgs, ImageState], error) {
	response := infer.ReadResponse[ImageArgs, ImageState]{ID: req.ID, Inputs: req.Inputs, State: req.State}
	if _, err := crane(ctx, req.State.Registries, "manifest", req.State.Ref); err != nil {
		if strings.Contains(err.Error(), "MANIFEST_UNKNOWN") {
			response.ID = ""
			return response, nil
		}
		p.GetLogger(ctx).Warning("unable to verify image tags, leaving state unchanged: " + err.Error())
	}
	return response, nil
}

func push(ctx context.Context, args ImageArgs, dryRun bool) (ImageState, error) {
	state := ImageState{ImageArgs: args}
	_, hash, err := pack(args.Context.Location)
	if err != nil || dryRun {
		return state, err
	}
	state.ContextHash = hash
	for _, tag := range args.Tags {
		if state.Ref, err = pushFolder(ctx, args.Context.Location, tag, args.Registries...); err != nil {
			return state, err
		}
		_, state.Digest, _ = strings.Cut(state.Ref, "@")
	}
	return state, nil
}

// pushFolder pushes an image with the files of a folder, and returns its name with its digest.
func pushFolder(ctx context.Context, folder, tag string, logins ...Registry) (string, error) {
	layer, _, err := pack(folder)
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp("", "*.tar")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(layer)
	if err := errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	printed, err := crane(ctx, logins, "append", "--new_layer", file.Name(), "--new_tag", tag)
	return strings.TrimSpace(printed), err
}

// pack returns an archive of a folder, and its hash.
func pack(folder string) (archive []byte, hash string, err error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // The example names the folder.
		if err != nil {
			return err
		}
		if err := writer.WriteHeader(&tar.Header{Name: entry.Name(), Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err = writer.Write(content)
		return err
	})
	if err == nil {
		err = writer.Close()
	}
	return packed.Bytes(), fmt.Sprintf("%x", sha256.Sum256(packed.Bytes())), err
}

// crane runs the client of the registry with some logins.
func crane(ctx context.Context, logins []Registry, arguments ...string) (string, error) {
	auths := map[string]any{}
	for _, login := range logins {
		auths[login.Address] = map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(*login.Username + ":" + *login.Password))}
	}
	config, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := os.WriteFile(filepath.Join(folder, "config.json"), config, 0o600); err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, "crane", arguments...) //nolint:gosec // The stand-in says what to run.
	command.Env = append(os.Environ(), "DOCKER_CONFIG="+folder)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("crane %s: %w\n%s", arguments[0], err, &stderr)
	}
	return stdout.String(), nil
}
