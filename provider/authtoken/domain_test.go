package authtoken_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// These tests are about what only users of identity domains have: a URL, tokens that expire, and rights to their own tokens. What all
// users have in common is tested with both APIs: see harness.ForEachAPI.

// tokenUntil returns a program with one AuthToken named "token" that expires.
func tokenUntil(w *harness.World, expires string) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) error {
		inputs := w.Inputs(w.User, "ci")
		inputs["timeExpires"] = resource.NewProperty(expires)
		_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
		return err
	}
}

// in returns the time that is d from now, in the format of RFC 3339.
func in(w *harness.World, d time.Duration) string {
	return w.Clock.Now().Add(d).UTC().Format(time.RFC3339)
}

func TestDomainURLMovesATokenToTheDomainOfItsUser(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{Users: []string{"admin", "carol"}, Domains: []string{"sales"}}))
	s.User = s.OCI.Users()[1].ID
	s.MustUp(s.TokenAndLogin(s.User, "ci"))
	before := s.Value("token")

	require.True(t, s.OCI.MoveUser(s.User, "sales"))
	s.DomainURL = s.OCI.Domains()[0].URL
	s.OCI.ResetJournal()
	require.NoError(t, s.Preview(s.TokenAndLogin(s.User, "ci")))
	assert.Equal(t, display.ResourceChanges{"replace": 1, "update": 1}, s.Changes())
	assert.Zero(t, s.Writes())

	s.MustUp(s.TokenAndLogin(s.User, "ci"))
	assert.Equal(t, display.ResourceChanges{"replace": 1, "update": 1}, s.Changes())
	after := s.Value("token")
	assert.Equal(t, s.OnlyToken().Value, after, "the old token is revoked where its user is now")
	assert.Equal(t, []string{before, after}, s.Consumer.Received)
	require.NoError(t, s.Destroy())
	assert.Empty(t, s.Tokens())
}

func TestATokenThatExpires(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	expires := in(s.World, 90*24*time.Hour)
	s.MustUp(tokenUntil(s.World, expires))
	assert.Equal(t, expires, s.OnlyToken().TimeExpires.Format(time.RFC3339))
	assert.Equal(t, expires, s.Token("token").Outputs["timeExpires"].StringValue(), "in the words of the program")
	assert.True(t, s.OCI.Authenticate(s.User, s.Value("token")))

	before := s.CheckpointOf("token")
	require.NoError(t, s.Refresh())
	assert.Equal(t, before, s.CheckpointOf("token"))
	require.NoError(t, s.Preview(tokenUntil(s.World, expires)))
	assert.Empty(t, s.Changes())
	assert.NotContains(t, s.Diagnostics(), "warning")

	later := in(s.World, 180*24*time.Hour)
	require.NoError(t, s.Preview(tokenUntil(s.World, later)))
	assert.Equal(t, display.ResourceChanges{"replace": 1}, s.Changes())
	s.MustUp(tokenUntil(s.World, later))
	assert.Equal(t, later, s.OnlyToken().TimeExpires.Format(time.RFC3339))
	require.NoError(t, s.Preview(s.OneToken(s.User, "ci")))
	assert.Equal(t, display.ResourceChanges{"replace": 1}, s.Changes(), "a token that never expires is another one")
}

func TestPreviewAndUpWarnBeforeATokenExpiresAndWorkAfterwards(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	expires := in(s.World, 90*24*time.Hour)
	s.MustUp(tokenUntil(s.World, expires))
	for day, said := range map[int]string{80: "", 82: "in 7 days", 89: "in 23 hours", 91: "token expired at"} {
		s.Clock.Advance(time.Duration(day)*24*time.Hour + time.Minute)
		require.NoError(t, s.Preview(tokenUntil(s.World, expires)))
		assert.Empty(t, s.Changes())
		if said == "" {
			assert.NotContains(t, s.Diagnostics(), "warning")
		} else {
			assert.Contains(t, s.Diagnostics(), said)
			assert.Contains(t, s.Diagnostics(), "set timeExpires to a later date")
			s.MustUp(tokenUntil(s.World, expires))
			assert.Contains(t, s.Diagnostics(), said)
		}
		s.Clock.Advance(-time.Duration(day)*24*time.Hour - time.Minute)
	}
}

func TestAnInvalidDateIsAnErrorOnThatProperty(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	for date, complaint := range map[string]string{
		in(s.World, -time.Second): "has passed", "soon": "RFC 3339", "": "RFC 3339", "2999-01-01": "RFC 3339",
	} {
		require.Error(t, s.Preview(tokenUntil(s.World, date)), date)
		assert.Contains(t, s.Diagnostics(), "timeExpires", date)
		assert.Contains(t, s.Diagnostics(), complaint, date)
	}
	s.DomainURL = ""
	require.Error(t, s.Preview(tokenUntil(s.World, in(s.World, time.Hour))))
	assert.Contains(t, s.Diagnostics(), "timeExpires")
	assert.Contains(t, s.Diagnostics(), "set domainUrl")
	assert.Empty(t, s.OCI.Journal(), "no call at all")
}

func TestDomainURLs(t *testing.T) {
	t.Parallel()
	w := inprocess.NewPlugin(harness.NewWorld(t))
	const url = "https://idcs-0a.identity.oraclecloud.com"
	for given, want := range map[string]string{
		url: url, url + ":443": url, url + "/": url, "https://IDCS-0a.identity.oraclecloud.com:443/": url, "http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"": "", "idcs-0a": "", "sales": "", url + "/ui/v1/adminconsole": "", "http://idcs-0a.identity.oraclecloud.com": "", url + "?a": "",
		"https://me:pa55word@idcs-0a.identity.oraclecloud.com": "",
	} {
		checked, err := w.Client.Check(context.Background(), &pulumirpc.CheckRequest{
			Urn: harness.TokenURN, News: harness.Properties(t, map[string]any{"userId": w.User, "description": "ci", "domainUrl": given}),
		})
		require.NoError(t, err)
		if want == "" {
			require.Len(t, checked.Failures, 1, given)
			assert.Empty(t, checked.Failures[0].Property)
			assert.True(t, strings.HasPrefix(checked.Failures[0].Reason, "domainUrl: "), checked.Failures[0].Reason)
			assert.NotContains(t, checked.Failures[0].Reason, "pa55word")
			continue
		}
		assert.Empty(t, checked.Failures, given)
		assert.Equal(t, want, checked.Inputs.Fields["domainUrl"].GetStringValue(), given)
	}
}

func TestACreationForAUserOfADomainSaysWhichOne(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	url := s.DomainURL
	s.DomainURL = ""
	require.Error(t, s.Up(s.OneToken(s.User, "ci")))
	assert.Contains(t, s.Diagnostics(), `The user is in the identity domain "sales": set domainUrl to `+url)
	assert.Equal(t, 1, s.Calls("CreateAuthToken"), "it is not waited for")
	assert.Equal(t, 1, s.Calls("ListDomains"))
	assert.Equal(t, 1, s.Calls("ListUsers"))

	// A caller who may not list the domains is told how to find out.
	s.OCI.Inject(emulator.Fault{Operation: "ListDomains", Status: 404, Code: "NotAuthorizedOrNotFound"})
	require.Error(t, s.Up(s.OneToken(s.User, "ci")))
	assert.Contains(t, s.Diagnostics(), "set domainUrl: copy")
	assert.Contains(t, s.Diagnostics(), "oci iam domain list")
	assert.Equal(t, 2, s.Calls("ListDomains"), "once each time")
}

func TestAFieldThatADomainDoesNotReturnStaysEmpty(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	assert.Empty(t, s.Token("token").Outputs["state"].StringValue())
	assert.Equal(t, 0, s.Calls("ListAuthTokens"), "there is nothing to wait for")
	s.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Set: map[string]any{"status": "INACTIVE"}, Times: 1})
	require.NoError(t, s.Refresh())
	assert.Equal(t, "INACTIVE", s.Token("token").Outputs["state"].StringValue(), "if it does tell it, it is told")
}
