package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// output collects what the command prints while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs the command until the test ends, and returns what it wrote into its ready file.
func start(t *testing.T, args ...string) (access, *output, func() error) {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	listening := watch(t, ready)
	ctx, cancel := context.WithCancel(context.Background())
	var printed output
	done := make(chan error, 1)
	go func() { done <- run(ctx, append(args, "-ready-file", ready), &printed, &printed) }()
	stop := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })

	var a access
	require.NoError(t, json.Unmarshal(listening(done), &a))
	return a, &printed, stop
}

// watch returns a function that waits for a file to appear, or for the command to end.
func watch(t *testing.T, path string) func(done chan error) []byte {
	return func(done chan error) []byte {
		t.Helper()
		for {
			select {
			case err := <-done:
				require.NoError(t, err)
				t.Fatal("the command ended before it listened")
			default:
			}
			if content, err := os.ReadFile(path); err == nil {
				return content
			}
		}
	}
}

func TestCommandServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	a, printed, stop := start(t, "-users", "alice,bob", "-regions", "us-ashburn-1,us-phoenix-1",
		"-fault", `{"operation": "CreateAuthToken", "status": 500}`)
	assert.Len(t, a.Users, 2)
	assert.Equal(t, "us-ashburn-1", a.Region)

	config, err := os.ReadFile(a.ConfigFile)
	require.NoError(t, err)
	for _, line := range []string{
		"[DEFAULT]", "user=" + a.Users[0], "tenancy=" + a.TenancyID, "fingerprint=" + a.Fingerprint, "key_file=" + a.KeyFile,
	} {
		assert.Contains(t, string(config), line)
	}
	for _, file := range []string{a.ConfigFile, a.KeyFile} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode())
	}
	response, err := http.Get(a.Endpoint + "/_emulator/faults")
	require.NoError(t, err)
	faults, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.JSONEq(t, `[{"operation": "CreateAuthToken", "status": 500}]`, string(faults))
	response, err = http.Get(a.Endpoint + "/20160918/users/x/authTokens")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)

	require.NoError(t, stop())
	for _, part := range []string{a.Endpoint, "OCI_CLI_CONFIG_FILE=" + a.ConfigFile, "auth-token list", "GET", "401", "stopped"} {
		assert.Contains(t, printed.String(), part)
	}
	assert.NoDirExists(t, filepath.Dir(a.ConfigFile), "the command removes its temporary folder")
}

func TestCommandServesDomains(t *testing.T) {
	t.Parallel()
	a, printed, stop := start(t, "-domains", "sales,ops")
	require.Len(t, a.Domains, 2)
	assert.Len(t, a.Users, 1, "the users of domains are listed with their domains")
	for i, name := range []string{"sales", "ops"} {
		assert.Equal(t, name, a.Domains[i].Name)
		require.Len(t, a.Domains[i].Users, 1)
		response, err := http.Get(a.Domains[i].URL + "/admin/v1/AuthTokens")
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
		assert.Contains(t, string(answer), "urn:ietf:params:scim:api:messages:2.0:Error")
	}
	require.NoError(t, stop())
	assert.Contains(t, printed.String(), "The identity domain sales is at "+a.Domains[0].URL)
	_, err := http.Get(a.Domains[0].URL) //nolint:bodyclose // There is no response.
	require.Error(t, err, "the domain stops with the command")
}

func TestCommandAcceptsAKeyAndAFolder(t *testing.T) {
	t.Parallel()
	first, _, _ := start(t)
	dir := filepath.Join(t.TempDir(), "oci")
	second, _, stop := start(t, "-key", first.KeyFile, "-dir", dir)
	assert.Equal(t, first.Fingerprint, second.Fingerprint)
	require.NoError(t, stop())
	assert.FileExists(t, filepath.Join(dir, "config"), "a folder given with -dir stays")
}

func TestCommandReportsInvalidFlags(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	notAKey := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(notAKey, []byte("hello"), 0o600))

	for complaint, args := range map[string][]string{
		"already listens on":          {"-listen", listener.Addr().String()},
		"is not a loopback address":   {"-listen", "0.0.0.0:0"},
		"is not an address such as":   {"-listen", "8080"},
		"no such file":                {"-key", filepath.Join(t.TempDir(), "missing.pem")},
		"is not in PEM format":        {"-key", notAKey},
		"unknown region \"mars\"":     {"-regions", "mars"},
		"-dir":                        {"-dir", notAKey},
		"the ready file":              {"-ready-file", filepath.Join(t.TempDir(), "no", "such", "folder")},
		"\"mars\" is not one of":      {"-list-lag", "mars=3s"},
		"a region and a duration":     {"-list-lag", "us-phoenix-1=soon"},
		"LimitCode":                   {"-limit-code", "x"},
		"another identity domain":     {"-domains", "a,a"},
		"takes only flags":            {"start"},
		"not defined: -nonsense":      {"-nonsense"},
		"this is not a fault":         {"-fault", "{"},
		"unknown operation \"Fetch\"": {"-fault", `{"operation": "Fetch"}`},
	} {
		var printed bytes.Buffer
		err := run(context.Background(), args, io.Discard, &printed)
		require.Error(t, err, complaint)
		assert.Contains(t, printed.String()+err.Error(), complaint)
		usage := strings.Contains(complaint, "flags") || strings.Contains(complaint, "defined") || strings.Contains(args[0], "fault") ||
			strings.Contains(complaint, "duration")
		assert.Equal(t, usage, errors.Is(err, errUsage), complaint)
	}
}

// TestThePageListsEveryFlag compares the table in docs/guides/emulator.md with the flags.
func TestThePageListsEveryFlag(t *testing.T) {
	page, err := os.ReadFile("../../docs/guides/emulator.md")
	require.NoError(t, err)
	var listed, known []string
	for _, row := range regexp.MustCompile("(?m)^\\| `-.*? \\|").FindAllString(string(page), -1) {
		for _, match := range regexp.MustCompile("`(-[a-z-]+)").FindAllStringSubmatch(row, -1) {
			listed = append(listed, match[1])
		}
	}
	var help bytes.Buffer
	_, err = parse([]string{"-help"}, &help)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, match := range regexp.MustCompile(`(?m)^  (-[a-z-]+)`).FindAllStringSubmatch(help.String(), -1) {
		known = append(known, match[1])
	}
	assert.ElementsMatch(t, known, listed)
}
