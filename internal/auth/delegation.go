package auth

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// A delegation token lets an instance sign for a user. That is how Cloud Shell signs in: the instance is the machine that the
// shell runs on, and the user is the person who has opened it. The token goes in the header opc-obo-token.

// delegation signs with other credentials, on behalf of a user.
type delegation struct {
	Credentials
	token  func() (string, error)
	origin string // where the token comes from, as worded in messages
}

// DelegationToken returns the current token. Package oci asks for it. A file is read again each time, because Cloud Shell
// renews it.
func (d delegation) DelegationToken() (string, error) { return d.token() }

// String says who signs, and for whom.
func (d delegation) String() string {
	return fmt.Sprintf("%s, for the user of the delegation token from %s", d.Credentials, d.origin)
}

// onBehalf returns credentials that sign for the user of the token in a file, which is read again each time.
func (s *sources) onBehalf(credentials Credentials, path finding) (Credentials, error) {
	token := tokenFile{s.path(path.value)}
	if _, err := token.GetToken(); err != nil {
		return nil, wrong(propertyAuth, `the delegation token (from %s): %v. "%s" in the profile, or the environment variable `+
			"%s, says where it is", path.origin, err, delegationTokenFile.Key, delegationTokenFile.CLI)
	}
	return delegation{credentials, token.GetToken, token.String()}, nil
}

// instanceOBOUser signs as the instance that this program runs on, for the user of a delegation token.
func instanceOBOUser(ctx context.Context, s *sources) (Credentials, error) {
	path := cmp.Or(s.inCLIOrProfile(delegationTokenFile), s.terraformSetting("obo_token_path"),
		finding{value: "/etc/oci/delegation_token", origin: "Cloud Shell"})
	instance, err := instancePrincipal(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.onBehalf(instance, path)
}

// delegated returns credentials, with a delegation token added if the settings of OCI's Terraform provider ask for one.
func (s *sources) delegated(credentials Credentials) (Credentials, error) {
	asked := s.terraformSetting("use_obo_token")
	use, err := strconv.ParseBool(string(cmp.Or(asked.value, "false")))
	if err != nil {
		return nil, fmt.Errorf("%s is %q, which is neither true nor false", asked.origin, asked.value)
	}
	if _, already := credentials.(delegation); already || !use {
		return credentials, nil
	}
	if path := s.terraformSetting("obo_token_path"); path.value != "" {
		return s.onBehalf(credentials, path)
	}
	given := s.terraformSetting("obo_token")
	if given.value == "" {
		return nil, fmt.Errorf("%s asks for a delegation token, but neither OCI_obo_token_path nor OCI_obo_token is set", asked.origin)
	}
	token := string(given.value)
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("%s does not hold a delegation token", given.origin)
	}
	return delegation{credentials, func() (string, error) { return token, nil }, given.origin}, nil
}
