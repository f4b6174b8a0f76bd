package tests

import (
	"context"
	"errors"
	"fmt"
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
)

// These tests are about what only users of identity domains have: a URL, tokens that expire, and rights to their own tokens. What all
// users have in common is tested with both APIs: see forEachAPI.

var sales = api{name: "identity domain", domain: "sales"}

// tokenUntil returns a program with one AuthToken named "token" that expires.
func (w *world) tokenUntil(expires string) program {
	return func(m *deploytest.ResourceMonitor) error {
		inputs := w.inputs(w.user, "ci")
		inputs["timeExpires"] = resource.NewProperty(expires)
		_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
		return err
	}
}

// in returns the time that is d from now, in the format of RFC 3339.
func (w *world) in(d time.Duration) string { return w.clock.Now().Add(d).UTC().Format(time.RFC3339) }

func TestDomainURLMovesATokenToTheDomainOfItsUser(t *testing.T) {
	t.Parallel()
	s := newStackIn(newWorldWith(t, emulator.Config{Users: []string{"admin", "carol"}, Domains: []string{"sales"}}))
	s.user = s.oci.Users()[1].ID
	s.mustUp(s.tokenAndLogin(s.user, "ci"))
	before := s.value("token")

	require.True(t, s.oci.MoveUser(s.user, "sales"))
	s.domainURL = s.oci.Domains()[0].URL
	s.oci.ResetJournal()
	require.NoError(t, s.preview(s.tokenAndLogin(s.user, "ci")))
	assert.Equal(t, display.ResourceChanges{"replace": 1, "update": 1}, s.changes())
	assert.Zero(t, s.writes())

	s.mustUp(s.tokenAndLogin(s.user, "ci"))
	assert.Equal(t, display.ResourceChanges{"replace": 1, "update": 1}, s.changes())
	after := s.value("token")
	assert.Equal(t, s.onlyToken().Value, after, "the old token is revoked where its user is now")
	assert.Equal(t, []string{before, after}, s.consumer.received)
	require.NoError(t, s.destroy())
	assert.Empty(t, s.tokens())
}

func TestATokenThatExpires(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	expires := s.in(90 * 24 * time.Hour)
	s.mustUp(s.tokenUntil(expires))
	assert.Equal(t, expires, s.onlyToken().TimeExpires.Format(time.RFC3339))
	assert.Equal(t, expires, s.token("token").Outputs["timeExpires"].StringValue(), "in the words of the program")
	assert.True(t, s.oci.Authenticate(s.user, s.value("token")))

	before := s.checkpointOf("token")
	require.NoError(t, s.refresh())
	assert.Equal(t, before, s.checkpointOf("token"))
	require.NoError(t, s.preview(s.tokenUntil(expires)))
	assert.Empty(t, s.changes())
	assert.NotContains(t, s.diagnostics(), "warning")

	later := s.in(180 * 24 * time.Hour)
	require.NoError(t, s.preview(s.tokenUntil(later)))
	assert.Equal(t, display.ResourceChanges{"replace": 1}, s.changes())
	s.mustUp(s.tokenUntil(later))
	assert.Equal(t, later, s.onlyToken().TimeExpires.Format(time.RFC3339))
	require.NoError(t, s.preview(s.oneToken(s.user, "ci")))
	assert.Equal(t, display.ResourceChanges{"replace": 1}, s.changes(), "a token that never expires is another one")
}

func TestPreviewAndUpWarnBeforeATokenExpiresAndWorkAfterwards(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	expires := s.in(90 * 24 * time.Hour)
	s.mustUp(s.tokenUntil(expires))
	for day, said := range map[int]string{80: "", 82: "in 7 days", 89: "in 23 hours", 91: "token expired at"} {
		s.clock.advance(time.Duration(day)*24*time.Hour + time.Minute)
		require.NoError(t, s.preview(s.tokenUntil(expires)))
		assert.Empty(t, s.changes())
		if said == "" {
			assert.NotContains(t, s.diagnostics(), "warning")
		} else {
			assert.Contains(t, s.diagnostics(), said)
			assert.Contains(t, s.diagnostics(), "set timeExpires to a later date")
			s.mustUp(s.tokenUntil(expires))
			assert.Contains(t, s.diagnostics(), said)
		}
		s.clock.advance(-time.Duration(day)*24*time.Hour - time.Minute)
	}
}

func TestAnInvalidDateIsAnErrorOnThatProperty(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	for date, complaint := range map[string]string{
		s.in(-time.Second): "has passed", "soon": "RFC 3339", "": "RFC 3339", "2999-01-01": "RFC 3339",
	} {
		require.Error(t, s.preview(s.tokenUntil(date)), date)
		assert.Contains(t, s.diagnostics(), "timeExpires", date)
		assert.Contains(t, s.diagnostics(), complaint, date)
	}
	s.domainURL = ""
	require.Error(t, s.preview(s.tokenUntil(s.in(time.Hour))))
	assert.Contains(t, s.diagnostics(), "timeExpires")
	assert.Contains(t, s.diagnostics(), "set domainUrl")
	assert.Empty(t, s.oci.Journal(), "no call at all")
}

func TestDomainURLs(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	const url = "https://idcs-0a.identity.oraclecloud.com"
	for given, want := range map[string]string{
		url: url, url + ":443": url, url + "/": url, "https://IDCS-0a.identity.oraclecloud.com:443/": url, "http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"": "", "idcs-0a": "", "sales": "", url + "/ui/v1/adminconsole": "", "http://idcs-0a.identity.oraclecloud.com": "", url + "?a": "",
		"https://me:pa55word@idcs-0a.identity.oraclecloud.com": "",
	} {
		checked, err := w.plugin.Check(context.Background(), &pulumirpc.CheckRequest{
			Urn: tokenURN, News: properties(t, map[string]any{"userId": w.user, "description": "ci", "domainUrl": given}),
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

func TestImportOfATokenOfADomain(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]func(emulator.Token) string{
		"OCID": func(token emulator.Token) string { return token.ID }, "SCIM id": func(token emulator.Token) string { return token.SCIMID },
	} {
		w := sales.newWire(t)
		live := w.oci.AddToken(w.user, "by hand")
		expires := w.clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
		w.oci.EditToken(w.user, live.ID, func(token *emulator.Token) { token.TimeExpires = &expires })
		read, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: w.domainURL + "/users/" + w.user + "/authTokens/" + id(live), Urn: tokenURN,
		})
		require.NoError(t, err, name)
		assert.Equal(t, live.ID, read.Id, name)
		assert.NotContains(t, read.Properties.Fields, "token", name)
		inputs := unmarshalled(t, read.Inputs)
		assert.Equal(t, w.domainURL, inputs["domainUrl"].StringValue(), name)
		assert.Equal(t, expires.Format("2006-01-02T15:04:05.000Z"), inputs["timeExpires"].StringValue(), name)
		diff, err := w.plugin.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: read.Id, Urn: tokenURN, Olds: read.Properties, OldInputs: read.Inputs, News: read.Inputs,
		})
		require.NoError(t, err, name)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, diff.Changes, name)

		w.oci.DeleteToken(w.user, live.ID)
		_, err = w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: w.domainURL + "/users/" + w.user + "/authTokens/" + id(live), Urn: tokenURN,
		})
		require.ErrorContains(t, err, "has no auth token", name)
	}
}

func TestATokenMissingFromADomainsListIsReadByItsID(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	before := s.checkpointOf("token")
	s.oci.HideFromLists(s.user, s.onlyToken().ID, 1000)
	s.clock.advance(24 * time.Hour)
	require.NoError(t, s.refresh())
	assert.Equal(t, before, s.checkpointOf("token"))
	s.oci.DeleteToken(s.user, s.onlyToken().ID)
	require.NoError(t, s.refresh())
	assert.Nil(t, s.token("token"))
}

func TestEveryPageOfADomainsListIsRead(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	for i := range 120 {
		s.oci.AddToken(s.user, fmt.Sprint(i))
	}
	last := s.tokens()[120]
	s.mustUp(func(m *deploytest.ResourceMonitor) error {
		_, _, err := m.ReadResource(authTokenType, "last", resource.ID(s.importID(last.ID)), "", resource.PropertyMap{}, "", "", "", nil, "", "")
		return errors.Join(err, s.oneToken(s.user, "ci")(m))
	})
	assert.Equal(t, "119", s.token("last").Outputs["description"].StringValue())
	assert.Equal(t, 3, s.calls("ListAuthTokens"))

	s.oci.Inject(emulator.Fault{Operation: "ListAuthTokens", Skip: 1, Body: strings.Replace(s.noTokens(), `"totalResults": 0`, `"totalResults": 121`, 1)})
	s.parallel = 1 // the engine has a data race when two resources fail at once (pkg/engine/update.go, OnResourceStepPost)
	require.Error(t, s.refresh(), "a list with a page that is missing is no list")
}

func TestAUserOfADomainManagesTheirOwnTokensAndNoOthers(t *testing.T) {
	t.Parallel()
	for name, signIn := range map[string]func(*testStack){
		"API key": func(s *testStack) {
			creds, err := s.oci.NewCredentials(s.user)
			require.NoError(t, err)
			s.creds = creds
			s.env["OCI_USER_OCID"], s.env["OCI_FINGERPRINT"], s.env["OCI_PRIVATE_KEY"] = creds.UserID, creds.Fingerprint, creds.PrivateKeyPEM
		},
		"session": func(s *testStack) {
			s.env = map[string]string{}
			s.configFile(s.sessionProfile(s.openSession(time.Now().Add(time.Hour), "")))
			s.config["auth"], s.config["configFileProfile"] = "SecurityToken", "WORK"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sales.newStack(t)
			signIn(s)
			s.mustUp(s.oneToken(s.user, "ci"))
			s.mustUp(s.oneToken(s.user, "new"))
			assert.Equal(t, "new", s.onlyToken().Description)
			require.NoError(t, s.refresh())
			other := s.addUser("other")
			require.Error(t, s.up(s.oneToken(other, "ci")))
			for _, part := range []string{"401 error.common.common.accessDenied", "Identity Domain Administrator", "manage domains in tenancy"} {
				assert.Contains(t, s.diagnostics(), part)
			}
			assert.NotContains(t, s.diagnostics(), "clock", "nothing is wrong with the signature")
			require.NoError(t, s.destroy())
			assert.Empty(t, s.tokens())
		})
	}
}

func TestABadSignatureIsDistinguishedFromMissingRightsInADomain(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	s.oci.RemoveAPIKey(s.creds.UserID, s.creds.Fingerprint)
	require.Error(t, s.up(s.oneToken(s.user, "ci")))
	assert.Contains(t, s.diagnostics(), "clock is right")
	assert.NotContains(t, s.diagnostics(), "Identity Domain Administrator")
}

func TestACreationForAUserOfADomainSaysWhichOne(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	url := s.domainURL
	s.domainURL = ""
	require.Error(t, s.up(s.oneToken(s.user, "ci")))
	assert.Contains(t, s.diagnostics(), `The user is in the identity domain "sales": set domainUrl to `+url)
	assert.Equal(t, 1, s.calls("CreateAuthToken"), "it is not waited for")
	assert.Equal(t, 1, s.calls("ListDomains"))
	assert.Equal(t, 1, s.calls("ListUsers"))

	// A caller who may not list the domains is told how to find out.
	s.oci.Inject(emulator.Fault{Operation: "ListDomains", Status: 404, Code: "NotAuthorizedOrNotFound"})
	require.Error(t, s.up(s.oneToken(s.user, "ci")))
	assert.Contains(t, s.diagnostics(), "set domainUrl: copy")
	assert.Contains(t, s.diagnostics(), "oci iam domain list")
	assert.Equal(t, 2, s.calls("ListDomains"), "once each time")
}

func TestAFieldThatADomainDoesNotReturnStaysEmpty(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	assert.Empty(t, s.token("token").Outputs["state"].StringValue())
	assert.Equal(t, 0, s.calls("ListAuthTokens"), "there is nothing to wait for")
	s.oci.Inject(emulator.Fault{Operation: "ListAuthTokens", Set: map[string]any{"status": "INACTIVE"}, Times: 1})
	require.NoError(t, s.refresh())
	assert.Equal(t, "INACTIVE", s.token("token").Outputs["state"].StringValue(), "if it does tell it, it is told")
}
