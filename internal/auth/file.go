package auth

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// misplacedError says that a secret was given where the path of a file is expected. It is the kind of secret.
type misplacedError string

// what returns what is wrong, without the remedy.
func (e misplacedError) what() string {
	return "holds " + string(e) + " itself, not the path of a file"
}

// Error returns what is wrong and how to put it right. It quotes nothing.
func (e misplacedError) Error() string { return e.what() + ": write it to a file, and give its path" }

// longestFile limits how many bytes are read, because some files have no end.
const longestFile = 1 << 20

// readFile reads a file whose path somebody has typed. Its errors show no more of the path than may be shown.
func readFile(path outside.Text) ([]byte, error) {
	if startsAtHome(path) {
		return nil, fmt.Errorf("%s could not be read: ~ stands for the home directory, and there is no home directory: "+
			"set the environment variable HOME, or give the whole path", path)
	}
	content, err := readUpTo(longestFile, string(path))
	if err == nil && len(content) > longestFile {
		return nil, fmt.Errorf("%s is longer than %d bytes, too long for a key, a token or a configuration file", path, longestFile)
	}
	if err == nil {
		// PowerShell and Windows' editors begin files with a byte order mark, and may write them in UTF-16.
		content, _, err = transform.Bytes(unicode.BOMOverride(encoding.Nop.NewDecoder()), content)
		return content, err
	}
	// A valid path may look like a secret too. This one could not be read, so it probably is a secret.
	if kind := path.Secret(); kind != "" {
		return nil, misplacedError(kind)
	}
	if failure := (*fs.PathError)(nil); errors.As(err, &failure) {
		return nil, fmt.Errorf("%s could not be read: %w", path, failure.Err)
	}
	return nil, fmt.Errorf("%s could not be read", path)
}

// readUpTo reads a file, but stops one byte after the limit.
func readUpTo(limit int64, path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the person who configures the provider names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, limit+1))
}
