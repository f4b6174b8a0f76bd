package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

// The kinds of failures of a try.
var (
	// errRefused: the registry does not accept this user name with this password.
	errRefused = errors.New("refused")
	// errUnreached: there was no answer.
	errUnreached = errors.New("unreached")
	// errUnusable: the server is not a registry that the password may be sent to.
	errUnusable = errors.New("unusable")
)

// failure is an error of one of these kinds. The kind is not part of its text.
type failure struct {
	kind error
	text string
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return target == f.kind }

func failed(kind error, format string, args ...any) error {
	return &failure{kind, fmt.Sprintf(format, args...)}
}

// Client logs in to a registry, and asks OCI for what a login needs. It is safe for concurrent use.
type Client struct {
	http  *http.Client
	calls *oci.Client
	known *known
}

// NewClient returns a client. It logs in with the given one for HTTP, which must not follow redirects.
func NewClient(client *http.Client, calls *oci.Client) *Client {
	return &Client{client, calls, &known{}}
}

// Try logs in once, as "docker login" does: https://distribution.github.io/distribution/spec/auth/token/. It returns nil if
// the registry accepts the login. No error contains the password.
func (c *Client) Try(ctx context.Context, login Login) error {
	door := (&url.URL{Scheme: scheme(login.Server), Host: login.Server, Path: "/v2/"}).String()
	answer, err := c.get(ctx, door, nil)
	if err != nil {
		return err
	}
	if answer.status != http.StatusUnauthorized {
		return unexpected(answer, door)
	}
	realm, service, err := challenge(answer.header, login.Server)
	if err != nil {
		return err
	}

	query := realm.Query()
	query.Set("service", service)
	query.Set("account", login.Username)
	realm.RawQuery = query.Encode()
	answer, err = c.get(ctx, realm.String(), func(r *http.Request) { r.SetBasicAuth(login.Username, string(login.Password)) })
	if err != nil {
		return err
	}
	switch answer.status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return failed(errRefused, "it answers %d %s", answer.status, http.StatusText(answer.status))
	default:
		return unexpected(answer, login.Server)
	}
	var said struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(answer.body, &said) != nil || said.Token+said.AccessToken == "" {
		return failed(errUnreached, "the answer of the registry %s to the login could not be read", login.Server)
	}
	if said.Token == "" {
		said.Token = said.AccessToken
	}

	answer, err = c.get(ctx, door, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+said.Token) })
	switch {
	case err != nil:
		return err
	case answer.status == http.StatusUnauthorized, answer.status == http.StatusForbidden:
		return failed(errRefused, "it accepts the password, and refuses the token that it gives in return with %d %s", answer.status, http.StatusText(answer.status))
	case answer.status != http.StatusOK:
		return unexpected(answer, door)
	}
	return nil
}

// unexpected returns the error for an answer that a registry does not give. If it is a fault of the service, a later try may succeed.
func unexpected(a *answer, where string) error {
	if a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests {
		return failed(errUnreached, "%s answers %d %s", where, a.status, http.StatusText(a.status))
	}
	return failed(errUnusable, "%s answers %d %s to the login, unlike the OCI container registry", where, a.status, http.StatusText(a.status))
}

var (
	bearer    = regexp.MustCompile(`(?i)^\s*bearer\s+(.*)$`)
	parameter = regexp.MustCompile(`([a-zA-Z_]+)="([^"]*)"`)
)

// challenge returns the address to send the user name and the password to. It has to be on the same host, with the same scheme.
func challenge(header http.Header, server string) (realm *url.URL, service string, err error) {
	for _, value := range header.Values("WWW-Authenticate") {
		match := bearer.FindStringSubmatch(value)
		if match == nil {
			continue
		}
		parameters := map[string]string{}
		for _, pair := range parameter.FindAllStringSubmatch(match[1], -1) {
			parameters[strings.ToLower(pair[1])] = pair[2]
		}
		realm, err := url.Parse(parameters["realm"])
		if err != nil || realm.Scheme != scheme(server) || realm.User != nil || !strings.EqualFold(realm.Hostname(), hostname(server)) {
			return nil, "", failed(errUnusable, "the registry %s asks for the password to be sent to %s, which has another host or scheme: "+
				"it was not sent", server, safetext.URL(parameters["realm"]))
		}
		return realm, parameters["service"], nil
	}
	return nil, "", failed(errUnusable, "%s does not ask for a login in the way of the OCI container registry", server)
}

// answer is the answer to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *Client) get(ctx context.Context, address string, prepare func(*http.Request)) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, failed(errUnusable, "%q cannot be asked", safetext.URL(address))
	}
	if prepare != nil {
		prepare(request)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, unanswered(request.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, failed(errUnusable, "%s answers the login with more than %d bytes, unlike the OCI container registry",
			request.URL.Host, long.Limit)
	case err != nil && ctx.Err() != nil:
		return nil, unanswered(request.URL.Host, ctx.Err())
	case err != nil:
		return nil, failed(errUnreached, "the registry %s closed the connection in the middle of its answer", request.URL.Host)
	}
	return &answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// unanswered returns the error for a request without an answer.
func unanswered(server string, err error) error {
	kind, happened := errUnreached, "the registry "+server+" cannot be reached: "
	var transport *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &transport) && transport.Timeout():
		happened = "the registry " + server + " has not answered in time"
	case transport != nil:
		happened += safetext.Sentence(transport.Err.Error()) // without the address, which is said already
	default:
		happened += safetext.Sentence(err.Error())
	}
	if web.IsCertificateError(err) {
		kind = errUnusable
	}
	if advice := web.Advice(err); advice != "" {
		happened += ". " + advice
	}
	return failed(kind, "%s", happened)
}

// scheme is https, except at loopback addresses, where no one else listens.
func scheme(server string) string {
	host := hostname(server)
	if hosts.IsLoopback(host) {
		return "http"
	}
	return "https"
}

func hostname(server string) string { return (&url.URL{Host: server}).Hostname() }
