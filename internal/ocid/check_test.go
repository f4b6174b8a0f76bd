package ocid_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value string
		want  ocid.Type
		said  string // what the error says; empty if the value is right
	}{
		{"ocid1.user.oc1..aaaaaaaa3xk2jb4lqoxk", ocid.User, ""},
		{"ocid1.tenancy.oc1..aaaaaaaa3xk2jb4lqoxk", ocid.Tenancy, ""},
		{"ocid1.credential.oc1..aaaaaaaa3xk2jb4lqoxk", ocid.AuthToken, ""},
		{"ocid1.user.oc1.phx.aaaaaaaa", ocid.User, ""},
		{"ocid1.user.oc16.us-westjordan-1.aaaaaaaa", ocid.User, ""},
		{"ocid1.user.region1..future.aaaaaaaa", ocid.User, ""},
		{"ocidv1:user:oc1:phx:1460406592660:aaaaaaaaurqfxfjnbv4bdzmsq2oe", ocid.User, ""},
		{"ocidv1:tenancy:oc1:phx:1460406592660:aaaaaaaaurqfxfjnbv4bdzmsq2oe", ocid.Tenancy, ""},
		{"ocid1.userofanewkind.oc1..aaaaaaaa", ocid.User, ""}, // OCI may know more types than this
		{"ocid2.user.oc1..AAAA_aaaa-1", ocid.User, ""},

		{"", ocid.User, "it is empty: copy the user's OCID"},
		{" \r\n", ocid.User, "it is empty: copy the user's OCID"},
		{" ocid1.user.oc1..aaaa", ocid.User, "white space around it"},
		{"ocid1.user.oc1..aaaa\n", ocid.User, "white space around it"},
		{"alice", ocid.User, `"alice" is not an OCID: copy the user's OCID`},
		{"alice", ocid.User, `"oci iam user list --name <user's name> --query 'data[0].id' --raw-output"`},
		{"alice@example.com", ocid.User, "a text of 17 characters is not an OCID: copy the user's OCID"},
		{"ocid1.saml2idp.oc1..aaaa/alice@example.com", ocid.User, "the name of a federated user in Cloud Shell, not the user's OCID, " +
			`which this command prints: oci iam user list --all --query "data[?ends_with(name, '/<name>')].id | [0]" --raw-output`},
		{"0a1b2c3d4e5f60718293a4b5c6d7e8f9", ocid.User, "the id of a user within an identity domain, not the user's OCID, " +
			"which this command prints: oci identity-domains user get --endpoint <domainUrl> --user-id <id> --query data.ocid --raw-output"},
		{"0a1b2c3d4e5f60718293a4b5c6d7e8f9", ocid.Tenancy, "a text of 32 characters is not an OCID: copy the tenancy's OCID"},
		{"ocid1.user", ocid.User, "is not an OCID"},
		{"ocid1.user.oc1..aaaa/authTokens", ocid.User, "is not an OCID"},
		{"ocid1.user.oc1..aa?b", ocid.User, "is not an OCID"},
		{"ocid1.user.oc1..aa%2e", ocid.User, "is not an OCID"},
		{`"ocid1.user.oc1..aaaa"`, ocid.User, "is not an OCID, but contains one: give that without quotes or other characters around it"},
		{"<ocid1.user.oc1..aaaa>", ocid.User, "without quotes or other characters around it"},
		{"users/ocid1.user.oc1..aaaa", ocid.User, "without quotes or other characters around it"},
		{"'ocidv1:tenancy:oc1:phx:1460406592660:aaaa'", ocid.Tenancy, "without quotes or other characters around it"},
		{"ocid1.tenancy.oc1..aaaa", ocid.User, "is the OCID of a tenancy, not of a user: copy the user's OCID"},
		{"ocid1.group.oc1..aaaa", ocid.User, "is the OCID of a group, not of a user"},
		{"ocid1.apikey.oc1..aaaa", ocid.AuthToken, "is the OCID of an apikey"},
		{"ocidv1:tenancy:oc1:phx:1460406592660:aaaa", ocid.User, "is the OCID of a tenancy, not of a user: copy the user's OCID"},
		{"ocidv1:user:oc1:phx:1460406592660:aa/aa", ocid.User, "is not an OCID"},
		{"user:1", ocid.User, "is not an OCID"},
		{"::::a", ocid.User, "is not an OCID"},
		{"ocid1.user.oc1..aaaa", ocid.Tenancy, "is the OCID of a user, not of a tenancy: copy the tenancy's OCID"},
		{"ocid1.user.oc1..aaaa", ocid.AuthToken, `not of a credential: "oci iam auth-token list`},
	} {
		err := ocid.Check(test.value, test.want)
		if test.said == "" {
			require.NoError(t, err, test.value)
			continue
		}
		require.Error(t, err, test.value)
		assert.Contains(t, err.Error(), test.said)
	}
}
