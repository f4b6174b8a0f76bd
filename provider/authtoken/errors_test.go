package authtoken_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

func TestErrorsSayWhatWasTriedWhatOCISaidAndWhatToDo(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, test := range map[string]struct {
			fault  emulator.Fault
			remedy string
		}{
			"InvalidParameter":        {emulator.Fault{Status: 400, Code: "InvalidParameter"}, "not what OCI expects"},
			"MissingParameter":        {emulator.Fault{Status: 400, Code: "MissingParameter"}, "not what OCI expects"},
			"CannotParseRequest":      {emulator.Fault{Status: 400, Code: "CannotParseRequest"}, "not what OCI expects"},
			"LimitExceeded":           {emulator.Fault{Status: 400, Code: "LimitExceeded"}, "at most two auth tokens"},
			"NotAuthenticated":        {emulator.Fault{Status: 401, Code: "NotAuthenticated"}, "clock"},
			"NotAllowed":              {emulator.Fault{Status: 403, Code: "NotAllowed"}, "home region"},
			"NotAuthorizedOrNotFound": {emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound"}, "missing or forbidden"},
			"UserCapacityExceeded":    {emulator.Fault{Status: 409, Code: "UserCapacityExceeded"}, "at most two auth tokens"},
			"IncorrectState":          {emulator.Fault{Status: 409, Code: "IncorrectState"}, "try again later"},
			"TooManyRequests":         {emulator.Fault{Status: 429, Code: "TooManyRequests"}, "OCI throttles"},
			"InternalServerError":     {emulator.Fault{Status: 500, Code: "InternalServerError"}, "fault of the service"},
			"ServiceUnavailable":      {emulator.Fault{Status: 503, Code: "ServiceUnavailable"}, "fault of the service"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				page := toolchain.ReadFile(t, "docs/guides/troubleshooting.md")
				row := regexp.MustCompile(`(?m)^\| .*` + "(" + name + "|`" + strconv.Itoa(test.fault.Status) + "`)")
				assert.Regexp(t, row, page, "the page has a row for it")

				s := inprocess.NewStack(a.NewWorld(t))
				test.fault.Operation, test.fault.Message = "CreateAuthToken", `OCI's own "words".`
				s.OCI.Inject(test.fault)
				require.Error(t, s.Up(s.OneToken(s.User, "ci")))
				for _, part := range []string{
					"create an auth token for user " + s.User, s.Where(), s.Code(name), "opc-request-id ",
					`OCI's own \"words\".`, test.remedy,
				} {
					assert.Contains(t, s.Diagnostics(), part)
				}
			})
		}
	})
}

func TestUpdateOfATokenThatIsGoneSaysHowToGoOn(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		s.OCI.DeleteToken(s.User, s.OnlyToken().ID)
		s.OCI.ResetJournal()
		require.Error(t, s.Up(s.OneToken(s.User, "new")))
		assert.Contains(t, s.Diagnostics(), "pulumi refresh")
		// A domain is asked first whose token it is.
		assert.Equal(t, 1, s.Calls("UpdateAuthToken")+s.Calls("GetAuthToken"), "a 404 is not repeated after a successful write")
	})
}

func TestABadUserIDIsAnErrorOnThatPropertyBeforeAnyCall(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	for userID, complaint := range map[string]string{
		"":                                     "it is empty",
		"alice":                                "is not an OCID",
		" " + s.User:                           "white space",
		s.User + "\n":                          "white space",
		s.Credentials.TenancyID:                "is the OCID of a tenancy, not of a user",
		s.User + "/authTokens":                 "is not an OCID",
		s.User + "?x=1":                        "is not an OCID",
		"ocid1.user.oc1..aaaa/../../tenancies": "is not an OCID",
		"ocid1.user.oc1..":                     "is not an OCID",
	} {
		err := s.Preview(s.OneToken(userID, "ci"))
		require.Error(t, err, "userId %q", userID)
		assert.Contains(t, s.Diagnostics(), "userId", "userId %q", userID)
		assert.Contains(t, s.Diagnostics(), complaint, "userId %q", userID)
	}
	assert.Empty(t, s.OCI.Journal(), "no call at all")
}

func TestMissingArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	for _, missing := range []resource.PropertyKey{"userId", "description"} {
		err := s.Preview(func(m *deploytest.ResourceMonitor) error {
			inputs := s.Inputs(s.User, "ci")
			delete(inputs, missing)
			_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
			return err
		})
		require.Error(t, err)
		assert.Contains(t, s.Diagnostics(), string(missing))
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	w, elsewhere := inprocess.NewPlugin(harness.NewWorld(t)), harness.NewWorld(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		w.OCI.ClearFaults()
		w.OCI.Inject(emulator.Fault{Status: status, Header: map[string]string{"Location": elsewhere.URL + "/20160918/"}})
		_, err := w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, "Redirects are not followed")
	}
	assert.Empty(t, elsewhere.OCI.Journal(), "no signed request went there")
	assert.Equal(t, 5, w.Calls("CreateAuthToken"))
}

func TestABadSignatureIsDistinguishedFromMissingRightsInADomain(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.OCI.RemoveAPIKey(s.Credentials.UserID, s.Credentials.Fingerprint)
	require.Error(t, s.Up(s.OneToken(s.User, "ci")))
	assert.Contains(t, s.Diagnostics(), "clock is right")
	assert.NotContains(t, s.Diagnostics(), "Identity Domain Administrator")
}
