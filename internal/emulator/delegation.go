package emulator

import (
	"crypto/rsa"
	"slices"
	"time"
)

// delegationHeader is the header with the token of the user for whom an instance signs.
const delegationHeader = "opc-obo-token"

// AddInstance registers the public key of an instance, under the security token that stands for it, until it expires. An
// instance signs for itself, which lets it do nothing here, or for a user who has delegated that: see AddDelegation.
func (s *Service) AddInstance(securityToken string, public *rsa.PublicKey, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys["ST$"+securityToken] = apiKey{userID: instanceCaller, public: public, expires: expires}
}

// instanceCaller is the caller of a request that an instance signs for itself.
const instanceCaller = "ocid1.instance.oc1..emulated"

// AddDelegation registers a delegation token. Until it expires, whoever signs a request with it acts for the user.
func (s *Service) AddDelegation(userID, delegationToken string, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.delegations == nil {
		s.delegations = map[string]delegation{}
	}
	s.delegations[delegationToken] = delegation{userID, expires}
}

// delegation is a user who has delegated signing.
type delegation struct {
	userID  string
	expires time.Time
}

// delegate makes the user of a delegation token the caller. The signature must cover the token. The caller of this holds the
// lock.
func (s *Service) delegate(c *call, signed []string) *failure {
	if !slices.Contains(signed, delegationHeader) {
		return notAuthenticated("The signature does not cover " + delegationHeader + ".")
	}
	known, ok := s.delegations[c.Header.Get(delegationHeader)]
	if !ok || !s.config.Clock().Before(known.expires) {
		c.callerID = ""
		return notAuthenticated("The delegation token is not known, or has expired.")
	}
	c.callerID = known.userID
	return nil
}
