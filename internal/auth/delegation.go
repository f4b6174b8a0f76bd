package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// A delegation token lets an instance sign for a user. That is how Cloud Shell signs in: the instance is the machine that the
// shell runs on, and the user is the person who has opened it. The token goes in the header opc-obo-token.

const (
	// cliDelegationTokenVariable tells OCI's CLI where the file with the token is.
	cliDelegationTokenVariable = "OCI_CLI_DELEGATION_TOKEN_FILE" //nolint:gosec // the name of a variable, no credential
	// cloudShellToken is where Cloud Shell keeps the token.
	cloudShellToken = "/etc/oci/delegation_token" //nolint:gosec // the path of a file, no credential
)

// The settings of OCI's Terraform provider.
const (
	useOBOToken  = "use_obo_token" //nolint:gosec // the name of a setting, no credential
	oboToken     = "obo_token"
	oboTokenPath = "obo_token_path" //nolint:gosec // the name of a setting, no credential
)

// delegation signs with other credentials, on behalf of a user. It is Refreshable if they are.
type delegation struct {
	Credentials
	token  func() (string, error)
	origin string // where the token comes from, as worded in messages
}

var (
	_ Credentials                             = delegation{}
	_ common.RefreshableConfigurationProvider = delegation{}
)

// DelegationToken returns the current token. Package identity asks for it. A file is read again each time, because Cloud Shell
// renews it.
func (d delegation) DelegationToken() (string, error) { return d.token() }

// Refreshable reports whether a request is to be signed again after a 401.
func (d delegation) Refreshable() bool {
	inner, ok := d.Credentials.(common.RefreshableConfigurationProvider)
	return ok && inner.Refreshable()
}

// String says who signs, and for whom.
func (d delegation) String() string {
	return fmt.Sprintf("%s, for the user of the delegation token from %s", d.Credentials, d.origin)
}

// instanceOBOUser signs as the instance that this program runs on, for the user of a delegation token.
func instanceOBOUser(ctx context.Context, s *sources) (Credentials, error) {
	path, origin := s.file.value(delegationTokenKey), s.file.String()
	if named := s.env(cliDelegationTokenVariable); named != "" && (path == "" || !s.profileNamedByProgram) {
		path, origin = named, "the environment variable "+cliDelegationTokenVariable
	}
	if named, variable := s.terraformSetting(oboTokenPath); named != "" && path == "" {
		path, origin = named, "the environment variable "+variable
	}
	if path == "" {
		path, origin = cloudShellToken, "Cloud Shell"
	}
	token := tokenFile(s.path(path))
	if _, err := token.GetToken(); err != nil {
		return nil, wrong(propertyAuth, `%s: the delegation token (from %s): %v. "%s" in the profile, or the environment variable %s, `+
			"says where it is", InstanceOBOUser, origin, err, delegationTokenKey, cliDelegationTokenVariable)
	}
	instance, err := instancePrincipal(ctx, s)
	if err != nil {
		return nil, err
	}
	return delegation{instance, token.GetToken, token.String()}, nil
}

// delegated returns credentials, with a delegation token added if the settings of OCI's Terraform provider ask for one.
func (s *sources) delegated(credentials Credentials) (Credentials, error) {
	asked, asks := s.terraformSetting(useOBOToken)
	if use, err := strconv.ParseBool(string(asked)); asked == "" || err == nil && !use {
		return credentials, nil
	} else if err != nil {
		return nil, fmt.Errorf("the environment variable %s is %q, which is neither true nor false", asks, asked)
	}
	if _, already := credentials.(delegation); already {
		return credentials, nil
	}
	if path, variable := s.terraformSetting(oboTokenPath); path != "" {
		token := tokenFile(s.path(path))
		if _, err := token.GetToken(); err != nil {
			return nil, fmt.Errorf("the delegation token that the environment variable %s names: %w", variable, err)
		}
		return delegation{credentials, token.GetToken, token.String()}, nil
	}
	value, variable := s.terraformSetting(oboToken)
	if value == "" {
		return nil, fmt.Errorf("the environment variable %s asks for a delegation token, but neither %s nor %s is set",
			asks, "OCI_"+oboTokenPath, "OCI_"+oboToken)
	}
	token := strings.TrimSpace(string(value))
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the environment variable " + variable + " does not hold a delegation token")
	}
	return delegation{credentials, func() (string, error) { return token, nil }, "the environment variable " + variable}, nil
}
