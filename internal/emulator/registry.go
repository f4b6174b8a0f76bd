package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The container registry (OCIR), as far as logging in goes. Requests with a valid login can be forwarded to a real registry, which
// has to accept the tokens that are signed here.

const (
	// registryPath is the prefix of the paths of a registry.
	registryPath = "/v2/"
	// registryTokenPath is the path where OCIR accepts user name and password.
	registryTokenPath = "/20180419/docker/token"
	// registryTokenLives is how long a registry token is valid.
	registryTokenLives = 5 * time.Minute
	// RegistryIssuer is the issuer of registry tokens.
	RegistryIssuer = "oci-identity-emulator"
)

// registryDoor is what the registry's login needs besides the users.
type registryDoor struct {
	key    *ecdsa.PrivateKey
	keyID  string
	behind *httputil.ReverseProxy // nil if there is no registry
	// accessTokens are the passwords of bearerUser, and actions is what the registry lets a caller do, where it was limited.
	accessTokens map[string]accessToken
	actions      map[string][]string
}

func newRegistryDoor(behind string) (registryDoor, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return registryDoor{}, err
	}
	door := registryDoor{key: key, keyID: randomHex(8), accessTokens: map[string]accessToken{}, actions: map[string][]string{}}
	return door, door.put(behind)
}

func (d *registryDoor) put(behind string) error {
	if behind == "" {
		d.behind = nil
		return nil
	}
	target, err := url.Parse(behind)
	if err != nil || target.Scheme != "http" || target.Host == "" {
		return fmt.Errorf("the registry %q is not a URL such as http://127.0.0.1:5000", behind)
	}
	d.behind = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the registry makes addresses of it
	}}
	return nil
}

// SetRegistry sets the URL of the real registry to forward to, or "" for none.
func (s *Service) SetRegistry(behind string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.registry.put(behind)
}

// RegistryKeys is the JSON Web Key Set (RFC 7517) that registry tokens are checked with. A CNCF Distribution registry takes it
// as auth.token.jwks.
func (s *Service) RegistryKeys() []byte {
	public, err := s.registry.key.PublicKey.Bytes()
	if err != nil {
		panic(err) // it is on the curve
	}
	half := len(public) / 2 // after one byte for the form there are the two coordinates
	return encoded(map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": s.registry.keyID,
		"x": base64.RawURLEncoding.EncodeToString(public[1 : 1+half]),
		"y": base64.RawURLEncoding.EncodeToString(public[1+half:]),
	}}})
}

// isRegistry reports whether a request is one of a registry's clients. A signed request for a token is one to OCI: see getAccessToken.
func isRegistry(r *http.Request) bool {
	path := r.URL.Path
	return path == registryTokenPath && !isSigned(r) || path == strings.TrimSuffix(registryPath, "/") || strings.HasPrefix(path, registryPath)
}

func (s *Service) serveRegistry(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	behind := s.registry.behind
	s.mu.Unlock()
	switch {
	case r.URL.Path == registryTokenPath:
		s.serveRegistryLogin(w, r)
	case behind != nil:
		behind.ServeHTTP(w, r)
	case s.isRegistryToken(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")):
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		writeJSON(w, map[string]any{})
	default:
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s://%s%s",service="%s",scope=""`, scheme, r.Host, registryTokenPath, r.Host))
		refuseRegistry(w)
	}
}

// refuseRegistry answers with 401 in the form of a registry, which gives no reason.
func refuseRegistry(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write(encoded(map[string]any{"errors": []any{map[string]any{"code": "UNAUTHORIZED", "message": "Unauthorized"}}}))
}

// serveRegistryLogin gives a registry token for a user name and an auth token, as
// https://distribution.github.io/distribution/spec/auth/token/ has it.
func (s *Service) serveRegistryLogin(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, region: s.home(), operation: "RegistryLogin"}
	name, password, _ := r.BasicAuth()
	u := s.registryUser(name)
	if u != nil {
		c.userID = u.ID
	}
	recorder := s.journaled(w, c)
	defer recorder.answering()
	fault := s.nextFault(c)
	if answered := fault.before(c, s); answered != nil {
		s.send(recorder, c, answered, fault)
		return
	}
	login := s.registryLogin(u, name, password)
	if login == nil {
		refuseRegistry(recorder)
		return
	}
	query := r.URL.Query()
	lives := min(registryTokenLives, login.expires.Sub(s.config.Clock()))
	token := s.registryToken(name, query.Get("service"), s.registryAccess(login, query["scope"]), lives)
	writeJSON(recorder, map[string]any{
		"token": token, "access_token": token, "expires_in": int(lives.Seconds()), "scope": strings.Join(query["scope"], " "),
	})
}

// registryLogin returns what a user name and a password allow, or nil if they are wrong. The user is that of the name, or nil.
func (s *Service) registryLogin(u *User, name, password string) *accessToken {
	switch {
	case name == bearerUser:
		s.mu.Lock()
		defer s.mu.Unlock()
		if login, ok := s.registry.accessTokens[password]; ok && s.config.Clock().Before(login.expires) {
			return &login
		}
	case u != nil && s.authenticates(u.ID, password, s.config.RegistryDelay):
		return &accessToken{callerID: u.ID, expires: s.config.Clock().Add(registryTokenLives)}
	}
	return nil
}

// registryUser finds the user who logs in under a name.
func (s *Service) registryUser(name string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if name == s.config.Namespace+"/"+u.atRegistry() {
			return &u.User
		}
	}
	return nil
}

// atRegistry returns the name of a user at the registry, without the namespace.
func (u *user) atRegistry() string {
	switch {
	case u.registryName != "":
		return u.registryName
	case u.Domain != "":
		return u.Domain + "/" + u.Name
	default:
		return u.Name
	}
}

// SetRegistryName sets the name of a user at the registry, without the namespace. The user must exist.
func (s *Service) SetRegistryName(userID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user(userID).registryName = name
}

// registryAccess returns the part of the requested access that a login has: what the policies let its caller do below the tenancy's
// namespace, within the scope of the access token.
func (s *Service) registryAccess(login *accessToken, scopes []string) []any {
	s.mu.Lock()
	allowed, limited := s.registry.actions[login.callerID]
	s.mu.Unlock()
	access := []any{}
	for _, wanted := range repositories(strings.Join(scopes, " ")) {
		if !strings.HasPrefix(wanted.name, s.config.Namespace+"/") {
			continue
		}
		actions := slices.DeleteFunc(wanted.actions, func(action string) bool {
			return limited && !slices.Contains(allowed, action) || !login.allows(wanted.name, action)
		})
		access = append(access, map[string]any{"type": "repository", "name": wanted.name, "actions": actions})
	}
	return access
}

// registryToken signs a JSON Web Token (RFC 7519). It uses the machine's time, not the service's clock, because the registry that
// checks the token does so too.
func (s *Service) registryToken(name, service string, access []any, lives time.Duration) string {
	now := time.Now()
	part := base64.RawURLEncoding.EncodeToString
	signed := part(encoded(map[string]any{"typ": "JWT", "alg": "ES256", "kid": s.registry.keyID})) + "." +
		part(encoded(map[string]any{
			"iss": RegistryIssuer, "sub": name, "aud": service, "jti": randomHex(8), "iat": now.Unix(),
			"exp": now.Add(lives).Unix(), "access": access,
		}))
	digest := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, s.registry.key, digest[:])
	if err != nil {
		panic(err) // the key is good
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return signed + "." + part(signature)
}

// isRegistryToken reports whether a token was signed here and has not expired.
func (s *Service) isRegistryToken(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	var r, t big.Int
	if !ecdsa.Verify(&s.registry.key.PublicKey, digest[:], r.SetBytes(signature[:32]), t.SetBytes(signature[32:])) {
		return false
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	var said struct {
		Expires int64 `json:"exp"`
	}
	return err == nil && json.Unmarshal(claims, &said) == nil && time.Now().Before(time.Unix(said.Expires, 0))
}
