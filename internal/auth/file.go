package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// misplacedError is the kind of secret that was given instead of the path of a file that holds it.
type misplacedError string

// what says what is wrong, without the remedy.
func (e misplacedError) what() string {
	return "holds " + string(e) + " itself, not the path of a file"
}

// Error says what is wrong and what to do, and quotes nothing.
func (e misplacedError) Error() string { return e.what() + ": write it to a file, and give its path" }

// readFile reads a file that somebody has named. Its errors show no more of the path than may be shown.
func readFile(path outside.Text) ([]byte, error) {
	if startsAtHome(path) {
		return nil, fmt.Errorf("%s could not be read: ~ stands for the home directory, and there is no home directory: "+
			"set the environment variable HOME, or give the whole path", path)
	}
	content, err := os.ReadFile(string(path))
	if err == nil {
		return content, nil
	}
	// A path may look like a secret, and be one all the same.
	if kind := path.Secret(); kind != "" {
		return nil, misplacedError(kind)
	}
	if failure := (*fs.PathError)(nil); errors.As(err, &failure) {
		return nil, fmt.Errorf("%s could not be read: %w", path, failure.Err)
	}
	return nil, fmt.Errorf("%s could not be read", path)
}
