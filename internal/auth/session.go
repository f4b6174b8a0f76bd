package auth

import (
	"cmp"
	"context"
	"crypto/rsa"
	"fmt"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// session signs with the key and the security token of a session that "oci session authenticate" has opened. Both are read again
// for each request, so that a session that has been renewed on disk is used at once.
type session struct {
	common.ConfigurationProvider // has the tenancy and the region

	origin   string // of the token, as worded in messages
	profile  safetext.Text
	token    tokenFile
	keyFile  safetext.Text
	password finding
}

// sessionCredentials returns the credentials of a session, which a profile with a security token describes:
// https://docs.oracle.com/iaas/Content/API/SDKDocs/clitoken.htm. The session's key is in the same profile. A key
// from the environment belongs to something else.
func sessionCredentials(_ context.Context, s *sources) (Credentials, error) {
	token := s.inCLIOrProfile(securityTokenFile)
	key := s.profile.find(propertyPrivateKeyPath)
	if token.place == s.cli {
		key = cmp.Or(s.cli.find(propertyPrivateKeyPath), key)
	}
	key = cmp.Or(key, s.find(propertyPrivateKeyPath))
	tenancy, region := string(s.find(propertyTenancyOCID).value), string(s.require(propertyRegion))
	opened := &session{
		ConfigurationProvider: common.NewRawConfigurationProvider(tenancy, "", region, "", "", nil),

		origin:   token.origin,
		profile:  s.file.profile,
		token:    tokenFile{s.path(token.value)},
		keyFile:  s.path(key.value),
		password: s.passPhrase(s.profile),
	}
	if token.value == "" {
		s.note(wrong(propertyConfigFileProfile, `there is no "%s" in %s: open a session with "oci session authenticate", and `+
			"set configFileProfile to its profile", securityTokenFile.Key, s.file))
	}
	if key.value == "" {
		s.note(wrong(propertyPrivateKeyPath, `there is no "%s" in %s, where "oci session authenticate" writes it. %s`,
			propertyPrivateKeyPath.Key, s.file, s.whereToSet(propertyPrivateKeyPath)))
	}
	if err := s.err(); err != nil {
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

// KeyID returns the current security token. Its error says how to renew a session that has expired.
func (s *session) KeyID() (string, error) {
	token, err := s.token.read()
	if err != nil {
		return "", fmt.Errorf("the session's security token: %w", err)
	}
	claims, err := readClaims(token)
	if err != nil {
		return "", fmt.Errorf("%s holds no security token (%w): open a session with \"oci session authenticate "+
			"--profile-name %s\"", s.token, err, s.profile)
	}
	if claims.expired() {
		return "", fmt.Errorf("the session of profile %s, whose security token is in %s, expired at %s: renew it with "+
			"\"oci session refresh --profile %[1]s\", or open a new one with \"oci session authenticate --profile-name %[1]s\"",
			s.profile, s.token, claims.expires())
	}
	return securityTokenPrefix + token, nil
}

// PrivateRSAKey returns the current key.
func (s *session) PrivateRSAKey() (*rsa.PrivateKey, error) {
	content, err := readFile(s.keyFile)
	if err != nil {
		return nil, wrong(propertyPrivateKeyPath, "%v", err)
	}
	key, problem := parsePrivateKey(propertyPrivateKeyPath, string(content), s.password, s.keyFile.String())
	if problem != nil {
		return nil, problem
	}
	return key, nil
}

// UserOCID returns the user that the security token is for. OCI's CLI reads the same claim. It returns "" if there is none: if the token
// cannot be read, KeyID returns the reason.
func (s *session) UserOCID() (string, error) {
	token, _ := s.token.read()
	if claims, err := readClaims(token); err == nil && ocid.Check(claims.Subject, ocid.User) == nil {
		return claims.Subject, nil
	}
	return "", nil
}

// Refreshable returns true, so that a request is signed again after a 401. The session may have been renewed after the key was
// read and before the security token was.
func (*session) Refreshable() bool { return true }

// String says where the session was found.
func (s *session) String() string {
	return fmt.Sprintf("a session (%s, from %s, with the security token in %s and the private key in %s)",
		SecurityToken, s.origin, s.token, s.keyFile)
}
