package auth

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// longestFile limits how many bytes are read, because some files have no end.
const longestFile = 1 << 20

// readFile reads a file whose path somebody has typed. Its errors show no more of the path than may be shown.
func readFile(path safetext.Text) ([]byte, error) {
	if startsAtHome(path) {
		return nil, fmt.Errorf("%s could not be read: ~ stands for the home directory, and there is no home directory: "+
			"set the environment variable HOME, or give the whole path", path)
	}
	var content []byte
	file, err := os.Open(string(path))
	if err == nil {
		defer func() { _ = file.Close() }()
		content, err = io.ReadAll(io.LimitReader(file, longestFile+1))
	}
	// A valid path may look like a secret too. This one could not be read, so it probably is a secret.
	if kind := path.Secret(); err != nil && kind != "" {
		return nil, fmt.Errorf("holds %s itself, not the path of a file: write it to a file, and give its path", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("%s could not be read: %w", path, errors.Unwrap(err)) // without the path, which it contains
	}
	if len(content) > longestFile {
		return nil, fmt.Errorf("%s is longer than %d bytes, too long for a key, a token or a configuration file", path, longestFile)
	}
	// PowerShell and Windows' editors begin files with a byte order mark, and may write them in UTF-16.
	content, _, err = transform.Bytes(unicode.BOMOverride(encoding.Nop.NewDecoder()), content)
	return content, err
}
