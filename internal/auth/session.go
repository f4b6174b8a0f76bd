package auth

import (
	"context"
	"crypto/rsa"
	"fmt"
	"strings"
	"sync"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// session signs with the key of a session that "oci session authenticate" has opened, under the security token that stands
// for it. Both are read anew for each request, so that a session that is renewed on disk is picked up.
type session struct {
	tenancy, region    string
	profile            outside.Text
	tokenFile, keyFile outside.Text
	password           string

	mu  sync.Mutex
	pem string          // what key was made from
	key *rsa.PrivateKey // parsed once for each content of the file
}

var _ common.ConfigurationProvider = (*session)(nil)

// securityTokenKey is the key of the security token's file in the OCI configuration file. The session's own key is beside
// it, in the same profile: one from the environment belongs to something else.
const securityTokenKey = "security_token_file"

// sessionCredentials are a profile's with a security token:
// https://docs.oracle.com/iaas/Content/API/SDKDocs/clitoken.htm.
func sessionCredentials(_ context.Context, s *sources) (common.ConfigurationProvider, error) {
	r := &requirement{sources: s}
	opened := &session{
		profile:   s.file.profile,
		region:    string(r.require(propertyRegion)),
		tenancy:   string(s.find(propertyTenancyOCID).value),
		tokenFile: s.path(s.file.value(securityTokenKey)),
		keyFile:   s.path(s.file.value(propertyPrivateKeyPath.Key)),
		password:  string(s.find(propertyPrivateKeyPassword).value),
	}
	if opened.tokenFile == "" {
		r.add(wrong(propertyConfigFileProfile, `there is no "%s" in %s: open a session with "oci session authenticate", and `+
			"set configFileProfile to its profile", securityTokenKey, s.file))
	}
	if opened.keyFile == "" {
		opened.keyFile = s.path(s.find(propertyPrivateKeyPath).value)
	}
	if opened.keyFile == "" {
		r.add(wrong(propertyPrivateKeyPath, `there is no "%s" in %s, where "oci session authenticate" writes it. %s`,
			propertyPrivateKeyPath.Key, s.file, s.whereToSet(propertyPrivateKeyPath)))
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	if _, err := opened.KeyID(); err != nil {
		return nil, wrong(propertyConfigFileProfile, "%v", err)
	}
	if _, err := opened.PrivateRSAKey(); err != nil {
		return nil, err
	}
	return opened, nil
}

// KeyID is the security token as it is now. Its error says how to renew a session that has expired.
func (s *session) KeyID() (string, error) {
	content, err := readFile(s.tokenFile)
	if err != nil {
		return "", fmt.Errorf("the session's security token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	claims, err := readClaims(token)
	if err != nil {
		return "", fmt.Errorf("%s holds no security token (%w): open a session with \"oci session authenticate "+
			"--profile-name %s\"", s.tokenFile, err, s.profile)
	}
	if claims.expired() {
		return "", fmt.Errorf("the session of profile %s, whose security token is in %s, expired at %s: renew it with "+
			"\"oci session refresh --profile %[1]s\", or open a new one with \"oci session authenticate --profile-name %[1]s\"",
			s.profile, s.tokenFile, claims.expires())
	}
	return securityTokenPrefix + token, nil
}

// PrivateRSAKey is the session's key as it is now.
func (s *session) PrivateRSAKey() (*rsa.PrivateKey, error) {
	content, err := readFile(s.keyFile)
	if err != nil {
		return nil, wrong(propertyPrivateKeyPath, "%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key == nil || s.pem != string(content) {
		parsed, problem := parsePrivateKey(propertyPrivateKeyPath, string(content), s.password, s.keyFile.String())
		if problem != nil {
			return nil, problem
		}
		s.key, s.pem = parsed.PrivateKey, string(content)
	}
	return s.key, nil
}

// TenancyOCID is the tenancy of the session.
func (s *session) TenancyOCID() (string, error) { return s.tenancy, nil }

// UserOCID is empty: the security token says who the user is.
func (*session) UserOCID() (string, error) { return "", nil }

// KeyFingerprint is empty: the security token stands for the key.
func (*session) KeyFingerprint() (string, error) { return "", nil }

// Region is the region to call.
func (s *session) Region() (string, error) { return s.region, nil }

// AuthType says that a user signs.
func (*session) AuthType() (common.AuthConfig, error) {
	return common.AuthConfig{AuthType: common.UserPrincipal}, nil
}
